//! Copy propagation: the uses of a copy become uses of the register that it was copied from, and the copy goes.
//!
//! LLVM leaves few such copies. [`super::value_widths`] makes some when it drops masks.

use super::instruction::{register, registers, Flow, Ins, Set, NZ};
use super::liveness::{Liveness, Summaries};
use super::program::{Function, Line, Program};

/// Drops copies in all functions.
pub(super) fn propagate(program: &mut Program) {
    let summaries = Summaries::of(program);
    for function in program.functions_mut() {
        while one_copy(function, &summaries) {}
    }
}

/// Drops one copy `movs b, a` all of whose uses can use `a`.
fn one_copy(function: &mut Function, summaries: &Summaries) -> bool {
    let live = Liveness::of(function, summaries);
    for nth in 0..function.body.len() {
        let Some(copy) = function.body[nth].ins().filter(|ins| ins.op == "movs") else { continue };
        let &[b, a] = copy.operands().as_slice() else { continue };
        if register(a) == 0 || a == b || live.live_out[nth] & NZ != 0 {
            continue;
        }
        let Some(uses) = uses(function, nth, &live, register(a), register(b)) else { continue };
        let renamed = uses.into_iter().map(|at| Some((at, rename(function.body[at].ins()?, b, a)?)));
        let Some(renamed) = renamed.collect::<Option<Vec<(usize, Ins)>>>() else { continue };
        for (at, ins) in renamed {
            function.body[at] = Line::Ins(ins);
        }
        function.body.remove(nth);
        return true;
    }
    false
}

/// The lines that read `b` as the copy of `a` at line `copy` has set it. None if `a` is or may be another value at one
/// of them.
fn uses(function: &Function, copy: usize, live: &Liveness, a: Set, b: Set) -> Option<Vec<usize>> {
    let equal = equal(function, copy, live, a | b);
    let (mut reached, mut work) = (vec![false; function.body.len()], live.successors[copy].clone());
    while let Some(nth) = work.pop() {
        if std::mem::replace(&mut reached[nth], true) {
            continue;
        }
        if live.reads[nth] & b != 0 && !equal[nth] {
            return None;
        }
        if function.body[nth].ins().is_none_or(|ins| ins.kills & b == 0) {
            work.extend(&live.successors[nth]);
        }
    }
    Some((0..reached.len()).filter(|&nth| reached[nth] && live.reads[nth] & b != 0).collect())
}

/// Whether the copy at line `copy` holds before each line: every way to it has come from the copy, and has written
/// neither of the registers `both` since.
fn equal(function: &Function, copy: usize, live: &Liveness, both: Set) -> Vec<bool> {
    let mut equal = vec![true; function.body.len()];
    let mut work = vec![0];
    let fails =
        |nth: usize| nth != copy && function.body[nth].ins().is_some_and(|ins| ins.writes & both != 0);
    for nth in (0..equal.len()).filter(|&nth| fails(nth)) {
        work.extend(&live.successors[nth]);
    }
    while let Some(nth) = work.pop() {
        if std::mem::replace(&mut equal[nth], false) && nth != copy {
            work.extend(&live.successors[nth]);
        }
    }
    equal
}

/// `ins` with `a` in place of `b` where it reads `b`. None if that cannot be.
fn rename(ins: &Ins, b: &str, a: &str) -> Option<Ins> {
    // The last operand of `muls` has to be the first.
    if ins.flow != Flow::Next || ins.args.contains('{') || ins.op == "muls" {
        return None;
    }
    let number = a.strip_prefix('r')?;
    let mut args = ins.args.clone();
    for (at, _) in registers(&ins.args) {
        let is_written = at == 0 && ins.writes & register(b) != 0;
        if args[at..at + 2] == *b && !is_written {
            args.replace_range(at + 1..at + 2, number);
        }
    }
    Ins::new(&ins.op, &args).filter(|new| new.reads & register(b) == 0 && new.writes == ins.writes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    fn propagated(text: &str) -> String {
        let mut program = program(&[("f", text), ("names", "bx lr; .p2align 2; .LCPI9_0:; .long f")]);
        propagate(&mut program);
        shown(&program, "f")
    }

    fn stays(text: &str) {
        assert_eq!(propagated(text), text);
    }

    const END: &str = ".LBB0_1:; movs r0, #0; movs r1, #0; movs r2, #0; bx lr";

    #[test]
    fn the_uses_of_a_copy_use_its_source() {
        assert_eq!(
            propagated(&format!("movs r2, r1; adds r0, r2, #1; cmp r2, #84; beq .LBB0_1; subs r2, r2, r3; str r2, [r0]; {END}")),
            format!("adds r0, r1, #1; cmp r1, #84; beq .LBB0_1; subs r2, r1, r3; str r2, [r0]; {END}")
        );
        // The source may change when the copy is used no more.
        assert_eq!(
            propagated(&format!("movs r2, r1; str r2, [r0]; movs r1, #1; str r1, [r0]; {END}")),
            format!("str r1, [r0]; movs r1, #1; str r1, [r0]; {END}")
        );
    }

    #[test]
    fn a_copy_stays_when_a_use_may_see_another_value() {
        stays(&format!("movs r2, r1; movs r1, #1; str r1, [r0]; str r2, [r0]; {END}"));
        stays(&format!("cmp r0, #1; beq .LBB0_2; movs r2, r1; .LBB0_2:; str r2, [r0]; {END}"));
        stays(&format!("movs r2, r1; .LBB0_2:; str r2, [r0]; adds r1, #1; bne .LBB0_2; {END}"));
        stays("push {r4, lr}; movs r4, r1; bl g; movs r0, r4; movs r1, #0; pop {r4, pc}");
    }

    #[test]
    fn a_copy_stays_when_a_use_needs_its_register() {
        stays("push {r4, lr}; movs r2, r4; bl g; pop {r4, pc}");
        stays("movs r0, r1; bx lr");
        stays(&format!("movs r2, r1; adds r2, #200; str r2, [r1]; {END}"));
        stays(&format!("movs r2, r1; muls r0, r2, r0; str r0, [r1]; {END}"));
        stays(&format!("movs r2, r1; stm r0!, {{r1, r2}}; {END}"));
        // The flags of the copy are needed.
        stays(&format!("movs r2, r1; beq .LBB0_1; str r2, [r0]; {END}"));
    }
}
