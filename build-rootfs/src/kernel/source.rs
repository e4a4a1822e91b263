//! The kernel's source, from Debian's package of it, in the cache.

use crate::cache::{hex, key, require_space, Cache};
use crate::error::{Context, Error, Result};
use crate::process::{command, output, run};
use crate::progress::Step;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The archive of a kernel source.
#[derive(Debug, Clone)]
pub struct Source {
    /// The packed tree.
    pub archive: PathBuf,
    /// Package, version and hash.
    pub identity: String,
}

const IDENTITY: &str = "identity";
const ARCHIVE: &str = "linux.tar.xz";
/// The space that the package and its content take, in bytes.
const SPACE: u64 = 400 << 20;

/// The source in `package`: the newest one of the cache, else the one that apt offers.
///
/// # Errors
/// apt does not know the package, the download is damaged, or there is no space.
pub fn fetch(cache: &Cache, package: &str) -> Result<Source> {
    if let Some(source) = cached(cache, package) {
        return Ok(source);
    }
    let info = PackageInfo::ask(package)?;
    let identity = info.identity();
    cache.entry(package, &key([&identity]), |entry| {
        let step = Step::start(format!("source of the kernel, {package} {}", info.version));
        info.download(entry, &step)?;
        fs::write(entry.join(IDENTITY), &identity).context(entry.display())?;
        step.done();
        Ok(())
    })?;
    cached(cache, package)
        .ok_or_else(|| Error::new(format!("{package}: it has disappeared from the cache")).fix("try again"))
}

fn cached(cache: &Cache, package: &str) -> Option<Source> {
    let newest = cache
        .existing(package)
        .into_iter()
        .max_by_key(|(_, place)| place.metadata().and_then(|meta| meta.modified()).ok());
    let (_, place) = newest?;
    let identity = fs::read_to_string(place.join(IDENTITY)).ok()?;
    Some(Source { archive: place.join(ARCHIVE), identity })
}

/// The package, as apt describes it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PackageInfo {
    package: String,
    version: String,
    size: u64,
    sha256: String,
}

impl PackageInfo {
    pub(super) fn ask(package: &str) -> Result<PackageInfo> {
        let text = output(command("apt-cache").args(["show", "--no-all-versions", package]));
        let info = text.ok().and_then(|text| PackageInfo::parse(package, &text));
        info.ok_or_else(|| {
            Error::new(format!("{package}: apt does not know this package"))
                .fix("run `apt-get update` as root; Debian 12 with its security updates has the package")
        })
    }

    fn parse(package: &str, text: &str) -> Option<PackageInfo> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Some(PackageInfo {
            package: package.to_string(),
            version: field("Version:")?.to_string(),
            size: field("Size:")?.parse().ok()?,
            sha256: field("SHA256:")?.to_string(),
        })
    }

    /// Package, version and hash: a unique name.
    pub(super) fn identity(&self) -> String {
        format!("{} {} {}", self.package, self.version, self.sha256)
    }

    /// Package and version, for the user.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    fn download(&self, entry: &Path, step: &Step) -> Result<()> {
        require_space(entry, SPACE, "downloading the kernel's source")?;
        let tree = self.unpack(entry, step)?;
        let archive = tree.join("usr/src").join(format!("{}.tar.xz", self.package));
        fs::rename(&archive, entry.join(ARCHIVE)).context(archive.display())
    }

    /// Downloads the package and unpacks it beside the cache's new `entry`. Returns the folder of its content.
    ///
    /// # Errors
    /// No network, a damaged download, no space.
    pub(super) fn unpack(&self, entry: &Path, step: &Step) -> Result<PathBuf> {
        // It is beside the entry, and so is removed with the temporary folder.
        let scratch = entry.with_extension("scratch");
        fs::create_dir(&scratch).context(scratch.display())?;
        let wanted = format!("{}={}", self.package, self.version);
        let root_may = ["-o", "APT::Sandbox::User=root", "download"];
        run(command("apt-get").args(root_may).arg(wanted).current_dir(&scratch), step).map_err(|error| {
            error.fix("run `apt-get update` as root when apt's lists are old; check the network")
        })?;
        let package = only_file(&scratch)?;
        self.verify(&package)?;
        let tree = scratch.join("tree");
        run(command("dpkg-deb").arg("-x").arg(&package).arg(&tree), step)?;
        Ok(tree)
    }

    fn verify(&self, file: &Path) -> Result<()> {
        let damaged =
            |what: &str| Error::new(format!("{}: damaged download: {what}", file.display())).fix("try again");
        if file.metadata().context(file.display())?.len() != self.size {
            return Err(damaged("its size is not the one that apt tells"));
        }
        if sha256(file)? != self.sha256 {
            return Err(damaged("its SHA-256 is not the one that apt tells"));
        }
        Ok(())
    }
}

fn only_file(dir: &Path) -> Result<PathBuf> {
    let mut files = fs::read_dir(dir).context(dir.display())?.flatten().map(|file| file.path());
    files.next().ok_or_else(|| Error::new("apt-get download: it brought no file"))
}

fn sha256(file: &Path) -> Result<String> {
    let mut reader = BufReader::with_capacity(1 << 16, File::open(file).context(file.display())?);
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let n = reader.read(&mut buffer).context(file.display())?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..n]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(content: &[u8]) -> PackageInfo {
        let hash = hex(&Sha256::digest(content));
        let text = format!(
            "Package: p\nVersion: 1.2-3\nInstalled-Size: 9\nSize: {}\nSHA256: {hash}\n",
            content.len()
        );
        PackageInfo::parse("p", &text).unwrap()
    }

    #[test]
    fn what_apt_tells_is_read() {
        let info = info(b"abc");
        assert_eq!((info.version.as_str(), info.size), ("1.2-3", 3));
        assert_eq!(PackageInfo::parse("p", "Version: 1\n"), None);
    }

    #[test]
    fn damaged_downloads_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("p.deb");
        fs::write(&file, b"abc").unwrap();
        info(b"abc").verify(&file).unwrap();
        assert!(info(b"abcd").verify(&file).unwrap_err().to_string().contains("size"));
        assert!(info(b"abd").verify(&file).unwrap_err().to_string().contains("SHA-256"));
    }

    #[test]
    fn unknown_package_says_what_to_do() {
        let text = PackageInfo::ask("no-such-package-of-mote").unwrap_err().to_string();
        assert!(text.contains("apt-get update"), "{text}");
    }
}
