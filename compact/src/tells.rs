//! Flags are results, too.
//!
//! Most functions end with what has just set N and Z by r0, and `pop` and `bx lr` leave the flags alone: a caller
//! need not compare the result with 0 once more. Where that spares more than it takes, a function compares its result
//! itself, once for all its callers.

use super::code::{register, Flow, Ins, ARGUMENTS, CV, NZ};
use super::live::{live_out, successors};
use super::program::{Function, Line, Program};
use std::collections::{HashMap, HashSet};

const RESULT: u32 = ARGUMENTS & 1;

/// Drops comparisons of results with 0.
pub(super) fn tell(program: &mut Program) {
    let sites = sites(program);
    let telling = make_tell(program, &sites);
    let mut used: HashSet<String> = sites.into_keys().filter(|name| telling.contains(name)).collect();
    for function in program.functions_mut() {
        for (nth, name) in comparisons(function).into_iter().rev() {
            if used.contains(&name) {
                function.body.remove(nth);
            }
        }
    }
    // Those by whose flags another one tells.
    while program.functions().any(|function| spread(function, &mut used)) {}
    for function in program.functions_mut() {
        function.flags = used.contains(&function.name);
    }
}

/// The functions that tell, after those that are to do so for all `sites` compare their results themselves.
fn make_tell(program: &mut Program, sites: &HashMap<String, usize>) -> HashSet<String> {
    let mut telling = telling(program, HashSet::new());
    for function in program.functions_mut().filter(|function| sites.contains_key(&function.name)) {
        let silent: Vec<usize> =
            returns(function, &telling).into_iter().filter(|one| !one.1).map(|one| one.0).collect();
        let able = silent.iter().all(|&nth| function.body[nth].ins().is_some_and(Ins::comes_back));
        if able && !silent.is_empty() && sites[&function.name] > silent.len() {
            for nth in silent.into_iter().rev() {
                function.body.splice(nth..nth, Ins::new("cmp", "r0, #0").map(Line::Ins));
            }
            telling.insert(function.name.clone());
        }
    }
    self::telling(program, telling)
}

/// How often the result of each function is compared with 0 right behind the call.
fn sites(program: &Program) -> HashMap<String, usize> {
    let mut sites = HashMap::new();
    for (_, name) in program.functions().flat_map(comparisons) {
        *sites.entry(name).or_insert(0) += 1;
    }
    sites
}

/// The lines that compare a result with 0, and whose it is.
fn comparisons(function: &Function) -> Vec<(usize, String)> {
    let live = live_out(function);
    let compares = |nth: &usize| {
        let ins = function.body[*nth].ins();
        ins.is_some_and(|ins| ins.op == "cmp" && ins.args == "r0, #0") && live[*nth] & CV == 0
    };
    let call = |nth| {
        let before = function.body[..nth].iter().rev();
        let mut kept = before.skip_while(|line| {
            line.ins().is_some_and(|ins| ins.flow == Flow::Next && ins.writes & (RESULT | NZ) == 0)
        });
        match &kept.next()?.ins()?.flow {
            Flow::Call(Some(name)) => Some((nth, name.clone())),
            _ => None,
        }
    };
    (0..function.body.len()).filter(compares).filter_map(call).collect()
}

/// The functions whose flags tell of their result whichever way they return: `telling`, and which more there are.
fn telling(program: &Program, mut telling: HashSet<String>) -> HashSet<String> {
    loop {
        let more: Vec<String> = program
            .functions()
            .filter(|function| !telling.contains(&function.name))
            .filter(|function| {
                let returns = returns(function, &telling);
                !returns.is_empty() && returns.iter().all(|one| one.1)
            })
            .map(|function| function.name.clone())
            .collect();
        if more.is_empty() {
            return telling;
        }
        telling.extend(more);
    }
}

/// The lines by which `function` returns, and whether N and Z tell of r0 there.
fn returns(function: &Function, telling: &HashSet<String>) -> Vec<(usize, bool)> {
    let told = told(function, telling);
    let returns = |(nth, line): (usize, &Line)| {
        line.ins().filter(|ins| ins.flow == Flow::Return)?;
        Some((nth, told[nth]?))
    };
    function.body.iter().enumerate().filter_map(returns).collect()
}

/// Whether N and Z tell of r0 before each line; none where it is not reached.
fn told(function: &Function, telling: &HashSet<String>) -> Vec<Option<bool>> {
    let next = successors(&function.body);
    let mut told = vec![None; function.body.len()];
    let mut work = vec![(0, false)];
    while let Some((nth, new)) = work.pop() {
        let Some(old) = told.get(nth).copied() else { continue };
        let both = new && old != Some(false);
        if old == Some(both) {
            continue;
        }
        told[nth] = Some(both);
        let behind = function.body[nth].ins().map_or(both, |ins| tells(ins, both, telling));
        work.extend(next[nth].iter().map(|&at| (at, behind)));
    }
    told
}

/// Whether N and Z tell of r0 behind `ins`, when `before` says whether they do so before it.
fn tells(ins: &Ins, before: bool, telling: &HashSet<String>) -> bool {
    let operand = |nth: usize| ins.operands().get(nth).map_or(0, |name| register(name));
    match &ins.flow {
        Flow::Call(name) => name.as_ref().is_some_and(|name| telling.contains(name)),
        _ if ins.op == "cmp" => ins.args == "r0, #0",
        _ if ins.writes & NZ != 0 => {
            ins.tells_zero() && (operand(0) == RESULT || ins.op == "movs" && operand(1) == RESULT)
        }
        _ => before && ins.writes & RESULT == 0,
    }
}

/// Adds the functions to `used` by whose flags `function` tells, if its own are used; whether there are new ones.
fn spread(function: &Function, used: &mut HashSet<String>) -> bool {
    if !used.contains(&function.name) {
        return false;
    }
    let mut telling = function.clone();
    telling.flags = true;
    let live = live_out(&telling);
    let mut new = false;
    for (line, live) in function.body.iter().zip(live) {
        if let Some(Flow::Call(Some(name))) = line.ins().map(|ins| &ins.flow) {
            new |= live & NZ != 0 && used.insert(name.clone());
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    const CALLER: &str =
        "push {r4, lr}; bl f; str r4, [r4]; cmp r0, #0; beq .LBB0_1; .LBB0_1:; movs r0, r4; pop {r4, pc}";
    const TOLD: &str = "push {r4, lr}; bl f; str r4, [r4]; beq .LBB0_1; .LBB0_1:; movs r0, r4; pop {r4, pc}";

    /// What becomes of [`CALLER`] and of `f`.
    fn both(f: &str) -> (String, String) {
        let mut program =
            program(&[("caller", CALLER), ("f", f), ("g", "movs r0, r5; bx lr"), ("h", "bx lr")]);
        tell(&mut program);
        (shown(&program, "caller"), shown(&program, "f"))
    }

    #[test]
    fn what_the_flags_tell_is_not_compared() {
        for f in [
            "movs r0, #1; bx lr",
            "movs r4, r0; ldr r1, [r0]; str r1, [r0]; bx lr",
            "push {r4, lr}; ldr r0, [r1]; cmp r0, #0; beq .LBB1_1; adds r0, r0, #1; .LBB1_1:; add sp, #8; pop {r4, pc}",
            "push {r4, lr}; bl g; pop {r4, pc}",
            "push {r4, lr}; .LBB1_1:; subs r0, r0, #1; bne .LBB1_1; pop {r4, pc}",
        ] {
            assert_eq!(both(f), (TOLD.into(), f.into()));
        }
    }

    #[test]
    fn what_they_may_not_tell_is() {
        for f in [
            "ldr r0, [r1]; bx lr",
            "movs r0, #1; ldr r0, [r1]; bx lr",
            "movs r0, #1; movs r1, #2; bx lr",
            "movs r0, r1; cmp r0, #1; bx lr",
            "movs r0, #1; cmp r1, #0; beq .LBB1_1; movs r0, #0; .LBB1_1:; bx lr",
            "push {r4, lr}; bl h; pop {r4, pc}",
            "push {r4, lr}; bl asm; pop {r4, pc}",
            "push {r4, lr}; movs r0, #1; blx r3; pop {r4, pc}",
        ] {
            assert_eq!(both(f), (CALLER.into(), f.into()));
        }
        let carry = "push {r4, lr}; bl g; cmp r0, #0; bhi .LBB0_1; .LBB0_1:; pop {r4, pc}";
        let mut program = program(&[("a", carry), ("g", "movs r0, r5; bx lr")]);
        tell(&mut program);
        assert_eq!(shown(&program, "a"), carry);
    }

    #[test]
    fn a_function_compares_for_all_its_callers() {
        let mut program = program(&[("a", CALLER), ("b", CALLER), ("f", "ldr r0, [r1]; bx lr")]);
        tell(&mut program);
        assert_eq!((shown(&program, "a"), shown(&program, "b")), (TOLD.into(), TOLD.into()));
        assert_eq!(shown(&program, "f"), "ldr r0, [r1]; cmp r0, #0; bx lr");
    }

    #[test]
    fn flags_that_are_used_are_kept_to_the_return() {
        let f = "push {r4, lr}; bl g; add sp, #8; pop {r4, pc}";
        let mut program = program(&[("a", CALLER), ("f", f), ("g", "movs r0, r5; bx lr"), ("h", "bx lr")]);
        tell(&mut program);
        let flags: Vec<bool> = program.functions().map(|function| function.flags).collect();
        assert_eq!(flags, [false, true, true, false]);
    }
}
