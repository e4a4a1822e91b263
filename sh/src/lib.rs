//! The shell of mote: the POSIX.1-2024 shell command language with the extensions of BusyBox ash.
//!
//! Text goes from [`parse::source`] through the lexer and the parser into a [`parse::tree`]; [`run`] walks it, and
//! expands words into [`expand::fields`]. All state is in one [`shell::Shell`].

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod builtin;
mod decimal;
mod descriptors;
mod expand;
mod feature;
mod flow;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod interactive;
mod jobs;
mod options;
mod parse;
mod positional;
mod run;
mod shell;
mod stack;
mod start;
mod vars;
mod words;

pub use start::main;
