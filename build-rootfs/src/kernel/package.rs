//! A kernel that Debian has built: its package, unpacked in the cache, and the tables that modprobe reads.

use super::source::PackageInfo;
use crate::cache::{key, require_space, Cache};
use crate::error::{Context, Error, Result};
use crate::process::{command, output, run, which};
use crate::progress::Step;
use std::fs;
use std::path::{Path, PathBuf};

/// Change this when the steps below change.
const RECIPE: &str = "1";
/// The space that the package and its content take, in bytes.
const SPACE: u64 = 200 << 20;
const IDENTITY: &str = "identity";

/// An unpacked kernel.
#[derive(Debug, Clone)]
pub struct Package {
    /// The kernel, which unpacks itself.
    pub image: PathBuf,
    /// Its configuration.
    pub config: PathBuf,
    /// `lib/modules/RELEASE`, with the tables that depmod makes.
    pub modules: PathBuf,
}

/// The kernel that the package `meta` depends on: the newest one of the cache, else the one that apt offers.
///
/// # Errors
/// apt does not know the package, the download is damaged, depmod is missing, or there is no space.
pub fn fetch(cache: &Cache, meta: &str) -> Result<Package> {
    if let Some(package) = cached(cache, meta)? {
        return Ok(package);
    }
    let info = PackageInfo::ask(&real_name(meta)?)?;
    let identity = info.identity();
    cache.entry(meta, &key([RECIPE, &identity]), |entry| {
        let step = Step::start(format!("kernel, {}", info.name()));
        unpack(&info, entry, &step)?;
        fs::write(entry.join(IDENTITY), &identity).context(entry.display())?;
        step.done();
        Ok(())
    })?;
    cached(cache, meta)?
        .ok_or_else(|| Error::new(format!("{meta}: it has disappeared from the cache")).fix("try again"))
}

fn cached(cache: &Cache, meta: &str) -> Result<Option<Package>> {
    let entries = cache.existing(meta);
    let ours = entries.into_iter().filter(|(key_, place)| {
        fs::read_to_string(place.join(IDENTITY)).is_ok_and(|identity| *key_ == key([RECIPE, &identity]))
    });
    let newest = ours.max_by_key(|(_, place)| place.metadata().and_then(|meta| meta.modified()).ok());
    let Some((_, place)) = newest else { return Ok(None) };
    let modules = only_entry(&place.join("lib/modules"))?;
    Ok(Some(Package { image: place.join("vmlinuz"), config: place.join("config"), modules }))
}

/// The package with the kernel itself. `meta` depends on it, and has a name that does not change.
fn real_name(meta: &str) -> Result<String> {
    let text = output(command("apt-cache").args(["show", "--no-all-versions", meta]));
    let name = text.ok().and_then(|text| dependency(&text));
    name.ok_or_else(|| {
        Error::new(format!("{meta}: apt does not know this package"))
            .fix("run `apt-get update` as root; Debian 12 with its security updates has the package")
    })
}

fn dependency(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("Depends:"))?;
    let mut names = line.split([',', '|']).filter_map(|part| part.split_whitespace().next());
    names.find(|name| name.starts_with("linux-image-")).map(String::from)
}

fn unpack(info: &PackageInfo, entry: &Path, step: &Step) -> Result<()> {
    require_space(entry, SPACE, "unpacking a kernel")?;
    let tree = info.unpack(entry, step)?;
    let boot = tree.join("boot");
    for (prefix, to) in [("vmlinuz-", "vmlinuz"), ("config-", "config")] {
        let from = starts_with(&boot, prefix)?;
        fs::rename(&from, entry.join(to)).context(from.display())?;
    }
    // Newer packages have it under /usr.
    let modules = [tree.join("lib/modules"), tree.join("usr/lib/modules")];
    let modules = modules.into_iter().find(|dir| dir.is_dir());
    let from = modules.ok_or_else(|| Error::new(format!("{}: it has no modules", info.name())))?;
    let to = entry.join("lib/modules");
    fs::create_dir_all(entry.join("lib")).context(entry.display())?;
    fs::rename(&from, &to).context(from.display())?;
    let release = only_entry(&to)?;
    let depmod =
        which("depmod").ok_or_else(|| Error::new("depmod: not found").fix("install the package kmod"))?;
    step.line("making the tables of modules");
    // Without this machine's own configuration.
    let mut depmod = command(depmod);
    depmod.args(["-C", "/dev/null", "-b"]).arg(entry).arg(release.file_name().unwrap_or_default());
    run(&mut depmod, step)
}

fn starts_with(dir: &Path, prefix: &str) -> Result<PathBuf> {
    let files = fs::read_dir(dir).context(dir.display())?.flatten();
    let mut found = files.filter(|file| file.file_name().to_string_lossy().starts_with(prefix));
    let found = found.next().map(|file| file.path());
    found.ok_or_else(|| Error::new(format!("{}: no file {prefix}…", dir.display())))
}

fn only_entry(dir: &Path) -> Result<PathBuf> {
    starts_with(dir, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_package_is_found() {
        let text =
            "Package: x\nDepends: initramfs, linux-image-6.12.1+deb12-cloud-amd64 (= 6.12.1-1~bpo), b\n";
        assert_eq!(dependency(text).unwrap(), "linux-image-6.12.1+deb12-cloud-amd64");
        assert_eq!(dependency("Package: x\nDepends: libc6\n"), None);
        assert!(real_name("no-such-package-of-mote").unwrap_err().to_string().contains("apt-get update"));
    }
}
