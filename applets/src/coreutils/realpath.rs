//! realpath: paths without links (POSIX.1-2024 realpath; -m, -q, -s and -z as GNU has them).
//!
//! Differences from BusyBox: the options.

use sys::Cx;
use util::file::path::{canonical, Missing};

applet! {
    name: realpath,
    dir: "/usr/bin",
    class: NoFork,
    operands: "1..",
    last_wins: "Eem",
    usage: "\
[-Eemqsz] FILE...

Print the absolute paths of the FILEs without links, . and ..

    -E  The last part need not exist (default)
    -e, --canonicalize-existing  All of it has to exist
    -m, --canonicalize-missing  Nothing need exist
    -q, --quiet  No messages
    -s, --no-symlinks  Links stay as they are
    -z, --zero  End each with a NUL
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let missing = if cx.has(opt!("e")) {
        Missing::None
    } else if cx.has(opt!("m")) {
        Missing::Any
    } else {
        Missing::Last
    };
    let files = core::mem::take(&mut cx.args);
    for file in files.iter() {
        match canonical(file.bytes(), missing, cx.has(opt!("s"))) {
            Ok(path) => {
                cx.out.bytes(&path);
                cx.out.byte(if cx.has(opt!("z")) { 0 } else { b'\n' });
            }
            Err(_) if cx.has(opt!("q")) => cx.status = 1,
            Err(e) => cx.fail_on(*file, e),
        }
    }
    cx.status
}
