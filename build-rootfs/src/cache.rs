//! The cache of things that take minutes to build. The key of an entry is a hash of its inputs. An entry is made in a
//! temporary folder and renamed when it is complete, so an entry that exists is whole. Two builds of the same entry
//! wait for each other. The next build removes the leftovers of an interrupted one.

use crate::error::{Context, Error, Result};
use crate::lock::lock;
use crate::project::cache_dir;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// The folder of entries.
#[derive(Debug, Clone)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// The user's cache (see [`cache_dir`]).
    ///
    /// # Errors
    /// The folder of the cache is unknown.
    pub fn open() -> Result<Cache> {
        Ok(Cache::at(cache_dir()?))
    }

    /// A cache in `dir`, which is created when the first entry is.
    pub fn at(dir: PathBuf) -> Cache {
        Cache { dir }
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of the entry `name` with this `key`; when it is not there, `make` fills a new one.
    ///
    /// # Errors
    /// `make` failed, or the cache cannot be written. Then nothing of the entry stays.
    pub fn entry(&self, name: &str, key: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let place = self.dir.join(format!("{name}-{key}"));
        if place.is_dir() {
            return Ok(place);
        }
        let _lock = lock(&self.dir.join(format!("{name}.lock")))?;
        if place.is_dir() {
            return Ok(place);
        }
        let leftovers = format!(".{name}-tmp-");
        self.remove_leftovers(&leftovers)?;
        let work = tempfile::Builder::new().prefix(&leftovers).tempdir_in(&self.dir);
        let work = work.context(self.dir.display())?;
        // Files that `make` puts beside `work/entry` are temporary, and removed with it.
        let entry = work.path().join("entry");
        fs::create_dir(&entry).context(entry.display())?;
        make(&entry)?;
        fs::rename(&entry, &place).context(place.display())?;
        Ok(place)
    }

    /// The existing entries called `name`, with their keys.
    pub fn existing(&self, name: &str) -> Vec<(String, PathBuf)> {
        let prefix = format!("{name}-");
        let files = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut found: Vec<_> = files
            .filter(|file| file.path().is_dir())
            .filter_map(|file| {
                let name = file.file_name().to_string_lossy().into_owned();
                Some((name.strip_prefix(&prefix)?.to_string(), file.path()))
            })
            .collect();
        found.sort();
        found
    }

    fn remove_leftovers(&self, prefix: &str) -> Result<()> {
        for file in fs::read_dir(&self.dir).context(self.dir.display())?.flatten() {
            if file.file_name().to_string_lossy().starts_with(prefix) {
                fs::remove_dir_all(file.path()).context(file.path().display())?;
            }
        }
        Ok(())
    }
}

/// A key: the SHA-256 of the inputs, each with its length so that they cannot run into each other;
/// the first 16 hexadecimal digits.
pub fn key<T: AsRef<[u8]>>(inputs: impl IntoIterator<Item = T>) -> String {
    let mut hash = Sha256::new();
    for input in inputs {
        let input = input.as_ref();
        hash.update((input.len() as u64).to_le_bytes());
        hash.update(input);
    }
    hex(&hash.finalize())[..16].to_string()
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fails when the file system of `dir` has less than `need` bytes free.
///
/// # Errors
/// It has less, or the space is unknown.
pub fn require_space(dir: &Path, need: u64, what: &str) -> Result<()> {
    let space = rustix::fs::statvfs(dir).context(dir.display())?;
    let free = space.f_bavail * space.f_frsize;
    if free >= need {
        return Ok(());
    }
    Err(Error::new(format!("{}: {what} needs {} MB, {} MB are free", dir.display(), need >> 20, free >> 20))
        .fix("free some disk space, or set MOTE_CACHE to a folder on a bigger disk"))
}

/// Writes `file` in one step: readers see the old content or the new one, never a part.
///
/// # Errors
/// The folder cannot be created or written.
pub fn write_atomically(file: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;
    let dir = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir).context(dir.display())?;
    let mut temp = tempfile::NamedTempFile::new_in(dir).context(dir.display())?;
    temp.write_all(bytes).context(file.display())?;
    temp.as_file().set_permissions(fs::Permissions::from_mode(mode)).context(file.display())?;
    temp.persist(file).map_err(|why| why.error).context(file.display())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_inputs_apart() {
        assert_ne!(key(["ab", "c"]), key(["a", "bc"]));
        assert_eq!(key(["ab", "c"]), key(["ab", "c"]));
        assert_eq!(key(["x"]).len(), 16);
    }

    #[test]
    fn too_little_space_says_what_to_do() {
        let text = require_space(Path::new("/"), u64::MAX, "unpacking").unwrap_err().to_string();
        assert!(text.contains("unpacking needs") && text.contains("MOTE_CACHE"), "{text}");
        require_space(Path::new("/"), 1, "unpacking").unwrap();
    }
}
