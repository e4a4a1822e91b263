//! The tree in which a peer is built: it stays with its objects, and the next build of the same compiler and
//! flags compiles only what its options change.

use crate::cache::Cache;
use crate::error::{Context, Result};
use crate::process::{command, run};
use crate::progress::Step;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The file that says what the tree is good for; there is none while something is built in it.
const GOOD: &str = "good-for";

/// One tree. Who uses it holds the lock of the cache's entries of this peer.
pub(super) struct Yard {
    dir: PathBuf,
    key: String,
}

impl Yard {
    /// The tree called `name` for builds with this `key`: a copy of `source`, or what the last build left.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub(super) fn open(cache: &Cache, name: &str, source: &Path, key: &str, step: &Step) -> Result<Yard> {
        let yard = Yard { dir: cache.dir().join(format!("yard-{name}")), key: key.to_string() };
        let good = yard.dir.join(GOOD);
        if fs::read_to_string(&good).is_ok_and(|other| other == key) {
            fs::remove_file(&good).context(good.display())?;
            return Ok(yard);
        }
        match fs::remove_dir_all(&yard.dir) {
            Err(why) if why.kind() != ErrorKind::NotFound => return Err(why).context(yard.dir.display()),
            _ => fs::create_dir_all(&yard.dir).context(yard.dir.display())?,
        }
        run(command("cp").arg("-a").arg(source).arg(yard.tree()), step)?;
        Ok(yard)
    }

    /// The tree.
    pub(super) fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    /// Says that everything in it is whole.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub(super) fn close(self) -> Result<()> {
        let good = self.dir.join(GOOD);
        fs::write(&good, self.key).context(good.display())
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
        let open = |key: &str| Yard::open(&cache, "x", &source, key, &Step::start("t")).unwrap();
        let has_object = |yard: &Yard| yard.tree().join("object").exists();
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
