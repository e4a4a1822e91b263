//! The peers that mote is compared and tested with: their sources, from Debian's source packages, and builds of them
//! for this machine and for ARM, in the cache. The checkout contains nothing of them.

pub mod apt;
pub mod cross;
pub mod native;

use crate::cache::{hex, Cache};
use crate::error::{Context, Error, Result};
use crate::process::{command, run};
use crate::progress::Step;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// A release of a peer, as in Debian 12, without Debian's patches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The source package.
    pub package: &'static str,
    /// The archive of the release in it.
    pub archive: &'static str,
    /// The archive's SHA-256. The expectations of the tests are for this release.
    pub sha256: &'static str,
}

/// BusyBox: its applets, ash and hush, and a test-suite for each.
pub const BUSYBOX: Peer = Peer {
    package: "busybox",
    archive: "busybox_1.35.0.orig.tar.bz2",
    sha256: "faeeb244c35a348a334f4a59e44626ee870fb07b6884d68c10ae8bc19f83a694",
};
/// Toybox.
pub const TOYBOX: Peer = Peer {
    package: "toybox",
    archive: "toybox_0.8.9+dfsg.orig.tar.xz",
    sha256: "16fb5967531e88ca33b8c9142376987617ebe52e34e2b3f3a779603674b7d07c",
};
/// dash, the shell of Debian's scripts.
pub const DASH: Peer = Peer {
    package: "dash",
    archive: "dash_0.5.12.orig.tar.gz",
    sha256: "6a474ac46e8b0b32916c4c60df694c82058d3297d8b385b74508030ca4a8f28a",
};

/// musl, the C library that the peers are linked with.
pub const MUSL: Peer = Peer {
    package: "musl",
    archive: "musl_1.2.3.orig.tar.gz",
    sha256: "7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4",
};

impl Peer {
    /// The version of the release, from the archive's name.
    pub fn version(&self) -> &'static str {
        let after = self.archive.split_once('_').map_or("", |(_, after)| after);
        let number = after.split_once(".orig").map_or(after, |(number, _)| number);
        number.split('+').next().unwrap_or(number)
    }

    /// The unpacked source. It must not be changed: builds use a copy.
    ///
    /// # Errors
    /// apt does not offer the source, offers another release, or brings a damaged archive; unpacking fails.
    pub fn tree(&self, cache: &Cache) -> Result<PathBuf> {
        cache.entry(&format!("source-{}", self.package), &self.sha256[..16], |entry| {
            let step = Step::start(format!("source of {}", self.package));
            let scratch = entry.with_extension("scratch");
            let found = apt::download_source(self.package, &scratch, &step);
            let archive = self.checked(&found.map_err(|error| error.within(self.what()))?)?;
            let mut tar = command("tar");
            tar.arg("-C").arg(entry).arg("--strip-components=1").arg("-xf").arg(&archive);
            run(&mut tar, &step).map_err(|error| error.within(self.what()))?;
            step.done();
            Ok(())
        })
    }

    fn what(&self) -> String {
        format!("the source of {}", self.package)
    }

    /// Finds the archive among the downloaded files and checks its hash.
    fn checked(&self, dir: &Path) -> Result<PathBuf> {
        let archive = dir.join(self.archive);
        if !archive.is_file() {
            let files: Vec<String> = fs::read_dir(dir)
                .context(dir.display())?
                .flatten()
                .map(|file| file.file_name().to_string_lossy().into_owned())
                .collect();
            return Err(Error::new(format!(
                "{}: apt brought {}, not {}",
                self.what(),
                files.join(", "),
                self.archive
            ))
            .fix("use Debian 12; on another release, change build-rootfs/src/peers/mod.rs"));
        }
        let bytes = fs::read(&archive).context(archive.display())?;
        if hex(&Sha256::digest(&bytes)) != self.sha256 {
            return Err(Error::new(format!("{}: damaged download: its SHA-256 is wrong", self.archive))
                .fix("try again"));
        }
        Ok(archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_archives() {
        assert_eq!([BUSYBOX, TOYBOX, MUSL].map(|peer| peer.version()), ["1.35.0", "0.8.9", "1.2.3"]);
    }

    #[test]
    fn only_the_known_archive_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("busybox_9.orig.tar.bz2"), "x").unwrap();
        let text = BUSYBOX.checked(dir.path()).unwrap_err().to_string();
        assert!(text.contains("apt brought busybox_9.orig.tar.bz2, not busybox_1.35.0"), "{text}");
        fs::write(dir.path().join(BUSYBOX.archive), "x").unwrap();
        let text = BUSYBOX.checked(dir.path()).unwrap_err().to_string();
        assert!(text.contains("damaged download"), "{text}");
        let known =
            Peer { sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881", ..BUSYBOX };
        known.checked(dir.path()).unwrap();
    }
}
