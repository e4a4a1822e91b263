//! rmdir: remove empty directories (POSIX.1-2024 rmdir; -v and --ignore-fail-on-non-empty as GNU has them).

use sys::fs::{self, Fd};
use sys::{Cx, Errno, ToBuf};

applet! {
    name: rmdir,
    dir: "/bin",
    class: NoFork,
    operands: "1..",
    usage: "\
[-pv] DIR...

Remove the empty directories DIR.

    -p, --parents  Their parents in the path too
    -v, --verbose  Print what is removed
    --ignore-fail-on-non-empty  One that is not empty is no error
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let dirs = core::mem::take(&mut cx.args);
    for dir in dirs.iter() {
        let mut path = dir.bytes().buf();
        loop {
            if let Err(e) = fs::unlinkat(Fd::CWD, path.z(), fs::AT_REMOVEDIR) {
                let full = matches!(e, Errno::ENOTEMPTY | Errno::EEXIST);
                if !(full && cx.has(opt!("--ignore-fail-on-non-empty"))) {
                    cx.fail(&path, e);
                }
                break;
            }
            if cx.has(opt!("v")) {
                cx.out.bytes(b"rmdir: removing directory, '");
                cx.out.shown(&path);
                cx.out.bytes(b"'\n");
            }
            // The parent in the path, without slashes behind it.
            let end = |path: &[u8]| path.iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
            path.truncate(end(&path));
            path.truncate(path.iter().rposition(|&b| b == b'/').unwrap_or(0));
            path.truncate(end(&path));
            if !cx.has(opt!("p")) || path.is_empty() || path == b"." {
                break;
            }
        }
    }
    cx.status
}
