//! The test-suites of BusyBox and Toybox, run against any implementation: against mote, and, to learn what can
//! be expected, against the implementation that the suite was written for.

pub mod busybox;
pub mod counts;
pub mod guest;
pub mod job;
pub mod known;
pub mod normal;
pub mod parallel;
pub mod place;
pub mod reference;
pub mod renew;
pub mod shell;
pub mod toybox;

use build_rootfs::error::{Context, Error, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It passed to the letter.
    Exact,
    /// It passed but for the wording of diagnostics, see [`normal`].
    Normalised,
    /// The suite says that it does not apply.
    Skipped,
    /// It failed, and this is what one needs to see.
    Failed(String),
}

impl Verdict {
    /// Whether it passed, one way or the other.
    pub fn passed(&self) -> bool {
        matches!(self, Verdict::Exact | Verdict::Normalised)
    }
}

/// Cases by their names.
pub type Report = BTreeMap<String, Verdict>;

/// One line: how many passed, and how.
pub fn summary(report: &Report) -> String {
    let count = |wanted: fn(&Verdict) -> bool| report.values().filter(|verdict| wanted(verdict)).count();
    format!(
        "{} of {} pass, {} of them to the letter; {} skipped, {} failed",
        count(Verdict::passed),
        report.len(),
        count(|verdict| *verdict == Verdict::Exact),
        count(|verdict| *verdict == Verdict::Skipped),
        count(|verdict| matches!(verdict, Verdict::Failed(_))),
    )
}

/// Writes `failed` (the names), `passed` and, for each failed case, a file with what it showed into `dir`.
///
/// # Errors
/// The folder cannot be written.
pub fn write(report: &Report, dir: &Path) -> Result<()> {
    fs::create_dir_all(dir).context(dir.display())?;
    for old in fs::read_dir(dir).context(dir.display())?.flatten().map(|file| file.path()) {
        if old.extension().is_some_and(|ending| ending == "diff") {
            fs::remove_file(&old).context(old.display())?;
        }
    }
    let names = |wanted: fn(&Verdict) -> bool| -> String {
        report.iter().filter(|(_, verdict)| wanted(verdict)).map(|(name, _)| format!("{name}\n")).collect()
    };
    let put = |name: &str, text: &str| {
        let file = dir.join(name);
        fs::write(&file, text).context(file.display())
    };
    put("failed", &names(|verdict| matches!(verdict, Verdict::Failed(_))))?;
    put("passed", &names(Verdict::passed))?;
    for (name, verdict) in report {
        if let Verdict::Failed(why) = verdict {
            let safe: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
                .collect();
            put(&format!("{}.diff", safe.chars().take(120).collect::<String>()), why)?;
        }
    }
    Ok(())
}

/// Adds `verdict` under `name`, or under `name #2` and so on when a suite uses a name again.
fn add(report: &mut Report, name: String, verdict: Verdict) {
    let mut key = name.clone();
    let mut number = 1;
    while report.contains_key(&key) {
        number += 1;
        key = format!("{name} #{number}");
    }
    report.insert(key, verdict);
}

/// A symbolic link in a folder of the harness.
fn link(target: &Path, at: &Path) -> Result<()> {
    std::os::unix::fs::symlink(target, at).context(at.display())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).map_err(|why| Error::new(format!("{}: {why}", file.display())))
}
