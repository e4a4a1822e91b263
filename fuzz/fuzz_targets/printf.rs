//! The builtin printf.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| util::fuzz::printf(data));
