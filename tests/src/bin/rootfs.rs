//! The host tool as a program of this crate, so that its tests find it built.

use std::process::ExitCode;

fn main() -> ExitCode {
    build_rootfs::cli::dispatch::main(std::env::args_os().skip(1)).into()
}
