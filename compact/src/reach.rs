//! Whether branches and loads reach their labels.

use super::instruction::{Flow, Ins};
use super::layout::{labels, offsets};
use super::program::{Function, Line};

/// The label that `ins` refers to by a distance with few bits. Calls reach everything.
pub(super) fn target(ins: &Ins) -> Option<&str> {
    match &ins.flow {
        Flow::Branch { label, .. } => Some(label),
        Flow::Return if ins.op == "b" => Some(&ins.args),
        Flow::Next if ins.op == "adr" => ins.operands().get(1).copied(),
        _ => ins.constant(),
    }
}

/// Whether `ins` at offset `at` reaches the offset `there`.
pub(super) fn reaches(ins: &Ins, at: u32, there: u32) -> bool {
    let distance = i64::from(there) - i64::from(at) - 4;
    match ins.flow {
        Flow::Branch { conditional: true, .. } => (-256..=254).contains(&distance),
        Flow::Branch { .. } | Flow::Return => (-2048..=2046).contains(&distance),
        // Loads count from the word that the instruction after the next one is in.
        _ => (0..=1020).contains(&(distance + i64::from(at % 4))),
    }
}

/// Whether all instructions of `function` reach the labels in it, wherever it begins.
pub(super) fn all_reach(function: &Function) -> bool {
    [0, 2].into_iter().all(|start| {
        let (places, _) = offsets(function, start);
        let labels = labels(function, &places);
        function.body.iter().zip(&places).all(|(line, &at)| {
            let Some(ins) = line.ins() else { return true };
            let there = target(ins).and_then(|label| labels.get(label));
            there.is_none_or(|&there| reaches(ins, at, there))
        })
    })
}

/// Whether `line` is no instruction or goes on with the next one.
pub(super) fn falls_through(line: &Line) -> bool {
    match line {
        Line::Ins(ins) => !matches!(
            ins.flow,
            Flow::Return | Flow::Table | Flow::Trap | Flow::Branch { conditional: false, .. }
        ),
        Line::Label(_) => true,
        Line::Data(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::function;

    #[test]
    fn the_limits_of_reach() {
        let ins = |op, args| Ins::new(op, args).unwrap();
        for (one, near, far) in [
            (ins("beq", ".L"), 1258, 1260),
            (ins("beq", ".L"), 748, 746),
            (ins("b", ".L"), 3050, 3052),
            (ins("b", ".L"), 0, 3052),
            (ins("ldr", "r0, .L"), 2024, 2028),
            (ins("adr", "r0, .L"), 1004, 1000),
        ] {
            assert!(reaches(&one, 1000, near), "{one:?} {near}");
            assert!(!reaches(&one, 1000, far), "{one:?} {far}");
        }
        assert!(reaches(&ins("ldr", "r0, .L"), 1002, 2024));
    }

    #[test]
    fn alignment_counts() {
        let text = |between: usize| {
            let between = vec!["movs r0, r1"; between].join("; ");
            function("f", &format!("beq .LBB0_1; b .LBB0_1; .p2align 2; .long 1; {between}; .LBB0_1:; bx lr"))
        };
        assert!(all_reach(&text(124)));
        assert!(!all_reach(&text(125)));
    }
}
