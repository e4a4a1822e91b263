//! SHA-1 (FIPS 180-4).

use super::{Kind, State};

/// SHA-1.
pub static SHA1: Kind = Kind {
    name: b"SHA1",
    size: 20,
    block: 64,
    big: true,
    start: [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    take,
};

#[inline(never)]
fn take(state: &mut State, blocks: &[u8]) {
    for block in blocks.chunks_exact(64) {
        let mut words = [0u32; 16];
        super::big_words(block, &mut words);
        let [mut a, mut b, mut c, mut d, mut e, ..] = *state;
        for n in 0..80 {
            if n >= 16 {
                let w = words[(n + 13) & 15] ^ words[(n + 8) & 15] ^ words[(n + 2) & 15] ^ words[n & 15];
                words[n & 15] = w.rotate_left(1);
            }
            let (mixed, k) = match n / 20 {
                0 => (d ^ (b & (c ^ d)), 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | d & (b | c), 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6u32),
            };
            let sum = a.rotate_left(5).wrapping_add(mixed).wrapping_add(e).wrapping_add(k);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, sum.wrapping_add(words[n & 15]));
        }
        for (word, add) in state.iter_mut().zip([a, b, c, d, e]) {
            *word = word.wrapping_add(add);
        }
    }
}
