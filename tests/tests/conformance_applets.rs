//! BusyBox's and Toybox's tests of the applets that mote has: it passes what they pass of their own, but
//! for the known differences.

use build_rootfs::cache::Cache;
use build_rootfs::error::Result;
use build_rootfs::process::{command, output};
use std::path::Path;
use tests::conformance::known::Known;
use tests::conformance::reference::{Suite, User};
use tests::conformance::{busybox, parallel, summary, toybox, write, Report};

/// The names that mote answers to.
fn names(mote: &Path) -> Result<Vec<String>> {
    Ok(output(command(mote).arg("--list"))?.lines().map(String::from).collect())
}

fn compare(suite: Suite, names: &[String], reports: Vec<Report>) -> Result<()> {
    let (expected, suite) = (suite.expected_of(names, User::me())?, suite.name());
    let report: Report = reports.into_iter().flatten().collect();
    assert!(!report.is_empty(), "{suite}: no case ran");
    let dir = tests::out().join(suite);
    write(&report, &dir)?;
    println!("{suite}: {}", summary(&report));
    let wrong = Known::of_the_project()?.check(suite, &expected, &report);
    assert!(wrong.is_empty(), "{}\n\n{} cases; more in {}", wrong.join("\n"), wrong.len(), dir.display());
    Ok(())
}

fn of_busybox() -> Result<()> {
    let (cache, mote) = (Cache::open()?, tests::mote("x86_64", tests::ALL));
    let names = names(&mote)?;
    let run = busybox::Run::prepare(&cache, &mote, &names)?;
    compare(Suite::BusyBox, &names, parallel::map(&names, |name| run.run(name))?)
}

fn of_toybox() -> Result<()> {
    let (cache, mote) = (Cache::open()?, tests::mote("x86_64", tests::ALL));
    let names = names(&mote)?;
    let run = toybox::Run::prepare(&cache, &mote, &names, "sh")?;
    compare(Suite::Toybox, &names, parallel::map(&names, |name| run.run(name))?)
}

#[test]
fn busybox_testsuite() {
    of_busybox().unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn toybox_tests() {
    of_toybox().unwrap_or_else(|error| panic!("{error}"));
}
