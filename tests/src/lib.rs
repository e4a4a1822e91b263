//! Harness of the whole-system tests: binaries and their links for a target, and booted guests.

pub mod batch;
pub mod calls;
mod cases;
pub mod conformance;
pub mod differential;
pub mod flow;
mod guest;
mod host;
mod program;
pub mod scripts;
pub mod spec;
mod start;
pub mod suites;

pub use cases::{cases, Case};
pub use guest::{Guest, Options};
pub use host::{
    applet, applet_dir, calls_of, command, copied_dir, emulated_dir, mote, out, project, rootfs, ALL, GUESTS,
};
pub use program::program;
pub use start::{controlled, fresh, settle};
