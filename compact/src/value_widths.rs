//! Value widths: tests and masks of values that are known to be short become comparisons with 0, copies or nothing.
//!
//! LLVM passes bytes and truth values in registers with unknown upper bits, and each function that uses one masks it.
//! The whole program shows that most of them are short already: they come from `ldrb` or from small constants. This
//! pass finds the greatest width in bits of each register at each line, across calls. A comparison with 0 is not
//! shorter, but often it is not needed: see [`super::peephole`] and [`super::compare_elimination`].

use super::instruction::{opposite, register, Flow, Ins, Set, ARGUMENTS, CV, NZ};
use super::liveness::{address_taken, live_out, successors, Liveness, Summaries};
use super::program::{Function, Line, Program};
use std::collections::HashMap;

/// How many low bits of each register may differ from 0.
type Widths = [u8; 16];

const WORD: u8 = 32;
const UNKNOWN: Widths = [WORD; 16];
/// The shortest widths of arguments and results. The other registers pass none.
const SHORTEST: Widths = {
    let mut widths = UNKNOWN;
    let mut nth = 0;
    while nth < ARGUMENTS.count_ones() as usize {
        widths[nth] = 0;
        nth += 1;
    }
    widths
};

/// What is known about the functions of a program; nothing about others.
struct Known {
    /// The widths of the registers when a function is called.
    arguments: HashMap<String, Widths>,
    /// The widths of the registers when a function returns.
    results: HashMap<String, Widths>,
}

/// Simplifies the tests and masks in all functions.
pub(super) fn simplify(program: &mut Program) {
    let (known, summaries) = (Known::of(program), Summaries::of(program));
    for function in program.functions_mut() {
        // A change keeps the widths of all values, so that what is known stays true.
        while mask(function, &known, &summaries) {}
        tests(function, &known);
    }
}

impl Known {
    /// Begins with the shortest widths, and widens them until they are true of all calls and returns.
    fn of(program: &Program) -> Self {
        let named = address_taken(program);
        let mut known = Self { arguments: HashMap::new(), results: HashMap::new() };
        for function in program.functions() {
            let unknown = named.contains(function.name.as_str());
            known.arguments.insert(function.name.clone(), if unknown { UNKNOWN } else { SHORTEST });
            known.results.insert(function.name.clone(), SHORTEST);
        }
        loop {
            let mut changed = false;
            for function in program.functions() {
                changed |= known.update(function);
            }
            if !changed {
                return known;
            }
        }
    }

    /// Widens the results of `function` and the arguments of the functions that it calls. Returns whether any changed.
    fn update(&mut self, function: &Function) -> bool {
        let mut changed = false;
        for (line, before) in function.body.iter().zip(self.reached(function)) {
            let (Some(ins), Some(before)) = (line.ins(), before) else { continue };
            let widened = match &ins.flow {
                Flow::Call(Some(name)) => self.arguments.get_mut(name),
                Flow::Return => self.results.get_mut(&function.name),
                _ => continue,
            };
            let Some(widened) = widened else { continue };
            let new = if ins.flow == Flow::Return && !ins.returns_to_caller() { UNKNOWN } else { before };
            let both = widest(widened, &new);
            changed |= both != *widened;
            *widened = both;
        }
        changed
    }

    /// The widths of the registers before each line; none where the line is not reached.
    fn reached(&self, function: &Function) -> Vec<Option<Widths>> {
        let next = successors(&function.body);
        let mut reached: Vec<Option<Widths>> = vec![None; function.body.len()];
        let mut work = vec![(0, self.arguments.get(&function.name).copied().unwrap_or(UNKNOWN))];
        while let Some((nth, new)) = work.pop() {
            let Some(old) = reached.get(nth) else { continue };
            let both = old.map_or(new, |old| widest(&old, &new));
            if *old == Some(both) {
                continue;
            }
            reached[nth] = Some(both);
            let after = self.after(function, nth, &both);
            work.extend(next[nth].iter().map(|&at| (at, after)));
        }
        reached
    }

    /// The widths after line `nth`; `before` are those before it.
    fn after(&self, function: &Function, nth: usize, before: &Widths) -> Widths {
        let Some(ins) = function.body[nth].ins() else { return *before };
        let mut after = *before;
        for (number, width) in after.iter_mut().enumerate().filter(|one| ins.writes & 1 << one.0 != 0) {
            *width = match &ins.flow {
                Flow::Call(Some(name)) => self.results.get(name).map_or(WORD, |results| results[number]),
                Flow::Next if is_truth_value(function, nth) => 1,
                Flow::Next => result(ins, before),
                _ => WORD,
            };
        }
        after
    }
}

/// The width of the value that `ins` writes into each of its registers.
fn result(ins: &Ins, before: &Widths) -> u8 {
    let operands = ins.operands();
    let number =
        operands.last().and_then(|last| last.strip_prefix('#')).and_then(|text| text.parse::<u32>().ok());
    let widths = || (0..16).filter(|nth| ins.reads & 1 << nth != 0).map(|nth| before[nth]);
    let (least, most) = (widths().min().unwrap_or(WORD), widths().max().unwrap_or(WORD));
    let shift = number.and_then(|number| u8::try_from(number).ok());
    match (ins.op.as_str(), shift) {
        ("movs", _) => number.map_or(most, |number| (u32::BITS - number.leading_zeros()) as u8),
        ("mov" | "orrs" | "eors", _) => most,
        ("ands", _) => least,
        ("bics", _) => operands.first().map_or(WORD, |kept| width(before, kept)),
        ("ldrb", _) => 8,
        ("ldrh", _) => 16,
        ("lsrs", Some(shift)) => most.saturating_sub(shift),
        ("lsls", Some(shift)) => most.saturating_add(shift).min(WORD),
        _ => WORD,
    }
}

/// Whether line `nth` ends one of the two pairs by which LLVM writes `x == 0` and `x != 0` as a number:
/// `rsbs a, b, #0` `adcs x, a, b` and `subs a, b, #1` `sbcs x, b, a`.
fn is_truth_value(function: &Function, nth: usize) -> bool {
    let before = nth.checked_sub(1).and_then(|nth| function.body[nth].ins());
    let (Some(first), Some(second)) = (before, function.body[nth].ins()) else { return false };
    let (first, op, second) = (first.operands(), (first.op.as_str(), second.op.as_str()), second.operands());
    let &[a, b, number] = first.as_slice() else { return false };
    let sources = &second[second.len().saturating_sub(2)..];
    a != b
        && match op {
            ("rsbs", "adcs") => number == "#0" && (sources == [a, b] || sources == [b, a]),
            ("subs", "sbcs") => number == "#1" && sources == [b, a],
            _ => false,
        }
}

/// The width of the register `name`.
fn width(widths: &Widths, name: &str) -> u8 {
    widths.get(register(name).trailing_zeros() as usize).copied().unwrap_or(WORD)
}

fn widest(one: &Widths, other: &Widths) -> Widths {
    std::array::from_fn(|nth| one[nth].max(other[nth]))
}

/// Drops one mask that changes nothing: `movs m, #255` `ands m, a` becomes `movs m, a`, and `movs m, #255`
/// `ands a, m` goes when m is not needed later.
fn mask(function: &mut Function, known: &Known, summaries: &Summaries) -> bool {
    let (reached, live) = (known.reached(function), Liveness::of(function, summaries).live_out);
    for nth in 1..function.body.len() {
        let (Some(and), Some(before)) = (function.body[nth].ins(), &reached[nth]) else { continue };
        let &[to, from] = and.operands().as_slice() else { continue };
        if !matches!(and.op.as_str(), "ands" | "tst") {
            continue;
        }
        let found = [(to, from), (from, to)].into_iter().find_map(|(m, a)| {
            let place = constant(function, nth, m, width(before, a)).filter(|_| m != a)?;
            match m == to && and.op == "ands" {
                true => Some((place, Ins::new("movs", &format!("{m}, {a}")))),
                false if live[nth] & (register(m) | CV) != 0 => None,
                false => Some((place, Ins::new("cmp", &format!("{a}, #0")).filter(|_| live[nth] & NZ != 0))),
            }
        });
        if let Some((place, new)) = found {
            function.body.splice(nth..=nth, new.map(Line::Ins));
            function.body.remove(place);
            return true;
        }
    }
    false
}

/// The line before line `nth`, in straight code, that makes `m` a mask of at least `width` bits for line `nth` only.
fn constant(function: &Function, nth: usize, m: &str, width: u8) -> Option<usize> {
    let m = Some(register(m)).filter(|&m| m != 0)?;
    for place in (0..nth).rev() {
        let ins = function.body[place].ins().filter(|ins| ins.flow == Flow::Next)?;
        if ins.writes == m | NZ && ins.op == "movs" {
            let value: u32 = ins.operands().last()?.strip_prefix('#')?.parse().ok()?;
            let masks = (value + 1).is_power_of_two() && value.count_ones() >= u32::from(width);
            // What follows must not need its flags.
            return (masks && flags_end(function, place, nth)).then_some(place);
        }
        if (ins.reads | ins.writes) & m != 0 {
            return None;
        }
    }
    None
}

/// Whether the flags that line `place` sets are not read up to line `nth`, which sets them.
fn flags_end(function: &Function, place: usize, nth: usize) -> bool {
    for line in &function.body[place + 1..=nth] {
        match line.ins() {
            Some(ins) if ins.reads & NZ != 0 => return false,
            Some(ins) if ins.kills & NZ != 0 => return true,
            _ => {}
        }
    }
    false
}

/// Replaces tests of short values by comparisons with 0: `lsls x, a, #31` before `beq` or `bne` when x is not needed
/// later, and `cmp a, #1`, after which the branch is the opposite one. Summaries would show more of x
/// to be dead, but made the program longer: more sequences differ then.
fn tests(function: &mut Function, known: &Known) {
    let (reached, live) = (known.reached(function), live_out(function));
    for nth in 0..function.body.len() {
        let Some((test, before)) = function.body[nth].ins().zip(reached[nth].as_ref()) else { continue };
        let Some(at) = only_branch(function, nth, &live) else { continue };
        let Some(branch) = function.body[at].ins() else { continue };
        let (a, op) = match (test.op.as_str(), test.operands().as_slice()) {
            ("cmp", &[a, "#1"]) if width(before, a) <= 1 => (a, opposite(&branch.op)),
            ("lsls", &[x, a, shift])
                if live[nth] & register(x) == 0 && keeps_all(shift, width(before, a)) =>
            {
                (a, Some(branch.op.as_str()))
            }
            _ => continue,
        };
        let compare = Ins::new("cmp", &format!("{a}, #0"));
        let branch = op.and_then(|op| Ins::new(op, &branch.args));
        if let (Some(compare), Some(branch)) = (compare, branch) {
            function.body[nth] = Line::Ins(compare);
            function.body[at] = Line::Ins(branch);
        }
    }
}

/// Whether a shift to the left by `shift` keeps all bits of a value of `width` bits.
fn keeps_all(shift: &str, width: u8) -> bool {
    let shift: Option<u8> = shift.strip_prefix('#').and_then(|text| text.parse().ok());
    shift.is_some_and(|shift| shift + width <= WORD)
}

/// The line of the `beq` or `bne` that alone uses the flags of line `nth`.
fn only_branch(function: &Function, nth: usize, live: &[Set]) -> Option<usize> {
    let keeps = |line: &Line| {
        line.ins().is_some_and(|ins| ins.flow == Flow::Next && (ins.reads | ins.writes) & (NZ | CV) == 0)
    };
    let at = nth + 1 + function.body[nth + 1..].iter().take_while(|line| keeps(line)).count();
    let branch = function.body.get(at)?.ins()?;
    (matches!(branch.op.as_str(), "beq" | "bne") && live[at] & (NZ | CV) == 0).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    /// It takes the addresses of `g` and `h`, whose arguments are not known therefore.
    const NAMES: (&str, &str) = ("names", "bx lr; .p2align 2; .LCPI9_0:; .long g; .LCPI9_1:; .long h");

    /// `f` after the pass, in a program where `g` and `h` call it.
    fn simple(f: &str, g: &str, h: &str) -> String {
        let call = |before: &str| format!("push {{r4, lr}}; {before}; bl f; pop {{r4, pc}}");
        let mut program = program(&[("f", f), ("g", &call(g)), ("h", &call(h)), NAMES]);
        simplify(&mut program);
        shown(&program, "f")
    }

    /// A function that calls `f` and uses its result by `test`, after the pass.
    fn caller(f: &str, test: &str) -> String {
        let caller = format!("push {{r4, lr}}; bl f; {test}; .LBB0_1:; movs r1, r0; pop {{r4, pc}}");
        let mut program = program(&[("g", &caller), ("f", f), NAMES]);
        simplify(&mut program);
        let shown = shown(&program, "g");
        let body =
            shown.strip_prefix("push {r4, lr}; bl f; ").and_then(|rest| rest.strip_suffix("; pop {r4, pc}"));
        body.and_then(|body| body.strip_suffix("; .LBB0_1:; movs r1, r0")).expect("the rest stays").into()
    }

    #[test]
    fn a_byte_that_every_caller_passes_is_not_masked() {
        let masks = "movs r2, #255; ands r2, r1; cmp r2, #84; beq .LBB0_1; .LBB0_1:; bx lr";
        let copies = "movs r2, r1; cmp r2, #84; beq .LBB0_1; .LBB0_1:; bx lr";
        assert_eq!(simple(masks, "ldrb r1, [r0]", "movs r1, #200"), copies);
        assert_eq!(simple(masks, "lsrs r1, r0, #24", "movs r3, #7; ands r3, r0; movs r1, r3"), copies);
        // The second caller passes more, or what is not known.
        for h in
            ["ldrh r1, [r0]", "ldr r1, [r0]", "lsrs r1, r0, #23", "movs r1, #200; adds r1, #100", "blx r4"]
        {
            assert_eq!(simple(masks, "ldrb r1, [r0]", h), masks, "{h}");
        }
        // Here the mask is shorter than the byte, or used once more, and here callers are not known.
        let bit = masks.replace("#255", "#127");
        assert_eq!(simple(&bit, "ldrb r1, [r0]", "movs r1, #200"), bit);
        let again = "movs r2, #255; ands r1, r2; str r2, [r1]; bx lr";
        assert_eq!(simple(again, "ldrb r1, [r0]", "movs r1, #200"), again);
        let named = format!("{masks}; .p2align 2; .LCPI0_0:; .long f");
        assert_eq!(simple(&named, "ldrb r1, [r0]", "movs r1, #200"), named);
    }

    #[test]
    fn a_mask_in_place_goes_or_becomes_a_comparison() {
        let g = "ldrb r1, [r0]; ldrb r0, [r0]";
        assert_eq!(simple("movs r2, #255; ands r0, r2; movs r2, #3; bx lr", g, g), "movs r2, #3; bx lr");
        assert_eq!(
            simple("movs r2, #255; movs r3, r1; ands r0, r2; beq .LBB0_1; movs r2, #1; .LBB0_1:; movs r2, #2; bx lr", g, g),
            "movs r2, #255; movs r3, r1; ands r0, r2; beq .LBB0_1; movs r2, #1; .LBB0_1:; movs r2, #2; bx lr"
                .replace("movs r2, #255; ", "")
                .replace("ands r0, r2", "cmp r0, #0")
        );
        // The flags of the constant are needed.
        let flags = "movs r2, #255; beq .LBB0_1; ands r0, r2; .LBB0_1:; movs r2, #1; bx lr";
        assert_eq!(simple(flags, g, g), flags);
    }

    #[test]
    fn a_truth_value_is_compared_with_0() {
        let truths = [
            "movs r0, #1; bx lr",
            "cmp r1, #2; beq .LBB1_1; movs r0, #0; bx lr; .LBB1_1:; movs r0, #1; bx lr",
            "rsbs r2, r1, #0; adcs r2, r1; movs r0, r2; bx lr",
            "subs r2, r0, #1; sbcs r0, r2; bx lr",
            "lsrs r0, r0, #31; bx lr",
            "push {r4, lr}; bl f; pop {r4, pc}",
        ];
        for f in truths {
            assert_eq!(
                caller(f, "lsls r1, r0, #31; bne .LBB0_1; movs r1, #0"),
                "cmp r0, #0; bne .LBB0_1; movs r1, #0"
            );
            assert_eq!(
                caller(f, "cmp r0, #1; bne .LBB0_1; movs r1, #0"),
                "cmp r0, #0; beq .LBB0_1; movs r1, #0"
            );
        }
        let others = [
            "movs r0, #2; bx lr",
            "movs r0, #1; cmp r1, #2; beq .LBB1_1; bx lr; .LBB1_1:; ldrb r0, [r0]; bx lr",
            "rsbs r2, r1, #0; adcs r2, r0; movs r0, r2; bx lr",
            "rsbs r2, r1, #0; adds r3, #1; adcs r2, r1; movs r0, r2; bx lr",
            "subs r2, r0, #2; sbcs r0, r2; bx lr",
            "subs r2, r0, #1; sbcs r2, r0; movs r0, r2; bx lr",
            "lsrs r0, r0, #30; bx lr",
            "push {r4, lr}; movs r0, #1; bl asm; pop {r4, pc}",
            "movs r0, #1; bx r3",
        ];
        for (f, test) in others.into_iter().flat_map(|f| [(f, "lsls r1, r0, #31"), (f, "cmp r0, #1")]) {
            let test = format!("{test}; bne .LBB0_1; movs r1, #0");
            assert_eq!(caller(f, &test), test, "{f}");
        }
    }

    #[test]
    fn a_test_stays_when_its_result_or_its_other_flags_are_needed() {
        for test in [
            "lsls r1, r0, #31; bne .LBB0_1; str r1, [r4]",
            "lsls r1, r0, #31; bmi .LBB0_1; movs r1, #0",
            "lsls r1, r0, #31; bne .LBB0_1; bhs .LBB0_1; movs r1, #0",
            "cmp r0, #1; blo .LBB0_1; movs r1, #0",
            "cmp r0, #1; bne .LBB0_1; bhs .LBB0_1; movs r1, #0",
            "cmp r0, #1; adcs r1, r2; bne .LBB0_1; movs r1, #0",
        ] {
            assert_eq!(caller("movs r0, #1; bx lr", test), test);
        }
    }
}
