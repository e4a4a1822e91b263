//! Files: section 2 of the manual, one wrapper a call. Relative paths start at `dir`; [`Fd::CWD`] is the
//! working directory.

mod descriptor;
mod directory;
mod file;
mod volume;

pub use descriptor::*;
pub use directory::*;
pub use file::*;
pub use volume::*;
