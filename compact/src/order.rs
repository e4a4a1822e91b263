//! Instructions change places so that sequences are like others.

use super::code::{registers, Flow, Ins, Set, PC, SP};
use super::likeness::{number, starts, Likeness, Text};
use super::live::{Known, Liveness};
use super::program::{Function, Line, Program};

/// How often all functions are gone through.
const ROUNDS: usize = 3;
/// How far an instruction moves at once.
const FARTHEST: usize = 6;
/// What a change has to gain.
const LEAST: f64 = 0.01;

/// Moves single instructions past others that they have nothing to do with, where that makes them more like others.
pub(super) fn reorder(program: &mut Program) {
    let known = Known::of(program);
    let mut likeness = Likeness::default();
    let mut texts: Vec<Text> = program.functions().map(|function| read(function, &mut likeness)).collect();
    for _ in 0..ROUNDS {
        for (function, text) in program.functions_mut().zip(&mut texts) {
            Mover { live: Liveness::of(function, &known).behind, function, text, likeness: &mut likeness }
                .all(&known);
        }
    }
}

fn read(function: &Function, likeness: &mut Likeness) -> Text {
    let constants = function.constants();
    let number = |line: &Line| {
        let registers = |ins: &Ins| registers(&ins.args).into_iter().map(|one| one.1);
        line.ins().map_or(0, |ins| number(likeness.form(ins, &constants), registers(ins)))
    };
    let text: Text = function.body.iter().map(number).collect();
    likeness.add(&text, 0..text.len());
    text
}

struct Mover<'a> {
    function: &'a mut Function,
    text: &'a mut Text,
    /// What is needed behind each line.
    live: Vec<Set>,
    likeness: &'a mut Likeness,
}

impl Mover<'_> {
    fn all(&mut self, known: &Known) {
        let mut tabled = false;
        for nth in 0..self.function.body.len() {
            let Some(ins) = self.function.body[nth].ins() else { continue };
            // Within a jump by table, distances count.
            tabled = (tabled || ins.args.ends_with(", pc")) && ins.flow != Flow::Table;
            if !tabled && (self.settle(nth, true) || self.settle(nth, false)) {
                self.live = Liveness::of(self.function, known).behind;
            }
        }
    }

    /// Moves the instruction at line `nth` up or down to where it gains the most; whether it has moved.
    fn settle(&mut self, nth: usize, down: bool) -> bool {
        let (mut at, mut total) = (nth, 0.0);
        let mut best = (LEAST, nth);
        for _ in 0..FARTHEST {
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

    /// Whether the lines `upper` and the next may change places, when `live` is needed behind the one that has come
    /// there.
    fn may_swap(&self, upper: usize, live: Set) -> bool {
        let line = |nth: usize| self.function.body.get(nth).and_then(Line::ins);
        let (Some(one), Some(other)) = (line(upper), line(upper + 1)) else { return false };
        independent(one, other, live | self.live[upper + 1])
    }

    /// Swaps them; what that gains.
    fn swap(&mut self, upper: usize) -> f64 {
        let starts = || *starts(upper).start()..=upper + 1;
        self.likeness.remove(self.text, starts());
        let before = self.likeness.score(self.text, starts());
        self.text.swap(upper, upper + 1);
        self.function.body.swap(upper, upper + 1);
        let after = self.likeness.score(self.text, starts());
        self.likeness.add(self.text, starts());
        after - before
    }
}

/// Whether two instructions that follow each other do the same in the other order, when `live` is needed later.
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
    plain(one) && plain(other) && clash == 0 && !same_memory(one, other)
}

/// Whether one may write what the other reads or writes.
fn same_memory(one: &Ins, other: &Ins) -> bool {
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
    use crate::code::{CV, NZ};
    use crate::program::testing::{program, shown};

    fn swaps(one: &str, other: &str, live: Set) -> bool {
        let ins = |text: &str| {
            let (op, args) = text.split_once(' ').unwrap();
            Ins::new(op, args).unwrap()
        };
        independent(&ins(one), &ins(other), live)
    }

    #[test]
    fn what_has_nothing_in_common_may_swap() {
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
    fn an_instruction_moves_to_where_it_is_like_others() {
        let usual = "push {r4, lr}; movs r1, r4; movs r0, r5; ldr r2, [r4]; bl f; pop {r4, pc}";
        let other = "push {r4, lr}; ldr r2, [r4]; movs r1, r4; movs r0, r5; bl f; pop {r4, pc}";
        let mut program = program(&[("a", usual), ("b", usual), ("c", other)]);
        reorder(&mut program);
        assert_eq!(shown(&program, "c"), usual);
        assert_eq!(shown(&program, "a"), usual);
    }

    #[test]
    fn flags_stay_with_what_needs_them() {
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
