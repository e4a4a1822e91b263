//! Identical code folding: several functions with the same instructions become one.

use super::program::{Function, Line, Part, Program};
use std::collections::HashMap;

/// Keeps the first of equal functions and makes the symbols of the others aliases of it. No code compares addresses
/// of functions, so this changes nothing; linkers do the same with `--icf=all`.
pub(super) fn fold(program: &mut Program) {
    let mut names: HashMap<String, String> = HashMap::new();
    loop {
        let mut first: HashMap<String, String> = HashMap::new();
        let before = names.len();
        for part in &mut program.parts {
            let Part::Function(function) = part else { continue };
            let name = function.name.clone();
            let kept = first.entry(normalized(function, &names)).or_insert_with(|| name.clone()).clone();
            if kept != name {
                *part = Part::Other(vec![
                    format!("\t.type\t{name},%function"),
                    format!("\t.thumb_set\t{name}, {kept}"),
                ]);
                names.insert(name, kept);
            }
        }
        if names.len() == before {
            return;
        }
    }
}

/// The text of the body for the comparison. Local labels become numbers. Folded functions get the name of the kept
/// one.
fn normalized(function: &Function, names: &HashMap<String, String>) -> String {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut text = String::new();
    let lines = function.body.iter().flat_map(|line| match line {
        Line::Label(label) => vec![label.as_str(), ":"],
        Line::Ins(ins) => vec![ins.op.as_str(), "\t", ins.args.as_str()],
        Line::Data(data) => vec![data.as_str()],
    });
    for part in lines {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_' || c == '$';
        for piece in part.split_inclusive(|c: char| !word(c)) {
            let name = piece.trim_end_matches(|c: char| !word(c));
            let count = numbers.len();
            if [".LBB", ".LCPI", ".LJTI", ".Ltmp"].iter().any(|own| name.starts_with(own)) {
                text.push_str(&format!("={}", numbers.entry(name).or_insert(count)));
            } else {
                text.push_str(names.get(name).map_or(name, String::as_str));
            }
            text.push_str(&piece[name.len()..]);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::testing::program;

    #[test]
    fn equal_functions_are_folded_whatever_their_labels() {
        let loops = |n: u32| format!(".LBB{n}_1:; cmp r0, #0; bne .LBB{n}_1; bx lr");
        let (one, other) = (loops(1), loops(2));
        // Functions that call equal functions are equal, too.
        let calls = |name: &str| format!("push {{r7, lr}}; bl {name}; pop {{r7, pc}}");
        let (first, second) = (calls("one"), calls("other"));
        let third = "cmp r0, #1; bx lr";
        let mut program = program(&[
            ("first", &first),
            ("one", &one),
            ("other", &other),
            ("second", &second),
            ("third", third),
        ]);
        fold(&mut program);
        let left: Vec<&str> = program.functions().map(|function| function.name.as_str()).collect();
        assert_eq!(left, ["first", "one", "third"]);
        let text = program.write();
        assert!(
            text.contains("\t.thumb_set\tother, one\n") && text.contains("\t.thumb_set\tsecond, first\n"),
            "{text}"
        );
    }
}
