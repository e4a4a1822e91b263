//! Terminals: how wide characters are.

pub mod width;
