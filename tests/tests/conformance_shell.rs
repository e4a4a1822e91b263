//! BusyBox's tests of ash and hush, run by mote's shell: it passes what they pass, but for the known
//! differences, whether it forks or starts subshells as on a machine without an MMU.

use build_rootfs::cache::Cache;
use build_rootfs::error::Result;
use std::sync::Mutex;
use tests::conformance::known::Known;
use tests::conformance::reference::{self, User};
use tests::conformance::shell::{Run, Suite};
use tests::conformance::{summary, write};

/// Some cases measure time: one suite after the other.
static ALONE: Mutex<()> = Mutex::new(());

fn conforms(suite: Suite, target: &str) -> Result<()> {
    let _alone = ALONE.lock();
    let cache = Cache::open()?;
    let reference = if suite == Suite::Ash { reference::Suite::Ash } else { reference::Suite::Hush };
    let (name, expected) = (reference.name(), reference.expected(User::me())?);
    let mote = tests::mote(target, "base");
    // It answers to this name, too; some cases of ash look for their shell by name.
    let called = if suite == Suite::Ash { "ash" } else { "sh" };
    let report = Run::prepare(&cache, suite, (&mote, called), None)?.run()?;
    let dir = tests::out().join(format!("{target}-{name}"));
    write(&report, &dir)?;
    println!("{name} on {target}: {}", summary(&report));
    let mut known = Known::of_the_project()?;
    if target.ends_with("+nommu") {
        known = known.without_fork();
    }
    let wrong = known.check(name, &expected, &report);
    assert!(wrong.is_empty(), "{}\n\n{} cases; more in {}", wrong.join("\n"), wrong.len(), dir.display());
    Ok(())
}

#[test]
fn ash_test() {
    conforms(Suite::Ash, "x86_64").unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn hush_test() {
    conforms(Suite::Hush, "x86_64").unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn ash_test_without_fork() {
    conforms(Suite::Ash, "x86_64+nommu").unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn hush_test_without_fork() {
    conforms(Suite::Hush, "x86_64+nommu").unwrap_or_else(|error| panic!("{error}"));
}
