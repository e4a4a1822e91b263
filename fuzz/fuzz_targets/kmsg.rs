//! Messages of the kernel.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| applets::fuzz::kmsg(data));
