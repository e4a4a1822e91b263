//! Instructions that may stand in any order stand in the same everywhere.
//!
//! The arguments of a call are set in the order in which the register allocator came by them. Where nothing
//! depends on the order, it is made one, so that [`super::outline`] and [`super::tails`] see what is equal.

use super::code::{Flow, Ins, Set, CV, NZ, SP};
use super::live::live_out;
use super::program::{Function, Line, Program};

/// Orders all runs of instructions.
pub(super) fn order(program: &mut Program) {
    program.functions_mut().for_each(order_function);
}

fn order_function(function: &mut Function) {
    let live = live_out(function);
    let mut tabled = false;
    let free: Vec<bool> = function
        .body
        .iter()
        .zip(&live)
        .map(|(line, live)| {
            let Some(ins) = line.ins() else { return false };
            // The distance from here to the table counts.
            tabled = (tabled || ins.args.ends_with(", pc")) && ins.flow != Flow::Table;
            let flags = NZ | CV;
            !tabled && ins.flow == Flow::Next && ins.writes & SP == 0 && (live | ins.reads) & flags == 0
        })
        .collect();
    let mut start = 0;
    while start < free.len() {
        let length = free[start..].iter().take_while(|free| **free).count();
        let run: Vec<Ins> = function.body[start..start + length].iter().filter_map(Line::ins).cloned().collect();
        function.body.splice(start..start + length, ordered(run).into_iter().map(Line::Ins));
        start += length + 1;
    }
}

/// The instructions in an order that depends on nothing but what they do, from the last to the first: always the
/// greatest of those that nothing left has to follow.
fn ordered(mut run: Vec<Ins>) -> Vec<Ins> {
    let mut backwards = Vec::with_capacity(run.len());
    while !run.is_empty() {
        let ready = (0..run.len()).filter(|&nth| run[nth + 1..].iter().all(|later| !depends(&run[nth], later)));
        let Some(last) = ready.max_by(|&one, &other| key(&run[one]).cmp(&key(&run[other]))) else { break };
        backwards.push(run.remove(last));
    }
    backwards.reverse();
    backwards
}

fn key(ins: &Ins) -> (bool, Set, &str, &str) {
    let written = ins.writes & !(NZ | CV);
    (written != 0 && written & !0xf == 0, 0x10000 - written, &ins.op, &ins.args)
}

/// Whether `later` must stay behind `earlier`.
fn depends(earlier: &Ins, later: &Ins) -> bool {
    let flags = NZ | CV;
    let (writes, others) = (earlier.writes & !flags, later.writes & !flags);
    (writes & (later.reads | others)) | (earlier.reads & others) != 0 || touches_memory(earlier) && touches_memory(later)
}

/// Whether it reads or writes memory: such instructions stay in their order.
fn touches_memory(ins: &Ins) -> bool {
    (ins.op.starts_with("ld") || ins.op.starts_with("st")) && ins.constant().is_none()
}
