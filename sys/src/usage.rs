//! Usage texts, which the build packs (`declaration/src/pack/`) in one of two ways: pairs of bytes need few
//! instructions to unpack and little memory, the model pays off where there are many texts.

use crate::zstr::cut;
use crate::Out;
use usage_model::{Model, PAIRS};

/// The texts, each with a NUL at its end.
pub struct Usage {
    /// Writes text number `n`: [`plain`], [`by_pairs`] or [`by_model`].
    pub write: fn(usage: &Usage, n: u32, out: &mut Out),
    /// The packed texts.
    pub packed: &'static [u8],
    /// The pairs, and for [`by_model`] behind them what byte each symbol is.
    pub table: &'static [u8],
}

impl Usage {
    /// No texts.
    pub const NONE: Usage = Usage { write: plain, packed: b"", table: b"" };
}

/// For one text, which is too short for packing.
#[inline(always)] // so that the binary needs no table
pub fn plain(usage: &Usage, _: u32, out: &mut Out) {
    out.bytes(usage.packed);
}

/// Unpacks texts in which the bytes 128, 129, … 255, 0, 1, … 31, but for NUL and newline, stand for pairs: two
/// bytes each, themselves perhaps pairs.
pub fn by_pairs(usage: &Usage, n: u32, out: &mut Out) {
    let mut rest = usage.packed;
    for _ in 0..n {
        cut(&mut rest, 0);
    }
    expand(usage.table, cut(&mut rest, 0), out);
}

fn expand(pairs: &[u8], text: &[u8], out: &mut Out) {
    for &b in text {
        let at = b.wrapping_sub(128) as usize * 2;
        match pairs.get(at..at + 2) {
            Some(p) if b != b'\n' => expand(pairs, p, out),
            _ => out.byte(b),
        }
    }
}

/// Unpacks texts that stand in blocks. A block is the number of its texts (a byte), the number of its bytes (two,
/// the lower one first), and an arithmetic code by the weights of the model. All the others build upon the first
/// block: only that one and the one with the text are unpacked.
pub fn by_model(usage: &Usage, n: u32, out: &mut Out) {
    find(&mut Model::new(), usage, n, out);
}

fn find(model: &mut Model, usage: &Usage, mut n: u32, out: &mut Out) {
    let mut rest = usage.packed;
    let mut first = true;
    while let [texts, low, high, tail @ ..] = rest {
        let texts = *texts as u32;
        let (code, tail) = tail.split_at_checked((*high as usize) << 8 | *low as usize).unwrap_or_default();
        rest = tail;
        if n < texts {
            unpack(model, usage.table, code, n, Some(out));
            return;
        }
        if first {
            unpack(model, usage.table, code, texts - 1, None);
        }
        first = false;
        n -= texts;
    }
}

/// Unpacks the texts of a block as far as number `n`, which it writes to `out`.
#[inline(never)]
fn unpack(model: &mut Model, table: &[u8], packed: &[u8], mut n: u32, mut out: Option<&mut Out>) {
    let mut bit = 0;
    // The number lies so far above the least one that goes on like this, and below `range`.
    let (mut code, mut range) = (0u32, 1u32);
    loop {
        while range < 1 << 31 {
            let byte = packed.get(bit >> 3).copied().unwrap_or(0);
            code = code << 1 | (byte >> (!bit & 7)) as u32 & 1;
            range <<= 1;
            bit += 1;
        }
        let mut weights = model.seen.clone();
        let sum = model.sum + model.vote(&mut weights);
        let unit = range / sum.max(1);
        let mut symbol = 0;
        loop {
            let Some(weight) = weights.0.get(symbol) else { return };
            range = unit * weight;
            if code < range {
                break;
            }
            code -= range;
            symbol += 1;
        }
        model.push(symbol);
        // The end of a text.
        if symbol == 0 {
            if n == 0 {
                return;
            }
            n -= 1;
        } else if n == 0 {
            let at = symbol + 2 * PAIRS;
            if let (Some(out), Some(code)) = (&mut out, table.get(at..at + 1)) {
                expand(table, code, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use declaration::pack::{self, Packed};

    fn usage(packed: &Packed) -> Usage {
        let bytes = |b: &[u8]| -> &'static [u8] { Vec::leak(b.to_vec()) };
        let write = if packed.how == "by_model" { by_model } else { by_pairs };
        Usage { write, packed: bytes(&packed.packed), table: bytes(&packed.table) }
    }

    fn text(packed: &Packed, n: usize) -> String {
        let usage = usage(packed);
        let mut out = Out::memory();
        (usage.write)(&usage, n as u32, &mut out);
        String::from_utf8(out.take().to_vec()).unwrap()
    }

    #[test]
    fn pairs_are_expanded() {
        let usage = Usage { write: by_pairs, packed: b"one\0a\x81\0x", table: b"xy\x80z" };
        let mut out = Out::memory();
        (usage.write)(&usage, 1, &mut out);
        assert_eq!(out.take(), b"axyz");
    }

    /// The texts of the applets, and more that are made of their lines: `count` in all.
    fn texts(count: usize) -> Vec<String> {
        let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../applets/src");
        let mut texts: Vec<String> =
            declaration::read_all(&src).unwrap().into_iter().map(|d| d.usage).collect();
        let words: Vec<String> = texts.iter().flat_map(|t| t.split(' ')).map(String::from).collect();
        let own = texts.len();
        let mut at = 1u32;
        while texts.len() < count {
            let like = texts[texts.len() % own].split(' ').count();
            let mut word = || {
                at = at.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                words[(at >> 8) as usize % words.len()].clone()
            };
            texts.push((0..like).map(|_| word()).collect::<Vec<String>>().join(" "));
        }
        texts
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for count in [1, 2, 30] {
            let texts = texts(count);
            let texts: Vec<&str> = texts[..count].iter().map(|t| &t[..]).collect();
            for memory in [false, true] {
                let packed = pack::usage(&texts, memory).unwrap();
                assert_eq!(packed.order.last(), Some(&(count - 1)));
                for (n, &at) in packed.order.iter().enumerate() {
                    assert_eq!(text(&packed, n), texts[at]);
                }
            }
        }
    }

    #[test]
    fn help_of_150_applets_is_cheap() {
        let texts = texts(150);
        let texts: Vec<&str> = texts.iter().map(|t| &t[..]).collect();
        let packed = pack::usage(&texts, true).unwrap();
        assert_eq!(packed.how, "by_model");
        for (n, &at) in packed.order.iter().enumerate() {
            let (mut model, mut out) = (Model::new(), Out::memory());
            find(&mut model, &usage(&packed), n as u32, &mut out);
            assert_eq!(out.take().to_vec(), texts[at].as_bytes());
            // Instructions of x86-64, as counted with valgrind.
            let cost = model.end * 930 + model.steps.get() * 12;
            assert!(cost <= 5_000_000, "{at}: {cost}");
        }
        assert!(size_of::<Model>() + size_of::<usage_model::Weights>() <= 16 << 10);
    }
}
