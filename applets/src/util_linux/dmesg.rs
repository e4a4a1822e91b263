//! dmesg: the kernel's messages (BusyBox util-linux/dmesg.c, Toybox dmesg; `man 2 syslog`, and
//! Documentation/ABI/testing/dev-kmsg of the kernel).
//!
//! Differences from BusyBox: reads /dev/kmsg where it can; -C, -S, -T, -t, -w and -W.

use sys::fs::{self, Fd};
use sys::zstr::{cut, position};
use sys::{num, system, time, Buf, Cx, Errno, ToBuf, ZStr};
use util::time::strftime::{strftime, Stamp};
use util::time::tz;

applet! {
    name: dmesg,
    dir: "/bin",
    class: NoExec,
    operands: "0",
    numbers: "n=1..8 s=0..268435455",
    usage: "\
[-CcrSTtWw] [-n LEVEL] [-s SIZE]

Print the kernel's messages, or control them.

    -c        Clear them after printing
    -C        Only clear them
    -n LEVEL  Only have the console show messages below LEVEL, 1 to 8
    -r        Raw, with priorities
    -s SIZE   Only the last SIZE bytes; implies -S
    -S        Read by syslog(2), not from /dev/kmsg; so does -c
    -T        Show the time of day, not seconds since boot
    -t        Show no time
    -w        Wait for more at the end
    -W        Wait for more and print only those
",
}

// Commands of syslog (`linux/syslog.h`, which is not for programs; `man 2 syslog`).
const READ_ALL: u32 = 3;
const READ_CLEAR: u32 = 4;
const CLEAR: u32 = 5;
const CONSOLE_LEVEL: u32 = 8;
const SIZE_BUFFER: u32 = 10;

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let done = if let Some(n) = cx.number(slot!("n")) {
        system::syslog_number(CONSOLE_LEVEL, n as usize).map(|_| ())
    } else if cx.has(opt!("C")) {
        system::syslog_number(CLEAR, 0).map(|_| ())
    } else if cx.has(opt!("wW")) {
        follow(cx)
    } else {
        let by_call = cx.has(opt!("Scs"));
        // Small images have no /dev/kmsg, and not everyone may read it.
        match if by_call { Err(Errno::ENOENT) } else { follow(cx) } {
            Err(Errno::ENOENT | Errno::EACCES | Errno::EPERM) => by_system_call(cx),
            r => r,
        }
    };
    if let Err(e) = done {
        cx.fail(b"kernel messages", e);
    }
    cx.status
}

#[inline(never)]
fn by_system_call(cx: &mut Cx) -> Result<(), Errno> {
    let size = match cx.number(slot!("s")) {
        None => system::syslog_number(SIZE_BUFFER, 0)?,
        Some(n) => n as usize,
    };
    let mut text = Buf::new();
    text.pad(size, 0);
    let n = system::syslog(if cx.has(opt!("c")) { READ_CLEAR } else { READ_ALL }, &mut text)?;
    let mut left = text.get(..n).unwrap_or_default();
    while !left.is_empty() {
        let mut line = cut(&mut left, b'\n');
        let priority = priority(&mut line);
        let stamp = stamp(&mut line);
        show(cx, priority, stamp, line);
    }
    Ok(())
}

/// `<6>` off the start of a line; empty if it has none.
pub(crate) fn priority<'l>(line: &mut &'l [u8]) -> &'l [u8] {
    let whole = *line;
    let end = position(whole, b'>').unwrap_or(usize::MAX - 1);
    match whole.split_at_checked(end + 1) {
        Some((level @ [b'<', b'0'..=b'9', ..], rest)) => {
            *line = rest;
            level
        }
        _ => &[],
    }
}

/// `[   12.345678] ` off the start of a line: seconds and microseconds.
pub(crate) fn stamp(line: &mut &[u8]) -> Option<(u32, u32)> {
    let whole = line.strip_prefix(b"[")?;
    let (mut time, end) = whole.split_at_checked(position(whole, b']')?)?;
    let rest = end.strip_prefix(b"]")?;
    let sec = num::parse_u32(cut(&mut time, b'.').trim_ascii_start())?;
    let micro = num::parse_u32(time)?;
    *line = rest.strip_prefix(b" ").unwrap_or(rest);
    Some((sec, micro))
}

/// Reads /dev/kmsg: one record a read.
#[inline(never)]
fn follow(cx: &mut Cx) -> Result<(), Errno> {
    let wait = cx.has(opt!("wW"));
    let f = fs::openat(
        Fd::CWD,
        ZStr::new(c"/dev/kmsg"),
        fs::O_RDONLY | if wait { 0 } else { fs::O_NONBLOCK },
        0,
    )?;
    // From the last clearing on, as the system call has it.
    fs::lseek(*f, 0, if cx.has(opt!("W")) { fs::SEEK_END } else { fs::SEEK_DATA })?;
    let mut record = Buf::new();
    record.pad(8192, 0);
    loop {
        match fs::read(*f, &mut record) {
            // Overwritten before we came to it: the next read goes on behind.
            Err(Errno::EPIPE) => continue,
            Err(Errno::EAGAIN) | Ok(0) => return Ok(()),
            Ok(n) => kmsg(cx, record.get(..n).unwrap_or(&[])),
            Err(e) => return Err(e),
        }
        if wait && cx.out.flush().is_err() || cx.out.failed() {
            return Ok(());
        }
    }
}

/// One record: `priority,number,microseconds,flags;text`, then lines of properties, indented.
#[inline(never)]
fn kmsg(cx: &mut Cx, record: &[u8]) {
    let mut rest = record;
    let mut text = cut(&mut rest, b'\n');
    let mut head = cut(&mut text, b';');
    let mut priority: Buf = b"<".buf();
    priority.extend_from_slice(cut(&mut head, b','));
    priority.push(b'>');
    cut(&mut head, b',');
    let (milli, micro) = num::div_rem(num::prefix(head, 10).map_or(0, |(n, _)| n), 1000);
    let (sec, milli) = num::div_rem(milli, 1000);
    show(cx, &priority, Some((sec as u32, milli * 1000 + micro)), &plain(text));
}

/// The text with its `\xNN` turned into the bytes that they stand for.
pub(crate) fn plain(text: &[u8]) -> Buf {
    let mut out = Buf::new();
    let mut rest = text;
    while let [b, tail @ ..] = rest {
        rest = tail;
        let code = tail.strip_prefix(b"x").and_then(|t| t.get(..2)).and_then(|d| num::parse(d, 16));
        match code {
            Some(n) if *b == b'\\' => {
                out.push(n as u8);
                rest = tail.get(3..).unwrap_or(&[]);
            }
            _ => out.push(*b),
        }
    }
    out
}

/// Writes one message as the options want it.
#[inline(never)]
fn show(cx: &mut Cx, priority: &[u8], stamp: Option<(u32, u32)>, text: &[u8]) {
    if cx.has(opt!("r")) {
        cx.out.bytes(priority);
    }
    if let Some((sec, micro)) = stamp.filter(|_| !cx.has(opt!("t"))) {
        cx.out.byte(b'[');
        if cx.has(opt!("T")) {
            date(cx, sec);
        } else {
            cx.out.number(sec as u64, 10, 5, b' ');
            cx.out.byte(b'.');
            cx.out.number(micro as u64, 10, 6, b'0');
        }
        cx.out.bytes(b"] ");
    }
    let mut rest = text;
    loop {
        let left = rest.len();
        let part = cut(&mut rest, b'\t');
        cx.out.shown(part);
        if part.len() == left {
            break;
        }
        // What stands in columns there stays there.
        cx.out.byte(b'\t');
    }
    cx.out.byte(b'\n');
}

/// The time of day `sec` seconds after boot, as `date` writes it without the zone.
#[inline(never)]
fn date(cx: &mut Cx, sec: u32) {
    // Messages are stamped by a clock that stands still while the machine sleeps, as this one does.
    let boot = time::now(time::CLOCK_REALTIME).sec - time::now(time::CLOCK_MONOTONIC).sec;
    let at = boot + sec as i64;
    let mut text = Buf::new();
    strftime(&mut text, b"%c", &Stamp { sec: at, nsec: 0, ahead: tz::offset(cx.env(b"TZ"), at) });
    cx.out.bytes(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let mut l = &b"<6>[   12.000345] a b"[..];
        assert_eq!(priority(&mut l), b"<6>");
        assert_eq!((stamp(&mut l), l), (Some((12, 345)), &b"a b"[..]));
        for text in [&b"<x>"[..], b"<6 a", b"[1.2", b"[12] a", b"[a.b] c", b""] {
            let mut l = text;
            assert_eq!((priority(&mut l), stamp(&mut l), l), (&b""[..], None, text));
        }
        let mut l = &b"[ 1.2] "[..];
        assert_eq!((stamp(&mut l), l), (Some((1, 2)), &b""[..]));
    }

    #[test]
    fn escapes_become_bytes() {
        assert_eq!(plain(b"a\\x0ab\\x5c\\xzz\\"), b"a\nb\\\\xzz\\");
        assert_eq!(plain(b"\\x4"), b"\\x4");
    }
}
