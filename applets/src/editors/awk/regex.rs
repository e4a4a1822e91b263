//! Regular expressions of awk: extended ones, with the escapes of strings, also in brackets.

use sys::zstr::position;
use sys::Buf;
use util::text::escape::escape;
use util::text::regex::{Regex, CHARACTERS, EXTENDED};
use util::text::{after, find, has, part};

/// Compiles `text`.
#[inline(never)]
pub(super) fn compile(text: &[u8]) -> Result<Regex, &'static [u8]> {
    Regex::new(&plain(text), EXTENDED | CHARACTERS)
}

/// `text` as a regular expression of POSIX: without the escapes that only awk has.
#[inline(never)]
fn plain(text: &[u8]) -> Buf {
    let mut out = Buf::new();
    let mut rest = text;
    while let [c, tail @ ..] = rest {
        rest = tail;
        match c {
            b'[' => bracket(&mut rest, &mut out),
            b'\\' => match escape(&mut rest) {
                Some(c) => {
                    if has(b"\\[](){}.*+?^$|", c) {
                        out.push(b'\\');
                    }
                    out.push(c);
                }
                None => {
                    let c = rest.first().map_or(b'\\', |c| *c);
                    rest = after(rest, 1);
                    if !has(b"/\"&'", c) {
                        out.push(b'\\');
                    }
                    out.push(c);
                }
            },
            _ => out.push(*c),
        }
    }
    out
}

/// Takes a list in brackets, of which the first has been read.
fn bracket(rest: &mut &[u8], out: &mut Buf) {
    // Its end; without one the bracket stands for itself.
    let mut list = Buf::new();
    let (mut close, mut minus, mut caret) = (false, false, false);
    let mut t = *rest;
    let negated = t.starts_with(b"^");
    t = after(t, negated as usize);
    let mut first = true;
    loop {
        let Some((&c, tail)) = t.split_first() else {
            out.extend_from_slice(b"\\[");
            return;
        };
        t = tail;
        match c {
            b']' if !first => break,
            b']' => close = true,
            b'[' if matches!(t.first(), Some(b':' | b'.' | b'=')) => {
                let mark = [t.first().map_or(0, |c| *c), b']'];
                match find(after(t, 1), &mark) {
                    Some(n) => {
                        list.push(c);
                        list.extend_from_slice(part(t, 0, n + 3));
                        t = after(t, n + 3);
                    }
                    None => list.push(c),
                }
            }
            b'\\' => {
                let c = escape(&mut t).unwrap_or_else(|| {
                    let c = t.first().map_or(b'\\', |c| *c);
                    t = after(t, 1);
                    c
                });
                match c {
                    b']' => close = true,
                    b'-' => minus = true,
                    b'^' => caret = true,
                    _ => list.push(c),
                }
            }
            _ => list.push(c),
        }
        first = false;
    }
    *rest = t;
    out.push(b'[');
    if negated {
        out.push(b'^');
    }
    if close {
        out.push(b']');
    }
    // What would mean something else goes behind all others; alone, it is no list.
    if caret && !close && !minus && list.is_empty() && !negated {
        out.pop();
        out.extend_from_slice(b"\\^");
        return;
    }
    if position(&list, b'^') == Some(0) && !negated && !close {
        list.remove(0);
        caret = true;
    }
    if caret && list.is_empty() && !negated && !close {
        out.extend_from_slice(b"-^]");
        return;
    }
    out.extend_from_slice(&list);
    if caret {
        out.push(b'^');
    }
    if minus {
        out.push(b'-');
    }
    out.push(b']');
}
