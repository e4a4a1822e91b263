//! Instruction scheduling: instructions move so that sequences become similar to others.

use super::instruction::{registers, Flow, Ins, Set, PC, SP};
use super::liveness::{Liveness, Summaries};
use super::program::{Function, Line, Program};
use super::similarity::{number, window_starts, Numbers, Similarity};

/// How often the pass visits each function.
const ROUNDS: usize = 3;
/// The greatest distance that an instruction moves at once.
const MAX_DISTANCE: usize = 6;
/// The least gain for which an instruction moves.
const MIN_GAIN: f64 = 0.01;

/// Moves single instructions past independent ones where that makes sequences more similar to others.
pub(super) fn reorder(program: &mut Program) {
    let summaries = Summaries::of(program);
    let mut similarity = Similarity::default();
    let mut texts: Vec<Numbers> =
        program.functions().map(|function| read(function, &mut similarity)).collect();
    for _ in 0..ROUNDS {
        for (function, text) in program.functions_mut().zip(&mut texts) {
            Scheduler {
                live: Liveness::of(function, &summaries).live_out,
                function,
                text,
                similarity: &mut similarity,
            }
            .schedule(&summaries);
        }
    }
}

fn read(function: &Function, similarity: &mut Similarity) -> Numbers {
    let constants = function.constants();
    let number = |line: &Line| {
        let registers = |ins: &Ins| registers(&ins.args).into_iter().map(|one| one.1);
        line.ins().map_or(0, |ins| number(similarity.form(ins, &constants), registers(ins)))
    };
    let text: Numbers = function.body.iter().map(number).collect();
    similarity.add(&text, 0..text.len());
    text
}

struct Scheduler<'a> {
    function: &'a mut Function,
    text: &'a mut Numbers,
    /// What is live after each line.
    live: Vec<Set>,
    similarity: &'a mut Similarity,
}

impl Scheduler<'_> {
    fn schedule(&mut self, summaries: &Summaries) {
        let mut in_table = false;
        for nth in 0..self.function.body.len() {
            let Some(ins) = self.function.body[nth].ins() else { continue };
            // A jump through a table depends on the distances between its instructions.
            in_table = (in_table || ins.args.ends_with(", pc")) && ins.flow != Flow::Table;
            if !in_table && (self.settle(nth, true) || self.settle(nth, false)) {
                self.live = Liveness::of(self.function, summaries).live_out;
            }
        }
    }

    /// Moves the instruction at line `nth` up or down to the line with the greatest gain. Returns whether it has
    /// moved.
    fn settle(&mut self, nth: usize, down: bool) -> bool {
        let (mut at, mut total) = (nth, 0.0);
        let mut best = (MIN_GAIN, nth);
        for _ in 0..MAX_DISTANCE {
            let Some(upper) = (if down { Some(at) } else { at.checked_sub(1) }) else { break };
            if !self.may_swap(upper, self.live[nth]) {
                break;
            }
            total += self.swap(upper);
            at = if down { upper + 1 } else { upper };
            if total > best.0 {
                best = (total, at);
            }
        }
        while at != best.1 {
            let upper = if down { at - 1 } else { at };
            self.swap(upper);
            at = if down { upper } else { upper + 1 };
        }
        at != nth
    }

    /// Whether the lines `upper` and the next may be swapped; `live` is what is needed after the instruction that
    /// moves.
    fn may_swap(&self, upper: usize, live: Set) -> bool {
        let line = |nth: usize| self.function.body.get(nth).and_then(Line::ins);
        let (Some(one), Some(other)) = (line(upper), line(upper + 1)) else { return false };
        independent(one, other, live | self.live[upper + 1])
    }

    /// Swaps the line `upper` with the next. Returns the gain.
    fn swap(&mut self, upper: usize) -> f64 {
        let starts = || *window_starts(upper).start()..=upper + 1;
        self.similarity.remove(self.text, starts());
        let before = self.similarity.score(self.text, starts());
        self.text.swap(upper, upper + 1);
        self.function.body.swap(upper, upper + 1);
        let after = self.similarity.score(self.text, starts());
        self.similarity.add(self.text, starts());
        after - before
    }
}

/// Whether two neighbouring instructions may be swapped, when `live` is needed later.
fn independent(one: &Ins, other: &Ins, live: Set) -> bool {
    const REGISTERS: Set = 0xffff;
    let plain = |ins: &Ins| {
        ins.flow == Flow::Next
            && (ins.reads | ins.writes) & PC == 0
            && ins.writes & SP == 0
            && !ins.args.ends_with(", pc")
    };
    let both = one.writes & other.writes & (live | REGISTERS);
    let clash = (one.writes & other.reads) | (one.reads & other.writes) | both;
    plain(one) && plain(other) && clash == 0 && !may_alias(one, other)
}

/// Whether one may write the memory that the other reads or writes.
fn may_alias(one: &Ins, other: &Ins) -> bool {
    let stores = |ins: &Ins| ins.op.starts_with("st");
    let reaches = |ins: &Ins| stores(ins) || (ins.op.starts_with("ld") && ins.constant().is_none());
    let slot = |ins: &Ins| {
        let place = ins.args.split_once(", ").map(|(_, place)| place.to_string());
        place.filter(|place| place.starts_with("[sp") && (ins.op == "ldr" || ins.op == "str"))
    };
    let apart = matches!((slot(one), slot(other)), (Some(one), Some(other)) if one != other);
    (stores(one) || stores(other)) && reaches(one) && reaches(other) && !apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::{CV, NZ};
    use crate::program::testing::{program, shown};

    fn swaps(one: &str, other: &str, live: Set) -> bool {
        let ins = |text: &str| {
            let (op, args) = text.split_once(' ').unwrap();
            Ins::new(op, args).unwrap()
        };
        independent(&ins(one), &ins(other), live)
    }

    #[test]
    fn independent_instructions_may_swap() {
        assert!(swaps("movs r0, r4", "movs r1, r5", 0b11));
        assert!(!swaps("movs r0, r4", "movs r1, r5", NZ), "the flags of the second are needed");
        assert!(!swaps("movs r0, r4", "movs r1, r0", 0));
        assert!(!swaps("movs r0, r4", "movs r4, r1", 0));
        assert!(!swaps("movs r0, r4", "movs r0, r1", 0));
        assert!(!swaps("adds r0, r0, r1", "adcs r2, r3", NZ | CV));
        assert!(!swaps("movs r0, r4", "bl f", 0));
        assert!(!swaps("sub sp, #8", "movs r0, r4", 0));
    }

    #[test]
    fn memory_keeps_its_order() {
        assert!(swaps("ldr r0, [r4]", "ldr r1, [r5]", 0));
        assert!(!swaps("str r0, [r4]", "ldr r1, [r5]", 0));
        assert!(!swaps("ldr r0, [r4]", "strb r1, [r5]", 0));
        assert!(!swaps("str r0, [sp, #4]", "ldr r1, [r5]", 0), "r5 may lead there");
        assert!(swaps("str r0, [sp, #4]", "ldr r1, [sp, #8]", 0));
        assert!(!swaps("str r0, [sp, #4]", "ldr r1, [sp, #4]", 0));
        assert!(swaps("str r0, [sp, #4]", "ldr r1, .LCPI0_0", 0));
    }

    #[test]
    fn an_instruction_moves_to_form_a_known_sequence() {
        let usual = "push {r4, lr}; movs r1, r4; movs r0, r5; ldr r2, [r4]; bl f; pop {r4, pc}";
        let other = "push {r4, lr}; ldr r2, [r4]; movs r1, r4; movs r0, r5; bl f; pop {r4, pc}";
        let mut program = program(&[("a", usual), ("b", usual), ("c", other)]);
        reorder(&mut program);
        assert_eq!(shown(&program, "c"), usual);
        assert_eq!(shown(&program, "a"), usual);
    }

    #[test]
    fn flags_stay_with_the_branch_that_reads_them() {
        let usual = "push {r4, lr}; movs r1, #1; cmp r0, #0; beq .LBB0_1; bl f; .LBB0_1:; pop {r4, pc}";
        let other =
            "push {r4, lr}; cmp r0, #0; ldr r2, [r4]; beq .LBB1_1; movs r1, #1; .LBB1_1:; pop {r4, pc}";
        let mut program = program(&[("a", usual), ("b", usual), ("c", other)]);
        reorder(&mut program);
        for (name, text) in [("a", usual), ("c", other)] {
            let shown = shown(&program, name);
            let compare = shown.find("cmp r0, #0").unwrap();
            assert!(!shown[compare..].split("beq").next().unwrap().contains("movs"), "{shown} of {text}");
        }
    }
}
