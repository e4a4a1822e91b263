//! sh: the shell (POSIX.1-2024 sh; BusyBox ash for the extensions).

use sys::Cx;

applet! {
    name: sh,
    aliases: "ash",
    dir: "/bin",
    class: Exec,
    parse: Raw,
    usage: "\
[-+abCefhimnuvxl] [-+o OPTION] [-c COMMAND [NAME] | -s | FILE] [ARG]...

Run commands: of the string COMMAND, of FILE, or from standard input.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if matches!(cx.args, [only] if only.is(b"--help")) {
        cx.help();
        return 0;
    }
    sh::main(cx)
}
