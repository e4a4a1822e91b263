//! The size ledger: whose every byte of the binary is, by symbols of the unstripped twin.

use crate::error::{Context, Error, Result};
use crate::strip::strip;
use object::read::elf::ProgramHeader;
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The binary's crate; its modules are the applets.
const MULTICALL: &str = "mote";

/// Bytes by kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sections {
    /// Code.
    pub text: u64,
    /// Constants.
    pub rodata: u64,
    /// Variables with a first value.
    pub data: u64,
    /// Variables that start as zero; not in the file.
    pub bss: u64,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `applet`, `crate`, `shared` by applets, or `file` for what is none of these.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its bytes.
    #[serde(flatten)]
    pub bytes: Sections,
    /// What it takes of the file, in bytes.
    pub file: u64,
}

/// The whole ledger: the rows' `file` add up to the file's size.
#[derive(Debug, Clone, Serialize)]
pub struct Ledger {
    /// Largest first.
    pub rows: Vec<Row>,
    /// The sum of all rows; its `file` is the size of the stripped file.
    pub total: Row,
}

impl Sections {
    /// The sections of an ELF file with symbols.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(twin: &Path) -> Result<Sections> {
        let bytes = fs::read(twin).context(twin.display())?;
        let elf = object::File::parse(bytes.as_slice()).context(twin.display())?;
        let mut sections = Sections::default();
        for section in elf.sections() {
            if let Some(sum) = sections.of(section.kind()) {
                *sum += section.size();
            }
        }
        Ok(sections)
    }

    fn of(&mut self, kind: SectionKind) -> Option<&mut u64> {
        match kind {
            SectionKind::Text => Some(&mut self.text),
            SectionKind::ReadOnlyData | SectionKind::ReadOnlyString => Some(&mut self.rodata),
            SectionKind::Data => Some(&mut self.data),
            SectionKind::UninitializedData => Some(&mut self.bss),
            _ => None,
        }
    }

    fn in_file(self) -> u64 {
        self.text + self.rodata + self.data
    }

    fn add(&mut self, other: Sections) {
        self.text += other.text;
        self.rodata += other.rodata;
        self.data += other.data;
        self.bss += other.bss;
    }
}

impl Ledger {
    /// The ledger of the binary whose twin with symbols is `twin`. Its modules that are not among `applets`
    /// are what applets share.
    ///
    /// # Errors
    /// It cannot be read, or does not add up.
    pub fn read(twin: &Path, applets: &[String]) -> Result<Ledger> {
        let bytes = fs::read(twin).context(twin.display())?;
        Ledger::of(&bytes, applets).map_err(|why| Error::new(format!("{}: {why}", twin.display())))
    }

    fn of(bytes: &[u8], applets: &[String]) -> std::result::Result<Ledger, String> {
        let elf = object::File::parse(bytes).map_err(|why| why.to_string())?;
        let file = strip(bytes)?.len() as u64;
        let mut owners: BTreeMap<(&'static str, String), Sections> = BTreeMap::new();
        for section in elf.sections() {
            let mut probe = Sections::default();
            if probe.of(section.kind()).is_none() {
                continue;
            }
            for (mut owner, size) in spans(&elf, &section) {
                if owner.0 == "applet" && !applets.contains(&owner.1) {
                    owner.0 = "shared";
                }
                if let Some(sum) = owners.entry(owner).or_default().of(section.kind()) {
                    *sum += size;
                }
            }
        }
        let mut rows: Vec<Row> = owners
            .into_iter()
            .map(|((kind, name), bytes)| Row { kind, name, bytes, file: bytes.in_file() })
            .collect();
        let known: u64 = rows.iter().map(|row| row.file).sum();
        let rest = file.checked_sub(known).ok_or("its sections are bigger than its segments")?;
        let headers = header_size(&elf).min(rest);
        rows.push(Row {
            kind: "file",
            name: "ELF headers".into(),
            bytes: Sections::default(),
            file: headers,
        });
        rows.push(Row {
            kind: "file",
            name: "padding".into(),
            bytes: Sections::default(),
            file: rest - headers,
        });
        rows.sort_by(|a, b| b.file.cmp(&a.file).then_with(|| a.name.cmp(&b.name)));
        let mut sum = Sections::default();
        rows.iter().for_each(|row| sum.add(row.bytes));
        let total = Row { kind: "file", name: "total".into(), bytes: sum, file };
        Ok(Ledger { rows, total })
    }

    /// As a table.
    pub fn table(&self) -> String {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max(5);
        let mut out = format!(
            "{:6}  {:width$}  {:>7}  {:>7}  {:>7}  {:>7}  {:>7}\n",
            "", "", "text", "rodata", "data", "bss", "file"
        );
        for row in self.rows.iter().chain([&self.total]) {
            let b = row.bytes;
            out += &format!(
                "{:6}  {:width$}  {:>7}  {:>7}  {:>7}  {:>7}  {:>7}\n",
                row.kind, row.name, b.text, b.rodata, b.data, b.bss, row.file
            );
        }
        out
    }
}

fn header_size(elf: &object::File<'_>) -> u64 {
    match elf {
        object::File::Elf32(elf) => 52 + segment_table(elf.elf_program_headers()),
        object::File::Elf64(elf) => 64 + segment_table(elf.elf_program_headers()),
        _ => 0,
    }
}

fn segment_table<P: ProgramHeader>(headers: &[P]) -> u64 {
    std::mem::size_of_val(headers) as u64
}

type Owner = (&'static str, String);

/// Whose the bytes of a section are; each byte once, also where symbols overlap.
fn spans(elf: &object::File<'_>, section: &object::Section<'_, '_>) -> Vec<(Owner, u64)> {
    let (start, end) = (section.address(), section.address() + section.size());
    let mut symbols: Vec<(u64, u64, String)> = elf
        .symbols()
        .filter(|symbol| symbol.section_index() == Some(section.index()) && symbol.size() > 0)
        .filter(|symbol| matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data | SymbolKind::Unknown))
        .map(|symbol| {
            // A Thumb function's address has bit 0 set.
            let thumb = u64::from(symbol.kind() == SymbolKind::Text && !elf.is_64());
            let at = symbol.address() & !thumb;
            (at, at + symbol.size(), symbol.name().unwrap_or_default().to_string())
        })
        .collect();
    symbols.sort();
    let (mut spans, mut at) = (Vec::new(), start);
    for (from, to, name) in symbols {
        let (from, to) = (from.clamp(at, end), to.clamp(at, end));
        if from > at {
            spans.push((nobody(section), from - at));
        }
        if to > from {
            spans.push((owner(&name), to - from));
        }
        at = to.max(at);
    }
    if end > at {
        spans.push((nobody(section), end - at));
    }
    spans
}

fn nobody(section: &object::Section<'_, '_>) -> Owner {
    ("file", format!("{} without a symbol", section.name().unwrap_or("section")))
}

const PRIMITIVES: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "bool", "char",
    "str", "f32", "f64",
];

/// `mote::cat::run` is the applet cat's; `<sys::Out as X>::f` is sys's; assembly belongs to sys.
fn owner(symbol: &str) -> Owner {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    let path = name.trim_start_matches(['<', '&', '*', '[', '(']);
    let path = path.strip_prefix("mut ").or_else(|| path.strip_prefix("dyn ")).unwrap_or(path);
    let mut parts = path.split("::").map(|part| {
        part.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '#')).next().unwrap_or_default()
    });
    let first = parts.next().unwrap_or_default().to_string();
    if PRIMITIVES.contains(&first.as_str()) {
        // `<u8 as sys::X>::f` is sys's, `<[u8]>::f` is core's.
        return path.split_once(" as ").map_or(("crate", "core".to_string()), |(_, behind)| owner(behind));
    }
    let is_path = path.contains("::");
    match (first.as_str(), parts.next(), parts.next()) {
        _ if !is_path && first.starts_with("mote_") => ("crate", "sys".to_string()),
        _ if !is_path && first == "_start" => ("crate", "sys".to_string()),
        _ if !is_path => ("crate", "compiler_builtins".to_string()),
        // A second part alone is a function or a static of the crate's root.
        (MULTICALL, Some(module), Some(_)) => ("applet", module.trim_start_matches("r#").to_string()),
        _ => ("crate", first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_of_symbols() {
        assert_eq!(owner("_ZN4mote3cat3run17h0123456789abcdefE"), ("applet", "cat".to_string()));
        assert_eq!(owner("_ZN4mote4main17h0123456789abcdefE"), ("crate", "mote".to_string()));
        assert_eq!(owner("_RNvNtCs1234_3sys3out5flush"), ("crate", "sys".to_string()));
        assert_eq!(owner("memcpy"), ("crate", "compiler_builtins".to_string()));
        assert_eq!(owner("mote_syscall3"), ("crate", "sys".to_string()));
        let in_trait = "_ZN48_$LT$sys..out..Out$u20$as$u20$sys..out..Sink$GT$5write17h0123456789abcdefE";
        assert_eq!(owner(in_trait), ("crate", "sys".to_string()));
        let for_bytes = "_ZN46_$LT$$u5b$u8$u5d$$u20$as$u20$sys..out..Put$GT$3put17h0123456789abcdefE";
        assert_eq!(owner(for_bytes), ("crate", "sys".to_string()));
        let own = "_ZN4core5slice29_$LT$impl$u20$$u5b$T$u5d$$GT$4sort17h0123456789abcdefE";
        assert_eq!(owner(own), ("crate", "core".to_string()));
    }

    #[test]
    fn rows_add_up_to_the_file() {
        // The test's own program, less what the ledger has no row for, is a big enough example.
        let bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
        let ledger = Ledger::of(&bytes, &[]).unwrap();
        assert_eq!(ledger.rows.iter().map(|row| row.file).sum::<u64>(), ledger.total.file);
        assert_eq!(ledger.total.file, strip(&bytes).unwrap().len() as u64);
        assert!(ledger.rows.iter().any(|row| row.name == "build_rootfs" && row.bytes.text > 0));
        assert!(ledger.table().lines().last().unwrap().contains("total"));
    }
}
