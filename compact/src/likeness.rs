//! How alike the instructions of a program are: what the search for registers and order goes by.
//!
//! Sequences become functions of their own when they occur often ([`super::outline`]). So an instruction stands well
//! where the sequences that it is part of occur elsewhere, too.

use super::code::{registers, Flow, Ins, SP};
use rustc_hash::FxHashMap;
use std::collections::HashMap;

/// Lengths of the sequences that are counted, in instructions.
const SHORTEST: usize = 2;
const LONGEST: usize = 8;

/// The instructions of a function by number, a line each; 0 for what no sequence goes across.
pub(super) type Text = Vec<u64>;

/// The sequences of a program.
#[derive(Default)]
pub(super) struct Likeness {
    forms: FxHashMap<String, u64>,
    counts: FxHashMap<u64, u32>,
}

impl Likeness {
    /// The number of what `ins` is but for its registers r0 to r7: the same for what may stand in its place. 0 when
    /// that is nothing.
    pub(super) fn form(&mut self, ins: &Ins, constants: &HashMap<&str, &str>) -> u64 {
        let moves = ins.writes & SP != 0 && ins.op != "pop" && !ins.args.starts_with("sp");
        let goes = matches!(ins.flow, Flow::Branch { conditional: true, .. } | Flow::Table | Flow::Trap);
        if ins.op == "adr" || moves || goes {
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
    pub(super) fn add(&mut self, text: &Text, starts: impl IntoIterator<Item = usize>) {
        for start in starts {
            sequences(text, start, |one| *self.counts.entry(one).or_default() += 1);
        }
    }

    /// Counts them no longer.
    pub(super) fn remove(&mut self, text: &Text, starts: impl IntoIterator<Item = usize>) {
        for start in starts {
            sequences(text, start, |one| {
                let count = self.counts.entry(one).or_default();
                *count = count.saturating_sub(1);
            });
        }
    }

    /// How well the sequences that begin at the lines `starts`, and are not counted, go with those that are.
    pub(super) fn score(&self, text: &Text, starts: impl IntoIterator<Item = usize>) -> f64 {
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

/// The number of an instruction: its form, and its registers r0 to r7 in their order, eight at most.
pub(super) fn number(form: u64, registers: impl Iterator<Item = u8>) -> u64 {
    let registers = registers.fold(0, |all, register| (all << 4) | (u64::from(register) + 1));
    if form == 0 {
        0
    } else {
        (form << 32) ^ registers
    }
}

/// Where sequences with the line `nth` in them begin.
pub(super) fn starts(nth: usize) -> std::ops::RangeInclusive<usize> {
    nth.saturating_sub(LONGEST - 1)..=nth
}

/// All sequences that begin at the line `start`, as hashes.
fn sequences(text: &Text, start: usize, mut each: impl FnMut(u64)) {
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
    fn what_occurs_elsewhere_scores() {
        let mut likeness = Likeness::default();
        let texts = ["movs r0, r4", "movs r0, r5", "adds r0, #1", "bx lr"];
        let numbers: Text = texts
            .iter()
            .map(|text| {
                let (op, args) = text.split_once(' ').unwrap();
                let form = likeness.form(&Ins::new(op, args).unwrap(), &HashMap::new());
                number(form, registers(args).into_iter().map(|one| one.1))
            })
            .collect();
        let text = |places: &[usize]| -> Text { places.iter().map(|&place| numbers[place]).collect() };
        likeness.add(&text(&[0, 2]), 0..2);
        assert_eq!(likeness.score(&text(&[0, 2]), 0..2), 1.0);
        assert_eq!(likeness.score(&text(&[1, 2]), 0..2), 0.0);
        likeness.remove(&text(&[0, 2]), 0..2);
        assert_eq!(likeness.score(&text(&[0, 2]), 0..2), 0.0);
    }

    #[test]
    fn constants_count_and_their_labels_do_not() {
        let mut likeness = Likeness::default();
        let (one, other) =
            (Ins::new("ldr", "r0, .LCPI0_0").unwrap(), Ins::new("ldr", "r0, .LCPI1_7").unwrap());
        let constants = HashMap::from([(".LCPI0_0", ".long 4097"), (".LCPI1_7", ".long 4097")]);
        let form = likeness.form(&one, &constants);
        assert_eq!(form, likeness.form(&other, &constants));
        assert_ne!(form, likeness.form(&other, &HashMap::new()));
    }
}
