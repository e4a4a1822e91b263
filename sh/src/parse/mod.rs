//! From text to tree: input, tokens, the grammar, the syntax tree.

mod alias;
pub(crate) mod aliases;
mod braces;
mod compound;
mod expansion;
mod grammar;
mod heredoc;
mod lexer;
pub(crate) mod parser;
pub(crate) mod source;
pub(crate) mod token;
pub(crate) mod tree;
