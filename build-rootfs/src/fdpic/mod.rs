//! The step behind the link for processors without an MMU: makes a program whose text is shared by all its
//! processes, where only data is copied.
//!
//! The program is compiled as position-independent code that leaves r9 alone, and linked with
//! `--emit-relocs`. Code reaches everything relative to its own place (`add rX, pc`), which holds within the
//! text, but the data of a process lies at a distance that differs from process to process. So each such
//! instruction that reaches data is made to add r9, which the entry code (`sys/src/arch/arm.rs`) points to the
//! start of the data; its constant becomes the distance from there. Words of the data that hold addresses are
//! listed in a bitmap behind the text, by which the entry code relocates them.
//!
//! The result is an ELF-FDPIC file (OSABI 65) of two segments, which Linux' `binfmt_elf_fdpic` maps by
//! themselves: the text from where it lies, when that is contiguous in memory. Whatever the step does not
//! understand it refuses.

mod patch;
mod read;
mod write;

use patch::Program;

/// The finished program for the linked one.
///
/// # Errors
/// Something in it is not understood; the text says what and where.
pub fn convert(elf: &[u8]) -> Result<Vec<u8>, String> {
    let mut program = Program::read(elf)?;
    program.patch()?;
    program.write()
}

/// Whether the linker was asked for what [`share`] needs: it left the text's relocations in the file.
pub fn is_wanted(elf: &object::File<'_>) -> bool {
    use object::{Object, ObjectSection};
    elf.section_by_name(".text").is_some_and(|text| text.relocations().next().is_some())
}
