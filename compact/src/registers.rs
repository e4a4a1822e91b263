//! Each value takes the register that makes its instructions like others.
//!
//! LLVM takes the next free one. The same code with other registers is no use to [`super::outline`]. So, web by web
//! and while that gains, values change places with what is in their way; copies that become copies to itself go, and
//! so does what LLVM computes for arguments and results that nobody looks at.

use super::code::{Flow, Ins, NZ, PC, SP};
use super::likeness::{number, starts, Likeness, Text};
use super::live::{Known, Liveness};
use super::program::{Function, Line, Program};
use super::webs::Webs;

/// How often all functions are gone through.
const ROUNDS: usize = 2;
/// What a change has to gain.
const LEAST: f64 = 0.01;
/// What a copy that goes is worth, as likeness.
const COPY: f64 = 8.0;

/// Chooses registers anew in all functions.
pub(super) fn choose(program: &mut Program) {
    let known = drop_needless(program);
    let mut likeness = Likeness::default();
    let mut all: Vec<Chooser> =
        program.functions().map(|function| Chooser::new(function, &known, &mut likeness)).collect();
    for _ in 0..ROUNDS {
        all.iter_mut().for_each(|one| one.improve(&mut likeness));
    }
    let bodies: Vec<Vec<Line>> = all.iter().map(Chooser::body).collect();
    for (function, body) in program.functions_mut().zip(bodies) {
        function.body = body;
    }
    drop_copies(program, &known);
}

struct Chooser<'f> {
    function: &'f Function,
    /// The form of the instruction at each line.
    forms: Vec<u64>,
    webs: Webs,
    text: Text,
}

/// Webs that change from one register to another, and those of the other to the one.
struct Change {
    webs: Vec<usize>,
    registers: (u8, u8),
    lines: Vec<usize>,
    /// Where sequences with these lines begin.
    starts: Vec<usize>,
}

impl<'f> Chooser<'f> {
    fn new(function: &'f Function, known: &Known, likeness: &mut Likeness) -> Self {
        let webs = Webs::of(function, known);
        let constants = function.constants();
        let form = |line: &Line| line.ins().map_or(0, |ins| likeness.form(ins, &constants));
        let forms: Vec<u64> = function.body.iter().map(form).collect();
        let text = forms.iter().enumerate().map(|(nth, &form)| number(form, webs.registers(nth))).collect();
        let new = Self { function, forms, webs, text };
        likeness.add(&new.text, 0..new.text.len());
        new
    }

    fn improve(&mut self, likeness: &mut Likeness) {
        for web in self.webs.free() {
            let own = self.webs.register(web);
            let mut best: Option<(f64, Change)> = None;
            for register in 0..8 {
                if register == own || self.webs.allowed >> register & 1 == 0 {
                    continue;
                }
                let Some(change) = self.change(web, register) else { continue };
                let gain = self.apply(&change, likeness);
                let exists =
                    |&nth: &usize| self.function.body[nth].ins().is_none_or(|ins| self.webs.exists(nth, ins));
                let exists = change.lines.iter().all(exists);
                self.apply(&change, likeness);
                if exists && gain > best.as_ref().map_or(LEAST, |best| best.0) {
                    best = Some((gain, change));
                }
            }
            if let Some((_, change)) = best {
                self.apply(&change, likeness);
            }
        }
    }

    fn change(&self, web: usize, register: u8) -> Option<Change> {
        let webs = self.webs.exchange(web, register)?;
        let lines = self.webs.lines(&webs);
        let mut starts: Vec<usize> = lines.iter().flat_map(|&nth| starts(nth)).collect();
        starts.sort_unstable();
        starts.dedup();
        Some(Change { registers: (self.webs.register(web), register), webs, lines, starts })
    }

    /// Makes the change, or undoes it; what is gained.
    fn apply(&mut self, change: &Change, likeness: &mut Likeness) -> f64 {
        likeness.remove(&self.text, change.starts.iter().copied());
        let before = self.worth(change, likeness);
        self.webs.flip(&change.webs, change.registers.0, change.registers.1);
        for &nth in &change.lines {
            self.text[nth] = number(self.forms[nth], self.webs.registers(nth));
        }
        let after = self.worth(change, likeness);
        likeness.add(&self.text, change.starts.iter().copied());
        after - before
    }

    fn worth(&self, change: &Change, likeness: &Likeness) -> f64 {
        let copies = |&&nth: &&usize| {
            self.function.body[nth].ins().is_some_and(|ins| self.webs.copies_itself(nth, ins))
        };
        let copies = change.lines.iter().filter(copies).count();
        likeness.score(&self.text, change.starts.iter().copied()) + COPY * copies as f64
    }

    /// The lines with the registers as they are now.
    fn body(&self) -> Vec<Line> {
        let line = |(nth, line): (usize, &Line)| {
            let Line::Ins(ins) = line else { return line.clone() };
            let new = Ins::new(&ins.op, &self.webs.args(nth, &ins.args));
            Line::Ins(new.map_or_else(|| ins.clone(), |new| Ins { flow: ins.flow.clone(), ..new }))
        };
        self.function.body.iter().enumerate().map(line).collect()
    }
}

/// Drops instructions that nobody needs the results of; what is then known of the functions.
fn drop_needless(program: &mut Program) -> Known {
    loop {
        let known = Known::of(program);
        let mut dropped = false;
        for function in program.functions_mut() {
            let live = Liveness::of(function, &known).behind;
            let mut live = live.iter();
            let lines = function.body.len();
            function.body.retain(|line| {
                let needed = live.next().copied().unwrap_or(!0);
                line.ins().is_none_or(|ins| !only_computes(ins) || ins.writes & needed != 0)
            });
            if function.body.len() != lines {
                dropped = true;
                function.drop_constants();
            }
        }
        if !dropped {
            return known;
        }
    }
}

/// Whether an instruction does nothing but to set registers and flags.
fn only_computes(ins: &Ins) -> bool {
    let writes = ["str", "stm", "push", "pop"].iter().any(|op| ins.op.starts_with(op));
    !writes && ins.op != ".inst.n" && ins.flow == Flow::Next && ins.writes & (SP | PC) == 0
}

/// Drops copies of a register to itself where the flags are not needed.
fn drop_copies(program: &mut Program, known: &Known) {
    for function in program.functions_mut() {
        let live = Liveness::of(function, known).behind;
        let mut live = live.iter();
        function.body.retain(|line| {
            let flags = live.next().copied().unwrap_or(!0) & NZ != 0;
            let Some(ins) = line.ins().filter(|ins| ins.op == "movs" && !flags) else { return true };
            !matches!(ins.operands()[..], [to, from] if to == from)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    #[test]
    fn registers_are_those_of_others() {
        let usual = "push {r4, r5, lr}; movs r4, r0; movs r5, r1; bl f; str r5, [r4]; pop {r4, r5, pc}";
        let other = "push {r4, r5, lr}; movs r5, r0; movs r4, r1; bl f; str r4, [r5]; pop {r4, r5, pc}";
        let mut program = program(&[("a", usual), ("b", usual), ("c", other)]);
        choose(&mut program);
        for name in ["a", "b", "c"] {
            assert_eq!(shown(&program, name), usual);
        }
    }

    #[test]
    fn a_copy_that_need_not_be_goes() {
        let text = "push {r4, lr}; bl f; ldr r1, [r0]; movs r2, r1; bl g; pop {r4, pc}";
        let mut program = program(&[("a", text), ("g", "str r2, [r2]; bx lr")]);
        choose(&mut program);
        assert_eq!(shown(&program, "a"), "push {r4, lr}; bl f; ldr r2, [r0]; bl g; pop {r4, pc}");
    }

    #[test]
    fn what_nobody_takes_is_not_computed() {
        let text = "push {r4, lr}; movs r0, #1; movs r1, #2; bl g; movs r0, #0; pop {r4, pc}";
        let caller = "push {r4, lr}; bl a; pop {r4, pc}";
        let mut program = program(&[("a", text), ("g", "str r0, [r0]; adds r0, #1; bx lr"), ("b", caller)]);
        choose(&mut program);
        assert_eq!(shown(&program, "a"), "push {r4, lr}; movs r0, #1; bl g; pop {r4, pc}");
        assert_eq!(shown(&program, "g"), "str r0, [r0]; bx lr");
    }
}
