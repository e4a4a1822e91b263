//! Division of 64-bit numbers with signs, small on 32-bit machines.

use sys::num::div_rem;

/// Quotient or remainder as C has it, towards zero; `b` is not 0.
#[inline(never)]
pub fn divide(a: i64, b: i64, remainder: bool) -> i64 {
    if cfg!(target_pointer_width = "64") {
        return if remainder { a.wrapping_rem(b) } else { a.wrapping_div(b) };
    }
    divide_by_hand(a, b, remainder)
}

/// As [`divide`]: without the library's 64-bit division, which is four times the size.
#[inline(always)]
pub fn divide_by_hand(a: i64, b: i64, remainder: bool) -> i64 {
    let (n, d) = (a.unsigned_abs(), b.unsigned_abs());
    let (mut q, mut r) = (0u64, 0u64);
    if d >> 16 == 0 {
        let (quotient, rest) = div_rem(n, d as u32);
        (q, r) = (quotient, rest as u64);
    } else {
        let mut i = 64;
        while i > 0 {
            i -= 1;
            // r < d ≤ 2⁶³, so that the shift loses nothing.
            r = r << 1 | n >> i & 1;
            q <<= 1;
            if r >= d {
                r -= d;
                q |= 1;
            }
        }
    }
    let (value, negative) = if remainder { (r, a < 0) } else { (q, (a ^ b) < 0) };
    if negative {
        (value as i64).wrapping_neg()
    } else {
        value as i64
    }
}
