//! Text in buffers of a fixed size.

/// Writes `text` to `buf` from `at` on, as much as fits; where it ends.
#[inline(never)]
pub(crate) fn put(buf: &mut [u8], at: usize, text: &[u8]) -> usize {
    let mut at = at;
    for &b in text {
        if let Some(slot) = buf.get_mut(at) {
            *slot = b;
            at += 1;
        }
    }
    at
}
