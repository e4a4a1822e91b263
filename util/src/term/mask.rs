//! File names as a terminal may get them (POSIX.1-2024 ls, `-q`; `-b` as GNU has it).

use super::width;
use sys::Buf;

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
}
