//! Commands at work.

use super::characters;
use super::input::Input;
use super::output::{Outputs, MAIN};
use super::script::{Address, Command, Script, LAST_USED, NOWHERE};
use core::mem::take;
use sys::fs::Fd;
use sys::zstr::position;
use sys::{Buf, Cx, List, ToBuf};
use util::file::read;
use util::text::pattern::CHARACTERS;
use util::text::regex::{Regex, Span};
use util::text::{after, escape, number, part};

/// What ends a cycle.
#[derive(PartialEq, Eq)]
pub(super) enum End {
    /// The next line is due, or after `D` none is read.
    Next,
    Again,
    /// No more lines.
    Quit(u8),
}

/// A range of lines, of each command that has one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Range {
    /// It has not begun yet, or may begin again.
    Before,
    /// It is within one, up to this line if the end is a number.
    Within(u64),
    /// One that began by a number has ended.
    Over,
}

/// What is put out at the end of a cycle.
struct Later {
    text: Buf,
    is_file: bool,
}

/// The state of a run.
pub(super) struct Machine<'r, 'f> {
    pub script: &'r Script,
    pub input: Input<'f>,
    pub outputs: &'r mut Outputs,
    pub quiet: bool,
    pub how: u32,
    pub width: usize,
    space: Buf,
    hold: Buf,
    /// Had the line an end?
    ended: bool,
    hold_ended: bool,
    line: u64,
    ranges: List<Range>,
    later: List<Later>,
    replaced: bool,
    last_regex: Option<usize>,
    /// Of matches, for replacing.
    spans: List<Span>,
    /// Something cannot go on.
    pub wrong: Option<&'static [u8]>,
}

impl<'r, 'f> Machine<'r, 'f> {
    pub(super) fn new(script: &'r Script, input: Input<'f>, outputs: &'r mut Outputs) -> Machine<'r, 'f> {
        let mut spans = List::new();
        let most = script.regexes.iter().map(Regex::groups).max().unwrap_or(0);
        (0..=most.min(9)).for_each(|_| spans.push(Span::NONE));
        Machine {
            script,
            input,
            outputs,
            quiet: false,
            how: 0,
            width: 70,
            space: Buf::new(),
            hold: Buf::new(),
            ended: true,
            hold_ended: true,
            line: 0,
            ranges: List::new(),
            later: List::new(),
            replaced: false,
            last_regex: None,
            spans,
            wrong: None,
        }
    }

    /// Runs the script for all lines; a status if it says one.
    pub(super) fn all(&mut self, cx: &mut Cx) -> Option<u8> {
        let mut again = false;
        loop {
            if !again {
                self.space.clear();
                if !self.read(cx) {
                    return None;
                }
            }
            let end = self.cycle(cx);
            self.put_later(cx);
            if cx.out.failed() || self.wrong.is_some() || self.outputs.why.is_some() {
                return None;
            }
            if let End::Quit(status) = end {
                return Some(status);
            }
            again = end == End::Again;
        }
    }

    /// Appends the next line to the pattern space.
    #[inline(never)]
    fn read(&mut self, cx: &mut Cx) -> bool {
        let Some(ended) = self.input.line(cx, &mut self.space) else { return false };
        self.ended = ended;
        if take(&mut self.input.begun) && (self.input.separate || self.ranges.is_empty()) {
            self.line = 0;
            self.ranges.clear();
            for c in self.script.commands.iter() {
                let begun = c.first == Address::Line(0);
                self.ranges.push(if begun { Range::Within(u64::MAX) } else { Range::Before });
            }
        }
        self.line += 1;
        self.replaced = false;
        true
    }

    /// Puts the pattern space out.
    fn print(&mut self, cx: &mut Cx) {
        self.outputs.write(cx, MAIN, &self.space, true, self.ended);
    }

    /// What `a` and `r` have left for the end of the cycle.
    #[inline(never)]
    fn put_later(&mut self, cx: &mut Cx) {
        for later in take(&mut self.later).iter() {
            if !later.is_file {
                self.outputs.write(cx, MAIN, &later.text, false, true);
                continue;
            }
            // A file that cannot be read is as one without lines (POSIX).
            let mut text = Buf::new();
            if later.text == b"/dev/stdin" {
                let _ = read::to_end(Fd::STDIN, &mut text);
            } else if let Ok(all) = read::file(later.text.z()) {
                text = all;
            }
            let (line, ended) = match text.strip_suffix(b"\n") {
                Some(line) if !text.is_empty() => (line, true),
                _ => (&text[..], false),
            };
            if !text.is_empty() {
                self.outputs.write(cx, MAIN, line, true, ended);
            }
        }
        if self.input.single && cx.out.flush().is_err() {
            // It is told at the end.
        }
    }

    fn cycle(&mut self, cx: &mut Cx) -> End {
        let script = self.script;
        let mut n = 0;
        let mut end = End::Next;
        while let Some(c) = script.commands.get(n) {
            n += 1;
            if self.selected(cx, c, n - 1) == c.not {
                if c.name == b'{' {
                    n = c.target;
                }
                continue;
            }
            match c.name {
                b'b' => n = c.target,
                b't' if take(&mut self.replaced) => n = c.target,
                b'T' if !take(&mut self.replaced) => n = c.target,
                b'd' => return End::Next,
                b'D' => match position(&self.space, self.outputs.end) {
                    None => return End::Next,
                    Some(n) => {
                        self.space.replace(0, n + 1, b"");
                        return End::Again;
                    }
                },
                b'c' => {
                    let within = matches!(self.ranges.get(n - 1), Some(Range::Within(_)));
                    if c.second == Address::None || c.not || !within {
                        self.outputs.write(cx, MAIN, &c.text, false, true);
                    }
                    return End::Next;
                }
                b'n' | b'N' => {
                    if !self.input.more_here(cx) {
                        // Without another line nothing more is done, and GNU prints what N has.
                        break;
                    }
                    if c.name == b'n' {
                        if !self.quiet {
                            self.print(cx);
                        }
                        self.put_later(cx);
                        self.space.clear();
                    } else {
                        self.put_later(cx);
                        self.space.push(self.outputs.end);
                    }
                    let replaced = self.replaced;
                    self.read(cx);
                    self.replaced = replaced;
                }
                b'q' | b'Q' => {
                    end = End::Quit(c.number.unwrap_or(0) as u8);
                    if c.name == b'Q' {
                        return end;
                    }
                    break;
                }
                _ => self.simple(cx, c),
            }
            if self.wrong.is_some() {
                break;
            }
        }
        if !self.quiet && self.wrong.is_none() {
            self.print(cx);
        }
        end
    }

    /// Commands that only do something.
    #[inline(never)]
    fn simple(&mut self, cx: &mut Cx, c: &Command) {
        let end = self.outputs.end;
        match c.name {
            b's' => self.substitute(cx, c),
            b'y' => self.transliterate(c),
            b'p' => self.print(cx),
            b'P' | b'W' => {
                let n = position(&self.space, end);
                let text = part(&self.space, 0, n.unwrap_or(self.space.len()));
                let to = if c.name == b'P' { MAIN } else { c.target };
                self.outputs.write(cx, to, text, true, n.is_some() || self.ended);
            }
            b'w' => self.outputs.write(cx, c.target, &self.space, true, self.ended),
            b'i' => self.outputs.write(cx, MAIN, &c.text, false, true),
            b'a' | b'r' => self.later.push(Later { text: c.text.clone(), is_file: c.name == b'r' }),
            // Whether a last line had an end goes with the text.
            b'g' | b'G' => {
                append(&mut self.space, &self.hold, end, c.name == b'G');
                self.ended = self.hold_ended;
            }
            b'h' | b'H' => {
                append(&mut self.hold, &self.space, end, c.name == b'H');
                self.hold_ended = self.ended;
            }
            b'x' => {
                core::mem::swap(&mut self.space, &mut self.hold);
                core::mem::swap(&mut self.ended, &mut self.hold_ended);
            }
            b'z' => self.space.clear(),
            b'=' => {
                let mut text = Buf::new();
                number::push(&mut text, self.line, 0);
                text.push(b'\n');
                self.outputs.write(cx, MAIN, &text, false, true);
            }
            b'F' => {
                let mut text = self.input.name.bytes().buf();
                text.push(b'\n');
                self.outputs.write(cx, MAIN, &text, false, true);
            }
            b'l' => self.list(cx, c),
            _ => {}
        }
    }

    /// The pattern space unambiguously, in lines of a width.
    #[inline(never)]
    fn list(&mut self, cx: &mut Cx, c: &Command) {
        let width = c.number.unwrap_or(self.width);
        let mut text = Buf::new();
        let mut column = 0;
        let mut rest = &self.space[..];
        while let [b, more @ ..] = rest {
            rest = more;
            let mut shown = Buf::new();
            match *b {
                b'\\' => shown.extend_from_slice(b"\\\\"),
                b @ b' '..=b'~' => shown.push(b),
                b => {
                    shown.push(b'\\');
                    match b"abfnrtv".iter().find(|&&l| escape::letter(l) == Some(b)) {
                        Some(&letter) => shown.push(letter),
                        None => (0..3).for_each(|n| shown.push(b'0' + (b >> (6 - 3 * n) & 7))),
                    }
                }
            }
            if width > 1 && column + shown.len() > width - 1 {
                text.extend_from_slice(b"\\\n");
                column = 0;
            }
            column += shown.len();
            text.extend_from_slice(&shown);
        }
        text.push(b'$');
        self.outputs.write(cx, MAIN, &text, true, true);
    }

    /// Is the command number `n` for this line?
    #[inline(never)]
    fn selected(&mut self, cx: &mut Cx, c: &Command, n: usize) -> bool {
        if c.second == Address::None {
            return c.first == Address::None || self.is(cx, c.first);
        }
        let now = self.ranges.get(n).copied().unwrap_or(Range::Before);
        let line = self.line;
        let over = if matches!(c.first, Address::Line(_)) { Range::Over } else { Range::Before };
        let (next, selected) = match now {
            Range::Within(last) if line <= last => {
                let ends = match c.second {
                    Address::Line(_) | Address::Plus(_) | Address::Multiple(_) => line == last,
                    second => self.is(cx, second),
                };
                (if ends { over } else { now }, true)
            }
            Range::Over => (over, false),
            // A line that was passed over ended it.
            Range::Within(_) if over == Range::Over => (over, false),
            _ => {
                let begins = match c.first {
                    // It begins later, if that line was never looked at.
                    Address::Line(first) => line >= first,
                    first => self.is(cx, first),
                };
                let last = match c.second {
                    Address::Line(n) => n,
                    Address::Plus(n) => line.saturating_add(n),
                    Address::Multiple(n) if n > 0 => line.div_ceil(n) * n,
                    Address::Multiple(_) => line,
                    Address::Last if begins && self.is(cx, Address::Last) => line,
                    _ => u64::MAX,
                };
                let next = if !begins {
                    Range::Before
                } else if last <= line {
                    over
                } else {
                    Range::Within(last)
                };
                (next, begins)
            }
        };
        if let Some(range) = self.ranges.get_mut(n) {
            *range = next;
        }
        selected
    }

    /// Does the address select this line?
    fn is(&mut self, cx: &mut Cx, address: Address) -> bool {
        match address {
            Address::Line(n) => n == self.line,
            Address::Last => self.input.is_last(cx),
            Address::Step(first, 0) => self.line == first,
            Address::Step(first, by) => self.line >= first && (self.line - first) % by == 0,
            Address::Match(regex) => {
                let space = take(&mut self.space);
                let found = self.regex(regex).is_some_and(|r| r.first_end(&space, 0).is_some());
                self.space = space;
                found
            }
            _ => false,
        }
    }

    /// An expression by its number, or the last one used.
    #[inline(never)]
    fn regex(&mut self, n: usize) -> Option<&'r Regex> {
        let n = if n == LAST_USED { self.last_regex } else { Some(n) };
        self.last_regex = n;
        let regex = n.and_then(|n| self.script.regexes.get(n));
        match regex {
            None => self.wrong = Some(b"no expression was used before"),
            Some(r) if r.gave_up() => self.wrong = Some(b"matching takes too long"),
            _ => {}
        }
        regex
    }

    #[inline(never)]
    fn substitute(&mut self, cx: &mut Cx, c: &Command) {
        let Some(regex) = self.regex(c.regex) else { return };
        let space = take(&mut self.space);
        let mut spans = take(&mut self.spans);
        let groups = regex.groups().min(9) + 1;
        // What the replacement does not name need not be found.
        let named = if position(&c.text, b'\\').is_some() { groups } else { 1 };
        let mut new = Buf::new();
        let mut at = 0;
        let mut copied = 0;
        let mut count = 0;
        let mut done = false;
        // Where the last match ended: an empty one there is none.
        let mut behind = usize::MAX;
        while at <= space.len() {
            let found = spans.get_mut(..named).is_some_and(|spans| regex.find(&space, at, spans));
            let Some(&whole) = spans.first().filter(|_| found) else { break };
            let empty = whole.start == whole.end;
            if !(empty && whole.start == behind) {
                count += 1;
                if count >= c.number.unwrap_or(1) {
                    new.extend_from_slice(part(&space, copied, whole.start));
                    expand(&c.text, &space, &spans, &mut new);
                    copied = whole.end;
                    done = true;
                    if !c.all {
                        break;
                    }
                }
            }
            behind = whole.end;
            at = whole.end;
            if empty {
                let mut rest = after(&space, at);
                let n = rest.len();
                util::text::pattern::character(&mut rest, pattern_how(self.how));
                at += (n - rest.len()).max(1);
            }
        }
        self.spans = spans;
        if regex.gave_up() {
            self.wrong = Some(b"matching takes too long");
        }
        if !done {
            self.space = space;
            return;
        }
        new.extend_from_slice(after(&space, copied));
        self.space = new;
        self.replaced = true;
        if c.print {
            self.print(cx);
        }
        if c.target != NOWHERE {
            self.outputs.write(cx, c.target, &self.space, true, self.ended);
        }
    }

    fn transliterate(&mut self, c: &Command) {
        let mut new = Buf::new();
        for one in characters(&self.space, self.how) {
            let place = characters(&c.text, self.how).position(|from| from == one);
            let with = place.and_then(|n| characters(&c.with, self.how).nth(n));
            new.extend_from_slice(with.unwrap_or(one));
        }
        self.space = new;
    }
}

/// Copies a text behind another one and the end of a line, or over it.
fn append(to: &mut Buf, text: &[u8], end: u8, behind: bool) {
    if behind {
        to.push(end);
    } else {
        to.clear();
    }
    to.extend_from_slice(text);
}

fn pattern_how(how: u32) -> u32 {
    if how != 0 {
        CHARACTERS
    } else {
        0
    }
}

/// Appends a replacement, with what matched in it.
#[inline(never)]
fn expand(mut text: &[u8], space: &[u8], spans: &[Span], to: &mut Buf) {
    // Case of all that follows, and of the next character.
    let (mut all, mut one) = (0, 0);
    while let [b, rest @ ..] = text {
        text = rest;
        let single = [*b];
        let mut piece = &single[..];
        let byte;
        match (*b, rest) {
            (b'&', _) => piece = spans.first().map_or(&b""[..], |s| s.of(space)),
            (b'\\', [c, more @ ..]) => {
                text = more;
                match *c {
                    n @ b'0'..=b'9' => {
                        piece = spans.get((n - b'0') as usize).map_or(&b""[..], |s| s.of(space))
                    }
                    b'U' | b'L' | b'E' => {
                        (all, one) = (*c, 0);
                        continue;
                    }
                    b'u' | b'l' => {
                        one = *c;
                        continue;
                    }
                    _ => {
                        text = rest;
                        let escaped =
                            if matches!(c, b'e' | b'E' | b'b') { None } else { escape::escape(&mut text) };
                        if escaped.is_none() {
                            text = more;
                        }
                        byte = [escaped.unwrap_or(*c)];
                        piece = &byte[..];
                    }
                }
            }
            _ => {}
        }
        for &b in piece {
            let how = if one != 0 { one } else { all };
            one = 0;
            to.push(match how | 32 {
                b'u' => b.to_ascii_uppercase(),
                b'l' => b.to_ascii_lowercase(),
                _ => b,
            });
        }
    }
}
