//! Reads the text of LLVM's intermediate language: which function or static names which others, and with which numbers
//! system calls are made. It is what the whole program is after optimisation, just before it becomes machine code: a
//! number is still an argument, which in machine code may come out of a piece that several functions share.

use super::assembly;
use super::item::{Call, Item, WRAPPERS};
use std::collections::{BTreeMap, BTreeSet};

/// A program: its items by their symbols.
#[derive(Debug, Default)]
pub(super) struct Program {
    /// The architecture, from the triple: `thumbv5te`, `x86_64`.
    pub(super) architecture: String,
    /// Functions and statics.
    pub(super) items: BTreeMap<String, Item>,
}

impl Program {
    /// Reads the text of one module.
    pub(super) fn parse(text: &str) -> Program {
        let (mut program, mut functions, mut assembly) = (Program::default(), Functions::new(), Vec::new());
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if let Some(quoted) = line.strip_prefix("module asm \"") {
                assembly.push(unescaped(quoted.trim_end_matches('"')));
            } else if let Some(triple) = line.strip_prefix("target triple = \"") {
                program.architecture = triple.split('-').next().unwrap_or_default().to_string();
            } else if line.starts_with("define ") || line.starts_with('@') {
                let mut names = names(line).into_iter();
                let Some(name) = names.next() else { continue };
                let mut item = Item { mentions: names.collect(), ..Item::default() };
                if line.starts_with("define ") {
                    let body = lines.by_ref().take_while(|line| *line != "}").map(str::trim_start);
                    let body: Vec<&str> = body.filter(|line| !line.starts_with(';')).collect();
                    item.mentions.extend(body.iter().flat_map(|line| self::names(line)));
                    functions.insert(name.clone(), Function { parameters: after_name(line, &name), body });
                }
                program.items.insert(name, item);
            }
        }
        let statics = program.items.iter().filter(|(name, _)| !functions.contains_key(*name));
        let pointed_to: Vec<&String> = statics.flat_map(|(_, item)| &item.mentions).collect();
        for name in pointed_to {
            functions.entry(name.clone()).and_modify(|function| function.parameters.clear());
        }
        for (name, calls) in calls(&functions) {
            program.items.entry(name).or_default().calls = calls;
        }
        program.items.extend(assembly::items(&assembly));
        program
    }
}

/// A function's text.
struct Function<'a> {
    /// The names of its parameters; none of a function whose address stands in a static, which anyone may call.
    parameters: Vec<&'a str>,
    body: Vec<&'a str>,
}

type Functions<'a> = BTreeMap<String, Function<'a>>;

/// The system calls of each function.
fn calls(functions: &Functions<'_>) -> Vec<(String, BTreeSet<Call>)> {
    let of = |function: &Function<'_>| {
        let lines = function.body.iter().filter(|line| line.contains("@mote_syscall"));
        lines.flat_map(|line| of_line(line, function, functions)).collect::<BTreeSet<Call>>()
    };
    let all = functions.iter().map(|(name, function)| (name.clone(), of(function)));
    all.filter(|(_, calls)| !calls.is_empty()).collect()
}

/// The system calls of a line that mentions a wrapper.
fn of_line(line: &str, function: &Function<'_>, functions: &Functions<'_>) -> Vec<Call> {
    let arguments = WRAPPERS.iter().map(|wrapper| after_name(line, wrapper)).find(|all| all.len() > 1);
    // Who takes the wrapper's address may call it with any number.
    let Some(arguments) = arguments else { return vec![Call { number: None, first: None }] };
    let values = |value: Option<&&str>| {
        let all = constants(value?, function, functions, 0)?;
        Some(all.into_iter().map(Some).collect::<Vec<Option<i64>>>())
    };
    let firsts = values(arguments.first()).unwrap_or_else(|| vec![None]);
    let numbers = values(arguments.last()).unwrap_or_else(|| vec![None]);
    let number = |number: &Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    let pairs = numbers.iter().flat_map(|n| firsts.iter().map(move |first| (n, *first)));
    pairs.map(|(n, first)| Call { number: number(n), first }).collect()
}

/// What stands in parentheses behind the name of a function, if it does: the last word of each argument.
fn after_name<'a>(line: &'a str, name: &str) -> Vec<&'a str> {
    let plain = line.split_once(&format!("@{name}("));
    let found = plain.or_else(|| line.split_once(&format!("@\"{name}\"(")));
    found.map(|(_, rest)| arguments(rest)).unwrap_or_default()
}

/// The values of the arguments up to the parenthesis that closes them: the last word of each.
fn arguments(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut all) = (0, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth > 0 => depth -= 1,
            ',' if depth > 0 => {}
            ',' | ')' => {
                all.push(text[start..at].rsplit(' ').next().unwrap_or_default());
                start = at + 1;
                if c == ')' {
                    break;
                }
            }
            _ => {}
        }
    }
    all
}

/// The constants that `value` can be: itself, those that a choice is made from, or what all callers give for a
/// parameter. None if it can be something else.
fn constants(value: &str, within: &Function<'_>, functions: &Functions<'_>, depth: u32) -> Option<Vec<i64>> {
    const DEEPEST: u32 = 8;
    if let Ok(number) = value.parse() {
        return Some(vec![number]);
    }
    if !value.starts_with('%') || depth > DEEPEST {
        return None;
    }
    if let Some(n) = within.parameters.iter().position(|parameter| *parameter == value) {
        return from_callers(within, n, functions, depth);
    }
    let start = format!("{value} = ");
    let rule = within.body.iter().find_map(|line| line.strip_prefix(&start))?;
    let (kind, rest) = rule.split_once(' ')?;
    let choices: Vec<&str> = match kind {
        "phi" => rest.split('[').skip(1).filter_map(|pair| Some(pair.split_once(',')?.0.trim())).collect(),
        "select" => rest.split(", ").skip(1).take(2).filter_map(|value| value.rsplit(' ').next()).collect(),
        "zext" | "sext" | "trunc" => rest.split(" to ").next()?.rsplit(' ').next().into_iter().collect(),
        _ => return None,
    };
    let mut all = Vec::new();
    for choice in choices {
        all.extend(constants(choice, within, functions, depth + 1)?);
    }
    Some(all)
}

/// What all callers of a function give for its parameter `n`.
fn from_callers(of: &Function<'_>, n: usize, functions: &Functions<'_>, depth: u32) -> Option<Vec<i64>> {
    let name = functions.iter().find(|(_, function)| std::ptr::eq(*function, of))?.0;
    let mut all = Vec::new();
    for (caller, line) in functions.values().flat_map(|f| f.body.iter().map(move |line| (f, line))) {
        let times = names(line).iter().filter(|named| *named == name).count();
        if times > 0 {
            // One that takes its address calls it elsewhere.
            let arguments = Some(after_name(line, name)).filter(|_| times == 1);
            all.extend(constants(arguments?.get(n)?, caller, functions, depth + 1)?);
        }
    }
    Some(all).filter(|all| !all.is_empty())
}

/// The names behind `@` in a line, outside texts.
fn names(line: &str) -> Vec<String> {
    let (bytes, mut at, mut names) = (line.as_bytes(), 0, Vec::new());
    let end_of_text = |from: usize| from + line[from..].find('"').unwrap_or(line.len() - from);
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = end_of_text(at + 1) + 1,
            b'@' if bytes.get(at + 1) == Some(&b'"') => {
                let end = end_of_text(at + 2);
                names.push(unescaped(&line[at + 2..end]));
                at = end + 1;
            }
            b'@' => {
                let part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.$-".contains(byte);
                let length = bytes[at + 1..].iter().take_while(|byte| part(byte)).count();
                names.push(line[at + 1..at + 1 + length].to_string());
                at += 1 + length;
            }
            _ => at += 1,
        }
    }
    names
}

/// A text without its escapes, `\22` for a quotation mark.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out += before;
        match after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte as char);
                rest = &after[2..];
            }
            None => rest = after,
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
target triple = "thumbv5te-unknown-linux-musleabi"
module asm "mote_clone_call:"
module asm "movs r7, #120"
module asm "svc #0"
@text = private constant [9 x i8] c"x@none y\22", align 1
@table = internal constant <{ ptr, ptr }> <{ ptr @"odd name", ptr @two }>, align 4
define internal i32 @"odd name"(i32 %a) #3 {
; call none @none
  %n = select i1 %c, i32 5, i32 6
  %m = phi i32 [ %n, %bb1 ], [ 7, %bb2 ]
  %r = tail call i32 @mote_syscall3(i32 noundef range(i32 0, 5) %a, i32 1, i32 2, i32 noundef %m)
  call void @two(ptr @text)
}
define void @two() {
  %r = call i32 @mote_syscall6(i32 2, i32 ptrtoint (ptr @text to i32), i32 0, i32 0, i32 0, i32 0, i32 281) #3
  %s = call i32 @mote_syscall3(i32 0, i32 0, i32 0, i32 %x)
}
define ptr @three() {
  ret ptr @mote_syscall3
}
define i32 @four(i32 %a, i32 noundef %family) {
  %b = zext i32 %family to i64
  %r = call i32 @mote_syscall3(i64 %b, i32 0, i32 0, i32 281)
}
define void @five(i32 %x) {
  %r = call i32 @four(i32 %x, i32 1)
  %s = call i32 @four(i32 %x, i32 16)
}
"#;

    fn numbers(item: &Item) -> Vec<(Option<u32>, Option<i64>)> {
        item.calls.iter().map(|call| (call.number, call.first)).collect()
    }

    #[test]
    fn mentions_and_numbers_are_found() {
        let program = Program::parse(TEXT);
        assert_eq!(program.architecture, "thumbv5te");
        assert_eq!(program.items["table"].mentions, ["odd name", "two"]);
        assert!(program.items["text"].mentions.is_empty());
        let odd = &program.items["odd name"];
        assert_eq!(odd.mentions, ["mote_syscall3", "two", "text"]);
        assert_eq!(numbers(odd), [(Some(5), None), (Some(6), None), (Some(7), None)]);
        assert_eq!(numbers(&program.items["two"]), [(None, Some(0)), (Some(281), Some(2))]);
        assert_eq!(numbers(&program.items["three"]), [(None, None)]);
        assert_eq!(numbers(&program.items["four"]), [(Some(281), Some(1)), (Some(281), Some(16))]);
        assert_eq!(numbers(&program.items["mote_clone_call"]), [(Some(120), None)]);
    }
}
