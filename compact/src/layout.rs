//! The offsets of lines and labels in the assembled text.

use super::program::{Function, Line};
use std::collections::HashMap;

/// The offset of each line of `function`, which begins at `start`, and the offset of its end.
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

/// The offset of the end of a directive that begins at `at`.
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

/// The length in bytes of a string in quotes. A backslash stands before three octal digits or one character.
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

    #[test]
    fn strings_have_lengths() {
        assert_eq!(string(r#""033""#), 3);
        assert_eq!(string(r#""\033[1;3\000\000""#), 7);
        assert_eq!(string(r#""a\n\"\\b""#), 5);
    }
}
