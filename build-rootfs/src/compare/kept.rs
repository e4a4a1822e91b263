//! Parts of the report that were measured before, kept in the checkout's build folder, and beside the page for the
//! next machine. They are true for as long as nothing changes that they depend on: mote's sources, this tool, the
//! peers' sources, compilers, QEMU, the machine.

use super::builds::{add_files, Workshop};
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

/// What measures, beside mote's own sources.
const TOOL: [&str; 2] = ["build-rootfs/src", "tests/src"];

/// The file beside the page.
pub const FILE: &str = "comparison.json";

/// Parts by their words.
pub type Parts = BTreeMap<String, Kept>;

/// A part as it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    /// Tells what it depends on.
    pub key: String,
    /// mote's commit, with `+` when the checkout had more.
    pub commit: String,
    /// The day.
    pub date: String,
    /// How long that took.
    pub seconds: u64,
    /// The part.
    pub report: Report,
}

/// Where they are.
pub struct Shelf {
    dir: PathBuf,
    /// Those beside the page.
    parts: Parts,
    /// Of what is measured now.
    pub key: String,
}

impl Shelf {
    /// That of a checkout.
    ///
    /// # Errors
    /// The checkout cannot be read, or what is beside its page is damaged.
    pub fn open(shop: &Workshop) -> Result<Shelf> {
        let root = shop.project.root();
        let mut inputs = vec![shop.sources.clone().into_bytes()];
        for name in TOOL {
            add_files(&root.join(name), root, &mut inputs)?;
        }
        inputs.extend([BUSYBOX, TOYBOX, MUSL].map(|peer| peer.sha256.as_bytes().to_vec()));
        let versions = setting::versions(shop, None);
        inputs.extend(versions.into_iter().map(|(name, version)| format!("{name}: {version}").into_bytes()));
        let parts = load(&root.join("docs").join(FILE))?;
        Ok(Shelf { dir: shop.project.out().join("compare/parts"), parts, key: key(inputs) })
    }

    fn file(&self, part: Part) -> PathBuf {
        self.dir.join(format!("{}-{}.json", part.word(), self.key))
    }

    /// The part, if it is there and true. A file of the build folder that this version of the tool cannot read is as
    /// good as none.
    pub fn get(&self, part: Part) -> Option<Kept> {
        let built = fs::read(self.file(part)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        built.or_else(|| self.older(part).filter(|kept| kept.key == self.key))
    }

    /// The part as it is beside the page, be it true or not.
    pub fn older(&self, part: Part) -> Option<Kept> {
        self.parts.get(part.word()).cloned()
    }

    /// Keeps the part, in the place of what was there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&self, part: Part, kept: &Kept) -> Result<()> {
        let text = serde_json::to_vec(kept).context("JSON")?;
        write_atomically(&self.file(part), &text, 0o644)
    }
}

/// Writes the file `name` in `dir`, a line for each part.
///
/// # Errors
/// It cannot be written.
pub fn save(dir: &Path, parts: &Parts) -> Result<()> {
    let line = |(word, kept): (&String, &Kept)| {
        Ok(format!("{}: {}", serde_json::to_string(word)?, serde_json::to_string(kept)?))
    };
    let lines: serde_json::Result<Vec<String>> = parts.iter().map(line).collect();
    let text = format!("{{\n{}\n}}\n", lines.context("JSON")?.join(",\n"));
    write_atomically(&dir.join(FILE), text.as_bytes(), 0o644)
}

fn load(file: &Path) -> Result<Parts> {
    let text = match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Parts::new()),
        text => text.context(file.display())?,
    };
    serde_json::from_slice(&text).map_err(|why| {
        let error = Error::new(format!("{}: {why}", file.display()));
        error.fix("`git checkout` it, or remove it: then all parts are measured again")
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::sample;
    use super::*;

    #[test]
    fn what_is_put_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let of = |key: &str, parts| Shelf { dir: dir.path().to_path_buf(), parts, key: key.into() };
        let shelf = of("k", Parts::new());
        assert!(shelf.get(Part::Speed).is_none());
        let kept = Kept {
            key: "k".into(),
            commit: "c".into(),
            date: "2026-01-31".into(),
            seconds: 7,
            report: sample(),
        };
        shelf.put(Part::Speed, &kept).unwrap();
        let again = shelf.get(Part::Speed).unwrap();
        let text = |kept: &Kept| serde_json::to_string(kept).unwrap();
        assert_eq!(text(&again), text(&kept));
        assert!(shelf.get(Part::Bytes).is_none());
        assert!(of("l", Parts::new()).get(Part::Speed).is_none());
    }

    #[test]
    fn what_is_beside_the_page_is_found_on_the_next_machine() {
        let (docs, build) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let kept = |key: &str| Kept {
            key: key.into(),
            commit: "c".into(),
            date: "2026-01-31".into(),
            seconds: 7,
            report: sample(),
        };
        let parts = [("speed".to_string(), kept("k")), ("bytes".to_string(), kept("old"))].into();
        save(docs.path(), &parts).unwrap();
        let file = docs.path().join(FILE);
        assert_eq!(fs::read_to_string(&file).unwrap().lines().count(), 4);
        let shelf = Shelf { dir: build.path().into(), parts: load(&file).unwrap(), key: "k".into() };
        assert_eq!(shelf.get(Part::Speed).unwrap().date, "2026-01-31");
        assert!(shelf.get(Part::Bytes).is_none() && shelf.older(Part::Map).is_none());
        assert_eq!(shelf.older(Part::Bytes).unwrap().key, "old");
        assert!(load(&docs.path().join("none")).unwrap().is_empty());
        fs::write(&file, "{").unwrap();
        assert!(load(&file).unwrap_err().to_string().contains("comparison.json"));
    }
}
