//! Parts of the report that were measured before, kept in the checkout's build folder for as long as nothing
//! changes that they depend on: mote's sources, this tool, the peers' sources, compilers, QEMU, the machine.

use super::builds::{add_files, Workshop};
use super::part::Part;
use super::report::Report;
use super::setting;
use crate::cache::{key, write_atomically};
use crate::error::{Context, Result};
use crate::peers::{BUSYBOX, MUSL, TOYBOX};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::PathBuf;

/// What measures, beside mote's own sources.
const TOOL: [&str; 2] = ["build-rootfs/src", "tests/src"];

/// A part as it was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
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
    key: String,
}

impl Shelf {
    /// That of a checkout.
    ///
    /// # Errors
    /// The checkout cannot be read.
    pub fn open(shop: &Workshop) -> Result<Shelf> {
        let root = shop.project.root();
        let mut inputs = vec![shop.sources.clone().into_bytes()];
        for name in TOOL {
            add_files(&root.join(name), root, &mut inputs)?;
        }
        inputs.extend([BUSYBOX, TOYBOX, MUSL].map(|peer| peer.sha256.as_bytes().to_vec()));
        let versions = setting::versions(shop, None);
        inputs.extend(versions.into_iter().map(|(name, version)| format!("{name}: {version}").into_bytes()));
        Ok(Shelf { dir: shop.project.out().join("compare/parts"), key: key(inputs) })
    }

    fn file(&self, part: Part) -> PathBuf {
        self.dir.join(format!("{}-{}.json", part.word(), self.key))
    }

    /// The part, if it is there. A file that this version of the tool cannot read is as good as none.
    pub fn get(&self, part: Part) -> Option<Kept> {
        serde_json::from_slice(&fs::read(self.file(part)).ok()?).ok()
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

#[cfg(test)]
mod tests {
    use super::super::report::tests::sample;
    use super::*;

    #[test]
    fn what_is_put_is_found_again() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf { dir: dir.path().to_path_buf(), key: "k".into() };
        assert!(shelf.get(Part::Speed).is_none());
        let kept = Kept { date: "2026-01-31".into(), seconds: 7, report: sample() };
        shelf.put(Part::Speed, &kept).unwrap();
        let again = shelf.get(Part::Speed).unwrap();
        let text = |kept: &Kept| serde_json::to_string(kept).unwrap();
        assert_eq!(text(&again), text(&kept));
        assert!(shelf.get(Part::Bytes).is_none());
        let other = Shelf { dir: dir.path().to_path_buf(), key: "l".into() };
        assert!(other.get(Part::Speed).is_none());
    }
}
