//! From text to tree: input, tokens, the grammar, the syntax tree.

mod compound;
pub(crate) mod expansion;
mod heredoc;
pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod source;
pub(crate) mod tree;
