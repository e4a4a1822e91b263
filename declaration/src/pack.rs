//! Packs the usage texts for `sys::usage`, which tells how.

use std::collections::HashMap;
use usage_model as model;

/// Texts with NULs between them as the text of a `sys::usage::Usage`: by the model if that is shorter, with what its
/// unpacking takes on top, and `memory` for it is there.
pub fn usage(texts: &str, memory: bool) -> String {
    /// Bytes of code for Thumb-1 that the model takes more than pairs.
    const UNPACKING: usize = 320;
    let mut how = "by_pairs";
    let (mut packed, mut pairs) = by_pairs(texts);
    if memory && texts.bytes().all(|b| (b as usize) < model::BYTES) {
        let modelled = by_model(texts);
        if modelled.len() + UNPACKING < packed.len() + 2 * pairs.len() {
            (how, packed, pairs) = ("by_model", modelled, Vec::new());
        }
    }
    if pairs.is_empty() && packed == texts.as_bytes() && !texts.contains('\0') {
        how = "plain";
    }
    format!("sys::usage::Usage {{ write: sys::usage::{how}, packed: &{packed:?}, pairs: &{pairs:?} }}")
}

/// Arithmetic coding (Witten, Neal and Cleary, 1987): the number that the model's weights make of the texts.
fn by_model(texts: &str) -> Vec<u8> {
    // The bits so far, and how many numbers begin with them.
    let (mut bits, mut range) = (vec![false; 31], 1u32 << 31);
    let mut text = vec![model::START];
    let mut seen = [model::LEAST; model::BYTES];
    for byte in texts.bytes().chain([0]) {
        let mut weights = seen;
        model::weigh(&text, &mut weights);
        let unit = range / weights.iter().sum::<u32>();
        let (below, from) = weights.split_at(byte as usize);
        add(&mut bits, unit * below.iter().sum::<u32>());
        range = unit * from[0];
        while range < 1 << 31 {
            bits.push(false);
            range <<= 1;
        }
        seen[byte as usize] += 1;
        text.push(model::entry(&text, byte));
    }
    // What follows counts as zeros: the shortest number within the range.
    add(&mut bits, 1 << 30);
    bits.truncate(bits.len() - 30);
    let mut packed: Vec<u8> =
        bits.chunks(8).map(|c| c.iter().enumerate().map(|(i, b)| (*b as u8) << (7 - i)).sum()).collect();
    while packed.last() == Some(&0) {
        packed.pop();
    }
    packed
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

/// Byte-pair encoding of the usage texts: again and again, the pair of bytes that occurs most becomes one
/// byte: from 128 up, then those below a blank, but for NUL and newline. Their places in the table are counted
/// from 128 on, beyond 255 from 0. English shrinks to about 52 %, and `sys` expands it with a few instructions.
fn by_pairs(texts: &str) -> (Vec<u8>, Vec<[u8; 2]>) {
    let mut bytes = texts.as_bytes().to_vec();
    let mut pairs = Vec::new();
    while pairs.len() < 128 + 32 {
        let code = (pairs.len() as u8).wrapping_add(128);
        if matches!(code, 0 | b'\n') {
            pairs.push([0; 2]);
            continue;
        }
        let mut counts: HashMap<[u8; 2], usize> = HashMap::new();
        let mut last = None;
        for w in bytes.windows(2).map(|w| [w[0], w[1]]).filter(|w| !w.contains(&0)) {
            // In a run of one byte, pairs that overlap count once.
            if last == Some(w) && w[0] == w[1] {
                last = None;
                continue;
            }
            *counts.entry(w).or_default() += 1;
            last = Some(w);
        }
        // A pair costs two bytes in the table; ties go to the smaller pair, so that builds are the same.
        let Some((&best, &n)) = counts.iter().max_by_key(|(p, n)| (**n, std::cmp::Reverse(**p))) else {
            break;
        };
        if n < 4 {
            break;
        }
        pairs.push(best);
        let mut next = Vec::with_capacity(bytes.len());
        let mut i = 0;
        while i < bytes.len() {
            if bytes[i..].starts_with(&best) {
                next.push(code);
                i += 2;
            } else {
                next.push(bytes[i]);
                i += 1;
            }
        }
        bytes = next;
    }
    (bytes, pairs)
}
