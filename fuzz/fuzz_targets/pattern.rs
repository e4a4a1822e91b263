//! Pattern matching.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| util::fuzz::pattern(data));
