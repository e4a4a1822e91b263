//! Which registers and flags are needed later.

use super::code::{Flow, Set};
use super::program::{Function, Line};
use std::collections::HashMap;

/// For each line of `function`, what is needed behind it.
pub(super) fn live_out(function: &Function) -> Vec<Set> {
    let mut at_label: HashMap<&str, Set> = HashMap::new();
    let mut out = vec![0; function.body.len()];
    loop {
        let mut changed = false;
        // Behind the last line there is nothing.
        let mut live = 0;
        for (nth, line) in function.body.iter().enumerate().rev() {
            match line {
                Line::Data(_) => {}
                Line::Label(label) => {
                    let known = at_label.entry(label).or_default();
                    changed |= *known != live;
                    *known = live;
                }
                Line::Ins(ins) => {
                    live = match &ins.flow {
                        Flow::Next | Flow::Call(_) => live,
                        Flow::Branch { label, conditional } => {
                            let there = at_label.get(label.as_str()).copied().unwrap_or(0);
                            there | if *conditional { live } else { 0 }
                        }
                        Flow::Table => at_label.values().fold(0, |all, one| all | one),
                        Flow::Return | Flow::Trap => 0,
                    };
                    out[nth] = live;
                    live = (live & !ins.kills) | ins.reads;
                    continue;
                }
            }
            out[nth] = live;
        }
        if !changed {
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact::code::{CV, NZ};
    use crate::compact::program::testing::function;

    #[test]
    fn what_a_loop_needs_is_live_around_it() {
        let live = live_out(&function("f", ".LBB0_1:; subs r4, r4, #1; bne .LBB0_1; movs r0, r5; bx lr"));
        assert_eq!(live[1] & (NZ | CV), NZ);
        assert_eq!(live[2] & 0b11_0000, 0b11_0000);
        assert_eq!(live[3] & 1, 1);
        assert_eq!(live[2] & 1, 0);
    }

    #[test]
    fn a_call_ends_what_was_in_its_registers() {
        let live = live_out(&function("f", "push {r4, lr}; movs r4, r0; bl g; movs r0, r4; pop {r4, pc}"));
        assert_eq!(live[2] & 0b1_0001, 0b1_0000);
        assert_eq!(live[0] & 1, 1);
    }
}
