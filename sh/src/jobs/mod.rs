//! Processes, jobs, signals: started, waited for, controlled (POSIX 2.11 to 2.13).

mod control;
pub(crate) mod job;
mod process;
pub(crate) mod signals;
pub(crate) mod task;
mod terminal;
pub(crate) mod trap;
