//! Writes `tests/references/`, what the peers pass of their own suites: the part of `cargo rootfs compare` that needs
//! the tests' harness. With the argument `tell` it prints what it finds as the user that it is, in JSON.

use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Result};
use std::process::ExitCode;
use tests::conformance::renew::{passed, renew, TELL};

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
    let cache = Cache::open()?;
    if std::env::args().nth(1).as_deref() != Some(TELL) {
        return renew(&cache);
    }
    println!("{}", serde_json::to_string(&passed(&cache)?).context("JSON")?);
    Ok(())
}
