//! Registers that LLVM never uses hold what is used most.
//!
//! For Thumb-1 it allocates r0 to r7 only. r8 to r11 are set once, where the program starts, and no system call,
//! signal or function of others changes them (Procedure Call Standard for the Arm Architecture, 6.1.1). A function in
//! one of them is called by `blx r8`, two bytes instead of four; a constant is copied instead of loaded, and so takes
//! no four bytes near each function that uses it.

use super::code::{Flow, Ins};
use super::program::{names_in, Function, Line, Part, Program};
use std::collections::{BTreeMap, HashMap};

/// The registers.
const FREE: [&str; 4] = ["r8", "r9", "r10", "r11"];
/// Bytes that setting one takes: a load, its constant, a copy.
const SETTING: usize = 8;
/// Bytes that a call by a register saves.
const CALL: usize = 2;
/// Bytes that a function without the constant saves.
const CONSTANT: usize = 4;
/// The call before which they are set.
const START: &str = "\tbl\tmote_main";

/// Puts the functions and constants that save the most into registers. Without a beginning that is known, or when a
/// register is used already, nothing changes.
pub(super) fn reserve(program: &mut Program) {
    let chosen = choose(program);
    if chosen.is_empty() || is_used(program) || !set(program, &chosen) {
        return;
    }
    let registers: HashMap<&str, &str> =
        chosen.iter().map(|(name, register)| (name.as_str(), *register)).collect();
    for function in program.functions_mut() {
        apply(function, &registers);
    }
}

/// What saves the most, and the register for it.
fn choose(program: &Program) -> Vec<(String, &'static str)> {
    let mut saved: BTreeMap<&str, usize> = BTreeMap::new();
    for function in program.functions() {
        for ins in function.body.iter().filter_map(Line::ins) {
            if let Flow::Call(Some(name)) = &ins.flow {
                *saved.entry(name).or_default() += CALL;
            }
        }
        for value in function.constants().into_values().filter_map(value) {
            *saved.entry(value).or_default() += CONSTANT;
        }
    }
    let mut saved: Vec<(&str, usize)> = saved.into_iter().filter(|one| one.1 > SETTING).collect();
    saved.sort_by_key(|one| std::cmp::Reverse(one.1));
    saved.into_iter().zip(FREE).map(|((name, _), register)| (name.to_string(), register)).collect()
}

/// The constant in a directive, if it is the same everywhere.
fn value(text: &str) -> Option<&str> {
    let own = |value: &str| [".LBB", ".LCPI", ".LJTI", ".Ltmp"].iter().any(|label| value.contains(label));
    text.strip_prefix(".long\t").filter(|value| !own(value) && !value.contains('-'))
}

fn is_used(program: &Program) -> bool {
    program.parts.iter().any(|part| match part {
        Part::Other(lines) => lines.iter().flat_map(|line| names_in(line)).any(|name| FREE.contains(&name)),
        Part::Function(function) => {
            let ins = function.body.iter().filter_map(Line::ins);
            ins.flat_map(|ins| names_in(&ins.args)).any(|name| FREE.contains(&name))
        }
    })
}

/// Sets the registers where the program begins; whether it has been found.
fn set(program: &mut Program, chosen: &[(String, &str)]) -> bool {
    for part in &mut program.parts {
        let Part::Other(lines) = part else { continue };
        if let Some(at) = lines.iter().position(|line| line == START) {
            let lines_of = |(name, register): &(String, &str)| {
                [format!("\tldr\tr1, ={name}"), format!("\tmov\t{register}, r1")]
            };
            lines.splice(at..at, chosen.iter().flat_map(lines_of).collect::<Vec<_>>());
            return true;
        }
    }
    false
}

/// Calls and copies by `registers` in `function`.
fn apply(function: &mut Function, registers: &HashMap<&str, &str>) {
    let body = function.body.iter().map(|line| {
        let Line::Ins(ins) = line else { return line.clone() };
        Line::Ins(by_register(ins, function, registers).unwrap_or_else(|| ins.clone()))
    });
    function.body = body.collect();
    function.drop_constants();
}

fn by_register(ins: &Ins, function: &Function, registers: &HashMap<&str, &str>) -> Option<Ins> {
    if let Flow::Call(Some(name)) = &ins.flow {
        let call = Ins::new("blx", registers.get(name.as_str())?)?;
        return Some(Ins { flow: ins.flow.clone(), ..call });
    }
    let value = value(function.constants().get(ins.constant()?)?)?;
    Ins::new("mov", &format!("{}, {}", ins.operands().first()?, registers.get(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    fn reserved(text: &str) -> Program {
        let texts: Vec<(String, String)> = (0..6).map(|nth| (format!("f{nth}"), text.to_string())).collect();
        let texts: Vec<(&str, &str)> =
            texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let mut program = program(&texts);
        program.parts.push(Part::Other(vec!["_start:".into(), "\tmov\tr0, sp".into(), START.into()]));
        reserve(&mut program);
        program
    }

    const TEXT: &str =
        "push {r4, lr}; ldr r0, .LCPI0_0; bl g; bl h; pop {r4, pc}; .p2align 2; .LCPI0_0:; .long EMPTY";

    #[test]
    fn what_is_used_most_is_in_a_register() {
        let program = reserved(TEXT);
        assert_eq!(shown(&program, "f3"), "push {r4, lr}; mov r0, r8; blx r9; blx r10; pop {r4, pc}");
        let text = program.write();
        let set =
            "\tmov\tr0, sp\n\tldr\tr1, =EMPTY\n\tmov\tr8, r1\n\tldr\tr1, =g\n\tmov\tr9, r1\n\tldr\tr1, =h\n";
        assert!(text.contains(set), "{text}");
    }

    #[test]
    fn what_is_used_seldom_or_differs_stays() {
        let table = "ldr r0, .LCPI0_0; bx lr; .p2align 2; .LCPI0_0:; .long .LJTI0_0-4";
        assert_eq!(shown(&reserved(table), "f1"), table);
        let mut few = program(&[("f", TEXT)]);
        few.parts.push(Part::Other(vec![START.into()]));
        reserve(&mut few);
        assert_eq!(shown(&few, "f"), TEXT);
    }

    #[test]
    fn registers_that_are_used_already_are_left_alone() {
        let text = TEXT.replace("bl g", "mov r9, r0");
        assert_eq!(shown(&reserved(&text), "f2"), text);
    }
}
