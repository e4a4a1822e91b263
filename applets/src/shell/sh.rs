//! sh: the shell (POSIX.1-2024 sh; BusyBox ash for the extensions).
//!
//! Differences from BusyBox: see [shell.md](shell.md).

use sys::Cx;

applet! {
    name: sh,
    aliases: "ash",
    dir: "/bin",
    class: Exec,
    parse: Args,
    usage: "\
[-+OPTIONS] [-+o NAME] [-c COMMAND [NAME] | -s | FILE] [ARG]...

Run the commands in COMMAND, in FILE, or from standard input.

    -c  Run COMMAND; NAME becomes $0
    -s  Read standard input even if there are ARGs
    -i  Interactive: prompt, line editing, job control
    -l  Login shell: read /etc/profile and $HOME/.profile first
  --noprofile  A login shell reads neither of them
  --norc       An interactive shell does not read the file $ENV
  --noediting  An interactive shell reads plain lines

Options that `set` has, too; + turns one off:

    -a  Export every variable that is set
    -C  > does not overwrite files
    -e  Exit when a command fails
    -f  Do not expand file name patterns
    -m  Job control
    -n  Read commands, but do not run them
    -u  Unset variables are errors
    -v  Print input as it is read
    -x  Print commands before they run
    -o pipefail  A pipeline fails if any part of it fails
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    sh::main(cx)
}
