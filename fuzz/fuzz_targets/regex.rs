//! Extended regular expressions.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| util::fuzz::regex(data));
