//! unlink: remove a file by one system call (POSIX.1-2024 unlink).

use sys::fs::{self, Fd};
use sys::Cx;

applet! {
    name: unlink,
    dir: "/usr/bin",
    class: NoFork,
    operands: "1",
    usage: "\
FILE

Remove FILE.
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let Some(file) = cx.arg(0) else { return 1 };
    if let Err(e) = fs::unlinkat(Fd::CWD, file, 0) {
        cx.fail_on(file, e);
    }
    cx.status
}
