//! Commands run: simple and compound ones, conditions, redirections, programs, subshells.

mod compound;
mod condition;
mod exec;
pub(crate) mod launch;
pub(crate) mod nesting;
pub(crate) mod redir;
pub(crate) mod reexec;
pub(crate) mod resolve;
pub(crate) mod saved;
mod simple;
