//! Compare elimination: a caller does not compare a result with 0 when the called function has set the flags by it.
//!
//! The last instruction of most functions that changes the flags sets N and Z by r0, and `pop` and `bx lr` keep the
//! flags. Then the caller need not compare r0 with 0 again. When many callers compare the result of a function that
//! does not set the flags by it, the comparison moves into the function.

use super::instruction::{register, Flow, Ins, ARGUMENTS, CV, NZ};
use super::liveness::{live_out, successors};
use super::program::{Function, Line, Program};
use std::collections::{HashMap, HashSet};

const RESULT: u32 = ARGUMENTS & 1;

/// Drops comparisons of results with 0 where the flags are already set by the result.
pub(super) fn eliminate(program: &mut Program) {
    let compare_sites = compare_sites(program);
    let setters = compare_in_callees(program, &compare_sites);
    let mut used: HashSet<String> = compare_sites.into_keys().filter(|name| setters.contains(name)).collect();
    for function in program.functions_mut() {
        for (nth, name) in comparisons(function).into_iter().rev() {
            if used.contains(&name) {
                function.body.remove(nth);
            }
        }
    }
    // A function may get its flags from another one that it calls last: that one has to keep them, too.
    while program.functions().any(|function| propagate(function, &mut used)) {}
    for function in program.functions_mut() {
        function.returns_flags = used.contains(&function.name);
    }
}

/// Adds comparisons before the returns of functions where this saves bytes, given how often each result is compared.
/// Returns the functions that set N and Z by their result.
fn compare_in_callees(program: &mut Program, compare_sites: &HashMap<String, usize>) -> HashSet<String> {
    let mut setters = extend(program, HashSet::new());
    for function in program.functions_mut().filter(|function| compare_sites.contains_key(&function.name)) {
        let silent: Vec<usize> =
            returns(function, &setters).into_iter().filter(|one| !one.1).map(|one| one.0).collect();
        let able = silent.iter().all(|&nth| function.body[nth].ins().is_some_and(Ins::returns_to_caller));
        if able && !silent.is_empty() && compare_sites[&function.name] > silent.len() {
            for nth in silent.into_iter().rev() {
                function.body.splice(nth..nth, Ins::new("cmp", "r0, #0").map(Line::Ins));
            }
            setters.insert(function.name.clone());
        }
    }
    extend(program, setters)
}

/// How many calls of each function are followed by a comparison of the result with 0.
fn compare_sites(program: &Program) -> HashMap<String, usize> {
    let mut compare_sites = HashMap::new();
    for (_, name) in program.functions().flat_map(comparisons) {
        *compare_sites.entry(name).or_insert(0) += 1;
    }
    compare_sites
}

/// The lines that compare the result of a call with 0, and the name of the called function.
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

/// Adds to `setters` all functions that set N and Z by r0 before each return. Calls of `setters` do so, too.
fn extend(program: &Program, mut setters: HashSet<String>) -> HashSet<String> {
    loop {
        let more: Vec<String> = program
            .functions()
            .filter(|function| !setters.contains(&function.name))
            .filter(|function| {
                let returns = returns(function, &setters);
                !returns.is_empty() && returns.iter().all(|one| one.1)
            })
            .map(|function| function.name.clone())
            .collect();
        if more.is_empty() {
            return setters;
        }
        setters.extend(more);
    }
}

/// The lines by which `function` returns, and whether N and Z are those of r0 there.
fn returns(function: &Function, setters: &HashSet<String>) -> Vec<(usize, bool)> {
    let reached = result_flags(function, setters);
    let returns = |(nth, line): (usize, &Line)| {
        line.ins().filter(|ins| ins.flow == Flow::Return)?;
        Some((nth, reached[nth]?))
    };
    function.body.iter().enumerate().filter_map(returns).collect()
}

/// Whether N and Z are those of r0 before each line; none where the line is not reached.
fn result_flags(function: &Function, setters: &HashSet<String>) -> Vec<Option<bool>> {
    let next = successors(&function.body);
    let mut reached = vec![None; function.body.len()];
    let mut work = vec![(0, false)];
    while let Some((nth, new)) = work.pop() {
        let Some(old) = reached.get(nth).copied() else { continue };
        let both = new && old != Some(false);
        if old == Some(both) {
            continue;
        }
        reached[nth] = Some(both);
        let after = function.body[nth].ins().map_or(both, |ins| transfer(ins, both, setters));
        work.extend(next[nth].iter().map(|&at| (at, after)));
    }
    reached
}

/// Whether N and Z are those of r0 after `ins`; `before` says whether they are before it.
fn transfer(ins: &Ins, before: bool, setters: &HashSet<String>) -> bool {
    let operand = |nth: usize| ins.operands().get(nth).map_or(0, |name| register(name));
    match &ins.flow {
        Flow::Call(name) => name.as_ref().is_some_and(|name| setters.contains(name)),
        _ if ins.op == "cmp" => ins.args == "r0, #0",
        _ if ins.writes & NZ != 0 => {
            ins.sets_nz_by_result() && (operand(0) == RESULT || ins.op == "movs" && operand(1) == RESULT)
        }
        _ => before && ins.writes & RESULT == 0,
    }
}

/// If the flags of `function` are used, adds the functions to `used` from which it gets them. Returns whether any is
/// new.
fn propagate(function: &Function, used: &mut HashSet<String>) -> bool {
    if !used.contains(&function.name) {
        return false;
    }
    let mut with_flags = function.clone();
    with_flags.returns_flags = true;
    let live = live_out(&with_flags);
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
    const WITHOUT_COMPARE: &str =
        "push {r4, lr}; bl f; str r4, [r4]; beq .LBB0_1; .LBB0_1:; movs r0, r4; pop {r4, pc}";

    /// [`CALLER`] and `f` after the pass.
    fn both(f: &str) -> (String, String) {
        let mut program =
            program(&[("caller", CALLER), ("f", f), ("g", "movs r0, r5; bx lr"), ("h", "bx lr")]);
        eliminate(&mut program);
        (shown(&program, "caller"), shown(&program, "f"))
    }

    #[test]
    fn a_result_is_not_compared_when_the_callee_sets_the_flags() {
        for f in [
            "movs r0, #1; bx lr",
            "movs r4, r0; ldr r1, [r0]; str r1, [r0]; bx lr",
            "push {r4, lr}; ldr r0, [r1]; cmp r0, #0; beq .LBB1_1; adds r0, r0, #1; .LBB1_1:; add sp, #8; pop {r4, pc}",
            "push {r4, lr}; bl g; pop {r4, pc}",
            "push {r4, lr}; .LBB1_1:; subs r0, r0, #1; bne .LBB1_1; pop {r4, pc}",
        ] {
            assert_eq!(both(f), (WITHOUT_COMPARE.into(), f.into()));
        }
    }

    #[test]
    fn a_result_is_compared_when_the_callee_may_not_set_the_flags() {
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
        eliminate(&mut program);
        assert_eq!(shown(&program, "a"), carry);
    }

    #[test]
    fn a_function_compares_for_all_its_callers() {
        let mut program = program(&[("a", CALLER), ("b", CALLER), ("f", "ldr r0, [r1]; bx lr")]);
        eliminate(&mut program);
        assert_eq!(
            (shown(&program, "a"), shown(&program, "b")),
            (WITHOUT_COMPARE.into(), WITHOUT_COMPARE.into())
        );
        assert_eq!(shown(&program, "f"), "ldr r0, [r1]; cmp r0, #0; bx lr");
    }

    #[test]
    fn flags_that_are_used_are_kept_to_the_return() {
        let f = "push {r4, lr}; bl g; add sp, #8; pop {r4, pc}";
        let mut program = program(&[("a", CALLER), ("f", f), ("g", "movs r0, r5; bx lr"), ("h", "bx lr")]);
        eliminate(&mut program);
        let flags: Vec<bool> = program.functions().map(|function| function.returns_flags).collect();
        assert_eq!(flags, [false, true, true, false]);
    }
}
