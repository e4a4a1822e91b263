//! Processes, jobs, signals: started, waited for, controlled (POSIX 2.11 to 2.13).

mod control;
pub(crate) mod job;
mod process;
pub(crate) mod signals;
pub(crate) mod table;
pub(crate) mod task;
pub(crate) mod terminal;
mod trap;
pub(crate) mod traps;
