//! Runs other programs. Their output goes to a step's line, and its end into error messages. They end when this tool
//! ends.

use crate::error::{Context, Error, Result};
use crate::progress::Step;
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The number of lines of output in an error message.
const TAIL: usize = 40;

/// Variables that `cargo run` sets for this tool, and that would mislead a cargo, rustc or make that it starts.
const CARGO_VARS: &[&str] = &[
    "CARGO",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_PATH",
    "RUSTUP_TOOLCHAIN",
    "RUST_RECURSION_COUNT",
    "RUSTC_BOOTSTRAP",
    "LD_LIBRARY_PATH",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKELEVEL",
];

/// A command that ends when this tool ends, without the variables that `cargo run` sets.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in CARGO_VARS {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8");
    die_with_us(&mut command);
    command
}

/// Makes the kernel end the child when the thread that started it ends for whatever reason.
pub fn die_with_us(command: &mut Command) {
    let end = || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))?;
        Ok(())
    };
    // SAFETY: the closure makes one system call: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(end) };
}

/// Runs `command` to its end and shows its output on the step's line.
///
/// # Errors
/// It cannot be started, or fails: then the message has its last lines of output.
pub fn run(command: &mut Command, step: &Step) -> Result<()> {
    run_filtered(command, step, |_| false)
}

/// Like [`run`]; lines for which `take` returns true are not shown.
///
/// # Errors
/// As [`run`].
pub fn run_filtered(command: &mut Command, step: &Step, mut take: impl FnMut(&str) -> bool) -> Result<()> {
    let name = command_name(command);
    let (reader, writer) = rustix::pipe::pipe().context(&name)?;
    let again = writer.try_clone().context(&name)?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(again)
        .spawn()
        .map_err(|why| not_started(&name, &why))?;
    // `command` holds the writing ends of the pipe. They must be closed, or the reading below never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let mut tail = VecDeque::new();
    for line in BufReader::new(std::fs::File::from(reader)).split(b'\n') {
        let line = String::from_utf8_lossy(&line.context(&name)?).into_owned();
        if take(&line) {
            continue;
        }
        step.line(&line);
        if tail.len() == TAIL {
            tail.pop_front();
        }
        tail.push_back(line);
    }
    let status = child.wait().context(&name)?;
    if status.success() {
        return Ok(());
    }
    let tail: Vec<String> = tail.into_iter().map(|line| format!("    {line}\n")).collect();
    Err(Error::new(format!("{name}: {status}; its last lines:\n{}", tail.concat().trim_end())))
}

/// Runs `command` and returns its stdout.
///
/// # Errors
/// It cannot be started, or fails: the message holds its stderr.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command_name(command);
    let output = command.stdin(Stdio::null()).output().map_err(|why| not_started(&name, &why))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(Error::new(format!("{name}: {}: {}", output.status, why.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The path of a program, searched in PATH and then in the system's folders.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(system).map(|dir| dir.join(program)).find(|file| is_executable(file))
}

fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn command_name(command: &Command) -> String {
    let first = command.get_args().next().map(|arg| format!(" {}", arg.to_string_lossy()));
    let program = Path::new(command.get_program());
    format!("{}{}", program.file_name().unwrap_or_default().to_string_lossy(), first.unwrap_or_default())
}

fn not_started(name: &str, why: &std::io::Error) -> Error {
    Error::new(format!("{name}: cannot be started: {why}")).fix("run `cargo rootfs setup`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_shows_the_last_lines() {
        let step = Step::start("test");
        let error = run(command("sh").args(["-c", "echo one; echo two >&2; exit 3"]), &step).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("one\n") && text.contains("two") && text.contains("exit status: 3"), "{text}");
    }

    #[test]
    fn missing_program_says_the_fix() {
        let error = output(&mut command("no-such-program-here")).unwrap_err();
        assert!(error.to_string().contains("cargo rootfs setup"), "{error}");
    }

    #[test]
    fn cargo_variables_do_not_reach_children() {
        let seen = output(command("sh").args(["-c", "echo [$CARGO$RUSTUP_TOOLCHAIN$CARGO_MANIFEST_DIR]"]));
        assert_eq!(seen.unwrap(), "[]\n");
    }
}
