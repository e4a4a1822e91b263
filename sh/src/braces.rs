//! Brace expansion, as bash and hush have it: `a{b,c}d`, `{1..5}`, nested. It is done on the encoded word.

use crate::parser::Parser;
use crate::tree::{self, byte, op, skip_word, until};
use crate::{vars, Done};
use sys::{num, Buf, ToBuf};

/// Passes over a byte or a whole expansion; the byte if it is an unquoted character of the word itself.
fn step(c: &mut &[u8], quoted: &mut bool) -> u8 {
    match byte(c) {
        tree::ESC => {
            byte(c);
        }
        tree::QUOTE => *quoted = !*quoted,
        tree::VAR => {
            let o = byte(c) & 15;
            until(c, b'=');
            if !matches!(o, op::NONE | op::LENGTH | op::BAD) {
                skip_word(c);
                if o >= op::SUBSTRING {
                    skip_word(c);
                }
            }
        }
        tree::CMD => drop(tree::counted(c)),
        tree::ARITH | tree::TILDE => skip_word(c),
        b if !*quoted => return b,
        _ => {}
    }
    0
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
    pub(crate) fn emit_braces(&mut self, tag: u8, word: &[u8]) -> Done {
        self.sh.deep()?;
        // A few braces stand for any number of words.
        if self.code.len() >> 20 != 0 {
            return self.too_long();
        }
        let mut rest = word;
        let mut quoted = false;
        while !rest.is_empty() {
            let start = word.len() - rest.len();
            if step(&mut rest, &mut quoted) == b'{' && self.alternatives(tag, word, start)? {
                return Ok(());
            }
        }
        self.code.push(tag);
        self.code.extend_from_slice(word);
        self.code.push(0);
        Ok(())
    }

    /// If a list or a range stands in the braces at `open`: appends the words for it.
    fn alternatives(&mut self, tag: u8, word: &[u8], open: usize) -> Done<bool> {
        let part = |from: usize, to: usize| word.get(from..to).unwrap_or(&[]);
        let mut rest = part(open + 1, word.len());
        let (mut depth, mut quoted) = (0, false);
        let mut cuts = alloc::vec::Vec::new();
        let close = loop {
            if rest.is_empty() {
                return Ok(false);
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
            let mut w: Buf = part(0, open).buf();
            w.extend_from_slice(middle);
            w.extend_from_slice(part(close + 1, word.len()));
            p.emit_braces(tag, &w)
        };
        if !cuts.is_empty() {
            cuts.push(close);
            let mut from = open + 1;
            for at in cuts {
                each(self, part(from, at))?;
                from = at + 1;
            }
            return Ok(true);
        }
        let inner = part(open + 1, close);
        let Some(dots) = inner.windows(2).position(|w| w == b"..") else { return Ok(false) };
        let ends = (inner.get(..dots).and_then(bound), inner.get(dots + 2..).and_then(bound));
        let (Some((mut n, letter)), Some((last, same))) = ends else { return Ok(false) };
        if letter != same {
            return Ok(false);
        }
        loop {
            let (mut b, c) = ([0; 65], [n as u8]);
            each(self, if letter { &c } else { vars::signed(n as i64, &mut b) })?;
            if n == last {
                return Ok(true);
            }
            n += if n < last { 1 } else { -1 };
        }
    }
}
