//! Tail merging (cross-jumping): one of several equal ends of functions is kept.
//!
//! The instructions before `pop {…, pc}` can be replaced by a jump of two bytes to the same instructions in another
//! function, if it is near enough: the stack and the registers are in the same state there.

use super::instruction::{Flow, Ins};
use super::layout::offsets;
use super::program::{Function, Line, Part, Program};
use std::collections::HashMap;

/// The distance in bytes that `b` reaches, less a margin for alignment and later changes.
const REACH: u32 = 1_900;
/// The most instructions of a tail.
const LONGEST: usize = 16;

/// The end of a function: the instructions from the last label or branch to `pop`.
struct Tail {
    part: usize,
    /// The line of `pop`.
    end: usize,
    /// The instructions, the last one first, with the values of constants in place of labels.
    units: Vec<(String, String)>,
    /// The offset of each instruction in the program.
    offsets: Vec<u32>,
    /// If it is replaced by a jump: how many instructions, and the label of the jump.
    gone: Option<(usize, String)>,
    /// New labels, each with the number of instructions from there to the end.
    labels: Vec<(usize, String)>,
}

/// Merges tails where that saves bytes, the longest first.
pub(super) fn merge(program: &mut Program) {
    let mut tails = find(program);
    let mut count = 0;
    for length in (2..=LONGEST).rev() {
        let mut groups: HashMap<Vec<(String, String)>, Vec<usize>> = HashMap::new();
        for (nth, tail) in tails.iter().enumerate() {
            if let (None, Some(units)) = (&tail.gone, tail.units.get(..length)) {
                groups.entry(units.to_vec()).or_default().push(nth);
            }
        }
        let mut groups: Vec<Vec<usize>> = groups.into_values().filter(|group| group.len() > 1).collect();
        groups.sort();
        groups.iter().for_each(|group| join(&mut tails, group, length, &mut count));
    }
    apply(program, &tails);
}

/// Merges the tails of a group that are near each other. The group is in the order of offsets.
fn join(tails: &mut [Tail], group: &[usize], length: usize, count: &mut usize) {
    let offset = |tails: &[Tail], nth: usize| tails[nth].offsets[length - 1];
    let mut rest = group;
    while let Some(&first) = rest.first() {
        let reach = |from: u32| move |at: u32| at <= from + REACH;
        let near = reach(offset(tails, first));
        let host = rest.iter().rposition(|&nth| near(offset(tails, nth))).unwrap_or(0);
        let far = reach(offset(tails, rest[host]));
        let end = rest.iter().rposition(|&nth| far(offset(tails, nth))).unwrap_or(host) + 1;
        if end > 1 {
            let label = format!(".LTAIL{count}");
            *count += 1;
            for (nth, &tail) in rest[..end].iter().enumerate() {
                if nth == host {
                    tails[tail].labels.push((length, label.clone()));
                } else {
                    tails[tail].gone = Some((length, label.clone()));
                }
            }
        }
        rest = &rest[end..];
    }
}

/// Sorts the functions so that those with similar ends are neighbours.
pub(super) fn sort_by_end(program: &mut Program) {
    let mut functions: Vec<(Vec<(String, String)>, Function)> =
        program.functions().map(|function| (end_of(function), function.clone())).collect();
    functions.sort_by(|one, other| one.0.cmp(&other.0));
    let mut sorted = functions.into_iter();
    for function in program.functions_mut() {
        if let Some((_, next)) = sorted.next() {
            *function = next;
        }
    }
}

/// The last instructions of a function, the very last one first.
fn end_of(function: &Function) -> Vec<(String, String)> {
    let constants = function.constants();
    let last = function.body.iter().rposition(|line| line.ins().is_some_and(|ins| ins.flow == Flow::Return));
    let Some(last) = last else { return Vec::new() };
    let before = function.body[..last].iter().rev().map_while(|line| unit(line.ins()?, &constants));
    std::iter::once(unit_of(&function.body[last])).chain(before).take(LONGEST).collect()
}

fn find(program: &Program) -> Vec<Tail> {
    let mut tails = Vec::new();
    let mut start = 0;
    for (part, function) in program.parts.iter().enumerate() {
        let Part::Function(function) = function else { continue };
        let (places, end) = offsets(function, start);
        start = end;
        let constants = function.constants();
        for (nth, line) in function.body.iter().enumerate() {
            if !line.ins().is_some_and(|ins| ins.op == "pop" && ins.flow == Flow::Return) {
                continue;
            }
            let before = function.body[..nth].iter().rev().map_while(|line| unit(line.ins()?, &constants));
            let units: Vec<_> = std::iter::once(unit_of(line)).chain(before).take(LONGEST).collect();
            let offsets = places[..=nth].iter().rev().take(units.len()).copied().collect();
            tails.push(Tail { part, end: nth, units, offsets, gone: None, labels: Vec::new() });
        }
    }
    tails
}

fn unit_of(line: &Line) -> (String, String) {
    line.ins().map_or_else(Default::default, |ins| (ins.op.clone(), ins.args.clone()))
}

/// The instruction with the value of its constant in place of the label. None if it cannot be moved to another
/// function.
fn unit(ins: &Ins, constants: &HashMap<&str, &str>) -> Option<(String, String)> {
    let bound = ins.op == "adr" || ins.op == "push" || ins.args.ends_with(", pc");
    if bound || !matches!(ins.flow, Flow::Next | Flow::Call(_)) {
        return None;
    }
    match ins.constant() {
        None => Some((ins.op.clone(), ins.args.clone())),
        Some(label) => {
            let value = constants.get(label)?.strip_prefix(".long\t").filter(|value| !value.contains('-'))?;
            Some((ins.op.clone(), format!("{}, ={value}", ins.operands().first()?)))
        }
    }
}

fn apply(program: &mut Program, tails: &[Tail]) {
    for tail in tails.iter().rev() {
        let Some(Part::Function(function)) = program.parts.get_mut(tail.part) else { continue };
        if let Some((length, label)) = &tail.gone {
            let jump = Ins::new("b", label).map(Line::Ins);
            function.body.splice(tail.end + 1 - length..=tail.end, jump);
        }
        // The replaced instructions come after all labels that other tails jump to, so the lines before keep their
        // numbers. Inserting the lower label first keeps them, too.
        let mut labels = tail.labels.clone();
        labels.sort();
        for (length, label) in labels {
            function.body.insert(tail.end + 1 - length, Line::Label(label));
        }
    }
    program.functions_mut().for_each(Function::drop_unused_constants);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    #[test]
    fn equal_tails_are_merged() {
        let end = "str r0, [r4]; add sp, #8; pop {r4, pc}";
        let one = format!("push {{r4, lr}}; movs r0, #1; {end}");
        let two = format!("push {{r4, lr}}; movs r0, #2; {end}");
        let three = "push {r4, lr}; movs r0, #3; add sp, #8; pop {r4, pc}";
        let other = "push {r4, lr}; movs r0, #3; add sp, #16; pop {r4, pc}";
        let mut program = program(&[("one", &one), ("two", &two), ("three", three), ("other", other)]);
        merge(&mut program);
        assert_eq!(shown(&program, "one"), "push {r4, lr}; movs r0, #1; b .LTAIL0");
        assert_eq!(shown(&program, "two"), "push {r4, lr}; movs r0, #2; .LTAIL0:; str r0, [r4]; b .LTAIL1");
        assert_eq!(
            shown(&program, "three"),
            "push {r4, lr}; movs r0, #3; .LTAIL1:; add sp, #8; pop {r4, pc}"
        );
        assert_eq!(shown(&program, "other"), other);
    }

    #[test]
    fn tails_out_of_reach_stay() {
        let end = "push {r4, lr}; str r0, [r4]; str r0, [r5]; pop {r4, pc}";
        let long = vec!["movs r0, r1"; 1_000].join("; ") + "; bx lr";
        let mut program = program(&[("one", end), ("long", &long), ("two", end)]);
        merge(&mut program);
        assert_eq!(shown(&program, "one"), end);
        assert_eq!(shown(&program, "two"), end);
    }

    #[test]
    fn a_label_ends_the_tail() {
        let one = "push {r4, lr}; bl f; .LBB0_1:; add sp, #8; pop {r4, pc}";
        let two = "push {r4, lr}; bl f; add sp, #8; pop {r4, pc}";
        let mut program = program(&[("one", one), ("two", two)]);
        merge(&mut program);
        assert_eq!(shown(&program, "one"), "push {r4, lr}; bl f; .LBB0_1:; b .LTAIL0");
    }
}
