//! true: do nothing, successfully (POSIX.1-2024 true).

applet! {
    name: r#true,
    dir: "/bin",
    class: NoFork,
    setuid: Any,
    usage: "\
[ARG]...

Do nothing, successfully.
",
}

pub(crate) fn run(_: &mut sys::Cx) -> u8 {
    0
}
