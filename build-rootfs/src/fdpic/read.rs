//! Reads the linked ELF file.

use super::patch::{Part, Program, Relocation, Where};
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SectionFlags, SectionKind,
};

impl Program {
    /// Reads a linked file.
    pub(super) fn read(bytes: &[u8]) -> Result<Program, String> {
        let elf = object::File::parse(bytes).map_err(|why| why.to_string())?;
        let mut program = Program { entry: elf.entry() as u32, ..Program::default() };
        for section in elf.sections() {
            let Some(place) = place(&section) else { continue };
            let name = section.name().unwrap_or_default();
            if name.starts_with(".got") && section.size() > 0 {
                return Err(format!("{name}: not empty; symbols must be hidden, so that nothing needs it"));
            }
            let content = section.data().map_err(|why| format!("{name}: {why}"))?;
            program.part(place).add(section.address() as u32, content, section.size() as u32)?;
            for (address, relocation) in section.relocations() {
                program.relocations.push(one(&elf, place, address, &relocation)?);
            }
        }
        Ok(program)
    }
}

/// The segment of a section; none if it is not loaded.
fn place(section: &object::Section<'_, '_>) -> Option<Where> {
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return None };
    if sh_flags.0 & object::elf::SHF_ALLOC.0 == 0 || section.kind() == SectionKind::Note {
        return None;
    }
    Some(if sh_flags.0 & object::elf::SHF_WRITE.0 != 0 { Where::Data } else { Where::Text })
}

fn one(
    elf: &object::File<'_>,
    within: Where,
    address: u64,
    relocation: &object::Relocation,
) -> Result<Relocation, String> {
    let RelocationFlags::Elf { r_type, .. } = relocation.flags() else {
        return Err("not an ELF file".to_string());
    };
    let RelocationTarget::Symbol(index) = relocation.target() else {
        return Err(format!("{address:#x}: a relocation without a symbol"));
    };
    let symbol = elf.symbol_by_index(index).map_err(|why| format!("{address:#x}: {why}"))?;
    let section = symbol.section_index().and_then(|index| elf.section_by_index(index).ok());
    Ok(Relocation {
        kind: r_type.0,
        within,
        address: address as u32,
        target: section.and_then(|section| place(&section)),
        // Bit 0 of a Thumb function's address is no part of the address.
        value: symbol.address() as u32,
        name: format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap_or_default())),
    })
}

impl Part {
    /// Adds a section's bytes. Bytes after `content` are zero and not in the file.
    fn add(&mut self, address: u32, content: &[u8], size: u32) -> Result<(), String> {
        if self.bytes.is_empty() && self.size == 0 {
            self.start = address;
        }
        let at = address.checked_sub(self.start).ok_or("sections are not in the order of their addresses")?;
        if !content.is_empty() {
            self.bytes.resize(at as usize, 0);
            self.bytes.extend_from_slice(content);
        }
        self.size = self.size.max(at + size);
        Ok(())
    }
}
