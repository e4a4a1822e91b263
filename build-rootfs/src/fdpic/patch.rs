//! Makes the text independent of the address of the data.

use std::collections::{BTreeMap, BTreeSet};

/// One of the two segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Text,
    Data,
}

/// A segment.
#[derive(Debug, Default, Clone)]
pub(super) struct Part {
    /// The address that it was linked for.
    pub(super) start: u32,
    /// The bytes that are in the file.
    pub(super) bytes: Vec<u8>,
    /// The size in memory; bytes that are not in the file are zero.
    pub(super) size: u32,
}

/// A relocation that the linker has applied, for the final addresses.
#[derive(Debug, Clone)]
pub(super) struct Relocation {
    /// R_ARM_… (ELF for the Arm Architecture, 5.6).
    pub(super) kind: u32,
    /// The segment that has the word or instruction.
    pub(super) within: Where,
    /// Its address.
    pub(super) address: u32,
    /// The segment of the target.
    pub(super) target: Option<Where>,
    /// The address of the target.
    pub(super) value: u32,
    /// The name of the target.
    pub(super) name: String,
}

/// A linked program.
#[derive(Debug, Default, Clone)]
pub(super) struct Program {
    pub(super) entry: u32,
    pub(super) text: Part,
    pub(super) data: Part,
    pub(super) relocations: Vec<Relocation>,
    /// The addresses of the data's words that hold addresses.
    pub(super) pointers: BTreeSet<u32>,
}

const R_ARM_NONE: u32 = 0;
const R_ARM_ABS32: u32 = 2;
const R_ARM_REL32: u32 = 3;
const R_ARM_THM_CALL: u32 = 10;
const R_ARM_CALL: u32 = 28;
const R_ARM_JUMP24: u32 = 29;
const R_ARM_THM_JUMP24: u32 = 30;
const R_ARM_TARGET1: u32 = 38;
const R_ARM_PREL31: u32 = 42;
const R_ARM_THM_MOVW_PREL_NC: u32 = 49;
const R_ARM_THM_MOVT_PREL: u32 = 50;
const R_ARM_THM_JUMP19: u32 = 51;
const R_ARM_THM_JUMP11: u32 = 102;
const R_ARM_THM_JUMP8: u32 = 103;

/// The encoding of `add rX, pc`, and the bits of rX in it.
const ADD_PC: (u16, u16) = (0x4478, 0x0087);
/// Turns the register pc (15) into r9.
const PC_TO_R9: u16 = (15 ^ 9) << 3;

/// The instructions that add pc, by address, and the segment that they reach.
#[derive(Default)]
struct Adds(BTreeMap<u32, Where>);

impl Program {
    pub(super) fn part(&mut self, place: Where) -> &mut Part {
        match place {
            Where::Text => &mut self.text,
            Where::Data => &mut self.data,
        }
    }

    /// Makes the text independent of the address of the data, and collects the pointers in the data.
    pub(super) fn patch(&mut self) -> Result<(), String> {
        let relocations = std::mem::take(&mut self.relocations);
        let (mut adds, mut low) = (Adds::default(), None);
        for relocation in &relocations {
            self.one(relocation, &mut adds, &mut low).map_err(|why| {
                let Relocation { address, kind, name, .. } = relocation;
                format!("{address:#x}: relocation {kind} to {name}: {why}")
            })?;
        }
        Ok(())
    }

    fn one<'a>(
        &mut self,
        relocation: &'a Relocation,
        adds: &mut Adds,
        low: &mut Option<&'a Relocation>,
    ) -> Result<(), String> {
        let Relocation { kind, within, address, value, .. } = *relocation;
        let target = || relocation.target.ok_or("its target is not in memory");
        match (kind, within) {
            (R_ARM_ABS32 | R_ARM_TARGET1, Where::Data) => {
                target()?;
                if address % 4 != 0 {
                    return Err("a pointer that is not aligned".into());
                }
                self.pointers.insert(address);
                Ok(())
            }
            (R_ARM_ABS32 | R_ARM_TARGET1, Where::Text) => {
                Err("an address in the text, which all processes share".into())
            }
            (R_ARM_REL32, Where::Text) => {
                let word = self.text.word(address)?;
                let add = value.wrapping_sub(word).wrapping_sub(4);
                if adds.reaches(add, target()?, &mut self.text)? {
                    self.text.set_word(address, value.wrapping_sub(self.data.start))?;
                }
                Ok(())
            }
            (R_ARM_REL32, Where::Data) if target()? == Where::Data => Ok(()),
            (R_ARM_THM_MOVW_PREL_NC, Where::Text) => {
                *low = Some(relocation);
                Ok(())
            }
            (R_ARM_THM_MOVT_PREL, Where::Text) => {
                let low = low.take().filter(|low| low.name == relocation.name && low.value == value);
                let low = low.ok_or("its movw does not stand before it")?.address;
                let distance =
                    u32::from(self.text.immediate(low)?) | u32::from(self.text.immediate(address)?) << 16;
                let add = value.wrapping_sub(distance).wrapping_sub(4);
                if adds.reaches(add, target()?, &mut self.text)? {
                    let offset = value.wrapping_sub(self.data.start);
                    self.text.set_immediate(low, offset as u16)?;
                    self.text.set_immediate(address, (offset >> 16) as u16)?;
                }
                Ok(())
            }
            // Calls and jumps within the text.
            (
                R_ARM_NONE | R_ARM_THM_CALL | R_ARM_CALL | R_ARM_JUMP24 | R_ARM_THM_JUMP24 | R_ARM_PREL31
                | R_ARM_THM_JUMP19 | R_ARM_THM_JUMP11 | R_ARM_THM_JUMP8,
                Where::Text,
            ) if relocation.target != Some(Where::Data) => Ok(()),
            _ => Err("not understood".into()),
        }
    }
}

impl Adds {
    /// Records that the `add rX, pc` at `address` reaches `target`. If that is data, makes it add r9 and returns
    /// true.
    fn reaches(&mut self, address: u32, target: Where, text: &mut Part) -> Result<bool, String> {
        let data = target == Where::Data;
        match self.0.insert(address, target) {
            Some(before) if before == target => return Ok(data),
            Some(_) => return Err(format!("the add at {address:#x} reaches both text and data")),
            None => {}
        }
        let instruction = text.half(address).unwrap_or(0);
        if instruction & !ADD_PC.1 != ADD_PC.0 {
            return Err(format!("at {address:#x} is {instruction:#06x}, not `add rX, pc`"));
        }
        if data {
            text.set_half(address, instruction ^ PC_TO_R9)?;
        }
        Ok(data)
    }
}

impl Part {
    fn slice<const N: usize>(&mut self, address: u32) -> Result<&mut [u8; N], String> {
        let at = address.wrapping_sub(self.start) as usize;
        let bytes = self.bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut());
        bytes.ok_or_else(|| format!("{address:#x} is outside"))
    }

    fn half(&mut self, address: u32) -> Result<u16, String> {
        self.slice(address).map(|bytes| u16::from_le_bytes(*bytes))
    }

    fn set_half(&mut self, address: u32, value: u16) -> Result<(), String> {
        self.slice(address).map(|bytes| *bytes = value.to_le_bytes())
    }

    fn word(&mut self, address: u32) -> Result<u32, String> {
        self.slice(address).map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn set_word(&mut self, address: u32, value: u32) -> Result<(), String> {
        self.slice(address).map(|bytes| *bytes = value.to_le_bytes())
    }

    /// The constant of a movw or movt in its encoding T3 or T1: imm4:i:imm3:imm8 (ARMv7-M, A7.7.79).
    fn immediate(&mut self, address: u32) -> Result<u16, String> {
        let (first, second) = (self.half(address)?, self.half(address + 2)?);
        Ok((first & 0xf) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | (second & 0xff))
    }

    fn set_immediate(&mut self, address: u32, value: u16) -> Result<(), String> {
        let (first, second) = (self.half(address)?, self.half(address + 2)?);
        self.set_half(address, first & !0x040f | value >> 12 | (value >> 11 & 1) << 10)?;
        self.set_half(address + 2, second & !0x70ff | (value >> 8 & 7) << 12 | value & 0xff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: u32 = 0x100;
    const DATA: u32 = 0x1000_0000;
    /// `add r0, pc` and `add r0, r9`.
    const ADD: u16 = 0x4478;
    const ADD_R9: u16 = 0x4448;

    fn program(halves: &[u16], relocations: &[Relocation]) -> Program {
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        let text = Part { start: TEXT, size: bytes.len() as u32, bytes };
        let data = Part { start: DATA, bytes: vec![0; 16], size: 32 };
        Program { text, data, relocations: relocations.to_vec(), ..Program::default() }
    }

    fn relocation(kind: u32, within: Where, address: u32, target: Where, value: u32) -> Relocation {
        Relocation { kind, within, address, target: Some(target), value, name: "x".into() }
    }

    /// `add r0, pc` at the start and its constant after it.
    fn with_constant(target: Where, value: u32) -> Program {
        let distance = value.wrapping_sub(TEXT + 4);
        let halves = [ADD, 0, distance as u16, (distance >> 16) as u16];
        program(&halves, &[relocation(R_ARM_REL32, Where::Text, TEXT + 4, target, value)])
    }

    #[test]
    fn a_constant_that_reaches_data_counts_from_r9() {
        let mut program = with_constant(Where::Data, DATA + 20);
        program.patch().unwrap();
        assert_eq!(program.text.half(TEXT).unwrap(), ADD_R9);
        assert_eq!(program.text.word(TEXT + 4).unwrap(), 20);
    }

    #[test]
    fn a_constant_that_reaches_text_stays() {
        let mut program = with_constant(Where::Text, TEXT + 6);
        let before = program.text.bytes.clone();
        program.patch().unwrap();
        assert_eq!(program.text.bytes, before);
    }

    #[test]
    fn a_pair_of_moves_that_reaches_data_counts_from_r9() {
        // movw r0, movt r0, add r0, pc
        let halves = [0xf240, 0, 0xf2c0, 0, ADD];
        let value = DATA + 0x1abc;
        let pair = [R_ARM_THM_MOVW_PREL_NC, R_ARM_THM_MOVT_PREL].iter().zip([TEXT, TEXT + 4]);
        let pair: Vec<_> =
            pair.map(|(kind, at)| relocation(*kind, Where::Text, at, Where::Data, value)).collect();
        let mut program = program(&halves, &pair);
        let distance = value - (TEXT + 8 + 4);
        program.text.set_immediate(TEXT, distance as u16).unwrap();
        program.text.set_immediate(TEXT + 4, (distance >> 16) as u16).unwrap();
        program.patch().unwrap();
        assert_eq!(program.text.half(TEXT + 8).unwrap(), ADD_R9);
        assert_eq!(program.text.immediate(TEXT).unwrap(), 0x1abc);
        assert_eq!(program.text.immediate(TEXT + 4).unwrap(), 0);
        assert_eq!(program.text.half(TEXT).unwrap() & 0xfbf0, 0xf240);
    }

    #[test]
    fn immediates_keep_their_instruction() {
        let mut part = Part { start: 0, bytes: [0x40, 0xf2, 0x00, 0x03].to_vec(), size: 4 };
        for value in [0, 1, 0xffff, 0xa5c3, 0x0800, 0x0700] {
            part.set_immediate(0, value).unwrap();
            assert_eq!(part.immediate(0).unwrap(), value);
        }
        part.set_immediate(0, 0).unwrap();
        assert_eq!(part.bytes, [0x40, 0xf2, 0x00, 0x03]);
    }

    #[test]
    fn addresses_in_data_are_pointers() {
        for kind in [R_ARM_ABS32, R_ARM_TARGET1] {
            for (target, value) in [(Where::Text, TEXT), (Where::Data, DATA)] {
                let mut program = program(&[], &[relocation(kind, Where::Data, DATA + 8, target, value)]);
                program.patch().unwrap();
                assert_eq!(program.pointers, BTreeSet::from([DATA + 8]));
            }
        }
    }

    #[test]
    fn distances_within_data_and_calls_within_text_stay() {
        let mut relocations = vec![relocation(R_ARM_REL32, Where::Data, DATA, Where::Data, DATA + 4)];
        for kind in [0, 10, 28, 29, 30, 42, 51, 102, 103] {
            relocations.push(relocation(kind, Where::Text, TEXT, Where::Text, TEXT + 4));
        }
        let mut program = program(&[1, 2, 3, 4], &relocations);
        let before = program.clone();
        program.patch().unwrap();
        assert_eq!((&program.text.bytes, &program.data.bytes), (&before.text.bytes, &before.data.bytes));
        assert!(program.pointers.is_empty());
    }

    fn refused(halves: &[u16], relocation: Relocation) -> String {
        program(halves, &[relocation]).patch().unwrap_err()
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let address = refused(&[0, 0], relocation(R_ARM_ABS32, Where::Text, TEXT, Where::Text, TEXT));
        assert!(address.contains("0x100: relocation 2 to x: an address in the text"), "{address}");
        let far = refused(&[], relocation(R_ARM_REL32, Where::Data, DATA, Where::Text, TEXT));
        assert!(far.contains("not understood"), "{far}");
        let got = refused(&[0, 0], relocation(26, Where::Text, TEXT, Where::Data, DATA));
        assert!(got.contains("relocation 26"), "{got}");
        let call = refused(&[0, 0], relocation(R_ARM_THM_CALL, Where::Text, TEXT, Where::Data, DATA));
        assert!(call.contains("not understood"), "{call}");
        let odd = refused(&[], relocation(R_ARM_ABS32, Where::Data, DATA + 2, Where::Text, TEXT));
        assert!(odd.contains("aligned"), "{odd}");
        let high = refused(&[0, 0], relocation(R_ARM_THM_MOVT_PREL, Where::Text, TEXT, Where::Data, DATA));
        assert!(high.contains("movw"), "{high}");
    }

    #[test]
    fn another_instruction_than_add_is_refused() {
        let mut program = with_constant(Where::Data, DATA);
        program.text.set_half(TEXT, 0x4468).unwrap();
        assert!(program.patch().unwrap_err().contains("0x4468, not `add rX, pc`"));
    }

    #[test]
    fn an_add_for_both_text_and_data_is_refused() {
        let mut program = with_constant(Where::Data, DATA);
        let distance = (TEXT + 2).wrapping_sub(TEXT + 4);
        program.text.bytes.extend_from_slice(&distance.to_le_bytes());
        program.relocations.push(relocation(R_ARM_REL32, Where::Text, TEXT + 8, Where::Text, TEXT + 2));
        assert!(program.patch().unwrap_err().contains("both text and data"));
    }
}
