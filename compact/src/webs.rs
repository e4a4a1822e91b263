//! Webs: the values of a function, and the registers that they may have.
//!
//! A web is a set of definitions and uses that must be in the same register: each definition with all its uses,
//! joined where they overlap. Two webs interfere when both are live at the same time.

use super::instruction::{register, registers, Flow, Ins, Set, ARGUMENTS};
use super::liveness::{Liveness, Summaries};
use super::program::{Function, Line};
use std::collections::HashMap;

/// r0 to r7.
const LOW_REGISTERS: Set = 0xff;
/// The most webs that one exchange changes.
const MAX_CHANGED: usize = 40;

/// A web.
struct Web {
    /// The register that it has now.
    register: u8,
    /// Whether it must stay in its register.
    precoloured: bool,
    /// The lines before which it is live, or where it is defined.
    lines: Vec<usize>,
    /// The lines whose operands name it.
    named: Vec<usize>,
}

/// The webs at a line.
#[derive(Default)]
struct Point {
    live_in: Vec<usize>,
    live_out: Vec<usize>,
    defined: Vec<usize>,
    /// Registers that a call at this line changes.
    clobbered: Set,
    /// For each register in the operands: its position in the text, and its web.
    names: Vec<(usize, usize)>,
}

/// The webs of a function.
pub(super) struct Webs {
    webs: Vec<Web>,
    points: Vec<Point>,
    /// The registers that the function may use.
    pub allowed: Set,
}

/// A union-find structure. Each line has two nodes for each of eight registers: live before it, and defined by it.
struct UnionFind {
    parents: Vec<usize>,
}

impl UnionFind {
    fn entering(line: usize, register: u8) -> usize {
        line * 16 + usize::from(register)
    }

    fn defined(line: usize, register: u8) -> usize {
        line * 16 + 8 + usize::from(register)
    }

    fn find(&mut self, mut node: usize) -> usize {
        while self.parents[node] != node {
            self.parents[node] = self.parents[self.parents[node]];
            node = self.parents[node];
        }
        node
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.parents[one] = other;
    }
}

/// The numbers of the low registers in a set.
fn registers_in(set: Set) -> impl Iterator<Item = u8> {
    (0..8).filter(move |register| set >> register & 1 != 0)
}

/// Whether the register at position `at` of the operands is written.
fn defines(ins: &Ins, at: usize, register: u8) -> bool {
    match ins.op.as_str() {
        "pop" => true,
        "ldm" => ins.args[..at].contains('{'),
        "stm" => false,
        _ => at == 0 && ins.writes >> register & 1 != 0,
    }
}

/// Whether the register at position `at` of the operands is both read and written (a tied operand).
fn tied(ins: &Ins, at: usize, register: u8) -> bool {
    let both = (ins.reads & ins.writes) >> register & 1 != 0;
    match ins.op.as_str() {
        "ldm" | "stm" => at == 0 && both,
        // The encoding has only two registers.
        "muls" => ins.writes >> register & 1 != 0,
        "movs" | "mvns" | "mov" => false,
        op if op.starts_with("ldr") => false,
        _ => at == 0 && both && ins.operands().len() == 2,
    }
}

/// Whether the registers of an instruction are fixed: calls, returns, `push` and `pop`.
fn needs_fixed_registers(ins: &Ins) -> bool {
    matches!(ins.flow, Flow::Call(_) | Flow::Return) || ins.op == "push" || ins.op == "pop"
}

impl Webs {
    /// Finds the webs of `function`; `summaries` describe the functions that it calls.
    pub(super) fn of(function: &Function, summaries: &Summaries) -> Self {
        let live = Liveness::of(function, summaries);
        let mut nodes = join(function, &live);
        let mut found = Numbering { nodes: &mut nodes, numbers: HashMap::new(), webs: Vec::new() };
        let points = function.body.iter().enumerate().map(|(nth, line)| found.point(nth, line.ins(), &live));
        let points: Vec<Point> = points.collect();
        for node in precoloured(function, &live) {
            let web = found.web(node);
            found.webs[web].precoloured = true;
        }
        let mut webs = found.webs;
        for (nth, point) in points.iter().enumerate() {
            point.live_in.iter().chain(&point.defined).for_each(|&web| add(&mut webs[web].lines, nth));
            point.names.iter().for_each(|&(_, web)| add(&mut webs[web].named, nth));
        }
        let saved = function.body.iter().filter_map(Line::ins).filter(|ins| ins.op == "push");
        let allowed = saved.fold(ARGUMENTS, |set, ins| set | ins.reads & LOW_REGISTERS);
        Self { webs, points, allowed }
    }

    /// The webs whose register may change.
    pub(super) fn free(&self) -> Vec<usize> {
        let free = |&web: &usize| !self.webs[web].precoloured && !self.webs[web].named.is_empty();
        (0..self.webs.len()).filter(free).collect()
    }

    /// The register of a web.
    pub(super) fn register(&self, web: usize) -> u8 {
        self.webs[web].register
    }

    /// The webs that change when `web` gets `register`: `web`, the interfering webs, which get its present register,
    /// the webs that interfere with those, and so on. None if that is not possible.
    pub(super) fn exchange(&self, web: usize, register: u8) -> Option<Vec<usize>> {
        let own = self.webs[web].register;
        let mut changed = vec![web];
        let mut at = 0;
        while let Some(&one) = changed.get(at) {
            at += 1;
            let to = if self.webs[one].register == own { register } else { own };
            if self.webs[one].precoloured
                || changed.len() > MAX_CHANGED
                || !self.add_interfering(one, to, &mut changed)
            {
                return None;
            }
        }
        Some(changed)
    }

    /// Adds the webs to `found` that interfere when `web` gets `register`. False if a call changes that register.
    fn add_interfering(&self, web: usize, register: u8, found: &mut Vec<usize>) -> bool {
        for point in self.webs[web].lines.iter().map(|&nth| &self.points[nth]) {
            let defined = point.defined.contains(&web);
            let lives_on = point.live_out.contains(&web);
            let lists = [
                (point.live_in.contains(&web), &point.live_in),
                (defined || lives_on, &point.live_out),
                (defined || lives_on, &point.defined),
            ];
            for &other in lists.iter().filter(|list| list.0).flat_map(|list| list.1) {
                if other != web && self.webs[other].register == register && !found.contains(&other) {
                    found.push(other);
                }
            }
            if lives_on && !defined && point.clobbered >> register & 1 != 0 {
                return false;
            }
        }
        true
    }

    /// Exchanges the registers `one` and `other` in the webs `changed`.
    pub(super) fn flip(&mut self, changed: &[usize], one: u8, other: u8) {
        for &web in changed {
            let register = &mut self.webs[web].register;
            *register = if *register == one { other } else { one };
        }
    }

    /// The lines whose operands name one of the webs.
    pub(super) fn lines(&self, webs: &[usize]) -> Vec<usize> {
        let mut lines: Vec<usize> =
            webs.iter().flat_map(|&web| self.webs[web].named.iter().copied()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// The registers in the operands of line `nth`, in order.
    pub(super) fn registers(&self, nth: usize) -> impl Iterator<Item = u8> + '_ {
        self.points[nth].names.iter().map(|&(_, web)| self.webs[web].register)
    }

    /// The operands of line `nth`, which were `args`, with the present registers.
    pub(super) fn args(&self, nth: usize, args: &str) -> String {
        let mut args = args.to_string();
        for &(at, web) in &self.points[nth].names {
            args.replace_range(at + 1..at + 2, &self.webs[web].register.to_string());
        }
        args
    }

    /// Whether line `nth` copies a register to itself.
    pub(super) fn copies_itself(&self, nth: usize, ins: &Ins) -> bool {
        let [(_, to), (_, from)] = self.points[nth].names[..] else { return false };
        ins.op == "movs" && self.webs[to].register == self.webs[from].register
    }

    /// Whether line `nth` can be encoded with the present registers. The registers of a list must ascend. A base
    /// without `!` must be in the list.
    pub(super) fn is_encodable(&self, nth: usize, ins: &Ins) -> bool {
        if ins.op != "ldm" && ins.op != "stm" {
            return true;
        }
        let args = self.args(nth, &ins.args);
        let all = registers(&args);
        let Some((base, list)) = all.split_first() else { return false };
        list.windows(2).all(|two| two[0].1 < two[1].1)
            && args.contains('!') != list.iter().any(|one| one.1 == base.1)
    }
}

fn add(lines: &mut Vec<usize>, nth: usize) {
    if lines.last() != Some(&nth) {
        lines.push(nth);
    }
}

/// Joins the nodes that must be in the same register.
fn join(function: &Function, live: &Liveness) -> UnionFind {
    let mut nodes = UnionFind { parents: (0..function.body.len() * 16).collect() };
    for (nth, line) in function.body.iter().enumerate() {
        let (writes, kills) = line.ins().map_or((0, 0), |ins| (ins.writes, ins.kills));
        if let Some(ins) = line.ins().filter(|ins| !needs_fixed_registers(ins)) {
            for (at, register) in registers(&ins.args) {
                if tied(ins, at, register) {
                    nodes.join(UnionFind::entering(nth, register), UnionFind::defined(nth, register));
                }
            }
        }
        for register in registers_in(writes & !kills) {
            nodes.join(UnionFind::entering(nth, register), UnionFind::defined(nth, register));
        }
        for &next in &live.successors[nth] {
            for register in registers_in(live.live_in[next] & LOW_REGISTERS) {
                nodes.join(leaving(nth, register, writes), UnionFind::entering(next, register));
            }
        }
    }
    nodes
}

/// The node of `register` after line `nth`, which writes `writes`.
fn leaving(nth: usize, register: u8, writes: Set) -> usize {
    if writes >> register & 1 != 0 {
        UnionFind::defined(nth, register)
    } else {
        UnionFind::entering(nth, register)
    }
}

/// The nodes that must stay in their registers.
fn precoloured(function: &Function, live: &Liveness) -> Vec<usize> {
    let entry = live.live_in.first().copied().unwrap_or(0);
    let mut precoloured: Vec<usize> =
        registers_in(entry).map(|register| UnionFind::entering(0, register)).collect();
    for (nth, line) in function.body.iter().enumerate() {
        let Some(ins) = line.ins().filter(|ins| needs_fixed_registers(ins)) else { continue };
        // The address of the called function may be in any register that is no argument.
        let callee = if ins.op == "blx" { register(&ins.args) & !ARGUMENTS } else { 0 };
        precoloured.extend(
            registers_in(live.reads[nth] & !callee).map(|register| UnionFind::entering(nth, register)),
        );
        precoloured.extend(registers_in(ins.writes).map(|register| UnionFind::defined(nth, register)));
    }
    precoloured
}

/// Gives each web a number.
struct Numbering<'a> {
    nodes: &'a mut UnionFind,
    numbers: HashMap<usize, usize>,
    webs: Vec<Web>,
}

impl Numbering<'_> {
    fn web(&mut self, node: usize) -> usize {
        let next = self.webs.len();
        let number = *self.numbers.entry(self.nodes.find(node)).or_insert(next);
        if number == next {
            let register = (node % 8) as u8;
            self.webs.push(Web { register, precoloured: false, lines: Vec::new(), named: Vec::new() });
        }
        number
    }

    fn point(&mut self, nth: usize, ins: Option<&Ins>, live: &Liveness) -> Point {
        let writes = ins.map_or(0, |ins| ins.writes);
        let call = ins.is_some_and(|ins| matches!(ins.flow, Flow::Call(_)));
        let defined = if call { writes & live.live_out[nth] } else { writes };
        let name = |&(at, register): &(usize, u8)| match ins {
            Some(ins) if defines(ins, at, register) => (at, UnionFind::defined(nth, register)),
            _ => (at, UnionFind::entering(nth, register)),
        };
        let names: Vec<(usize, usize)> =
            registers(ins.map_or("", |ins| &ins.args)).iter().map(name).collect();
        Point {
            live_in: registers_in(live.live_in[nth])
                .map(|one| self.web(UnionFind::entering(nth, one)))
                .collect(),
            live_out: registers_in(live.live_out[nth])
                .map(|one| self.web(leaving(nth, one, writes)))
                .collect(),
            defined: registers_in(defined).map(|one| self.web(UnionFind::defined(nth, one))).collect(),
            clobbered: if call { writes } else { 0 },
            names: names.into_iter().map(|(at, node)| (at, self.web(node))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::function;

    fn webs(text: &str) -> (Function, Webs) {
        let function = function("f", text);
        let webs = Webs::of(&function, &Summaries::default());
        (function, webs)
    }

    /// The body after the web that is named at `place` of line `nth` has got `register`.
    fn changed(text: &str, nth: usize, place: usize, register: u8) -> Option<String> {
        let (function, mut webs) = webs(text);
        let web = webs.points[nth].names[place].1;
        let own = webs.register(web);
        let changed = webs.exchange(web, register)?;
        webs.flip(&changed, own, register);
        let line = |(nth, line): (usize, &Line)| match line {
            Line::Ins(ins) if webs.is_encodable(nth, ins) => {
                Some(format!("{} {}", ins.op, webs.args(nth, &ins.args)))
            }
            Line::Ins(_) => None,
            Line::Label(label) => Some(format!("{label}:")),
            Line::Data(text) => Some(text.clone()),
        };
        let lines: Option<Vec<String>> = function.body.iter().enumerate().map(line).collect();
        lines.map(|lines| lines.join("; "))
    }

    #[test]
    fn a_value_changes_its_register_with_all_its_uses() {
        let text = "ldr r2, [r0]; adds r2, #1; str r2, [r0]; movs r0, #0; movs r1, #0; movs r2, #0; movs r3, #0; bx lr";
        assert_eq!(
            changed(text, 0, 0, 3).unwrap(),
            text.replacen("r2", "r3", 3).replace("movs r3, #0; movs r3", "movs r2, #0; movs r3")
        );
        // r0 is live at that line.
        assert_eq!(changed(text, 0, 0, 0), None);
        assert_eq!(changed(text, 1, 0, 1).unwrap(), text.replacen("r2", "r1", 3));
    }

    #[test]
    fn interfering_values_exchange_registers() {
        let text = "push {r4, r5, lr}; movs r4, r0; movs r5, r1; bl f; str r5, [r4]; pop {r4, r5, pc}";
        assert_eq!(
            changed(text, 1, 0, 5).unwrap(),
            "push {r4, r5, lr}; movs r5, r0; movs r4, r1; bl f; str r4, [r5]; pop {r4, r5, pc}"
        );
        assert_eq!(changed(text, 1, 0, 0), None, "the call changes r0");
        assert_eq!(changed(text, 1, 1, 4), None, "an argument is where it is");
    }

    #[test]
    fn all_paths_to_a_label_have_the_same_register() {
        let text = "push {r4, r5, lr}; cmp r0, #0; beq .LBB0_1; movs r4, #1; b .LBB0_2; .LBB0_1:; movs r4, #2; .LBB0_2:; bl f; str r4, [r0]; pop {r4, r5, pc}";
        assert_eq!(
            changed(text, 3, 0, 5).unwrap(),
            text.replace("movs r4", "movs r5").replace("str r4", "str r5")
        );
    }

    #[test]
    fn tied_operands_are_one_web() {
        let text = "push {r4, r5, lr}; muls r0, r4, r0; adds r0, r0, r4; ands r0, r4; bl f; pop {r4, r5, pc}";
        let (_, webs) = webs(text);
        let names = |nth: usize| -> Vec<usize> { webs.points[nth].names.iter().map(|name| name.1).collect() };
        assert_eq!(names(1)[0], names(1)[2]);
        assert_ne!(names(2)[0], names(2)[1]);
        assert_eq!(names(2)[0], names(3)[0]);
    }

    #[test]
    fn register_lists_ascend() {
        let text = "push {r4, r5, lr}; ldm r0!, {r4, r5}; bl f; stm r0!, {r4, r5}; pop {r4, r5, pc}";
        assert_eq!(changed(text, 1, 1, 5), None);
        assert_eq!(registers("r0!, {r4, r12, r5}"), [(0, 0), (6, 4), (15, 5)]);
    }

    #[test]
    fn other_functions_results_are_not_saved_registers() {
        let (_, webs) = webs("movs r2, r0; bx lr");
        assert_eq!(webs.allowed, 0xf);
    }
}
