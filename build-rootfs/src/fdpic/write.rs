//! Writes the ELF-FDPIC file.

use super::patch::Program;
use object::elf::{FileFlags, OsAbi, EM_ARM, ET_EXEC, PF_R, PF_W, PF_X, PT_GNU_STACK, PT_LOAD};
use object::write::elf::{FileHeader, ProgramHeader, Writer};
use object::Endianness;

/// ELFOSABI_ARM_FDPIC: each segment is mapped by itself.
const FDPIC: OsAbi = OsAbi(65);
/// The EABI's version 5.
const EABI5: FileFlags = FileFlags(0x0500_0000);
/// The kernel's pages.
const PAGE: u32 = 4096;
/// Bytes of the ELF header and three program headers.
const HEADERS: u32 = 52 + 3 * 32;

impl Program {
    /// The file: headers, text, bitmap; at the next page the data.
    pub(super) fn write(&self) -> Result<Vec<u8>, String> {
        if self.text.start < HEADERS {
            return Err(format!("the text starts at {:#x}, among the headers", self.text.start));
        }
        let mut text = self.text.bytes.clone();
        text.resize(text.len().next_multiple_of(4), 0);
        for word in self.bitmap()? {
            text.extend_from_slice(&word.to_le_bytes());
        }
        let text_size = self.text.start + text.len() as u32;
        // The kernel maps pages: address and offset of a segment must be equal modulo the page size.
        let data_offset = text_size.next_multiple_of(PAGE) + self.data.start % PAGE;
        let mut out = self.headers(text_size, data_offset)?;
        out.resize(self.text.start as usize, 0);
        out.extend_from_slice(&text);
        if !self.data.bytes.is_empty() {
            out.resize(data_offset as usize, 0);
            out.extend_from_slice(&self.data.bytes);
        }
        Ok(out)
    }

    fn headers(&self, text_size: u32, data_offset: u32) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut writer = Writer::new(Endianness::Little, false, &mut out);
        writer.reserve_file_header();
        writer.reserve_program_headers(3);
        let header = FileHeader {
            os_abi: FDPIC,
            abi_version: 0,
            e_type: ET_EXEC,
            e_machine: EM_ARM,
            e_entry: self.entry.into(),
            e_flags: EABI5,
        };
        writer.write_file_header(&header).map_err(|why| why.to_string())?;
        writer.write_align_program_headers();
        let segment = |p_type, p_flags, offset: u32, address: u32, file: u32, memory: u32| ProgramHeader {
            p_type,
            p_flags,
            p_offset: offset.into(),
            p_vaddr: address.into(),
            p_paddr: address.into(),
            p_filesz: file.into(),
            p_memsz: memory.into(),
            p_align: PAGE.into(),
        };
        let (data, in_file) = (&self.data, self.data.bytes.len() as u32);
        // The data must not be empty, since r9 points to it.
        let size = data.size.max(4);
        writer.write_program_header(&segment(PT_LOAD, PF_R | PF_X, 0, 0, text_size, text_size));
        writer.write_program_header(&segment(PT_LOAD, PF_R | PF_W, data_offset, data.start, in_file, size));
        writer.write_program_header(&segment(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0));
        Ok(out)
    }

    /// The number of words that follow, then one bit for each word of the data: whether it is an address.
    fn bitmap(&self) -> Result<Vec<u32>, String> {
        let mut words = vec![0];
        for address in &self.pointers {
            let at = address.wrapping_sub(self.data.start) as usize / 4;
            if at * 4 + 4 > self.data.bytes.len() {
                return Err(format!("a pointer at {address:#x}, outside of the data"));
            }
            words.resize(words.len().max(at / 32 + 2), 0);
            words[at / 32 + 1] |= 1 << (at % 32);
        }
        words[0] = words.len() as u32 - 1;
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    use super::super::patch::Part;
    use super::*;
    use object::read::elf::ProgramHeader as _;
    use std::collections::BTreeSet;

    fn program(pointers: &[u32]) -> Program {
        Program {
            entry: 0x101,
            text: Part { start: 0x100, bytes: vec![1; 6], size: 6 },
            data: Part { start: 0x1000_0000, bytes: vec![2; 264], size: 300 },
            pointers: pointers.iter().map(|at| 0x1000_0000 + at).collect::<BTreeSet<_>>(),
            ..Program::default()
        }
    }

    #[test]
    fn bits_tell_the_pointers() {
        assert_eq!(program(&[]).bitmap().unwrap(), [0]);
        assert_eq!(program(&[0, 8, 260]).bitmap().unwrap(), [3, 0b101, 0, 2]);
        assert!(program(&[264]).bitmap().is_err());
    }

    #[test]
    fn segments_are_where_the_kernel_wants_them() {
        let file = program(&[4]).write().unwrap();
        assert_eq!((file[7], file.len()), (65, 0x1000 + 264));
        let elf = object::read::elf::ElfFile32::<Endianness>::parse(file.as_slice()).unwrap();
        let e = elf.endian();
        let headers: Vec<_> = elf.elf_program_headers().iter().collect();
        let load = headers.iter().map(|h| (h.p_offset(e), h.p_vaddr(e), h.p_filesz(e), h.p_memsz(e)));
        // Text, two bytes of padding, the bitmap's length and its one word.
        assert_eq!(
            load.collect::<Vec<_>>(),
            [(0, 0, 0x110, 0x110), (0x1000, 0x1000_0000, 264, 300), (0, 0, 0, 0)]
        );
        assert_eq!(file[0x100..0x110], [1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    }
}
