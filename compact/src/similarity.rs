//! Similarity: how often the sequences of instructions in a program occur.
//!
//! The outliner turns sequences that occur often into functions ([`super::outlining`]). So register renaming and
//! scheduling prefer the variant of an instruction whose sequences occur elsewhere, too.

use super::instruction::{registers, Flow, Ins, SP};
use rustc_hash::FxHashMap;
use std::collections::HashMap;

/// The lengths of the sequences that are counted, in instructions.
const SHORTEST: usize = 2;
const LONGEST: usize = 8;

/// One number for each line of a function. Equal instructions have equal numbers; 0 separates sequences.
pub(super) type Numbers = Vec<u64>;

/// How often each sequence occurs in the program.
#[derive(Default)]
pub(super) struct Similarity {
    forms: FxHashMap<String, u64>,
    counts: FxHashMap<u64, u32>,
}

impl Similarity {
    /// A number for the instruction without its registers r0 to r7. Instructions of the same form can become equal by
    /// renaming. 0 if the instruction can be part of no sequence.
    pub(super) fn form(&mut self, ins: &Ins, constants: &HashMap<&str, &str>) -> u64 {
        let moves_stack = ins.writes & SP != 0 && ins.op != "pop" && !ins.args.starts_with("sp");
        let branches = matches!(ins.flow, Flow::Branch { conditional: true, .. } | Flow::Table | Flow::Trap);
        if ins.op == "adr" || moves_stack || branches {
            return 0;
        }
        let mut text = format!("{} {}", ins.op, ins.args);
        match ins.constant().and_then(|label| constants.get(label)) {
            Some(value) => text = format!("{} ={value}", ins.op),
            None => registers(&text).iter().for_each(|&(at, _)| text.replace_range(at..at + 2, "r?")),
        }
        let next = self.forms.len() as u64 + 1;
        *self.forms.entry(text).or_insert(next)
    }

    /// Counts the sequences that begin at the lines `starts`.
    pub(super) fn add(&mut self, text: &Numbers, starts: impl IntoIterator<Item = usize>) {
        for start in starts {
            sequences(text, start, |one| *self.counts.entry(one).or_default() += 1);
        }
    }

    /// Removes the sequences that begin at the lines `starts` from the counts.
    pub(super) fn remove(&mut self, text: &Numbers, starts: impl IntoIterator<Item = usize>) {
        for start in starts {
            sequences(text, start, |one| {
                let count = self.counts.entry(one).or_default();
                *count = count.saturating_sub(1);
            });
        }
    }

    /// Rates the sequences that begin at the lines `starts` by how often they are counted. Remove them first.
    pub(super) fn score(&self, text: &Numbers, starts: impl IntoIterator<Item = usize>) -> f64 {
        let mut total = 0.0;
        for start in starts {
            sequences(text, start, |one| {
                let count = self.counts.get(&one).copied().unwrap_or(0);
                total += f64::from(count + 1).log2();
            });
        }
        total
    }
}

/// The number of an instruction, made from its form and its registers r0 to r7 in order, eight at most.
pub(super) fn number(form: u64, registers: impl Iterator<Item = u8>) -> u64 {
    let registers = registers.fold(0, |all, register| (all << 4) | (u64::from(register) + 1));
    if form == 0 {
        0
    } else {
        (form << 32) ^ registers
    }
}

/// The lines where sequences begin that contain the line `nth`.
pub(super) fn window_starts(nth: usize) -> std::ops::RangeInclusive<usize> {
    nth.saturating_sub(LONGEST - 1)..=nth
}

/// Calls `each` with a hash of every sequence that begins at the line `start`.
fn sequences(text: &Numbers, start: usize, mut each: impl FnMut(u64)) {
    let mut hash = 0_u64;
    for (nth, &number) in text.iter().skip(start).take(LONGEST).take_while(|&&number| number != 0).enumerate()
    {
        hash = (hash.rotate_left(17) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        if nth + 1 >= SHORTEST {
            each(hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_that_occur_elsewhere_score() {
        let mut similarity = Similarity::default();
        let texts = ["movs r0, r4", "movs r0, r5", "adds r0, #1", "bx lr"];
        let numbers: Numbers = texts
            .iter()
            .map(|text| {
                let (op, args) = text.split_once(' ').unwrap();
                let form = similarity.form(&Ins::new(op, args).unwrap(), &HashMap::new());
                number(form, registers(args).into_iter().map(|one| one.1))
            })
            .collect();
        let text = |places: &[usize]| -> Numbers { places.iter().map(|&place| numbers[place]).collect() };
        similarity.add(&text(&[0, 2]), 0..2);
        assert_eq!(similarity.score(&text(&[0, 2]), 0..2), 1.0);
        assert_eq!(similarity.score(&text(&[1, 2]), 0..2), 0.0);
        similarity.remove(&text(&[0, 2]), 0..2);
        assert_eq!(similarity.score(&text(&[0, 2]), 0..2), 0.0);
    }

    #[test]
    fn constants_count_and_their_labels_do_not() {
        let mut similarity = Similarity::default();
        let (one, other) =
            (Ins::new("ldr", "r0, .LCPI0_0").unwrap(), Ins::new("ldr", "r0, .LCPI1_7").unwrap());
        let constants = HashMap::from([(".LCPI0_0", ".long 4097"), (".LCPI1_7", ".long 4097")]);
        let form = similarity.form(&one, &constants);
        assert_eq!(form, similarity.form(&other, &constants));
        assert_ne!(form, similarity.form(&other, &HashMap::new()));
    }
}
