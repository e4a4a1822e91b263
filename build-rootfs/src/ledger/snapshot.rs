//! `docs/size.json`: the sizes of one commit, to compare later ones with.

use super::{Ledger, Parts};
use crate::applets::{Catalogue, DEFAULT_SET};
use crate::cache::write_atomically;
use crate::compile::compile;
use crate::error::{Context, Error, Result};
use crate::process::{command, output};
use crate::project::Project;
use crate::target::{Target, DEFAULT};
use crate::toolchain::Toolchain;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The sizes of a commit; all numbers are bytes of the stripped file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The target.
    pub target: String,
    /// The compiler.
    pub toolchain: String,
    /// The commit, with the suffix `-dirty` if files had been changed since.
    pub commit: String,
    /// The whole file with the applets of a set, or one applet alone.
    pub sets: BTreeMap<String, u64>,
    /// The parts of the file with the set `base`.
    pub parts: Parts,
}

impl Snapshot {
    /// The file that holds the snapshot of a target: `docs/size.json` for the default one.
    pub fn file(project: &Project, target: &str) -> PathBuf {
        let name = if target == DEFAULT { "size.json".to_string() } else { format!("size-{target}.json") };
        project.root().join("docs").join(name)
    }

    /// Makes a snapshot of measured sets.
    ///
    /// # Errors
    /// `base` is not among them, no toolchain is found, or git does not know the commit.
    pub fn of(project: &Project, target: &Target, measured: &[(String, Ledger)]) -> Result<Snapshot> {
        let base = measured.iter().find(|(name, _)| name == DEFAULT_SET);
        let (_, base) = base.ok_or_else(|| Error::new(format!("the set {DEFAULT_SET} was not measured")))?;
        let describe = ["describe", "--always", "--dirty", "--abbrev=10", "--exclude=*"];
        let commit = output(command("git").arg("-C").arg(project.root()).args(describe))?;
        Ok(Snapshot {
            target: target.name.clone(),
            toolchain: Toolchain::find(target)?.version,
            commit: commit.trim().to_string(),
            sets: measured.iter().map(|(name, ledger)| (name.clone(), ledger.total.file)).collect(),
            parts: base.parts.clone(),
        })
    }

    /// Reads the file that [`Snapshot::save`] has written.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn load(project: &Project, target: &str) -> Result<Snapshot> {
        let file = Snapshot::file(project, target);
        let save = format!("`cargo rootfs size {target} --save` writes it");
        let text =
            fs::read_to_string(&file).context(file.display()).map_err(|error| error.fix(save.clone()))?;
        serde_json::from_str(&text).context(file.display()).map_err(|error| error.fix(save))
    }

    /// Writes the snapshot and returns its path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, project: &Project) -> Result<PathBuf> {
        let file = Snapshot::file(project, &self.target);
        let text = serde_json::to_string_pretty(self).context("JSON")? + "\n";
        write_atomically(&file, text.as_bytes(), 0o644)?;
        Ok(file)
    }
}

/// Compiles mote with the applets of `list` and reads its ledger.
///
/// # Errors
/// `list` is unknown, or it does not compile.
pub fn measure(project: &Project, target: &Target, list: &str) -> Result<Ledger> {
    let applets = Catalogue::load(project)?.resolve(list)?;
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let binary = compile(project, target, &applets, scratch.path())?;
    Ledger::read(&binary.twin, &applets)
}

/// Compiles mote as it was at `revision`, with that revision's own target, and reads its ledger.
///
/// # Errors
/// git does not know the revision, or it does not compile.
pub fn measure_at(project: &Project, revision: &str, target: &str, list: &str) -> Result<Ledger> {
    let at = || format!("revision {revision}");
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let archive = scratch.path().join("mote.tar");
    let mut git = command("git");
    git.arg("-C").arg(project.root()).args(["archive", "--format=tar", "--output"]).arg(&archive);
    output(git.arg("--end-of-options").arg(revision))
        .map_err(|error| error.within(at()).fix("name a commit, a tag or a branch, such as `HEAD~1`"))?;
    let root = scratch.path().join("mote");
    fs::create_dir(&root).context(root.display())?;
    output(command("tar").arg("-xf").arg(&archive).arg("-C").arg(&root))?;
    let old = Project::at(root);
    let target = Target::load(&old, target).map_err(|error| error.within(at()))?;
    measure(&old, &target, list).map_err(|error| error.within(at()))
}
