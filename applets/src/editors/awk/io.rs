//! What awk reads and writes: records, `getline`, `print`, `close`.

use super::cell::{printf, Cell};
use super::code::*;
use super::lex;
use super::run::*;
use super::stream::{Separator, Stream};
use sys::text::Text;
use sys::{Buf, Errno};

impl Awk<'_, '_> {
    /// Reads a record of a stream: 1, or 0 at the end, or why it cannot.
    #[inline(never)]
    fn read(&mut self, stream: &mut Stream) -> Result<Option<Text>, Errno> {
        let rs = self.special(RS);
        let separator = match *rs {
            [] => Separator::Paragraph,
            [b] => Separator::Byte(b),
            _ => {
                let n = self.regex(&Cell::Text(rs.clone()));
                match self.expression(n) {
                    Some(regex) => Separator::Regex(regex),
                    None => return Ok(None),
                }
            }
        };
        Ok(stream.record(&separator)?.map(|span| Text::of(&[span.of(&stream.data)])))
    }

    /// Reads a record from the operands; `None` when there are no more.
    #[inline(never)]
    pub(super) fn read_main(&mut self) -> Option<Text> {
        loop {
            let mut stream = match self.main.take() {
                Some(stream) => stream,
                None => self.next_file()?,
            };
            if stream.fd == sys::Fd::STDIN && self.is_tty {
                self.flush_all();
            }
            match self.read(&mut stream) {
                Ok(Some(text)) => {
                    self.main = Some(stream);
                    for n in [NR, FNR] {
                        let count = self.globals.get(n).map_or(0.0, |c| c.number());
                        self.set_global(n, Cell::Number(count + 1.0));
                    }
                    return Some(text);
                }
                Ok(None) => {}
                Err(why) => self.unreadable(&stream.name.clone(), why),
            }
            let _ = stream.close();
            if self.leaving == FATAL {
                return None;
            }
        }
    }

    fn unreadable(&mut self, name: &[u8], why: Errno) {
        self.cx.fail(name, why);
        self.status = 2;
    }

    /// Opens the next operand that is a file; assignments before it are carried out.
    #[inline(never)]
    fn next_file(&mut self) -> Option<Stream> {
        let argv = self.array(GLOBAL, ARGV)?;
        loop {
            let count = self.globals.get(ARGC).map_or(0.0, |c| c.number());
            let mut name = Text::new();
            if (self.operand as f64) < count {
                let mut key = Buf::new();
                Cell::Number(self.operand as f64).append(&mut key, b"");
                self.operand += 1;
                let key = Text::of(&[&key]);
                let array = self.arrays.get_mut(argv)?;
                if !array.has(&key) {
                    continue;
                }
                let value = array.at(&key).clone();
                name = self.text(&value);
                if name.is_empty() || self.assign(&name) {
                    continue;
                }
            } else if self.any_file {
                return None;
            }
            self.any_file = true;
            match Stream::open(b'<', if name.is_empty() { b"-" } else { &name }, self.cx.envp) {
                Ok(stream) => {
                    self.set_global(FILENAME, Cell::Input(name));
                    self.set_global(FNR, Cell::Number(0.0));
                    return Some(stream);
                }
                Err(why) => self.unreadable(&name, why),
            }
        }
    }

    /// Carries out an assignment NAME=VALUE; false if it is none.
    #[inline(never)]
    pub(super) fn assign(&mut self, text: &[u8]) -> bool {
        let Some(at) = sys::zstr::position(text, b'=') else { return false };
        let (name, value) = (util::text::part(text, 0, at), util::text::after(text, at + 1));
        let plain = name.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'_');
        if !plain || name.first().is_none_or(u8::is_ascii_digit) {
            return false;
        }
        let mut unescaped = Buf::new();
        lex::unescape(value, &mut unescaped);
        let n = self.program.variable(name);
        self.store(GLOBAL, n, &Cell::Nothing, Cell::input(&unescaped));
        true
    }

    /// The number of the stream `name`: one that is read or one that is written, opened if it is not.
    #[inline(never)]
    fn stream(&mut self, kind: u8, name: &[u8]) -> Result<usize, Errno> {
        let class = if kind == b'a' { b'>' } else { kind };
        for (n, s) in self.streams.iter().enumerate() {
            if s.kind == class && s.name == *name {
                return Ok(n);
            }
        }
        if matches!(class, b'|' | b'-') {
            self.flush_all();
        }
        let new = Stream::open(kind, name, self.cx.envp)?;
        self.streams.push(new);
        Ok(self.streams.len() - 1)
    }

    /// Writes what stream `n` holds.
    #[inline(never)]
    pub(super) fn flush(&mut self, n: usize, all: bool) {
        let Some(stream) = self.streams.get_mut(n) else { return };
        if n == 0 {
            if all || stream.data.len() > 16384 || self.is_tty {
                self.cx.out.unbuffered(&stream.data);
                stream.data.clear();
                if self.cx.out.failed() && self.leaving != FATAL {
                    // It is told at the end.
                    self.stop();
                }
            }
            return;
        }
        let done = if all { stream.flush() } else { stream.wrote() };
        if let Err(why) = done {
            stream.data.clear();
            let name = stream.name.clone();
            self.cx.fail(&name, why);
            self.stop();
        }
    }

    #[inline(never)]
    pub(super) fn flush_all(&mut self) {
        for n in 0..self.streams.len() {
            self.flush(n, true);
        }
    }

    /// Writes what is buffered under `name`; −1 if there is no such stream.
    pub(super) fn flush_named(&mut self, name: &[u8]) -> f64 {
        let mut found = -1.0;
        for n in 0..self.streams.len() {
            if self.streams.get(n).is_some_and(|s| s.writes() && s.name == *name) {
                self.flush(n, true);
                found = 0.0;
            }
        }
        found
    }

    /// Closes the streams of that name: the status of the last one, −1 if there is none.
    #[inline(never)]
    pub(super) fn close(&mut self, name: Option<&[u8]>) -> f64 {
        let mut last = -1;
        let mut n = 1;
        self.flush_all();
        while let Some(stream) = self.streams.get(n) {
            if name.is_some_and(|name| stream.name != *name) {
                n += 1;
                continue;
            }
            let Some(stream) = self.streams.remove(n) else { break };
            let (status, done) = stream.close();
            last = status;
            if let Err(why) = done {
                self.cx.fail(name.unwrap_or_default(), why);
                self.stop();
            }
        }
        last as f64
    }

    /// `print` or `printf` of the last `count` values, to a stream if `to` says so.
    #[inline(never)]
    pub(super) fn print(&mut self, op: u32, to: u32, count: usize) {
        let mut n = 0;
        if to != 0 {
            let name = self.pop();
            let name = self.text(&name);
            let kind = [b'>', b'a', b'|'].get(to as usize - 1).copied().unwrap_or(b'>');
            match self.stream(kind, &name) {
                Ok(found) => n = found,
                Err(why) => {
                    self.cx.fail(&name, why);
                    return self.stop();
                }
            }
        }
        let from = self.stack.len().saturating_sub(count);
        let record = if count == 0 { self.record_text() } else { Text::new() };
        let (ofs, ors, ofmt) = (self.special(OFS), self.special(ORS), self.special(OFMT));
        let convfmt = self.special(CONVFMT);
        let Some(stream) = self.streams.get_mut(n) else { return };
        let out = &mut stream.data;
        let values = self.stack.get(from..).unwrap_or_default();
        if op == PRINT {
            out.extend_from_slice(&record);
            for (n, value) in values.iter().enumerate() {
                if n > 0 {
                    out.extend_from_slice(&ofs);
                }
                value.append(out, &ofmt);
            }
            out.extend_from_slice(&ors);
        } else if let Some((first, rest)) = values.split_first() {
            let text = first.text(&convfmt);
            printf(out, &text, rest, &convfmt);
        }
        self.stack.truncate(from);
        self.flush(n, false);
    }

    /// `getline`: 1, 0 at the end, −1 on an error.
    #[inline(never)]
    pub(super) fn getline(&mut self, op: u32, kind: u32, operand: usize) {
        let mut from = Cell::Nothing;
        if op == GETLINE_FILE {
            from = self.pop();
        }
        let key = self.key(kind);
        if op == GETLINE_COMMAND {
            from = self.pop();
        }
        let mut result = 0.0;
        let mut text = None;
        if op == GETLINE {
            text = self.read_main();
        } else {
            let name = self.text(&from);
            let read = self.stream(if op == GETLINE_FILE { b'<' } else { b'-' }, &name).and_then(|n| {
                // So that it is not borrowed while it is read; nobody opens or closes one meanwhile.
                let Some(stream) = self.streams.get_mut(n) else { return Ok(None) };
                let mut stream = core::mem::replace(stream, Stream::new(b'<', b"", sys::Fd(-1)));
                let read = self.read(&mut stream);
                if let Some(place) = self.streams.get_mut(n) {
                    *place = stream;
                }
                read
            });
            match read {
                Ok(read) => text = read,
                Err(why) => {
                    result = -1.0;
                    self.set_global(ERRNO, Cell::Number(why.number() as f64));
                }
            }
            if text.is_some() && op == GETLINE_COMMAND {
                let count = self.globals.get(NR).map_or(0.0, |c| c.number());
                self.set_global(NR, Cell::Number(count + 1.0));
            }
        }
        if let Some(text) = text {
            result = 1.0;
            if kind == RECORD {
                self.set_record(&text);
            } else {
                self.store(kind, operand, &key, Cell::Input(text));
            }
        }
        self.push(Cell::Number(result));
    }
}
