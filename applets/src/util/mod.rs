//! What several applets share. None of it is an applet.

// A binary has the applets of its features; what those do not use, the compiler drops.
#![allow(dead_code)]

pub(crate) mod ask;
pub(crate) mod copy;
pub(crate) mod fstab;
pub(crate) mod lines;
pub(crate) mod mode;
pub(crate) mod modules;
pub(crate) mod name;
pub(crate) mod net;
pub(crate) mod reason;
pub(crate) mod remove;
pub(crate) mod stamp;
pub(crate) mod users;
pub(crate) mod walk;
