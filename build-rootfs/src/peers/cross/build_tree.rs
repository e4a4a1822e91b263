//! The tree in which a peer is built. It is kept with its object files, so that the next build with the same compiler
//! and flags compiles only what its options change.

use crate::cache::Cache;
use crate::error::{Context, Result};
use crate::process::{command, run};
use crate::progress::Step;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// This file holds the key of the tree. It is missing while a build runs, so that a broken tree is not used again.
const KEY_FILE: &str = "key";

/// A build tree. Its user holds the lock of the peer's cache entries.
pub(super) struct BuildTree {
    dir: PathBuf,
    key: String,
}

impl BuildTree {
    /// Opens the tree `name` for a build with this `key`: the tree of the last build if that had the same key, otherwise
    /// a new copy of `source`.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub(super) fn open(
        cache: &Cache,
        name: &str,
        source: &Path,
        key: &str,
        step: &Step,
    ) -> Result<BuildTree> {
        let build_tree =
            BuildTree { dir: cache.dir().join(format!("build-tree-{name}")), key: key.to_string() };
        let key_file = build_tree.dir.join(KEY_FILE);
        if fs::read_to_string(&key_file).is_ok_and(|other| other == key) {
            fs::remove_file(&key_file).context(key_file.display())?;
            return Ok(build_tree);
        }
        match fs::remove_dir_all(&build_tree.dir) {
            Err(why) if why.kind() != ErrorKind::NotFound => {
                return Err(why).context(build_tree.dir.display())
            }
            _ => fs::create_dir_all(&build_tree.dir).context(build_tree.dir.display())?,
        }
        run(command("cp").arg("-a").arg(source).arg(build_tree.tree()), step)?;
        Ok(build_tree)
    }

    /// The folder of the sources.
    pub(super) fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    /// Marks the tree as complete after a build.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub(super) fn close(self) -> Result<()> {
        let key_file = self.dir.join(KEY_FILE);
        fs::write(&key_file, self.key).context(key_file.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_stays_when_it_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, source) = (Cache::at(dir.path().join("cache")), dir.path().join("source"));
        fs::create_dir(&source).unwrap();
        let open = |key: &str| BuildTree::open(&cache, "x", &source, key, &Step::start("t")).unwrap();
        let has_object = |build_tree: &BuildTree| build_tree.tree().join("object").exists();
        let first = open("a");
        fs::write(first.tree().join("object"), "").unwrap();
        first.close().unwrap();
        let again = open("a");
        assert!(has_object(&again));
        // That one was ended before its time.
        drop(again);
        assert!(!has_object(&open("a")));
        let other = open("a");
        fs::write(other.tree().join("object"), "").unwrap();
        other.close().unwrap();
        assert!(!has_object(&open("b")));
    }
}
