//! The file `stat` of a process.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| util::fuzz::stat(data));
