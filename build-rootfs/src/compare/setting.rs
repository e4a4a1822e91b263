//! The machine, the versions and the sources that a report belongs to.

use super::builds::Builds;
use super::part::Part;
use super::report::{PartRun, Setting, Source};
use crate::kernel;
use crate::peers::cross;
use crate::peers::{BUSYBOX, MUSL, TOYBOX};
use crate::process::{command, output};
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The setting of this run, with the parts `took`.
pub fn of(builds: &Builds, took: Vec<PartRun>) -> Setting {
    let root = builds.project.root();
    let booted = took.iter().any(|took| took.part == Part::Guests.name());
    Setting {
        date: today(),
        commit: commit(root),
        command: "cargo rootfs compare".to_string(),
        versions: versions(builds, booted.then(|| kernel(builds))),
        took,
        sources: [BUSYBOX, TOYBOX, MUSL]
            .map(|peer| Source {
                name: peer.package.into(),
                version: peer.version().into(),
                archive: peer.archive.into(),
                sha256: peer.sha256.into(),
            })
            .into(),
    }
}

/// The checkout's commit, with `+` when it has more.
pub(super) fn commit(root: &Path) -> String {
    let git = |arguments: &[&str]| output(command("git").arg("-C").arg(root).args(arguments));
    let Ok(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_string() };
    // Changes of the page itself do not count: this command writes it.
    let changed = git(&["status", "--porcelain", "--", ".", ":!docs"]).unwrap_or_default();
    format!("{}{}", commit.trim(), if changed.trim().is_empty() { "" } else { "+ (with changes)" })
}

/// The machine and its tools; `kernel`: that of the guests.
pub(super) fn versions(builds: &Builds, kernel: Option<String>) -> Vec<(String, String)> {
    let first = |program: &str| {
        let said = output(command(program).arg("--version")).unwrap_or_default();
        said.lines().next().unwrap_or("not installed").to_string()
    };
    let emulator =
        builds.target.machine.as_ref().map_or("qemu-system-arm", |machine| machine.emulator.as_str());
    let packages = ["libc6-dev-armel-cross", "dash", "bash"];
    let named = [
        ("machine", machine()),
        ("system", system()),
        ("mote's compiler", builds.toolchain.clone()),
        ("peers' compiler", cross::version().unwrap_or_else(|_| "not installed".into())),
        ("peers' linker", first("arm-linux-gnueabi-ld")),
        ("QEMU", first(emulator)),
        ("valgrind", first("valgrind")),
    ];
    let debian = packages.map(|name| {
        let version = output(command("dpkg-query").args(["-W", "-f", "${Version}", name]));
        (format!("Debian's {name}"), version.unwrap_or_else(|_| "not installed".into()))
    });
    let guests = kernel.map(|kernel| ("kernel of the guests".to_string(), kernel));
    let named = named.map(|(name, version)| (name.to_string(), version)).into_iter();
    named.chain(guests).chain(debian).collect()
}

/// The version is in the third line of a kernel's configuration.
fn kernel(builds: &Builds) -> String {
    let built = kernel::build(&builds.cache, &builds.target, None, None);
    let config = built.ok().and_then(|built| fs::read_to_string(built.config).ok()).unwrap_or_default();
    let line = config.lines().find(|line| line.contains("Kernel Configuration"));
    line.map_or("not built".to_string(), |line| line.trim_matches(['#', ' ']).to_string())
}

fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let processors = text.lines().filter(|line| line.starts_with("processor")).count();
    format!("{model}, {processors} processors")
}

fn system() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("unknown");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{}, Linux {}", name.trim_matches('"'), kernel.trim())
}

/// Today, as `2026-01-31`.
pub(super) fn today() -> String {
    day(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400)
}

/// The day that is `days` after 1 January 1970 (days of the proleptic Gregorian calendar, in eras of 400
/// years that begin in March).
fn day(days: u64) -> String {
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    format!("{:04}-{month:02}-{day:02}", era * 400 + year + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_dates() {
        assert_eq!([day(0), day(59), day(11_016)], ["1970-01-01", "1970-03-01", "2000-02-29"]);
        assert_eq!(day(20_781), "2026-11-24");
    }
}
