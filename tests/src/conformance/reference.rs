//! What can be expected of a suite: the cases that the implementation passes which it was written for, on
//! this machine. Found once, kept in the cache.

use super::{busybox, parallel, shell, toybox, Report, Verdict};
use build_rootfs::cache::{key, Cache};
use build_rootfs::error::{Context, Result};
use build_rootfs::peers::native::{self, Native};
use build_rootfs::peers::{BUSYBOX, TOYBOX};
use build_rootfs::progress::Step;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The harness: what it finds belongs to what it does.
pub(super) const HARNESS: &[&str] = &[
    include_str!("busybox.rs"),
    include_str!("job.rs"),
    include_str!("normal.rs"),
    include_str!("place.rs"),
    include_str!("shell.rs"),
    include_str!("toybox.rs"),
];
const PASSED: &str = "passed";

/// The shell that stands in for Toybox's, whose own passes fewer cases of `sh.test`.
const BASH: &str = "bash";

/// What BusyBox's shell passes of its own suite.
///
/// # Errors
/// BusyBox cannot be had, or the harness fails.
pub fn shell(cache: &Cache, suite: shell::Suite) -> Result<BTreeSet<String>> {
    let name = suite.name();
    passed(cache, &format!("{name}_test"), || {
        let busybox = native::busybox(cache)?;
        shell::Run::prepare(cache, suite, (&busybox.binary, name), None)?.run()
    })
}

/// What BusyBox passes of its own suite for `applets`.
///
/// # Errors
/// BusyBox cannot be had, or the harness fails.
pub fn busybox(cache: &Cache, applets: &[String]) -> Result<BTreeSet<String>> {
    let Native { binary, .. } = native::busybox(cache)?;
    let run = busybox::Run::prepare(cache, &binary, applets)?;
    let tested = applets.iter().filter(|applet| run.has(applet));
    let sets = tested.map(|applet| passed(cache, &format!("busybox-{applet}"), || run.run(applet)));
    Ok(sets.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// What Toybox passes of its own suite for `applets`; of the cases of `sh`, what bash passes.
///
/// # Errors
/// Toybox cannot be had, or the harness fails.
pub fn toybox(cache: &Cache, applets: &[String]) -> Result<BTreeSet<String>> {
    let Native { binary, .. } = native::toybox(cache)?;
    let own = toybox::Run::prepare(cache, &binary, applets, "sh")?;
    let bash = toybox::Run::prepare(cache, Path::new("/bin/bash"), &[], BASH)?;
    let tested: Vec<&String> = applets.iter().filter(|applet| own.has(applet)).collect();
    let sets = parallel::map(&tested, |applet| {
        let run = if *applet == "sh" { &bash } else { &own };
        passed(cache, &format!("toybox-{applet}"), || run.run(applet))
    });
    Ok(sets?.into_iter().flatten().collect())
}

fn passed(cache: &Cache, suite: &str, run: impl FnOnce() -> Result<Report>) -> Result<BTreeSet<String>> {
    // Some cases are for root only.
    let user = rustix::process::geteuid().as_raw().to_string();
    let key = key(HARNESS.iter().chain(&[BUSYBOX.sha256, TOYBOX.sha256, &user]));
    let place = cache.entry(&format!("passes-{suite}"), &key, |entry| {
        let step = Step::start(format!("what its own implementation passes of {suite}"));
        let report = run()?;
        let names: String = report
            .iter()
            .filter(|(_, verdict)| verdict.passed())
            .map(|(name, _)| format!("{name}\n"))
            .collect();
        for (name, verdict) in &report {
            if let Verdict::Failed(_) = verdict {
                step.line(&format!("{name} fails"));
            }
        }
        fs::write(entry.join(PASSED), names).context(entry.display())?;
        step.done();
        Ok(())
    })?;
    let file = place.join(PASSED);
    let names = fs::read_to_string(&file).context(file.display())?;
    Ok(names.lines().map(String::from).collect())
}
