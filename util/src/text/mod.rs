//! Text: patterns, regular expressions, lines, names, quoting.

pub mod lines;
pub mod name;
pub mod pattern;
pub mod quote;
pub mod reason;
pub mod regex;

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
