//! Where texts agree, and where a byte is last.

/// How many bytes both begin with.
#[inline(never)]
pub(super) fn common(a: &[u8], b: &[u8]) -> usize {
    let mut n = 0;
    while let (Some(x), Some(y)) = (a.get(n), b.get(n)) {
        if x != y {
            break;
        }
        n += 1;
    }
    n
}

/// Place behind the last `c` of the text; 0 if there is none.
#[inline(never)]
pub(super) fn behind(text: &[u8], c: u8) -> usize {
    let mut n = text.len();
    while n > 0 && text.get(n - 1) != Some(&c) {
        n -= 1;
    }
    n
}
