//! File names as a terminal may get them, and their order.

use crate::term::width;
use core::cmp::Ordering;
use sys::{num, Buf, ZStr};

/// What becomes of characters that could break a terminal or cannot be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// They stay as they are.
    Raw,
    /// A question mark each.
    Mark,
    /// Escapes as in C, blanks and backslashes too.
    Escape,
}

/// Appends `name` to `out` as `odd` says; the width in columns.
#[inline(never)]
pub fn show(mut name: &[u8], odd: Odd, out: &mut Buf) -> usize {
    let mut width = 0;
    while let Some(&b) = name.first() {
        let (len, mut w) = width::next(name);
        let Some((text, rest)) = name.split_at_checked(len) else { break };
        name = rest;
        let mut bad = w == width::BAD;
        if bad {
            w = 1;
        }
        if odd == Odd::Escape && (bad || b == b' ' || b == b'\\') {
            let before = out.len();
            text.iter().for_each(|&b| escape(b, out));
            width += out.len() - before;
            continue;
        }
        bad &= odd == Odd::Mark;
        out.extend_from_slice(if bad { b"?" } else { text });
        width += w as usize;
    }
    width
}

#[inline(never)]
fn escape(b: u8, out: &mut Buf) {
    out.push(b'\\');
    match b {
        7..=13 => out.push(b"abtnvfr"[(b - 7) as usize]),
        b' ' | b'\\' => out.push(b),
        _ => {
            for &shift in &[6, 3, 0] {
                out.push(b'0' + (b >> shift & 7));
            }
        }
    }
}

/// Order of names with numbers in them by their value: `a9` before `a10`.
pub fn version(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        match (num::prefix(a, 10), num::prefix(b, 10)) {
            (Some((x, rest_a)), Some((y, rest_b))) => {
                if x != y {
                    return x.cmp(&y);
                }
                (a, b) = (rest_a, rest_b);
            }
            _ => match (a.split_first(), b.split_first()) {
                (Some((x, rest_a)), Some((y, rest_b))) if x == y => (a, b) = (rest_a, rest_b),
                _ => return a.cmp(b),
            },
        }
    }
}

/// The last dot and what follows it; empty without one.
pub fn extension(mut name: ZStr) -> ZStr {
    let mut dot = None;
    loop {
        let from = name;
        match name.take_first() {
            Some(b'.') => dot = Some(from),
            Some(_) => {}
            None => break,
        }
    }
    dot.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_characters() {
        let s = |n: &[u8], odd| {
            let mut out = Buf::new();
            let w = show(n, odd, &mut out);
            (w, String::from_utf8_lossy(&out).into_owned())
        };
        assert_eq!(s("a é中".as_bytes(), Odd::Mark), (5, "a é中".into()));
        assert_eq!(s(b"a\x1b[1m\r\xff", Odd::Mark), (7, "a?[1m??".into()));
        assert_eq!(s("a\u{9b}b".as_bytes(), Odd::Mark), (3, "a?b".into()));
        assert_eq!(s(b"a\x1b b\\\r\x01\xff", Odd::Escape), (20, "a\\033\\ b\\\\\\r\\001\\377".into()));
        assert_eq!(s(b"a\rb", Odd::Raw), (3, "a\rb".into()));
    }

    #[test]
    fn versions_and_extensions() {
        let v = |a: &str, b: &str| version(a.as_bytes(), b.as_bytes());
        assert_eq!(v("a9", "a10"), Ordering::Less);
        assert_eq!(v("a1.10", "a1.9"), Ordering::Greater);
        assert_eq!(v("a", "a1"), Ordering::Less);
        assert_eq!(v("x01", "x1"), Ordering::Equal);
        assert_eq!(v("b1", "a2"), Ordering::Greater);
        assert_eq!(extension(ZStr::new(c"a.b.c")).bytes(), b".c");
        assert_eq!(extension(ZStr::new(c"a")).bytes(), b"");
    }
}
