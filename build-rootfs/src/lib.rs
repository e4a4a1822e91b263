//! The host tool of mote: compiles it for a target, builds a kernel, packs a root file system, boots it in
//! QEMU, measures and tests it. The `tests` crate uses this library, too.

pub mod applets;
pub mod apply;
pub mod assemble;
pub mod bench;
pub mod boot;
pub mod build;
pub mod cache;
pub mod census;
pub mod checks;
pub mod cli;
pub mod compare;
pub mod compile;
pub mod config;
pub mod cpio;
pub mod cramfs;
pub mod error;
pub mod fdpic;
pub mod fuzz;
pub mod image;
pub mod kernel;
pub mod ledger;
pub mod lock;
pub mod number;
pub mod peers;
pub mod process;
pub mod progress;
pub mod project;
pub mod qemu;
pub mod romfs;
pub mod setup;
pub mod strip;
pub mod suite;
pub mod syscalls;
pub mod target;
pub mod toolchain;
