//! Fuzzing with cargo-fuzz and libFuzzer: the targets in `fuzz/`, their seeds, and what they find.

use crate::error::{nearest, Context, Error, Result};
use crate::process::{command, output, run, which};
use crate::progress::Step;
use crate::project::Project;
use crate::setup::{install, Need};
use crate::target::Purpose;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The time limit of a single input, in seconds.
const PATIENCE: u32 = 10;
/// Memory that a target may take: MiB.
const MEMORY: u32 = 1024;

/// The names of the fuzz targets, sorted.
///
/// # Errors
/// The folder of targets cannot be read.
pub fn targets(project: &Project) -> Result<Vec<String>> {
    let dir = project.root().join("fuzz/fuzz_targets");
    let files = fs::read_dir(&dir).context(dir.display())?.flatten();
    let stem = |file: fs::DirEntry| Some(file.file_name().to_str()?.strip_suffix(".rs")?.to_string());
    let mut names: Vec<String> = files.filter_map(stem).collect();
    names.sort();
    Ok(names)
}

/// Runs the fuzz target `only`, or all targets, for some seconds each. The inputs begin with the seeds and with
/// `fuzz/corpus`, which earlier runs have filled.
///
/// # Errors
/// There is no such target, something needed is missing, or an input makes a target fail: then that input is in
/// `fuzz/artifacts`.
pub fn fuzz(project: &Project, only: Option<&str>, seconds: u32) -> Result<()> {
    let mut names = targets(project)?;
    if let Some(name) = only {
        if !names.iter().any(|known| known == name) {
            let near = nearest(name, names.iter().map(String::as_str));
            let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            return Err(Error::usage(format!("unknown fuzz target `{name}`"))
                .fix(format!("{hint}The fuzz targets are: {}", names.join(", "))));
        }
        names.retain(|known| known == name);
    }
    prepare()?;
    for name in &names {
        one(project, name, seconds)?;
    }
    Ok(())
}

/// Gets a C++ compiler, which libFuzzer needs, and cargo-fuzz.
fn prepare() -> Result<()> {
    install(&[Need {
        purpose: Purpose::Test,
        what: "c++".into(),
        packages: vec!["g++".into()],
        present: which("c++").is_some(),
    }])?;
    if output(cargo().args(["fuzz", "--version"])).is_ok() {
        return Ok(());
    }
    let step = Step::start("installing cargo-fuzz");
    run(cargo().args(["install", "--locked", "cargo-fuzz"]), &step)
        .map_err(|error| error.fix("check the network, or install cargo-fuzz yourself"))?;
    step.done();
    Ok(())
}

fn one(project: &Project, name: &str, seconds: u32) -> Result<()> {
    let step = Step::start(format!("fuzzing {name} for {seconds} s"));
    let home = project.root().join("fuzz");
    let (corpus, found) = (home.join("corpus").join(name), home.join("artifacts").join(name));
    for dir in [&corpus, &found] {
        fs::create_dir_all(dir).context(dir.display())?;
    }
    let mut fuzzer = target(project, name)?;
    fuzzer.arg(&corpus).arg(home.join("seeds").join(name)).arg("--").args([
        format!("-dict={}", home.join(format!("{name}.dict")).display()),
        format!("-max_total_time={seconds}"),
        format!("-timeout={PATIENCE}"),
        format!("-rss_limit_mb={MEMORY}"),
        format!("-artifact_prefix={}/", found.display()),
        // The error messages of wrong scripts do not matter.
        "-close_fd_mask=2".to_string(),
    ]);
    let Err(error) = run(&mut fuzzer, &step) else {
        step.done();
        return Ok(());
    };
    let Some(input) = newest(&found) else { return Err(error.within(format!("fuzz target {name}"))) };
    drop(step);
    // Run the input again to show its messages.
    let _ = target(project, name)?.arg(&input).status();
    Err(Error::new(format!("fuzz target {name} fails on {}", input.display()))
        .fix("fix the code, then copy the input to fuzz/seeds: the tests run it, too"))
}

/// The command that runs a target, up to its arguments.
fn target(project: &Project, name: &str) -> Result<Command> {
    let mut fuzzer = cargo();
    // The options of the sanitizer and of the coverage are unstable. The sanitizer's fake stack is on the heap, and
    // would make the shell measure its stack wrongly.
    fuzzer.env("RUSTC_BOOTSTRAP", "1").env("ASAN_OPTIONS", "detect_stack_use_after_return=0");
    let out = project.out().with_file_name("fuzz");
    fuzzer.current_dir(project.root()).args(["fuzz", "run", "--fuzz-dir", "fuzz", "--target-dir"]).arg(out);
    if !has_sanitizer()? {
        fuzzer.args(["--sanitizer", "none"]);
    }
    fuzzer.arg(name);
    Ok(fuzzer)
}

/// Does the toolchain bring the address sanitizer's runtime? Debian's does not.
fn has_sanitizer() -> Result<bool> {
    let sysroot = output(command("rustc").args(["--print", "sysroot"]))?;
    let hosts = fs::read_dir(Path::new(sysroot.trim()).join("lib/rustlib")).into_iter().flatten().flatten();
    let libraries = hosts.flat_map(|host| fs::read_dir(host.path().join("lib")).into_iter().flatten());
    Ok(libraries.flatten().any(|file| file.file_name().to_string_lossy().ends_with("rt.asan.a")))
}

/// The cargo that runs this tool.
fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The file that was changed last.
fn newest(dir: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(dir).ok()?.flatten();
    files.max_by_key(|file| file.metadata().and_then(|meta| meta.modified()).ok()).map(|file| file.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_seeds_and_words() {
        let project = Project::find().unwrap();
        let names = targets(&project).unwrap();
        assert!(names.iter().any(|name| name == "parse"), "{names:?}");
        for name in names {
            let home = project.root().join("fuzz");
            assert!(home.join("seeds").join(&name).is_dir() && home.join(name + ".dict").is_file());
        }
    }

    #[test]
    fn an_unknown_target_is_explained() {
        let error = fuzz(&Project::find().unwrap(), Some("pars"), 1).unwrap_err().to_string();
        assert!(error.contains("did you mean `parse`?") && error.contains("printf"), "{error}");
    }
}
