//! false: do nothing, unsuccessfully (POSIX.1-2024 false).

applet! {
    name: r#false,
    dir: "/bin",
    class: NoFork,
    setuid: Any,
    usage: "\
[ARG]...

Do nothing, unsuccessfully.
",
}

pub(crate) fn run(_: &mut sys::Cx) -> u8 {
    1
}
