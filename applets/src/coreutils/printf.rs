//! printf: write formatted text (POSIX.1-2024 printf).
//!
//! Differences from BusyBox: the number at the beginning of a wrong argument counts, as POSIX has it; `%q`.

applet! {
    name: printf,
    dir: "/usr/bin",
    class: NoFork,
    parse: Args,
    usage: "\
FORMAT [ARG]...

Print the ARGs as FORMAT says, which is used again while ARGs are left.

%[-+ #0][WIDTH][.PRECISION] and d i o u x X (integers), e f g E F G (floating
point), c s (text), b (text with escapes), q (quoted for the shell); %% is %;
* takes a number from the ARGs. Escapes in FORMAT are those of C.
",
}

pub(crate) fn run(cx: &mut sys::Cx) -> u8 {
    util::command::printf::run(cx)
}
