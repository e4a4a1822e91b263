//! tty: tell the name of the terminal (POSIX.1-2024 tty).

use sys::fs::{self, Fd};
use sys::{tty, Cx, ZStr};

applet! {
    name: tty,
    dir: "/usr/bin",
    class: NoFork,
    operands: "0",
    usage_status: 2,
    usage: "\
[-s]

Print the path of the terminal that standard input is, or `not a tty` with
status 1.

    -s  Print nothing
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut path = [0; 128];
    let is = tty::is(Fd::STDIN);
    let name = match fs::readlinkat(Fd::CWD, ZStr::new(c"/proc/self/fd/0"), &mut path) {
        Ok(name) if is => name,
        _ => b"not a tty",
    };
    if !cx.has(opt!("s")) {
        cx.out.shown(name);
        cx.out.byte(b'\n');
    }
    !is as u8
}
