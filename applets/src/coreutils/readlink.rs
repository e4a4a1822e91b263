//! readlink: where links lead (POSIX.1-2024 readlink; -e, -f, -m, -q, -v and -z as GNU has them).
//!
//! Differences from BusyBox: -e, -m, -q, -z and several FILEs.

use sys::fs::{self, Fd};
use sys::{Cx, ToBuf};
use util::file::path::{canonical, Missing};

applet! {
    name: readlink,
    dir: "/usr/bin",
    class: NoFork,
    operands: "1..",
    last_wins: "efm qv",
    usage: "\
[-efmnqvz] FILE...

Print where the links FILE lead.

    -f, --canonicalize  The path without any links; its last part need not exist
    -e, --canonicalize-existing  As -f; all of it has to exist
    -m, --canonicalize-missing  As -f; nothing need exist
    -n, --no-newline  No newline at the end
    -q, --quiet  No messages (default)
    -v, --verbose  Say what is wrong
    -z, --zero  End each with a NUL
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let files = core::mem::take(&mut cx.args);
    for (n, file) in files.iter().enumerate() {
        let path = if cx.has(opt!("efm")) {
            let missing = if cx.has(opt!("e")) {
                Missing::None
            } else if cx.has(opt!("f")) {
                Missing::Last
            } else {
                Missing::Any
            };
            canonical(file.bytes(), missing, false)
        } else {
            fs::readlinkat(Fd::CWD, *file, &mut [0; fs::PATH]).map(|to| to.buf())
        };
        match path {
            Ok(path) => {
                cx.out.bytes(&path);
                if !cx.has(opt!("n")) || n + 1 < files.len() {
                    cx.out.byte(if cx.has(opt!("z")) { 0 } else { b'\n' });
                }
            }
            Err(e) if cx.has(opt!("v")) => cx.fail_on(*file, e),
            Err(_) => cx.status = 1,
        }
    }
    cx.status
}
