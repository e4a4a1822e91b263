//! The assembly text of a program, split into functions and the text between them.

use super::instruction::Ins;
use std::collections::{HashMap, HashSet};

/// A line of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// A label.
    Label(String),
    /// An instruction.
    Ins(Ins),
    /// A directive: a constant or an alignment.
    Data(String),
}

impl Line {
    /// The instruction, if it is one.
    pub(super) fn ins(&self) -> Option<&Ins> {
        match self {
            Self::Ins(ins) => Some(ins),
            _ => None,
        }
    }
}

/// A function that was parsed completely.
#[derive(Debug, Clone)]
pub(super) struct Function {
    /// Its symbol.
    pub name: String,
    /// The directives before its label, which define the symbol.
    head: Vec<String>,
    /// Its instructions and constants.
    pub body: Vec<Line>,
    /// Whether its callers use N and Z as the function sets them.
    pub returns_flags: bool,
}

/// A part of the program.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// Lines that are copied as they are.
    Other(Vec<String>),
    /// A function.
    Function(Function),
}

/// A program.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// All parts, in order.
    pub parts: Vec<Part>,
}

/// The section of all parsed functions. In one section, the assembler can compute the distances between them.
const SECTION: &str = "\t.section\t.text.compact,\"ax\",%progbits";

impl Function {
    /// Makes a new function. It gets the directives of a function symbol, so that the linker's map lists it.
    pub(super) fn new(name: String, body: Vec<Line>) -> Self {
        let head = vec![format!("\t.type\t{name},%function"), "\t.code\t16".into(), "\t.thumb_func".into()];
        Self { name, head, body, returns_flags: false }
    }

    /// The constant at each label: the directive after the label.
    pub(super) fn constants(&self) -> HashMap<&str, &str> {
        let (mut constants, mut waiting) = (HashMap::new(), Vec::new());
        for line in &self.body {
            match line {
                Line::Label(label) => waiting.push(label.as_str()),
                Line::Data(text) if !text.starts_with(".p2align") => {
                    constants.extend(waiting.drain(..).map(|label| (label, text.as_str())));
                }
                _ => waiting.clear(),
            }
        }
        constants
    }

    /// Whether it saves lr first and returns by `pop` only, so that calls between may change lr.
    pub(super) fn saves_lr(&self) -> bool {
        let mut all = self.body.iter().filter_map(Line::ins);
        all.next().is_some_and(|first| first.op == "push" && first.args.contains("lr"))
            && all.all(|ins| ins.op != "bx" && ins.op != "push")
    }

    /// The local labels in its instructions and constants.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.body.iter().flat_map(|line| {
            labels_in(match line {
                Line::Ins(ins) => &ins.args,
                Line::Data(text) => text,
                Line::Label(_) => "",
            })
        })
    }

    /// Drops the constants that no instruction and no other constant refers to.
    pub(super) fn drop_unused_constants(&mut self) {
        let used: HashSet<String> = self.references().map(String::from).collect();
        let mut kept: Vec<Line> = Vec::new();
        let mut at = 0;
        while at < self.body.len() {
            let labels = self.body[at..].iter().take_while(|line| matches!(line, Line::Label(_))).count();
            let data = self.body[at + labels..].iter().take_while(|line| is_constant(line)).count();
            let lines = &self.body[at..at + (labels + data).max(1)];
            let dead = |line: &Line| match line {
                Line::Label(label) => label.starts_with(".LCPI") && !used.contains(label),
                _ => true,
            };
            if labels == 0 || data == 0 || !lines.iter().all(dead) {
                kept.extend_from_slice(lines);
            }
            at += lines.len();
        }
        self.body = kept;
        self.drop_unused_alignments();
    }

    /// Drops the alignments that no constant follows.
    pub(super) fn drop_unused_alignments(&mut self) {
        let needed: Vec<bool> = (0..self.body.len())
            .map(|nth| {
                let next = self.body[nth + 1..].iter().find(|line| !matches!(line, Line::Label(_)));
                match (&self.body[nth], next) {
                    (Line::Data(text), Some(Line::Ins(ins))) if text.starts_with(".p2align\t2") => {
                        ins.args.ends_with(", pc")
                    }
                    (Line::Data(text), Some(Line::Data(next))) => {
                        !text.starts_with(".p2align") || !next.starts_with(".p2align")
                    }
                    (Line::Data(text), None) => !text.starts_with(".p2align"),
                    _ => true,
                }
            })
            .collect();
        let mut needed = needed.into_iter();
        self.body.retain(|_| needed.next().unwrap_or(true));
    }

    fn write(&self, out: &mut Vec<String>) {
        out.push(SECTION.into());
        // A function needs no alignment of its own for its constants: each literal pool is aligned.
        out.push("\t.p2align\t1".into());
        out.extend_from_slice(&self.head);
        out.push(format!("{}:", self.name));
        for line in &self.body {
            out.push(match line {
                Line::Label(label) => format!("{label}:"),
                Line::Ins(ins) => format!("\t{}\t{}", ins.op, ins.args),
                Line::Data(text) => format!("\t{text}"),
            });
        }
        out.push(format!("\t.size\t{0}, .-{0}", self.name));
    }
}

fn is_constant(line: &Line) -> bool {
    matches!(line, Line::Data(text) if !text.starts_with(".p2align"))
}

/// The words in a line that may be symbols or labels.
pub(super) fn symbols_in(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || c == '$'))
}

/// The local labels in a line.
fn labels_in(text: &str) -> impl Iterator<Item = &str> {
    symbols_in(text).filter(|word| word.starts_with(".L"))
}

impl Program {
    /// Parses the text that LLVM has written.
    ///
    /// # Errors
    /// No function in it could be parsed.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut lines = text.lines().map(String::from).peekable();
        while let Some(line) = lines.next() {
            let mut chunk = vec![line];
            if chunk[0].starts_with("\t.section\t.text.") {
                while let Some(line) =
                    lines.next_if(|line| !line.starts_with("\t.section\t") && line != "\t.fnend")
                {
                    chunk.push(line);
                }
                let whole = lines.peek().is_some_and(|line| line == "\t.fnend");
                chunk.extend(lines.next_if(|_| whole));
                if let Some(function) = whole.then(|| function(&chunk)).flatten() {
                    parts.push(Part::Function(function));
                    continue;
                }
            }
            match parts.last_mut() {
                Some(Part::Other(lines)) => lines.append(&mut chunk),
                _ => parts.push(Part::Other(chunk)),
            }
        }
        if parts.iter().any(|part| matches!(part, Part::Function(_))) {
            Ok(Self { parts })
        } else {
            Err("the assembly text has no function that LLVM writes for Thumb-1".into())
        }
    }

    /// The text for the assembler.
    pub(super) fn write(&self) -> String {
        let mut out = Vec::new();
        for part in &self.parts {
            match part {
                Part::Other(lines) => out.extend_from_slice(lines),
                Part::Function(function) => function.write(&mut out),
            }
        }
        out.push(String::new());
        out.join("\n")
    }

    /// All functions.
    pub(super) fn functions(&self) -> impl Iterator<Item = &Function> {
        self.parts.iter().filter_map(|part| match part {
            Part::Function(function) => Some(function),
            Part::Other(_) => None,
        })
    }

    /// All functions, mutable.
    pub(super) fn functions_mut(&mut self) -> impl Iterator<Item = &mut Function> {
        self.parts.iter_mut().filter_map(|part| match part {
            Part::Function(function) => Some(function),
            Part::Other(_) => None,
        })
    }
}

/// Parses a function from its lines, which go from the section to `.fnend`. None if any line is not understood.
fn function(chunk: &[String]) -> Option<Function> {
    let start = chunk.iter().position(|line| line == "\t.fnstart")?;
    let name = chunk.get(start.checked_sub(1)?)?.strip_suffix(':')?.to_string();
    let head: Vec<String> =
        chunk[1..start - 1].iter().filter(|line| !line.starts_with("\t.p2align")).cloned().collect();
    let known = |line: &String| {
        [".type", ".code", ".thumb_func", ".globl", ".hidden"].iter().any(|word| line[1..].starts_with(word))
    };
    if !head.iter().all(known) {
        return None;
    }
    let mut body = Vec::new();
    for line in &chunk[start + 1..] {
        if let Some(label) = line.strip_suffix(':') {
            if !label.starts_with(".Lfunc_end") {
                body.push(Line::Label(label.to_string()));
            }
            continue;
        }
        let Some(text) = line.strip_prefix('\t').filter(|text| !text.is_empty()) else {
            if line.is_empty() {
                continue;
            }
            return None;
        };
        let (op, args) = text.split_once('\t').unwrap_or((text, ""));
        match op {
            // The program does not unwind its stack.
            ".save" | ".pad" | ".setfp" | ".size" | ".cantunwind" | ".fnend" => {}
            ".p2align" | ".long" | ".short" | ".byte" | ".asciz" | ".ascii" | ".zero" => {
                body.push(Line::Data(text.to_string()));
            }
            _ => body.push(Line::Ins(Ins::new(op, args)?)),
        }
    }
    Some(Function { name, head, body, returns_flags: false })
}

/// A short notation of programs for the unit tests.
#[cfg(test)]
pub(super) mod testing {
    use super::{Function, Line, Part, Program};
    use crate::instruction::Ins;

    /// Parses a function. `; ` separates lines, labels end with a colon, and directives begin with a dot.
    pub(crate) fn function(name: &str, text: &str) -> Function {
        let line = |text: &str| {
            let (op, args) = text.split_once(' ').unwrap_or((text, ""));
            match text.strip_suffix(':') {
                Some(label) => Line::Label(label.into()),
                None if [".long", ".p2align", ".asciz"].contains(&op) => Line::Data(format!("{op}\t{args}")),
                None => Line::Ins(Ins::new(op, args).unwrap_or_else(|| panic!("{text}"))),
            }
        };
        Function::new(name.into(), text.split("; ").map(line).collect())
    }

    /// Parses a program of such functions.
    pub(crate) fn program(functions: &[(&str, &str)]) -> Program {
        let parts = functions.iter().map(|(name, text)| Part::Function(function(name, text)));
        Program { parts: parts.collect() }
    }

    /// The lines of the function `name`, in the same notation.
    pub(crate) fn shown(program: &Program, name: &str) -> String {
        let function = program.functions().find(|function| function.name == name);
        let lines = function.unwrap_or_else(|| panic!("no {name}")).body.iter().map(|line| match line {
            Line::Label(label) => format!("{label}:"),
            Line::Ins(ins) => format!("{} {}", ins.op, ins.args).trim_end().to_string(),
            Line::Data(text) => text.replace('\t', " "),
        });
        lines.collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\t.syntax\tunified
\t.section\t.text._start,\"ax\",%progbits
_start:
\tbl\tf
\t.section\t.text.f,\"ax\",%progbits
\t.p2align\t2
\t.type\tf,%function
\t.code\t16
\t.thumb_func
f:
\t.fnstart
\t.save\t{r7, lr}
\tpush\t{r7, lr}
\tldr\tr0, .LCPI0_0
\tpop\t{r7, pc}
\t.p2align\t2
.LCPI0_0:
\t.long\t4097
.Lfunc_end0:
\t.size\tf, .Lfunc_end0-f
\t.cantunwind
\t.fnend
\t.section\t.text.g,\"ax\",%progbits
\t.type\tg,%function
g:
\t.fnstart
\tsvc\t#0
\t.fnend
";

    #[test]
    fn functions_that_cannot_be_parsed_stay() {
        let program = Program::read(TEXT).unwrap();
        let names: Vec<&str> = program.functions().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["f"]);
        assert_eq!(
            testing::shown(&program, "f"),
            "push {r7, lr}; ldr r0, .LCPI0_0; pop {r7, pc}; .p2align 2; .LCPI0_0:; .long 4097"
        );
        let text = program.write();
        for line in [
            "_start:\n\tbl\tf\n",
            "g:\n\t.fnstart\n\tsvc\t#0\n",
            "f:\n\tpush\t{r7, lr}\n",
            "\t.size\tf, .-f\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(Program::read("\t.syntax\tunified\n").is_err());
    }

    #[test]
    fn constants_without_use_go_with_their_alignment() {
        let mut one = testing::function("f", "bx lr; .p2align 2; .LCPI0_0:; .long 1");
        one.drop_unused_constants();
        assert_eq!(one.body.len(), 1);
        let table = "add r2, pc; .LCPI0_1:; add pc, r2; .p2align 2; .LJTI0_0:; .long .LCPI0_1";
        let mut kept = testing::function("f", table);
        kept.drop_unused_constants();
        assert_eq!(kept.body.len(), 6);
    }
}
