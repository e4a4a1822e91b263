//! Reads an ELF program: what loads it, which libraries it needs, and its system calls, from the instructions.

use super::calls::Calls;
use super::names::Names;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::Endianness;
use std::collections::BTreeSet;

/// What stands in an ELF file that can be executed or linked at run time.
#[derive(Debug, Default)]
pub(super) struct Elf {
    /// The path of what loads it; none for a static program.
    pub(super) interpreter: Option<String>,
    /// The libraries that it needs.
    pub(super) needed: Vec<String>,
    /// Where they are sought first.
    pub(super) run_path: Vec<String>,
    /// What it can ask of the kernel by itself.
    pub(super) calls: Calls,
}

impl Elf {
    /// Reads a file; none if it is no program or library.
    pub(super) fn read(bytes: &[u8]) -> Option<Elf> {
        match (bytes.get(..4)?, bytes.get(4)?) {
            (b"\x7fELF", 1) => read::<FileHeader32<Endianness>>(bytes).ok()?,
            (b"\x7fELF", 2) => read::<FileHeader64<Endianness>>(bytes).ok()?,
            _ => None,
        }
    }
}

fn read<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> object::Result<Option<Elf>> {
    let header = H::parse(bytes)?;
    let endian = header.endian()?;
    if ![elf::ET_EXEC, elf::ET_DYN].contains(&header.e_type(endian)) {
        return Ok(None);
    }
    let mut read = Elf::default();
    let machine = header.e_machine(endian);
    let segments = header.program_headers(endian, bytes)?;
    for segment in segments {
        if let Some(path) = segment.interpreter(endian, bytes)? {
            read.interpreter = Some(text(path));
        }
        if segment.p_type(endian) == elf::PT_LOAD && segment.p_flags(endian).0 & elf::PF_X.0 != 0 {
            let code = segment.data(endian, bytes).unwrap_or_default();
            match machine {
                elf::EM_ARM => Code { code, names: Names::Arm }.arm(&mut read.calls),
                elf::EM_X86_64 => Code { code, names: Names::X86 }.x86(&mut read.calls),
                _ => drop(read.calls.unknown.insert("its processor is not known".to_string())),
            }
        }
        for entry in segment.dynamic(endian, bytes)?.unwrap_or_default() {
            let list = match entry.tag(endian) {
                elf::DT_NEEDED => &mut read.needed,
                elf::DT_RPATH | elf::DT_RUNPATH => &mut read.run_path,
                _ => continue,
            };
            list.push(string::<H>(segments, endian, bytes, entry.val(endian)).unwrap_or_default());
        }
    }
    Ok(Some(read))
}

/// The text at `offset` of the dynamic table of texts.
fn string<H: FileHeader<Endian = Endianness>>(
    segments: &[H::ProgramHeader],
    endian: Endianness,
    bytes: &[u8],
    offset: u64,
) -> Option<String> {
    let dynamic = segments.iter().find_map(|segment| segment.dynamic(endian, bytes).ok()?)?;
    let table = dynamic.iter().find(|entry| entry.tag(endian) == elf::DT_STRTAB)?.val(endian);
    let at = table.checked_add(offset)?;
    let loaded = segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
    loaded.into_iter().find_map(|segment| {
        let within = at.checked_sub(segment.p_vaddr(endian).into())?;
        Some(text(segment.data(endian, bytes).ok()?.get(usize::try_from(within).ok()?..)?))
    })
}

/// The bytes up to the first NUL.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

/// Instructions. A number counts if it is moved into its register shortly before the call, and nothing jumps in between.
struct Code<'a> {
    code: &'a [u8],
    names: Names,
}

/// How far before a call its number may stand, in bytes.
const NEAR: usize = 64;

impl Code<'_> {
    fn word(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.code.get(at..at + 4)?.try_into().ok()?))
    }

    fn half(&self, at: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.code.get(at..at + 2)?.try_into().ok()?))
    }

    fn found(&self, at: usize, number: Option<u32>, calls: &mut Calls) {
        match number.and_then(|number| self.names.get(number)) {
            Some("socket") => {
                calls.names.insert("socket".to_string());
                calls.any_family = true;
            }
            Some(name) => drop(calls.names.insert(name.to_string())),
            None => drop(calls.unknown.insert(format!("at {at:#x} of its code"))),
        }
    }

    /// `svc #0` in ARM and in Thumb state; r7 has the number.
    fn arm(&self, calls: &mut Calls) {
        let targets = self.arm_targets();
        for at in (0..self.code.len()).step_by(2) {
            if at % 4 == 0
                && self.word(at).is_some_and(|word| word & 0x0fff_ffff == 0x0f00_0000 && word >> 28 < 15)
            {
                self.found(at, self.arm_number(at, &targets), calls);
            } else if self.half(at) == Some(0xdf00) {
                self.found(at, self.thumb_number(at, &targets), calls);
            }
        }
    }

    fn arm_number(&self, svc: usize, targets: &BTreeSet<usize>) -> Option<u32> {
        for at in (svc.saturating_sub(NEAR)..svc).rev().step_by(4).map(|at| at & !3) {
            if targets.range(at + 1..=svc).next().is_some() {
                return None;
            }
            let word = self.word(at)?;
            let constant = (word & 0xff).rotate_right(word >> 8 << 1 & 0x1e);
            match word & 0xffff_f000 {
                0xe3a0_7000 => return Some(constant),
                0xe59f_7000 => return self.word(at + 8 + (word & 0xfff) as usize),
                _ if word & 0xfff0_f000 == 0xe300_7000 => return Some(word >> 4 & 0xf000 | word & 0xfff),
                // Another instruction whose result goes to r7.
                _ if word >> 12 & 15 == 7 || word >> 16 & 15 == 7 => return None,
                _ if word & 0x0e10_0080 == 0x0810_0080 => return None,
                _ => {}
            }
        }
        None
    }

    fn thumb_number(&self, svc: usize, targets: &BTreeSet<usize>) -> Option<u32> {
        for at in (svc.saturating_sub(NEAR)..svc).rev().step_by(2).map(|at| at & !1) {
            if targets.range(at + 1..=svc).next().is_some() {
                return None;
            }
            let half = self.half(at)?;
            let offset = (half & 0xff) as usize * 4;
            match half {
                0x2700..=0x27ff => return Some(u32::from(half & 0xff)),
                0x4f00..=0x4fff => return self.word(((at + 4) & !3) + offset),
                0xf04f if self.half(at + 2)? & 0xff00 == 0x0700 => {
                    return Some(u32::from(self.half(at + 2)? & 0xff))
                }
                0xf240 if self.half(at + 2)? & 0x8f00 == 0x0700 => {
                    let low = u32::from(self.half(at + 2)?);
                    return Some(low >> 4 & 0x700 | low & 0xff);
                }
                _ if changes_r7(half) => return None,
                _ => {}
            }
        }
        None
    }

    /// Where jumps in ARM and Thumb state may lead.
    fn arm_targets(&self) -> BTreeSet<usize> {
        let mut targets = BTreeSet::new();
        let mut add = |at: usize, by: i64| targets.extend(usize::try_from(at as i64 + by));
        for at in (0..self.code.len()).step_by(2) {
            let Some(half) = self.half(at) else { break };
            match half {
                0xe000..=0xe7ff => add(at, i64::from((half << 5) as i16 >> 4) + 4),
                0xd000..=0xddff => add(at, i64::from(half as i8) * 2 + 4),
                _ if half & 0xf500 == 0xb100 => {
                    add(at, i64::from(half >> 3 & 0x40 | half >> 2 & 0x3e) + 4);
                }
                _ => {}
            }
            if let Some(word) = self.word(at).filter(|word| at % 4 == 0 && word & 0x0e00_0000 == 0x0a00_0000)
            {
                add(at, i64::from(((word << 8) as i32) >> 6) + 8);
            }
        }
        targets
    }

    /// `syscall`; eax has the number, which counts only if it is moved there right before: where an instruction begins
    /// is not seen from behind.
    fn x86(&self, calls: &mut Calls) {
        const MOVE: usize = 5;
        let targets = self.x86_targets();
        for at in self.code.windows(2).enumerate().filter(|(_, two)| *two == b"\x0f\x05").map(|(at, _)| at) {
            let from = at.checked_sub(MOVE).filter(|from| self.code[*from] == 0xb8 && !targets.contains(&at));
            self.found(at, from.and_then(|from| self.word(from + 1)), calls);
        }
    }

    fn x86_targets(&self) -> BTreeSet<usize> {
        let mut targets = BTreeSet::new();
        for (at, byte) in self.code.iter().enumerate() {
            let near = self.code.get(at + 1).map(|by| (2, i64::from(*by as i8)));
            let far = |length: usize| Some((length, i64::from(self.word(at + length - 4)? as i32)));
            let jump = match byte {
                0x70..=0x7f | 0xeb | 0xe3 => near,
                0xe9 => far(5),
                0x0f if self.code.get(at + 1).is_some_and(|next| next & 0xf0 == 0x80) => far(6),
                _ => None,
            };
            let to = jump.map(|(length, by)| (at + length) as i64 + by);
            targets.extend(to.and_then(|to| usize::try_from(to).ok()));
        }
        targets
    }
}

/// Whether a Thumb instruction may have r7 for its result; all of 32 bits count as such.
fn changes_r7(half: u16) -> bool {
    match half {
        0x0000..=0x1fff | 0x4000..=0x43ff | 0x5000..=0x8fff => half & 7 == 7,
        0x3700..=0x37ff | 0x3f00..=0x3fff | 0x9f00..=0x9fff | 0xaf00..=0xafff => true,
        0x4400..=0x46ff => half & 0x87 == 7,
        0xbc00..=0xbdff => half & 0x80 != 0,
        _ => half >= 0xe800,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(calls: Calls) -> (Vec<String>, usize) {
        (calls.names.into_iter().collect(), calls.unknown.len())
    }

    fn arm(words: &[u32]) -> (Vec<String>, usize) {
        let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut calls = Calls::default();
        Code { code: &code, names: Names::Arm }.arm(&mut calls);
        told(calls)
    }

    fn thumb(halves: &[u16]) -> (Vec<String>, usize) {
        let code: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let mut calls = Calls::default();
        Code { code: &code, names: Names::Arm }.arm(&mut calls);
        told(calls)
    }

    fn known(names: &[&str]) -> (Vec<String>, usize) {
        (names.iter().map(|name| name.to_string()).collect(), 0)
    }

    #[test]
    fn arm_code_has_its_numbers_in_r7() {
        // mov r7, #4; mov r0, #1; svc 0
        assert_eq!(arm(&[0xe3a0_7004, 0xe3a0_0001, 0xef00_0000]), known(&["write"]));
        // mov r7, #256 + 146 in a word behind: ldr r7, [pc]; svc 0; .word 403
        assert_eq!(arm(&[0xe59f_7000, 0xef00_0000, 403]), known(&["clock_gettime64"]));
        // mov r7, r0; svc 0
        assert_eq!(arm(&[0xe1a0_7000, 0xef00_0000]), (vec![], 1));
        // mov r7, #4; L: svc 0; b L
        assert_eq!(arm(&[0xe3a0_7004, 0xef00_0000, 0xeaff_fffd]), (vec![], 1));
    }

    #[test]
    fn thumb_code_too() {
        // movs r7, #1; movs r0, #0; svc 0
        assert_eq!(thumb(&[0x2701, 0x2000, 0xdf00]), known(&["exit"]));
        // movs r7, #1; mov r7, r3; svc 0
        assert_eq!(thumb(&[0x2701, 0x461f, 0xdf00]), (vec![], 1));
        // movs r7, #1; L: svc 0; b L
        assert_eq!(thumb(&[0x2701, 0xdf00, 0xe7fd]), (vec![], 1));
    }

    #[test]
    fn x86_code_has_its_numbers_in_eax() {
        let told = |code: &[u8]| {
            let mut calls = Calls::default();
            Code { code, names: Names::X86 }.x86(&mut calls);
            told(calls)
        };
        assert_eq!(told(b"\xb8\x01\0\0\0\x0f\x05"), known(&["write"]));
        assert_eq!(told(b"\x89\xc8\x90\x90\x90\x0f\x05"), (vec![], 1));
        assert_eq!(told(b"\xb8\x01\0\0\0\x0f\x05\xeb\xfc"), (vec![], 1));
    }
}
