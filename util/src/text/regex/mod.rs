//! Regular expressions (POSIX.1-2024, Base Definitions 9), basic and extended, with the forms that GNU adds.
//!
//! An expression becomes a program of steps. A deterministic machine, built as the text needs it and within bounds,
//! says whether and how far it matches; what the parts in parentheses matched is found afterwards, one level of
//! parentheses after the other. No text takes longer than its length times the program's. Only back-references need
//! to try one way after the other; that gives up after so many steps.

mod backtrack;
mod compile;
mod lazy;
mod levels;
mod machine;
#[cfg(test)]
mod tests;

use super::pattern::{self, character};
use super::{after, part};
use alloc::boxed::Box;
use core::cell::Cell;
use lazy::Cache;
use sys::env::{self, Envp};
use sys::zstr::Texts;
use sys::{utf8, Buf, List};

/// An extended expression, not a basic one.
pub const EXTENDED: u32 = 1;
/// Large and small letters are the same.
pub const IGNORE_CASE: u32 = 2;
/// `^` and `$` match at newlines, too; `.` and `[^…]` do not take one.
pub const NEWLINE: u32 = 4;
/// Text consists of characters in UTF-8: [`characters`] tells.
pub const CHARACTERS: u32 = 8;
/// The text is lines, and the expression a list of expressions with newlines between them. Nothing takes a newline.
pub const LINES: u32 = 16 | NEWLINE;
/// What matches has no character of a word before it, and none behind.
pub const WORD: u32 = 32;
/// What matches is a whole line.
pub const WHOLE: u32 = 64;
/// Each character of the expression stands for itself.
pub const FIXED: u32 = 128;

/// Where a part of a text is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// Its first byte; `usize::MAX`: nothing matched.
    pub start: usize,
    /// Behind its last byte.
    pub end: usize,
}

impl Span {
    /// Nothing matched.
    pub const NONE: Span = Span { start: usize::MAX, end: usize::MAX };

    /// The part of `text`; empty if nothing matched.
    pub fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        part(text, self.start, self.end)
    }
}

/// [`CHARACTERS`] if the locale has UTF-8, else 0 (POSIX, Base Definitions 8.2).
#[inline(never)]
pub fn characters(envp: Envp) -> u32 {
    for name in Texts::new(b"LC_ALL\0LC_CTYPE\0LANG") {
        if let Some(v) = env::get(envp, name).filter(|v| !v.is_empty()) {
            return if v.bytes().last() == Some(&b'8') { CHARACTERS } else { 0 };
        }
    }
    0
}

/// A step of a program. Its operation says what the numbers are.
#[derive(Clone, Copy)]
struct Step {
    op: u16,
    group: u16,
    n: i32,
}

/// Takes a character of class `n`.
const CHAR: u16 = 0;
/// Takes a character of set `n`.
const SET: u16 = 1;
/// Goes on if the place is of the kind `n`, which is the letter of the expression.
const ASSERT: u16 = 2;
/// Goes on `n` steps from here.
const JUMP: u16 = 3;
/// Goes on with the next step, and `n` steps from here.
const FORK: u16 = 4;
/// As [`FORK`]: the next step begins an alternative, and `n` steps from here the next alternative begins.
const EITHER: u16 = 5;
/// Parenthesis `group` opens; `n` steps from here is what follows its end.
const OPEN: u16 = 6;
/// Parenthesis `group` closes.
const CLOSE: u16 = 7;
/// What repeats parentheses begins; `n` steps from here it has ended.
const LOOP: u16 = 8;
/// A turn of the loop that began `n` steps before begins.
const TURN: u16 = 9;
/// What `group` matched comes again.
const BACK: u16 = 10;

// What kind of character stands before or behind a place.
const EDGE: u8 = 0;
const LINE_END: u8 = 1;
const IN_WORD: u8 = 2;
const OTHER: u8 = 3;

/// A compiled expression.
pub struct Regex {
    steps: List<Step>,
    groups: usize,
    how: u32,
    /// Where the classes of characters begin that the expression tells apart.
    bounds: List<u32>,
    /// The class of each byte that is a character.
    table: List<u16>,
    /// [`EDGE`] to [`OTHER`] by class; the last is for the end of the text.
    kinds: Buf,
    /// The sets, a bit for each class.
    sets: Buf,
    /// Does it look at what is around a place?
    asserts: bool,
    loops: u16,
    back: bool,
    /// What each match holds, and whether it is nothing else.
    literal: Buf,
    is_literal: bool,
    cache: Cell<Option<Box<Cache>>>,
    gave_up: Cell<bool>,
}

impl Regex {
    /// Compiles; the error says why it is none.
    pub fn new(expression: &[u8], how: u32) -> Result<Regex, &'static [u8]> {
        compile::compile(expression, how)
    }

    /// Number of parentheses.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Has an expression with back-references been given up because it took too long?
    pub fn gave_up(&self) -> bool {
        self.gave_up.get()
    }

    /// Finds the leftmost-longest match in `text[from..]`. What is before `from` is looked at by `^ \b \<`. `spans[0]` is
    /// the whole, `spans[n]` parenthesis `n`; fewer spans take less time.
    pub fn find(&self, text: &[u8], from: usize, spans: &mut [Span]) -> bool {
        spans.fill(Span::NONE);
        if from > text.len() {
            return false;
        }
        let mut at = from;
        if !self.literal.is_empty() {
            let Some(n) = super::search::find(after(text, from), &self.literal) else { return false };
            at += n;
        }
        if self.back {
            return self.backtrack(text, from, spans, true);
        }
        let whole = if self.is_literal {
            Some(Span { start: at, end: at + self.literal.len() })
        } else {
            self.locate(text, from)
        };
        self.fill(text, whole, spans)
    }

    /// As [`Regex::find`], for a match that begins at `from`.
    pub fn find_at(&self, text: &[u8], from: usize, spans: &mut [Span]) -> bool {
        spans.fill(Span::NONE);
        if self.back {
            return self.backtrack(text, from, spans, false);
        }
        let end = self.with_cache(|cache| self.scan(cache, text, from, 0));
        self.fill(text, end.map(|end| Span { start: from, end }), spans)
    }

    /// Fills the spans, if something has matched.
    fn fill(&self, text: &[u8], whole: Option<Span>, spans: &mut [Span]) -> bool {
        let Some(whole) = whole else { return false };
        if let Some(first) = spans.first_mut() {
            *first = whole;
            if spans.len() > 1 && self.groups > 0 {
                self.levels(text, whole, spans);
            }
        }
        true
    }

    /// Where the first match ends that ends anywhere in `text[from..]`: cheaper than [`Regex::find`]. With [`LINES`],
    /// it is in the first line that matches.
    pub fn first_end(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut from = from;
        if !self.literal.is_empty() {
            let place = from + super::search::find(after(text, from), &self.literal)?;
            if self.is_literal {
                return Some(place + self.literal.len());
            }
            if self.how & LINES == LINES {
                let before = part(text, from, place);
                from += before.iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1);
            }
        }
        if self.back {
            return self.by_line(text, from);
        }
        self.with_cache(|cache| self.scan(cache, text, from, lazy::ANYWHERE))
    }

    /// [`Regex::first_end`] with back-references, with [`LINES`] line by line: each has its own time.
    fn by_line(&self, text: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let line = after(text, from);
            let n = if self.how & LINES == LINES { super::search::byte(line, b'\n') } else { None };
            let end = n.map_or(text.len(), |n| from + n);
            let mut span = [Span::NONE];
            if self.backtrack(part(text, 0, end), from, &mut span, true) {
                return Some(span[0].end);
            }
            from = end + 1;
            if from > text.len() {
                return None;
            }
        }
    }

    /// The class of the character at `at`, and how many bytes it has; none at the end, whose class is the last.
    #[inline(always)]
    fn class_at(&self, text: &[u8], at: usize) -> (usize, usize) {
        let Some(&b) = text.get(at) else { return (self.bounds.len(), 0) };
        if b < 0x80 || self.how & CHARACTERS == 0 {
            return (self.table.get(b as usize).map_or(0, |&c| c as usize), 1);
        }
        self.class_of_character(after(text, at))
    }

    #[inline(never)]
    fn class_of_character(&self, text: &[u8]) -> (usize, usize) {
        let mut rest = text;
        let c = character(&mut rest, pattern::CHARACTERS);
        (self.class_of(c), text.len() - rest.len())
    }

    #[inline(never)]
    fn class_of(&self, c: u32) -> usize {
        self.bounds.partition_point(|&low| low <= c).saturating_sub(1)
    }

    fn kind(&self, class: usize) -> u8 {
        self.kinds.get(class).copied().unwrap_or(EDGE)
    }

    /// The kind of the character before `at`.
    #[inline(never)]
    fn kind_before(&self, text: &[u8], at: usize) -> u8 {
        if at == 0 || !self.asserts {
            return EDGE;
        }
        let mut start = at - 1;
        if self.how & CHARACTERS != 0 {
            while start > 0 && at - start < 4 && text.get(start).is_some_and(|&b| utf8::inner(b)) {
                start -= 1;
            }
            if start + self.class_at(text, start).1 != at {
                start = at - 1;
            }
        }
        self.kind(self.class_at(text, start).0)
    }

    /// Is the place between these kinds of characters one of the kind that `letter` asks for?
    #[inline(never)]
    fn holds(&self, letter: i32, before: u8, behind: u8) -> bool {
        let line = |kind| kind == EDGE || kind == LINE_END && self.how & NEWLINE != 0;
        let (word, next) = (before == IN_WORD, behind == IN_WORD);
        match letter as u8 {
            b'^' => line(before),
            b'$' => line(behind),
            b'`' => before == EDGE,
            b'\'' => behind == EDGE,
            b'b' => word != next,
            b'B' => word == next,
            b'<' => !word && next,
            b'>' => word && !next,
            b'(' => !word,
            _ => !next,
        }
    }

    /// Does step `step` take a character of this class?
    #[inline(always)]
    fn takes(&self, step: Step, class: usize) -> bool {
        let n = step.n as usize;
        if step.op == CHAR {
            return n == class;
        }
        let bit = n + class;
        step.op == SET && self.sets.get(bit >> 3).is_some_and(|b| b >> (bit & 7) & 1 != 0)
    }

    fn step(&self, at: usize) -> Step {
        self.steps.get(at).copied().unwrap_or(Step { op: CLOSE, group: 0, n: 0 })
    }

    fn with_cache<T>(&self, with: impl FnOnce(&mut Cache) -> T) -> T {
        let mut cache = self.cache.take().unwrap_or_default();
        let result = with(&mut cache);
        self.cache.set(Some(cache));
        result
    }
}
