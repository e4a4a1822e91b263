//! Tables of file systems, and mount options.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| applets::fuzz::fstab(data));
