//! Runs BusyBox's and Toybox's test-suites for mote and its peers and writes a line of JSON for each: the
//! part of `cargo rootfs compare` that needs the tests' harness.

use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Result};
use build_rootfs::process::{command, output};
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
    let mut lines = Vec::new();
    tests::conformance::counts::counts(&cache, &mote, &names, |count| lines.push(count));
    for line in lines {
        println!("{}", serde_json::to_string(&line).context("JSON")?);
    }
    Ok(())
}
