//! expr: the value of an expression (POSIX.1-2024 expr; BusyBox coreutils/expr.c).

use core::cmp::Ordering;
use sys::{Buf, Cx, List, ToBuf, ZStr};
use util::division::divide;
use util::text::pattern::{character, CHARACTERS};
use util::text::regex::{self, Regex, Span};
use util::text::{eq, has, number, part};

applet! {
    name: expr,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
EXPRESSION

Print the value of EXPRESSION: status 0, or 1 if it is empty or 0, 2 if it is no expression, 3 on an error.

    A | B             A if it is neither empty nor 0, else B
    A & B             A if neither is empty or 0, else 0
    A < <= = != >= > B  1 if that is so, else 0; numbers as numbers
    A + - * / % B     Of numbers
    TEXT : REGEX      What the first group matches at the start of TEXT, or how many characters
    match TEXT REGEX  The same
    substr TEXT N M   M characters from the Nth on
    index TEXT CHARS  Where one of CHARS comes first, or 0
    length TEXT       How many characters there are
    + TOKEN           TOKEN, which is no operator; also: quote TOKEN
    ( EXPRESSION )
",
}

/// The deepest parentheses.
const DEPTH: u32 = if cfg!(mote_nommu) { 20 } else { 500 };

/// No value: why, and the status.
struct Wrong(&'static [u8], u8);

const SYNTAX: Wrong = Wrong(b"syntax error", 2);

struct Reader<'a> {
    tokens: &'a [ZStr<'static>],
    depth: u32,
    how: u32,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let tokens = match &*cx.args {
        [first, rest @ ..] if first.is(b"--") => rest,
        all => all,
    };
    let mut r = Reader { tokens, depth: 0, how: regex::characters(cx.envp) };
    let value = r.value(0).and_then(|v| if r.tokens.is_empty() { Ok(v) } else { Err(SYNTAX) });
    match value {
        Ok(v) => {
            cx.out.bytes(&v);
            cx.out.byte(b'\n');
            is_null(&v) as u8
        }
        Err(Wrong(why, status)) => {
            let what = r.tokens.first().map_or(&b"expression"[..], |t| t.bytes());
            cx.error(what, why);
            status
        }
    }
}

/// Is it empty or the number 0?
fn is_null(v: &Buf) -> bool {
    v.is_empty() || integer(v) == Some(0)
}

/// An integer that fits 64 bits; `None` for text.
#[inline(never)]
fn integer(text: &[u8]) -> Option<i64> {
    let (digits, minus) = match text {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    let n = sys::num::parse(digits, 10)?;
    match i64::try_from(n) {
        Ok(n) => Some(if minus { -n } else { n }),
        Err(_) => (minus && n == 1 << 63).then_some(i64::MIN),
    }
}

/// Is it a number, though perhaps one that is too big?
fn looks_like_one(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn text_of(n: i64) -> Buf {
    let mut text = Buf::new();
    number::push_signed(&mut text, n);
    text
}

/// The operators by how tightly they bind, with blanks between and NUL behind each level.
const LEVELS: [&[u8]; 6] = [b"|", b"&", b"< <= = == != >= >", b"+ -", b"* / %", b":"];

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<&'static [u8], Wrong> {
        let (first, rest) = self.tokens.split_first().ok_or(SYNTAX)?;
        self.tokens = rest;
        Ok(first.bytes())
    }

    /// An expression with the operators of a level and those that bind more tightly.
    fn value(&mut self, level: usize) -> Result<Buf, Wrong> {
        let Some(&operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.value(level + 1)?;
        while let Some(&token) = self.tokens.first() {
            let op = token.bytes();
            if op.is_empty() || !operators.split(|&b| b == b' ').any(|o| eq(o, op)) {
                break;
            }
            self.next()?;
            let right = self.value(level + 1)?;
            left = self.apply(op, left, right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Result<Buf, Wrong> {
        let token = self.next()?;
        match token {
            b"(" => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(Wrong(b"too many parentheses", 3));
                }
                let v = self.value(0)?;
                self.depth -= 1;
                if self.tokens.is_empty() || self.next()? != b")" {
                    return Err(SYNTAX);
                }
                Ok(v)
            }
            b")" => Err(SYNTAX),
            b"+" | b"quote" if !self.tokens.is_empty() => Ok(self.next()?.buf()),
            b"length" if !self.tokens.is_empty() => {
                let text = self.primary()?;
                Ok(text_of(self.characters(&text).len() as i64))
            }
            b"match" if self.tokens.len() > 1 => {
                let text = self.primary()?;
                let expression = self.primary()?;
                self.matching(&text, &expression)
            }
            b"index" if self.tokens.len() > 1 => {
                let text = self.primary()?;
                let wanted = self.primary()?;
                let wanted = self.characters(&wanted);
                let place = self.characters(&text).iter().position(|c| wanted.contains(c));
                Ok(text_of(place.map_or(0, |n| n as i64 + 1)))
            }
            b"substr" if self.tokens.len() > 2 => {
                let text = self.primary()?;
                let (from, most) = (self.primary()?, self.primary()?);
                let (Some(from @ 1..), Some(most @ 1..)) = (integer(&from), integer(&most)) else {
                    return Ok(Buf::new());
                };
                let ends = self.ends(&text);
                let place = |n: i64| match usize::try_from(n) {
                    Ok(0) => 0,
                    Ok(n) => ends.get(n - 1).copied().unwrap_or(text.len()),
                    Err(_) => text.len(),
                };
                Ok(part(&text, place(from - 1), place((from - 1).saturating_add(most))).buf())
            }
            _ => Ok(token.buf()),
        }
    }

    /// Where each character of a text ends.
    fn ends(&self, text: &[u8]) -> List<usize> {
        let mut rest = text;
        let mut ends = List::new();
        while !rest.is_empty() {
            character(&mut rest, if self.how != 0 { CHARACTERS } else { 0 });
            ends.push(text.len() - rest.len());
        }
        ends
    }

    fn characters(&self, mut text: &[u8]) -> List<u32> {
        let mut all = List::new();
        while !text.is_empty() {
            all.push(character(&mut text, if self.how != 0 { CHARACTERS } else { 0 }));
        }
        all
    }

    #[inline(never)]
    fn apply(&self, op: &[u8], left: Buf, right: Buf) -> Result<Buf, Wrong> {
        let truth = |is: bool| Ok(text_of(is as i64));
        let first = op.first().copied().unwrap_or(0);
        match first {
            b'|' => {
                let v = if is_null(&left) { right } else { left };
                return Ok(if v.is_empty() { text_of(0) } else { v });
            }
            b'&' => return if is_null(&left) || is_null(&right) { truth(false) } else { Ok(left) },
            b':' => return self.matching(&left, &right),
            b'<' | b'>' | b'=' | b'!' => {
                let order = match (integer(&left), integer(&right)) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    _ => left[..].cmp(&right[..]),
                };
                let equal = op != b"<" && op != b">" && op != b"!=";
                return truth(match order {
                    Ordering::Equal => equal,
                    Ordering::Less => has(b"<!", first),
                    Ordering::Greater => has(b">!", first),
                });
            }
            _ => {}
        }
        let number = |v: &Buf| match integer(v) {
            Some(n) => Ok(n),
            None if looks_like_one(v) => Err(OVERFLOW),
            None => Err(Wrong(b"not a number", 2)),
        };
        let (a, b) = (number(&left)?, number(&right)?);
        let n = match first {
            b'+' => a.checked_add(b),
            b'-' => a.checked_sub(b),
            b'*' => multiply(a, b),
            b'/' | b'%' if b == 0 => return Err(Wrong(b"division by zero", 2)),
            b'/' if a == i64::MIN && b == -1 => None,
            _ => Some(divide(a, b, first == b'%')),
        };
        n.map(text_of).ok_or(OVERFLOW)
    }

    /// What an expression matches at the start of a text.
    fn matching(&self, text: &[u8], expression: &[u8]) -> Result<Buf, Wrong> {
        let regex = Regex::new(expression, self.how).map_err(|why| Wrong(why, 2))?;
        let mut spans = [Span::NONE; 2];
        let found = regex.find_at(text, 0, &mut spans);
        if regex.gave_up() {
            return Err(Wrong(b"matching takes too long", 3));
        }
        if regex.groups() > 0 {
            return Ok(if found { spans[1].of(text).buf() } else { Buf::new() });
        }
        let n = if found { self.characters(spans[0].of(text)).len() } else { 0 };
        Ok(text_of(n as i64))
    }
}

const OVERFLOW: Wrong = Wrong(b"number too big", 3);

/// The product, if it fits.
fn multiply(a: i64, b: i64) -> Option<i64> {
    let product = a.wrapping_mul(b);
    let fits = a == 0 || divide(product, a, false) == b && !(a == -1 && b == i64::MIN);
    fits.then_some(product)
}
