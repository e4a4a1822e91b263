//! What symbol may come next in a text, judged by what stood in the same surroundings before: the model that usage
//! texts are packed by. The build packs with it and `sys` unpacks.
//!
//! It is prediction by partial matching (Cleary and Witten, 1984) reduced to the least: contexts of all lengths
//! vote at once, the longer the louder, and they are found in the text itself. A symbol is a byte, or a pair of symbols
//! that is frequent. They are numbered: first the end of a text, then the blank, then the others, the most frequent ones
//! first.

#![no_std]
#![forbid(unsafe_code)]

/// Most symbols that texts may have.
pub const SYMBOLS: usize = 112;

/// So many of them may stand for two others each.
pub const PAIRS: usize = 16;

/// Most symbols that one model can follow.
pub const ROOM: usize = 4095;
const MASK: usize = ROOM;

/// The blank.
pub const BLANK: usize = 1;

/// The least weight of a symbol.
const LEAST: u32 = 3;

/// What a text begins with, no symbol of it: it is like none.
const START: u8 = 255;

/// A weight for each symbol.
#[derive(Clone)]
#[repr(align(8))] // copied once for each symbol
pub struct Weights(pub [u32; SYMBOLS]);

/// The text so far, and what it tells.
#[derive(Clone)]
pub struct Model {
    /// How often each symbol has come, and the least weight.
    pub seen: Weights,
    /// Where each context stood last, 0 if nowhere.
    last: [u16; 256],
    /// The sum of `seen`.
    pub sum: u32,
    /// The place of the last symbol, which is how many there are.
    pub end: usize,
    /// How many places have voted, for tests.
    #[cfg(debug_assertions)]
    pub steps: core::cell::Cell<usize>,
    /// The symbol of place `n` is at `n + 1`.
    text: [u8; MASK + 3],
    /// Where the context of this place stood before, 0 if nowhere.
    links: [u16; MASK + 1],
}

/// The context that is looked for: the last symbol. Blanks are so many that it is the one before, too.
pub fn context(before: u8, last: usize) -> usize {
    if last == BLANK {
        before as usize | 128
    } else {
        last & 127
    }
}

impl Model {
    /// In front of a text.
    #[allow(clippy::new_without_default)] // 13 KB, which nobody should make by chance
    #[inline(always)]
    pub fn new() -> Model {
        let mut text = [START; MASK + 3];
        // Unlike the start, so that no context is longer than the text.
        text[0] = START - 1;
        Model {
            seen: Weights([LEAST; SYMBOLS]),
            last: [0; 256],
            sum: LEAST * SYMBOLS as u32,
            end: 0,
            #[cfg(debug_assertions)]
            steps: core::cell::Cell::new(0),
            text,
            links: [0; MASK + 1],
        }
    }

    /// Adds what the places vote for where the last symbols stood before; the sum of it.
    #[inline(never)]
    pub fn vote(&self, weights: &mut Weights) -> u32 {
        let mut sum = 0;
        let mut place = self.end & MASK;
        let before = self.text[place];
        loop {
            place = self.links[place] as usize & MASK;
            if place == 0 {
                return sum;
            }
            #[cfg(debug_assertions)]
            self.steps.set(self.steps.get() + 1);
            let mut weight = 1 << 6;
            if self.text[place] == before {
                weight = 1 << 9;
                let mut back = 1;
                while weight < 1 << 13
                    && self.text[(place - back) & MASK] == self.text[(self.end - back) & MASK]
                {
                    weight <<= 2;
                    back += 1;
                }
            }
            if let Some(w) = weights.0.get_mut(self.text[place + 2] as usize) {
                *w += weight;
            }
            sum += weight;
        }
    }

    /// Goes on by `symbol`.
    #[inline(always)]
    pub fn push(&mut self, symbol: usize) {
        let context = context(self.text[(self.end & MASK) + 1], symbol);
        self.end += 1;
        let place = self.end & MASK;
        self.text[place + 1] = symbol as u8;
        self.links[place] = self.last[context];
        self.last[context] = place as u16;
        self.sum += 1;
        if let Some(seen) = self.seen.0.get_mut(symbol) {
            *seen += 1;
        }
    }
}
