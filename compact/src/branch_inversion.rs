//! Branch inversion: a conditional branch around a jump becomes one branch on the opposite condition.
//!
//! Where the label is too far away, a jump to it that is nearer will do, a trampoline.

use super::instruction::{opposite, Flow, Ins};
use super::layout::{labels, offsets};
use super::program::{Function, Line, Program};

/// The distance in bytes that a conditional branch reaches, less a margin for alignment.
const NEAR: u32 = 240;

/// Replaces `bcc next` `b label` `next:` by the opposite branch to the label, where that reaches.
pub(super) fn invert(program: &mut Program) {
    let mut count = 0;
    for function in program.functions_mut() {
        while invert_one(function, &mut count) {}
    }
}

fn invert_one(function: &mut Function, count: &mut usize) -> bool {
    let (offsets, _) = offsets(function, 0);
    let labels = labels(function, &offsets);
    for (nth, at) in offsets.iter().enumerate() {
        let Some((op, far)) = branch_around_jump(function, nth) else { continue };
        if labels.get(far).is_some_and(|there| there.abs_diff(*at) <= NEAR) {
            let short = Ins::new(op, far).map(Line::Ins);
            function.body.splice(nth..nth + 2, short);
            return true;
        }
        let jumps = |line: &Line| line.ins().is_some_and(|ins| ins.op == "b" && ins.args == far);
        let trampoline = |&place: &usize| {
            place != nth + 1 && offsets[place].abs_diff(*at) <= NEAR && jumps(&function.body[place])
        };
        if let Some(place) = (0..offsets.len()).find(trampoline) {
            let label = format!(".LJUMP{count}");
            *count += 1;
            let short = Ins::new(op, &label).map(Line::Ins);
            function.body.insert(place, Line::Label(label));
            let nth = nth + usize::from(place < nth);
            function.body.splice(nth..nth + 2, short);
            return true;
        }
    }
    false
}

/// If line `nth` is a branch around a jump: the opposite branch, and the label of the jump.
fn branch_around_jump(function: &Function, nth: usize) -> Option<(&'static str, &str)> {
    let (over, jump) = (function.body.get(nth)?.ins()?, function.body.get(nth + 1)?.ins()?);
    let Flow::Branch { label: next, conditional: true } = &over.flow else { return None };
    let Flow::Branch { label: far, conditional: false } = &jump.flow else { return None };
    let mut follow = function.body[nth + 2..].iter().take_while(|line| matches!(line, Line::Label(_)));
    let follows = follow.any(|line| matches!(line, Line::Label(label) if label == next));
    Some((opposite(&over.op).filter(|_| follows)?, far))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    #[test]
    fn a_jump_nearby_is_a_trampoline() {
        let long = vec!["movs r0, r1"; 150].join("; ");
        let branch = "bne .LBB0_1; b .LBB0_2; .LBB0_1:; movs r0, #1";
        let inverted = "beq .LJUMP0; .LBB0_1:; movs r0, #1";
        let mut behind = program(&[("f", &format!("{branch}; b .LBB0_2; {long}; .LBB0_2:; bx lr"))]);
        invert(&mut behind);
        assert_eq!(shown(&behind, "f"), format!("{inverted}; .LJUMP0:; b .LBB0_2; {long}; .LBB0_2:; bx lr"));
        let mut before = program(&[("f", &format!("b .LBB0_2; {branch}; {long}; .LBB0_2:; bx lr"))]);
        invert(&mut before);
        assert_eq!(shown(&before, "f"), format!(".LJUMP0:; b .LBB0_2; {inverted}; {long}; .LBB0_2:; bx lr"));
        let text = format!("b .LBB0_2; {long}; {branch}; {long}; .LBB0_2:; bx lr");
        let mut far = program(&[("f", &text)]);
        invert(&mut far);
        assert_eq!(shown(&far, "f"), text);
    }

    #[test]
    fn a_branch_around_a_jump_is_inverted_where_it_reaches() {
        let text = |far: usize| {
            let far = vec!["movs r0, r1"; far].join("; ");
            format!("cmp r0, #0; beq .LBB0_1; b .LBB0_2; .LBB0_1:; {far}; .LBB0_2:; bx lr")
        };
        let mut near = program(&[("f", &text(50))]);
        invert(&mut near);
        assert!(shown(&near, "f").starts_with("cmp r0, #0; bne .LBB0_2; .LBB0_1:; movs"));
        let mut far = program(&[("f", &text(150))]);
        invert(&mut far);
        assert_eq!(shown(&far, "f"), text(150));
    }
}
