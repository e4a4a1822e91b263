//! Which registers and flags are needed later.

use super::code::{register, Flow, Ins, Set, ARGUMENTS, NZ};
use super::program::{names_in, Function, Line, Part, Program};
use std::collections::{HashMap, HashSet};

/// Which registers functions take their arguments in, and which of their results their callers use. Of a function
/// that is not in it, both may be all.
#[derive(Debug, Default)]
pub(super) struct Known {
    arguments: HashMap<String, Set>,
    results: HashMap<String, Set>,
}

/// What is needed before and behind each line of a function.
pub(super) struct Liveness {
    /// What the instruction of the line reads.
    pub reads: Vec<Set>,
    /// What is needed before it.
    pub before: Vec<Set>,
    /// What is needed behind it.
    pub behind: Vec<Set>,
    /// The lines that may come next.
    pub next: Vec<Vec<usize>>,
}

/// For each line of `function`, what is needed behind it.
pub(super) fn live_out(function: &Function) -> Vec<Set> {
    Liveness::of(function, &Known::default()).behind
}

impl Liveness {
    /// Of `function`, which calls what `known` knows.
    pub(super) fn of(function: &Function, known: &Known) -> Self {
        let body = &function.body;
        let result = |ins: &Ins| if function.flags && ins.comes_back() { NZ } else { 0 };
        let reads = |ins: &Ins| known.reads(ins, &function.name) | result(ins);
        let reads: Vec<Set> = body.iter().map(|line| line.ins().map_or(0, reads)).collect();
        let next = successors(body);
        let (mut before, mut behind) = (vec![0; body.len()], vec![0; body.len()]);
        loop {
            let mut changed = false;
            for nth in (0..body.len()).rev() {
                let out = next[nth].iter().fold(0, |set, &at| set | before[at]);
                let kills = body[nth].ins().map_or(0, |ins| ins.kills);
                let needed = (out & !kills) | reads[nth];
                changed |= needed != before[nth];
                (before[nth], behind[nth]) = (needed, out);
            }
            if !changed {
                return Self { reads, before, behind, next };
            }
        }
    }
}

/// The lines that may come behind each line.
pub(super) fn successors(body: &[Line]) -> Vec<Vec<usize>> {
    let mut labels: HashMap<&str, usize> = HashMap::new();
    for (nth, line) in body.iter().enumerate() {
        if let Line::Label(label) = line {
            labels.insert(label, nth);
        }
    }
    let mut all: Vec<usize> = labels.values().copied().collect();
    all.sort_unstable();
    let next = |(nth, line): (usize, &Line)| {
        let following = (nth + 1 < body.len()).then_some(nth + 1);
        match line.ins().map(|ins| &ins.flow) {
            Some(Flow::Branch { label, conditional }) => {
                let there = labels.get(label.as_str()).copied();
                there.into_iter().chain(following.filter(|_| *conditional)).collect()
            }
            Some(Flow::Table) => all.clone(),
            Some(Flow::Return | Flow::Trap) => Vec::new(),
            _ => following.into_iter().collect(),
        }
    };
    body.iter().enumerate().map(next).collect()
}

impl Known {
    /// Of all functions of `program` that are understood.
    pub(super) fn of(program: &Program) -> Self {
        let named = named_elsewhere(program);
        let mut known = Self::default();
        for function in program.functions() {
            let results = if named.contains(function.name.as_str()) { ARGUMENTS } else { 0 };
            known.results.insert(function.name.clone(), results);
            known.arguments.insert(function.name.clone(), 0);
        }
        loop {
            let mut changed = false;
            for function in program.functions() {
                changed |= known.learn(function);
            }
            if !changed {
                return known;
            }
        }
    }

    /// Adds what `function` tells of itself and of what it calls; whether that is new.
    fn learn(&mut self, function: &Function) -> bool {
        let live = Liveness::of(function, self);
        let arguments = live.before.first().map_or(0, |set| set & ARGUMENTS);
        let mut changed = self.arguments.insert(function.name.clone(), arguments) != Some(arguments);
        for (line, behind) in function.body.iter().zip(live.behind) {
            let Some(ins) = line.ins() else { continue };
            let (name, used) = match &ins.flow {
                Flow::Call(Some(name)) => (name, behind & ARGUMENTS),
                Flow::Return if ins.op == "b" => (&ins.args, self.results_of(&function.name)),
                _ => continue,
            };
            if let Some(results) = self.results.get_mut(name) {
                changed |= used & !*results != 0;
                *results |= used;
            }
        }
        changed
    }

    fn results_of(&self, name: &str) -> Set {
        self.results.get(name).copied().unwrap_or(ARGUMENTS)
    }

    /// What `ins`, an instruction of the function `name`, reads.
    fn reads(&self, ins: &Ins, name: &str) -> Set {
        let arguments = |name: &str| self.arguments.get(name).copied().unwrap_or(ARGUMENTS);
        let needed = match &ins.flow {
            Flow::Call(Some(callee)) => arguments(callee),
            Flow::Return if ins.op == "b" => arguments(&ins.args),
            Flow::Return if ins.op == "bx" => register(&ins.args) | self.results_of(name),
            Flow::Return => self.results_of(name),
            _ => return ins.reads,
        };
        (ins.reads & !ARGUMENTS) | needed
    }
}

/// All names in what is not understood and in constants: who calls such a function is not known.
fn named_elsewhere(program: &Program) -> HashSet<&str> {
    let mut named = HashSet::new();
    for part in &program.parts {
        match part {
            Part::Other(lines) => named.extend(lines.iter().flat_map(|line| names_in(line))),
            Part::Function(function) => {
                for line in &function.body {
                    if let Line::Data(text) = line {
                        named.extend(names_in(text));
                    }
                }
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CV;
    use crate::program::testing::{function, program};

    #[test]
    fn what_a_loop_needs_is_live_around_it() {
        let live = live_out(&function("f", ".LBB0_1:; subs r4, r4, #1; bne .LBB0_1; movs r0, r5; bx lr"));
        assert_eq!(live[1] & (NZ | CV), NZ);
        assert_eq!(live[2] & 0b11_0000, 0b11_0000);
        assert_eq!(live[3] & 1, 1);
        assert_eq!(live[2] & 1, 0);
    }

    #[test]
    fn flags_may_be_results() {
        let mut one = function("f", "movs r0, r5; ldr r1, [r2]; bx lr");
        assert_eq!(live_out(&one)[0] & NZ, 0);
        one.flags = true;
        assert_eq!(live_out(&one)[0] & NZ, NZ);
    }

    #[test]
    fn a_call_ends_what_was_in_its_registers() {
        let live = live_out(&function("f", "push {r4, lr}; movs r4, r0; bl g; movs r0, r4; pop {r4, pc}"));
        assert_eq!(live[2] & 0b1_0001, 0b1_0000);
        assert_eq!(live[0] & 1, 1);
    }

    #[test]
    fn functions_tell_what_they_take_and_what_is_used_of_them() {
        let program = program(&[
            ("f", "push {r4, lr}; bl g; cmp r0, #0; beq .LBB0_1; .LBB0_1:; movs r0, #1; movs r1, #2; pop {r4, pc}"),
            ("g", "push {r4, lr}; movs r0, r2; bl h; pop {r4, pc}"),
            ("h", "adds r0, r0, r3; bx lr"),
            ("i", "push {r4, lr}; bl asm; bl f; movs r0, #0; pop {r4, pc}"),
            ("j", "ldr r0, .LCPI0_0; bx lr; .p2align 2; .LCPI0_0:; .long j"),
        ]);
        let known = Known::of(&program);
        let of = |map: &HashMap<String, Set>, name: &str| map[name];
        assert_eq!(of(&known.arguments, "g"), 0b1100);
        assert_eq!(of(&known.arguments, "h"), 0b1001);
        assert_eq!(of(&known.arguments, "f"), 0b1100);
        assert_eq!(of(&known.results, "g"), 1);
        assert_eq!(of(&known.results, "h"), 1);
        assert_eq!(of(&known.results, "f"), 0);
        // Nothing is known of `asm`, nor of who calls `j` by its address.
        assert_eq!(of(&known.arguments, "i"), 0b1111);
        assert_eq!(of(&known.results, "j"), 0b1111);
    }
}
