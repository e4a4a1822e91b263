//! mv: move files (POSIX.1-2024 mv; -n, -T, -t and -v as GNU and BusyBox have them).

use sys::buf::concat;
use sys::fs::{self, Fd, Statx};
use sys::{time, tty, Buf, Cx, Errno, ToBuf, ZStr};
use util::file::id::same;
use util::file::remove::{self, How};
use util::file::{ask, copy};
use util::text::number;

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
    let args = core::mem::take(&mut cx.args);
    let (dest, sources): (ZStr, &[ZStr]) = match (cx.value(slot!("t")), &*args) {
        (Some(dir), sources) => (dir, sources),
        (None, [sources @ .., dest]) => (*dest, sources),
        (None, []) => return 1,
    };
    if sources.is_empty() {
        return cx.misuse(b"missing operand");
    }
    let exact = cx.has(opt!("T"));
    let dir = cx.has(opt!("t"));
    if exact && (dir || sources.len() > 1) {
        return cx.misuse(b"-T takes one SOURCE and one DEST");
    }
    let into = dir || !exact && fs::stat(dest).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR);
    if !into && sources.len() > 1 {
        cx.fail_on(dest, Errno::ENOTDIR);
        return 1;
    }
    for &source in sources {
        let mut path = dest.bytes().buf();
        if into {
            let s = source.bytes();
            path.push(b'/');
            path.extend_from_slice(s.get(base(s)..).unwrap_or(&[]));
        }
        one(cx, source, &mut path);
    }
    cx.status
}

/// Where the last component of `path` starts, slashes behind it left alone.
fn base(path: &[u8]) -> usize {
    let trimmed = path.iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
    path.iter().take(trimmed).rposition(|&b| b == b'/').map_or(0, |n| n + 1)
}

/// Moves one file to its new path.
#[inline(never)]
fn one(cx: &mut Cx, source: ZStr, dest: &mut Buf) {
    if let Ok(old) = &fs::lstat(dest.z()) {
        if cx.has(opt!("n")) {
            return;
        }
        if fs::lstat(source).is_ok_and(|s| same(&s, old)) {
            return cx.error(&label(source, dest), b"these are the same file");
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

/// Both names, for messages.
fn label(source: ZStr, dest: &[u8]) -> Buf {
    concat(&[b"'", source.bytes(), b"' -> '", dest, b"'"])
}

#[inline(never)]
fn failed(cx: &mut Cx, source: ZStr, dest: &[u8], why: Errno) {
    let label = &label(source, dest);
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
        cx.out.shown(&label(source, dest));
        cx.out.byte(b'\n');
    }
}

/// Moves to another file system: a copy beside the destination, which takes its name when it is complete;
/// then the original goes. So what was at the destination is there until then.
#[inline(never)]
fn across(cx: &mut Cx, source: ZStr, dest: &mut Buf) {
    let s = &fs::lstat(source);
    let is_dir = s.as_ref().is_ok_and(|s| fs::kind(s) == fs::S_IFDIR);
    let mut temp: Buf = dest.get(..base(dest)).unwrap_or_default().buf();
    if let (true, Ok(s)) = (is_dir, s) {
        if within(&mut temp, s) {
            return failed(cx, source, dest, Errno::EINVAL);
        }
    }
    temp.extend_from_slice(b".mv-");
    number::push(&mut temp, time::now(time::CLOCK_REALTIME).nsec as u64, 0);
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
fn within(path: &mut Buf, s: &Statx) -> bool {
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
