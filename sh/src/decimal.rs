//! Numbers as decimal text.

use sys::{num, Buf};

/// Decimal text of `n`.
#[inline(never)]
pub(crate) fn decimal(n: i64) -> Buf {
    let mut text = Buf::new();
    push_decimal(n, &mut text);
    text
}

/// Appends the decimal text of `n`.
#[inline(never)]
pub(crate) fn push_decimal(n: i64, out: &mut Buf) {
    if n < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(num::digits(&mut [0; 64], n.unsigned_abs(), 10));
}
