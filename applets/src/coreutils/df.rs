//! df: free space of file systems (POSIX.1-2024 df; options and columns as BusyBox has them).

use sys::fs::{self, Statfs, Statx};
use sys::{num, width, Buf, Cx, ZStr};
use util::file::fstab::{lines, Line, MOUNTS};
use util::file::read;
use util::text::{number, size};

applet! {
    name: df,
    dir: "/bin",
    class: NoExec,
    last_wins: "kmBhH",
    usage: "\
[-PTaihHkm] [-B SIZE] [-t TYPE] [FILE]...

Print the space that is free on the file systems, or on those of the FILEs.

    -k        In units of 1024 bytes (default)
    -m        Of 1M
    -B SIZE   Of SIZE bytes, with a suffix k m g
    -h        Sizes as 1K 2.3M 4G
    -H        As -h
    -i        Inodes, not space
    -T        Types, too
    -t TYPE   Only file systems of this TYPE
    -a        Those without space, too
    -P, --portability  Each on one line
",
}

/// How space is told.
struct How {
    /// Bytes of a unit, 0 for sizes as people read them.
    unit: u64,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut how = How { unit: if cx.env(b"POSIXLY_CORRECT").is_some() { 512 } else { 1024 } };
    if cx.has(opt!("k")) {
        how.unit = 1024;
    } else if cx.has(opt!("m")) {
        how.unit = 1 << 20;
    } else if cx.has(opt!("hH")) {
        how.unit = 0;
    } else if let (true, Some(text)) = (cx.has(opt!("B")), cx.value(slot!("B"))) {
        let text = text.bytes();
        // A suffix alone is one of it.
        how.unit = match num::sized(text).or_else(|| num::sized(&sys::buf::concat(&[b"1", text]))) {
            Some(n @ 1..) => n,
            _ => return cx.misuse(b"invalid SIZE"),
        };
    }
    let mut text = match read::file(ZStr::new(MOUNTS)) {
        Ok(text) => text,
        Err(e) => {
            cx.fail(MOUNTS.to_bytes(), e);
            return 1;
        }
    };
    let all = lines(&mut text);
    title(cx, &how);
    let files = core::mem::take(&mut cx.args);
    for line in &all {
        if files.is_empty() && !line.device.is(b"rootfs") {
            row(cx, &how, line, false);
        }
    }
    for &file in files.iter() {
        let s = match fs::stat(file) {
            Ok(s) => s,
            Err(e) => {
                cx.fail_on(file, e);
                continue;
            }
        };
        match all.iter().rev().find(|line| holds(line, file, &s)) {
            Some(line) => row(cx, &how, line, true),
            None => cx.error(file.bytes(), b"no mount point found"),
        }
    }
    cx.status
}

/// Is the file on what is mounted there, or the device of it?
fn holds(line: &Line, file: ZStr, s: &Statx) -> bool {
    if fs::kind(s) == fs::S_IFBLK && line.device.is(file.bytes()) {
        return true;
    }
    fs::stat(line.dir)
        .is_ok_and(|dir| (dir.stx_dev_major, dir.stx_dev_minor) == (s.stx_dev_major, s.stx_dev_minor))
}

fn title(cx: &mut Cx, how: &How) {
    cx.out.bytes(b"Filesystem           ");
    if cx.has(opt!("T")) {
        cx.out.bytes(b"Type       ");
    }
    let mut blocks = Buf::new();
    if cx.has(opt!("i")) {
        blocks.extend_from_slice(b"   Inodes");
    } else if how.unit == 0 {
        blocks.extend_from_slice(b"     Size");
    } else {
        if cx.has(opt!("P")) || how.unit & 1023 != 0 {
            number::push(&mut blocks, how.unit, 0);
        } else {
            let mut text = [0; 8];
            let n = size::human(how.unit, &mut text);
            // 1.0K is told as 1K.
            let text = text.get(..n).unwrap_or_default();
            blocks.extend(text.iter().filter(|c| !matches!(c, b'.')).take(1));
            blocks.extend(text.last());
        }
        blocks.extend_from_slice(b"-blocks");
    }
    cx.out.left(&blocks, 15);
    cx.out.bytes(b"Used Available ");
    cx.out.bytes(if cx.has(opt!("P")) { b"Capacity" } else { b"Use%" });
    cx.out.bytes(b" Mounted on\n");
}

/// Tells of one file system; `named` if it was asked for.
#[inline(never)]
fn row(cx: &mut Cx, how: &How, line: &Line, named: bool) {
    if cx.value(slot!("t")).is_some_and(|t| !t.is(line.kind.bytes())) {
        return;
    }
    let s: Statfs = match fs::statfs(line.dir) {
        Ok(s) => s,
        Err(e) => return cx.fail_on(line.dir, e),
    };
    if s.f_blocks == 0 && !named && !cx.has(opt!("a")) {
        return;
    }
    let (mut all, mut free, mut open, mut block) =
        (s.f_blocks as u64, s.f_bfree as u64, s.f_bavail as u64, fs::fragment(&s));
    let inodes = cx.has(opt!("i"));
    if inodes {
        (all, free, open, block) = (s.f_files as u64, s.f_ffree as u64, s.f_ffree as u64, 1);
    }
    let used = all.wrapping_sub(free);
    field(cx, line.device, 20);
    if cx.has(opt!("T")) {
        cx.out.byte(b' ');
        field(cx, line.kind, 10);
    }
    let number = |cx: &mut Cx, n: u64| {
        let mut text = Buf::new();
        if how.unit == 0 {
            let mut human = [0; 8];
            let len = size::human(n.wrapping_mul(block), &mut human);
            text.extend_from_slice(human.get(..len).unwrap_or_default());
        } else {
            let unit = if inodes { 1 } else { how.unit };
            let (units, rest) = number::divide(n.wrapping_mul(block), unit);
            number::push(&mut text, units + (rest >= unit - rest) as u64, 0);
        }
        cx.out.byte(b' ');
        cx.out.right(&text, 9);
    };
    number(cx, all);
    number(cx, used);
    number(cx, open);
    let (mut part, mut whole) = (used, used.wrapping_add(open));
    while whole >> 24 != 0 {
        (part, whole) = (part >> 1, whole >> 1);
    }
    let percent = (part as u32 * 100 + whole as u32 / 2).checked_div(whole as u32).unwrap_or(0);
    cx.out.byte(b' ');
    cx.out.number(percent as u64, 10, 3, b' ');
    cx.out.bytes(b"% ");
    cx.out.shown(line.dir.bytes());
    cx.out.byte(b'\n');
}

/// Writes a name, and fills up; a wide one has a line of its own.
fn field(cx: &mut Cx, name: ZStr, columns: usize) {
    let mut wide = 0;
    let mut rest = name.bytes();
    while let (len @ 1.., n) = width::next(rest) {
        wide += if n == width::BAD { 1 } else { n as usize };
        rest = rest.get(len..).unwrap_or_default();
    }
    cx.out.shown(name.bytes());
    if wide > columns && !cx.has(opt!("P")) {
        cx.out.byte(b'\n');
        cx.out.fill(b' ', if columns == 20 { 20 } else { 31 });
        return;
    }
    cx.out.fill(b' ', columns.saturating_sub(wide));
}
