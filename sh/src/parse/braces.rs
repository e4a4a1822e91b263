//! Brace expansion, as bash and hush have it: `a{b,c}d`, `{1..5}`, nested. It is done on the encoded word.

use crate::parse::parser::{Parser, TOO_LONG};
use crate::parse::tree;
use crate::words::login_char;
use sys::{num, Buf, List, ToBuf};
use util::text::{after, number, part};

/// Passes over a byte or a whole expansion; the byte if it is an unquoted character of the word itself.
fn step(c: &mut &[u8], quoted: &mut bool) -> u8 {
    let b = tree::step(c);
    *quoted ^= b == tree::QUOTE;
    if *quoted {
        return 0;
    }
    b
}

/// A number or a letter at an end of `{x..y}`.
fn bound(text: &[u8]) -> Option<(i32, bool)> {
    let (digits, minus) = match text {
        [b'-', rest @ ..] => (rest, true),
        [c] if c.is_ascii_alphabetic() => return Some((*c as i32, true)),
        _ => (text, false),
    };
    let n = num::parse_u32(digits).filter(|&n| n < 1 << 30)? as i32;
    Some((if minus { -n } else { n }, false))
}

impl Parser<'_, '_> {
    /// Appends the words that `word` stands for, each with `tag`.
    pub(crate) fn emit_braces(&mut self, tag: u8, word: &[u8]) {
        // A few braces stand for any number of words.
        if self.code.len() >> 20 != 0 {
            self.error(TOO_LONG, b"");
        }
        if !self.check_depth() {
            return;
        }
        let mut rest = word;
        let mut quoted = false;
        while !rest.is_empty() {
            let start = word.len() - rest.len();
            if step(&mut rest, &mut quoted) == b'{' && self.alternatives(tag, word, start) {
                return;
            }
        }
        self.code.push(tag);
        let mut word = word;
        if let [b'~', rest @ ..] = word {
            // Behind a brace there was no place for a tilde prefix.
            let n = rest.iter().position(|&c| c == b'/').unwrap_or(rest.len());
            let (name, rest) = (part(rest, 0, n), after(rest, n));
            if name.iter().all(|&c| login_char(c)) {
                self.code.push(tree::TILDE);
                self.code.extend_from_slice(name);
                self.code.push(0);
                word = rest;
            }
        }
        self.code.extend_from_slice(word);
        self.code.push(0);
    }

    /// If a list or a range stands in the braces at `open`: appends the words for it.
    fn alternatives(&mut self, tag: u8, word: &[u8], open: usize) -> bool {
        let mut rest = after(word, open + 1);
        let (mut depth, mut quoted) = (0, false);
        let mut cuts = List::new();
        let close = loop {
            if rest.is_empty() {
                return false;
            }
            let at = word.len() - rest.len();
            match step(&mut rest, &mut quoted) {
                b'{' => depth += 1,
                b'}' if depth == 0 => break at,
                b'}' => depth -= 1,
                b',' if depth == 0 => cuts.push(at),
                _ => {}
            }
        };
        let each = |p: &mut Self, middle: &[u8]| {
            let mut w: Buf = part(word, 0, open).buf();
            w.extend_from_slice(middle);
            w.extend_from_slice(after(word, close + 1));
            p.emit_braces(tag, &w)
        };
        if !cuts.is_empty() {
            cuts.push(close);
            let mut from = open + 1;
            for &at in &cuts {
                each(self, part(word, from, at));
                from = at + 1;
            }
            return true;
        }
        let inner = part(word, open + 1, close);
        // Start, end, step.
        let mut bounds = [(0, false), (0, false), (1, false)];
        let (mut count, mut width, mut zeros) = (0, 0, false);
        let mut rest = Some(inner);
        while let Some(text) = rest {
            let dots = util::text::find(text, b"..");
            rest = dots.and_then(|n| text.get(n + 2..));
            let text = part(text, 0, dots.unwrap_or(usize::MAX));
            let (Some(b), Some(slot)) = (bound(text), bounds.get_mut(count)) else { return false };
            *slot = b;
            if count < 2 {
                // `{01..10}`: the numbers get as many characters as the longer of the two.
                zeros |= matches!(text.strip_prefix(b"-").unwrap_or(text), [b'0', _, ..]);
                width = text.len().max(width);
            }
            count += 1;
        }
        let [(mut n, letter), (last, same), (by, odd)] = bounds;
        if count < 2 || letter != same || odd {
            return false;
        }
        let by = by.abs().max(1);
        loop {
            let mut middle = Buf::new();
            if n < 0 {
                middle.push(b'-');
            }
            if letter {
                middle.push(n as u8);
            } else {
                let width = if zeros { width - middle.len() } else { 0 };
                number::push(&mut middle, n.unsigned_abs() as u64, width);
            }
            each(self, &middle);
            // Neither bound nor step passes 2³⁰.
            let left = last - n;
            if left.abs() < by || self.failed {
                return true;
            }
            n += if left > 0 { by } else { -by };
        }
    }
}
