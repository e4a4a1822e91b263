//! What byte may come next in a text, judged by what stood in the same surroundings before: the model that usage
//! texts are packed by. The build packs with it and `sys` unpacks.
//!
//! It is prediction by partial matching (Cleary and Witten, 1984) reduced to the least: contexts of all lengths
//! vote at once, the longer the louder, and they are found in the text itself.

#![no_std]

/// Bytes that a text may hold: below this.
pub const BYTES: usize = 128;

/// The least weight of a byte.
pub const LEAST: u32 = 2;

/// What a text begins with, no byte of it: it is like none.
pub const START: u32 = 255;

/// What the text is kept as: the byte, and above it the place where the same byte stood last, 0 if it did not.
pub fn entry(text: &[u32], byte: u8) -> u32 {
    let mut place = text.len() as u32 - 1;
    while place > 0 && at(text, place) != byte as u32 {
        place -= 1;
    }
    place << 8 | byte as u32
}

/// Adds to the weight of each byte for each time that it followed what the text ends with.
#[inline(never)]
pub fn weigh(text: &[u32], weights: &mut [u32; BYTES]) {
    let end = text.len() as u32 - 1;
    let mut place = end;
    loop {
        place = link(text, place);
        if place == 0 {
            return;
        }
        let (mut weight, mut back) = (1 << 6, 1);
        // At the latest the start differs.
        while weight < 1 << 15 && at(text, place - back) == at(text, end - back) {
            weight <<= if weight < 1 << 12 { 3 } else { 1 };
            back += 1;
        }
        if let Some(w) = weights.get_mut(at(text, place + 1) as usize) {
            *w += weight;
        }
    }
}

fn at(text: &[u32], place: u32) -> u32 {
    debug_assert!((place as usize) < text.len());
    // SAFETY: `entry` and `weigh` ask for no place behind the end, and for none in front of the start.
    unsafe { *text.get_unchecked(place as usize) & 255 }
}

fn link(text: &[u32], place: u32) -> u32 {
    // SAFETY: as above.
    unsafe { *text.get_unchecked(place as usize) >> 8 }
}
