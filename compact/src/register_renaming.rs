//! Register renaming: each value gets the register that makes its instructions similar to others.
//!
//! LLVM's allocator takes the next free register. Sequences that differ only in their registers cannot be outlined
//! together ([`super::outlining`]). So a web exchanges its register with the webs that interfere, as long as that
//! makes the program more similar to itself. Then copies of a register to itself are dropped. Dead code goes, too:
//! values computed for arguments that no callee reads, and for results that no caller uses.

use super::instruction::{Flow, Ins, NZ, PC, SP};
use super::liveness::{Liveness, Summaries};
use super::program::{Function, Line, Program};
use super::similarity::{number, window_starts, Numbers, Similarity};
use super::webs::Webs;

/// How often the pass visits each function.
const ROUNDS: usize = 2;
/// The least gain for which a change is made.
const MIN_GAIN: f64 = 0.01;
/// The worth of dropping a copy, on the scale of [`Similarity::score`].
const COPY: f64 = 8.0;

/// Renames the registers of all functions.
pub(super) fn rename(program: &mut Program) {
    let summaries = eliminate_dead_code(program);
    let mut similarity = Similarity::default();
    let mut all: Vec<Renamer> =
        program.functions().map(|function| Renamer::new(function, &summaries, &mut similarity)).collect();
    for _ in 0..ROUNDS {
        all.iter_mut().for_each(|one| one.improve(&mut similarity));
    }
    let bodies: Vec<Vec<Line>> = all.iter().map(Renamer::body).collect();
    for (function, body) in program.functions_mut().zip(bodies) {
        function.body = body;
    }
    drop_identity_copies(program, &summaries);
}

struct Renamer<'f> {
    function: &'f Function,
    /// The form of the instruction at each line; see [`Similarity::form`].
    forms: Vec<u64>,
    webs: Webs,
    text: Numbers,
}

/// An exchange of two registers: the webs of each get the other one.
struct Change {
    webs: Vec<usize>,
    registers: (u8, u8),
    lines: Vec<usize>,
    /// The lines where sequences begin that contain one of `lines`.
    starts: Vec<usize>,
}

impl<'f> Renamer<'f> {
    fn new(function: &'f Function, summaries: &Summaries, similarity: &mut Similarity) -> Self {
        let webs = Webs::of(function, summaries);
        let constants = function.constants();
        let form = |line: &Line| line.ins().map_or(0, |ins| similarity.form(ins, &constants));
        let forms: Vec<u64> = function.body.iter().map(form).collect();
        let text = forms.iter().enumerate().map(|(nth, &form)| number(form, webs.registers(nth))).collect();
        let new = Self { function, forms, webs, text };
        similarity.add(&new.text, 0..new.text.len());
        new
    }

    fn improve(&mut self, similarity: &mut Similarity) {
        for web in self.webs.free() {
            let own = self.webs.register(web);
            let mut best: Option<(f64, Change)> = None;
            for register in 0..8 {
                if register == own || self.webs.allowed >> register & 1 == 0 {
                    continue;
                }
                let Some(change) = self.change(web, register) else { continue };
                let gain = self.apply(&change, similarity);
                let encodable = |&nth: &usize| {
                    self.function.body[nth].ins().is_none_or(|ins| self.webs.is_encodable(nth, ins))
                };
                let encodable = change.lines.iter().all(encodable);
                self.apply(&change, similarity);
                if encodable && gain > best.as_ref().map_or(MIN_GAIN, |best| best.0) {
                    best = Some((gain, change));
                }
            }
            if let Some((_, change)) = best {
                self.apply(&change, similarity);
            }
        }
    }

    fn change(&self, web: usize, register: u8) -> Option<Change> {
        let webs = self.webs.exchange(web, register)?;
        let lines = self.webs.lines(&webs);
        let mut starts: Vec<usize> = lines.iter().flat_map(|&nth| window_starts(nth)).collect();
        starts.sort_unstable();
        starts.dedup();
        Some(Change { registers: (self.webs.register(web), register), webs, lines, starts })
    }

    /// Makes the change, or undoes it. Returns the gain.
    fn apply(&mut self, change: &Change, similarity: &mut Similarity) -> f64 {
        similarity.remove(&self.text, change.starts.iter().copied());
        let before = self.worth(change, similarity);
        self.webs.flip(&change.webs, change.registers.0, change.registers.1);
        for &nth in &change.lines {
            self.text[nth] = number(self.forms[nth], self.webs.registers(nth));
        }
        let after = self.worth(change, similarity);
        similarity.add(&self.text, change.starts.iter().copied());
        after - before
    }

    fn worth(&self, change: &Change, similarity: &Similarity) -> f64 {
        let copies = |&&nth: &&usize| {
            self.function.body[nth].ins().is_some_and(|ins| self.webs.copies_itself(nth, ins))
        };
        let copies = change.lines.iter().filter(copies).count();
        similarity.score(&self.text, change.starts.iter().copied()) + COPY * copies as f64
    }

    /// The lines of the function with the renamed registers.
    fn body(&self) -> Vec<Line> {
        let line = |(nth, line): (usize, &Line)| {
            let Line::Ins(ins) = line else { return line.clone() };
            let new = Ins::new(&ins.op, &self.webs.args(nth, &ins.args));
            Line::Ins(new.map_or_else(|| ins.clone(), |new| Ins { flow: ins.flow.clone(), ..new }))
        };
        self.function.body.iter().enumerate().map(line).collect()
    }
}

/// Drops instructions whose results are not needed. Returns the summaries of the functions that remain.
fn eliminate_dead_code(program: &mut Program) -> Summaries {
    loop {
        let summaries = Summaries::of(program);
        let mut dropped = false;
        for function in program.functions_mut() {
            let live = Liveness::of(function, &summaries).live_out;
            let mut live = live.iter();
            let lines = function.body.len();
            function.body.retain(|line| {
                let needed = live.next().copied().unwrap_or(!0);
                line.ins().is_none_or(|ins| !only_computes(ins) || ins.writes & needed != 0)
            });
            if function.body.len() != lines {
                dropped = true;
                function.drop_unused_constants();
            }
        }
        if !dropped {
            return summaries;
        }
    }
}

/// Whether an instruction only computes registers and flags, without another effect.
fn only_computes(ins: &Ins) -> bool {
    let writes = ["str", "stm", "push", "pop"].iter().any(|op| ins.op.starts_with(op));
    !writes && ins.op != ".inst.n" && ins.flow == Flow::Next && ins.writes & (SP | PC) == 0
}

/// Drops copies of a register to itself where the flags are not needed.
fn drop_identity_copies(program: &mut Program, summaries: &Summaries) {
    for function in program.functions_mut() {
        let live = Liveness::of(function, summaries).live_out;
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
    fn registers_become_those_of_similar_functions() {
        let usual = "push {r4, r5, lr}; movs r4, r0; movs r5, r1; bl f; str r5, [r4]; pop {r4, r5, pc}";
        let other = "push {r4, r5, lr}; movs r5, r0; movs r4, r1; bl f; str r4, [r5]; pop {r4, r5, pc}";
        let mut program = program(&[("a", usual), ("b", usual), ("c", other)]);
        rename(&mut program);
        for name in ["a", "b", "c"] {
            assert_eq!(shown(&program, name), usual);
        }
    }

    #[test]
    fn a_needless_copy_is_dropped() {
        let text = "push {r4, lr}; bl f; ldr r1, [r0]; movs r2, r1; bl g; pop {r4, pc}";
        let mut program = program(&[("a", text), ("g", "str r2, [r2]; bx lr")]);
        rename(&mut program);
        assert_eq!(shown(&program, "a"), "push {r4, lr}; bl f; ldr r2, [r0]; bl g; pop {r4, pc}");
    }

    #[test]
    fn unused_arguments_and_results_are_not_computed() {
        let text = "push {r4, lr}; movs r0, #1; movs r1, #2; bl g; movs r0, #0; pop {r4, pc}";
        let caller = "push {r4, lr}; bl a; pop {r4, pc}";
        let mut program = program(&[("a", text), ("g", "str r0, [r0]; adds r0, #1; bx lr"), ("b", caller)]);
        rename(&mut program);
        assert_eq!(shown(&program, "a"), "push {r4, lr}; movs r0, #1; bl g; pop {r4, pc}");
        assert_eq!(shown(&program, "g"), "str r0, [r0]; bx lr");
    }
}
