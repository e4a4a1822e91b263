//! sh: the shell (POSIX.1-2024 sh; BusyBox ash for the extensions).

use sys::Cx;

applet! {
    name: sh,
    aliases: "ash",
    dir: "/bin",
    class: Exec,
    parse: Args,
    usage: "\
[-+OPTIONS] [-+o NAME] [-c COMMAND [NAME] | -s | FILE] [ARG]...

Run commands: of the string COMMAND, of FILE, or from standard input.

    -c  Take the commands from COMMAND; NAME becomes $0
    -s  Take them from standard input although there are ARGs
    -i  Interactive: prompt, line editing, job control
    -l  Login shell: read /etc/profile and $HOME/.profile first
  --noprofile  A login shell reads neither of them
  --norc       An interactive shell does not read the file $ENV
  --noediting  An interactive shell reads plain lines

Options that `set` has, too; + turns one off:

    -a  Export every variable that is set
    -C  > does not overwrite files
    -e  Exit when a command fails
    -f  No file names from patterns
    -m  Job control
    -n  Read commands, but do not run them
    -u  Unset variables are errors
    -v  Show input as it is read
    -x  Show commands before they run
    -o pipefail  A pipeline fails if any part of it fails
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    sh::main(cx)
}
