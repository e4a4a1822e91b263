//! Reading of inittab, again and again, and the splitting of its commands.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| init::fuzz::inittab(data));
