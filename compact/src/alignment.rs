//! Alignment: functions move so that few bytes are lost before literal pools.
//!
//! A literal pool begins at a multiple of four. Where the code before it ends two bytes earlier, they are lost. A
//! function without a pool whose size is no multiple of four helps: it moves from behind the pool to before it. Then
//! the code before the next pool is two bytes shorter or longer, and so on.

use super::instruction::Ins;
use super::layout::offsets;
use super::program::{Function, Line, Program};
use super::reach::{all_reach, falls_through, reaches, target};
use std::collections::{HashMap, HashSet};

/// Moves functions so that the program becomes shorter.
pub(super) fn balance(program: &mut Program) {
    let mut units = units(program);
    let mut start = 0;
    for nth in 0..units.len() {
        if units[nth].aligned && units[nth].is_padded(start) {
            for place in nth + 1..units.len() {
                if !units[place].is_odd() {
                    continue;
                }
                units[nth..=place].rotate_right(1);
                if all_near(&units) {
                    break;
                }
                units[nth..=place].rotate_left(1);
            }
        }
        start = units[nth].end(start);
    }
    let sorted: Vec<Function> =
        units.iter().flat_map(|unit| &unit.functions).map(|placed| placed.function.clone()).collect();
    for (function, next) in program.functions_mut().zip(sorted) {
        *function = next;
    }
}

/// Functions that stay together, since one goes on in the next.
struct Unit<'p> {
    functions: Vec<Placed<'p>>,
    /// Whether it has a literal pool.
    aligned: bool,
    /// Whether everything in it reaches, wherever it begins.
    movable: bool,
}

/// A function and its offsets if it begins at a multiple of four, and two bytes behind one.
struct Placed<'p> {
    function: &'p Function,
    sizes: [u32; 2],
    /// The labels that other functions refer to.
    labels: Vec<(&'p str, [u32; 2])>,
    /// The instructions that refer to other functions.
    references: Vec<(&'p Ins, &'p str, [u32; 2])>,
}

fn units(program: &Program) -> Vec<Unit<'_>> {
    let foreign: HashSet<&str> = program.functions().flat_map(foreign).map(|(_, _, label)| label).collect();
    let mut units = Vec::new();
    let mut open = Vec::new();
    for function in program.functions() {
        open.push(function);
        if !function.body.last().is_none_or(falls_through) {
            units.push(Unit::new(&std::mem::take(&mut open), &foreign));
        }
    }
    units.push(Unit::new(&open, &foreign));
    units
}

/// The instructions that refer to labels of other functions, with their lines and the labels.
fn foreign(function: &Function) -> Vec<(usize, &Ins, &str)> {
    let own: HashSet<&str> = function
        .body
        .iter()
        .filter_map(|line| if let Line::Label(label) = line { Some(label.as_str()) } else { None })
        .collect();
    let all = function.body.iter().enumerate().filter_map(|(nth, line)| {
        let ins = line.ins()?;
        Some((nth, ins, target(ins)?))
    });
    all.filter(|(_, _, label)| !own.contains(label)).collect()
}

impl<'p> Unit<'p> {
    fn new(functions: &[&'p Function], foreign: &HashSet<&str>) -> Self {
        let aligned = |line: &Line| matches!(line, Line::Data(text) if text.starts_with(".p2align\t2"));
        Self {
            aligned: functions.iter().any(|function| function.body.iter().any(aligned)),
            movable: functions.iter().all(|function| all_reach(function)),
            functions: functions.iter().map(|function| Placed::new(function, foreign)).collect(),
        }
    }

    /// The offset of its end if it begins at `start`.
    fn end(&self, start: u32) -> u32 {
        self.functions.iter().fold(start, |at, placed| at + placed.sizes[half(at)])
    }

    /// Whether it would be shorter if it began two bytes later.
    fn is_padded(&self, start: u32) -> bool {
        self.movable && self.end(start + 2) - 2 < self.end(start)
    }

    /// Whether what follows begins at the other half of a word if it is put before.
    fn is_odd(&self) -> bool {
        self.movable && !self.aligned && self.end(0) % 4 != 0
    }
}

impl<'p> Placed<'p> {
    fn new(function: &'p Function, foreign_labels: &HashSet<&str>) -> Self {
        let [(even, one), (odd, other)] = [0, 2].map(|start| offsets(function, start));
        let both = |nth: usize| [even[nth], odd[nth] - 2];
        let labels = function.body.iter().enumerate().filter_map(|(nth, line)| match line {
            Line::Label(label) => Some((label.as_str(), both(nth))),
            _ => None,
        });
        let labels = labels.chain([(function.name.as_str(), [0, 0])]);
        let references = foreign(function).into_iter().map(|(nth, ins, label)| (ins, label, both(nth)));
        Self {
            function,
            sizes: [one, other - 2],
            labels: labels.filter(|(label, _)| foreign_labels.contains(label)).collect(),
            references: references.collect(),
        }
    }
}

/// The place in a pair of offsets that is for the start `at`.
fn half(at: u32) -> usize {
    (at % 4 / 2) as usize
}

/// Whether all references to other functions reach.
fn all_near(units: &[Unit]) -> bool {
    let mut at = 0;
    let (mut labels, mut references) = (HashMap::new(), Vec::new());
    for placed in units.iter().flat_map(|unit| &unit.functions) {
        labels.extend(placed.labels.iter().map(|(label, offset)| (*label, at + offset[half(at)])));
        references
            .extend(placed.references.iter().map(|(ins, label, offset)| (ins, label, at + offset[half(at)])));
        at += placed.sizes[half(at)];
    }
    references
        .into_iter()
        .all(|(ins, label, at)| labels.get(label).is_none_or(|&there| reaches(ins, at, there)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::program;

    const POOL: &str = "ldr r0, .LCPI_0; bx lr; movs r0, r0; .p2align 2; .LCPI_0:; .long 4097";

    fn order(functions: &[(&str, &str)]) -> Vec<String> {
        let mut program = program(functions);
        balance(&mut program);
        program.functions().map(|function| function.name.clone()).collect()
    }

    #[test]
    fn a_function_of_half_a_word_fills_the_gap() {
        let pool = |nth: u32| POOL.replace("_0", &format!("_{nth}"));
        let functions = [
            ("one", pool(1)),
            ("even", "movs r0, #1; bx lr".into()),
            ("odd", "bx lr".into()),
            ("two", pool(2)),
        ];
        let functions: Vec<_> = functions.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(order(&functions), ["odd", "one", "even", "two"]);
    }

    #[test]
    fn what_goes_on_in_the_next_function_stays_before_it() {
        let functions = [("one", POOL), ("first", "movs r0, #1"), ("second", "bx lr"), ("odd", "bx lr")];
        assert_eq!(order(&functions), ["odd", "one", "first", "second"]);
    }

    #[test]
    fn a_jump_that_would_not_reach_keeps_its_function() {
        let long = vec!["movs r0, r1"; 1_019].join("; ") + "; bx lr";
        let end = ".LTAIL1:; movs r0, #1; bx lr";
        let functions = [("one", POOL), ("long", &*long), ("jumps", "b .LTAIL1"), ("end", end)];
        assert_eq!(order(&functions), ["one", "long", "jumps", "end"]);
        let functions = [("one", POOL), ("short", "bx lr"), ("jumps", "b .LTAIL1"), ("end", end)];
        assert_eq!(order(&functions), ["short", "one", "jumps", "end"]);
    }
}
