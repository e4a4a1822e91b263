//! Outlining: sequences that occur often become functions.
//!
//! `bl` takes four bytes and changes only lr, so it can replace a sequence in any function that saves lr first. Each
//! sequence of more than four bytes that occurs often enough is moved into a function. It returns in one of three
//! ways: by `bx lr`; if it calls other functions, by `pop`, with lr saved on the stack, which is then 8 bytes deeper;
//! or, if the call comes last, by a jump to the called function, before which it is placed.

use super::instruction::{Flow, Ins, Set, LR, PC, SP};
use super::program::{Function, Line, Part, Program};
use std::collections::{HashMap, HashSet};

/// The longest sequence, in instructions.
const LONGEST: usize = 24;
/// The size of a call, in bytes.
const CALL: i64 = 4;

/// Outlines all sequences that save bytes, beginning with those that save the most.
pub(super) fn outline(program: &mut Program) {
    let mut callees = Callees::of(program);
    let mut count = 0;
    loop {
        let found = find(program, &callees);
        if found.is_empty() {
            return;
        }
        // A change affects what later ones save: take only the best, then search again.
        let least = found[0].saved * 3 / 5;
        let mut taken: HashSet<(usize, usize)> = HashSet::new();
        let mut changes: Vec<(Place, usize, String)> = Vec::new();
        let mut new = Vec::new();
        for candidate in found.iter().take_while(|candidate| candidate.saved >= least) {
            let length = candidate.lines.len();
            let lines = |&Place { part, line }: &Place| (line..line + length).map(move |line| (part, line));
            if candidate.places.iter().flat_map(lines).any(|line| taken.contains(&line)) {
                continue;
            }
            taken.extend(candidate.places.iter().flat_map(lines));
            let name = format!("OUTLINED_FUNCTION_{count}");
            count += 1;
            changes
                .extend(candidate.places.iter().map(|&place| (place, candidate.lines.len(), name.clone())));
            new.push((candidate.jumps_to.clone(), candidate.function(name)));
        }
        changes.sort_by_key(|change| std::cmp::Reverse(change.0));
        for (place, length, name) in changes {
            let Some(Part::Function(function)) = program.parts.get_mut(place.part) else { continue };
            let Some(call) = Ins::new("bl", &name) else { continue };
            function.body.splice(place.line..place.line + length, [Line::Ins(call)]);
        }
        callees.movable.extend(new.iter().map(|(_, function)| function.name.clone()));
        insert(program, new);
        program.functions_mut().for_each(Function::drop_unused_constants);
    }
}

/// Places each function before the function that it jumps to, or after all others.
fn insert(program: &mut Program, new: Vec<(Option<String>, Function)>) {
    for (before, function) in new {
        let named =
            |part: &Part| matches!(part, Part::Function(other) if Some(&other.name) == before.as_ref());
        let last = program
            .parts
            .iter()
            .rposition(|part| matches!(part, Part::Function(_)))
            .map_or(0, |last| last + 1);
        let at = program.parts.iter().position(named).unwrap_or(last);
        program.parts.insert(at, Part::Function(function));
    }
}

/// An occurrence of a sequence: the part of the program and the line in its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Place {
    part: usize,
    line: usize,
}

/// How an outlined function returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// It calls nothing and returns by `bx lr`.
    Leaf,
    /// It ends with a jump to the function that the sequence calls last.
    Thunk,
    /// It begins with `push {rN, lr}` and ends with `pop {rN, pc}`; the sequence does not change rN.
    SavesLr(u32),
}

/// A sequence that is worth outlining.
#[derive(Debug)]
struct Candidate {
    saved: i64,
    places: Vec<Place>,
    /// The instructions. A load of a constant has the value of the constant in place of its label.
    lines: Vec<Ins>,
    frame: Frame,
    /// The function that a thunk jumps to.
    jumps_to: Option<String>,
}

/// What the outliner knows of called functions.
struct Callees {
    /// The functions before which another one may be placed.
    movable: HashSet<String>,
    /// The functions that take no arguments on the stack.
    stackless: HashSet<String>,
}

impl Callees {
    fn of(program: &Program) -> Self {
        let movable = program.functions().map(|function| function.name.clone()).collect();
        let stackless = program.functions().filter(|function| !takes_stack(function));
        let stackless: HashSet<String> = stackless.map(|function| function.name.clone()).collect();
        Self { movable, stackless }
    }

    /// Whether `name` may be called with a deeper stack. Outlined functions are made of calls that have been checked.
    fn is_stackless(&self, name: &str) -> bool {
        self.stackless.contains(name)
    }
}

/// Whether `function` may read what its caller has put on the stack.
fn takes_stack(function: &Function) -> bool {
    let mut frame = 0;
    let mut moved = 0;
    let number = |text: &str| text.trim_start_matches('#').parse::<u32>().ok();
    for ins in function.body.iter().filter_map(Line::ins) {
        let operands = ins.operands();
        match ins.op.as_str() {
            "push" => frame += 4 * ins.args.split(',').count() as u32,
            "sub" if ins.args.starts_with("sp, #") => {
                moved += 1;
                frame += operands.get(1).and_then(|text| number(text)).unwrap_or(0);
            }
            "add"
                if operands.first() == Some(&"sp")
                    && operands.len() == 2
                    && number(operands[1]).is_none() =>
            {
                return true
            }
            "mov" if operands.get(1) == Some(&"sp") => return true,
            "add" if operands.get(1) == Some(&"sp") && operands.len() == 2 => return true,
            _ if ins.reads & SP != 0 && ins.flow == Flow::Next && operands.first() != Some(&"sp") => {
                let offset =
                    ins.args.split("sp, #").nth(1).map_or(Some(0), |rest| number(rest.trim_end_matches(']')));
                if offset.is_none_or(|offset| offset >= frame) {
                    return true;
                }
            }
            _ => {}
        }
    }
    moved > 1
}

/// All sequences that are worth outlining, the best first.
fn find(program: &Program, callees: &Callees) -> Vec<Candidate> {
    let mut numbers: HashMap<(String, String), u32> = HashMap::new();
    let mut units: Vec<(Place, u32)> = Vec::new();
    let mut instructions: Vec<Ins> = Vec::new();
    for (part, function) in program.parts.iter().enumerate() {
        let Part::Function(function) = function else { continue };
        if !function.saves_lr() {
            continue;
        }
        let constants = function.constants();
        let mut in_table = false;
        for (line, text) in function.body.iter().enumerate() {
            let Some(ins) = text.ins() else { continue };
            // A jump through a table depends on the distances between its instructions.
            in_table = (in_table || ins.args.ends_with(", pc")) && ins.flow != Flow::Table;
            let Some(unit) = (!in_table).then(|| unit(ins, &constants)).flatten() else { continue };
            let next = numbers.len() as u32;
            let number = *numbers.entry((unit.op.clone(), unit.args.clone())).or_insert(next);
            if number == next {
                instructions.push(unit);
            }
            units.push((Place { part, line }, number));
        }
    }
    let mut candidates = Vec::new();
    for (places, length) in repeated(&units) {
        let start = places[0];
        let lines: Vec<Ins> = units[start..start + length]
            .iter()
            .map(|(_, number)| instructions[*number as usize].clone())
            .collect();
        let places = places.iter().map(|&at| units[at].0).collect();
        candidates.extend(Candidate::new(lines, places, callees));
    }
    candidates.sort_by(|one, other| other.saved.cmp(&one.saved).then_with(|| one.places.cmp(&other.places)));
    candidates
}

/// The instruction with the value of its constant in place of the label. None if it cannot be moved to another
/// function.
fn unit(ins: &Ins, constants: &HashMap<&str, &str>) -> Option<Ins> {
    let moves_stack = ins.writes & SP != 0;
    let bound = (ins.reads | ins.writes) & (LR | PC) != 0 && !matches!(ins.flow, Flow::Call(_));
    if ins.op == "adr" || moves_stack || bound || !matches!(ins.flow, Flow::Next | Flow::Call(_)) {
        return None;
    }
    let Some(label) = ins.constant() else { return Some(ins.clone()) };
    let value = constants.get(label)?.strip_prefix(".long\t")?;
    // A label of this function is not visible in another one.
    let own = value.contains(".LCPI") || value.contains(".LBB") || value.contains("-");
    let register = ins.operands().first()?.to_string();
    (!own).then(|| Ins { args: format!("{register}, ={value}"), ..ins.clone() })
}

/// Sequences of at least two units that occur more than once: the units where they begin, and their length.
/// Occurrences do not overlap.
fn repeated(units: &[(Place, u32)]) -> Vec<(Vec<usize>, usize)> {
    let follows = |at: usize| {
        let (one, other) = (units[at].0, units.get(at + 1).map(|unit| unit.0));
        other == Some(Place { part: one.part, line: one.line + 1 })
    };
    let mut found = Vec::new();
    // For each unit, the number of the sequence that begins there and is one unit shorter than `length`.
    let mut starts: Vec<(usize, u32)> = units.iter().enumerate().map(|(at, unit)| (at, unit.1)).collect();
    for length in 2..=LONGEST {
        let mut groups: HashMap<(u32, u32), Vec<usize>> = HashMap::new();
        for &(at, number) in &starts {
            if at + length <= units.len() && follows(at + length - 2) {
                groups.entry((number, units[at + length - 1].1)).or_default().push(at);
            }
        }
        let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|places| places.len() > 1).collect();
        groups.sort();
        starts.clear();
        for (number, places) in groups.into_iter().enumerate() {
            starts.extend(places.iter().map(|&at| (at, number as u32)));
            let mut free = 0;
            let apart: Vec<usize> = places
                .into_iter()
                .filter(|&at| {
                    let fits = at >= free;
                    free = if fits { at + length } else { free };
                    fits
                })
                .collect();
            if apart.len() > 1 {
                found.push((apart, length));
            }
        }
        starts.sort_unstable();
    }
    found
}

impl Candidate {
    fn new(lines: Vec<Ins>, places: Vec<Place>, callees: &Callees) -> Option<Self> {
        let size: i64 = lines.iter().map(|ins| i64::from(ins.size())).sum();
        let constants: HashSet<&str> = lines.iter().filter_map(constant_of).collect();
        let calls = lines.iter().filter(|ins| matches!(ins.flow, Flow::Call(_))).count();
        let last = lines.last().and_then(|ins| match &ins.flow {
            Flow::Call(Some(name)) => Some(name.clone()),
            _ => None,
        });
        let by_register = lines.last().is_some_and(|ins| ins.op == "blx");
        let thunk_of_function =
            || constants.is_empty() && last.as_ref().is_some_and(|name| callees.movable.contains(name));
        let jumps = calls == 1 && last.is_some() && (by_register || thunk_of_function());
        let (frame, body) = match calls {
            0 => (Frame::Leaf, size + 2),
            // `b` is two bytes shorter than `bl`.
            _ if jumps => (Frame::Thunk, if by_register { size } else { size - 2 }),
            _ => (Frame::SavesLr(spare(&lines, callees)?), size + 4),
        };
        let pool = constants.len() as i64 * 4 + if constants.is_empty() { 0 } else { 2 };
        let saved = places.len() as i64 * (size - CALL) - body - pool;
        let jumps_to = if frame == Frame::Thunk && !by_register { last } else { None };
        (saved > 0).then_some(Self { saved, places, lines, frame, jumps_to })
    }

    fn function(&self, name: String) -> Function {
        let mut body = Vec::new();
        let mut add = |op: &str, args: String| body.extend(Ins::new(op, &args).map(Line::Ins));
        let mut constants: Vec<&str> = Vec::new();
        if let Frame::SavesLr(spare) = self.frame {
            add("push", format!("{{r{spare}, lr}}"));
        }
        for (nth, ins) in self.lines.iter().enumerate() {
            if let Some(value) = constant_of(ins) {
                let place = constants.iter().position(|other| *other == value).unwrap_or_else(|| {
                    constants.push(value);
                    constants.len() - 1
                });
                add("ldr", format!("{}, .LCPI_{name}_{place}", ins.operands()[0]));
            } else if self.frame == Frame::Thunk && nth + 1 == self.lines.len() && ins.op == "blx" {
                add("bx", ins.args.clone());
            } else if self.frame == Frame::Thunk && nth + 1 == self.lines.len() {
                body.push(Line::Ins(Ins { op: "b".into(), flow: Flow::Return, ..ins.clone() }));
                return Function::new(name, body);
            } else if matches!(self.frame, Frame::SavesLr(_)) && ins.reads & SP != 0 && ins.flow == Flow::Next
            {
                add(&ins.op, adjust_sp_offset(&ins.args));
            } else {
                add(&ins.op, ins.args.clone());
            }
        }
        match self.frame {
            Frame::SavesLr(spare) => add("pop", format!("{{r{spare}, pc}}")),
            Frame::Thunk => {}
            Frame::Leaf => add("bx", "lr".into()),
        }
        if !constants.is_empty() {
            body.push(Line::Data(".p2align\t2".into()));
        }
        for (place, value) in constants.iter().enumerate() {
            body.push(Line::Label(format!(".LCPI_{name}_{place}")));
            body.push(Line::Data(format!(".long\t{value}")));
        }
        Function::new(name, body)
    }
}

/// The constant that a unit loads.
fn constant_of(ins: &Ins) -> Option<&str> {
    ins.operands().get(1).copied().and_then(|operand| operand.strip_prefix('='))
}

/// The bytes that [`Frame::SavesLr`] pushes. The stack stays aligned to 8 bytes.
const LR_SAVE_SIZE: u32 = 8;

/// Operands with offsets from sp adjusted for a stack that is [`LR_SAVE_SIZE`] deeper.
fn adjust_sp_offset(args: &str) -> String {
    match args.split_once("sp, #") {
        Some((before, rest)) => {
            let digits = rest.trim_end_matches(']');
            let offset =
                digits.parse::<u32>().map_or(rest.to_string(), |offset| (offset + LR_SAVE_SIZE).to_string());
            format!("{before}sp, #{offset}{}", &rest[digits.len()..])
        }
        None => args.replace("[sp]", &format!("[sp, #{LR_SAVE_SIZE}]")),
    }
}

/// A register that the sequence does not write. None if the sequence does not work with a deeper stack.
fn spare(lines: &[Ins], callees: &Callees) -> Option<u32> {
    const REACH: u32 = 1020;
    let mut written: Set = 0;
    for ins in lines {
        match &ins.flow {
            Flow::Call(Some(name)) if callees.is_stackless(name) => {}
            Flow::Call(_) => return None,
            _ if ins.reads & SP != 0 => {
                let number = |rest: &str| rest.trim_end_matches(']').parse::<u32>().ok();
                let offset = ins.args.split("sp, #").nth(1).map_or(Some(0), number)?;
                let plain = ins.args.contains("[sp") || ins.args.contains("sp, #");
                if !plain || offset + LR_SAVE_SIZE > REACH {
                    return None;
                }
            }
            _ => {}
        }
        written |= ins.writes;
    }
    (4..8).rev().find(|number| written & (1 << number) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    /// Outlines a sequence that three functions have in common.
    fn outlined(common: &str, others: &[(&str, &str)]) -> Program {
        let texts: Vec<String> =
            (1..4).map(|n| format!("push {{r4, r5, r6, lr}}; sub sp, #16; adds r0, #{n}; {common}; adds r1, #{n}; add sp, #16; pop {{r4, r5, r6, pc}}")).collect();
        let names = ["one", "two", "three"];
        let mut all: Vec<(&str, &str)> = names.into_iter().zip(texts.iter().map(String::as_str)).collect();
        all.extend_from_slice(others);
        let mut program = program(&all);
        outline(&mut program);
        program
    }

    const LEAF: (&str, &str) = ("g", "bx lr");

    #[test]
    fn plain_sequences_return_by_lr() {
        let program = outlined("lsls r2, r0, #3; eors r2, r1; ldr r3, [sp, #4]; str r2, [r3]", &[]);
        assert_eq!(
            shown(&program, "OUTLINED_FUNCTION_0"),
            "lsls r2, r0, #3; eors r2, r1; ldr r3, [sp, #4]; str r2, [r3]; bx lr"
        );
        assert!(shown(&program, "two").contains("adds r0, #2; bl OUTLINED_FUNCTION_0; adds r1, #2"));
    }

    #[test]
    fn a_call_that_comes_last_is_a_jump() {
        let program = outlined("movs r1, r5; ldr r0, [sp, #4]; bl g", &[LEAF]);
        assert_eq!(shown(&program, "OUTLINED_FUNCTION_0"), "movs r1, r5; ldr r0, [sp, #4]; b g");
        let names: Vec<&str> = program.functions().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["one", "two", "three", "OUTLINED_FUNCTION_0", "g"]);
    }

    #[test]
    fn a_last_call_by_a_register_jumps_by_it() {
        let mut program = program(&[]);
        for (name, n) in [("one", 1), ("two", 2), ("three", 3)] {
            let text = format!("push {{r4, lr}}; adds r0, #{n}; movs r1, r5; movs r3, r6; lsls r3, r3, #2; ldr r0, [sp, #4]; ldr r2, .LCPI0_0; blx r8; adds r1, #{n}; pop {{r4, pc}}; .p2align 2; .LCPI0_0:; .long EMPTY");
            let mut function = crate::program::testing::function(name, &text);
            for line in &mut function.body {
                if let Line::Ins(ins) = line {
                    ins.flow = if ins.op == "blx" { Flow::Call(Some("g".into())) } else { ins.flow.clone() };
                }
            }
            program.parts.push(Part::Function(function));
        }
        outline(&mut program);
        assert_eq!(
            shown(&program, "OUTLINED_FUNCTION_0"),
            "movs r1, r5; movs r3, r6; lsls r3, r3, #2; ldr r0, [sp, #4]; ldr r2, .LCPI_OUTLINED_FUNCTION_0_0; bx r8; .p2align 2; .LCPI_OUTLINED_FUNCTION_0_0:; .long EMPTY"
        );
    }

    #[test]
    fn a_sequence_with_calls_saves_lr_and_adjusts_sp_offsets() {
        let program =
            outlined("ldr r0, [sp, #4]; bl g; str r0, [sp]; add r1, sp, #8; bl g; movs r2, r0", &[LEAF]);
        assert_eq!(
            shown(&program, "OUTLINED_FUNCTION_0"),
            "push {r7, lr}; ldr r0, [sp, #12]; bl g; str r0, [sp, #8]; add r1, sp, #16; bl g; movs r2, r0; pop {r7, pc}"
        );
    }

    #[test]
    fn functions_with_arguments_on_the_stack_are_not_called_with_a_deeper_stack() {
        let common = "movs r0, r5; bl g; movs r1, r0; movs r2, r6; str r1, [r5]";
        for callee in
            ["ldr r0, [sp]; bx lr", "push {r4, lr}; sub sp, #8; ldr r0, [sp, #16]; add sp, #8; pop {r4, pc}"]
        {
            let program = outlined(common, &[("g", callee)]);
            assert!(program
                .functions()
                .all(|function| !shown(&program, &function.name).starts_with("push {r7, lr}")));
        }
        let own = "push {r4, lr}; sub sp, #8; ldr r0, [sp, #4]; add sp, #8; pop {r4, pc}";
        let program = outlined(common, &[("g", own)]);
        assert!(shown(&program, "OUTLINED_FUNCTION_0").starts_with("push {r7, lr}"));
        // Nothing is known of a function that is not in the program.
        let program = outlined(common, &[]);
        assert!(program
            .functions()
            .all(|function| !shown(&program, &function.name).starts_with("push {r7, lr}")));
    }

    #[test]
    fn constants_move_with_the_sequence() {
        let texts: Vec<String> = (1..5)
            .map(|n| format!("push {{r4, lr}}; ldr r0, .LCPI{n}_0; movs r1, #7; str r1, [r0]; str r1, [r2]; str r1, [r3]; adds r2, #{n}; pop {{r4, pc}}; .p2align 2; .LCPI{n}_0:; .long v"))
            .collect();
        let names = ["a", "b", "c", "d"];
        let all: Vec<(&str, &str)> = names.into_iter().zip(texts.iter().map(String::as_str)).collect();
        let mut program = program(&all);
        outline(&mut program);
        assert_eq!(
            shown(&program, "OUTLINED_FUNCTION_0"),
            "ldr r0, .LCPI_OUTLINED_FUNCTION_0_0; movs r1, #7; str r1, [r0]; str r1, [r2]; str r1, [r3]; bx lr; .p2align 2; .LCPI_OUTLINED_FUNCTION_0_0:; .long v"
        );
        assert_eq!(shown(&program, "a"), "push {r4, lr}; bl OUTLINED_FUNCTION_0; adds r2, #1; pop {r4, pc}");
    }

    #[test]
    fn instructions_that_depend_on_their_place_stay() {
        for common in [
            "adr r0, .LCPI1_0; movs r1, #7; movs r2, #7; str r1, [r2]",
            "mov r3, lr; movs r1, #7; movs r2, #8; str r1, [r2]",
        ] {
            let program = outlined(common, &[]);
            let first = common.split("; ").next().unwrap();
            assert!(shown(&program, "one").contains(first), "{common}");
        }
        // In a function that does not save lr, a call would destroy it.
        let leaf = "lsls r2, r0, #3; eors r2, r1; str r2, [r0]; bx lr";
        let mut leaves = program(&[("a", leaf), ("b", leaf), ("c", leaf), ("d", leaf)]);
        outline(&mut leaves);
        assert_eq!(leaves.functions().count(), 4);
    }
}
