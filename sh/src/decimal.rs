//! Numbers as decimal text.

use sys::Buf;
use util::text::number;

/// Decimal text of `n`.
#[inline(never)]
pub(crate) fn decimal(n: i64) -> Buf {
    let mut text = Buf::new();
    push_decimal(n, &mut text);
    text
}

/// Appends the decimal text of `n`.
#[inline(always)]
pub(crate) fn push_decimal(n: i64, out: &mut Buf) {
    number::push_signed(out, n);
}
