//! Harness of the whole-system tests: binaries and their links for a target, and booted guests.

pub mod batch;
mod cases;
pub mod conformance;
pub mod differential;
mod guest;
mod host;
mod program;
pub mod scripts;
mod start;
pub mod suites;

pub use cases::{applet_cases, applet_cases_without_mmu, cases, Case};
pub use guest::{Guest, Options};
pub use host::{applet, applet_dir, command, mote, out, project, rootfs};
pub use program::program;
pub use start::{controlled, fresh, settle};
