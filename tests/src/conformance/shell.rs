//! BusyBox's tests of its two shells: scripts, each with the output that it must have.

use super::place::{helpers, program, script, search_path, Place};
use super::{add, job, link, normal, parallel, read, Report, Verdict};
use crate::fresh;
use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Error, Result};
use build_rootfs::peers::native;
use build_rootfs::peers::BUSYBOX;
use build_rootfs::process::command;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The slowest case of either suite takes 10 seconds in hush, much less in others; on a busy machine all take longer.
const LIMIT: Duration = Duration::from_secs(300);
/// Cases that the shell passes at times which they were written for: they tell nothing. The last two look
/// for ignored signals, and a signal that C libraries keep for themselves may be ignored from the start.
const UNSTABLE: &[&str] =
    &["hush-signals/signal_read1", "ash-signals/sigquit_exec", "hush-signals/sigquit_exec"];
const OUT_OF_TIME: &str = "not done after";
/// Cases look with `busybox find DIR` for descriptors that leak into it: it shows the one that it reads the folder by, and
/// no other.
const FIND: &str = "#!/bin/sh\necho \"$2\"\nls \"$2\" | sed \"s,^,$2/,\"\n";
/// By this status a case says that it does not apply.
pub(super) const SKIPPED: i32 = 77;

/// One of the two suites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `shell/ash_test`.
    Ash,
    /// `shell/hush_test`.
    Hush,
}

impl Suite {
    /// The shell that it was written for.
    pub fn name(self) -> &'static str {
        match self {
            Suite::Ash => "ash",
            Suite::Hush => "hush",
        }
    }
}

/// A case: its script and what it must print.
#[derive(Debug)]
pub(super) struct Case {
    /// `ash-vars/var1`.
    pub(super) name: String,
    pub(super) dir: PathBuf,
    pub(super) script: String,
    pub(super) right: PathBuf,
}

/// A run of a suite by a shell.
pub struct Run {
    suite: Suite,
    cases: Vec<Case>,
    place: Place,
    /// The shell, in a folder of `place` that is in `PATH`.
    shell: PathBuf,
    helpers: PathBuf,
    /// For each case.
    limit: Duration,
    /// `CONFIG_NAME=y` of the BusyBox that the suite belongs to: some cases ask.
    config: Vec<(String, String)>,
}

impl Run {
    /// Gets the suite and everything that it needs to be run by `shell`, a program that is a shell when
    /// it is called `name`. `filter`: only cases whose names hold this text.
    ///
    /// # Errors
    /// BusyBox's source cannot be had or does not compile.
    pub fn prepare(
        cache: &Cache,
        suite: Suite,
        (shell, name): (&Path, &str),
        filter: Option<&str>,
    ) -> Result<Run> {
        let tests = BUSYBOX.tree(cache)?.join("shell").join(format!("{}_test", suite.name()));
        let sources = BUSYBOX.tree(cache)?.join("shell/ash_test");
        let sources = ["recho.c", "zecho.c", "printenv.c"].map(|name| sources.join(name));
        let place = Place::new()?;
        let bin = place.path().join("bin");
        fs::create_dir(&bin).context(bin.display())?;
        let shell_link = bin.join(name);
        link(shell, &shell_link)?;
        for other in ["ash", "hush"].into_iter().filter(|other| *other != name) {
            script(&bin, other, &shell_link)?;
        }
        let mut cases = cases(&tests)?;
        cases.retain(|case| filter.is_none_or(|filter| case.name.contains(filter)));
        if cases.is_empty() {
            return Err(Error::new(format!("{}: no case of this name", tests.display())));
        }
        program(&bin.join("busybox"), FIND)?;
        let config = options(cache)?;
        let helpers = helpers(cache, "shell", &sources)?;
        Ok(Run { suite, cases, place, shell: shell_link, helpers, limit: LIMIT, config })
    }

    /// The same with another time limit for each case.
    #[must_use]
    pub fn within(self, limit: Duration) -> Run {
        Run { limit, ..self }
    }

    /// Runs all cases.
    ///
    /// # Errors
    /// The harness itself fails: a folder cannot be written, a program not started.
    pub fn run(&self) -> Result<Report> {
        let mut report = Report::new();
        for (case, verdict) in self.cases.iter().zip(parallel::map(&self.cases, |case| self.one(case))?) {
            // Two at once may be too much for a case that measures time.
            let again = matches!(&verdict, Verdict::Failed(why) if !why.starts_with(OUT_OF_TIME));
            add(&mut report, case.name.clone(), if again { self.one(case)? } else { verdict });
        }
        Ok(report)
    }

    fn one(&self, case: &Case) -> Result<Verdict> {
        let room = Place::new()?;
        let dir = room.path().join("case");
        copy_flat(&case.dir, &dir)?;
        let bin = self.place.path().join("bin");
        let mut shell = fresh(&self.shell);
        shell.arg(format!("./{}", case.script)).current_dir(&dir).env_clear();
        shell.env("PATH", search_path(&[&bin, &self.helpers])).env("THIS_SH", &self.shell);
        shell.env("HOME", room.path()).env("TMPDIR", room.path()).env("PWD", &dir);
        shell.envs(self.config.iter().cloned());
        let done = job::run(&mut shell, self.limit)?;
        let right = read(&case.right)?;
        let output = if self.suite == Suite::Hush { normal::of_hush(&done.output) } else { done.output };
        let Some(status) = done.status else {
            let seen = difference(room.path(), &output, &right)?;
            return Ok(Verdict::Failed(format!("{OUT_OF_TIME} {} s\n{seen}", self.limit.as_secs())));
        };
        if status.code() == Some(SKIPPED) && self.suite == Suite::Hush {
            return Ok(Verdict::Skipped);
        }
        judge(room.path(), &output, &right)
    }
}

pub(super) fn judge(room: &Path, output: &[u8], right: &[u8]) -> Result<Verdict> {
    if output == right {
        return Ok(Verdict::Exact);
    }
    if normal::normalise(output) == normal::normalise(right) {
        return Ok(Verdict::Normalised);
    }
    Ok(Verdict::Failed(difference(room, output, right)?))
}

/// As `diff -u` shows it: `-` what had to come, `+` what came.
fn difference(room: &Path, output: &[u8], right: &[u8]) -> Result<String> {
    for (name, bytes) in [("right", right), ("output", output)] {
        fs::write(room.join(name), bytes).context(room.display())?;
    }
    let mut diff = command("diff");
    let diff = diff.args(["-a", "-u", "right", "output"]).current_dir(room).output().context("diff")?;
    Ok(String::from_utf8_lossy(&diff.stdout).into_owned())
}

/// The cases as `run-all` finds them: executable `*.tests` with a `.right` beside it.
pub(super) fn cases(tests: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for dir in fs::read_dir(tests).context(tests.display())?.flatten().filter(|dir| dir.path().is_dir()) {
        let group = dir.file_name().to_string_lossy().into_owned();
        for file in fs::read_dir(dir.path()).context(dir.path().display())?.flatten() {
            let script = file.file_name().to_string_lossy().into_owned();
            let Some(name) = script.strip_suffix(".tests") else { continue };
            let right = dir.path().join(format!("{name}.right"));
            let mode = file.metadata().map_or(0, |meta| meta.permissions().mode());
            let name = format!("{group}/{name}");
            if mode & 0o111 != 0 && right.is_file() && !UNSTABLE.contains(&name.as_str()) {
                cases.push(Case { name, dir: dir.path(), script, right });
            }
        }
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(cases)
}

/// The files of a group; some cases read others' and write beside them.
fn copy_flat(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to).context(to.display())?;
    for file in fs::read_dir(from).context(from.display())?.flatten() {
        let name = file.file_name();
        if file.path().is_file() {
            fs::copy(file.path(), to.join(&name)).context(file.path().display())?;
        }
    }
    Ok(())
}

pub(super) fn options(cache: &Cache) -> Result<Vec<(String, String)>> {
    let config = native::busybox_config(cache)?;
    let text = fs::read_to_string(&config).context(config.display())?;
    let options = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
    // A process has little room for its environment on some machines; what no case asks for stays out.
    let asked = |name: &&str| {
        name.contains("_SH_") || name.contains("ASH") || name.contains("HUSH") || name.contains("ECHO")
    };
    let asked = options.filter(|(name, _)| asked(name));
    Ok(asked.map(|(name, value)| (name.to_string(), value.trim_matches('"').to_string())).collect())
}
