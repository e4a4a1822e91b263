//! Commands that the shell has as builtins and that are applets, too.

pub mod child;
pub mod decimal;
pub mod double;
pub mod echo;
pub mod kill;
pub mod printf;
pub mod program;
pub mod test;
