//! link: make a hard link by one system call (POSIX.1-2024 link).

use sys::fs::{self, Fd};
use sys::Cx;
use util::file::target::arrow;

applet! {
    name: link,
    dir: "/usr/bin",
    class: NoFork,
    operands: "2",
    usage: "\
FILE NAME

Make the hard link NAME to FILE.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let (Some(file), Some(name)) = (cx.arg(0), cx.arg(1)) else { return 1 };
    if let Err(e) = fs::linkat(Fd::CWD, file, Fd::CWD, name, 0) {
        cx.fail(&arrow(file, name.bytes()), e);
    }
    cx.status
}
