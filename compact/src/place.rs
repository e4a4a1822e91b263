//! Where everything lies, and jumps over jumps.

use super::code::{opposite, Flow, Ins};
use super::program::{Function, Line, Program};
use std::collections::HashMap;

/// How far a conditional branch reaches, less what alignment may add.
const NEAR: u32 = 240;

/// `bcc next` `b label` `next:` becomes the opposite branch to the label where that reaches.
pub(super) fn shorten_jumps(program: &mut Program) {
    for function in program.functions_mut() {
        while shorten_jump(function) {}
    }
}

fn shorten_jump(function: &mut Function) -> bool {
    let (offsets, _) = offsets(function, 0);
    let labels = labels(function, &offsets);
    for (nth, at) in offsets.iter().enumerate() {
        let Some((op, far)) = jump_over(function, nth) else { continue };
        let near = labels.get(far).is_some_and(|there| there.abs_diff(*at) <= NEAR);
        if let Some(short) = Ins::new(op, far).filter(|_| near) {
            function.body.splice(nth..nth + 2, [Line::Ins(short)]);
            return true;
        }
    }
    false
}

/// The condition on which the branch over a jump at line `nth` does not branch, and where the jump leads.
fn jump_over(function: &Function, nth: usize) -> Option<(&'static str, &str)> {
    let (over, jump) = (function.body.get(nth)?.ins()?, function.body.get(nth + 1)?.ins()?);
    let Flow::Branch { label: next, conditional: true } = &over.flow else { return None };
    let Flow::Branch { label: far, conditional: false } = &jump.flow else { return None };
    let mut follow = function.body[nth + 2..].iter().take_while(|line| matches!(line, Line::Label(_)));
    let follows = follow.any(|line| matches!(line, Line::Label(label) if label == next));
    Some((opposite(&over.op).filter(|_| follows)?, far))
}

/// The offset of each line of `function` when it begins at `start`, and where it ends.
pub(super) fn offsets(function: &Function, start: u32) -> (Vec<u32>, u32) {
    let mut at = align(start, 1);
    let mut offsets = Vec::with_capacity(function.body.len());
    for line in &function.body {
        offsets.push(at);
        at = match line {
            Line::Label(_) => at,
            Line::Ins(ins) => at + ins.size(),
            Line::Data(text) => data(text, at),
        };
    }
    (offsets, at)
}

/// The offset of each label.
pub(super) fn labels<'a>(function: &'a Function, offsets: &[u32]) -> HashMap<&'a str, u32> {
    let lines = function.body.iter().zip(offsets);
    lines
        .filter_map(
            |(line, at)| if let Line::Label(label) = line { Some((label.as_str(), *at)) } else { None },
        )
        .collect()
}

fn align(at: u32, power: u32) -> u32 {
    at.next_multiple_of(1 << power)
}

/// Where a directive at `at` ends.
fn data(text: &str, at: u32) -> u32 {
    let (name, value) = text.split_once('\t').unwrap_or((text, ""));
    match name {
        ".p2align" => {
            align(at, value.split(',').next().and_then(|power| power.trim().parse().ok()).unwrap_or(2))
        }
        ".long" => at + 4,
        ".short" => at + 2,
        ".byte" => at + 1,
        ".zero" => at + value.parse::<u32>().unwrap_or(0),
        ".asciz" => at + string(value) + 1,
        _ => at + string(value),
    }
}

/// Bytes of a text in quotes, with backslashes before three octal digits or one character.
fn string(quoted: &str) -> u32 {
    let inner = quoted.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    let mut bytes = inner.bytes();
    let mut count = 0;
    while let Some(byte) = bytes.next() {
        count += 1;
        if byte == b'\\' && bytes.next().is_some_and(|next| next.is_ascii_digit()) {
            bytes.nth(1);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    #[test]
    fn a_jump_over_a_jump_is_one_where_it_reaches() {
        let text = |far: usize| {
            let far = vec!["movs r0, r1"; far].join("; ");
            format!("cmp r0, #0; beq .LBB0_1; b .LBB0_2; .LBB0_1:; {far}; .LBB0_2:; bx lr")
        };
        let mut near = program(&[("f", &text(50))]);
        shorten_jumps(&mut near);
        assert!(shown(&near, "f").starts_with("cmp r0, #0; bne .LBB0_2; .LBB0_1:; movs"));
        let mut far = program(&[("f", &text(150))]);
        shorten_jumps(&mut far);
        assert_eq!(shown(&far, "f"), text(150));
    }

    #[test]
    fn texts_have_lengths() {
        assert_eq!(string(r#""033""#), 3);
        assert_eq!(string(r#""\033[1;3\000\000""#), 7);
        assert_eq!(string(r#""a\n\"\\b""#), 5);
    }
}
