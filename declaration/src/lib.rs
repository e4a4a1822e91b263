//! The applets' declarations. A declaration is `applet! { field: value, … }` at the top of an applet's file; see
//! CONTRIBUTING.md. It is read as text, because the table of the multicall, the image's links and the
//! documentation must all come from it before anything is compiled: `applets/build.rs` and the host tool read it
//! here.

pub mod features;
pub mod pack;
mod read;
mod spec;

pub use read::read_all;

use std::path::PathBuf;

/// Install directories, by the number that the table holds.
pub const DIRS: [&str; 4] = ["/bin", "/sbin", "/usr/bin", "/usr/sbin"];

/// One applet's declaration.
#[derive(Debug, Clone)]
pub struct Decl {
    /// The applet's name first, as users type it; then its other names.
    pub names: Vec<String>,
    /// Install directory: one of [`DIRS`].
    pub dir: String,
    /// NoFork, NoExec or Exec (`sys::applet::Class`).
    pub class: String,
    /// Mix, Posix, Args or Raw (`sys::applet::Parse`).
    pub parse: String,
    /// Groups of option letters, separated by blanks, of which the last one given wins.
    pub last_wins: String,
    /// What `--help` prints behind `Usage: NAME `.
    pub usage: String,
    /// Where it stands.
    pub file: PathBuf,
}

impl Decl {
    /// The applet's name, which is its cargo feature too.
    pub fn name(&self) -> &str {
        &self.names[0]
    }

    /// The name of its module: that of its file. A `-` of the applet's name is a `_` there.
    pub fn module(&self) -> String {
        self.name().replace('-', "_")
    }
}
