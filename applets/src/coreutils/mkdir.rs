//! mkdir: make directories (POSIX.1-2024 mkdir).

use sys::fs::{self, Fd};
use sys::{Buf, Cx, ToBuf};
use util::file::{directory, mode};

applet! {
    name: mkdir,
    dir: "/bin",
    class: NoFork,
    operands: "1..",
    usage: "\
[-m MODE] [-pv] DIR...

Make the directories DIR.

    -m, --mode MODE  Permissions as for chmod; default: 777 less the umask
    -p, --parents  Make missing parents too; no error if DIR exists
    -v, --verbose  Print what is made
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
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
    for dir in dirs.iter() {
        make(cx, dir.bytes(), wanted, 0o777 & !umask | 0o300);
    }
    cx.status
}

/// Makes one directory, with `-p` its parents before, with a mode that lets the next one be made in them
/// (POSIX, mkdir -p).
fn make(cx: &mut Cx, path: &[u8], mode: u32, parents: u32) {
    if cx.has(opt!("p")) {
        let mut before = b'/';
        for (n, &b) in path.iter().enumerate() {
            let (parent, rest) = path.split_at_checked(n).unwrap_or_default();
            // A parent ends where slashes begin that something follows.
            if b == b'/' && before != b'/' && rest.iter().any(|&b| b != b'/') && !one(cx, parent, parents) {
                return;
            }
            before = b;
        }
    }
    one(cx, path, mode);
}

/// Makes the directory `path`; no if it is not there afterwards, which is reported.
#[inline(never)]
fn one(cx: &mut Cx, path: &[u8], mode: u32) -> bool {
    let path: Buf = path.buf();
    // mkdir(2) takes permissions only.
    let more = mode > 0o777;
    let done = match fs::mkdirat(Fd::CWD, path.z(), if more { 0o700 } else { mode }) {
        Ok(()) => {
            if cx.has(opt!("v")) {
                cx.out.bytes(b"mkdir: created directory '");
                cx.out.shown(&path);
                cx.out.bytes(b"'\n");
            }
            if more {
                // A slash at its end would have a link followed.
                let end = path.iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
                let bare = path.get(..end).unwrap_or_default().buf();
                directory::open(Fd::CWD, bare.z()).and_then(|made| fs::fchmod(*made, mode))
            } else {
                Ok(())
            }
        }
        // Whatever mkdir minds (a read-only file system, no right to write): it need not be made.
        Err(_) if cx.has(opt!("p")) && fs::stat(path.z()).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR) => {
            Ok(())
        }
        failed => failed,
    };
    if let Err(e) = done {
        cx.fail(&path, e);
    }
    done.is_ok()
}

#[cfg(test)]
mod tests {
    use crate::call;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn parents_modes_and_failures() {
        let t = format!("{}/mote-mkdir-{}", std::env::temp_dir().display(), std::process::id());
        let mode =
            |p: &str| std::fs::metadata(format!("{t}/{p}")).map(|m| m.permissions().mode() & 0o7777).ok();
        assert_eq!(call(&["mkdir", "-m", "700", &t]).0, 0);
        assert_eq!(mode(""), Some(0o700));
        let (status, out) = call(&["mkdir", "-pv", "-m", "1750", &format!("{t}/a//b/c//")]);
        assert_eq!((status, out.lines().count()), (0, 3));
        assert_eq!(mode("a/b/c"), Some(0o1750));
        assert_eq!(mode("a").unwrap() & 0o700, 0o700);
        assert_eq!(call(&["mkdir", "-p", &format!("{t}/a/b")]), (0, String::new()));
        assert_eq!(call(&["mkdir", &format!("{t}/a"), &format!("{t}/d")]).0, 1);
        assert!(mode("d").is_some());
        assert_eq!(call(&["mkdir", &format!("{t}/no/e")]).0, 1);
        std::fs::write(format!("{t}/file"), "").unwrap();
        assert_eq!(call(&["mkdir", "-p", &format!("{t}/file/e/f")]).0, 1);
        assert_eq!(call(&["mkdir", "-m", "9", &format!("{t}/g")]).0, 1);
        assert!(mode("g").is_none());
        assert_eq!(call(&["mkdir"]).0, 1);
        std::fs::remove_dir_all(&t).unwrap();
    }
}
