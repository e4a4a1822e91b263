//! sort: the lines of files in order (POSIX.1-2024 sort; -g -h -M -V, -s, -z, -S and -T as GNU has them).
//!
//! What does not fit the memory is sorted in parts, which are merged from temporary files that have no name.

mod how;
mod key;
mod number;
mod runs;

use core::cmp::Ordering;
use how::How;
use key::Key;
use runs::{Runs, Sink};
use sys::fs::{self, Fd};
use sys::opts::Walk;
use sys::{num, out, sort, Buf, Cx, Errno, List, ZStr};
use util::text::after;
use util::text::input::{bare, Input};

applet! {
    name: sort,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-bcCdfghiMmnrsuVz] [-k KEY]... [-t CHAR] [-o FILE] [-S SIZE] [-T DIR] [FILE]...

Print the lines of all FILEs in order; - or no FILE is standard input. KEY:
FIELD[.BYTE][bdfghiMnrV][,FIELD[.BYTE][bdfghiMnrV]], from 1.

    -b, --ignore-leading-blanks  Without the blanks before a key
    -c, --check  Only tell the first line that is out of order
    -C  As -c, by the status alone
    -d, --dictionary-order  Only blanks, letters and digits count
    -f, --ignore-case  Small letters count as capital ones
    -g, --general-numeric-sort  By numbers, with powers of ten
    -h, --human-numeric-sort  By sizes, as 2K and 1G
    -i, --ignore-nonprinting  Only printable bytes count
    -k, --key=KEY  By this part of the line
    -M, --month-sort  By months, JAN to DEC
    -m, --merge  The FILEs are in order
    -n, --numeric-sort  By numbers
    -o, --output=FILE  Write to FILE, which may be one of the others
    -r, --reverse  The other way round
    -S, --buffer-size=SIZE  Memory for lines, in KiB or with a suffix
    -s, --stable  Leave lines with equal keys as they were
    -t, --field-separator=CHAR  What is between fields
    -T, --temporary-directory=DIR  For what does not fit
    -u, --unique  Of lines with equal keys only the first
    -V, --version-sort  By texts with numbers in them
    -z, --zero-terminated  Lines end with NUL
",
}

/// Bytes of lines in memory, unless -S tells.
const ROOM: usize = if cfg!(mote_nommu) {
    64 << 10
} else if cfg!(target_pointer_width = "64") {
    128 << 20
} else {
    4 << 20
};

/// The order, and where lines go.
pub(super) struct Sort {
    keys: List<Key>,
    /// Of the whole line, for those with equal keys.
    last: How,
    /// Between fields.
    between: Option<u8>,
    mark: u8,
    stable: bool,
    unique: bool,
    room: usize,
    folder: ZStr<'static>,
}

/// A line in memory.
struct Line {
    start: u32,
    len: u32,
    /// [`key::head`] of its first key.
    head: u64,
}

/// Lines in memory.
struct Lines {
    text: Buf,
    all: List<Line>,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let folder = cx.env(b"TMPDIR").filter(|dir| !dir.is_empty()).unwrap_or(ZStr::new(c"/tmp"));
    let mut sort = Sort {
        keys: List::new(),
        last: 0,
        between: None,
        mark: b'\n',
        stable: false,
        unique: false,
        room: ROOM,
        folder,
    };
    let (mut check, mut merge, mut output, mut letters) = (0, false, None, 0);
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        let found = match step {
            Ok(found) => found,
            Err(wrong) => {
                cx.wrong(wrong);
                return 2;
            }
        };
        let value = found.value.unwrap_or(folder);
        let right = match found.letter {
            b'k' => Key::parse(value.bytes()).map(|key| sort.keys.push(key)),
            b't' => key::mark(value).map(|mark| sort.between = Some(mark)),
            b'S' => size(value).map(|size| sort.room = size),
            letter => {
                match letter {
                    b'c' | b'C' => check = letter,
                    b'm' => merge = true,
                    b'o' => output = Some(value),
                    b'T' => sort.folder = value,
                    b's' => sort.stable = true,
                    b'u' => sort.unique = true,
                    b'z' => sort.mark = 0,
                    _ => letters |= how::bit(letter),
                }
                Some(())
            }
        };
        if right.is_none() {
            cx.error(value.bytes(), b"invalid argument");
            return 2;
        }
    }
    cx.args = walk.operands();
    sort.last = letters & how::REVERSE;
    sort.keys.iter_mut().for_each(|key| key.inherit(letters));
    if sort.keys.is_empty() && letters & !how::REVERSE != 0 {
        sort.keys.push(Key::line(letters));
    }
    let stdin = [ZStr::new(c"-")];
    let files = core::mem::take(&mut cx.args);
    let files = if files.is_empty() { &stdin[..] } else { files };
    let done = match (check, files) {
        (0, _) => sort.files(cx, files, merge && output.is_none(), output),
        (_, [file]) => sort.check(cx, *file, check == b'c'),
        _ => {
            cx.misuse(b"extra operand");
            return 2;
        }
    };
    match done {
        Ok(status) => status,
        Err((name, why)) => {
            cx.fail_on(name, why);
            2
        }
    }
}

/// What failed, and why.
type Failure = (ZStr<'static>, Errno);

/// The argument of -S.
fn size(text: ZStr) -> Option<usize> {
    let n = match num::parse(text.bytes(), 10) {
        Some(n) => n.checked_mul(1024)?,
        None => num::sized(text.bytes())?,
    };
    Some(usize::try_from(n).unwrap_or(usize::MAX).clamp(4096, 1 << 30))
}

/// Calls `read` with an open file or standard input.
fn with(name: ZStr<'static>, read: &mut dyn FnMut(Fd) -> Result<(), Errno>) -> Result<(), Failure> {
    let done = if name.is(b"-") { read(Fd::STDIN) } else { fs::open_read(name).and_then(|file| read(*file)) };
    done.map_err(|why| (name, why))
}

impl Sort {
    /// The order by the keys alone.
    fn by_keys(&self, a: &[u8], b: &[u8]) -> Ordering {
        for key in &self.keys {
            let order = key::compare(key.of(a, self.between), key.of(b, self.between), key.how);
            if order.is_ne() {
                return order;
            }
        }
        if self.keys.is_empty() {
            return key::compare(a, b, self.last);
        }
        Ordering::Equal
    }

    /// The order of two lines.
    pub(super) fn order(&self, a: &[u8], b: &[u8]) -> Ordering {
        let order = self.by_keys(a, b);
        if order.is_ne() || self.stable || self.unique || self.keys.is_empty() {
            return order;
        }
        key::compare(a, b, self.last)
    }

    fn head(&self, line: &[u8]) -> u64 {
        match self.keys.first() {
            Some(key) => key::head(key.of(line, self.between), key.how),
            None => key::head(line, self.last),
        }
    }

    fn files(
        &self,
        cx: &mut Cx,
        files: &[ZStr<'static>],
        merge: bool,
        output: Option<ZStr<'static>>,
    ) -> Result<u8, Failure> {
        let mut runs = Runs::new(self);
        let mut lines = Lines { text: Buf::new(), all: List::new() };
        for &file in files {
            if merge {
                let opened = if file.is(b"-") {
                    fs::dup_above(Fd::STDIN, 3).map(fs::Owned::new)
                } else {
                    fs::open_read(file)
                };
                runs.add(opened.map_err(|why| (file, why))?, file)?;
                continue;
            }
            let mut spilled = Ok(());
            with(file, &mut |fd| {
                let mut input = Input::new(fd, self.mark);
                while let Some(line) = input.line() {
                    if lines.text.len() + line.len() + lines.all.len() * size_of::<Line>() > self.room
                        && !lines.all.is_empty()
                    {
                        spilled = lines.spill(self, &mut runs);
                        if spilled.is_err() {
                            return Ok(());
                        }
                    }
                    lines.add(self, bare(line, self.mark))?;
                }
                input.result()
            })?;
            spilled?;
        }
        if let Some(name) = output {
            // All is read by now.
            if !runs.is_empty() {
                lines.spill(self, &mut runs)?;
            }
            let flags = fs::O_WRONLY | fs::O_CREAT | fs::O_TRUNC | fs::O_CLOEXEC;
            let opened = fs::open(name, flags, 0o666).and_then(|file| fs::dup3(*file, Fd::STDOUT, 0));
            opened.map_err(|why| (name, why))?;
        }
        if runs.is_empty() {
            lines.print(self, &mut Sink::Out(cx.out));
        } else {
            lines.spill(self, &mut runs)?;
            runs.merge(&mut Sink::Out(cx.out))?;
        }
        Ok(cx.status)
    }

    /// Tells the first line that is out of order.
    fn check(&self, cx: &mut Cx, file: ZStr<'static>, tell: bool) -> Result<u8, Failure> {
        let mut held = Buf::new();
        let mut number = 0u64;
        let mut wrong = false;
        with(file, &mut |fd| {
            let mut input = Input::new(fd, self.mark);
            while let Some(line) = input.line() {
                let line = bare(line, self.mark);
                number += 1;
                let order = self.order(&held, line);
                if number > 1 && (order.is_gt() || self.unique && order.is_eq()) {
                    wrong = true;
                    if tell {
                        let mut digits = [0; 64];
                        let digits = num::digits(&mut digits, number, 10);
                        out::complain(&[
                            cx.name.bytes(),
                            b": ",
                            file.bytes(),
                            b":",
                            digits,
                            b": disorder: ",
                            line,
                        ]);
                    }
                    return Ok(());
                }
                held.clear();
                held.extend_from_slice(line);
            }
            input.result()
        })?;
        Ok(wrong as u8)
    }
}

impl Lines {
    fn add(&mut self, sort: &Sort, line: &[u8]) -> Result<(), Errno> {
        let start = u32::try_from(self.text.len()).map_err(|_| Errno::EFBIG)?;
        let len = u32::try_from(line.len()).map_err(|_| Errno::EFBIG)?;
        self.text.extend_from_slice(line);
        self.all.push(Line { start, len, head: sort.head(line) });
        Ok(())
    }

    fn line(&self, line: &Line) -> &[u8] {
        after(&self.text, line.start as usize).get(..line.len as usize).unwrap_or_default()
    }

    /// Prints the lines in order.
    fn print(&self, sort: &Sort, sink: &mut Sink) {
        let mut order: List<u32> = (0..self.all.len() as u32).collect();
        sort::sort(&mut order, &mut |a, b| {
            let (Some(a), Some(b)) = (self.all.get(a as usize), self.all.get(b as usize)) else {
                return false;
            };
            match a.head.cmp(&b.head) {
                Ordering::Equal => sort.order(self.line(a), self.line(b)).is_lt(),
                order => order.is_lt(),
            }
        });
        let mut before: Option<&[u8]> = None;
        for &n in &order {
            let Some(line) = self.all.get(n as usize).map(|line| self.line(line)) else { break };
            if sort.unique {
                if before.is_some_and(|before| sort.by_keys(before, line).is_eq()) {
                    continue;
                }
                before = Some(line);
            }
            if !sink.line(line, sort.mark) {
                break;
            }
        }
    }

    /// Writes the lines to a file of their own, if there are any, and forgets them.
    fn spill(&mut self, sort: &Sort, runs: &mut Runs) -> Result<(), Failure> {
        if !self.all.is_empty() {
            runs.write(&mut |sink| self.print(sort, sink))?;
            self.text.clear();
            self.all.clear();
        }
        Ok(())
    }
}
