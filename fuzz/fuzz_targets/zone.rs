//! Local time by TZ.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| util::fuzz::zone(data));
