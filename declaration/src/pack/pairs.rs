//! Byte-pair encoding.

use std::collections::HashMap;

/// The most pairs that there are codes for.
pub(super) const MOST: usize = 128 + 32;

/// Byte-pair encoding of the usage texts, with `most` pairs at most: again and again, the pair of bytes that occurs most becomes one
/// byte: from 128 up, then those below a blank, but for NUL and newline. Their places in the table are counted
/// from 128 on, beyond 255 from 0. English shrinks to about 52 %, and `sys` expands it with a few instructions.
pub(super) fn pack(texts: &str, most: usize) -> (Vec<u8>, Vec<[u8; 2]>) {
    let mut bytes = texts.as_bytes().to_vec();
    let mut pairs = Vec::new();
    while pairs.len() < most {
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
