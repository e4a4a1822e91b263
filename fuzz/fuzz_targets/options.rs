//! Option parsing.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| sys::fuzz::options(data));
