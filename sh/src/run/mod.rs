//! Commands run: simple and compound ones, conditions, redirections, programs, subshells.

mod condition;
pub(crate) mod exec;
pub(crate) mod launch;
pub(crate) mod redir;
pub(crate) mod reexec;
mod simple;
