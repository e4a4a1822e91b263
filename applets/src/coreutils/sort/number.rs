//! Numbers in text, of any length, compared exactly.

use super::how::{How, GENERAL, HUMAN};
use core::cmp::Ordering;
use sys::num;
use util::text::{after, part};

/// A number as its text has it.
pub(super) struct Number<'t> {
    /// No number, NaN, minus infinity, a number, infinity.
    class: u8,
    negative: bool,
    /// Of the suffix: 0 without one, 1 for K.
    unit: usize,
    /// Of the first digit that is not 0, the place before the point, from 1; below for fractions.
    exponent: i64,
    /// The digits before and behind the point, from that digit on.
    whole: &'t [u8],
    fraction: &'t [u8],
}

fn digits(text: &[u8]) -> usize {
    text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len())
}

fn zeros(text: &[u8]) -> usize {
    text.iter().position(|&b| b != b'0').unwrap_or(text.len())
}

impl<'t> Number<'t> {
    /// The one that `text` begins with; 0 if there is none.
    pub(super) fn read(text: &'t [u8], how: How) -> Number<'t> {
        let blanks =
            text.iter().position(|&b| !(b == b' ' || b.wrapping_sub(b'\t') < 5)).unwrap_or(text.len());
        let mut text = after(text, blanks);
        let negative = text.first() == Some(&b'-');
        if negative || how & GENERAL != 0 && text.first() == Some(&b'+') {
            text = after(text, 1);
        }
        let mut n = Number { class: 3, negative, unit: 0, exponent: i64::MIN, whole: &[], fraction: &[] };
        let len = digits(text);
        n.whole = part(text, 0, len);
        let mut rest = after(text, len);
        if rest.first() == Some(&b'.') {
            let len = digits(after(rest, 1));
            n.fraction = part(rest, 1, len + 1);
            rest = after(rest, len + 1);
        }
        if how & GENERAL != 0 {
            let is = |word: &[u8]| part(text, 0, 3).eq_ignore_ascii_case(word);
            if n.whole.is_empty() && n.fraction.is_empty() {
                n.class = match () {
                    _ if is(b"inf") => {
                        if negative {
                            2
                        } else {
                            4
                        }
                    }
                    _ if is(b"nan") => 1,
                    _ => 0,
                };
            }
        }
        n.whole = after(n.whole, zeros(n.whole));
        if !n.whole.is_empty() {
            n.exponent = n.whole.len() as i64;
        } else {
            let skip = zeros(n.fraction);
            n.fraction = after(n.fraction, skip);
            if n.fraction.is_empty() {
                n.negative = false;
                return n;
            }
            n.exponent = -(skip as i64);
        }
        if how & HUMAN != 0 {
            let suffix = rest.first().map_or(0, |b| if *b == b'k' { b'K' } else { *b });
            n.unit = b"KMGTPEZYRQ".iter().position(|&b| b == suffix).map_or(0, |at| at + 1);
        }
        if let (true, [b'e' | b'E', power @ ..]) = (how & GENERAL != 0, rest) {
            let minus = power.first() == Some(&b'-');
            let power = after(power, (minus || power.first() == Some(&b'+')) as usize);
            // What does not fit is beyond all others.
            let power = part(power, 0, digits(power));
            let power = if power.is_empty() {
                0
            } else {
                num::parse(power, 10).unwrap_or(1 << 60).min(1 << 60) as i64
            };
            n.exponent += if minus { -power } else { power };
        }
        n
    }

    /// Its digits from the first that is not 0, zeros behind them.
    fn digit(&self, n: usize) -> u8 {
        let all = self.whole.get(n).or_else(|| self.fraction.get(n.wrapping_sub(self.whole.len())));
        all.copied().unwrap_or(b'0')
    }

    /// The order as one number, as far as it fits; for numbers without suffix and exponent.
    pub(super) fn head(&self) -> u64 {
        let mut all = 0;
        if self.exponent != i64::MIN {
            // Where the first digit stands, then 13 digits.
            let place = (self.exponent + 128).clamp(1, 255) as u64;
            all = place << 52;
            if place > 1 && place < 255 {
                for n in 0..13 {
                    all |= ((self.digit(n) & 15) as u64) << (48 - 4 * n);
                }
            }
        }
        if self.negative {
            !(1 << 63 | all)
        } else {
            1 << 63 | all
        }
    }
}

/// The order of two numbers.
#[inline(never)]
pub(super) fn compare(a: &Number, b: &Number) -> Ordering {
    let order = a.class.cmp(&b.class).then(b.negative.cmp(&a.negative));
    if order.is_ne() {
        return order;
    }
    // Zero is below all others, whatever its suffix.
    let size = |n: &Number| if n.exponent == i64::MIN { 0 } else { n.unit + 1 };
    let mut order = size(a).cmp(&size(b)).then(a.exponent.cmp(&b.exponent));
    let most = (a.whole.len() + a.fraction.len()).max(b.whole.len() + b.fraction.len());
    let mut n = 0;
    while order.is_eq() && n < most {
        order = a.digit(n).cmp(&b.digit(n));
        n += 1;
    }
    if a.negative {
        order.reverse()
    } else {
        order
    }
}
