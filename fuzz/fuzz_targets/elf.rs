//! Sections of ELF files.
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| applets::fuzz::elf(data));
