//! The command line: `cargo rootfs COMMAND …`. One module per command; [`dispatch`] chooses it.

mod args;
mod bench;
mod boot;
mod build;
mod compare;
pub mod dispatch;
mod fuzz;
mod kernel;
mod ram;
mod setup;
mod size;
mod syscalls;
mod test;

use crate::error::{Error, Result};

/// Prints results; a reader that has gone away is no failure.
fn print(text: &str) -> Result<u8> {
    use std::io::Write;
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(why) if why.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::new(format!("stdout: {why}"))),
        _ => Ok(0),
    }
}
