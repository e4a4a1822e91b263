//! Digests of files, and lists of them: what md5sum and its kin do (BusyBox md5_sha1_sum.c; `man 1 md5sum`).

use super::{Hasher, Kind, DIGEST};
use crate::text::input::{bare, Input};
use crate::text::{after, part};
use sys::fs::{self, Fd};
use sys::{num, out, Buf, Cx, Errno, ZStr};

const ROOM: usize = if cfg!(mote_nommu) { 512 } else { 16384 };

/// What the options say.
pub struct Options {
    /// The digest.
    pub kind: &'static Kind,
    /// Check lists.
    pub check: bool,
    /// Say nothing of the files.
    pub silent: bool,
    /// Say nothing of the files that are right.
    pub quiet: bool,
    /// Tell lines that are wrong.
    pub warn: bool,
    /// Print names with `*` before them.
    pub binary: bool,
}

/// Runs such an applet.
pub fn run(cx: &mut Cx, options: &Options) -> u8 {
    cx.each_input(&mut |cx, fd, name| {
        if options.check {
            return check(cx, fd, name, options);
        }
        let value = of(fd, options.kind)?;
        print(cx, &value, name.bytes(), options);
        Ok(())
    })
}

/// The value of a file.
fn of(fd: Fd, kind: &'static Kind) -> Result<[u8; DIGEST], Errno> {
    let mut hasher = Hasher::new(kind);
    let mut room = [0; ROOM];
    loop {
        let n = fs::read(fd, &mut room)?;
        if n == 0 {
            return Ok(hasher.end());
        }
        hasher.add(part(&room, 0, n));
    }
}

/// Prints a line; a name with a new line or backslash is escaped, and so is the line marked.
fn print(cx: &mut Cx, value: &[u8], name: &[u8], options: &Options) {
    if name.iter().any(|b| matches!(b, b'\\' | b'\n' | b'\r')) {
        cx.out.byte(b'\\');
    }
    for &b in part(value, 0, options.kind.size) {
        cx.out.number(b as u64, 16, 2, b'0');
    }
    cx.out.bytes(if options.binary { b" *" } else { b"  " });
    for &b in name {
        match b {
            b'\\' => cx.out.bytes(b"\\\\"),
            b'\n' => cx.out.bytes(b"\\n"),
            b'\r' => cx.out.bytes(b"\\r"),
            b => cx.out.byte(b),
        }
    }
    cx.out.byte(b'\n');
}

/// A line of a list: its digits and the name, `DIGITS  NAME`, `DIGITS *NAME` or `KIND (NAME) = DIGITS`.
fn entry<'l>(line: &'l [u8], kind: &Kind) -> Option<(&'l [u8], &'l [u8])> {
    let digits = 2 * kind.size;
    let (value, name) = match line.strip_prefix(kind.name).and_then(|rest| rest.strip_prefix(b" (")) {
        Some(rest) => {
            let end = rest.len().checked_sub(digits + 4)?;
            let (name, rest) = rest.split_at_checked(end)?;
            (rest.strip_prefix(b") = ")?, name)
        }
        None => {
            let (value, rest) = line.split_at_checked(digits)?;
            (value, rest.strip_prefix(b"  ").or_else(|| rest.strip_prefix(b" *"))?)
        }
    };
    (value.iter().all(|&b| num::digit(b) < 16) && !name.is_empty()).then_some((value, name))
}

/// Checks the files that a list has.
fn check(cx: &mut Cx, fd: Fd, list: ZStr, options: &Options) -> Result<(), Errno> {
    let mut input = Input::new(fd, b'\n');
    let (mut number, mut right, mut files, mut failed, mut unread) = (0u64, 0u64, 0u64, 0u64, 0u64);
    while let Some(line) = input.line() {
        number += 1;
        let line = bare(bare(line, b'\n'), b'\r');
        let escaped = line.first() == Some(&b'\\');
        let Some((value, name)) = entry(after(line, escaped as usize), options.kind) else {
            if options.warn {
                let mut digits = [0; 64];
                let digits = num::digits(&mut digits, number, 10);
                out::complain(&[
                    cx.name.bytes(),
                    b": ",
                    list.bytes(),
                    b": line ",
                    digits,
                    b" is no checksum",
                ]);
            }
            continue;
        };
        files += 1;
        let mut path = Buf::new();
        let mut rest = name;
        while let [b, more @ ..] = rest {
            rest = more;
            path.push(match (*b, more.first()) {
                (b'\\', Some(b'n' | b'r' | b'\\')) if escaped => {
                    rest = after(more, 1);
                    match more.first() {
                        Some(b'n') => b'\n',
                        Some(b'r') => b'\r',
                        _ => b'\\',
                    }
                }
                _ => *b,
            });
        }
        let found = if path == b"-" {
            of(Fd::STDIN, options.kind)
        } else {
            fs::open_read(path.z()).and_then(|file| of(*file, options.kind))
        };
        let word: &[u8] = match found {
            Err(why) => {
                cx.fail(&path, why);
                unread += 1;
                b": FAILED open or read\n"
            }
            Ok(found) => {
                let mut pairs = value.chunks_exact(2).zip(found);
                let same = pairs.all(|(pair, b)| num::parse(pair, 16) == Some(b as u64));
                right += same as u64;
                failed += !same as u64;
                if same && options.quiet {
                    continue;
                }
                if same {
                    b": OK\n"
                } else {
                    b": FAILED\n"
                }
            }
        };
        if !options.silent {
            cx.out.shown(&path);
            cx.out.bytes(word);
        }
    }
    input.result()?;
    if files == 0 {
        cx.error(list.bytes(), b"no checksum lines found");
    }
    for (n, what) in
        [(unread, &b" files could not be read"[..]), (failed, b" computed checksums did NOT match")]
    {
        if n > 0 {
            cx.status = 1;
            let (mut some, mut all) = ([0; 64], [0; 64]);
            if !options.silent {
                let of = num::digits(&mut all, files, 10);
                let n = num::digits(&mut some, n, 10);
                let _ = cx.out.flush();
                out::complain(&[cx.name.bytes(), b": WARNING: ", n, b" of ", of, what]);
            }
        }
    }
    if right == 0 {
        cx.status = 1;
    }
    Ok(())
}
