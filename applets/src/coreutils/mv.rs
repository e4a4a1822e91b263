//! mv: move files (POSIX.1-2024 mv; -n, -T, -t and -v as GNU and BusyBox have them).

use sys::fs::{self, Fd, Statx};
use sys::{tty, Buf, Cx, Errno, ToBuf, ZStr};
use util::file::id::same;
use util::file::path::{base, beside};
use util::file::remove::{self, How};
use util::file::target::{self, arrow};
use util::file::{ask, copy};

applet! {
    name: mv,
    dir: "/bin",
    class: NoExec,
    operands: "1..",
    last_wins: "fin",
    usage: "\
[-finTv] SOURCE... DEST
   or: mv [-finv] -t DIR SOURCE...

Rename SOURCE to DEST, or move the SOURCEs to the directory DEST. On a
terminal, ask before a write-protected file is replaced.

    -f, --force  Never ask
    -i, --interactive  Ask before anything is replaced
    -n, --no-clobber  Replace nothing
    -t, --target-directory DIR  Move to DIR
    -T, --no-target-directory  DEST is the new name even if it is a directory
    -v, --verbose  Print what is moved
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let how = if cx.has(opt!("T")) { target::EXACT } else { 0 };
    let Some(all) = target::target(cx, cx.value(slot!("t")), how) else { return 1 };
    for &source in all.sources {
        one(cx, source, &mut all.path(source));
    }
    cx.status
}

/// Moves one file to its new path.
#[inline(never)]
fn one(cx: &mut Cx, source: ZStr, dest: &mut Buf) {
    if let Ok(old) = &fs::lstat(dest.z()) {
        if cx.has(opt!("n")) {
            return;
        }
        if fs::lstat(source).is_ok_and(|s| same(&s, old)) {
            return cx.error(&arrow(source, dest), b"these are the same file");
        }
        let mut ask = cx.has(opt!("i"));
        if !ask && !cx.has(opt!("f")) && fs::kind(old) != fs::S_IFLNK {
            ask = fs::access(dest.z(), fs::W_OK) == Err(Errno::EACCES) && tty::is(Fd::STDIN);
        }
        if ask && !ask::yes(cx, b"replace", dest) {
            return;
        }
    }
    match rename(cx, source, dest) {
        Ok(()) => told(cx, source, dest),
        Err(Errno::EXDEV) => across(cx, source, dest),
        Err(e) => failed(cx, source, dest, e),
    }
}

/// Renames, with -n over nothing.
#[inline(never)]
fn rename(cx: &Cx, source: ZStr, dest: &mut Buf) -> Result<(), Errno> {
    let mut flags = 0;
    if cx.has(opt!("n")) {
        flags = fs::RENAME_NOREPLACE;
    }
    match fs::renameat2(Fd::CWD, source, Fd::CWD, dest.z(), flags) {
        // This file system cannot; nothing was there when we looked.
        Err(Errno::EINVAL) if flags != 0 => fs::renameat2(Fd::CWD, source, Fd::CWD, dest.z(), 0),
        r => r,
    }
}

#[inline(never)]
fn failed(cx: &mut Cx, source: ZStr, dest: &[u8], why: Errno) {
    let label = &arrow(source, dest);
    match why {
        // Somebody has made it meanwhile.
        Errno::EEXIST if cx.has(opt!("n")) => {}
        Errno::EINVAL => cx.error(label, b"a directory cannot move into itself"),
        why => cx.fail(label, why),
    }
}

#[inline(never)]
fn told(cx: &mut Cx, source: ZStr, dest: &[u8]) {
    if cx.has(opt!("v")) {
        cx.out.bytes(b"renamed ");
        cx.out.shown(&arrow(source, dest));
        cx.out.byte(b'\n');
    }
}

/// Moves to another file system: a copy beside the destination, which takes its name when it is complete;
/// then the original goes. So what was at the destination is there until then.
#[inline(never)]
fn across(cx: &mut Cx, source: ZStr, dest: &mut Buf) {
    let s = &fs::lstat(source);
    let is_dir = s.as_ref().is_ok_and(|s| fs::kind(s) == fs::S_IFDIR);
    if let (true, Ok(s)) = (is_dir, s) {
        if within(&dest.get(..base(dest)).unwrap_or_default().buf(), s) {
            return failed(cx, source, dest, Errno::EINVAL);
        }
    }
    let mut temp = beside(dest, b".mv-");
    // All modes of the copy are exact.
    let umask = fs::umask(0);
    let mut done = copy::tree(cx, source, is_dir, &mut temp);
    fs::umask(umask);
    if done {
        if let Err(e) = rename(cx, temp.z(), dest) {
            failed(cx, source, dest, e);
            done = false;
        }
    }
    let silent = How { ask: false, careful: false, verbose: false };
    if done {
        remove::tree(cx, source, is_dir, silent);
        told(cx, source, dest);
    } else if fs::lstat(temp.z()).is_ok() {
        remove::tree(cx, temp.z(), is_dir, silent);
    }
}

/// Is the directory at `path`, empty for the working directory, the directory `s` or below it?
#[inline(never)]
fn within(path: &Buf, s: &Statx) -> bool {
    let start = if path.is_empty() { ZStr::new(c".") } else { path.z() };
    let mut at = fs::open(start, fs::O_PATH | fs::O_CLOEXEC, 0);
    let mut below: Option<Statx> = None;
    while let Ok(fd) = &at {
        let Ok(here) = fs::fstat(**fd) else { return false };
        if same(&here, s) {
            return true;
        }
        // The root is its own parent.
        if below.is_some_and(|b| same(&b, &here)) {
            return false;
        }
        below = Some(here);
        at = fs::openat(**fd, ZStr::new(c".."), fs::O_PATH | fs::O_CLOEXEC, 0);
    }
    false
}
