//! Liveness: which registers and flags are needed later, before and after each line.

use super::instruction::{register, Flow, Ins, Set, ARGUMENTS, NZ};
use super::program::{symbols_in, Function, Line, Part, Program};
use std::collections::{HashMap, HashSet};

/// Interprocedural summaries: the registers in which each function takes arguments, and the results that its callers
/// use. A function that is not in it may take all arguments and return all results.
#[derive(Debug, Default)]
pub(super) struct Summaries {
    arguments: HashMap<String, Set>,
    results: HashMap<String, Set>,
}

/// The live registers and flags of a function.
pub(super) struct Liveness {
    /// What each line reads.
    pub reads: Vec<Set>,
    /// What is live before each line.
    pub live_in: Vec<Set>,
    /// What is live after each line.
    pub live_out: Vec<Set>,
    /// The lines that may come after each line.
    pub successors: Vec<Vec<usize>>,
}

/// What is live after each line of `function`, without summaries.
pub(super) fn live_out(function: &Function) -> Vec<Set> {
    Liveness::of(function, &Summaries::default()).live_out
}

impl Liveness {
    /// Computes the liveness of `function`; `summaries` describe the functions that it calls.
    pub(super) fn of(function: &Function, summaries: &Summaries) -> Self {
        let body = &function.body;
        let result = |ins: &Ins| if function.returns_flags && ins.returns_to_caller() { NZ } else { 0 };
        let reads = |ins: &Ins| summaries.reads(ins, &function.name) | result(ins);
        let reads: Vec<Set> = body.iter().map(|line| line.ins().map_or(0, reads)).collect();
        let successors = successors(body);
        let (mut live_in, mut live_out) = (vec![0; body.len()], vec![0; body.len()]);
        loop {
            let mut changed = false;
            for nth in (0..body.len()).rev() {
                let out = successors[nth].iter().fold(0, |set, &at| set | live_in[at]);
                let kills = body[nth].ins().map_or(0, |ins| ins.kills);
                let needed = (out & !kills) | reads[nth];
                changed |= needed != live_in[nth];
                (live_in[nth], live_out[nth]) = (needed, out);
            }
            if !changed {
                return Self { reads, live_in, live_out, successors };
            }
        }
    }
}

/// The lines that may come after each line.
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

impl Summaries {
    /// Computes the summaries of all functions in `program`.
    pub(super) fn of(program: &Program) -> Self {
        let named = address_taken(program);
        let mut summaries = Self::default();
        for function in program.functions() {
            let results = if named.contains(function.name.as_str()) { ARGUMENTS } else { 0 };
            summaries.results.insert(function.name.clone(), results);
            summaries.arguments.insert(function.name.clone(), 0);
        }
        loop {
            let mut changed = false;
            for function in program.functions() {
                changed |= summaries.update(function);
            }
            if !changed {
                return summaries;
            }
        }
    }

    /// Updates the summaries of `function` and of the functions that it calls. Returns whether any has changed.
    fn update(&mut self, function: &Function) -> bool {
        let live = Liveness::of(function, self);
        let arguments = live.live_in.first().map_or(0, |set| set & ARGUMENTS);
        let mut changed = self.arguments.insert(function.name.clone(), arguments) != Some(arguments);
        for (line, needed) in function.body.iter().zip(live.live_out) {
            let Some(ins) = line.ins() else { continue };
            let (name, used) = match &ins.flow {
                Flow::Call(Some(name)) => (name, needed & ARGUMENTS),
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

    /// The registers and flags that `ins` reads. It is an instruction of the function `name`.
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

/// All names in constants and in text that is not understood. The callers of such a function are unknown.
pub(super) fn address_taken(program: &Program) -> HashSet<&str> {
    let mut named = HashSet::new();
    for part in &program.parts {
        match part {
            Part::Other(lines) => named.extend(lines.iter().flat_map(|line| symbols_in(line))),
            Part::Function(function) => {
                for line in &function.body {
                    if let Line::Data(text) = line {
                        named.extend(symbols_in(text));
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
    use crate::instruction::CV;
    use crate::program::testing::{function, program};

    #[test]
    fn registers_used_in_a_loop_are_live_around_it() {
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
        one.returns_flags = true;
        assert_eq!(live_out(&one)[0] & NZ, NZ);
    }

    #[test]
    fn a_call_ends_the_values_in_its_registers() {
        let live = live_out(&function("f", "push {r4, lr}; movs r4, r0; bl g; movs r0, r4; pop {r4, pc}"));
        assert_eq!(live[2] & 0b1_0001, 0b1_0000);
        assert_eq!(live[0] & 1, 1);
    }

    #[test]
    fn summaries_hold_arguments_and_used_results() {
        let program = program(&[
            ("f", "push {r4, lr}; bl g; cmp r0, #0; beq .LBB0_1; .LBB0_1:; movs r0, #1; movs r1, #2; pop {r4, pc}"),
            ("g", "push {r4, lr}; movs r0, r2; bl h; pop {r4, pc}"),
            ("h", "adds r0, r0, r3; bx lr"),
            ("i", "push {r4, lr}; bl asm; bl f; movs r0, #0; pop {r4, pc}"),
            ("j", "ldr r0, .LCPI0_0; bx lr; .p2align 2; .LCPI0_0:; .long j"),
        ]);
        let summaries = Summaries::of(&program);
        let of = |map: &HashMap<String, Set>, name: &str| map[name];
        assert_eq!(of(&summaries.arguments, "g"), 0b1100);
        assert_eq!(of(&summaries.arguments, "h"), 0b1001);
        assert_eq!(of(&summaries.arguments, "f"), 0b1100);
        assert_eq!(of(&summaries.results, "g"), 1);
        assert_eq!(of(&summaries.results, "h"), 1);
        assert_eq!(of(&summaries.results, "f"), 0);
        // `asm` is not in the program, and `j` is called by its address: no summary can be made.
        assert_eq!(of(&summaries.arguments, "i"), 0b1111);
        assert_eq!(of(&summaries.results, "j"), 0b1111);
    }
}
