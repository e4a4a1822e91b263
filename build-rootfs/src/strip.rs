//! Strips an ELF file further than `strip` does: removes everything after the last byte that the kernel loads, and
//! the section headers.

use crate::fdpic::{convert, is_wanted};
use object::elf::{FileHeader32, FileHeader64, ProgramHeader32, PT_GNU_STACK, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{LittleEndian, Object, ObjectSymbol};
use std::ops::Range;

/// The symbol of a linker script for the size of the stack.
const STACK: &str = "mote_stack";

/// Makes the file for the image from the linked one. It is converted to FDPIC if the target wants that, otherwise
/// stripped. It gets the stack size of the linker script.
///
/// # Errors
/// As [`strip`] and [`convert`].
pub fn finish(elf: &[u8]) -> Result<Vec<u8>, String> {
    let file = object::File::parse(elf).map_err(|why| why.to_string())?;
    let mut finished = if is_wanted(&file) { convert(elf)? } else { strip(elf)? };
    if let Some(stack) = file.symbol_by_name(STACK) {
        set_stack(&mut finished, stack.address() as u32)?;
    }
    Ok(finished)
}

/// Sets the size in PT_GNU_STACK. Without an MMU the kernel allocates a stack of this size.
fn set_stack(elf: &mut [u8], size: u32) -> Result<(), String> {
    const MEMSZ: usize = 20;
    let header = FileHeader32::<LittleEndian>::parse(&*elf).map_err(|why| why.to_string())?;
    let segments = header.program_headers(LittleEndian, &*elf).map_err(|why| why.to_string())?;
    let nth = segments.iter().position(|segment| segment.p_type(LittleEndian) == PT_GNU_STACK);
    let nth = nth.ok_or("it asks for a stack but has no PT_GNU_STACK")?;
    let at = header.e_phoff(LittleEndian) as usize + nth * size_of::<ProgramHeader32<LittleEndian>>() + MEMSZ;
    elf.get_mut(at..at + 4).ok_or("its program headers are cut off")?.copy_from_slice(&size.to_le_bytes());
    Ok(())
}

/// Removes symbols, section headers and everything else that is not loaded from `elf`.
///
/// # Errors
/// It is no little-endian ELF file with something to load; the text says what is wrong.
pub fn strip(elf: &[u8]) -> Result<Vec<u8>, String> {
    // The offsets of e_shoff, and of e_shentsize, e_shnum and e_shstrndx, which follow each other.
    let (end, offset, counts) = match elf.get(4) {
        Some(1) => (loaded_end(FileHeader32::<LittleEndian>::parse(elf), elf)?, 0x20..0x24, 0x2e..0x34),
        Some(2) => (loaded_end(FileHeader64::<LittleEndian>::parse(elf), elf)?, 0x28..0x30, 0x3a..0x40),
        _ => return Err("not an ELF file".to_string()),
    };
    let mut stripped = elf.get(..end).ok_or("its segments reach past its end")?.to_vec();
    for field in [offset, counts] {
        zero(&mut stripped, field)?;
    }
    Ok(stripped)
}

fn loaded_end<H: FileHeader<Endian = LittleEndian>>(
    header: object::read::Result<&H>,
    elf: &[u8],
) -> Result<usize, String> {
    let header = header.map_err(|why| why.to_string())?;
    let segments = header.program_headers(LittleEndian, elf).map_err(|why| why.to_string())?;
    // A segment of zeros has an offset, but no bytes in the file.
    let loads = segments.iter().filter(|segment| {
        segment.p_type(LittleEndian) == PT_LOAD && segment.p_filesz(LittleEndian).into() > 0
    });
    let end = |segment: &H::ProgramHeader| {
        segment.p_offset(LittleEndian).into() + segment.p_filesz(LittleEndian).into()
    };
    let end: u64 = loads.map(end).max().ok_or("it has no segment to load")?;
    usize::try_from(end).map_err(|why| why.to_string())
}

fn zero(bytes: &mut [u8], range: Range<usize>) -> Result<(), String> {
    bytes.get_mut(range).ok_or("its header is not loaded")?.fill(0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::elf;
    use object::read::elf::ElfFile64;
    use object::Object;

    /// The test's own program has sections, symbols and segments.
    fn host_program() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn keeps_what_is_loaded_and_nothing_else() {
        let whole = host_program();
        let stripped = strip(&whole).unwrap();
        assert!(stripped.len() < whole.len());
        let parsed = ElfFile64::<LittleEndian>::parse(stripped.as_slice()).unwrap();
        assert_eq!(parsed.sections().count(), 0);
        let before = ElfFile64::<LittleEndian>::parse(whole.as_slice()).unwrap();
        assert_eq!(parsed.entry(), before.entry());
        let last = before.elf_program_headers().iter().filter(|p| p.p_type(LittleEndian) == elf::PT_LOAD);
        let end = last.map(|p| p.p_offset(LittleEndian) + p.p_filesz(LittleEndian)).max().unwrap();
        assert_eq!(stripped.len() as u64, end);
        // Beyond the header, which is 64 bytes, every byte is as it was.
        assert_eq!(stripped[64..], whole[64..end as usize]);
    }

    #[test]
    fn stripping_twice_changes_nothing() {
        let once = strip(&host_program()).unwrap();
        assert_eq!(strip(&once).unwrap(), once);
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(strip(b"#!/bin/sh\n").unwrap_err(), "not an ELF file");
        let whole = host_program();
        assert!(strip(&whole[..200]).is_err());
        let end = strip(&whole).unwrap().len();
        assert!(strip(&whole[..end - 1]).is_err());
    }
}
