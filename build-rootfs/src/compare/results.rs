//! The stored results of the parts of the report. They are in the build folder of the checkout, and beside the page
//! for other machines. A result is valid until one of its inputs changes: mote's sources, this tool, the peers'
//! sources, compilers, QEMU, or the machine.

use super::builds::{add_files, Builds};
use super::part::Part;
use super::report::Report;
use super::setting;
use crate::cache::{key, write_atomically};
use crate::error::{Context, Error, Result};
use crate::peers::{BUSYBOX, MUSL, TOYBOX};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The sources of this tool: a change of them makes results invalid.
const TOOL: [&str; 2] = ["build-rootfs/src", "tests/src"];

/// The file beside the page.
pub const FILE: &str = "comparison.json";

/// Results by the name of the part on the command line.
pub type PartResults = BTreeMap<String, PartResult>;

/// The result of one part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartResult {
    /// A hash of the inputs.
    pub key: String,
    /// mote's commit, with `+` if the checkout had uncommitted changes.
    pub commit: String,
    /// The date.
    pub date: String,
    /// How long the measurement took.
    pub seconds: u64,
    /// A report with this part only.
    pub report: Report,
}

/// The stored results of a checkout.
pub struct ResultStore {
    dir: PathBuf,
    /// The results beside the page.
    parts: PartResults,
    /// The hash of the present inputs.
    pub key: String,
}

impl ResultStore {
    /// Opens the results of a checkout.
    ///
    /// # Errors
    /// The checkout cannot be read, or the file beside the page is damaged.
    pub fn open(builds: &Builds) -> Result<ResultStore> {
        let root = builds.project.root();
        let mut inputs = vec![builds.sources.clone().into_bytes()];
        for name in TOOL {
            add_files(&root.join(name), root, &mut inputs)?;
        }
        inputs.extend([BUSYBOX, TOYBOX, MUSL].map(|peer| peer.sha256.as_bytes().to_vec()));
        let versions = setting::versions(builds, None);
        inputs.extend(versions.into_iter().map(|(name, version)| format!("{name}: {version}").into_bytes()));
        let parts = load(&root.join("docs").join(FILE))?;
        Ok(ResultStore { dir: builds.project.out().join("compare/parts"), parts, key: key(inputs) })
    }

    fn file(&self, part: Part) -> PathBuf {
        self.dir.join(format!("{}-{}.json", part.word(), self.key))
    }

    /// The valid result of `part`, if there is one. Files in the build folder that this version of the tool cannot read
    /// are ignored.
    pub fn get(&self, part: Part) -> Option<PartResult> {
        let built = fs::read(self.file(part)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        built.or_else(|| self.last(part).filter(|result| result.key == self.key))
    }

    /// The result of `part` beside the page, valid or not.
    pub fn last(&self, part: Part) -> Option<PartResult> {
        self.parts.get(part.word()).cloned()
    }

    /// Stores the result of `part` and replaces an older one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&self, part: Part, result: &PartResult) -> Result<()> {
        let text = serde_json::to_vec(result).context("JSON")?;
        write_atomically(&self.file(part), &text, 0o644)
    }
}

/// Writes [`FILE`] to `dir`, with one line for each part.
///
/// # Errors
/// It cannot be written.
pub fn save(dir: &Path, parts: &PartResults) -> Result<()> {
    let line = |(word, result): (&String, &PartResult)| {
        Ok(format!("{}: {}", serde_json::to_string(word)?, serde_json::to_string(result)?))
    };
    let lines: serde_json::Result<Vec<String>> = parts.iter().map(line).collect();
    let text = format!("{{\n{}\n}}\n", lines.context("JSON")?.join(",\n"));
    write_atomically(&dir.join(FILE), text.as_bytes(), 0o644)
}

fn load(file: &Path) -> Result<PartResults> {
    let text = match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(PartResults::new()),
        text => text.context(file.display())?,
    };
    serde_json::from_slice(&text).map_err(|why| {
        let error = Error::new(format!("{}: {why}", file.display()));
        error.fix("restore it with `git checkout`, or remove it to measure all parts again")
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::sample;
    use super::*;

    #[test]
    fn what_is_put_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let of = |key: &str, parts| ResultStore { dir: dir.path().to_path_buf(), parts, key: key.into() };
        let store = of("k", PartResults::new());
        assert!(store.get(Part::Speed).is_none());
        let result = PartResult {
            key: "k".into(),
            commit: "c".into(),
            date: "2026-01-31".into(),
            seconds: 7,
            report: sample(),
        };
        store.put(Part::Speed, &result).unwrap();
        let again = store.get(Part::Speed).unwrap();
        let text = |result: &PartResult| serde_json::to_string(result).unwrap();
        assert_eq!(text(&again), text(&result));
        assert!(store.get(Part::Bytes).is_none());
        assert!(of("l", PartResults::new()).get(Part::Speed).is_none());
    }

    #[test]
    fn what_is_beside_the_page_is_found_on_the_next_machine() {
        let (docs, build) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let result = |key: &str| PartResult {
            key: key.into(),
            commit: "c".into(),
            date: "2026-01-31".into(),
            seconds: 7,
            report: sample(),
        };
        let parts = [("speed".to_string(), result("k")), ("bytes".to_string(), result("old"))].into();
        save(docs.path(), &parts).unwrap();
        let file = docs.path().join(FILE);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 4);
        let store = ResultStore { dir: build.path().into(), parts: load(&file).unwrap(), key: "k".into() };
        assert_eq!(store.get(Part::Speed).unwrap().date, "2026-01-31");
        assert!(store.get(Part::Bytes).is_none() && store.last(Part::Map).is_none());
        assert_eq!(store.last(Part::Bytes).unwrap().key, "old");
        assert!(load(&docs.path().join("none")).unwrap().is_empty());
        fs::write(&file, "{").unwrap();
        assert!(load(&file).unwrap_err().to_string().contains("comparison.json"));
    }
}
