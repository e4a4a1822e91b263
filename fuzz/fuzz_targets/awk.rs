//! Programs of awk.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| applets::fuzz::awk(data));
