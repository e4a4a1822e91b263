//! Peephole optimisation: a few instructions near each other are replaced by fewer.

use super::instruction::{register, Flow, Ins, Set, CV, IP, NZ};
use super::liveness::live_out;
use super::program::{Function, Line, Program};

/// Shortens each function until no pattern matches.
pub(super) fn shorten(program: &mut Program) {
    for function in program.functions_mut() {
        while copy_through_ip(function)
            || byte_test(function)
            || redundant_compare(function)
            || indirect_call(function)
            || constant_offset(function)
        {}
        function.drop_unused_constants();
    }
}

fn at(function: &Function, nth: usize) -> Option<&Ins> {
    function.body.get(nth)?.ins()
}

/// The register of the `nth` operand.
fn operand(ins: &Ins, nth: usize) -> u32 {
    ins.operands().get(nth).map_or(0, |text| register(text))
}

/// Replaces `mov r12, a` `mov b, r12` by `movs b, a`. LLVM writes the longer form when the flags are needed later,
/// since `movs` changes N and Z (but not C). `movs` is right when only C is needed, or before the instruction that
/// sets the flags.
fn copy_through_ip(function: &mut Function) -> bool {
    let live = live_out(function);
    for nth in 0..function.body.len() {
        let (Some(to), Some(from)) = (at(function, nth), at(function, nth + 1)) else { continue };
        let through = to.op == "mov" && from.op == "mov" && operand(to, 0) == IP && operand(from, 1) == IP;
        let (a, b) = (operand(to, 1), operand(from, 0));
        if !through || (a | b) & !0xff != 0 || live[nth + 1] & IP != 0 {
            continue;
        }
        let args = format!("{}, {}", from.operands()[0], to.operands()[1]);
        let Some(place) = place_of_copy(function, nth, live[nth + 1] & NZ != 0, a, b) else { continue };
        let Some(movs) = Ins::new("movs", &args) else { continue };
        function.body.drain(nth..nth + 2);
        function.body.insert(place, Line::Ins(movs));
        return true;
    }
    false
}

/// The line where `movs b, a` may replace a copy at line `nth`: the same line, or the one that sets the flags.
fn place_of_copy(function: &Function, nth: usize, flags: bool, a: u32, b: u32) -> Option<usize> {
    if !flags {
        return Some(nth);
    }
    for place in (0..nth).rev() {
        let ins = at(function, place).filter(|ins| ins.flow == Flow::Next)?;
        if (ins.reads | ins.writes) & b != 0 || ins.writes & a != 0 {
            return None;
        }
        if ins.kills & NZ != 0 {
            return Some(place);
        }
    }
    None
}

/// Replaces `movs a, #255` `ands a, b` before `beq` or `bne` by `lsls a, b, #24`, when a is not needed later.
fn byte_test(function: &mut Function) -> bool {
    let live = live_out(function);
    for (nth, live) in live.windows(3).enumerate() {
        let ins = [at(function, nth), at(function, nth + 1), at(function, nth + 2)];
        let [Some(mask), Some(and), Some(branch)] = ins else { continue };
        let a = mask.operands().first().copied().unwrap_or_default().to_string();
        let masks = mask.op == "movs" && mask.args == format!("{a}, #255");
        let tests = matches!(and.op.as_str(), "ands" | "tst") && and.operands().contains(&a.as_str());
        let b = and.operands().into_iter().find(|name| *name != a).map(String::from);
        let branches = matches!(branch.op.as_str(), "beq" | "bne");
        let (Some(b), true) = (b, masks && tests && branches && and.operands().len() == 2) else { continue };
        let changed = register(&a) | if and.op == "ands" { operand(and, 0) } else { 0 };
        if live[2] & (changed | NZ | CV) != 0 {
            continue;
        }
        let Some(shift) = Ins::new("lsls", &format!("{a}, {b}, #24")) else { continue };
        function.body.splice(nth..nth + 2, [Line::Ins(shift)]);
        return true;
    }
    false
}

/// Drops `cmp a, #0` when N and Z are already those of a, and C and V are not needed.
fn redundant_compare(function: &mut Function) -> bool {
    let live = live_out(function);
    for (nth, live) in live.into_iter().enumerate() {
        let Some(compare) = at(function, nth).filter(|ins| ins.op == "cmp" && ins.args.ends_with(", #0"))
        else {
            continue;
        };
        if live & CV == 0 && has_flags_of(function, nth, operand(compare, 0)) {
            function.body.remove(nth);
            return true;
        }
    }
    false
}

/// Whether N and Z are those of the register `a` before line `nth`.
fn has_flags_of(function: &Function, nth: usize, a: u32) -> bool {
    for place in (0..nth).rev() {
        let Some(ins) = at(function, place).filter(|ins| ins.flow == Flow::Next) else { return false };
        let copies = ins.op == "movs" && operand(ins, 1) == a;
        if ins.writes & NZ != 0 {
            return ins.sets_nz_by_result() && (operand(ins, 0) == a || copies);
        }
        if ins.writes & a != 0 {
            return false;
        }
    }
    false
}

/// Replaces `ldr a, =function` `blx a` by `bl function` and drops the constant, when a is not needed later.
fn indirect_call(function: &mut Function) -> bool {
    let constants = function.constants();
    for nth in 0..function.body.len() {
        let Some(call) = at(function, nth).filter(|ins| ins.op == "blx") else { continue };
        let a = operand(call, 0);
        let loaded = (0..nth)
            .rev()
            .find(|&place| at(function, place).is_none_or(|ins| (ins.reads | ins.writes) & a != 0));
        let Some(load) = loaded.and_then(|place| at(function, place)) else { continue };
        let between = loaded.unwrap_or(0)..nth;
        let straight =
            between.clone().all(|place| at(function, place).is_some_and(|ins| ins.flow == Flow::Next));
        let constant = load
            .constant()
            .and_then(|label| constants.get(label))
            .and_then(|text| text.strip_prefix(".long\t"));
        let Some(name) = constant.filter(|name| name.starts_with('_') && load.writes == a && a & 0xf != 0)
        else {
            continue;
        };
        if !straight {
            continue;
        }
        let Some(direct) = Ins::new("bl", name) else { continue };
        function.body[nth] = Line::Ins(direct);
        function.body.remove(between.start);
        return true;
    }
    false
}

/// Replaces `ldr a, =symbol` `adds b, a, #n` by `ldr b, =symbol+n`, when every load of the constant is followed by
/// it, and only b is needed later.
fn constant_offset(function: &mut Function) -> bool {
    let live = live_out(function);
    for data in 2..function.body.len() {
        let [before, Line::Label(label), Line::Data(text)] = &function.body[data - 2..=data] else {
            continue;
        };
        let symbol =
            text.strip_prefix(".long\t").filter(|name| name.starts_with('_') && !name.contains(['+', '-']));
        let (Some(symbol), false) = (symbol, matches!(before, Line::Label(_))) else { continue };
        let loads = (0..data).filter(|&nth| at(function, nth).and_then(Ins::constant) == Some(label));
        let sums: Option<Vec<Sum>> = loads.map(|load| sum(function, load, &live)).collect();
        let (Some(sums), uses) = (sums, function.references().filter(|name| name == label).count()) else {
            continue;
        };
        let Some(number) = sums.first().map(|sum| sum.number).filter(|_| sums.len() == uses) else {
            continue;
        };
        if sums.iter().any(|sum| sum.number != number) {
            continue;
        }
        let whole = Line::Data(format!(".long\t{symbol}+{number}"));
        let new: Option<Vec<(usize, usize, Ins)>> = sums
            .iter()
            .map(|sum| Some((sum.load, sum.add, Ins::new("ldr", &format!("{}, {label}", sum.to))?)))
            .collect();
        let Some(new) = new else { continue };
        function.body[data] = whole;
        let loads: Vec<usize> = new.iter().map(|(load, _, _)| *load).collect();
        for (_, add, ins) in new {
            function.body[add] = Line::Ins(ins);
        }
        loads.into_iter().rev().for_each(|load| drop(function.body.remove(load)));
        return true;
    }
    false
}

/// A sum of a loaded constant and a number.
struct Sum<'f> {
    load: usize,
    /// The line that adds.
    add: usize,
    /// The register of the sum.
    to: &'f str,
    number: &'f str,
}

/// The sum of what line `load` loads. None if the loaded value is also used alone.
fn sum<'f>(function: &'f Function, load: usize, live: &[Set]) -> Option<Sum<'f>> {
    let a = at(function, load)?.writes;
    let straight = |nth: &usize| at(function, *nth).is_some_and(|ins| ins.flow == Flow::Next);
    let touches = |nth: &usize| at(function, *nth).is_some_and(|ins| (ins.reads | ins.writes) & a != 0);
    let add = (load + 1..function.body.len()).take_while(straight).find(touches)?;
    let ins = at(function, add).filter(|ins| ins.op == "adds" && ins.reads & 0xff == a)?;
    let to = *ins.operands().first()?;
    let number = ins.operands().last()?.strip_prefix('#')?;
    let needed = if register(to) == a { 0 } else { a };
    (live[add] & (NZ | CV | needed) == 0).then_some(Sum { load, add, to, number })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    fn short(text: &str) -> String {
        let mut program = program(&[("f", text)]);
        shorten(&mut program);
        shown(&program, "f")
    }

    fn stays(text: &str) {
        assert_eq!(short(text), text);
    }

    #[test]
    fn a_copy_by_way_of_r12_goes_before_the_comparison() {
        assert_eq!(
            short("cmp r0, #0; str r3, [r4]; mov r12, r1; mov r2, r12; beq .LBB0_1; .LBB0_1:; bx lr"),
            "movs r2, r1; cmp r0, #0; str r3, [r4]; beq .LBB0_1; .LBB0_1:; bx lr"
        );
        // `movs` does not change C.
        assert_eq!(
            short("cmp r0, r3; mov r12, r1; mov r2, r12; sbcs r2, r3; bx lr"),
            "cmp r0, r3; movs r2, r1; sbcs r2, r3; bx lr"
        );
        stays("cmp r2, #0; mov r12, r1; mov r2, r12; beq .LBB0_1; .LBB0_1:; bx lr");
        stays("subs r1, #1; mov r12, r1; mov r2, r12; beq .LBB0_1; .LBB0_1:; bx lr");
        stays("cmp r0, #0; beq .LBB0_1; mov r12, r1; mov r2, r12; .LBB0_1:; bne .LBB0_2; .LBB0_2:; bx lr");
        stays("cmp r0, #0; mov r12, r1; mov r2, r12; mov r3, r12; beq .LBB0_1; .LBB0_1:; bx lr");
    }

    #[test]
    fn a_byte_is_tested_by_one_shift() {
        let text = "movs r1, #255; ands r1, r0; beq .LBB0_1; movs r1, #0; .LBB0_1:; movs r1, r0; bx lr";
        assert_eq!(short(text), "lsls r1, r0, #24; beq .LBB0_1; movs r1, #0; .LBB0_1:; movs r1, r0; bx lr");
        // Here the byte is needed later.
        stays("movs r1, #255; ands r1, r0; beq .LBB0_1; .LBB0_1:; bx lr");
        // Here the register whose byte is tested is changed.
        stays("movs r1, #255; ands r0, r1; beq .LBB0_1; .LBB0_1:; movs r1, #1; bx lr");
    }

    #[test]
    fn a_compare_is_dropped_when_the_flags_are_set() {
        assert_eq!(
            short("movs r4, r0; cmp r0, #0; beq .LBB0_1; .LBB0_1:; bx lr"),
            "movs r4, r0; beq .LBB0_1; .LBB0_1:; bx lr"
        );
        stays("movs r4, r0; cmp r0, #0; bhi .LBB0_1; .LBB0_1:; bx lr");
        stays("movs r4, r0; cmp r1, #0; beq .LBB0_1; .LBB0_1:; bx lr");
        stays("movs r4, r0; ldr r0, [r1]; cmp r0, #0; beq .LBB0_1; .LBB0_1:; bx lr");
        stays("bl g; cmp r0, #0; beq .LBB0_1; .LBB0_1:; bx lr");
    }

    #[test]
    fn a_sum_of_constants_is_a_constant() {
        let ends = ".p2align 2; .LCPI0_0:; .long _EMPTY";
        assert_eq!(
            short(&format!(
                "ldr r0, .LCPI0_0; movs r2, #1; adds r0, r0, #4; cmp r1, #0; beq .LBB0_1; ldr r1, .LCPI0_0; \
                 adds r1, #4; .LBB0_1:; bx lr; {ends}"
            )),
            format!(
                "movs r2, #1; ldr r0, .LCPI0_0; cmp r1, #0; beq .LBB0_1; ldr r1, .LCPI0_0; .LBB0_1:; bx lr; {ends}+4"
            )
        );
        stays(&format!("ldr r0, .LCPI0_0; str r0, [r1]; adds r0, r0, #4; bx lr; {ends}"));
        assert_eq!(
            short(&format!("ldr r0, .LCPI0_0; movs r2, #1; adds r1, r0, #4; movs r0, #0; bx lr; {ends}")),
            format!("movs r2, #1; ldr r1, .LCPI0_0; movs r0, #0; bx lr; {ends}+4")
        );
        assert_eq!(
            short(&format!(
                "ldr r0, .LCPI0_0; ldr r1, .LCPI0_0; adds r0, r0, #4; adds r1, r1, #4; bx lr; {ends}"
            )),
            format!("ldr r0, .LCPI0_0; ldr r1, .LCPI0_0; bx lr; {ends}+4")
        );
        stays(&format!("ldr r0, .LCPI0_0; adds r1, r0, #4; bx lr; {ends}"));
        stays(&format!("ldr r0, .LCPI0_0; adds r0, r0, r1; bx lr; {ends}"));
        stays(&format!("ldr r0, .LCPI0_0; adds r0, r0, #4; bhs .LBB0_1; .LBB0_1:; bx lr; {ends}"));
        stays(&format!("ldr r0, .LCPI0_0; adds r0, r0, #4; ldr r1, .LCPI0_0; adds r1, #6; bx lr; {ends}"));
        stays(&format!("ldr r0, .LCPI0_0; adds r0, r0, #4; ldr r1, .LCPI0_0; bx lr; {ends}"));
    }

    #[test]
    fn a_known_function_is_called_directly() {
        assert_eq!(
            short("push {r4, lr}; ldr r3, .LCPI0_0; movs r0, r4; blx r3; pop {r4, pc}; .p2align 2; .LCPI0_0:; .long _f"),
            "push {r4, lr}; movs r0, r4; bl _f; pop {r4, pc}"
        );
        stays(
            "push {r4, lr}; ldr r4, .LCPI0_0; blx r4; blx r4; pop {r4, pc}; .p2align 2; .LCPI0_0:; .long _f",
        );
        stays("push {r4, lr}; ldr r3, [r0]; blx r3; pop {r4, pc}");
    }
}
