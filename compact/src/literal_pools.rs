//! Literal pool sharing: a function uses an equal constant of a later function instead of its own.
//!
//! An instruction can load a constant that lies up to 1 KB after it. LLVM gives each function a literal pool of its
//! own.

use super::instruction::Ins;
use super::layout::offsets;
use super::program::{Line, Part, Program};
use std::collections::{HashMap, HashSet};

/// The distance in bytes that a load reaches, less a margin for alignment.
const REACH: u32 = 1_000;

/// A constant: its label, its value, its offset, and the offset of the first instruction that loads it.
struct Constant {
    label: String,
    value: String,
    at: u32,
    first_use: u32,
}

/// Drops constants when an equal one follows that all instructions that load them can reach.
pub(super) fn share(program: &mut Program) {
    let mut constants = find(program);
    constants.sort_by_key(|constant| constant.at);
    let mut instead: HashMap<String, String> = HashMap::new();
    for nth in 0..constants.len() {
        let one = &constants[nth];
        let later = constants[nth + 1..].iter().take_while(|other| other.at <= one.first_use + REACH);
        let Some(other) = later
            .map(|other| &other.label)
            .zip(1..)
            .filter(|(_, ahead)| constants[nth + ahead].value == one.value)
            .last()
        else {
            continue;
        };
        instead.insert(one.label.clone(), other.0.clone());
        let (ahead, first_use) = (nth + other.1, one.first_use);
        constants[ahead].first_use = constants[ahead].first_use.min(first_use);
    }
    change(program, &instead);
}

/// The constants of four bytes that have one label and are used by load instructions only.
fn find(program: &Program) -> Vec<Constant> {
    let mut found = Vec::new();
    let mut start = 0;
    for function in program.functions() {
        let (places, end) = offsets(function, start);
        start = end;
        let mut uses: HashMap<&str, u32> = HashMap::new();
        let mut barred: HashSet<&str> = HashSet::new();
        for (line, at) in function.body.iter().zip(&places) {
            match line {
                Line::Ins(ins) => match ins.constant() {
                    Some(label) => {
                        uses.entry(label).or_insert(*at);
                    }
                    None => barred.extend(ins.operands().last()),
                },
                Line::Data(_) | Line::Label(_) => {}
            }
        }
        for (nth, pair) in function.body.windows(2).enumerate() {
            let [Line::Label(label), Line::Data(text)] = pair else { continue };
            let alone = nth == 0 || !matches!(function.body[nth - 1], Line::Label(_));
            let Some(value) = text.strip_prefix(".long\t").filter(|value| !value.contains('-')) else {
                continue;
            };
            if let (Some(&first_use), true, false) =
                (uses.get(label.as_str()), alone, barred.contains(label.as_str()))
            {
                found.push(Constant {
                    label: label.clone(),
                    value: value.into(),
                    at: places[nth],
                    first_use,
                });
            }
        }
    }
    found
}

/// Loads the constants in `instead` in place of the dropped ones.
fn change(program: &mut Program, instead: &HashMap<String, String>) {
    // The replacement of a constant may be replaced itself.
    let last = |label: &str| {
        let mut label = label;
        while let Some(next) = instead.get(label) {
            label = next;
        }
        label.to_string()
    };
    for part in &mut program.parts {
        let Part::Function(function) = part else { continue };
        let mut gone = false;
        function.body.retain_mut(|line| match line {
            Line::Label(label) => {
                gone = instead.contains_key(label);
                !gone
            }
            Line::Data(_) => !std::mem::take(&mut gone),
            Line::Ins(ins) => {
                if let Some(label) = ins.constant().filter(|label| instead.contains_key(*label)) {
                    let args = format!("{}, {}", ins.operands()[0], last(label));
                    *ins = Ins::new("ldr", &args).unwrap_or_else(|| ins.clone());
                }
                true
            }
        });
        function.drop_unused_alignments();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    fn loads(nth: u32, value: &str) -> String {
        format!("ldr r0, .LCPI{nth}_0; bx lr; .p2align 2; .LCPI{nth}_0:; .long {value}")
    }

    #[test]
    fn the_last_constant_within_reach_serves_all() {
        let (one, two, three, other) = (loads(1, "v"), loads(2, "v"), loads(3, "v"), loads(4, "w"));
        let mut program = program(&[("one", &one), ("two", &two), ("other", &other), ("three", &three)]);
        share(&mut program);
        assert_eq!(shown(&program, "one"), "ldr r0, .LCPI3_0; bx lr");
        assert_eq!(shown(&program, "two"), "ldr r0, .LCPI3_0; bx lr");
        assert_eq!(shown(&program, "three"), three);
        assert_eq!(shown(&program, "other"), other);
    }

    #[test]
    fn too_far_is_too_far_from_the_first_load() {
        let long = vec!["movs r0, r1"; 300].join("; ") + "; bx lr";
        let (one, two, three) = (loads(1, "v"), loads(2, "v"), loads(3, "v"));
        let mut program =
            program(&[("one", &one), ("long", &long), ("two", &two), ("longer", &long), ("three", &three)]);
        share(&mut program);
        assert_eq!(shown(&program, "one"), "ldr r0, .LCPI2_0; bx lr");
        assert_eq!(shown(&program, "two"), two);
    }

    #[test]
    fn an_address_that_is_taken_stays() {
        let one = "adr r0, .LCPI1_0; ldr r1, .LCPI1_0; bx lr; .p2align 2; .LCPI1_0:; .long v".to_string();
        let two = loads(2, "v");
        let mut program = program(&[("one", &one), ("two", &two)]);
        share(&mut program);
        assert_eq!(shown(&program, "one"), one);
    }
}
