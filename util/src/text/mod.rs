//! Text: patterns, regular expressions, lines, numbers, escapes, quoting, UTF-8.

pub mod escape;
pub mod lines;
pub mod number;
pub mod pattern;
pub mod quote;
pub mod regex;
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
        assert_eq!(find(b"abc", b"abcd"), None);
        let mut text = &b"ba"[..];
        assert_eq!((take(&mut text, b"abc"), take(&mut text, b"x"), text), (Some(1), None, &b"a"[..]));
        assert_eq!(take(&mut &b""[..], b"x"), None);
    }
}
