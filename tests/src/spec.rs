//! `tests/applets/NAME.txt`: what an applet has to do, as cases and fault lines. CONTRIBUTING.md tells the format.
//!
//! A mistake in such a file is answered with its line, the cause and the fix.

mod machine;
mod read;

pub use machine::Machine;

use crate::{project, GUESTS};
use build_rootfs::applets::Catalogue;
use build_rootfs::error::{Context, Error, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// What one file says.
#[derive(Debug)]
pub struct Spec {
    /// The applet's name, which is the file's.
    pub applet: String,
    /// The file.
    pub file: PathBuf,
    /// Scripts, and what they print.
    pub cases: Vec<Case>,
    /// Commands whose system calls are made to fail.
    pub faults: Vec<FaultLine>,
    /// Why there are no fault lines (`@faults none: WHY`).
    pub no_faults: Option<String>,
}

/// A script, and what must come of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// `APPLET::NAME`.
    pub name: String,
    /// Run by mote's shell, in an empty folder.
    pub script: String,
    /// What it prints on standard output and standard error.
    pub output: String,
    /// Its exit status.
    pub status: i32,
    /// Whether it works for root only (`@root`).
    pub root: bool,
    /// Where it runs.
    pub machines: Vec<Machine>,
    /// Its first line in the file.
    pub line: usize,
}

impl Case {
    /// What is wrong, if anything is, when the script printed this and ended so.
    pub fn differs(&self, output: &[u8], status: Option<i32>) -> Option<String> {
        if output == self.output.as_bytes() && status == Some(self.status) {
            return None;
        }
        let Case { name, script, output: expected, status: wanted, .. } = self;
        let got = status.map_or("no status: a signal or the time limit ended it".into(), |s| s.to_string());
        let output = String::from_utf8_lossy(output);
        Some(format!("{name}\n{script}--- expected: {wanted}\n{expected}--- got: {got}\n{output}"))
    }
}

/// A command whose system calls are made to fail; the names are those of the fault tests' tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FaultLine {
    /// Its name in the file.
    pub name: String,
    /// The applet and its arguments.
    pub words: String,
    /// What kinds of faults are tried beside those that all commands get.
    pub kinds: Vec<Named>,
    /// The folder that the command finds.
    pub folder: Option<Named>,
    /// Mounts, a network and the like around it.
    pub scene: Option<Named>,
    /// What must be left whatever fails.
    pub keeps: Option<Named>,
    /// The file of the folder that is its standard input.
    pub input: Option<String>,
    /// Its first line in the file.
    pub line: usize,
}

/// A name of something that the fault tests prepare or look at, and its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The line that it stands in.
    pub line: usize,
}

impl Spec {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or has a mistake: the message has the line, the cause and the fix.
    pub fn load(file: &Path) -> Result<Spec> {
        let text = fs::read_to_string(file).context(file.display())?;
        read::read(file, &text)
    }

    /// A mistake in a line of this file.
    pub fn mistake(&self, line: usize, cause: impl std::fmt::Display, fix: impl Into<String>) -> Error {
        read::mistake(&self.file, line, cause, fix)
    }
}

/// The folder of these files.
pub fn folder() -> PathBuf {
    project().root().join("tests/applets")
}

/// All files, sorted by the applets' names.
///
/// # Errors
/// The folder cannot be read.
pub fn files() -> Result<Vec<PathBuf>> {
    let folder = folder();
    let entries = fs::read_dir(&folder).context(folder.display())?;
    let paths = entries.map(|entry| Ok(entry.context(folder.display())?.path()));
    let mut files: Vec<PathBuf> = paths.collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|end| end == "txt"));
    files.sort();
    Ok(files)
}

/// All cases that run on `machine`; of guests those of the applets that are there.
///
/// # Errors
/// A file has a mistake.
pub fn cases(machine: Machine) -> Result<Vec<Case>> {
    let mut all = Vec::new();
    let catalogue = Catalogue::load(project())?;
    let guests = catalogue.resolve(GUESTS)?;
    let there = |file: &PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        !machine.is_guest() || name == "mote" || guests.iter().any(|applet| *applet == name)
    };
    for file in files()?.into_iter().filter(there) {
        all.extend(Spec::load(&file)?.cases.into_iter().filter(|case| case.machines.contains(&machine)));
    }
    Ok(all)
}
