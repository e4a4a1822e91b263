//! echo: write arguments (POSIX.1-2024 echo).

applet! {
    name: echo,
    dir: "/bin",
    class: NoFork,
    parse: Raw,
    usage: "\
[-neE] [ARG]...

Print the ARGs with a blank between them.

-n  No newline at the end
-e  Interpret backslash escapes: a b e f n r t v, 0NNN (octal), xHH (hex);
    c ends the output
-E  Do not (default)
",
}

pub(crate) fn run(cx: &mut sys::Cx) -> u8 {
    util::command::echo::run(cx)
}
