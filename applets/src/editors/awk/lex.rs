//! The words of an awk program.

use super::cell::scan;
use sys::zstr::position;
use sys::{num, Buf};
use util::text::{after, part};

/// All that is not a name, a number, a string or an expression between slashes. A token is its place in this list: the
/// longer ones of the same start first.
static MARKS: &[u8] =
    b"{ } ( ) [ ] ; , ? : $ !~ != ! ~ == = <= < >= >> > || | && ++ += + -- -= - **= ** *= * /= / %= % ^= ^";

/// The words of the language. Those from `length` on are functions.
static WORDS: &[u8] = b"BEGIN END function func if else while for do break continue next nextfile exit return delete in \
getline print printf length substr index split sub gsub match sprintf sin cos atan2 exp log sqrt int rand srand tolower \
toupper system close fflush and or xor lshift rshift compl strftime systime mktime";

/// The place of `word` in `list`; does not compile if it is not there.
const fn place(list: &[u8], word: &[u8]) -> u32 {
    let (mut at, mut n, mut same) = (0, 0, 0);
    while at <= list.len() {
        if at == list.len() || list[at] == b' ' {
            if same == word.len() {
                return n;
            }
            n += 1;
            same = 0;
        } else if same < word.len() && list[at] == word[same] {
            same += 1;
        } else {
            same = usize::MAX;
        }
        at += 1;
    }
    panic!("no such word")
}

/// The token of a mark.
pub(super) const fn mark(text: &[u8]) -> u32 {
    place(MARKS, text)
}

/// The token of a word.
pub(super) const fn word(text: &[u8]) -> u32 {
    WORD + place(WORDS, text)
}

pub(super) const WORD: u32 = 64;
pub(super) const FUNCTION: u32 = word(b"length");
pub(super) const END: u32 = 200;
pub(super) const NEWLINE: u32 = 201;
pub(super) const NUMBER: u32 = 202;
pub(super) const TEXT: u32 = 203;
pub(super) const NAME: u32 = 204;
/// A name with a parenthesis right behind it.
pub(super) const CALL: u32 = 205;
/// What begins no token.
pub(super) const BAD: u32 = 206;

/// Takes tokens off a program.
#[derive(Default)]
pub(super) struct Lexer {
    pub(super) program: Buf,
    /// Behind the token.
    pub(super) at: usize,
    /// Where it starts.
    pub(super) start: usize,
    pub(super) token: u32,
    /// The name or the string.
    pub(super) text: Buf,
    pub(super) number: f64,
}

impl Lexer {
    fn rest(&self) -> &[u8] {
        after(&self.program, self.at)
    }

    /// Moves behind blanks, comments and joined lines.
    #[inline(never)]
    fn blanks(&mut self) {
        loop {
            match self.rest() {
                [b' ' | b'\t' | b'\r', ..] => self.at += 1,
                [b'\\', b'\n', ..] => self.at += 2,
                [b'\\', b'\r', b'\n', ..] => self.at += 3,
                rest @ [b'#', ..] => self.at += position(rest, b'\n').unwrap_or(rest.len()),
                _ => return,
            }
        }
    }

    /// Reads the next token.
    #[inline(never)]
    pub(super) fn next(&mut self) {
        self.blanks();
        self.start = self.at;
        self.token = self.read();
    }

    /// Does `getline` follow?
    pub(super) fn getline_follows(&mut self) -> bool {
        self.blanks();
        self.rest().starts_with(b"getline")
    }

    fn read(&mut self) -> u32 {
        let rest = after(&self.program, self.at);
        match *rest {
            [] => return END,
            [b'\n', ..] => {
                self.at += 1;
                return NEWLINE;
            }
            [b'"', ..] => {
                self.at += 1;
                return self.string();
            }
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => {
                self.number();
                return NUMBER;
            }
            [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => {
                let len = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_').count();
                self.text.clear();
                self.text.extend_from_slice(part(rest, 0, len));
                let called = rest.get(len) == Some(&b'(');
                self.at += len;
                return match sys::zstr::position_in(WORDS, b' ', &self.text) {
                    Some(n) if n as u32 + WORD == word(b"func") => word(b"function"),
                    Some(n) => n as u32 + WORD,
                    None if called => CALL,
                    None => NAME,
                };
            }
            _ => {}
        }
        let mut marks = MARKS;
        let mut n = 0;
        while !marks.is_empty() {
            let mark = sys::zstr::cut(&mut marks, b' ');
            if rest.starts_with(mark) {
                self.at += mark.len();
                return n;
            }
            n += 1;
        }
        BAD
    }

    /// A number; those that start with 0x are hexadecimal, those of octal digits that start with 0 octal.
    fn number(&mut self) {
        let rest = after(&self.program, self.at);
        let (value, len) = scan(rest);
        let digits = part(rest, 0, len);
        let (base, skip) = match *rest {
            [b'0', b'x' | b'X', ..] => (16, 2),
            [b'0', ..] if !digits.iter().any(|c| !matches!(c, b'0'..=b'7')) => (8, 0),
            _ => (10, 0),
        };
        (self.number, self.at) = match num::prefix(after(rest, skip), base) {
            Some((n, tail)) if base != 10 => (n as f64, self.program.len() - tail.len()),
            _ => (value, self.at + len),
        };
    }

    /// A string behind its quote.
    fn string(&mut self) -> u32 {
        let rest = after(&self.program, self.at);
        let mut len = 0;
        loop {
            match after(rest, len) {
                [] | [b'\n', ..] => return BAD,
                [b'"', ..] => break,
                [b'\\', _, ..] => len += 2,
                _ => len += 1,
            }
        }
        self.text.clear();
        unescape(part(rest, 0, len), &mut self.text);
        self.at += len + 1;
        TEXT
    }

    /// After a slash: the expression up to the next one, with its escapes, into `text`. False if there is none.
    pub(super) fn expression(&mut self) -> bool {
        self.at = self.start + 1;
        self.text.clear();
        let mut inside = false;
        let rest = after(&self.program, self.at);
        let mut at = 0;
        loop {
            match after(rest, at) {
                [] | [b'\n', ..] => return false,
                [b'/', ..] if !inside => break,
                [b'\\', b'/', ..] => at += 1,
                [b'\\', _, ..] => {
                    self.text.push(b'\\');
                    at += 1;
                }
                [b'[', tail @ ..] if !inside => {
                    inside = true;
                    // A bracket that comes first is one of the list.
                    let first = tail.starts_with(b"^") as usize;
                    if after(tail, first).starts_with(b"]") {
                        self.text.extend_from_slice(part(rest, at, at + 1 + first));
                        at += 1 + first;
                    }
                }
                // A class such as [:alpha:].
                [b'[', c @ (b':' | b'.' | b'='), tail @ ..] => {
                    let end = util::text::find(tail, &[*c, b']']).map_or(0, |n| n + 3);
                    self.text.extend_from_slice(part(rest, at, at + end));
                    at += end;
                }
                [b']', ..] => inside = false,
                _ => {}
            }
            self.text.extend_from_slice(part(rest, at, at + 1));
            at += 1;
        }
        self.at += at + 1;
        true
    }
}

/// Appends `text` with its escapes replaced. What is no escape stays, with its backslash.
#[inline(never)]
pub(super) fn unescape(mut text: &[u8], out: &mut Buf) {
    while let [c, rest @ ..] = text {
        text = rest;
        let mut c = *c;
        if c == b'\\' {
            match text {
                [b'\n', ..] => {
                    text = after(text, 1);
                    continue;
                }
                [b'"' | b'/', ..] => {
                    c = text.first().map_or(0, |c| *c);
                    text = after(text, 1);
                }
                _ => c = util::text::escape::escape(&mut text).unwrap_or(c),
            }
        }
        out.push(c);
    }
}
