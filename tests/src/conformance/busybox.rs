//! BusyBox's tests of its applets, `testsuite/`, applet by applet. This does what its `runtest` does; a
//! program of any other name can stand in for BusyBox.

use super::place::{helpers, mirror, script, sealed, search_path, Place};
use super::{add, job, link, Report, Verdict};
use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Result};
use build_rootfs::peers::native::busybox_config;
use build_rootfs::peers::BUSYBOX;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// For all the cases in one file: only one that hangs takes so long. The slowest takes minutes on a busy machine.
const LIMIT: Duration = Duration::from_secs(1200);

/// What runs the cases of an applet.
pub struct Run {
    /// `testsuite/`.
    suite: PathBuf,
    /// The program that stands in for `busybox`: its first argument names the applet.
    program: PathBuf,
    /// What there is a link for.
    applets: Vec<String>,
    /// Of the BusyBox that the suite belongs to.
    config: PathBuf,
    /// `echo-ne`, which knows the two options.
    helpers: PathBuf,
}

impl Run {
    /// Gets the suite, to be run by the multicall binary `program`, which has `applets`.
    ///
    /// # Errors
    /// BusyBox's source cannot be had, or its helpers do not compile.
    pub fn prepare(cache: &Cache, program: &Path, applets: &[String]) -> Result<Run> {
        let tree = BUSYBOX.tree(cache)?;
        Ok(Run {
            suite: tree.join("testsuite"),
            program: program.to_path_buf(),
            applets: applets.to_vec(),
            config: busybox_config(cache)?,
            helpers: helpers(cache, "busybox", &[tree.join("scripts/echo.c")])?,
        })
    }

    /// Whether the suite has cases of `applet`.
    pub fn has(&self, applet: &str) -> bool {
        self.suite.join(applet).is_dir() || self.suite.join(format!("{applet}.tests")).is_file()
    }

    /// The cases of `applet`: none when the suite has none.
    ///
    /// # Errors
    /// The harness itself fails: a folder cannot be written, a program not started.
    pub fn run(&self, applet: &str) -> Result<Report> {
        let mut report = Report::new();
        let place = self.place()?;
        let old = self.suite.join(applet);
        if old.is_dir() {
            let files = fs::read_dir(&old).context(old.display())?.flatten();
            for case in files.map(|file| file.path()).collect::<BTreeSet<_>>() {
                let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
                add(&mut report, format!("{applet}/{name}"), self.old_style(&place, &case)?);
            }
        }
        let new = format!("{applet}.tests");
        if self.suite.join(&new).is_file() {
            self.new_style(&place, &new, &mut report)?;
        }
        Ok(report)
    }

    /// A folder like the one that BusyBox was built in.
    fn place(&self) -> Result<Place> {
        let place = Place::new()?;
        for dir in ["links", "testsuite"] {
            let dir = place.path().join(dir);
            fs::create_dir(&dir).context(dir.display())?;
        }
        mirror(&self.suite, &place.path().join("testsuite"))?;
        script(place.path(), "busybox", &self.program)?;
        link(&self.config, &place.path().join(".config"))?;
        for applet in &self.applets {
            link(&self.program, &place.path().join("links").join(applet))?;
        }
        link(&place.path().join("busybox"), &place.path().join("links/busybox"))?;
        Ok(place)
    }

    fn command(&self, place: &Place, arguments: &[&Path]) -> Result<Command> {
        let config = fs::read_to_string(&self.config).context(self.config.display())?;
        let flags: Vec<&str> =
            config.lines().filter_map(|line| line.strip_prefix("CONFIG_")?.split('=').next()).collect();
        let mut command = sealed(arguments);
        command.env("bindir", place.path()).env("tsdir", place.path().join("testsuite"));
        command.env("d", place.path().join("testsuite")).env("ECHO", self.helpers.join("echo"));
        command.env("OPTIONFLAGS", format!(":{}:", flags.join(":"))).env("VERBOSE", "1").env_remove("LC_ALL");
        Ok(command)
    }

    /// A script that passes when none of its commands fails.
    fn old_style(&self, place: &Place, case: &Path) -> Result<Verdict> {
        let text = fs::read_to_string(case).context(case.display())?;
        let config = fs::read_to_string(&self.config).context(self.config.display())?;
        let features = text.lines().filter_map(|line| line.strip_prefix("# FEATURE: "));
        let off = |name: &str| config.contains(&format!("\n# {name} is not set\n"));
        if features.flat_map(str::split_whitespace).any(off) {
            return Ok(Verdict::Skipped);
        }
        let room = tempfile::tempdir_in(place.path()).context(place.path().display())?;
        let mut command = self.command(place, &[Path::new("/bin/sh"), Path::new("-xe"), case])?;
        command.current_dir(room.path()).env("PATH", search_path(&[place.path()]));
        let done = job::run(&mut command, LIMIT)?;
        Ok(match done.status {
            Some(status) if status.success() => Verdict::Exact,
            _ => Verdict::Failed(String::from_utf8_lossy(&done.output).into_owned()),
        })
    }

    /// A script that tells of each of its cases in a line.
    fn new_style(&self, place: &Place, name: &str, report: &mut Report) -> Result<()> {
        let suite = place.path().join("testsuite");
        let mut command = self.command(place, &[&suite.join(name)])?;
        let path = search_path(&[&place.path().join("links"), &suite, place.path()]);
        let done = job::run(command.current_dir(&suite).env("PATH", path), LIMIT)?;
        told(&String::from_utf8_lossy(&done.output), name, report);
        if done.status.is_none() {
            add(report, format!("{name}: in time"), Verdict::Failed(format!("not in {} s", LIMIT.as_secs())));
        }
        Ok(())
    }
}

/// Reads the lines `PASS: NAME`, `FAIL: NAME` and `SKIPPED: NAME` (`SKIP:` in Toybox's suite); what stands
/// around a failure belongs to it. `prefix` tells the names of one file from those of others.
pub(super) fn told(output: &str, prefix: &str, report: &mut Report) {
    let lines: Vec<&str> = output.lines().collect();
    let result = |line: &str| {
        let (word, name) = line.split_once(": ")?;
        ["PASS", "FAIL", "SKIPPED", "SKIP", "UNTESTED"]
            .contains(&word)
            .then(|| (word.to_string(), name.to_string()))
    };
    for (at, line) in lines.iter().enumerate() {
        let Some((word, name)) = result(line) else { continue };
        // Toybox's suite tells of some failures twice.
        if lines[..at].iter().rev().find_map(|line| result(line)) == Some(("FAIL".into(), name.clone()))
            && word == "FAIL"
        {
            continue;
        }
        let verdict = match word.as_str() {
            "PASS" => Verdict::Exact,
            "FAIL" => {
                let start =
                    lines[..at].iter().rposition(|line| result(line).is_some()).map_or(0, |last| last + 1);
                let other = |line: &&str| result(line).is_some_and(|(_, other)| other != name);
                let end = lines[at + 1..].iter().position(other);
                let end = end.map_or(lines.len(), |next| at + 1 + next);
                Verdict::Failed(lines[start..end].join("\n") + "\n")
            }
            _ => Verdict::Skipped,
        };
        add(report, format!("{prefix}: {name}"), verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_read_with_their_surroundings() {
        let mut report = Report::new();
        told("PASS: a\nnoise\nFAIL: b\nFAIL: b\n-x\n+y\nSKIPPED: c\nPASS: a\n", "x.tests", &mut report);
        let names: Vec<&String> = report.keys().collect();
        assert_eq!(names, ["x.tests: a", "x.tests: a #2", "x.tests: b", "x.tests: c"]);
        assert_eq!(report["x.tests: b"], Verdict::Failed("noise\nFAIL: b\nFAIL: b\n-x\n+y\n".into()));
        assert_eq!(report["x.tests: c"], Verdict::Skipped);
    }
}
