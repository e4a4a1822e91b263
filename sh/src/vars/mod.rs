//! Variables: the table of names, what is local to functions, and how they are read and assigned.

mod access;
pub(crate) mod locals;
pub(crate) mod special;
pub(crate) mod table;
