//! Files and trees of files: walking, copying, removing, modes, tables of file systems.

pub mod ask;
pub mod copy;
pub mod fstab;
pub mod mode;
pub mod remove;
pub mod walk;
