//! The values of a function, and which registers they may have.
//!
//! A web is what has to be in the same register: definitions and all their uses, joined where they meet. Two webs are
//! in each other's way where both are needed at once.

use super::code::{register, registers, Flow, Ins, Set, ARGUMENTS};
use super::live::{Known, Liveness};
use super::program::{Function, Line};
use std::collections::HashMap;

/// r0 to r7.
const LOW: Set = 0xff;
/// The most webs that change registers at once.
const MOST: usize = 40;

/// A web.
struct Web {
    /// Its register.
    register: u8,
    /// Whether it has to have it.
    pinned: bool,
    /// The lines before which it is needed, or where it is defined.
    lines: Vec<usize>,
    /// The lines that name it.
    named: Vec<usize>,
}

/// What webs there are at a line.
#[derive(Default)]
struct Point {
    before: Vec<usize>,
    behind: Vec<usize>,
    defined: Vec<usize>,
    /// Registers that a call here changes.
    clobbered: Set,
    /// Where in the operands a register stands, and the web that it is.
    names: Vec<(usize, usize)>,
}

/// The webs of a function.
pub(super) struct Webs {
    webs: Vec<Web>,
    points: Vec<Point>,
    /// Registers that the function may use.
    pub allowed: Set,
}

/// Before and behind a line, for each of eight registers: the nodes of which webs are made.
struct Nodes {
    parents: Vec<usize>,
}

impl Nodes {
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

/// The low registers in a set.
fn each(set: Set) -> impl Iterator<Item = u8> {
    (0..8).filter(move |register| set >> register & 1 != 0)
}

/// Whether the register at `at` of the operands is where the result goes.
fn defines(ins: &Ins, at: usize, register: u8) -> bool {
    match ins.op.as_str() {
        "pop" => true,
        "ldm" => ins.args[..at].contains('{'),
        "stm" => false,
        _ => at == 0 && ins.writes >> register & 1 != 0,
    }
}

/// Whether one name is what is read and what is written.
fn tied(ins: &Ins, at: usize, register: u8) -> bool {
    let both = (ins.reads & ins.writes) >> register & 1 != 0;
    match ins.op.as_str() {
        "ldm" | "stm" => at == 0 && both,
        // The encoding has two registers only.
        "muls" => ins.writes >> register & 1 != 0,
        "movs" | "mvns" | "mov" => false,
        op if op.starts_with("ldr") => false,
        _ => at == 0 && both && ins.operands().len() == 2,
    }
}

/// Whether an instruction needs its registers where they are: calls, returns, `push` and `pop`.
fn is_fixed(ins: &Ins) -> bool {
    matches!(ins.flow, Flow::Call(_) | Flow::Return) || ins.op == "push" || ins.op == "pop"
}

impl Webs {
    /// Those of `function`, which calls what `known` knows.
    pub(super) fn of(function: &Function, known: &Known) -> Self {
        let live = Liveness::of(function, known);
        let mut nodes = join(function, &live);
        let mut found = Finder { nodes: &mut nodes, numbers: HashMap::new(), webs: Vec::new() };
        let points = function.body.iter().enumerate().map(|(nth, line)| found.point(nth, line.ins(), &live));
        let points: Vec<Point> = points.collect();
        for node in pins(function, &live) {
            let web = found.web(node);
            found.webs[web].pinned = true;
        }
        let mut webs = found.webs;
        for (nth, point) in points.iter().enumerate() {
            point.before.iter().chain(&point.defined).for_each(|&web| add(&mut webs[web].lines, nth));
            point.names.iter().for_each(|&(_, web)| add(&mut webs[web].named, nth));
        }
        let saved = function.body.iter().filter_map(Line::ins).filter(|ins| ins.op == "push");
        let allowed = saved.fold(ARGUMENTS, |set, ins| set | ins.reads & LOW);
        Self { webs, points, allowed }
    }

    /// The webs that may change registers.
    pub(super) fn free(&self) -> Vec<usize> {
        let free = |&web: &usize| !self.webs[web].pinned && !self.webs[web].named.is_empty();
        (0..self.webs.len()).filter(free).collect()
    }

    /// The register of a web.
    pub(super) fn register(&self, web: usize) -> u8 {
        self.webs[web].register
    }

    /// What has to change when `web` gets `register`: it, those that are in its way and so get its present register,
    /// and so on. None when that does not go.
    pub(super) fn exchange(&self, web: usize, register: u8) -> Option<Vec<usize>> {
        let own = self.webs[web].register;
        let mut changed = vec![web];
        let mut at = 0;
        while let Some(&one) = changed.get(at) {
            at += 1;
            let to = if self.webs[one].register == own { register } else { own };
            if self.webs[one].pinned || changed.len() > MOST || !self.in_the_way(one, to, &mut changed) {
                return None;
            }
        }
        Some(changed)
    }

    /// Adds to `found` the webs that are in the way when `web` gets `register`; false when a call is.
    fn in_the_way(&self, web: usize, register: u8, found: &mut Vec<usize>) -> bool {
        for point in self.webs[web].lines.iter().map(|&nth| &self.points[nth]) {
            let defined = point.defined.contains(&web);
            let behind = point.behind.contains(&web);
            let lists = [
                (point.before.contains(&web), &point.before),
                (defined || behind, &point.behind),
                (defined || behind, &point.defined),
            ];
            for &other in lists.iter().filter(|list| list.0).flat_map(|list| list.1) {
                if other != web && self.webs[other].register == register && !found.contains(&other) {
                    found.push(other);
                }
            }
            if behind && !defined && point.clobbered >> register & 1 != 0 {
                return false;
            }
        }
        true
    }

    /// Gives the webs `changed` the other one of two registers.
    pub(super) fn flip(&mut self, changed: &[usize], one: u8, other: u8) {
        for &web in changed {
            let register = &mut self.webs[web].register;
            *register = if *register == one { other } else { one };
        }
    }

    /// The lines that name one of the webs.
    pub(super) fn lines(&self, webs: &[usize]) -> Vec<usize> {
        let mut lines: Vec<usize> =
            webs.iter().flat_map(|&web| self.webs[web].named.iter().copied()).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// The registers that the instruction at line `nth` names, in their order.
    pub(super) fn registers(&self, nth: usize) -> impl Iterator<Item = u8> + '_ {
        self.points[nth].names.iter().map(|&(_, web)| self.webs[web].register)
    }

    /// The operands of the instruction at line `nth`, which were `args`, with the registers as they are now.
    pub(super) fn args(&self, nth: usize, args: &str) -> String {
        let mut args = args.to_string();
        for &(at, web) in &self.points[nth].names {
            args.replace_range(at + 1..at + 2, &self.webs[web].register.to_string());
        }
        args
    }

    /// Whether the instruction at line `nth` copies a register to itself.
    pub(super) fn copies_itself(&self, nth: usize, ins: &Ins) -> bool {
        let [(_, to), (_, from)] = self.points[nth].names[..] else { return false };
        ins.op == "movs" && self.webs[to].register == self.webs[from].register
    }

    /// Whether the instruction at line `nth` exists with the registers as they are now: lists go upwards, and
    /// a base that is not changed is among them.
    pub(super) fn exists(&self, nth: usize, ins: &Ins) -> bool {
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

/// The nodes, joined to webs.
fn join(function: &Function, live: &Liveness) -> Nodes {
    let mut nodes = Nodes { parents: (0..function.body.len() * 16).collect() };
    for (nth, line) in function.body.iter().enumerate() {
        let (writes, kills) = line.ins().map_or((0, 0), |ins| (ins.writes, ins.kills));
        if let Some(ins) = line.ins().filter(|ins| !is_fixed(ins)) {
            for (at, register) in registers(&ins.args) {
                if tied(ins, at, register) {
                    nodes.join(Nodes::entering(nth, register), Nodes::defined(nth, register));
                }
            }
        }
        for register in each(writes & !kills) {
            nodes.join(Nodes::entering(nth, register), Nodes::defined(nth, register));
        }
        for &next in &live.next[nth] {
            for register in each(live.before[next] & LOW) {
                nodes.join(leaving(nth, register, writes), Nodes::entering(next, register));
            }
        }
    }
    nodes
}

/// The node of `register` behind line `nth`, which writes `writes`.
fn leaving(nth: usize, register: u8, writes: Set) -> usize {
    if writes >> register & 1 != 0 {
        Nodes::defined(nth, register)
    } else {
        Nodes::entering(nth, register)
    }
}

/// The nodes that have to be in their registers.
fn pins(function: &Function, live: &Liveness) -> Vec<usize> {
    let entry = live.before.first().copied().unwrap_or(0);
    let mut pins: Vec<usize> = each(entry).map(|register| Nodes::entering(0, register)).collect();
    for (nth, line) in function.body.iter().enumerate() {
        let Some(ins) = line.ins().filter(|ins| is_fixed(ins)) else { continue };
        // The function that is called may be in any register that is no argument.
        let callee = if ins.op == "blx" { register(&ins.args) & !ARGUMENTS } else { 0 };
        pins.extend(each(live.reads[nth] & !callee).map(|register| Nodes::entering(nth, register)));
        pins.extend(each(ins.writes).map(|register| Nodes::defined(nth, register)));
    }
    pins
}

/// Numbers the webs.
struct Finder<'a> {
    nodes: &'a mut Nodes,
    numbers: HashMap<usize, usize>,
    webs: Vec<Web>,
}

impl Finder<'_> {
    fn web(&mut self, node: usize) -> usize {
        let next = self.webs.len();
        let number = *self.numbers.entry(self.nodes.find(node)).or_insert(next);
        if number == next {
            let register = (node % 8) as u8;
            self.webs.push(Web { register, pinned: false, lines: Vec::new(), named: Vec::new() });
        }
        number
    }

    fn point(&mut self, nth: usize, ins: Option<&Ins>, live: &Liveness) -> Point {
        let writes = ins.map_or(0, |ins| ins.writes);
        let call = ins.is_some_and(|ins| matches!(ins.flow, Flow::Call(_)));
        let defined = if call { writes & live.behind[nth] } else { writes };
        let name = |&(at, register): &(usize, u8)| match ins {
            Some(ins) if defines(ins, at, register) => (at, Nodes::defined(nth, register)),
            _ => (at, Nodes::entering(nth, register)),
        };
        let names: Vec<(usize, usize)> =
            registers(ins.map_or("", |ins| &ins.args)).iter().map(name).collect();
        Point {
            before: each(live.before[nth]).map(|one| self.web(Nodes::entering(nth, one))).collect(),
            behind: each(live.behind[nth]).map(|one| self.web(leaving(nth, one, writes))).collect(),
            defined: each(defined).map(|one| self.web(Nodes::defined(nth, one))).collect(),
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
        let webs = Webs::of(&function, &Known::default());
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
            Line::Ins(ins) if webs.exists(nth, ins) => {
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
        // r0 is needed at the time.
        assert_eq!(changed(text, 0, 0, 0), None);
        assert_eq!(changed(text, 1, 0, 1).unwrap(), text.replacen("r2", "r1", 3));
    }

    #[test]
    fn values_in_the_way_change_places() {
        let text = "push {r4, r5, lr}; movs r4, r0; movs r5, r1; bl f; str r5, [r4]; pop {r4, r5, pc}";
        assert_eq!(
            changed(text, 1, 0, 5).unwrap(),
            "push {r4, r5, lr}; movs r5, r0; movs r4, r1; bl f; str r4, [r5]; pop {r4, r5, pc}"
        );
        assert_eq!(changed(text, 1, 0, 0), None, "the call changes r0");
        assert_eq!(changed(text, 1, 1, 4), None, "an argument is where it is");
    }

    #[test]
    fn both_ways_to_a_label_have_the_same_register() {
        let text = "push {r4, r5, lr}; cmp r0, #0; beq .LBB0_1; movs r4, #1; b .LBB0_2; .LBB0_1:; movs r4, #2; .LBB0_2:; bl f; str r4, [r0]; pop {r4, r5, pc}";
        assert_eq!(
            changed(text, 3, 0, 5).unwrap(),
            text.replace("movs r4", "movs r5").replace("str r4", "str r5")
        );
    }

    #[test]
    fn what_an_instruction_reads_and_writes_by_one_name_stays_one() {
        let text = "push {r4, r5, lr}; muls r0, r4, r0; adds r0, r0, r4; ands r0, r4; bl f; pop {r4, r5, pc}";
        let (_, webs) = webs(text);
        let names = |nth: usize| -> Vec<usize> { webs.points[nth].names.iter().map(|name| name.1).collect() };
        assert_eq!(names(1)[0], names(1)[2]);
        assert_ne!(names(2)[0], names(2)[1]);
        assert_eq!(names(2)[0], names(3)[0]);
    }

    #[test]
    fn lists_go_upwards() {
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
