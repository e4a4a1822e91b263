//! Expansion of parameters, splitting.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| sh::fuzz::expand(data));
