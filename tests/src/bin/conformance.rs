//! Runs a peer's test-suite against any implementation, for whoever works on one; `cargo test -p tests`
//! runs them against mote.

use build_rootfs::cache::Cache;
use build_rootfs::error::{Error, Result};
use build_rootfs::peers::native::{self, Native};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tests::conformance::shell::{self, Suite};
use tests::conformance::{busybox, parallel, summary, toybox, write, Report};

const USAGE: &str = "\
usage: conformance ash|hush SHELL OUT [FILTER]
       conformance busybox|toybox MULTICALL OUT APPLET…
       conformance build busybox|toybox

Runs the cases of BusyBox's shell suites by the program SHELL, or those of BusyBox's or Toybox's suites
of applets by the multicall binary MULTICALL. Writes the names of passed and failed cases and what each
failed one showed into the folder OUT. `build` builds that peer for this machine and prints where it is.
The variable SH is the name by which the shell is called (`sh`).
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.code())
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    let cache = Cache::open()?;
    let (suite, program, out, rest) = match arguments {
        ["build", "busybox"] => return told(&native::busybox(&cache)?),
        ["build", "toybox"] => return told(&native::toybox(&cache)?),
        [suite, program, out, rest @ ..] => (suite, program, out, rest),
        _ => return Err(Error::usage(format!("wrong command line\n{USAGE}"))),
    };
    let program = std::path::absolute(program).unwrap_or_else(|_| PathBuf::from(program));
    let shell = std::env::var("SH").unwrap_or_else(|_| "sh".to_string());
    let shell = (program.as_path(), shell.as_str());
    let report = match *suite {
        "ash" => shell::Run::prepare(&cache, Suite::Ash, shell, rest.first().copied())?.run()?,
        "hush" => shell::Run::prepare(&cache, Suite::Hush, shell, rest.first().copied())?.run()?,
        "busybox" | "toybox" => applets(&cache, suite, shell, rest)?,
        other => return Err(Error::usage(format!("{other}: no such suite\n{USAGE}"))),
    };
    write(&report, Path::new(out))?;
    println!("{suite}: {}", summary(&report));
    Ok(())
}

fn told(built: &Native) -> Result<()> {
    println!("{}", built.binary.display());
    Ok(())
}

fn applets(cache: &Cache, suite: &str, (program, shell): (&Path, &str), names: &[&str]) -> Result<Report> {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let reports = if suite == "busybox" {
        let run = busybox::Run::prepare(cache, program, &names)?;
        parallel::map(&names, |name| run.run(name))?
    } else {
        let run = toybox::Run::prepare(cache, program, &names, shell)?;
        parallel::map(&names, |name| run.run(name))?
    };
    Ok(reports.into_iter().flatten().collect())
}
