//! What /proc tells of processes (`man 5 proc`).

pub mod each;
pub mod stat;
