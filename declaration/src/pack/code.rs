//! Arithmetic coding (Witten, Neal and Cleary, 1987) by the weights of the model.

use usage_model::Model;

/// A number that grows: the more bits, the more symbols it stands for.
#[derive(Clone)]
pub(super) struct Coder {
    bits: Vec<bool>,
    /// How many numbers begin with the bits.
    range: u32,
}

impl Coder {
    pub(super) fn new() -> Coder {
        Coder { bits: vec![false; 31], range: 1 << 31 }
    }

    /// Takes in the next symbol of the model's text.
    pub(super) fn push(&mut self, model: &mut Model, symbol: usize) {
        let mut weights = model.seen.clone();
        let unit = self.range / (model.sum + model.vote(&mut weights));
        let (below, from) = weights.0.split_at(symbol);
        add(&mut self.bits, unit * below.iter().sum::<u32>());
        self.range = unit * from[0];
        while self.range < 1 << 31 {
            self.bits.push(false);
            self.range <<= 1;
        }
        model.push(symbol);
    }

    /// The number, its highest byte first. What follows counts as zeros: the shortest number within the range.
    pub(super) fn finish(mut self) -> Vec<u8> {
        add(&mut self.bits, 1 << 30);
        self.bits.truncate(self.bits.len() - 30);
        let byte = |c: &[bool]| c.iter().enumerate().map(|(i, b)| (*b as u8) << (7 - i)).sum();
        let mut packed: Vec<u8> = self.bits.chunks(8).map(byte).collect();
        while packed.last() == Some(&0) {
            packed.pop();
        }
        packed
    }
}

/// Adds to the number that `bits` are, the highest first.
fn add(bits: &mut [bool], mut n: u32) {
    let mut carry = false;
    for bit in bits.iter_mut().rev() {
        let sum = *bit as u32 + (n & 1) + carry as u32;
        (*bit, carry, n) = (sum & 1 != 0, sum > 1, n >> 1);
        if n == 0 && !carry {
            break;
        }
    }
}
