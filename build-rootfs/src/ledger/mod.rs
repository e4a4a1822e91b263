//! The size ledger: which applet, crate or other part each byte of the binary belongs to, by the symbols of the
//! unstripped binary.

pub mod budgets;
pub mod diff;
pub mod renew;
pub mod snapshot;
mod symbols;

use crate::error::{Context, Error, Result};
use crate::strip::finish;
use object::read::elf::ProgramHeader;
use object::{Object, ObjectSection, SectionKind};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use symbols::{spans, Owner};

/// The bytes in the file by owner (`applet cat`, `crate sh`, `file padding`), then by function or static. Bytes
/// without a symbol have an empty name.
pub type Parts = BTreeMap<String, BTreeMap<String, u64>>;

/// Bytes by kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Sections {
    /// Code.
    pub text: u64,
    /// Constants.
    pub rodata: u64,
    /// Initialised variables.
    pub data: u64,
    /// Zero-initialised variables; not in the file.
    pub bss: u64,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `applet`; `crate`; `shared` for code that applets share; or `file` for the rest.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its bytes.
    #[serde(flatten)]
    pub bytes: Sections,
    /// Its bytes in the file.
    pub file: u64,
}

/// The whole ledger. The sum of `file` of all rows is the size of the file.
#[derive(Debug, Clone, Serialize)]
pub struct Ledger {
    /// Largest first.
    pub rows: Vec<Row>,
    /// The sum of all rows; its `file` is the size of the stripped file.
    pub total: Row,
    /// The same by functions and statics.
    #[serde(skip)]
    pub parts: Parts,
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
    /// The ledger of a binary; `twin` is the file with symbols. Modules of the binary that are not in `applets` are
    /// shared by applets.
    ///
    /// # Errors
    /// It cannot be read, or does not add up.
    pub fn read(twin: &Path, applets: &[String]) -> Result<Ledger> {
        let bytes = fs::read(twin).context(twin.display())?;
        Ledger::of(&bytes, applets).map_err(|why| Error::new(format!("{}: {why}", twin.display())))
    }

    fn of(bytes: &[u8], applets: &[String]) -> std::result::Result<Ledger, String> {
        let elf = object::File::parse(bytes).map_err(|why| why.to_string())?;
        let file = finish(bytes)?.len() as u64;
        let mut owners: BTreeMap<Owner, Sections> = BTreeMap::new();
        let mut parts = Parts::new();
        for section in elf.sections() {
            let mut probe = Sections::default();
            if probe.of(section.kind()).is_none() {
                continue;
            }
            let in_file = section.kind() != SectionKind::UninitializedData;
            for mut span in spans(&elf, &section) {
                if span.owner.0 == "applet" && !applets.contains(&span.owner.1) {
                    span.owner.0 = "shared";
                }
                if in_file {
                    let part = parts.entry(part_name(span.owner.0, &span.owner.1)).or_default();
                    *part.entry(span.name).or_default() += span.size;
                }
                if let Some(sum) = owners.entry(span.owner).or_default().of(section.kind()) {
                    *sum += span.size;
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
        for (name, file) in [("ELF headers", headers), ("padding", rest - headers)] {
            parts.insert(part_name("file", name), BTreeMap::from([(String::new(), file)]));
            rows.push(Row { kind: "file", name: name.into(), bytes: Sections::default(), file });
        }
        rows.sort_by(|a, b| b.file.cmp(&a.file).then_with(|| a.name.cmp(&b.name)));
        let mut sum = Sections::default();
        rows.iter().for_each(|row| sum.add(row.bytes));
        let total = Row { kind: "file", name: "total".into(), bytes: sum, file };
        Ok(Ledger { rows, total, parts })
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

fn part_name(kind: &str, name: &str) -> String {
    format!("{kind} {name}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up_to_the_file() {
        // The test's own program, less what the ledger has no row for, is a big enough example.
        let bytes = fs::read(std::env::current_exe().unwrap()).unwrap();
        let ledger = Ledger::of(&bytes, &[]).unwrap();
        assert_eq!(ledger.rows.iter().map(|row| row.file).sum::<u64>(), ledger.total.file);
        assert_eq!(ledger.total.file, finish(&bytes).unwrap().len() as u64);
        assert_eq!(ledger.parts.values().flat_map(BTreeMap::values).sum::<u64>(), ledger.total.file);
        assert!(ledger.rows.iter().any(|row| row.name == "build_rootfs" && row.bytes.text > 0));
        assert!(ledger.table().lines().last().unwrap().contains("total"));
    }
}
