//! Cross-jumping within a function: one of two equal ends of paths is kept.
//!
//! Where two paths run the same instructions before they go on at the same place, one of them jumps to the
//! instructions of the other. LLVM does that, too, but before registers are renamed and sequences outlined. Here the
//! paths may have branches in them, if these go to the same labels.

use super::instruction::{Flow, Ins};
use super::program::{symbols_in, Function, Line, Program};
use super::reach::{all_reach, falls_through};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Joins equal ends of paths in all functions.
pub(super) fn merge(program: &mut Program) {
    let mut count = 0;
    for function in program.functions_mut() {
        let mut failed = HashSet::new();
        while let Some(found) = best(function, &failed) {
            let before = function.body.clone();
            found.apply(function, &format!(".LCROSS{count}"));
            count += 1;
            if !all_reach(function) {
                function.body = before;
                failed.insert((found.kept.end, found.gone.end));
            }
        }
        drop_jumps_to_next(function);
        function.drop_unused_constants();
    }
}

/// Drops jumps over nothing but labels.
fn drop_jumps_to_next(function: &mut Function) {
    for nth in (0..function.body.len()).rev() {
        let Some(ins) = function.body[nth].ins().filter(|ins| ins.op == "b") else { continue };
        let mut labels = function.body[nth + 1..].iter().take_while(|line| matches!(line, Line::Label(_)));
        if labels.any(|line| *line == Line::Label(ins.args.clone())) {
            function.body.remove(nth);
        }
    }
}

/// An end of a path.
#[derive(Debug, Clone, Copy)]
struct End {
    /// The line behind its last instruction that counts: that of the jump, or of the label where it goes on.
    end: usize,
    /// Whether it has a jump there, or a return.
    jumps: bool,
}

/// Two paths with equal ends.
struct Equal {
    saved: u32,
    kept: End,
    gone: End,
    /// The lines of the equal instructions, the last ones first: in the path that stays, and in the other.
    lines: Vec<(usize, usize)>,
}

/// The two equal ends that save the most.
fn best(function: &Function, failed: &HashSet<(usize, usize)>) -> Option<Equal> {
    let labels = canonical_labels(function);
    let constants = function.constants();
    let texts: Vec<Option<String>> =
        function.body.iter().map(|line| text(line.ins()?, &labels, &constants)).collect();
    let fixed = fixed_labels(function);
    let mut best: Option<Equal> = None;
    for ends in ends(function, &labels).values() {
        for (nth, &one) in ends.iter().enumerate() {
            for &other in &ends[nth + 1..] {
                // The path that goes needs its jump for another one.
                let (kept, gone) = if one.jumps { (other, one) } else { (one, other) };
                let lines = common(function, &texts, &fixed, kept.end, gone.end);
                let saved: u32 =
                    lines.iter().filter_map(|&(line, _)| function.body[line].ins()).map(Ins::size).sum();
                let most = best.as_ref().map_or(0, |best| best.saved);
                if saved > most && !failed.contains(&(kept.end, gone.end)) {
                    best = Some(Equal { saved, kept, gone, lines });
                }
            }
        }
    }
    best
}

/// The ends of paths, by where they go on.
fn ends(function: &Function, labels: &HashMap<&str, &str>) -> BTreeMap<String, Vec<End>> {
    let mut ends: BTreeMap<String, Vec<End>> = BTreeMap::new();
    for (nth, line) in function.body.iter().enumerate() {
        let target = match line {
            Line::Ins(ins) => match &ins.flow {
                Flow::Branch { label, conditional: false } => {
                    Some(labels.get(label.as_str()).map_or(label.clone(), |label| label.to_string()))
                }
                Flow::Return => Some(format!("{} {}", ins.op, ins.args)),
                _ => None,
            },
            Line::Label(label) => {
                labels.get(label.as_str()).filter(|first| **first == label).map(|_| label.clone())
            }
            Line::Data(_) => None,
        };
        let jumps = !falls_through(line);
        let falls = jumps
            || nth > 0
                && matches!(&function.body[nth - 1], Line::Ins(_))
                && falls_through(&function.body[nth - 1]);
        if let (Some(target), true) = (target, falls) {
            ends.entry(target).or_default().push(End { end: nth, jumps });
        }
    }
    ends
}

/// For each label the first one of those at the same place.
fn canonical_labels(function: &Function) -> HashMap<&str, &str> {
    let mut labels = HashMap::new();
    let mut first: Option<&str> = None;
    for line in &function.body {
        if let Line::Label(label) = line {
            labels.insert(label.as_str(), *first.get_or_insert(label));
        } else {
            first = None;
        }
    }
    labels
}

/// The labels that cannot move: tables are made of the distances between them.
fn fixed_labels(function: &Function) -> HashSet<&str> {
    let data =
        function
            .body
            .iter()
            .filter_map(|line| if let Line::Data(text) = line { Some(text.as_str()) } else { None });
    data.flat_map(symbols_in).collect()
}

/// What makes an instruction equal to another one. None if it belongs to its place.
fn text(ins: &Ins, labels: &HashMap<&str, &str>, constants: &HashMap<&str, &str>) -> Option<String> {
    match &ins.flow {
        Flow::Branch { label, conditional: true } => {
            Some(format!("{} {}", ins.op, labels.get(label.as_str()).unwrap_or(&label.as_str())))
        }
        Flow::Next | Flow::Call(_) if ins.op != "adr" && ins.op != "push" && !ins.args.ends_with(", pc") => {
            match ins.constant() {
                Some(label) => Some(format!("ldr {} ={}", ins.operands().first()?, constants.get(label)?)),
                None => Some(format!("{} {}", ins.op, ins.args)),
            }
        }
        _ => None,
    }
}

/// The lines of the equal instructions before the lines `kept` and `gone`.
fn common(
    function: &Function,
    texts: &[Option<String>],
    fixed: &HashSet<&str>,
    kept: usize,
    gone: usize,
) -> Vec<(usize, usize)> {
    let mut lines: Vec<(usize, usize)> = Vec::new();
    let (mut one, mut other) = (kept, gone);
    loop {
        let movable = |label: &str| !fixed.contains(label) && label.starts_with(".LBB");
        let (mut passed_one, mut passed_other) = (one, other);
        while passed_one > 0 && matches!(function.body[passed_one - 1], Line::Label(_)) {
            passed_one -= 1;
        }
        while passed_other > 0
            && matches!(&function.body[passed_other - 1], Line::Label(label) if movable(label))
        {
            passed_other -= 1;
        }
        let (Some(next), Some(next_other)) = (passed_one.checked_sub(1), passed_other.checked_sub(1)) else {
            return lines;
        };
        // The paths must not run into each other.
        let apart = if kept < gone { next_other > kept } else { next > gone };
        if !apart || texts[next].is_none() || texts[next] != texts[next_other] {
            return lines;
        }
        lines.push((next, next_other));
        (one, other) = (next, next_other);
    }
}

impl Equal {
    /// Replaces one of the ends by a jump to `label`, which is put before the other one.
    fn apply(&self, function: &mut Function, label: &str) {
        let Some(&(first, first_gone)) = self.lines.last() else { return };
        let Some(jump) = Ins::new("b", label).map(Line::Ins) else { return };
        // Labels in the part that goes stand before the same instructions of the other part then.
        let mut moved: Vec<(usize, Line)> = Vec::new();
        let pairs: HashMap<usize, usize> = self.lines.iter().map(|&(kept, gone)| (gone, kept)).collect();
        let mut waiting = Vec::new();
        for nth in first_gone..self.gone.end {
            match (&function.body[nth], pairs.get(&nth)) {
                (line @ Line::Label(_), _) => waiting.push(line.clone()),
                (_, Some(&kept)) => moved.extend(waiting.drain(..).map(|line| (kept, line))),
                _ => {}
            }
        }
        // Labels behind the last instruction stand before the jump.
        moved.extend(waiting.into_iter().map(|line| (self.kept.end, line)));
        moved.push((first, Line::Label(label.into())));
        let mut body = Vec::with_capacity(function.body.len() + 2);
        for (nth, line) in function.body.drain(..).enumerate() {
            body.extend(moved.iter().filter(|(place, _)| *place == nth).map(|(_, line)| line.clone()));
            if nth == first_gone {
                body.push(jump.clone());
            }
            let goes = (first_gone..=self.gone.end).contains(&nth);
            body.extend((!goes).then_some(line));
        }
        function.body = body;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::{program, shown};

    fn merged(text: &str) -> String {
        let mut program = program(&[("f", text)]);
        merge(&mut program);
        shown(&program, "f")
    }

    #[test]
    fn a_path_jumps_into_one_that_ends_alike() {
        assert_eq!(
            merged(
                "bne .LBB0_1; movs r0, #1; bl g; b .LBB0_2; .LBB0_1:; movs r0, #2; bl g; .LBB0_2:; movs r1, r0; bx lr"
            ),
            "bne .LBB0_1; movs r0, #1; b .LCROSS0; .LBB0_1:; movs r0, #2; .LCROSS0:; bl g; .LBB0_2:; movs r1, r0; bx lr"
        );
        assert_eq!(
            merged(
                "bne .LBB0_1; movs r0, #1; str r0, [r1]; bx lr; .LBB0_1:; movs r0, #2; str r0, [r1]; bx lr"
            ),
            "bne .LBB0_1; movs r0, #1; b .LCROSS0; .LBB0_1:; movs r0, #2; .LCROSS0:; str r0, [r1]; bx lr"
        );
    }

    #[test]
    fn branches_and_labels_come_along() {
        assert_eq!(
            merged(
                "beq .LBB0_3; cmp r1, #1; bne .LBB0_4; .LBB0_1:; bl g; b .LBB0_5; .LBB0_3:; movs r2, #1; cmp r1, #1; \
                 bne .LBB0_4; bl g; b .LBB0_5; .LBB0_4:; b .LBB0_1; .LBB0_5:; bx lr"
            ),
            "beq .LBB0_3; b .LCROSS0; .LBB0_3:; movs r2, #1; .LCROSS0:; cmp r1, #1; bne .LBB0_4; .LBB0_1:; bl g; \
 b .LBB0_5; .LBB0_4:; b .LBB0_1; .LBB0_5:; bx lr"
        );
        assert_eq!(
            merged(
                "beq .LBB0_3; cmp r1, #1; bl g; b .LBB0_5; .LBB0_3:; cmp r1, #1; .LBB0_4:; bl g; b .LBB0_5; \
                 .LBB0_6:; b .LBB0_4; .LBB0_5:; bx lr"
            ),
            "beq .LBB0_3; .LBB0_3:; .LCROSS0:; cmp r1, #1; .LBB0_4:; bl g; b .LBB0_5; .LBB0_6:; b .LBB0_4; \
             .LBB0_5:; bx lr"
        );
    }

    #[test]
    fn paths_that_differ_stay() {
        for text in [
            "bne .LBB0_1; bl g; b .LBB0_2; .LBB0_1:; bl h; .LBB0_2:; bx lr",
            "bne .LBB0_1; adr r0, .LCPI0_0; b .LBB0_2; .LBB0_1:; adr r0, .LCPI0_0; .LBB0_2:; bx lr; .p2align 2; .LCPI0_0:; .long 1",
            "bne .LBB0_1; bl g; b .LBB0_2; .LBB0_1:; bl g; b .LBB0_3; .LBB0_2:; movs r0, r1; .LBB0_3:; bx lr",
        ] {
            assert_eq!(merged(text), text);
        }
    }

    #[test]
    fn a_path_out_of_reach_stays() {
        let long = vec!["movs r0, r1"; 1_100].join("; ");
        let text = format!("bne .LBB0_1; bl g; bx lr; .LBB0_1:; {long}; bl g; bx lr");
        assert_eq!(merged(&text), text);
    }
}
