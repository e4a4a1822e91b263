//! Message digests: one driver, and the function of each family.

pub mod md5;
pub mod sha1;
pub mod sha256;
pub mod sha512;
pub mod sums;

use crate::text::after;

/// The state of a digest: 32-bit words, of which each digest uses as many as it has.
pub type State = [u32; 16];

/// Bytes of the largest block.
const BLOCK: usize = 128;
/// Bytes of the largest digest.
pub const DIGEST: usize = 64;

/// A digest.
pub struct Kind {
    /// The name that tagged lines have.
    pub name: &'static [u8],
    /// Bytes of its value.
    pub size: usize,
    /// Bytes of a block.
    block: usize,
    /// Are its words written with the high byte first?
    big: bool,
    start: State,
    /// Takes whole blocks.
    take: fn(&mut State, &[u8]),
}

/// A digest in the making.
pub struct Hasher {
    kind: &'static Kind,
    state: State,
    held: [u8; BLOCK],
    /// Bytes so far.
    total: u64,
}

impl Hasher {
    /// Of nothing yet.
    pub fn new(kind: &'static Kind) -> Hasher {
        Hasher { kind, state: kind.start, held: [0; BLOCK], total: 0 }
    }

    /// Takes `text`.
    #[inline(never)]
    pub fn add(&mut self, mut text: &[u8]) {
        let block = self.kind.block;
        let used = self.total as usize & (block - 1);
        self.total += text.len() as u64;
        if used > 0 {
            let room = self.held.get_mut(used..block).unwrap_or_default();
            let n = room.len().min(text.len());
            room.iter_mut().zip(text).for_each(|(to, b)| *to = *b);
            text = after(text, n);
            if used + n < block {
                return;
            }
            (self.kind.take)(&mut self.state, self.held.get(..block).unwrap_or_default());
        }
        let whole = text.len() & !(block - 1);
        (self.kind.take)(&mut self.state, text.get(..whole).unwrap_or_default());
        self.held.iter_mut().zip(after(text, whole)).for_each(|(to, b)| *to = *b);
    }

    /// The value; its first [`Kind::size`] bytes.
    #[inline(never)]
    pub fn end(mut self) -> [u8; DIGEST] {
        let bits = self.total << 3;
        let high = (self.total >> 61) as u8;
        let block = self.kind.block;
        self.add(&[0x80]);
        while self.total as usize & (block - 1) != block - 8 {
            // The length has 128 bits where a block has 128 bytes.
            let place = block - (self.total as usize & (block - 1));
            self.add(&[if place == 9 && block == BLOCK { high } else { 0 }]);
        }
        self.add(&if self.kind.big { bits.to_be_bytes() } else { bits.to_le_bytes() });
        let mut value = [0; DIGEST];
        for (to, word) in value.chunks_exact_mut(4).zip(self.state) {
            to.copy_from_slice(&if self.kind.big { word.to_be_bytes() } else { word.to_le_bytes() });
        }
        value
    }
}

/// The words of a block, the high byte first.
fn big_words(block: &[u8], words: &mut [u32; 16]) {
    for (to, b) in words.iter_mut().zip(block.chunks_exact(4)) {
        *to = b.iter().fold(0, |all, &b| all << 8 | b as u32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(kind: &'static Kind, parts: &[&[u8]]) -> String {
        let mut h = Hasher::new(kind);
        parts.iter().for_each(|part| h.add(part));
        h.end()[..kind.size].iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn values_of_the_standards() {
        for (kind, of_nothing, of_abc) in [
            (&md5::MD5, "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"),
            (
                &sha1::SHA1,
                "da39a3ee5e6b4b0d3255bfef95601890afd80709",
                "a9993e364706816aba3e25717850c26c9cd0d89d",
            ),
            (
                &sha256::SHA256,
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                &sha512::SHA512,
                "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce\
             47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            assert_eq!(hex(kind, &[]), of_nothing);
            assert_eq!(hex(kind, &[b"abc"]), of_abc);
        }
    }

    #[test]
    fn any_parts_of_a_text_give_the_same() {
        let text: Vec<u8> = (0..700u32).map(|n| (n * 7) as u8).collect();
        for kind in [&md5::MD5, &sha1::SHA1, &sha256::SHA256, &sha512::SHA512] {
            for len in 0..300 {
                let text = &text[..len];
                let whole = hex(kind, &[text]);
                assert_eq!(hex(kind, &[&text[..len / 3], &text[len / 3..]]), whole);
                assert_eq!(hex(kind, &text.chunks(1).collect::<Vec<_>>()), whole);
            }
        }
    }
}
