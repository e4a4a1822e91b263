//! Global registers: r8 to r11 hold the most used functions and constants for the whole run of the program.
//!
//! For Thumb-1, LLVM allocates r0 to r7 only. The program sets r8 to r11 once at its start. System calls, signals and
//! functions from elsewhere preserve them (Procedure Call Standard for the Arm Architecture, 6.1.1). `blx r8` calls a
//! function with two bytes instead of four. A constant is copied from the register instead of loaded, so that it
//! takes no four bytes in the literal pool of each function that uses it.

use super::instruction::{Flow, Ins};
use super::program::{symbols_in, Function, Line, Part, Program};
use std::collections::{BTreeMap, HashMap};

/// The registers that LLVM leaves alone.
const FREE: [&str; 4] = ["r8", "r9", "r10", "r11"];
/// The bytes that setting one of them takes: a load, its constant, and a copy.
const SETTING: usize = 8;
/// The bytes that a call through a register saves.
const CALL: usize = 2;
/// The bytes that a function saves when it needs no constant in its literal pool.
const CONSTANT: usize = 4;
/// The registers are set before this call.
const START: &str = "\tbl\tmote_main";

/// Puts the functions and constants that save the most bytes into registers. Does nothing when the start of the
/// program is not found, or when one of the registers is used already.
pub(super) fn assign(program: &mut Program) {
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

/// The functions and constants that save the most bytes, each with its register.
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

/// The constant in a directive, if it means the same in every function.
fn value(text: &str) -> Option<&str> {
    let own = |value: &str| [".LBB", ".LCPI", ".LJTI", ".Ltmp"].iter().any(|label| value.contains(label));
    text.strip_prefix(".long\t").filter(|value| !own(value) && !value.contains('-'))
}

fn is_used(program: &Program) -> bool {
    program.parts.iter().any(|part| match part {
        Part::Other(lines) => lines.iter().flat_map(|line| symbols_in(line)).any(|name| FREE.contains(&name)),
        Part::Function(function) => {
            let ins = function.body.iter().filter_map(Line::ins);
            ins.flat_map(|ins| symbols_in(&ins.args)).any(|name| FREE.contains(&name))
        }
    })
}

/// Sets the registers at the start of the program. Returns whether the start was found.
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

/// Calls functions and copies constants through `registers` in `function`.
fn apply(function: &mut Function, registers: &HashMap<&str, &str>) {
    let body = function.body.iter().map(|line| {
        let Line::Ins(ins) = line else { return line.clone() };
        Line::Ins(by_register(ins, function, registers).unwrap_or_else(|| ins.clone()))
    });
    function.body = body.collect();
    function.drop_unused_constants();
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
        assign(&mut program);
        program
    }

    const TEXT: &str =
        "push {r4, lr}; ldr r0, .LCPI0_0; bl g; bl h; pop {r4, pc}; .p2align 2; .LCPI0_0:; .long EMPTY";

    #[test]
    fn the_most_used_function_and_constant_get_registers() {
        let program = reserved(TEXT);
        assert_eq!(shown(&program, "f3"), "push {r4, lr}; mov r0, r8; blx r9; blx r10; pop {r4, pc}");
        let text = program.write();
        let set =
            "\tmov\tr0, sp\n\tldr\tr1, =EMPTY\n\tmov\tr8, r1\n\tldr\tr1, =g\n\tmov\tr9, r1\n\tldr\tr1, =h\n";
        assert!(text.contains(set), "{text}");
    }

    #[test]
    fn rare_and_local_constants_get_no_register() {
        let table = "ldr r0, .LCPI0_0; bx lr; .p2align 2; .LCPI0_0:; .long .LJTI0_0-4";
        assert_eq!(shown(&reserved(table), "f1"), table);
        let mut few = program(&[("f", TEXT)]);
        few.parts.push(Part::Other(vec![START.into()]));
        assign(&mut few);
        assert_eq!(shown(&few, "f"), TEXT);
    }

    #[test]
    fn registers_that_are_used_already_are_left_alone() {
        let text = TEXT.replace("bl g", "mov r9, r0");
        assert_eq!(shown(&reserved(&text), "f2"), text);
    }
}
