//! truncate: set sizes of files (GNU and FreeBSD truncate).
//!
//! Differences from BusyBox: -o, -r, and sizes with + - < > / %.

use sys::fs;
use sys::{num, Cx, Errno, ZStr};
use util::text::number::{divide, times};
use util::text::take;

applet! {
    name: truncate,
    dir: "/usr/bin",
    class: NoFork,
    operands: "1..",
    usage: "\
[-co] [-s SIZE] [-r FILE] FILE...

Make the FILEs this long: cut, or with zeros that need no room.

    -s, --size SIZE  Bytes, with a suffix b k m g t; + or - in front: more or
                less than it is; < or >: at most or at least so many; / or %:
                down or up to a multiple
    -r, --reference FILE  As long as FILE; SIZE is relative to that
    -c, --no-create  Make no files
    -o, --io-blocks  SIZE counts the file system's blocks
",
}

/// How a size is meant, as in the list that [`run`] has; without a sign as it is.
struct Size {
    sign: Option<usize>,
    n: u64,
    base: Option<u64>,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut size = Size { sign: Some(0), n: 0, base: None };
    if let Some(text) = cx.value(slot!("s")) {
        let mut text = text.bytes();
        size.sign = take(&mut text, b"+-<>/%");
        let divides = matches!(size.sign, Some(4 | 5));
        match num::sized(text) {
            Some(n) if n >> 63 == 0 && !(divides && n == 0) => size.n = n,
            _ => return cx.misuse(b"invalid SIZE"),
        }
    } else if !cx.has(opt!("r")) {
        return cx.misuse(b"-s or -r is needed");
    }
    if let Some(file) = cx.value(slot!("r")) {
        match fs::stat(file) {
            Ok(s) => size.base = Some(s.stx_size),
            Err(e) => {
                cx.fail_on(file, e);
                return 1;
            }
        }
        if cx.has(opt!("s")) && size.sign.is_none() {
            return cx.misuse(b"with -r, SIZE is relative");
        }
    }
    let files = core::mem::take(&mut cx.args);
    for &file in files.iter() {
        if let Err(e) = one(cx, file, &size) {
            cx.fail_on(file, e);
        }
    }
    cx.status
}

fn one(cx: &Cx, file: ZStr, size: &Size) -> Result<(), Errno> {
    let create = if cx.has(opt!("c")) { 0 } else { fs::O_CREAT };
    let flags = fs::O_WRONLY | fs::O_NONBLOCK | fs::O_CLOEXEC | create;
    let f = match fs::open(file, flags, 0o666) {
        Err(Errno::ENOENT) if create == 0 => return Ok(()),
        r => r?,
    };
    let s = fs::fstat(*f)?;
    let is = size.base.unwrap_or(s.stx_size);
    let n = if cx.has(opt!("o")) { times(size.n, s.stx_blksize).ok_or(Errno::EFBIG)? } else { size.n };
    let wanted = match size.sign {
        None => n,
        Some(0) => is.checked_add(n).ok_or(Errno::EFBIG)?,
        Some(1) => is.saturating_sub(n),
        Some(2) => is.min(n),
        Some(3) => is.max(n),
        Some(sign) => multiple(is, n, sign == 5)?,
    };
    fs::ftruncate(*f, wanted)
}

/// The multiple of `n` that is not greater than `is`, or with `up` not less.
fn multiple(is: u64, n: u64, up: bool) -> Result<u64, Errno> {
    let (_, rest) = divide(is, n);
    if up && rest > 0 {
        return (is - rest).checked_add(n).ok_or(Errno::EFBIG);
    }
    Ok(is - rest)
}
