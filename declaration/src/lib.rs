//! The applets' declarations. A declaration is `applet! { field: value, … }` at the top of an applet's file; see
//! CONTRIBUTING.md. It is read as text, because the table of the multicall, the image's links and the
//! documentation must all come from it before anything is compiled: `applets/build.rs` and the host tool read it
//! here.

pub mod features;
pub mod pack;
pub mod page;
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
    /// The least and the most operands that it takes; [`ANY`] for no most.
    pub operands: (u8, u8),
    /// The exit status of a mistake on the command line.
    pub usage_status: u8,
    /// The options whose arguments are numbers.
    pub numbers: Vec<Number>,
    /// What becomes of the rights of a set-uid binary: one of [`SETUID`].
    pub setuid: String,
    /// What `--help` prints behind `Usage: NAME `.
    pub usage: String,
    /// The `//!` lines at the head of the file: its paragraphs, each one line.
    pub head: Vec<String>,
    /// Where it stands.
    pub file: PathBuf,
}

/// Any number of operands: the table has four bits for it.
pub const ANY: u8 = 15;
/// The statuses that a mistake on the command line may have, by the number that the table holds.
pub const STATUSES: [u8; 3] = [1, 2, 125];
/// What an applet does with a set-uid binary's rights: it runs without them (if it does not say); it looks itself at who
/// called; it does nothing for which they matter, and takes no text from the caller.
pub const SETUID: [&str; 3] = ["Drops", "Checks", "Any"];
/// Most options of an applet: the bits of a set.
pub const OPTIONS: usize = 64;
/// Most options of an applet that take arguments; `sys::opts::SLOTS` is the same, or the build fails.
pub const SLOTS: usize = 16;
/// Most declarations of a binary: they are counted in a byte.
pub const DECLARATIONS: usize = 255;

/// An option whose argument is a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// The option: its letter or `--long`.
    pub option: String,
    /// May it have a suffix (b k m g)?
    pub suffix: bool,
    /// The least that it may be.
    pub least: u32,
    /// The most that it may be; `u32::MAX` is no limit.
    pub most: u32,
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
