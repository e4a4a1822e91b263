//! uniq: lines that are equal to the one before (POSIX.1-2024 uniq; -i, -w and -z as GNU and BusyBox have them).

use sys::fs::{self, Fd};
use sys::{Buf, Cx};
use util::text::input::{bare, Input};
use util::text::{after, part};

applet! {
    name: uniq,
    dir: "/usr/bin",
    class: NoExec,
    operands: "0..2",
    numbers: "f=0.. s=0.. w=0..",
    usage: "\
[-cdiuz] [-f N] [-s N] [-w N] [INPUT [OUTPUT]]

Print the lines of INPUT, equal ones in a row once; - is standard input or output.

    -c, --count  How many, before each line
    -d, --repeated  Only lines that repeat
    -u, --unique  Only lines that do not
    -f, --skip-fields=N  Compare without the first N fields
    -s, --skip-chars=N  Then without N bytes
    -w, --check-chars=N  Compare at most N bytes
    -i, --ignore-case  Small and capital letters are the same
    -z, --zero-terminated  Lines end with NUL
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mark = if cx.has(opt!("z")) { 0 } else { b'\n' };
    let input = cx.arg(0).filter(|name| !name.is(b"-"));
    let opened = match input.map(fs::open_read) {
        None => None,
        Some(Ok(file)) => Some(file),
        Some(Err(why)) => {
            cx.fail_on(input.unwrap_or(cx.name), why);
            return cx.status;
        }
    };
    if let Some(name) = cx.arg(1).filter(|name| !name.is(b"-")) {
        let flags = fs::O_WRONLY | fs::O_CREAT | fs::O_TRUNC | fs::O_CLOEXEC;
        let done = fs::open(name, flags, 0o666).and_then(|file| fs::dup3(*file, Fd::STDOUT, 0));
        if let Err(why) = done {
            cx.fail_on(name, why);
            return cx.status;
        }
    }
    let mut lines = Input::new(opened.as_ref().map_or(Fd::STDIN, |file| **file), mark);
    let mut held = Buf::new();
    let mut count = 0u64;
    let number = |slot| usize::try_from(cx.number(slot).unwrap_or(0)).unwrap_or(usize::MAX);
    let (fields, bytes) = (number(slot!("f")), number(slot!("s")));
    let most = if cx.has(opt!("w")) { number(slot!("w")) } else { usize::MAX };
    while let Some(line) = lines.line() {
        let line = bare(line, mark);
        let (a, b) = (key(line, fields, bytes, most), key(&held, fields, bytes, most));
        if count == 0 || !(if cx.has(opt!("i")) { a.eq_ignore_ascii_case(b) } else { a == b }) {
            print(cx, &held, count, mark);
            held.clear();
            held.extend_from_slice(line);
            count = 0;
        }
        count += 1;
        if cx.out.failed() {
            return cx.status;
        }
    }
    print(cx, &held, count, mark);
    if let Err(why) = lines.result() {
        cx.fail(input.map_or(b"standard input", |name| name.bytes()), why);
    }
    cx.status
}

/// What is compared of a line.
fn key(line: &[u8], fields: usize, bytes: usize, most: usize) -> &[u8] {
    let mut at = 0;
    let blank = |at: usize| line.get(at).is_some_and(|b| matches!(b, b' ' | b'\t'));
    for _ in 0..fields {
        while blank(at) {
            at += 1;
        }
        if at >= line.len() {
            break;
        }
        while at < line.len() && !blank(at) {
            at += 1;
        }
    }
    part(after(after(line, at), bytes), 0, most)
}

/// Prints a line that stood there `count` times.
fn print(cx: &mut Cx, line: &[u8], count: u64, mark: u8) {
    if count == 0 || cx.has(if count > 1 { opt!("u") } else { opt!("d") }) {
        return;
    }
    if cx.has(opt!("c")) {
        cx.out.number(count, 10, 7, b' ');
        cx.out.byte(b' ');
    }
    cx.out.text(line);
    cx.out.byte(mark);
}
