//! The tables and the configuration that modprobe reads.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| applets::fuzz::modules(data));
