//! The programs that the machine needs, and their installation with apt.

use crate::error::{Error, Result};
use crate::process::{command, run, which};
use crate::progress::Step;
use crate::target::{Package, Purpose, Target};
use crate::toolchain::{Toolchain, PACKAGES};
use std::path::Path;

/// Something the machine needs, and whether it is there.
#[derive(Debug, Clone)]
pub struct Need {
    /// The purpose.
    pub purpose: Purpose,
    /// Its name for the user.
    pub what: String,
    /// The packages that bring it.
    pub packages: Vec<String>,
    /// Whether it is there.
    pub present: bool,
}

/// Packages that every target with a kernel needs, and a program of each.
const KERNEL: &[(&str, &str)] = &[
    ("gcc", "gcc"),
    ("make", "make"),
    ("flex", "flex"),
    ("bison", "bison"),
    ("bc", "bc"),
    ("xz-utils", "xz"),
];
const TEST: &[(&str, &str)] = &[
    ("bash", "bash"),
    ("bzip2", "bzip2"),
    ("cpio", "cpio"),
    ("dash", "dash"),
    ("gcc", "gcc"),
    ("iproute2", "ip"),
    ("make", "make"),
    ("strace", "strace"),
    ("xz-utils", "xz"),
];
/// The measuring tools, the shell to compare with, and what BusyBox needs to build.
const BENCH: &[(&str, &str)] = &[
    ("valgrind", "valgrind"),
    ("strace", "strace"),
    ("dash", "dash"),
    ("gcc", "gcc"),
    ("make", "make"),
    ("bzip2", "bzip2"),
];

/// The peers' cross compiler with glibc and the kernel's headers, and the compressors.
const COMPARE: &[(&str, &str)] = &[
    ("gcc-arm-linux-gnueabi", "arm-linux-gnueabi-gcc"),
    ("libc6-dev-armel-cross", "/usr/arm-linux-gnueabi/lib/libc.a"),
    ("gcc", "gcc"),
    ("make", "make"),
    ("bzip2", "bzip2"),
    ("xz-utils", "xz"),
];

/// The needs of `target` for `purposes`.
pub fn needs(target: &Target, purposes: &[Purpose]) -> Vec<Need> {
    let mut needs = Vec::new();
    let found = Toolchain::find(target);
    let what = match &found {
        Ok(toolchain) => toolchain.describe(),
        Err(_) => "a Rust toolchain with the source of `core`".to_string(),
    };
    let packages = PACKAGES.iter().map(|name| name.to_string()).collect();
    needs.push(Need { purpose: Purpose::Mote, what, packages, present: found.is_ok() });
    let packages = vec!["lld".to_string()];
    let present = found.is_ok_and(|toolchain| toolchain.has_linker());
    needs.push(Need {
        purpose: Purpose::Mote,
        what: "a linker, ld.lld or rust-lld".into(),
        packages,
        present,
    });
    let own = target
        .packages
        .iter()
        .map(|Package { name, program, purpose }| (*purpose, name.as_str(), program.as_str()));
    let kernel = KERNEL
        .iter()
        .filter(|_| target.kernel.is_some())
        .map(|(name, program)| (Purpose::Kernel, *name, *program));
    let test = TEST.iter().map(|(name, program)| (Purpose::Test, *name, *program));
    let bench = BENCH.iter().map(|(name, program)| (Purpose::Bench, *name, *program));
    let compare = COMPARE.iter().map(|(name, program)| (Purpose::Compare, *name, *program));
    for (purpose, package, program) in kernel.chain(own).chain(test).chain(bench).chain(compare) {
        let present = which(program).is_some() || (program.starts_with('/') && Path::new(program).exists());
        needs.push(Need { purpose, what: program.to_string(), packages: vec![package.to_string()], present });
    }
    needs.retain(|need| purposes.contains(&need.purpose));
    needs
}

/// Installs what is missing. Needs root.
///
/// # Errors
/// Not root: the message has the command to run. Or apt fails.
pub fn install(needs: &[Need]) -> Result<()> {
    let packages = missing(needs);
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if which("apt-get").is_none() {
        return Err(Error::new(format!("missing packages: {list}; this system has no apt-get"))
            .fix("install the programs that `cargo rootfs setup --check` lists"));
    }
    if !rustix::process::geteuid().is_root() {
        return Err(for_user(&list));
    }
    let step = Step::start(format!("installing {list}"));
    // Always update: old lists name versions that the mirror no longer has, or a toolchain that is too old.
    apt(&["update"], &[], &step)?;
    apt(&["install", "-y", "--no-install-recommends"], &packages, &step)?;
    step.done();
    Ok(())
}

/// The missing packages, sorted and without duplicates.
fn missing(needs: &[Need]) -> Vec<&str> {
    let missing = needs.iter().filter(|need| !need.present);
    let mut packages: Vec<&str> = missing.flat_map(|need| &need.packages).map(String::as_str).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// The error for a user who is not root.
fn for_user(list: &str) -> Error {
    Error::new(format!("missing packages: {list}"))
        .fix(format!("sudo apt-get update && sudo apt-get install --no-install-recommends {list}"))
}

fn apt(arguments: &[&str], packages: &[&str], step: &Step) -> Result<()> {
    let mut apt = command("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=600"]);
    run(apt.args(arguments).args(packages), step)
        .map_err(|error| error.fix("see the lines above; check the network and apt's sources"))
}

/// The needs as a table.
pub fn table(needs: &[Need]) -> String {
    let mut out = String::new();
    let mut last = None;
    for need in needs {
        if last != Some(need.purpose) {
            out += &format!("to {}:\n", need.purpose.name());
            last = Some(need.purpose);
        }
        let state = if need.present { "there  " } else { "MISSING" };
        out += &format!("  {state}  {}  (packages: {})\n", need.what, need.packages.join(" "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;

    #[test]
    fn needs_follow_the_purposes() {
        let project = Project::find().unwrap();
        let target = Target::load(&project, "armv5te").unwrap();
        let boot = needs(&target, &[Purpose::Boot]);
        assert_eq!(boot.len(), 1);
        assert_eq!(boot[0].packages, ["qemu-system-arm"]);
        let kernel = needs(&target, &[Purpose::Kernel]);
        assert!(kernel.iter().any(|need| need.what == "arm-linux-gnueabi-gcc"));
        let native = needs(&Target::load(&project, "x86_64").unwrap(), &[Purpose::Kernel, Purpose::Boot]);
        let what: Vec<&str> = native.iter().map(|need| need.what.as_str()).collect();
        assert_eq!(what, ["depmod", "qemu-system-x86_64"]);
    }

    #[test]
    fn a_user_reads_the_command_to_run() {
        let need = |what: &str, packages: &[&str], present| Need {
            purpose: Purpose::Mote,
            what: what.into(),
            packages: packages.iter().map(|name| name.to_string()).collect(),
            present,
        };
        let needs = [need("b", &["q", "p"], false), need("a", &["there"], true), need("c", &["p"], false)];
        assert_eq!(missing(&needs), ["p", "q"]);
        let text = for_user("p q").to_string();
        assert!(text.contains("missing packages: p q\n"), "{text}");
        assert!(text.ends_with("sudo apt-get install --no-install-recommends p q"), "{text}");
    }

    #[test]
    fn table_tells_what_is_missing() {
        let need =
            Need { purpose: Purpose::Boot, what: "q".into(), packages: vec!["p".into()], present: false };
        assert_eq!(table(&[need]), "to boot in QEMU:\n  MISSING  q  (packages: p)\n");
    }
}
