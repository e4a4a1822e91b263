//! Finds what the peers pass of their own suites, and writes it to `tests/references/`: for
//! `cargo rootfs compare --references`.

use super::place::sealed;
use super::reference::{Suite, User, Users};
use super::{busybox, parallel, shell, toybox, Report};
use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Error, Result};
use build_rootfs::peers::native;
use build_rootfs::process::{command, output};
use build_rootfs::progress::Step;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

/// How often a case has to pass: one that does not each time tells nothing of who fails it.
const TIMES: usize = 3;
/// Cases that mount the machine's root once more, whose names hold its device.
const OF_THE_MACHINE: &str = "mount.test: mount /dev/";
/// The shell that stands in for Toybox's, whose own passes fewer cases of `sh.test`.
const BASH: &str = "bash";
/// The argument by which this program tells what it finds, instead of writing it.
pub const TELL: &str = "tell";
/// Entries of the cache that another user needs.
const ENTRIES: [&str; 7] = [
    "source-busybox",
    "source-toybox",
    "native-busybox",
    "native-toybox",
    "config-busybox",
    "helpers-shell",
    "helpers-busybox",
];

/// By the suites' names: how often each case passed that did at all.
pub type Passed = BTreeMap<String, BTreeMap<String, usize>>;

/// Finds them as root and as `nobody`, and writes the files.
///
/// # Errors
/// We are not root, a peer does not build, the harness fails, or a file cannot be written.
pub fn renew(cache: &Cache) -> Result<()> {
    if User::me() != User::Root {
        let error = Error::new("only root can find what root passes and what others pass");
        return Err(error.fix("run it as root"));
    }
    let root = passed(cache)?;
    let other = as_nobody(cache)?;
    for suite in Suite::ALL {
        let of = |all: &Passed| all.get(suite.name()).cloned().unwrap_or_default();
        suite.save(&merged(&of(&root), &of(&other)))?;
    }
    Ok(())
}

/// Who passes which cases; none that passes at times only, be it for one user.
fn merged(root: &BTreeMap<String, usize>, other: &BTreeMap<String, usize>) -> BTreeMap<String, Users> {
    let users = |case: &String| match (root.get(case), other.get(case)) {
        (Some(&TIMES), Some(&TIMES)) => Some(Users::All),
        (Some(&TIMES), None) => Some(Users::Only(User::Root)),
        (None, Some(&TIMES)) => Some(Users::Only(User::Other)),
        _ => None,
    };
    let names = root.keys().chain(other.keys()).filter(|case| !case.starts_with(OF_THE_MACHINE));
    names.filter_map(|case| Some((case.clone(), users(case)?))).collect()
}

/// How often each case passes, as the user that we are.
///
/// # Errors
/// As [`renew`].
pub fn passed(cache: &Cache) -> Result<Passed> {
    let mut all = Passed::new();
    for suite in Suite::ALL {
        let step = Step::start(format!("what its own implementation passes of {}", suite.name()));
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for _ in 0..TIMES {
            let report = run(cache, suite)?;
            for (case, _) in report.into_iter().filter(|(_, verdict)| verdict.passed()) {
                *times.entry(case).or_default() += 1;
            }
        }
        for (case, count) in times.iter().filter(|(_, count)| **count < TIMES) {
            eprintln!("{}: {case} passes {count} times of {TIMES}", suite.name());
        }
        all.insert(suite.name().into(), times);
        step.done();
    }
    Ok(all)
}

fn run(cache: &Cache, suite: Suite) -> Result<Report> {
    let (shell, called) = match suite {
        Suite::Ash => (shell::Suite::Ash, "ash"),
        Suite::Hush => (shell::Suite::Hush, "hush"),
        Suite::BusyBox => return of_busybox(cache),
        Suite::Toybox => return of_toybox(cache),
    };
    shell::Run::prepare(cache, shell, (&native::busybox(cache)?.binary, called), None)?.run()
}

/// All applets, each of its own program; whatever else a case calls is this machine's, as it may be when mote is tested.
fn of_busybox(cache: &Cache) -> Result<Report> {
    let binary = native::busybox(cache)?.binary;
    let names = words(&output(command(&binary).arg("--list"))?);
    let reports = parallel::map(&names, |name| {
        busybox::Run::prepare(cache, &binary, std::slice::from_ref(name))?.run(name)
    });
    Ok(reports?.into_iter().flatten().collect())
}

/// As [`of_busybox`]; of the cases of `sh`, what bash passes.
fn of_toybox(cache: &Cache) -> Result<Report> {
    let binary = native::toybox(cache)?.binary;
    let names = words(&output(&mut command(&binary))?);
    let reports = parallel::map(&names, |name| {
        let run = if name == "sh" {
            toybox::Run::prepare(cache, Path::new("/bin/bash"), &[], BASH)?
        } else {
            toybox::Run::prepare(cache, &binary, std::slice::from_ref(name), "sh")?
        };
        run.run(name)
    });
    Ok(reports?.into_iter().flatten().collect())
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

/// Runs this program as `nobody`, with copies of itself and of the cache that it may read.
fn as_nobody(cache: &Cache) -> Result<Passed> {
    let step = Step::start("the same as another user");
    let dir = tempfile::Builder::new().prefix("mote-nobody-").tempdir().context("a temporary folder")?;
    let (dir, program) = (dir.path(), dir.path().join("references"));
    let here = std::env::current_exe().context("this program")?;
    fs::copy(&here, &program).context(here.display())?;
    for entry in ENTRIES.iter().flat_map(|name| cache.existing(name)).map(|(_, place)| place) {
        output(command("cp").arg("-a").arg(&entry).arg(dir))?;
    }
    output(command("chown").args(["-R", "nobody:nogroup"]).arg(dir))?;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).context(dir.display())?;
    // Cases kill by names.
    let mut nobody = sealed(&[Path::new("setpriv")]);
    nobody.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(&program).arg(TELL);
    nobody.env("MOTE_CACHE", dir).env("HOME", dir).current_dir(dir);
    let told = output(nobody.stderr(Stdio::inherit()))?;
    step.done();
    serde_json::from_str(&told).context("what this program tells as nobody")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_at_times_is_left_out() {
        let of = |cases: &[(&str, usize)]| cases.iter().map(|(case, n)| (case.to_string(), *n)).collect();
        let merged =
            merged(&of(&[("a", 3), ("b", 3), ("c", 3)]), &of(&[("a", 3), ("b", 2), ("d", 3), ("e", 1)]));
        let of_root = ("c".to_string(), Users::Only(User::Root));
        let of_other = ("d".to_string(), Users::Only(User::Other));
        assert_eq!(merged, [("a".to_string(), Users::All), of_root, of_other].into());
    }
}
