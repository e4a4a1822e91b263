//! Runs BusyBox's and Toybox's test-suites for mote and its peers and writes a line of JSON for each: the
//! part of `cargo rootfs compare` that needs the tests' harness.

use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Result};
use build_rootfs::process::{command, output};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let (cache, mote) = (Cache::open()?, tests::mote("x86_64", "base"));
    let names: Vec<String> = output(command(&mote).arg("--list"))?.lines().map(String::from).collect();
    // Line by line: who reads them has those before the end, should there be one before its time.
    let mut result = Ok(());
    tests::conformance::counts::counts(&cache, &mote, &names, |count| {
        let line = serde_json::to_string(&count).context("JSON");
        let written = line.and_then(|line| writeln!(std::io::stdout(), "{line}").context("stdout"));
        if result.is_ok() {
            result = written;
        }
    });
    result
}
