//! clear: empty the screen (BusyBox console-tools/clear.c).

use sys::Cx;

applet! {
    name: clear,
    dir: "/usr/bin",
    class: NoFork,
    operands: "0",
    usage: "\
(no operands)

Empty the screen.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    cx.out.bytes(b"\x1b[H\x1b[J");
    0
}
