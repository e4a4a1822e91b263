//! The host tool of mote; see the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    build_rootfs::cli::dispatch::main(std::env::args_os().skip(1)).into()
}
