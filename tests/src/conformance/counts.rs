//! How many cases of every suite everybody passes: for `cargo rootfs compare`.

use super::{busybox, parallel, shell, toybox, Report, Verdict};
use build_rootfs::cache::{key, Cache};
use build_rootfs::compare::report::reason;
use build_rootfs::compare::suites::Count;
use build_rootfs::error::{Context, Error, Result};
use build_rootfs::peers::native;
use build_rootfs::peers::{BUSYBOX, TOYBOX};
use build_rootfs::process::which;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Toybox's shell hangs in many cases; those that it passes take no longer.
const TOYSH: &str = "toysh";
const TOYSH_LIMIT: Duration = Duration::from_secs(12);

/// The harness: what it finds belongs to what it does.
const HARNESS: &[&str] = &[
    include_str!("busybox.rs"),
    include_str!("job.rs"),
    include_str!("normal.rs"),
    include_str!("place.rs"),
    include_str!("shell.rs"),
    include_str!("toybox.rs"),
];

/// A program, and what it is called when it is a shell.
struct Who {
    name: &'static str,
    program: Result<PathBuf>,
    called: &'static str,
}

/// Counts for mote, the multicall binary `mote`, whose applets are `names`, and its peers; `tell` hears of each.
pub fn counts(cache: &Cache, mote: &Path, names: &[String], mut tell: impl FnMut(Count)) {
    let busybox = || native::busybox(cache).map(|built| built.binary);
    let toybox = || native::toybox(cache).map(|built| built.binary);
    let own = |called| Who { name: "mote", program: Ok(mote.to_path_buf()), called };
    let dash = || which("dash").ok_or_else(|| Error::new("dash: not installed"));
    for suite in [shell::Suite::Ash, shell::Suite::Hush] {
        let title = format!("BusyBox's shell/{}_test", suite.name());
        let shells = [
            own(if suite == shell::Suite::Ash { "ash" } else { "sh" }),
            Who { name: "ash", program: busybox(), called: "ash" },
            Who { name: "hush", program: busybox(), called: "hush" },
            Who { name: "dash", program: dash(), called: "dash" },
            Who { name: TOYSH, program: toybox(), called: "sh" },
        ];
        for who in shells {
            let run = |program: &Path| {
                let run = shell::Run::prepare(cache, suite, (program, who.called), None)?;
                if who.name == TOYSH { run.within(TOYSH_LIMIT) } else { run }.run()
            };
            tell(count(cache, &title, &who, run));
        }
    }
    let all = |name, program| Who { name, program, called: "" };
    let multicall = || [own(""), all("BusyBox", busybox()), all("Toybox", toybox())];
    for who in multicall() {
        let run = |program: &Path| {
            let run = busybox::Run::prepare(cache, program, names)?;
            merged(parallel::map(names, |name| run.run(name))?)
        };
        tell(count(cache, "BusyBox's testsuite", &who, run));
    }
    for who in multicall() {
        let run = |program: &Path| {
            let run = toybox::Run::prepare(cache, program, names, "sh")?;
            merged(parallel::map(names, |name| run.run(name))?)
        };
        tell(count(cache, "Toybox's tests", &who, run));
    }
}

fn merged(reports: Vec<Report>) -> Result<Report> {
    Ok(reports.into_iter().flatten().collect())
}

/// The count of one suite, kept in the cache as long as program and harness are the same.
fn count(cache: &Cache, suite: &str, who: &Who, run: impl FnOnce(&Path) -> Result<Report>) -> Count {
    let found = who
        .program
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|program| kept(cache, suite, who, program, run).map_err(|error| reason(&error)));
    let (suite, name) = (suite.to_string(), who.name.to_string());
    match found {
        Ok((passed, cases)) => Count { suite, who: name, passed: Some(passed), cases, why: None },
        Err(why) => Count { suite, who: name, passed: None, cases: 0, why: Some(why) },
    }
}

fn kept(
    cache: &Cache,
    suite: &str,
    who: &Who,
    program: &Path,
    run: impl FnOnce(&Path) -> Result<Report>,
) -> Result<(usize, usize)> {
    let bytes = fs::read(program).context(program.display())?;
    let user = rustix::process::geteuid().as_raw().to_string();
    let texts = HARNESS.iter().copied().chain([suite, who.called, BUSYBOX.sha256, TOYBOX.sha256, &user]);
    let key = key(texts.map(str::as_bytes).chain([bytes.as_slice()]));
    let place = cache.entry("passed", &key, |entry| {
        eprintln!("{suite}: {}", who.name);
        let report = run(program)?;
        let passed = report.values().filter(|verdict| verdict.passed()).count();
        let cases = report.values().filter(|verdict| **verdict != Verdict::Skipped).count();
        fs::write(entry.join("counts"), format!("{passed} {cases}")).context(entry.display())
    })?;
    let text = fs::read_to_string(place.join("counts")).context(place.display())?;
    let numbers = text.split_once(' ').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    numbers.ok_or_else(|| Error::new(format!("{}: `{text}` is no count", place.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_kept_and_failures_told() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path().to_path_buf());
        let who = Who { name: "x", program: Ok("/bin/sh".into()), called: "sh" };
        let report = |_: &Path| {
            let case = |name: &str, verdict| (name.to_string(), verdict);
            let failed = Verdict::Failed("why".into());
            Ok([case("a", Verdict::Exact), case("b", failed), case("c", Verdict::Skipped)].into())
        };
        let first = count(&cache, "s", &who, report);
        assert_eq!((first.passed, first.cases), (Some(1), 2));
        let again = count(&cache, "s", &who, |_| Err(Error::new("not run again")));
        assert_eq!(again, first);
        let other = count(&cache, "t", &who, |_| Err(Error::new("no suite")));
        assert!(other.passed.is_none() && other.why.unwrap().contains("no suite"));
        let none = Who { name: "y", program: Err(Error::new("no source")), called: "" };
        assert!(count(&cache, "s", &none, report).why.unwrap().contains("no source"));
    }
}
