//! Files and trees of files: walking, copying, removing, modes, tables of file systems.

pub mod ask;
pub mod attribute;
pub mod copy;
pub mod directory;
pub mod fstab;
pub mod id;
pub mod mode;
pub mod mounted;
pub mod path;
pub mod read;
pub mod remove;
pub mod replace;
pub mod seen;
pub mod target;
pub mod walk;
