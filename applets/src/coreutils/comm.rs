//! comm: lines that two sorted files have in common (POSIX.1-2024 comm; -z as GNU has it).

use core::cmp::Ordering;
use sys::fs::{self, Fd, Owned};
use sys::{Buf, Cx, Errno, ZStr};
use util::text::input::{bare, Input};

applet! {
    name: comm,
    dir: "/usr/bin",
    class: NoExec,
    operands: "2",
    usage: "\
[-123z] FILE1 FILE2

Print the lines that only FILE1 has, those that only FILE2 has behind a tab, and
those of both behind two; - is standard input.

    -1  Not those only in FILE1
    -2  Not those only in FILE2
    -3  Not those in both
    -z, --zero-terminated  Lines end with NUL
",
}

/// A file and its next line.
struct Side {
    name: ZStr<'static>,
    input: Input,
    line: Buf,
    ended: bool,
    _file: Option<Owned>,
}

type Failure = (ZStr<'static>, Errno);

impl Side {
    fn open(name: ZStr<'static>, mark: u8) -> Result<Side, Failure> {
        let file = if name.is(b"-") { None } else { Some(fs::open_read(name).map_err(|why| (name, why))?) };
        let fd = file.as_ref().map_or(Fd::STDIN, |file| **file);
        let mut side =
            Side { name, input: Input::new(fd, mark), line: Buf::new(), ended: false, _file: file };
        side.next(mark)?;
        Ok(side)
    }

    fn next(&mut self, mark: u8) -> Result<(), Failure> {
        self.line.clear();
        match self.input.line() {
            Some(line) => self.line.extend_from_slice(bare(line, mark)),
            None => self.ended = true,
        }
        self.input.result().map_err(|why| (self.name, why))
    }
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if let Err((name, why)) = compare(cx) {
        cx.fail_on(name, why);
    }
    cx.status
}

fn compare(cx: &mut Cx) -> Result<(), Failure> {
    let mark = if cx.has(opt!("z")) { 0 } else { b'\n' };
    let (Some(one), Some(two)) = (cx.arg(0), cx.arg(1)) else { return Ok(()) };
    let (mut one, mut two) = (Side::open(one, mark)?, Side::open(two, mark)?);
    while !(one.ended && two.ended || cx.out.failed()) {
        let order = match (one.ended, two.ended) {
            (true, _) => Ordering::Greater,
            (_, true) => Ordering::Less,
            _ => one.line.cmp(&two.line),
        };
        let (hidden, tabs) = match order {
            Ordering::Less => (opt!("1"), 0),
            Ordering::Greater => (opt!("2"), !cx.has(opt!("1")) as usize),
            Ordering::Equal => (opt!("3"), !cx.has(opt!("1")) as usize + !cx.has(opt!("2")) as usize),
        };
        if !cx.has(hidden) {
            cx.out.fill(b'\t', tabs);
            cx.out.text(if order.is_gt() { &two.line } else { &one.line });
            cx.out.byte(mark);
        }
        if order.is_le() {
            one.next(mark)?;
        }
        if order.is_ge() {
            two.next(mark)?;
        }
    }
    Ok(())
}
