//! A Rust toolchain that can compile `core` for our targets: it has the standard library's source, and
//! knows our target specifications and `-Cpanic=immediate-abort`.

use crate::error::{Error, Result};
use crate::process::{command, output, which};
use crate::target::Target;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A usable toolchain.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// Its cargo.
    pub cargo: PathBuf,
    /// Its rustc.
    pub rustc: PathBuf,
    /// Its folder.
    pub sysroot: PathBuf,
    /// Name and version, from `rustc --version`.
    pub version: String,
}

/// The packages of a toolchain, for users who have none.
pub const PACKAGES: &[&str] = &["rustc-web", "cargo-web", "rust-web-src"];

impl Toolchain {
    /// The first usable one of: the active toolchain, the others of rustup, Debian's.
    ///
    /// # Errors
    /// None is usable; the message has the reason for each.
    pub fn find(target: &Target) -> Result<Toolchain> {
        let mut reasons = Vec::new();
        for (cargo, rustc) in candidates() {
            match Toolchain::probe(cargo, rustc, target) {
                Ok(toolchain) => return Ok(toolchain),
                Err(why) => reasons.push(why),
            }
        }
        Err(Error::new(format!("no Rust toolchain can build `core`: {}", reasons.join("; "))).fix(format!(
            "run `cargo rootfs setup` (it installs {}), or `rustup component add rust-src`",
            PACKAGES.join(", ")
        )))
    }

    fn probe(cargo: PathBuf, rustc: PathBuf, target: &Target) -> std::result::Result<Toolchain, String> {
        let name = rustc.display().to_string();
        if !cargo.is_file() || !rustc.is_file() {
            return Err(format!("{name} does not exist"));
        }
        let sysroot =
            output(command(&rustc).args(["--print", "sysroot"])).map_err(|_| format!("{name} fails"))?;
        let sysroot = PathBuf::from(sysroot.trim());
        if !sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").is_file() {
            return Err(format!("{name} lacks rust-src"));
        }
        let flags = ["-Zunstable-options", "-Cpanic=immediate-abort", "--print=cfg", "--target"];
        let mut probe = command(&rustc);
        probe.env("RUSTC_BOOTSTRAP", "1").args(flags).arg(target.spec()).args(target.codegen_args());
        output(&mut probe).map_err(|_| format!("{name} does not know our target specification or flags"))?;
        let help =
            output(command(&cargo).env("RUSTC_BOOTSTRAP", "1").args(["-Z", "help"])).unwrap_or_default();
        if !help.contains("json-target-spec") {
            return Err(format!("{} is too old", cargo.display()));
        }
        let version = output(command(&rustc).arg("--version")).unwrap_or_default();
        let version = version.split(" (").next().unwrap_or_default().trim().to_string();
        Ok(Toolchain { cargo, rustc, sysroot, version })
    }

    /// A description for the user.
    pub fn describe(&self) -> String {
        format!("{} ({})", self.version, self.rustc.display())
    }

    /// Whether it can link, with the system's `ld.lld` or its own linker.
    pub fn has_linker(&self) -> bool {
        which("ld.lld").is_some() || rust_lld(&self.sysroot).is_some()
    }

    /// The path of the toolchain's own `rust-lld`; none if the `ld.lld` of the target specification is installed.
    pub fn own_linker(&self) -> Option<PathBuf> {
        if which("ld.lld").is_some() {
            return None;
        }
        rust_lld(&self.sysroot)
    }

    /// The linker and its arguments for `target`, as options of rustc.
    pub fn link_flags(&self, target: &Target) -> Vec<String> {
        let mut flags: Vec<String> =
            target.link_args().into_iter().map(|arg| format!("-Clink-arg={arg}")).collect();
        flags.extend(self.own_linker().map(|linker| format!("-Clinker={}", linker.display())));
        flags
    }
}

fn rust_lld(sysroot: &Path) -> Option<PathBuf> {
    let hosts = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    hosts.flatten().map(|host| host.path().join("bin/rust-lld")).find(|file| file.is_file())
}

fn candidates() -> Vec<(PathBuf, PathBuf)> {
    let mut sysroots: Vec<PathBuf> = active_sysroot().into_iter().collect();
    let home = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".rustup")));
    if let Some(home) = home {
        let dirs = std::fs::read_dir(home.join("toolchains")).into_iter().flatten().flatten();
        let mut dirs: Vec<PathBuf> = dirs.map(|dir| dir.path()).collect();
        dirs.sort();
        sysroots.extend(dirs);
    }
    sysroots.push("/usr".into());
    let mut seen = Vec::new();
    for sysroot in sysroots {
        let pair = (sysroot.join("bin/cargo"), sysroot.join("bin/rustc"));
        if !seen.contains(&pair) {
            seen.push(pair);
        }
    }
    seen
}

/// Runs rustc with the unchanged environment, in which `cargo run` passes rustup's choice.
fn active_sysroot() -> Option<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "sysroot"]);
    Some(PathBuf::from(output(&mut rustc).ok()?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_toolchain_comes_last() {
        let all = candidates();
        assert_eq!(all.last().unwrap().1, Path::new("/usr/bin/rustc"));
    }

    #[test]
    fn a_folder_without_rustc_is_named() {
        let target = Target::load(&crate::project::Project::find().unwrap(), "armv5te").unwrap();
        let why = Toolchain::probe("/no/cargo".into(), "/no/rustc".into(), &target).unwrap_err();
        assert_eq!(why, "/no/rustc does not exist");
    }
}
