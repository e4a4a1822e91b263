//! Jump threading: a branch that leads to another branch on the same flags goes straight to the final target.
//!
//! LLVM writes each choice between two values as a branch around a copy. When several choices depend on one
//! comparison, this gives chains: `beq one` copy `one: beq two` copy `two:`.

use super::instruction::{opposite, Flow, Ins, CV, NZ};
use super::program::{Function, Line, Program};
use std::collections::HashSet;

/// Retargets branches that lead to branches, and drops branches whose outcome is known.
pub(super) fn thread(program: &mut Program) {
    for (nth, function) in program.functions_mut().enumerate() {
        let mut count = 0;
        loop {
            drop_labels(function);
            let label = format!(".LTHR{nth}_{count}");
            count += 1;
            if !(decided(function) || retarget(function, label)) {
                break;
            }
        }
    }
}

/// Drops the labels of blocks that no branch leads to.
fn drop_labels(function: &mut Function) {
    let used: HashSet<String> = function.references().map(String::from).collect();
    function
        .body
        .retain(|line| !matches!(line, Line::Label(label) if is_block(label) && !used.contains(label)));
}

fn is_block(label: &str) -> bool {
    label.starts_with(".LBB") || label.starts_with(".LTHR")
}

/// The conditional branch at line `nth`: its mnemonic and label.
fn conditional(function: &Function, nth: usize) -> Option<(&str, &str)> {
    let ins = function.body.get(nth)?.ins()?;
    match &ins.flow {
        Flow::Branch { label, conditional: true } => Some((&ins.op, label)),
        _ => None,
    }
}

/// Retargets one branch that leads to a branch on the same flags. `new` is a label for the line after that branch.
fn retarget(function: &mut Function, new: String) -> bool {
    for nth in 0..function.body.len() {
        let Some((op, label)) = conditional(function, nth) else { continue };
        let Some(start) =
            function.body.iter().position(|line| matches!(line, Line::Label(name) if name == label))
        else {
            continue;
        };
        let labels = function.body[start..].iter().take_while(|line| matches!(line, Line::Label(_))).count();
        let there = start + labels;
        let Some((second, far)) = conditional(function, there) else { continue };
        let to = match second {
            _ if there == nth => continue,
            _ if second == op => far.to_string(),
            _ if opposite(op) == Some(second) => new.clone(),
            _ => continue,
        };
        let Some(branch) = Ins::new(op, &to) else { continue };
        function.body[nth] = Line::Ins(branch);
        if to == new {
            function.body.insert(there + 1, Line::Label(new));
        }
        return true;
    }
    false
}

/// Resolves one branch that follows a branch on the same flags that was not taken.
fn decided(function: &mut Function) -> bool {
    for nth in 0..function.body.len() {
        let Some((op, _)) = conditional(function, nth) else { continue };
        let same =
            |line: &Line| line.ins().is_some_and(|ins| ins.writes & (NZ | CV) == 0 && ins.flow == Flow::Next);
        let next = nth + 1 + function.body[nth + 1..].iter().take_while(|line| same(line)).count();
        let Some((second, far)) = conditional(function, next) else { continue };
        if second == op {
            function.body.remove(next);
            return true;
        }
        if opposite(op) == Some(second) {
            let Some(always) = Ins::new("b", far) else { continue };
            function.body[next] = Line::Ins(always);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    fn threaded(text: &str) -> String {
        let mut program = program(&[("f", text)]);
        thread(&mut program);
        shown(&program, "f")
    }

    #[test]
    fn two_choices_on_one_comparison_are_one_branch() {
        assert_eq!(
            threaded(
                "cmp r0, #0; beq .LBB0_1; mov r1, r8; .LBB0_1:; beq .LBB0_2; mov r2, r9; .LBB0_2:; bx lr"
            ),
            "cmp r0, #0; beq .LBB0_2; mov r1, r8; mov r2, r9; .LBB0_2:; bx lr"
        );
    }

    #[test]
    fn opposite_choices_are_two_ways() {
        assert_eq!(
            threaded(
                "cmp r0, #0; bhi .LBB0_1; mov r1, r8; .LBB0_1:; bls .LBB0_2; mov r2, r9; .LBB0_2:; bx lr"
            ),
            "cmp r0, #0; bhi .LTHR0_0; mov r1, r8; b .LBB0_2; .LTHR0_0:; mov r2, r9; .LBB0_2:; bx lr"
        );
    }

    #[test]
    fn new_flags_are_a_new_choice() {
        let text =
            "cmp r0, #0; beq .LBB0_1; cmp r1, #0; beq .LBB0_2; .LBB0_1:; adds r0, #1; beq .LBB0_2; bx lr; \
                    .LBB0_2:; bx lr";
        assert_eq!(threaded(text), text);
    }

    #[test]
    fn a_branch_to_itself_ends_nothing() {
        let text = "cmp r0, #0; .LBB0_1:; beq .LBB0_1; bx lr";
        assert_eq!(threaded(text), text);
    }
}
