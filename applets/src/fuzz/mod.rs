//! What the fuzz targets of `fuzz/` call. Each takes any bytes, must come to an end without a panic, and
//! compares an applet's answer with a slow and plain one made here. The seeds in `fuzz/seeds` run as tests.

#![allow(missing_docs)]
// In a test of the binary the tests alone call it.
#![cfg_attr(test, allow(unreachable_pub))]

#[cfg(feature = "depmod")]
mod elf;
#[cfg(feature = "mount")]
mod fstab;
#[cfg(feature = "dmesg")]
mod kmsg;
#[cfg(feature = "mount")]
mod superblock;

#[cfg(feature = "awk")]
pub use crate::awk::fuzz::awk;
#[cfg(feature = "modprobe")]
pub use crate::modprobe::fuzz::modules;
#[cfg(feature = "depmod")]
pub use elf::elf;
#[cfg(feature = "mount")]
pub use fstab::fstab;
#[cfg(feature = "dmesg")]
pub use kmsg::kmsg;
#[cfg(feature = "mount")]
pub use superblock::superblock;

use alloc::vec::Vec;

/// Part number `n` of `data`, which bytes 0xff divide.
pub(crate) fn part(data: &[u8], n: usize) -> &[u8] {
    data.split(|&c| c == 0xff).nth(n).unwrap_or_default()
}

/// Without NULs, as arguments are.
pub(crate) fn text(part: &[u8]) -> Vec<u8> {
    part.iter().copied().filter(|&c| c != 0).collect()
}

#[cfg(test)]
mod tests {
    include!("../../../fuzz/seeds.rs");

    #[test]
    #[cfg(feature = "awk")]
    fn seeds_of_awk() {
        seeds("awk", b"{}()[];,$/\\\"~!=<>|&+-*%^?:#\n 1a", super::awk);
    }

    #[test]
    #[cfg(feature = "depmod")]
    fn seeds_of_elf() {
        seeds("elf", b"\x7fELF\x01\x02\0\x40\x28", super::elf);
    }

    #[test]
    #[cfg(feature = "mount")]
    fn seeds_of_fstab() {
        seeds("fstab", b" \t\n\\#,0=\xff", super::fstab);
    }

    #[test]
    #[cfg(feature = "dmesg")]
    fn seeds_of_kmsg() {
        seeds("kmsg", b"<>[]. \\x0\t", super::kmsg);
    }

    #[test]
    #[cfg(feature = "mount")]
    fn seeds_of_superblock() {
        seeds("superblock", b"\0\x04\x38\x02\x53\xefFAT-\xff ", super::superblock);
    }

    #[test]
    #[cfg(feature = "modprobe")]
    fn seeds_of_modules() {
        seeds("modules", b" \n:/-_.*[]\\\"=\xff", super::modules);
    }
}
