//! Superblocks of file systems.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| applets::fuzz::superblock(data));
