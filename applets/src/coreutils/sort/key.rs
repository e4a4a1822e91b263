//! Keys: which part of a line is compared, and how.

use super::how::*;
use super::number::{self, Number};
use core::cmp::Ordering;
use sys::{num, ZStr};
use util::text::version::version;
use util::text::{after, has, part, search};

/// A key: from a byte of a field up to one.
pub(super) struct Key {
    /// Fields before the one where it begins, and bytes before it there.
    from: (usize, usize),
    /// Fields before the one where it ends; the bytes of that one, 0 if all; to the end of the line if not given.
    to: Option<(usize, usize)>,
    /// Leave out blanks before the end is counted.
    end_blanks: bool,
    pub(super) how: How,
    /// Has it letters of its own?
    pub(super) own: bool,
}

impl Key {
    /// The whole line.
    pub(super) fn line(how: How) -> Key {
        Key { from: (0, 0), to: None, end_blanks: false, how, own: true }
    }

    /// From `F[.C][LETTERS][,F[.C][LETTERS]]`; `None` if it is no such text.
    pub(super) fn parse(mut text: &[u8]) -> Option<Key> {
        let (field, byte, how) = place(&mut text)?;
        let mut key = Key::line(how);
        key.own = how != 0;
        key.from = (field.checked_sub(1)?, byte.unwrap_or(1).checked_sub(1)?);
        if let Some(rest) = text.strip_prefix(b",") {
            text = rest;
            let (field, byte, how) = place(&mut text)?;
            key.to = Some((field.checked_sub(1)?, byte.unwrap_or(0)));
            key.end_blanks = how & BLANKS != 0;
            key.how |= how & !BLANKS;
            key.own |= how != 0;
        }
        text.is_empty().then_some(key)
    }

    /// Takes the letters of all keys, if it has none of its own.
    pub(super) fn inherit(&mut self, how: How) {
        if !self.own {
            self.how = how;
            self.end_blanks = how & BLANKS != 0;
        }
    }

    /// The part of `line`; `mark` is between fields, if it is given.
    pub(super) fn of<'l>(&self, line: &'l [u8], mark: Option<u8>) -> &'l [u8] {
        if self.to.is_none() && self.from == (0, 0) {
            return if self.how & BLANKS != 0 { after(line, blanks(line)) } else { line };
        }
        let start = self.byte(line, mark, self.from, self.how & BLANKS != 0);
        let end = match self.to {
            None => line.len(),
            Some((field, 0)) => {
                let at = field_start(line, mark, field);
                at + field_end(after(line, at), mark)
            }
            Some(to) => self.byte(line, mark, to, self.end_blanks),
        };
        part(line, start, end)
    }

    fn byte(&self, line: &[u8], mark: Option<u8>, (field, bytes): (usize, usize), skip: bool) -> usize {
        let mut at = field_start(line, mark, field);
        if skip {
            at += blanks(after(line, at));
        }
        at.saturating_add(bytes).min(line.len())
    }
}

/// A number, perhaps a dot and a second one, and letters.
fn place(text: &mut &[u8]) -> Option<(usize, Option<usize>, How)> {
    let (field, mut rest) = num::prefix(text, 10)?;
    let mut byte = None;
    if let Some(more) = rest.strip_prefix(b".") {
        let (n, more) = num::prefix(more, 10)?;
        byte = Some(usize::try_from(n).unwrap_or(usize::MAX));
        rest = more;
    }
    let mut how = 0;
    while let [letter, more @ ..] = rest {
        if bit(*letter) == 0 {
            break;
        }
        how |= bit(*letter);
        rest = more;
    }
    *text = rest;
    Some((usize::try_from(field).unwrap_or(usize::MAX), byte, how))
}

fn blanks(text: &[u8]) -> usize {
    text.iter().position(|b| !has(b" \t\n", *b)).unwrap_or(text.len())
}

/// Where the field begins that has `n` before it.
fn field_start(line: &[u8], mark: Option<u8>, n: usize) -> usize {
    let mut at = 0;
    for _ in 0..n {
        if at >= line.len() {
            break;
        }
        at += field_end(after(line, at), mark) + mark.is_some() as usize;
    }
    at.min(line.len())
}

/// How long the field is with which `rest` begins; without a mark with the blanks before it.
fn field_end(rest: &[u8], mark: Option<u8>) -> usize {
    let end = |from: usize, end: Option<usize>| end.map_or(rest.len(), |n| from + n);
    match mark {
        Some(mark) => end(0, search::byte(rest, mark)),
        None => {
            let skip = blanks(rest);
            end(skip, after(rest, skip).iter().position(|b| has(b" \t\n", *b)))
        }
    }
}

/// The order of two parts, as `how` has it.
#[inline(never)]
pub(super) fn compare(mut a: &[u8], mut b: &[u8], how: How) -> Ordering {
    let order = if how & (NUMERIC | GENERAL | HUMAN) != 0 {
        number::compare(&Number::read(a, how), &Number::read(b, how))
    } else if how & MONTH != 0 {
        month(a).cmp(&month(b))
    } else if how & VERSION != 0 {
        version(a, b)
    } else if how & (FOLD | WORDS | PRINTABLE) == 0 {
        a.cmp(b)
    } else {
        loop {
            let (x, y) = (next(&mut a, how), next(&mut b, how));
            if x != y || x.is_none() {
                break x.cmp(&y);
            }
        }
    };
    if how & REVERSE != 0 {
        order.reverse()
    } else {
        order
    }
}

/// Takes the next byte off that counts.
fn next(text: &mut &[u8], how: How) -> Option<u8> {
    loop {
        let (&b, rest) = text.split_first()?;
        *text = rest;
        let out = how & WORDS != 0 && !b.is_ascii_alphanumeric() && !has(b" \t", b)
            || how & PRINTABLE != 0 && !matches!(b, b' '..=b'~');
        if !out {
            return Some(if how & FOLD != 0 { b.to_ascii_uppercase() } else { b });
        }
    }
}

/// The number of the month that `text` begins with, 0 if there is none.
fn month(text: &[u8]) -> usize {
    let name = part(after(text, blanks(text)), 0, 3);
    let all = b"JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    all.chunks(3).position(|m| m.eq_ignore_ascii_case(name)).map_or(0, |n| n + 1)
}

/// A number by which two parts are in order, as far as it differs: what is compared first, without looking at the text.
#[inline(never)]
pub(super) fn head(text: &[u8], how: How) -> u64 {
    let order = if how & NUMERIC != 0 {
        Number::read(text, how).head()
    } else if how & (GENERAL | HUMAN | MONTH | VERSION) != 0 {
        return 0;
    } else {
        let mut rest = text;
        let mut all = 0;
        for _ in 0..8 {
            // A NUL and the end count the same here.
            all = all << 8 | next(&mut rest, how).unwrap_or(0) as u64;
        }
        all
    };
    if how & REVERSE != 0 {
        !order
    } else {
        order
    }
}

/// A text as an operand, to be a key or a mark.
pub(super) fn mark(text: ZStr) -> Option<u8> {
    match *text.bytes() {
        [b] => Some(b),
        [b'\\', b'0'] => Some(0),
        _ => None,
    }
}
