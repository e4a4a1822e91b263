//! The cross compiler for ARM and the tools that come with it, from Debian's packages.

use crate::error::{Error, Result};
use crate::process::{command, output, run, which};
use crate::progress::Step;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::thread;

/// The prefix of the names of the compiler and the other tools.
pub(super) const CROSS: &str = "arm-linux-gnueabi-";
/// Where Debian's packages for cross compiling have glibc and the kernel's headers.
pub const SYSROOT: &str = "/usr/arm-linux-gnueabi";
/// Sections that nothing loads.
const REMOVED: [&str; 3] = [".comment", ".note", ".ARM.attributes"];

/// The instruction set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Code {
    /// Thumb: 16-bit instructions, which are smaller; some functions still need ARM code.
    Thumb,
    /// 32-bit instructions.
    Arm,
}

impl Code {
    /// The compiler's argument.
    pub fn flag(self) -> &'static str {
        match self {
            Code::Thumb => "-mthumb",
            Code::Arm => "-marm",
        }
    }
}

/// Copies `from` to `to` without symbols and without sections that are not loaded.
///
/// # Errors
/// It is no ELF file, or `to` cannot be written.
pub fn strip(from: &Path, to: &Path) -> Result<()> {
    let mut strip = command(format!("{CROSS}strip"));
    strip.args(REMOVED.iter().flat_map(|section| ["-R", section])).arg("-o").arg(to).arg(from);
    output(&mut strip).map(drop)
}

/// The cross compiler's name and version.
///
/// # Errors
/// There is none.
pub fn version() -> Result<String> {
    let program = which(&format!("{CROSS}gcc"));
    let program =
        program.ok_or_else(|| Error::new("no cross compiler for ARM").fix("run `cargo rootfs setup`"))?;
    Ok(output(command(program).arg("--version"))?.lines().next().unwrap_or_default().to_string())
}

/// The version of the glibc for ARM.
pub(super) fn glibc_version() -> Result<String> {
    let package = output(command("dpkg-query").args(["-W", "-f", "${Version}", "libc6-dev-armel-cross"]))
        .map_err(|error| error.within("glibc for ARM").fix("run `cargo rootfs setup`"))?;
    Ok(package.trim().to_string())
}

/// Runs `make` in `tree` with as many jobs as there are processors.
pub(super) fn make(tree: &Path, variables: &[(&str, String)], targets: &[&str], step: &Step) -> Result<()> {
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    let mut make = command("make");
    make.arg("-C").arg(tree).arg(format!("-j{jobs}"));
    make.args(variables.iter().map(|(name, value)| format!("{name}={value}"))).args(targets);
    run(&mut make, step)
}
