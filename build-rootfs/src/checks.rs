//! Checks a target binary for forbidden parts: formatting machinery, and the standard library. A panic is one
//! instruction there, without a function or a text: `tests/tests/panics.rs` looks for it.

use object::{Object, ObjectSymbol};

/// Parts of names of functions and statics.
const SYMBOLS: &[&str] = &["core::fmt", "alloc::fmt", "std::"];

/// Finds forbidden parts in the binary; `elf` is the file with symbols. Empty if there are none.
///
/// # Errors
/// `elf` is no ELF file; the text says why.
pub fn machinery(elf: &[u8]) -> Result<Vec<String>, String> {
    let file = object::File::parse(elf).map_err(|why| why.to_string())?;
    let mut found = Vec::new();
    for symbol in file.symbols() {
        let name = format!("{:#}", rustc_demangle::demangle(symbol.name().unwrap_or_default()));
        if SYMBOLS.iter().any(|part| name.contains(part)) {
            found.push(format!("symbol {name}"));
        }
    }
    if file.symbols().next().is_none() {
        return Err("it has no symbols: the check needs the twin, mote.sym".to_string());
    }
    found.sort();
    found.dedup();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::write::{Object as Writer, Symbol, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, SectionKind, SymbolFlags, SymbolKind, SymbolScope};

    /// An object file with one function called `name` over `content`. Its segments are its sections.
    fn elf(name: &str, content: &[u8]) -> Vec<u8> {
        let mut writer = Writer::new(BinaryFormat::Elf, Architecture::Arm, Endianness::Little);
        let section = writer.add_section(Vec::new(), b".text".to_vec(), SectionKind::Text);
        let value = writer.append_section_data(section, content, 4);
        writer.add_symbol(Symbol {
            name: name.as_bytes().to_vec(),
            value,
            size: content.len() as u64,
            kind: SymbolKind::Text,
            scope: SymbolScope::Compilation,
            weak: false,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        });
        writer.write().unwrap()
    }

    #[test]
    fn clean_code_passes() {
        assert_eq!(machinery(&elf("_ZN3sys3out5flush17h0123456789abcdefE", b"code")).unwrap(), [""; 0]);
    }

    #[test]
    fn machinery_is_found_by_symbol() {
        let found = machinery(&elf("_ZN4core3fmt5write17h0123456789abcdefE", b"code")).unwrap();
        assert_eq!(found, ["symbol core::fmt::write"]);
        // The test's own program has it all.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let found = machinery(&own).unwrap();
        assert!(found.iter().any(|what| what.starts_with("symbol core::fmt")), "{found:?}");
    }

    #[test]
    fn a_stripped_file_is_refused() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(machinery(&crate::strip::strip(&own).unwrap()).is_err());
    }
}
