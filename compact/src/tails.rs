//! Ends of functions that are equal and near are one.
//!
//! What leads to `pop {…, pc}` may be left by a jump of two bytes to the same instructions in another function,
//! as far as that reaches: the stack and the registers are in the same state there.

use super::code::{Flow, Ins};
use super::place::offsets;
use super::program::{Function, Line, Part, Program};
use std::collections::HashMap;

/// How far `b` reaches, less what alignment and later changes may add.
const REACH: u32 = 1_900;
/// The most instructions of an end.
const LONGEST: usize = 16;

/// The end of a function: everything from the last label or branch to `pop`.
struct Tail {
    part: usize,
    /// The line of `pop`.
    end: usize,
    /// The instructions, the last first, with constants instead of their labels.
    units: Vec<(String, String)>,
    /// Offsets in the text of each of them.
    offsets: Vec<u32>,
    /// How many of them have become a jump, and to which label.
    gone: Option<(usize, String)>,
    /// Labels, and before how many of them they stand.
    labels: Vec<(usize, String)>,
}

/// Joins the ends that are worth it, the longest first.
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

/// Joins those of a group that are near each other. They are in the order of their offsets.
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

/// Brings functions together that end alike.
pub(super) fn sort(program: &mut Program) {
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

/// The last instructions of a function, the very last first.
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

/// The instruction with its constant instead of the constant's label; none where it depends on its place.
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
        // What became a jump is shorter than what others jump to: the lines above have kept their numbers. So they
        // do when the lower label comes first.
        let mut labels = tail.labels.clone();
        labels.sort();
        for (length, label) in labels {
            function.body.insert(tail.end + 1 - length, Line::Label(label));
        }
    }
    program.functions_mut().for_each(Function::drop_constants);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    #[test]
    fn equal_ends_are_one() {
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
    fn what_is_too_far_stays() {
        let end = "push {r4, lr}; str r0, [r4]; str r0, [r5]; pop {r4, pc}";
        let long = vec!["movs r0, r1"; 1_000].join("; ") + "; bx lr";
        let mut program = program(&[("one", end), ("long", &long), ("two", end)]);
        merge(&mut program);
        assert_eq!(shown(&program, "one"), end);
        assert_eq!(shown(&program, "two"), end);
    }

    #[test]
    fn a_label_within_the_end_parts_it() {
        let one = "push {r4, lr}; bl f; .LBB0_1:; add sp, #8; pop {r4, pc}";
        let two = "push {r4, lr}; bl f; add sp, #8; pop {r4, pc}";
        let mut program = program(&[("one", one), ("two", two)]);
        merge(&mut program);
        assert_eq!(shown(&program, "one"), "push {r4, lr}; bl f; .LBB0_1:; b .LTAIL0");
    }
}
