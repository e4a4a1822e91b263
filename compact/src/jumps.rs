//! A call that comes last is a jump.
//!
//! LLVM never makes one for Thumb-1, where a jump reaches 2 KB only. Here a function that saves nothing but lr, and
//! only for such calls, is brought before what it calls.

use super::code::{register, Flow, Ins};
use super::program::{Function, Line, Part, Program};
use std::collections::HashMap;

/// Makes jumps of all last calls that can be.
pub(super) fn jump(program: &mut Program) {
    while let Some((part, callee)) = next(program) {
        let Some(Part::Function(function)) = program.parts.get_mut(part) else { return };
        change(function);
        let moved = program.parts.remove(part);
        let named = |part: &Part| matches!(part, Part::Function(other) if other.name == callee);
        let at = program.parts.iter().position(named).unwrap_or(part);
        program.parts.insert(at, moved);
    }
}

/// Drops jumps to what follows anyway.
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

/// A function that can be changed, and what it calls. What is called stays where it is from then on.
fn next(program: &Program) -> Option<(usize, String)> {
    let callees: HashMap<&str, Option<String>> =
        program.functions().map(|function| (function.name.as_str(), last_call(function))).collect();
    program.parts.iter().enumerate().find_map(|(nth, part)| {
        let Part::Function(function) = part else { return None };
        let callee = callees.get(function.name.as_str())?.clone()?;
        matches!(callees.get(callee.as_str()), Some(None)).then_some((nth, callee))
    })
}

/// The one function that `function` calls, always last, with nothing but lr saved for that.
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

fn change(function: &mut Function) {
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
    fn a_last_call_is_a_jump_to_what_follows() {
        let wrapper = "push {r7, lr}; cmp r0, #0; beq .LBB0_1; movs r0, r1; bl close; pop {r7, pc}; .LBB0_1:; pop {r7, pc}";
        let mut program = program(&[("wrapper", wrapper), ("other", "bx lr"), ("close", "bx lr")]);
        jump(&mut program);
        assert_eq!(
            shown(&program, "wrapper"),
            "cmp r0, #0; beq .LBB0_1; movs r0, r1; b close; .LBB0_1:; bx lr"
        );
        let names: Vec<&str> = program.functions().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["other", "wrapper", "close"]);
    }

    #[test]
    fn a_jump_to_what_follows_is_none() {
        let mut program = program(&[
            ("one", "push {r7, lr}; bl two; pop {r7, pc}"),
            ("two", "push {r7, lr}; bl three; pop {r7, pc}"),
            ("three", "bx lr"),
        ]);
        jump(&mut program);
        fall_through(&mut program);
        assert_eq!((shown(&program, "one"), shown(&program, "two")), (String::new(), String::new()));
    }

    #[test]
    fn what_needs_its_frame_keeps_it() {
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
            jump(&mut program);
            assert_eq!(shown(&program, "f"), text);
        }
    }
}
