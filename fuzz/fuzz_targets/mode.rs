//! File modes, octal and symbolic.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| util::fuzz::mode(data));
