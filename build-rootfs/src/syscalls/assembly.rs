//! Reads the assembly text of a program, `sys/src/arch`: its functions, what they call, and their system calls.

use super::item::{Call, Item, WRAPPERS};
use std::collections::BTreeMap;

/// The instructions that make a system call.
const CALLS: [&str; 2] = ["svc", "syscall"];
/// What moves a number into the register that says which call it is.
const NUMBERS: [&str; 3] = ["movs r7, #", "mov eax, ", "mov r7, #"];

/// The functions of these lines. Labels that are numbers belong to the function above them.
pub(super) fn items(lines: &[String]) -> BTreeMap<String, Item> {
    let mut items: BTreeMap<String, Item> = BTreeMap::new();
    // A function of several names, and what has been read of it.
    let (mut labels, mut number): (Vec<String>, Option<u32>) = (Vec::new(), None);
    let mut in_body = false;
    for line in lines.iter().map(|line| line.trim()) {
        if let Some((name, value)) = line.strip_prefix(".set ").and_then(|set| set.split_once(", ")) {
            items.entry(name.to_string()).or_default().mentions.push(value.to_string());
            continue;
        }
        if line.starts_with(".section") || line == ".text" {
            labels.clear();
            in_body = false;
        }
        if line.starts_with('.') || line.is_empty() {
            continue;
        }
        let code = match line.split_once(':') {
            Some((label, rest)) => {
                if !label.starts_with(|c: char| c.is_ascii_digit()) {
                    if in_body {
                        // The code above may run on into this one.
                        labels.iter().for_each(|above| mention(&mut items, above, label));
                        labels.clear();
                    }
                    (in_body, number) = (false, None);
                    labels.push(label.to_string());
                    items.entry(label.to_string()).or_default();
                }
                rest.trim()
            }
            None => line,
        };
        if code.is_empty() {
            continue;
        }
        in_body = true;
        if let Some(value) = NUMBERS.iter().find_map(|start| code.strip_prefix(start)) {
            number = value.trim().parse().ok();
        }
        let (instruction, operands) = code.split_once(' ').unwrap_or((code, ""));
        for label in &labels {
            if CALLS.contains(&instruction) && !WRAPPERS.contains(&label.as_str()) {
                let item = items.entry(label.clone()).or_default();
                item.calls.insert(Call { number, first: None });
            }
            for word in operands.split([' ', ',', '(', ')']).filter(|word| is_name(word)) {
                mention(&mut items, label, word);
            }
        }
    }
    items
}

fn mention(items: &mut BTreeMap<String, Item>, from: &str, to: &str) {
    items.entry(from.to_string()).or_default().mentions.push(to.to_string());
}

/// Whether an operand may be a symbol; a register is one that no item has.
fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_their_calls_and_their_names() {
        let text = "one:\n.thumb_func\nother:\nmovs r7, #120\n1: svc #0\nb memcpy\n.text\nmote_syscall3:\nmovs r7, r3\n\
            svc #0\n.set alias, one\nlast:\nsyscall";
        let items = items(&text.lines().map(String::from).collect::<Vec<_>>());
        let call = Call { number: Some(120), first: None };
        assert_eq!(items["one"], items["other"]);
        assert!(items["one"].calls.contains(&call) && items["one"].mentions.contains(&"memcpy".to_string()));
        assert!(!items["one"].mentions.contains(&"mote_syscall3".to_string()));
        assert!(items["mote_syscall3"].mentions.contains(&"last".to_string()));
        assert!(items["mote_syscall3"].calls.is_empty());
        assert_eq!(items["alias"].mentions, ["one"]);
        assert!(items["last"].calls.contains(&Call { number: None, first: None }));
    }
}
