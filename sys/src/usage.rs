//! Usage texts, which the build packs (`declaration/src/pack.rs`) in one of two ways: pairs of bytes need few
//! instructions to unpack and little memory, the model pays off where there are many texts.

use crate::zstr::cut;
use crate::{List, Out};
use usage_model as model;

/// The texts, each with a NUL at its end.
pub struct Usage {
    /// Writes text number `n`: [`plain`], [`by_pairs`] or [`by_model`].
    pub write: fn(usage: &Usage, n: u32, out: &mut Out),
    /// The packed texts.
    pub packed: &'static [u8],
    /// For [`by_pairs`].
    pub pairs: &'static [[u8; 2]],
}

impl Usage {
    /// No texts.
    pub const NONE: Usage = Usage { write: by_pairs, packed: b"", pairs: &[] };
}

/// For one text, which is too short for packing.
#[inline(always)] // so that the binary needs no table
pub fn plain(usage: &Usage, _: u32, out: &mut Out) {
    out.bytes(usage.packed);
}

/// Unpacks texts in which the bytes 128, 129, … 255, 0, 1, … 31, but for NUL and newline, stand for `pairs`: two
/// bytes each, themselves perhaps pairs.
pub fn by_pairs(usage: &Usage, n: u32, out: &mut Out) {
    let mut rest = usage.packed;
    for _ in 0..n {
        cut(&mut rest, 0);
    }
    expand(usage.pairs, cut(&mut rest, 0), out);
}

fn expand(pairs: &[[u8; 2]], text: &[u8], out: &mut Out) {
    for &b in text {
        match pairs.get(b.wrapping_sub(128) as usize) {
            Some(p) if b != b'\n' => expand(pairs, p, out),
            _ => out.byte(b),
        }
    }
}

/// Unpacks texts that are one number: an arithmetic code by the weights of the [`model`], the highest bit first.
pub fn by_model(usage: &Usage, n: u32, out: &mut Out) {
    let mut text = List::new();
    text.push(model::START);
    // How often each byte has come.
    let mut seen = [0; model::BYTES];
    let (mut skip, mut bit) = (n, 0);
    // The number lies so far above the least one that goes on like this, and below `range`.
    let (mut code, mut range) = (0u32, 1u32);
    loop {
        while range < 1 << 31 {
            let byte = usage.packed.get(bit >> 3).copied().unwrap_or(0);
            code = code << 1 | (byte >> (!bit & 7)) as u32 & 1;
            range <<= 1;
            bit += 1;
        }
        let mut weights = seen;
        model::weigh(&text, &mut weights);
        // None is impossible.
        let mut sum = 0;
        for weight in &mut weights {
            *weight += model::LEAST;
            sum += *weight;
        }
        let unit = range / sum;
        let mut byte = 0;
        loop {
            let Some(weight) = weights.get(byte) else { return };
            range = unit * weight;
            if code < range {
                break;
            }
            code -= range;
            byte += 1;
        }
        if let Some(count) = seen.get_mut(byte) {
            *count += 1;
        }
        text.push(model::entry(&text, byte as u8));
        if byte > 0 {
            if skip == 0 {
                out.byte(byte as u8);
            }
        } else if skip == 0 {
            return;
        } else {
            skip -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_expanded() {
        static PAIRS: [[u8; 2]; 2] = [*b"xy", [128, b'z']];
        let usage = Usage { write: by_pairs, packed: b"one\0a\x81\0x", pairs: &PAIRS };
        let mut out = Out::memory();
        (usage.write)(&usage, 1, &mut out);
        assert_eq!(out.take(), b"axyz");
    }
}
