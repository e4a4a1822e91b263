//! Where a suite runs: a folder with its programs under the names that it uses, made once for a run.

use super::link;
use crate::fresh;
use build_rootfs::cache::{key, Cache};
use build_rootfs::error::{Context, Result};
use build_rootfs::process::{command, output, run};
use build_rootfs::progress::Step;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A temporary folder whose owner may leave nothing behind that cannot be removed: suites make folders
/// without permissions.
#[derive(Debug)]
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// A new one.
    ///
    /// # Errors
    /// The system's temporary folder cannot be written.
    pub fn new() -> Result<Place> {
        // Some cases look for numbers in messages, where this name may stand, too.
        let numbered = |dir: &std::io::Result<tempfile::TempDir>| {
            let name = dir.as_ref().ok().and_then(|dir| dir.path().file_name());
            name.is_some_and(|name| name.to_string_lossy().contains(|c: char| c.is_ascii_digit()))
        };
        let mut dirs =
            std::iter::repeat_with(|| tempfile::Builder::new().prefix("mote-conformance-").tempdir());
        let dir = dirs.find(|dir| !numbered(dir)).expect("it goes on for ever");
        Ok(Place { dir: dir.context(std::env::temp_dir().display())? })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        make_removable(self.path());
    }
}

fn make_removable(dir: &Path) {
    // What cannot be changed cannot be removed either; the folder then stays, which harms nothing.
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o700));
    for file in fs::read_dir(dir).into_iter().flatten().flatten() {
        if file.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_removable(&file.path());
        }
    }
}

/// `PATH` with `first` before what the machine has.
pub fn search_path(first: &[&Path]) -> OsString {
    let machine = std::env::var_os("PATH").unwrap_or_default();
    let all: Vec<PathBuf> =
        first.iter().map(|dir| dir.to_path_buf()).chain(std::env::split_paths(&machine)).collect();
    std::env::join_paths(all).unwrap_or(machine)
}

/// A script in `dir` that runs the program `runs` with its own arguments.
///
/// # Errors
/// `dir` cannot be written.
pub fn script(dir: &Path, name: &str, runs: &Path) -> Result<()> {
    let quoted = runs.display().to_string().replace('\'', "'\\''");
    program(&dir.join(name), &format!("#!/bin/sh\nexec '{quoted}' \"$@\"\n"))
}

/// The file `file` with `text`, to be executed.
///
/// # Errors
/// It cannot be written.
pub fn program(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).context(file.display())?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).context(file.display())
}

/// Small C programs that come with a suite, compiled; the folder of them, named as their sources are.
///
/// # Errors
/// The C compiler is missing, or a source.
pub fn helpers(cache: &Cache, name: &str, sources: &[PathBuf]) -> Result<PathBuf> {
    let identity: Vec<String> = sources.iter().map(|source| source.display().to_string()).collect();
    cache.entry(&format!("helpers-{name}"), &key(identity), |entry| {
        let step = Step::start(format!("helpers of {name}"));
        for source in sources {
            let program = entry.join(source.file_stem().unwrap_or_default());
            // The sources are of a time when a function needed no declaration.
            run(command("gcc").args(["-O2", "-w", "-o"]).arg(program).arg(source), &step)?;
        }
        step.done();
        Ok(())
    })
}

/// Links to everything in `from`, in `to`.
///
/// # Errors
/// One of the folders cannot be read or written.
pub fn mirror(from: &Path, to: &Path) -> Result<()> {
    for file in fs::read_dir(from).context(from.display())?.flatten() {
        link(&file.path(), &to.join(file.file_name()))?;
    }
    Ok(())
}

/// What a sealed program does not share with the rest of the machine.
const SEAL: &[&str] =
    &["--mount", "--propagation", "private", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"];
/// Process 1 of a seal: signals mean less to it than to the program that it runs.
const FIRST: &[&str] = &["/bin/sh", "-c", "\"$@\"; exit $?", "sh"];

/// A command for `arguments` that sees its own mounts and processes only and has a host name of its own, where that is
/// allowed (root may): cases mount things, and kill by names.
pub fn sealed(arguments: &[&Path]) -> Command {
    if !may_unshare() {
        let mut command = fresh(arguments[0]);
        command.args(&arguments[1..]);
        return command;
    }
    let mut command = fresh("unshare");
    command.args(SEAL).arg("--").args(FIRST).args(arguments);
    command
}

fn may_unshare() -> bool {
    static ANSWER: OnceLock<bool> = OnceLock::new();
    *ANSWER.get_or_init(|| output(command("unshare").args(SEAL).args(["--", "true"])).is_ok())
}
