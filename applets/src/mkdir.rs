//! mkdir: make directories (POSIX.1-2024 mkdir).

use crate::util::mode;
use sys::fs::{self, Fd};
use sys::zstr::ZBuf;
use sys::{Buf, Cx, Errno, ZStr};

applet! {
    name: mkdir,
    dir: "/bin",
    class: NoFork,
    usage: "\
[-m MODE] [-pv] DIR...

Make the directories DIR.

    -m, --mode MODE  Permissions, as chmod has them, instead of 777 less the umask
    -p, --parents  Missing parents too; an existing DIR is no error
    -v, --verbose  Tell what is made
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if cx.args.is_empty() {
        return cx.misuse(b"missing operand");
    }
    // All modes below are exact.
    let umask = fs::umask(0);
    let status = make_all(cx, umask);
    fs::umask(umask);
    status
}

fn make_all(cx: &mut Cx, umask: u32) -> u8 {
    let mut wanted = 0o777 & !umask;
    if let Some(text) = cx.value(slot!("m")) {
        match mode::parse(text.bytes(), fs::S_IFDIR | 0o777, umask) {
            Some(m) => wanted = m,
            None => return cx.misuse(b"invalid mode"),
        }
    }
    let dirs = core::mem::take(&mut cx.args);
    for &dir in dirs.iter() {
        if let Err((path, why)) = make(cx, dir, wanted, umask) {
            cx.fail(&path, why);
        }
    }
    cx.status
}

/// Makes one directory, with `-p` its parents before; the path that failed and why.
fn make(cx: &mut Cx, dir: ZStr, mode: u32, umask: u32) -> Result<(), (Buf, Errno)> {
    let mut path = Buf::new();
    let mut rest = dir.bytes();
    while let Some((&b, tail)) = rest.split_first() {
        // A parent ends before a slash that something follows but more slashes.
        let last = tail.iter().all(|&b| b == b'/');
        path.push(b);
        rest = tail;
        if last {
            path.extend_from_slice(rest);
            break;
        }
        if cx.has(opt!("p")) && b != b'/' && tail.first() == Some(&b'/') {
            // So that the next one can be made in it (POSIX, mkdir -p).
            one(cx, &mut path, 0o777 & !umask | 0o300)?;
        }
    }
    one(cx, &mut path, mode)
}

fn one(cx: &mut Cx, path: &mut Buf, mode: u32) -> Result<(), (Buf, Errno)> {
    let made = fs::mkdirat(Fd::CWD, path.z(), mode & 0o777);
    match made {
        Ok(()) => {
            if cx.has(opt!("v")) {
                cx.out.bytes(b"mkdir: created directory '");
                cx.out.bytes(path);
                cx.out.bytes(b"'\n");
            }
            // mkdir(2) takes permissions only.
            if mode > 0o777 {
                return fs::fchmodat(Fd::CWD, path.z(), mode).map_err(|e| (path.clone(), e));
            }
            Ok(())
        }
        // Whatever mkdir minds (a read-only file system, no right to write): it need not be made.
        Err(_) if cx.has(opt!("p")) && fs::stat(path.z()).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR) => {
            Ok(())
        }
        Err(e) => Err((path.clone(), e)),
    }
}
