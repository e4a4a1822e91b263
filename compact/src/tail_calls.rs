//! Tail calls: a call that comes last becomes a jump.
//!
//! LLVM makes no tail calls for Thumb-1, where a jump reaches only 2 KB. This pass handles functions that save only
//! lr, and only for their tail calls. It moves such a function to just before the function that it calls.

use super::instruction::{register, Flow, Ins};
use super::program::{Function, Line, Part, Program};
use std::collections::HashMap;

/// Turns calls into jumps in all functions where this is possible.
pub(super) fn eliminate(program: &mut Program) {
    while let Some((part, callee)) = candidate(program) {
        let Some(Part::Function(function)) = program.parts.get_mut(part) else { return };
        drop_frame(function);
        let moved = program.parts.remove(part);
        let named = |part: &Part| matches!(part, Part::Function(other) if other.name == callee);
        let at = program.parts.iter().position(named).unwrap_or(part);
        program.parts.insert(at, moved);
    }
}

/// Drops jumps to the function that follows.
pub(super) fn fall_through(program: &mut Program) {
    let mut following: Option<String> = None;
    for part in program.parts.iter_mut().rev() {
        let Part::Function(function) = part else { continue };
        let falls = matches!(function.body.last(), Some(Line::Ins(ins)) if ins.op == "b" && Some(&ins.args) == following.as_ref());
        if falls {
            function.body.pop();
        }
        following = Some(function.name.clone());
    }
}

/// A function whose calls can become jumps, and the function that it calls. The latter is not moved any more.
fn candidate(program: &Program) -> Option<(usize, String)> {
    let callees: HashMap<&str, Option<String>> =
        program.functions().map(|function| (function.name.as_str(), last_call(function))).collect();
    program.parts.iter().enumerate().find_map(|(nth, part)| {
        let Part::Function(function) = part else { return None };
        let callee = callees.get(function.name.as_str())?.clone()?;
        matches!(callees.get(callee.as_str()), Some(None)).then_some((nth, callee))
    })
}

/// The only function that `function` calls, if every call comes last and nothing but lr is saved.
fn last_call(function: &Function) -> Option<String> {
    let mut all = function.body.iter().filter_map(Line::ins);
    let saved =
        all.next().filter(|ins| ins.op == "push")?.args.strip_prefix('{')?.strip_suffix(", lr}")?.to_string();
    if register(&saved) == 0 {
        return None;
    }
    let mut calls = Vec::new();
    for (nth, line) in function.body.iter().enumerate().skip(1) {
        let Line::Ins(ins) = line else { continue };
        let returns = ins.flow == Flow::Return;
        match &ins.flow {
            Flow::Call(Some(name))
                if function.body.get(nth + 1).and_then(Line::ins).is_some_and(|next| next.op == "pop") =>
            {
                calls.push(name.clone());
            }
            Flow::Call(_) => return None,
            _ if returns && ins.op != "pop" => return None,
            _ if !returns
                && (ins.args.contains("sp") || ins.args.contains("lr") || mentions(ins, &saved)) =>
            {
                return None
            }
            _ => {}
        }
    }
    calls.dedup();
    calls.pop().filter(|_| calls.is_empty())
}

fn mentions(ins: &Ins, name: &str) -> bool {
    ins.flow == Flow::Next && (ins.reads | ins.writes) & register(name) != 0
}

fn drop_frame(function: &mut Function) {
    let mut body = Vec::with_capacity(function.body.len());
    let mut lines = function.body.drain(..).peekable();
    while let Some(line) = lines.next() {
        match line {
            Line::Ins(ins) if ins.op == "push" => {}
            Line::Ins(ins) if ins.op == "bl" => {
                body.push(Line::Ins(Ins { op: "b".into(), flow: Flow::Return, ..ins }));
                lines.next();
            }
            Line::Ins(ins) if ins.op == "pop" => body.extend(Ins::new("bx", "lr").map(Line::Ins)),
            other => body.push(other),
        }
    }
    drop(lines);
    function.body = body;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    #[test]
    fn a_tail_call_becomes_a_jump() {
        let wrapper = "push {r7, lr}; cmp r0, #0; beq .LBB0_1; movs r0, r1; bl close; pop {r7, pc}; .LBB0_1:; pop {r7, pc}";
        let mut program = program(&[("wrapper", wrapper), ("other", "bx lr"), ("close", "bx lr")]);
        eliminate(&mut program);
        assert_eq!(
            shown(&program, "wrapper"),
            "cmp r0, #0; beq .LBB0_1; movs r0, r1; b close; .LBB0_1:; bx lr"
        );
        let names: Vec<&str> = program.functions().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["other", "wrapper", "close"]);
    }

    #[test]
    fn a_jump_to_the_next_function_is_dropped() {
        let mut program = program(&[
            ("one", "push {r7, lr}; bl two; pop {r7, pc}"),
            ("two", "push {r7, lr}; bl three; pop {r7, pc}"),
            ("three", "bx lr"),
        ]);
        eliminate(&mut program);
        fall_through(&mut program);
        assert_eq!((shown(&program, "one"), shown(&program, "two")), (String::new(), String::new()));
    }

    #[test]
    fn functions_that_need_their_frame_keep_it() {
        for text in [
            "push {r7, lr}; bl g; movs r0, #1; pop {r7, pc}",
            "push {r7, lr}; bl g; bl g; pop {r7, pc}",
            "push {r7, lr}; str r0, [sp]; bl g; pop {r7, pc}",
            "push {r7, lr}; movs r7, r0; bl g; pop {r7, pc}",
            "push {r6, r7, lr}; bl g; pop {r6, r7, pc}",
            "push {r7, lr}; blx r3; pop {r7, pc}",
            "push {r7, lr}; bl f; pop {r7, pc}",
            "push {r7, lr}; bl unknown; pop {r7, pc}",
        ] {
            let mut program = program(&[("f", text), ("g", "bx lr")]);
            eliminate(&mut program);
            assert_eq!(shown(&program, "f"), text);
        }
    }
}
