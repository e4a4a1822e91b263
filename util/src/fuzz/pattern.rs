//! Pattern matching against the plain definition: a list of sets of bytes and stars, tried everywhere.

use crate::text::pattern::{has_magic, matches, prefix, suffix, unescape, LONGEST};
use alloc::vec;
use alloc::vec::Vec;
use sys::Buf;

/// The most of a pattern and of a text that is looked at: the slow way takes the product.
const MOST: usize = 60;

/// Matches the first part of `data`, a pattern, with the second, a text.
pub fn pattern(data: &[u8]) {
    let parts = super::parts(data);
    let cut = |n: usize| {
        let all = parts.get(n).copied().unwrap_or(&[]);
        all.get(..MOST).unwrap_or(all)
    };
    let (p, t) = (cut(0), cut(1));
    let elements = read(p);
    let end = t.len();
    assert_eq!(matches(p, t, 0), plain(&elements, t));
    let starts = |n: &usize| plain(&elements, t.get(..*n).unwrap_or(t));
    let ends = |n: &usize| plain(&elements, t.get(*n..).unwrap_or(t));
    assert_eq!(prefix(p, t, 0), (0..=end).find(starts), "the shortest start");
    assert_eq!(prefix(p, t, LONGEST), (0..=end).rev().find(starts), "the longest start");
    assert_eq!(suffix(p, t, 0), (0..=end).rev().find(ends), "the shortest end");
    assert_eq!(suffix(p, t, LONGEST), (0..=end).find(ends), "the longest end");
    quoted_text_is_literal(t);
    if !has_magic(p) {
        let mut literal = Buf::new();
        unescape(p, &mut literal);
        assert!(matches(p, &literal, 0), "a pattern without magic is its own text");
    }
}

fn quoted_text_is_literal(t: &[u8]) {
    let quoted: Vec<u8> = t.iter().flat_map(|&c| [b'\\', c]).collect();
    assert!(matches(&quoted, t, 0) && !has_magic(&quoted));
    let mut again = Buf::new();
    unescape(&quoted, &mut again);
    assert_eq!(again, t);
}

/// An element of a pattern.
pub(super) enum Element {
    Star,
    Set(Vec<bool>),
}

fn set(holds: impl Fn(u8) -> bool) -> Vec<bool> {
    (0..=255).map(holds).collect()
}

fn read(p: &[u8]) -> Vec<Element> {
    let mut all = Vec::new();
    let mut rest = p;
    while !rest.is_empty() {
        let (one, n) = element(rest);
        all.push(one);
        rest = &rest[n..];
    }
    all
}

/// The element at the start of a pattern, which is not empty, and the bytes it takes.
pub(super) fn element(p: &[u8]) -> (Element, usize) {
    let literal = |c: u8| Element::Set(set(|x| x == c));
    match *p {
        [b'*', ..] => (Element::Star, 1),
        [b'?', ..] => (Element::Set(vec![true; 256]), 1),
        [b'\\', c, ..] => (literal(c), 2),
        [b'[', ..] => match bracket(p, 1) {
            Some((holds, end)) => (Element::Set(holds), end),
            None => (literal(b'['), 1),
        },
        // A backslash at the very end stands for itself.
        [c, ..] => (literal(c), 1),
        [] => (Element::Star, 0),
    }
}

/// The bracket expression behind the `[` before `at`, and where it ends; none if it does not.
fn bracket(p: &[u8], mut at: usize) -> Option<(Vec<bool>, usize)> {
    let not = matches!(p.get(at), Some(b'!' | b'^'));
    at += not as usize;
    let first = at;
    let mut holds = vec![false; 256];
    loop {
        let rest = p.get(at..)?;
        if rest.first() == Some(&b']') && at > first {
            return Some((holds.iter().map(|&h| h != not).collect(), at + 1));
        }
        if let Some((class, n)) = class(rest) {
            holds = holds.iter().zip(&class).map(|(&a, &b)| a || b).collect();
            at += n;
            continue;
        }
        let (low, n) = single(rest)?;
        at += n;
        let mut high = low;
        if p.get(at) == Some(&b'-') && p.get(at + 1).is_some_and(|&c| c != b']') {
            let (end, n) = single(p.get(at + 1..)?)?;
            high = end;
            at += 1 + n;
        }
        for c in low..=high {
            holds[c as usize] = true;
        }
    }
}

/// A single character of a bracket expression and the bytes it takes.
fn single(p: &[u8]) -> Option<(u8, usize)> {
    match *p {
        [b'[', b'=', c, b'=', b']', ..] | [b'[', b'.', c, b'.', b']', ..] => Some((c, 5)),
        [b'\\', c, ..] => Some((c, 2)),
        [b'\\'] => None,
        [c, ..] => Some((c, 1)),
        [] => None,
    }
}

/// A character class, which an unknown name makes empty, and the bytes it takes.
fn class(p: &[u8]) -> Option<(Vec<bool>, usize)> {
    let inner = p.strip_prefix(b"[:")?;
    let end = inner.iter().position(|&c| c == b':')?;
    if inner.get(end + 1) != Some(&b']') {
        return None;
    }
    let is: fn(&u8) -> bool = match &inner[..end] {
        b"alnum" => u8::is_ascii_alphanumeric,
        b"alpha" => u8::is_ascii_alphabetic,
        b"blank" => |c| matches!(c, b' ' | b'\t'),
        b"cntrl" => u8::is_ascii_control,
        b"digit" => u8::is_ascii_digit,
        b"graph" => u8::is_ascii_graphic,
        b"lower" => u8::is_ascii_lowercase,
        b"print" => |c| c.is_ascii_graphic() || *c == b' ',
        b"punct" => u8::is_ascii_punctuation,
        b"space" => |c| matches!(c, b' ' | 9..=13),
        b"upper" => u8::is_ascii_uppercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => |_| false,
    };
    Some((set(|c| is(&c)), end + 4))
}

/// Does the pattern match all of `text`? Every element with every end of the text.
fn plain(pattern: &[Element], text: &[u8]) -> bool {
    // Does what is left of the pattern match the text from n on?
    let mut behind: Vec<bool> = (0..=text.len()).map(|n| n == text.len()).collect();
    for element in pattern.iter().rev() {
        behind = (0..=text.len())
            .map(|n| match element {
                Element::Star => behind[n..].contains(&true),
                Element::Set(holds) => {
                    text.get(n).is_some_and(|&c| holds[c as usize]) && behind.get(n + 1) == Some(&true)
                }
            })
            .collect();
    }
    behind[0]
}
