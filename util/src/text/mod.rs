//! Text: patterns, regular expressions, lines, numbers, escapes, quoting, UTF-8.

pub mod ere;
pub mod escape;
pub mod heading;
pub mod input;
pub mod lines;
pub mod number;
pub mod pattern;
pub mod quote;
pub mod ranges;
pub mod regex;
pub mod search;
pub mod size;
pub mod version;
pub use sys::utf8;

/// Are these the same? Called, not inlined: comparing with a constant in place costs more room than it saves.
#[inline(never)]
pub fn eq(a: &[u8], b: &[u8]) -> bool {
    a == b
}

/// Is this byte among `these`? Smaller than the library's `contains`, which is built for speed.
pub fn has(these: &[u8], c: u8) -> bool {
    sys::zstr::position(these, c).is_some()
}

/// Where `text` first holds `part`.
#[inline(never)]
pub fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    let mut rest = text;
    while !rest.starts_with(part) {
        rest = rest.get(1..)?;
    }
    Some(text.len() - rest.len())
}

/// The bytes of `text` from `from` up to `to`, as far as it has them. Called, not inlined, as [`after`] is: checking the
/// bounds in each place costs more room.
#[inline(never)]
pub fn part(text: &[u8], from: usize, to: usize) -> &[u8] {
    text.get(from..to.min(text.len())).unwrap_or_default()
}

/// The bytes of `text` behind the first `n`.
#[inline(never)]
pub fn after(text: &[u8], n: usize) -> &[u8] {
    text.get(n..).unwrap_or_default()
}

/// Takes the first byte off `text`, if it is among `these`: its place there.
#[inline(never)]
pub fn take(text: &mut &[u8], these: &[u8]) -> Option<usize> {
    let (&c, rest) = text.split_first()?;
    let place = sys::zstr::position(these, c)?;
    *text = rest;
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_texts() {
        assert!(eq(b"a", b"a") && !eq(b"a", b"ab") && has(b"abc", b'c') && !has(b"", b'c'));
        assert_eq!(find(b"abcab", b"ca"), Some(2));
        assert_eq!(find(b"abc", b""), Some(0));
        assert_eq!(
            (part(b"abc", 1, 2), part(b"abc", 1, 9), part(b"abc", 4, 9)),
            (&b"b"[..], &b"bc"[..], &b""[..])
        );
        assert_eq!(
            (part(b"abc", 2, 1), after(b"abc", 1), after(b"abc", 4)),
            (&b""[..], &b"bc"[..], &b""[..])
        );
        assert_eq!(find(b"abc", b"abcd"), None);
        let mut text = &b"ba"[..];
        assert_eq!((take(&mut text, b"abc"), take(&mut text, b"x"), text), (Some(1), None, &b"a"[..]));
        assert_eq!(take(&mut &b""[..], b"x"), None);
    }
}
