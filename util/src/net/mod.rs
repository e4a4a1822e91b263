//! Networks: addresses.

pub mod address;
