//! Packing by the model, in blocks: to show one text, the first block and the one with the text are unpacked. So
//! the longest texts are in the first block, from which all others learn, and the other blocks are short.

use super::code::Coder;
use super::{pairs, Packed};
use usage_model::{context, Model, PAIRS, ROOM, SYMBOLS};

/// The most instructions that `--help` may take, without what every program takes.
const MOST: u64 = 4_950_000;
/// What a symbol takes, and a step of the model, in instructions of x86-64.
const SYMBOL: u64 = 930;
const STEP: u64 = 12;

/// What the first block may be long, in symbols: the best of these is taken.
const FIRST: [usize; 11] = [800, 1000, 1200, 1400, 1600, 1800, 2000, 2200, 2400, 2600, 2800];

/// Packs the texts, with NULs between them, of which the last one stays last, with the first block that makes them
/// shortest.
pub(super) fn pack(texts: &str) -> Result<Packed, String> {
    if !texts.is_ascii() {
        return Err("a usage text is not ASCII".into());
    }
    let (codes, mut pairs) = pairs::pack(texts, PAIRS);
    pairs.resize(PAIRS, [0; 2]);
    let bytes = bytes(&codes)?;
    let symbol = |code: &u8| bytes.iter().position(|b| b == code).unwrap_or(0);
    let texts: Vec<Vec<usize>> =
        codes.split(|c| *c == 0).map(|t| t.iter().chain(&[0]).map(symbol).collect()).collect();
    let all = FIRST.iter().filter_map(|first| with_first(&texts, *first));
    let (order, packed) = all.min_by_key(|(_, packed)| packed.len()).ok_or("a usage text is too long")?;
    Ok(Packed { order, how: "by_model", packed, table: [pairs.concat(), bytes].concat() })
}

/// What byte each symbol is: NUL, the blank, and then the most frequent ones first.
fn bytes(codes: &[u8]) -> Result<Vec<u8>, String> {
    let mut counts = [0; 256];
    codes.iter().for_each(|c| counts[*c as usize] += 1);
    let mut bytes: Vec<u8> = (1..=255).filter(|b| *b != b' ' && counts[*b as usize] > 0).collect();
    bytes.sort_by_key(|b| std::cmp::Reverse(counts[*b as usize]));
    bytes.splice(..0, [0, b' ']);
    match bytes.len() {
        0..=SYMBOLS => Ok(bytes),
        n => Err(format!("the usage texts have {n} different bytes and pairs; {SYMBOLS} are possible")),
    }
}

/// A block as it grows.
#[derive(Clone)]
struct Block {
    texts: Vec<usize>,
    model: Model,
    coder: Coder,
    /// How many symbols the model has.
    length: usize,
    /// How often each context has come.
    counts: [u64; 256],
    /// The last symbol.
    last: usize,
    /// What unpacking takes so far.
    cost: u64,
}

impl Block {
    fn new() -> Block {
        let (model, coder) = (Model::new(), Coder::new());
        Block { texts: Vec::new(), model, coder, length: 0, counts: [0; 256], last: 255, cost: 0 }
    }

    /// The next block behind this one as the first.
    fn next(&self) -> Block {
        Block { texts: Vec::new(), coder: Coder::new(), ..self.clone() }
    }

    /// Takes text number `n` in; no if it does not fit.
    fn push(&mut self, n: usize, text: &[usize]) -> bool {
        if self.length + text.len() >= ROOM || self.texts.len() == 255 {
            return false;
        }
        for &symbol in text {
            self.coder.push(&mut self.model, symbol);
            let count = &mut self.counts[context(self.last as u8, symbol)];
            self.cost += SYMBOL + STEP * *count;
            *count += 1;
            self.last = symbol;
        }
        self.length += text.len();
        self.texts.push(n);
        self.cost <= MOST
    }

    fn write(self, order: &mut Vec<usize>, packed: &mut Vec<u8>) {
        let code = self.coder.finish();
        packed.push(self.texts.len() as u8);
        packed.extend((code.len() as u16).to_le_bytes());
        packed.extend(code);
        order.extend(self.texts);
    }
}

/// Packs with a first block of the longest texts, of `most` symbols at most; `None` if a text fits into no block.
fn with_first(texts: &[Vec<usize>], most: usize) -> Option<(Vec<usize>, Vec<u8>)> {
    let last = texts.len() - 1;
    let mut longest: Vec<usize> = if last == 0 { vec![0] } else { (0..last).collect() };
    longest.sort_by_key(|n| std::cmp::Reverse(texts[*n].len()));
    let mut first = Block::new();
    for n in longest {
        if first.length + texts[n].len() <= most && !first.push(n, &texts[n]) {
            return None;
        }
    }
    if first.texts.is_empty() {
        return None;
    }
    let (mut order, mut packed) = (Vec::new(), Vec::new());
    let begun = first.next();
    let rest: Vec<usize> = (0..texts.len()).filter(|n| !first.texts.contains(n)).collect();
    first.write(&mut order, &mut packed);
    let mut block = begun.clone();
    for n in rest {
        let mut longer = block.clone();
        if !longer.push(n, &texts[n]) {
            block.write(&mut order, &mut packed);
            longer = begun.next();
            if !longer.push(n, &texts[n]) {
                return None;
            }
        }
        block = longer;
    }
    if !block.texts.is_empty() {
        block.write(&mut order, &mut packed);
    }
    Some((order, packed))
}
