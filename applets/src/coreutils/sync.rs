//! sync: have files written to their devices (POSIX.1-2024 sync; -d, -f and FILEs as GNU and BusyBox have them).

use sys::fs;
use sys::{system, Cx, Errno, ZStr};

applet! {
    name: sync,
    dir: "/bin",
    class: NoExec,
    usage: "\
[-df] [FILE]...

Wait until all that was written, or the FILEs, are on their devices.

    -d, --data  Only the data of the FILEs
    -f, --file-system  The file systems that the FILEs are on
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let files = core::mem::take(&mut cx.args);
    if files.is_empty() {
        if cx.has(opt!("d")) {
            return cx.misuse(b"-d needs a FILE");
        }
        system::sync();
    }
    for &file in files.iter() {
        if let Err(e) = one(cx, file) {
            cx.fail_on(file, e);
        }
    }
    cx.status
}

fn one(cx: &Cx, file: ZStr) -> Result<(), Errno> {
    let mut opened = fs::open(file, fs::O_RDONLY | fs::O_NONBLOCK | fs::O_CLOEXEC, 0);
    // Who may only write it may have it written.
    if matches!(opened, Err(Errno::EACCES)) {
        opened = fs::open(file, fs::O_WRONLY | fs::O_NONBLOCK | fs::O_CLOEXEC, 0);
    }
    let f = opened?;
    if cx.has(opt!("f")) {
        fs::syncfs(*f)
    } else if cx.has(opt!("d")) {
        fs::fdatasync(*f)
    } else {
        fs::fsync(*f)
    }
}
