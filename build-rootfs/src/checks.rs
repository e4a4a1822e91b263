//! Checks a target binary for forbidden parts: formatting machinery, panic machinery and panic messages.

use object::{Object, ObjectSegment, ObjectSymbol};

/// Parts of names of functions and statics.
const SYMBOLS: &[&str] = &[
    "core::fmt",
    "core::panicking",
    "core::panic::",
    "panic_fmt",
    "rust_begin_unwind",
    "alloc::fmt",
    "std::",
];

/// Parts of messages that panics carry.
const TEXTS: &[&str] = &[
    "called `Option::",
    "called `Result::",
    "index out of bounds",
    "out of range for slice",
    "slice index starts at",
    "attempt to add",
    "attempt to subtract",
    "attempt to multiply",
    "attempt to divide",
    "attempt to calculate the remainder",
    "attempt to negate",
    "attempt to shift",
    "assertion failed",
    "panicked at",
    "already borrowed",
    "already mutably borrowed",
    "byte index",
    "capacity overflow",
    "internal error: entered unreachable code",
    "library/core/src",
    "library/alloc/src",
];

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
    for segment in file.segments() {
        let bytes = segment.data().map_err(|why| why.to_string())?;
        found.extend(
            TEXTS.iter().filter(|text| holds(bytes, text.as_bytes())).map(|text| format!("text `{text}`")),
        );
        found.extend(source_paths(bytes).into_iter().map(|path| format!("path of a source `{path}`")));
    }
    if file.symbols().next().is_none() {
        return Err("it has no symbols: the check needs the twin, mote.sym".to_string());
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}

/// Words like `src/cat.rs`: where a panic's location would point.
fn source_paths(bytes: &[u8]) -> Vec<String> {
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    memchr::memmem::find_iter(bytes, b".rs")
        .filter(|at| !bytes.get(at + 3).is_some_and(u8::is_ascii_alphanumeric))
        .filter_map(|at| {
            let start = bytes[..at].iter().rposition(|byte| !is_path(*byte)).map_or(0, |before| before + 1);
            let path = String::from_utf8_lossy(&bytes[start..at + 3]).into_owned();
            path.contains('/').then_some(path)
        })
        .collect()
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
        assert_eq!(
            machinery(&elf("_ZN4core9panicking9panic_fmt17h0123456789abcdefE", b"")).unwrap().len(),
            1
        );
    }

    #[test]
    fn paths_of_sources_are_found() {
        assert_eq!(source_paths(b"\0\x01src/cat.rs\0"), ["src/cat.rs"]);
        assert_eq!(source_paths(b"/lib/a.rsync x.rs .rs"), [""; 0]);
    }

    #[test]
    fn texts_of_panics_are_found() {
        for text in TEXTS {
            assert!(holds(format!("abc{text}def").as_bytes(), text.as_bytes()));
        }
        // The test's own program has it all.
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let found = machinery(&own).unwrap();
        assert!(found.iter().any(|what| what == "text `called `Option::`"), "{found:?}");
        assert!(found.iter().any(|what| what.starts_with("symbol core::fmt")), "{found:?}");
        assert!(found.iter().any(|what| what.starts_with("path of a source")), "{found:?}");
    }

    #[test]
    fn a_stripped_file_is_refused() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(machinery(&crate::strip::strip(&own).unwrap()).is_err());
    }
}
