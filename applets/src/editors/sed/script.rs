//! From a script's text to its commands.

use super::output::Outputs;
use sys::{num, Buf, List, ToBuf};
use util::text::regex::{Regex, IGNORE_CASE, NEWLINE};
use util::text::{after, escape, has, part, take};

/// Why a script is none.
pub(super) type Why = &'static [u8];

/// The regular expression that was used last.
pub(super) const LAST_USED: usize = usize::MAX;
/// No file to write to.
pub(super) const NOWHERE: usize = usize::MAX;

/// What selects a line, or ends a range of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Address {
    None,
    /// A line by its number; 0 begins a range before the first line.
    Line(u64),
    /// The last line.
    Last,
    /// A line that the expression of this number matches.
    Match(usize),
    /// The first line, and each so many lines after it.
    Step(u64, u64),
    /// So many lines behind the first one of the range.
    Plus(u64),
    /// The next line whose number is a multiple.
    Multiple(u64),
}

/// A command; what its parts mean depends on its name.
pub(super) struct Command {
    pub name: u8,
    pub first: Address,
    pub second: Address,
    /// Is it for the lines that are not selected?
    pub not: bool,
    /// Text, replacement, label or name of a file; of `y` what is replaced.
    pub text: Buf,
    /// Of `y` what it becomes.
    pub with: Buf,
    pub regex: usize,
    /// Where to go on; of `s` and `w`, what to write to.
    pub target: usize,
    /// Which match is replaced; a status; a width.
    pub number: Option<usize>,
    /// All matches, and print.
    pub all: bool,
    pub print: bool,
}

/// A whole script.
pub(super) struct Script {
    pub commands: List<Command>,
    pub regexes: List<Regex>,
}

/// The text that is left, and what was found so far.
pub(super) struct Parser<'s, 'o> {
    pub rest: &'s [u8],
    pub how: u32,
    pub script: Script,
    pub outputs: &'o mut Outputs,
    /// Blocks that are open.
    blocks: List<usize>,
    labels: List<(Buf, usize)>,
}

impl<'s, 'o> Parser<'s, 'o> {
    pub(super) fn new(text: &'s [u8], how: u32, outputs: &'o mut Outputs) -> Parser<'s, 'o> {
        let script = Script { commands: List::new(), regexes: List::new() };
        Parser { rest: text, how, script, outputs, blocks: List::new(), labels: List::new() }
    }

    /// Reads all commands; after an error, `rest` is where it is.
    pub(super) fn read(&mut self) -> Result<(), Why> {
        loop {
            while take(&mut self.rest, b" \t\n;").is_some() {}
            let here = self.rest;
            if here.is_empty() {
                break;
            }
            if let Err(why) = self.command() {
                self.rest = here;
                return Err(why);
            }
        }
        if !self.blocks.is_empty() {
            return Err(b"unmatched {");
        }
        for n in 0..self.script.commands.len() {
            let Some(c) = self.script.commands.get_mut(n).filter(|c| has(b"btT", c.name)) else { continue };
            c.target = match self.labels.iter().find(|l| l.0 == c.text) {
                Some(label) => label.1,
                None if c.text.is_empty() => usize::MAX,
                None => return Err(b"no such label"),
            };
        }
        Ok(())
    }

    fn blanks(&mut self) {
        while take(&mut self.rest, b" \t").is_some() {}
    }

    fn next(&mut self) -> Option<u8> {
        let (&c, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(c)
    }

    fn number(&mut self) -> Option<u64> {
        let (n, rest) = num::prefix(self.rest, 10)?;
        self.rest = rest;
        Some(n)
    }

    #[inline(never)]
    fn command(&mut self) -> Result<(), Why> {
        if self.rest.first() == Some(&b'#') {
            self.line();
            return Ok(());
        }
        let mut c = Command {
            name: 0,
            first: Address::None,
            second: Address::None,
            not: false,
            text: Buf::new(),
            with: Buf::new(),
            regex: LAST_USED,
            target: NOWHERE,
            number: None,
            all: false,
            print: false,
        };
        c.first = self.address()?;
        self.blanks();
        if c.first != Address::None && take(&mut self.rest, b",").is_some() {
            self.blanks();
            c.second = self.second()?;
            if c.second == Address::None {
                return Err(b"address expected");
            }
            self.blanks();
        }
        if c.first == Address::Line(0) && !matches!(c.second, Address::Match(_)) {
            return Err(b"line 0 needs an expression behind it");
        }
        while take(&mut self.rest, b"!").is_some() {
            c.not = true;
            self.blanks();
        }
        c.name = self.next().ok_or(&b"command expected"[..])?;
        match c.name {
            b'{' => {
                self.blocks.push(self.script.commands.len());
                self.script.commands.push(c);
                return Ok(());
            }
            b'}' => {
                let open = self.blocks.pop().ok_or(&b"unmatched }"[..])?;
                let end = self.script.commands.len();
                if let Some(open) = self.script.commands.get_mut(open) {
                    open.target = end;
                }
                return if c.first == Address::None { self.end() } else { Err(b"} takes no address") };
            }
            b':' => {
                if c.first != Address::None {
                    return Err(b": takes no address");
                }
                let name = self.label(b";\n");
                if name.is_empty() {
                    return Err(b"label expected");
                }
                self.labels.push((name, self.script.commands.len()));
                return Ok(());
            }
            b'b' | b't' | b'T' => c.text = self.label(b";\n}"),
            b'a' | b'i' | b'c' => c.text = self.text()?,
            b'r' | b'w' | b'W' => {
                self.blanks();
                c.text = self.line().buf();
                if c.text.is_empty() {
                    return Err(b"name of a file expected");
                }
                if c.name != b'r' {
                    c.target = self.outputs.open(&c.text);
                }
            }
            b's' => self.substitute(&mut c)?,
            b'y' => self.transliterate(&mut c)?,
            b'q' | b'Q' | b'l' => {
                self.blanks();
                c.number = self.number().map(|n| n as usize);
            }
            b'=' | b'd' | b'D' | b'F' | b'g' | b'G' | b'h' | b'H' | b'n' | b'N' | b'p' | b'P' | b'x'
            | b'z' => {}
            b'e' => return Err(b"running commands is not supported"),
            _ => return Err(b"unknown command"),
        }
        let whole = has(b"aicrwW:", c.name) || c.name == b's' && c.target != NOWHERE;
        self.script.commands.push(c);
        if whole {
            return Ok(());
        }
        self.end()
    }

    /// Nothing but the end of a command may come now.
    fn end(&mut self) -> Result<(), Why> {
        self.blanks();
        match self.rest {
            [] | [b';' | b'\n' | b'}' | b'#', ..] => Ok(()),
            _ => Err(b"extra characters behind the command"),
        }
    }

    /// The rest of the line.
    fn line(&mut self) -> &'s [u8] {
        let n = self.rest.iter().position(|&b| b == b'\n').unwrap_or(self.rest.len());
        let line = part(self.rest, 0, n);
        self.rest = after(self.rest, n + 1);
        line
    }

    fn label(&mut self, ends: &[u8]) -> Buf {
        self.blanks();
        let n = self.rest.iter().position(|&b| has(ends, b)).unwrap_or(self.rest.len());
        let mut name = part(self.rest, 0, n).buf();
        self.rest = after(self.rest, n);
        while matches!(name.last(), Some(b' ' | b'\t')) {
            name.pop();
        }
        name
    }

    fn address(&mut self) -> Result<Address, Why> {
        let regex = match *self.rest {
            [b'$', ..] => {
                self.next();
                return Ok(Address::Last);
            }
            [b'0'..=b'9', ..] => {
                let n = self.number().ok_or(&b"invalid number"[..])?;
                self.blanks();
                if take(&mut self.rest, b"~").is_none() {
                    return Ok(Address::Line(n));
                }
                return Ok(Address::Step(n, self.number().unwrap_or(0)));
            }
            [b'/', ..] => after(self.rest, 1),
            [b'\\', _, ..] => after(self.rest, 2),
            _ => return Ok(Address::None),
        };
        let end =
            part(self.rest, self.rest.len() - regex.len() - 1, self.rest.len()).first().copied().unwrap_or(0);
        self.rest = regex;
        let text = self.until(end, true)?;
        let mut how = self.how;
        while let Some(n) = take(&mut self.rest, b"IM") {
            how |= [IGNORE_CASE, NEWLINE][n];
        }
        Ok(Address::Match(self.regex(&text, how)?))
    }

    fn second(&mut self) -> Result<Address, Why> {
        let Some(kind) = take(&mut self.rest, b"+~") else { return self.address() };
        let n = self.number().ok_or(&b"invalid number"[..])?;
        Ok(if kind == 0 { Address::Plus(n) } else { Address::Multiple(n) })
    }

    fn regex(&mut self, text: &[u8], how: u32) -> Result<usize, Why> {
        if text.is_empty() {
            return Ok(LAST_USED);
        }
        self.script.regexes.push(Regex::new(text, how)?);
        Ok(self.script.regexes.len() - 1)
    }

    /// Takes the text up to `end`, and that as well. Before an escaped `end` the backslash goes; in an expression, some
    /// escapes are replaced, and brackets hide the end.
    #[inline(never)]
    fn until(&mut self, end: u8, expression: bool) -> Result<Buf, Why> {
        const UNTERMINATED: Why = b"unterminated command";
        if end == b'\\' || end == b'\n' {
            return Err(b"invalid delimiter");
        }
        let mut text = Buf::new();
        loop {
            let before = self.rest;
            let c = self.next().ok_or(UNTERMINATED)?;
            if c == end {
                return Ok(text);
            }
            if c == b'\\' {
                let c = self.next().ok_or(UNTERMINATED)?;
                if c == end {
                    // What it would mean without the backslash, it does not.
                    if !expression && c == b'&' {
                        text.push(b'\\');
                    }
                    text.push(c);
                    continue;
                }
                self.rest = after(before, 1);
                match escape::escape(&mut self.rest).filter(|_| expression && has(b"afrvx", c)) {
                    Some(b) if has(b"*.[$+?(){}|", b) => text.extend_from_slice(&[b'[', b, b']']),
                    Some(b @ (b'^' | b'\\')) => text.extend_from_slice(&[b'\\', b]),
                    Some(b) => text.push(b),
                    None => {
                        self.rest = after(before, 2);
                        text.extend_from_slice(&[b'\\', c]);
                    }
                }
                continue;
            }
            text.push(c);
            if c == b'[' && expression {
                self.bracket(&mut text);
            }
        }
    }

    /// The rest of a bracket expression, if it has an end.
    fn bracket(&mut self, text: &mut Buf) {
        let mut more = Buf::new();
        let mut rest = self.rest;
        if take(&mut rest, b"^").is_some() {
            more.push(b'^');
        }
        let mut first = true;
        loop {
            match *rest {
                [] | [b'\n', ..] => return,
                [b']', ..] if !first => break,
                [b'[', kind @ (b':' | b'.' | b'='), ..] => {
                    let Some(n) = util::text::find(after(rest, 2), &[kind, b']']) else { return };
                    more.extend_from_slice(part(rest, 0, n + 4));
                    rest = after(rest, n + 4);
                }
                [b'\\', c @ (b'n' | b't' | b'f' | b'r' | b'v' | b'a'), ..] => {
                    more.push(escape::letter(c).unwrap_or(c));
                    rest = after(rest, 2);
                }
                [c, ..] => {
                    more.push(c);
                    rest = after(rest, 1);
                }
            }
            first = false;
        }
        more.push(b']');
        self.rest = after(rest, 1);
        text.extend_from_slice(&more);
    }

    fn substitute(&mut self, c: &mut Command) -> Result<(), Why> {
        let end = self.next().unwrap_or(b'\n');
        let expression = self.until(end, true)?;
        c.text = self.until(end, false)?;
        let mut how = self.how;
        loop {
            match self.rest.first() {
                Some(b'g') => c.all = true,
                Some(b'p') => c.print = true,
                Some(b'i' | b'I') => how |= IGNORE_CASE,
                Some(b'm' | b'M') => how |= NEWLINE,
                Some(b'0'..=b'9') => {
                    c.number = self.number().map(|n| n as usize);
                    if c.number.is_none_or(|n| n == 0) {
                        return Err(b"invalid number");
                    }
                    continue;
                }
                Some(b'w') => {
                    self.next();
                    self.blanks();
                    let name = self.line();
                    if name.is_empty() {
                        return Err(b"name of a file expected");
                    }
                    c.target = self.outputs.open(name);
                    break;
                }
                Some(b'e') => return Err(b"running commands is not supported"),
                _ => break,
            }
            self.next();
        }
        c.regex = self.regex(&expression, how)?;
        let Some(regex) = self.script.regexes.get(c.regex) else { return Ok(()) };
        let mut text = &c.text[..];
        while let [b, rest @ ..] = text {
            text = rest;
            if let (b'\\', [n, rest @ ..]) = (b, text) {
                text = rest;
                if n.is_ascii_digit() && (n - b'0') as usize > regex.groups() {
                    return Err(b"the replacement names a group that is not there");
                }
            }
        }
        Ok(())
    }

    fn transliterate(&mut self, c: &mut Command) -> Result<(), Why> {
        let end = self.next().unwrap_or(b'\n');
        for n in 0..2 {
            let text = self.until(end, false)?;
            let mut plain = Buf::new();
            let mut rest = &text[..];
            while let [b, more @ ..] = rest {
                rest = more;
                match (*b, rest) {
                    (b'\\', [b'n', more @ ..]) => {
                        plain.push(b'\n');
                        rest = more;
                    }
                    (b'\\', [b'\\', more @ ..]) => {
                        plain.push(b'\\');
                        rest = more;
                    }
                    (b'\\', [c, more @ ..]) if escape::letter(*c).is_some() => {
                        plain.push(escape::letter(*c).unwrap_or(*c));
                        rest = more;
                    }
                    (b, _) => plain.push(b),
                }
            }
            if n == 0 {
                c.text = plain;
            } else {
                c.with = plain;
            }
        }
        if super::characters(&c.text, self.how).count() != super::characters(&c.with, self.how).count() {
            return Err(b"the strings of y are not of the same length");
        }
        Ok(())
    }

    /// The text of `a`, `i` and `c`: behind a backslash and the end of the line, or in the same line.
    fn text(&mut self) -> Result<Buf, Why> {
        self.blanks();
        if self.rest.is_empty() {
            return Err(b"text expected");
        }
        if let [b'\\', rest @ ..] = self.rest {
            // Blanks behind the backslash that ends the line are none of the text; those of the text stay.
            let mut line = rest;
            while take(&mut line, b" \t").is_some() {}
            match line {
                [b'\n', text @ ..] => self.rest = text,
                [] => self.rest = line,
                _ => self.rest = rest,
            }
            if self.rest.is_empty() {
                return Ok(Buf::new());
            }
        }
        let mut text = Buf::new();
        while let Some(c) = self.next() {
            if c == b'\n' {
                break;
            }
            if c != b'\\' {
                text.push(c);
                continue;
            }
            match *self.rest {
                [b't' | b'n' | b'r' | b'f' | b'v' | b'a', ..] => text.extend(escape::escape(&mut self.rest)),
                _ => text.extend(self.next()),
            }
        }
        text.push(b'\n');
        Ok(text)
    }
}
