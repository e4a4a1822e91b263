//! cut: parts of each line (POSIX.1-2024 cut; -O, -z as GNU has them, -D and -F as Toybox and BusyBox).
//!
//! Differences from BusyBox: -c is about characters in a locale with UTF-8, and -n keeps them whole; -F takes no
//! regular expression by -d.

use sys::fs::Fd;
use sys::{utf8, Cx, Errno, List};
use util::text::input::{bare, Input};
use util::text::ranges::{self, Range};
use util::text::regex::characters;
use util::text::{after, part, search};

applet! {
    name: cut,
    dir: "/usr/bin",
    class: NoExec,
    usage: "\
[-b | -c | -f | -F LIST] [-d CHAR] [-O TEXT] [-Dnsz] [FILE]...

Print parts of each line. LIST: numbers from 1 and ranges, as 1,4-6,9-.

    -b, --bytes=LIST  Bytes
    -c, --characters=LIST  Characters
    -f, --fields=LIST  Fields
    -F LIST  Fields with blanks between them
    -d, --delimiter=CHAR  What is between fields (a tab)
    -O, --output-delimiter=TEXT  What to print between the parts
    -D  In the order of LIST, and lines without a delimiter as one field
    -n  With -b: no part of a character
    -s, --only-delimited  No lines without a delimiter
    -z, --zero-terminated  Lines end with NUL
",
}

/// What the numbers count.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Byte,
    /// Bytes, but only whole characters.
    Whole,
    Character,
    /// Fields between this byte.
    Field(u8),
    /// Fields between blanks.
    Word,
}

struct Cut {
    ranges: List<Range>,
    unit: Unit,
    /// What is printed between parts.
    between: &'static [u8],
    mark: u8,
    /// Print lines without delimiter as they are, or not at all.
    other: Other,
}

#[derive(PartialEq)]
enum Other {
    AsItIs,
    AsField,
    Skip,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let lists = [slot!("b"), slot!("c"), slot!("f"), slot!("F")];
    let mut given = lists.into_iter().enumerate().filter_map(|(n, slot)| Some((n, cx.value(slot)?)));
    let (Some((kind, list)), None) = (given.next(), given.next()) else {
        return cx.misuse(b"one of -b -c -f -F is needed");
    };
    let delimiter = cx.value(slot!("d")).map_or(&b"\t"[..], |d| d.bytes());
    let several = characters(cx.envp) != 0;
    let (unit, default) = match kind {
        0 if cx.has(opt!("n")) && several => (Unit::Whole, &b""[..]),
        1 if several => (Unit::Character, &b""[..]),
        0 | 1 => (Unit::Byte, &b""[..]),
        // An empty one is NUL, as elsewhere.
        2 if delimiter.len() < 2 => (Unit::Field(delimiter.first().copied().unwrap_or(0)), delimiter),
        3 => (Unit::Word, &b" "[..]),
        _ => return cx.misuse(b"the delimiter must be one byte"),
    };
    if cx.has(opt!("d")) && kind != 2 || cx.has(opt!("s")) && kind < 2 {
        return cx.misuse(b"-d is for -f, -s for fields");
    }
    let Some(ranges) = ranges::parse(list.bytes(), cx.has(opt!("D"))) else {
        cx.error(list.bytes(), b"invalid list");
        return cx.status;
    };
    let cut = Cut {
        ranges,
        unit,
        between: cx.value(slot!("O")).map_or(default, |text| text.bytes()),
        mark: if cx.has(opt!("z")) { 0 } else { b'\n' },
        other: match () {
            _ if cx.has(opt!("s")) => Other::Skip,
            _ if cx.has(opt!("D")) => Other::AsField,
            _ => Other::AsItIs,
        },
    };
    cx.each_input(&mut |cx, fd, _| cut.file(cx, fd))
}

impl Cut {
    fn file(&self, cx: &mut Cx, fd: Fd) -> Result<(), Errno> {
        let mut input = Input::new(fd, self.mark);
        if self.unit == Unit::Field(self.mark) {
            self.lines(cx, &mut input);
            return input.result();
        }
        while let Some(line) = input.line() {
            let line = bare(line, self.mark);
            match self.unit {
                Unit::Field(_) | Unit::Word => self.fields(cx, line),
                _ => self.places(cx, line),
            }
            if cx.out.failed() {
                break;
            }
        }
        input.result()
    }

    /// The lines themselves are the fields.
    fn lines(&self, cx: &mut Cx, input: &mut Input) {
        let (mut n, mut printed) = (0, false);
        while let Some(line) = input.line() {
            n += 1;
            if self.ranges.iter().any(|r| r.0 <= n && n <= r.1) {
                if printed {
                    cx.out.text(self.between);
                }
                cx.out.text(bare(line, self.mark));
                printed = true;
            }
        }
        if printed {
            cx.out.byte(self.mark);
        }
    }

    /// Where the first `n` bytes or characters of `line` end.
    fn end(&self, line: &[u8], n: usize) -> usize {
        if self.unit == Unit::Byte || n >= line.len() {
            return n.min(line.len());
        }
        let (mut at, mut count) = (0, 0);
        while count < n {
            let len = utf8::decode(after(line, at)).0;
            if len == 0 || self.unit == Unit::Whole && at + len > n {
                break;
            }
            at += len;
            count = if self.unit == Unit::Whole { at } else { count + 1 };
        }
        at
    }

    fn places(&self, cx: &mut Cx, line: &[u8]) {
        let mut printed = false;
        for &(first, last) in &self.ranges {
            let text = part(line, self.end(line, first - 1), self.end(line, last));
            if !text.is_empty() {
                if printed {
                    cx.out.text(self.between);
                }
                cx.out.text(text);
                printed = true;
            }
        }
        cx.out.byte(self.mark);
    }

    /// The first field of `text`, and what follows its delimiter.
    fn split<'t>(&self, text: &'t [u8]) -> (&'t [u8], Option<&'t [u8]>) {
        let blank = |b: &u8| *b == b' ' || b.wrapping_sub(b'\t') < 5;
        let end = match self.unit {
            Unit::Field(delimiter) => search::byte(text, delimiter),
            _ => text.iter().position(blank),
        };
        let Some(end) = end else { return (text, None) };
        let mut rest = after(text, end + 1);
        if self.unit == Unit::Word {
            rest = after(rest, rest.iter().position(|b| !blank(b)).unwrap_or(rest.len()));
        }
        (part(text, 0, end), Some(rest))
    }

    fn fields(&self, cx: &mut Cx, line: &[u8]) {
        let start = self.split(line);
        if start.1.is_none() && self.other != Other::AsField {
            if self.other == Other::AsItIs {
                cx.out.text(line);
                cx.out.byte(self.mark);
            }
            return;
        }
        let (mut at, mut field) = (1, start);
        let mut printed = false;
        for &(first, last) in &self.ranges {
            if first < at {
                (at, field) = (1, start);
            }
            loop {
                if at >= first {
                    if printed {
                        cx.out.text(self.between);
                    }
                    cx.out.text(field.0);
                    printed = true;
                }
                if at >= last {
                    break;
                }
                let Some(rest) = field.1 else { break };
                field = self.split(rest);
                at += 1;
            }
        }
        cx.out.byte(self.mark);
    }
}
