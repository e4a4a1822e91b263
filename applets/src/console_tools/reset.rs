//! reset: make a terminal usable again (BusyBox console-tools/reset.c).

use sys::fs::Fd;
use sys::tty::{self, ECHO, ICANON, ICRNL, IEXTEN, ISIG, ONLCR, OPOST};
use sys::Cx;

applet! {
    name: reset,
    dir: "/usr/bin",
    class: NoFork,
    operands: "0",
    usage: "\
(no operands)

Reset the screen and the settings of the terminal.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if !tty::is(Fd::STDOUT) {
        return 0;
    }
    // All attributes, the character set G0, no scrolling region, the cursor.
    cx.out.bytes(b"\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h");
    let done = tty::get(Fd::STDOUT).and_then(|mut t| {
        t.iflag |= ICRNL;
        t.oflag |= OPOST | ONLCR;
        t.lflag |= ECHO | ICANON | IEXTEN | ISIG;
        tty::set(Fd::STDOUT, &t, true)
    });
    if let Err(why) = done {
        cx.fail(b"terminal", why);
    }
    cx.status
}
