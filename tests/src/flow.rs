//! Which instructions of a program can follow which, by a disassembler: where it can panic, and on what way.
//!
//! With `-Cpanic=immediate-abort` a panic is one instruction that no processor has. So there is no text of a panic to
//! look for, and no function; but that instruction is in the function that can panic.

use build_rootfs::process::{command, output, which};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

/// Mnemonics of what a panic is.
const TRAPS: [&str; 2] = ["ud2", "udf"];
/// What ARM's mnemonics have behind them where something depends on a flag.
const CONDITIONS: &str = "eq ne cs cc mi pl vs vc hi ls ge lt gt le";

/// The code of a program.
#[derive(Debug, Default)]
pub struct Flow {
    code: BTreeMap<u64, Instruction>,
    /// Names of functions by where they start; what is behind a function's start is the function's.
    functions: BTreeMap<u64, String>,
    /// Where code starts that a call comes back from.
    returning: BTreeSet<u64>,
}

#[derive(Debug, Default, PartialEq)]
struct Instruction {
    trap: bool,
    /// Does the next one follow? That of a call does if the call comes back.
    goes_on: bool,
    /// Where it jumps or calls, too.
    leads: Option<u64>,
    call: bool,
    /// Does it jump to where a register or a table says?
    anywhere: bool,
    /// Can it be the end of a call?
    back: bool,
}

impl Flow {
    /// Reads the program with symbols `twin`.
    pub fn of(twin: &Path) -> Flow {
        let arm = std::fs::read(twin).expect("a program")[18] == 40;
        let names = if arm { ["arm-linux-gnueabi-objdump", "llvm-objdump"] } else { ["objdump"; 2] };
        let name = names.into_iter().find(|name| which(name).is_some());
        let mut objdump = command(name.expect("objdump: `cargo rootfs setup` installs it"));
        let text = output(objdump.args(["-d", "--no-show-raw-insn", "-w"]).arg(twin)).expect("objdump");
        Flow::read(&text)
    }

    /// Reads what objdump writes.
    fn read(text: &str) -> Flow {
        let mut flow = Flow::default();
        let mut last = None;
        for line in text.lines() {
            if let Some((at, name)) = line.strip_suffix(">:").and_then(|line| line.split_once(" <")) {
                let at = u64::from_str_radix(at, 16).expect("an address");
                flow.functions.insert(at, format!("{:#}", rustc_demangle::demangle(name)));
            } else if let Some((at, what)) = line.split_once(":\t") {
                let at = u64::from_str_radix(at.trim(), 16).expect("an address");
                let (mnemonic, operands) = what.split_once(['\t', ' ']).unwrap_or((what, ""));
                if !mnemonic.starts_with('.') {
                    flow.code.insert(at, Instruction::read(mnemonic, operands.trim()));
                    last = Some(at);
                } else if let Some(before) = last.take().and_then(|last| flow.code.get_mut(&last)) {
                    // What has constants behind it, such as a filler, does not run into them.
                    before.goes_on = false;
                }
            }
        }
        flow.find_returning();
        flow
    }

    /// Finds what calls come back from: first what ends with a return by itself, then what calls that, and so on.
    fn find_returning(&mut self) {
        let called = self.code.values().filter(|instruction| instruction.call).filter_map(|call| call.leads);
        let mut left: BTreeSet<u64> = called.chain(self.starts(|_| true)).collect();
        loop {
            let returns = |&start: &u64| {
                let mut back = false;
                self.walk([start], |_, instruction| {
                    back |= instruction.back;
                    (!instruction.call).then_some(instruction.leads).flatten()
                });
                back
            };
            let found: BTreeSet<u64> = left.iter().filter(|start| returns(start)).copied().collect();
            if found.is_empty() {
                return;
            }
            left.retain(|start| !found.contains(start));
            self.returning.extend(found);
        }
    }

    /// Visits what follows from `starts`; `visit` says where an instruction leads beside the next one.
    fn walk(
        &self,
        starts: impl IntoIterator<Item = u64>,
        mut visit: impl FnMut(u64, &Instruction) -> Option<u64>,
    ) {
        let mut waiting: VecDeque<u64> = starts.into_iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(at) = waiting.pop_front() {
            if !seen.insert(at) {
                continue;
            }
            let Some(instruction) = self.code.get(&at) else { panic!("{at:x}: no code") };
            waiting.extend(visit(at, instruction));
            if instruction.anywhere {
                waiting.extend(self.function(at));
            }
            let comes_back =
                !instruction.call || instruction.leads.is_none_or(|to| self.returning.contains(&to));
            if instruction.goes_on && comes_back {
                waiting.extend(self.code.range(at + 1..).next().map(|(&next, _)| next));
            }
        }
    }

    /// Does a call of this function come back?
    pub fn returns(&self, name: &str) -> bool {
        let start = self.starts(|known| known == name);
        self.returning.contains(start.first().unwrap_or_else(|| panic!("no function {name}")))
    }

    /// The function that an address is in.
    pub fn name(&self, at: u64) -> &str {
        self.functions.range(..=at).next_back().map_or("", |(_, name)| name)
    }

    /// How many instructions of each function end the process.
    pub fn traps(&self) -> BTreeMap<&str, usize> {
        let mut found = BTreeMap::new();
        for (&at, _) in self.code.iter().filter(|(_, instruction)| instruction.trap) {
            *found.entry(self.name(at)).or_default() += 1;
        }
        found
    }

    /// The functions that `roots` can lead to but by a call through a pointer, with the functions on the way. What is
    /// in a function of `cut` does not count. A function is one of them if an instruction of it is reached, and one
    /// that can panic stands there with its name and ` panics`.
    pub fn reached(
        &self,
        roots: impl Fn(&str) -> bool,
        cut: impl Fn(&str) -> bool,
    ) -> BTreeMap<String, Vec<String>> {
        let starts = self.starts(roots);
        // Who leads there first.
        let mut from: BTreeMap<String, String> = BTreeMap::new();
        let mut found = BTreeSet::new();
        self.walk(starts, |at, instruction| {
            let name = self.name(at).to_string();
            if instruction.trap {
                from.insert(format!("{name} panics"), name.clone());
                found.insert(format!("{name} panics"));
            }
            let leads = instruction.leads.filter(|&to| !cut(self.name(to)));
            if let Some(to) = leads.map(|to| self.name(to)).filter(|to| *to != name) {
                from.entry(to.to_string()).or_insert_with(|| name.clone());
            }
            found.insert(name);
            leads
        });
        let way = |name: &String| {
            let mut way = vec![name.clone()];
            while let Some(before) = from.get(&way[0]).filter(|before| !way.contains(before)) {
                way.insert(0, before.clone());
            }
            way
        };
        found.iter().map(|name| (name.clone(), way(name))).collect()
    }

    /// Where the functions of such names start; a constant may have a name, too.
    fn starts(&self, wanted: impl Fn(&str) -> bool) -> Vec<u64> {
        let starts =
            self.functions.iter().filter(|(start, name)| self.code.contains_key(start) && wanted(name));
        starts.map(|(&start, _)| start).collect()
    }

    /// All instructions of the function that an address is in.
    fn function(&self, at: u64) -> Vec<u64> {
        let start = self.functions.range(..=at).next_back().map_or(0, |(&start, _)| start);
        let end = self.functions.range(at + 1..).next().map_or(u64::MAX, |(&end, _)| end);
        self.code.range(start..end).map(|(&at, _)| at).collect()
    }
}

impl Instruction {
    fn read(mnemonic: &str, operands: &str) -> Instruction {
        let plain = mnemonic.trim_end_matches(".n").trim_end_matches(".w");
        // In Thumb-2 each instruction can have a condition behind its name.
        let name = ["pop", "ldmia", "ldr", "mov", "add", "bx", "blx", "bl"].into_iter().find(|name| {
            let condition = plain.strip_prefix(name).unwrap_or_default();
            CONDITIONS.split(' ').any(|known| known == condition)
        });
        let (plain, always) = name.map_or((plain, true), |name| (name, false));
        let trap = TRAPS.contains(&plain);
        let to_pc = operands.contains("pc}") || operands.starts_with("pc,") || plain.starts_with("tb");
        let jump = matches!(plain, "b" | "bx" | "jmp") || to_pc;
        let ret = plain == "ret" || plain == "bx" && operands == "lr" || operands.contains("pc}");
        let call = matches!(plain, "call" | "bl" | "blx");
        // The target is the last operand, and has its symbol behind it.
        let branch = call || ["b", "cb", "j"].iter().any(|start| plain.starts_with(start));
        let target = operands.split(" <").next().and_then(|text| text.rsplit([' ', '\t']).next());
        let target = target.filter(|_| branch && operands.contains('<') && !operands.contains('('));
        let leads = target.and_then(|text| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok());
        Instruction {
            trap,
            goes_on: !always || !trap && !jump && !ret,
            leads,
            call,
            anywhere: jump && !ret && leads.is_none(),
            back: ret || plain == "bx",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_understood() {
        let read = |text: &str| {
            let (mnemonic, operands) = text.split_once(' ').unwrap_or((text, ""));
            let i = Instruction::read(mnemonic, operands);
            (i.trap, i.goes_on, i.leads, i.anywhere)
        };
        for (text, is) in [
            ("udf #254\t@ 0xfe", (true, false, None, false)),
            ("ud2", (true, false, None, false)),
            ("bl 129a4 <f>", (false, true, Some(0x129a4), false)),
            ("call 129a4 <f>", (false, true, Some(0x129a4), false)),
            ("call *0x8(%rax)", (false, true, None, false)),
            ("call *0x8(%rip)        # 1234 <f+0x3>", (false, true, None, false)),
            ("jmp *%rax", (false, false, None, true)),
            ("jmp 12 <f+0x3>", (false, false, Some(0x12), false)),
            ("jne 12 <f+0x3>", (false, true, Some(0x12), false)),
            ("b.n 12 <f+0x3>", (false, false, Some(0x12), false)),
            ("beq.w 12 <f+0x3>", (false, true, Some(0x12), false)),
            ("cbnz r2, 1a <f>", (false, true, Some(0x1a), false)),
            ("blx r8", (false, true, None, false)),
            ("bx lr", (false, false, None, false)),
            ("bx r3", (false, false, None, true)),
            ("pop {r4, pc}", (false, false, None, false)),
            ("ldmia.w sp!, {r4, pc}", (false, false, None, false)),
            ("mov pc, r3", (false, false, None, true)),
            ("tbb [pc, r3]", (false, false, None, true)),
            ("ldr r0, [pc, #40]\t@ (11764 <f+0x3>)", (false, true, None, false)),
            ("bics r0, r1", (false, true, None, false)),
            ("bls.n 12 <f>", (false, true, Some(0x12), false)),
            ("bleq 12 <f>", (false, true, Some(0x12), false)),
            ("popne {r4, pc}", (false, true, None, false)),
            ("bxeq lr", (false, true, None, false)),
            ("ret", (false, false, None, false)),
        ] {
            assert_eq!(read(text), is, "{text}");
        }
    }

    #[test]
    fn ways_to_a_trap_are_told() {
        let text = "\
00000010 <_start>:
  10:\tbl\t20 <middle>
  14:\tbx\tlr

00000020 <middle>:
  20:\tcbz\tr0, 26 <middle+0x6>
  22:\tb.n\t30 <shared>
  24:\tudf\t#254\t@ 0xfe
  26:\tbx\tlr

00000030 <shared>:
  30:\tbx\tlr
  32:\tudf\t#254\t@ 0xfe

00000040 <other>:
  40:\tb.n\t32 <shared+0x2>

00000050 <end>:
  50:\tbl\t54 <for_ever>

00000054 <for_ever>:
  54:\tsvc\t0
  56:\tb.n\t54 <for_ever>
  58:\tnop
  5a:\t.word\t0x12345678

00000060 <tail>:
  60:\tbx\tlr
";
        let flow = Flow::read(text);
        assert_eq!(flow.traps(), BTreeMap::from([("middle", 1), ("shared", 1)]));
        let all = flow.reached(|name| name == "_start", |_| false);
        assert_eq!(all.keys().collect::<Vec<_>>(), ["_start", "middle", "shared"]);
        let all = flow.reached(|name| name == "other", |_| false);
        assert_eq!(all["shared panics"], ["other", "shared", "shared panics"]);
        let all = flow.reached(|name| name == "other", |name| name == "shared");
        assert_eq!(all.keys().collect::<Vec<_>>(), ["other"]);
        let returns =
            ["_start", "middle", "shared", "other", "end", "for_ever"].map(|name| flow.returns(name));
        assert_eq!(returns, [true, true, true, false, false, false]);
    }
}
