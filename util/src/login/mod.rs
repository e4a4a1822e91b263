//! Users and groups (`man 5 passwd`, `man 5 group`).

pub mod accounts;
