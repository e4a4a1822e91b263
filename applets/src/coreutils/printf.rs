//! printf: write formatted text (POSIX.1-2024 printf).

applet! {
    name: printf,
    dir: "/usr/bin",
    class: NoFork,
    parse: Args,
    usage: "\
FORMAT [ARG]...

Write the ARGs as FORMAT says, again and again while there are ARGs.

%[-+ #0][WIDTH][.PRECISION] and d i o u x X (integers), e f g E F G
(with a point), c s (text), b (text with escapes), q (quoted for the shell);
%% is %; * takes a number from the ARGs. Escapes in FORMAT are those of C.
",
}

pub(crate) fn run(cx: &mut sys::Cx) -> u8 {
    util::command::printf::run(cx)
}
