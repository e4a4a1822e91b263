//! Characters of texts.

use sys::{utf8, Buf};
use util::text::after;

/// How many bytes the first `n` characters of `text` have.
#[inline(never)]
pub(super) fn bytes(text: &[u8], n: usize) -> usize {
    let mut at = 0;
    let mut left = n;
    while left > 0 && at < text.len() {
        at += step(after(text, at));
        left -= 1;
    }
    at
}

/// How many bytes the first character of `text` has.
pub(super) fn step(text: &[u8]) -> usize {
    match text {
        [c, ..] if *c >= 0x80 => utf8::decode(text).0,
        _ => 1,
    }
}

/// How many characters `text` has.
#[inline(never)]
pub(super) fn length(text: &[u8]) -> usize {
    let (mut at, mut n) = (0, 0);
    while at < text.len() {
        at += step(after(text, at));
        n += 1;
    }
    n
}

/// Appends character `code` in UTF-8; beyond Unicode a byte.
pub(super) fn character(out: &mut Buf, code: u32) {
    if !(0x80..=0x10_ffff).contains(&code) {
        out.push(code as u8);
    } else {
        out.extend_from_slice(char::from_u32(code).unwrap_or('\u{fffd}').encode_utf8(&mut [0; 4]).as_bytes());
    }
}
