//! Thumb-1 instructions: which registers and flags they read and write, and where they continue.

/// A set of registers and flags: bits 0 to 15 are r0 to pc.
pub(super) type Set = u32;

pub(super) const IP: Set = 1 << 12;
pub(super) const SP: Set = 1 << 13;
pub(super) const LR: Set = 1 << 14;
pub(super) const PC: Set = 1 << 15;
/// The flags N and Z.
pub(super) const NZ: Set = 1 << 16;
/// The flags C and V.
pub(super) const CV: Set = 1 << 17;
/// The registers that may hold arguments and results of a call, by the procedure call standard (AAPCS).
pub(super) const ARGUMENTS: Set = 0xf;
/// The registers that a call preserves (callee-saved).
pub(super) const CALLEE_SAVED: Set = 0xff0;

/// Where execution continues after an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flow {
    /// At the next instruction.
    Next,
    /// In a function, then at the next instruction. Holds the name of the function if it is known.
    Call(Option<String>),
    /// At a label; if conditional, maybe at the next instruction.
    Branch { label: String, conditional: bool },
    /// At one of the labels of a table.
    Table,
    /// In another function: a return or a tail call.
    Return,
    /// Nowhere: the program is ended.
    Trap,
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ins {
    /// The mnemonic.
    pub op: String,
    /// The operands, as written.
    pub args: String,
    /// The registers and flags that it reads.
    pub reads: Set,
    /// The registers and flags that it may write (may-define).
    pub writes: Set,
    /// The registers and flags that it always overwrites (must-define).
    pub kills: Set,
    /// Where execution continues.
    pub flow: Flow,
}

impl Ins {
    /// Parses `op` and `args`. Returns none for an instruction that LLVM does not write for Thumb-1.
    pub(super) fn new(op: &str, args: &str) -> Option<Self> {
        let operands = operands(args);
        let (reads, writes, kills, flow) = effects(op, args, &operands)?;
        Some(Self { op: op.to_string(), args: args.to_string(), reads, writes, kills, flow })
    }

    /// The size in bytes.
    pub(super) fn size(&self) -> u32 {
        if self.op == "bl" {
            4
        } else {
            2
        }
    }

    /// Whether it returns to the caller, and is no tail call.
    pub(super) fn returns_to_caller(&self) -> bool {
        self.flow == Flow::Return && (self.op == "pop" || self.args == "lr")
    }

    /// The operands.
    pub(super) fn operands(&self) -> Vec<&str> {
        operands(&self.args)
    }

    /// The label of the constant, if it loads one from the literal pool.
    pub(super) fn constant(&self) -> Option<&str> {
        let label = self.args.split(", ").nth(1)?;
        (self.op == "ldr" && label.starts_with(".L")).then_some(label)
    }

    /// Whether it sets N and Z by its first operand, the result.
    pub(super) fn sets_nz_by_result(&self) -> bool {
        const TELLING: [&str; 14] = [
            "movs", "mvns", "adds", "subs", "rsbs", "adcs", "sbcs", "ands", "orrs", "eors", "bics", "lsls",
            "lsrs", "asrs",
        ];
        TELLING.contains(&self.op.as_str())
    }
}

/// The bit of the register `name`; 0 if it is no register.
pub(super) fn register(name: &str) -> Set {
    match name.trim_end_matches('!') {
        "sp" => SP,
        "lr" => LR,
        "pc" => PC,
        name => match name.strip_prefix('r').and_then(|digits| digits.parse::<u32>().ok()) {
            Some(number @ 0..=12) => 1 << number,
            _ => 0,
        },
    }
}

/// The low registers in operands: their positions in the text, and their numbers.
pub(super) fn registers(args: &str) -> Vec<(usize, u8)> {
    let bytes = args.as_bytes();
    let word = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(|&c| c.is_ascii_alphanumeric() || c == b'_' || c == b'.' || c == b'$')
    };
    let low = |at: usize| {
        let digit = bytes.get(at + 1).filter(|digit| (b'0'..=b'7').contains(digit))?;
        let whole = bytes[at] == b'r' && !word(at.checked_sub(1)) && !word(Some(at + 2));
        whole.then_some((at, digit - b'0'))
    };
    (0..bytes.len()).filter_map(low).collect()
}

/// Splits `args` at the commas outside brackets.
fn operands(args: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in args.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(args[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    if !args[from..].trim().is_empty() {
        parts.push(args[from..].trim());
    }
    parts
}

/// All registers in an operand, as a set.
fn mentioned(operand: &str) -> Set {
    operand.split(|c: char| !c.is_ascii_alphanumeric()).map(register).fold(0, |set, one| set | one)
}

type Effects = (Set, Set, Set, Flow);

fn effects(op: &str, args: &str, operands: &[&str]) -> Option<Effects> {
    let first = operands.first().map_or(0, |operand| register(operand));
    let all = operands.iter().fold(0, |set, operand| set | mentioned(operand));
    let rest = operands.iter().skip(1).fold(0, |set, operand| set | mentioned(operand));
    let sources = if operands.len() > 2 { rest } else { all };
    let writing = |reads, flags, killed: Set| Some((reads, first | flags, first | killed, Flow::Next));
    match op {
        "movs" | "mvns" if operands.len() == 2 => writing(rest, NZ, NZ),
        "mov" if first & (PC | SP) == 0 => writing(rest, 0, 0),
        "ands" | "orrs" | "eors" | "bics" => writing(sources, NZ, NZ),
        "adds" | "subs" | "rsbs" => writing(sources, NZ | CV, NZ | CV),
        "adcs" | "sbcs" => writing(sources | CV, NZ | CV, NZ | CV),
        "lsls" | "lsrs" | "asrs" | "rors" | "muls" => writing(sources, NZ | CV, NZ),
        "cmp" | "cmn" => Some((all, NZ | CV, NZ | CV, Flow::Next)),
        "tst" => Some((all, NZ, NZ, Flow::Next)),
        "add" if first == PC => Some((all, PC, 0, Flow::Table)),
        "add" | "sub" if first != PC => writing(sources, 0, 0),
        "adr" => writing(0, 0, 0),
        "ldr" | "ldrb" | "ldrh" | "ldrsb" | "ldrsh" => writing(rest, 0, 0),
        "str" | "strb" | "strh" => Some((all, 0, 0, Flow::Next)),
        "ldm" => Some((first, all, rest, Flow::Next)),
        "stm" => Some((all, first, 0, Flow::Next)),
        "push" => Some((all | SP, SP, 0, Flow::Next)),
        "pop" if all & PC != 0 => {
            let popped = all & !PC;
            Some((SP | ARGUMENTS | (CALLEE_SAVED & !popped), all, all, Flow::Return))
        }
        "pop" => Some((SP, all | SP, all, Flow::Next)),
        // A far jump within a function, which we do not read: the function stays as it is.
        "bl" if args.starts_with(".L") => None,
        "bl" => Some((ARGUMENTS | SP, CLOBBERED, CLOBBERED, Flow::Call(Some(args.to_string())))),
        "blx" if first != 0 => Some((first | ARGUMENTS | SP, CLOBBERED, CLOBBERED, Flow::Call(None))),
        "bx" if first != 0 => Some((first | ARGUMENTS | CALLEE_SAVED | SP, 0, 0, Flow::Return)),
        ".inst.n" => Some((0, 0, 0, Flow::Trap)),
        "b" => branch(0, args, false),
        _ => branch(condition(op)?, args, true),
    }
}

/// The registers and flags that a call may change.
const CLOBBERED: Set = ARGUMENTS | IP | LR | NZ | CV;

fn branch(reads: Set, args: &str, conditional: bool) -> Option<Effects> {
    let label = args.starts_with(".L").then(|| args.to_string())?;
    Some((reads, 0, 0, Flow::Branch { label, conditional }))
}

/// The flags that a conditional branch reads.
fn condition(op: &str) -> Option<Set> {
    match op {
        "beq" | "bne" | "bmi" | "bpl" => Some(NZ),
        "bhs" | "blo" | "bvs" | "bvc" => Some(CV),
        "bhi" | "bls" | "bge" | "blt" | "bgt" | "ble" => Some(NZ | CV),
        _ => None,
    }
}

/// The branch on the opposite condition.
pub(super) fn opposite(op: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 7] = [
        ("beq", "bne"),
        ("bmi", "bpl"),
        ("bhs", "blo"),
        ("bvs", "bvc"),
        ("bhi", "bls"),
        ("bge", "blt"),
        ("bgt", "ble"),
    ];
    PAIRS.iter().find_map(|&(one, other)| match op {
        _ if op == one => Some(other),
        _ if op == other => Some(one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ins(op: &str, args: &str) -> Ins {
        Ins::new(op, args).unwrap()
    }

    #[test]
    fn two_operands_are_both_read() {
        let add = ins("adds", "r1, r2");
        assert_eq!((add.reads, add.kills), (0b110, 0b10 | NZ | CV));
        assert_eq!(ins("adds", "r1, r2, #3").reads, 0b100);
        assert_eq!(ins("adds", "r1, #3").reads, 0b10);
        assert_eq!(ins("movs", "r1, r2").reads, 0b100);
        assert_eq!(ins("muls", "r0, r1, r0").reads, 0b11);
    }

    #[test]
    fn memory_is_reached_by_registers() {
        let load = ins("ldr", "r0, [r1, r2]");
        assert_eq!((load.reads, load.writes), (0b110, 1));
        assert_eq!(ins("strb", "r0, [sp, #4]").reads, 1 | SP);
        let many = ins("ldm", "r4!, {r0, r1}");
        assert_eq!((many.reads, many.writes, many.kills), (0x10, 0x13, 0x3));
        assert_eq!(ins("stm", "r4!, {r0, r1}").reads, 0x13);
    }

    #[test]
    fn a_return_reads_the_registers_that_it_must_preserve() {
        let pop = ins("pop", "{r4, pc}");
        assert_eq!(pop.flow, Flow::Return);
        assert_eq!(pop.reads, SP | 0xf | 0xfe0);
        assert_eq!(ins("pop", "{r0}").flow, Flow::Next);
    }

    #[test]
    fn unknown_instructions_are_not_parsed() {
        for (op, args) in [
            ("svc", "#0"),
            ("bhs", "memcpy"),
            ("mov", "pc, r0"),
            ("mov", "sp, r7"),
            ("b", "f"),
            ("bl", ".LBB0_2"),
            ("x", ""),
        ] {
            assert_eq!(Ins::new(op, args), None, "{op} {args}");
        }
    }
}
