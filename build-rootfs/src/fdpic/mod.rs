//! Converts a linked program to FDPIC, for processors without an MMU: all its processes share the text, and only the
//! data is copied.
//!
//! The program is compiled as position-independent code that does not use r9, and linked with `--emit-relocs`. The
//! code reaches everything relative to pc (`add rX, pc`). This works within the text, but the distance from the text
//! to the data differs between processes. So each instruction that reaches data is changed to add r9, and its
//! constant becomes the distance from the start of the data. The entry code (`sys/src/arch/arm.rs`) sets r9 to the
//! start of the data. A bitmap after the text lists the words of the data that hold addresses, and the entry code
//! relocates them.
//!
//! The result is an ELF-FDPIC file (OSABI 65) with two segments, which Linux' `binfmt_elf_fdpic` maps separately. The
//! text is used in place if it is contiguous in memory. A program with anything unknown is refused.

mod patch;
mod read;
mod write;

use patch::Program;

/// Converts the linked program `elf`.
///
/// # Errors
/// Something in it is unknown; the text says what and where.
pub fn convert(elf: &[u8]) -> Result<Vec<u8>, String> {
    let mut program = Program::read(elf)?;
    program.patch()?;
    program.write()
}

/// Whether the program was linked for [`convert`]: then the relocations of the text are in the file.
pub fn is_wanted(elf: &object::File<'_>) -> bool {
    use object::{Object, ObjectSection};
    elf.section_by_name(".text").is_some_and(|text| text.relocations().next().is_some())
}
