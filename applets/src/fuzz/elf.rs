//! Sections of any bytes taken as an ELF file, against a reading of the whole in memory.

use crate::depmod::elf::section;
use alloc::vec::Vec;
use std::io::Write;
use std::os::fd::AsRawFd;
use sys::{Errno, Fd};

/// The sections that depmod asks for.
const NAMES: [&[u8]; 2] = [b".modinfo", b".strtab"];

/// Looks for sections in the file `data`; bytes may be given by a list of patches, so that a header is soon a good one.
pub fn elf(data: &[u8]) {
    let Some((&kind, data)) = data.split_first() else { return };
    let mut file = data.get(..2000).unwrap_or(data).to_vec();
    if kind & 1 == 1 && file.len() > 64 {
        file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1 + (kind >> 1 & 1), 1]);
        // The table near the start, entries that overlap.
        let (table, rest) = if file[4] == 2 { (0x28, 0x3a) } else { (0x20, 0x2e) };
        if kind & 4 != 0 {
            file[table + 1..table + 4].fill(0);
            file[rest + 1] = 0;
            file[rest + 3] = 0;
            file[rest + 5] = 0;
        }
    }
    let path = std::env::temp_dir().join(std::format!("mote-fuzz-elf-{}", std::process::id()));
    let mut made = std::fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .expect("a file");
    std::fs::remove_file(&path).expect("a file");
    made.write_all(&file).expect("a file");
    for name in NAMES {
        assert_eq!(section(Fd(made.as_raw_fd()), name), plain(&file, name));
    }
}

fn plain(file: &[u8], name: &[u8]) -> Result<Option<(u32, u32)>, Errno> {
    let bytes = |at: u32, n: usize| file.get(at as usize..at as usize + n).ok_or(Errno::ENOEXEC);
    let number = |at: u32, n: usize| -> Result<u32, Errno> {
        let low: Vec<u8> = bytes(at, n)?.iter().copied().take(4).collect();
        Ok(low.iter().rev().fold(0, |sum, &b| sum << 8 | u32::from(b)))
    };
    let head = bytes(0, 52)?;
    let wide = head[4] == 2;
    if !head.starts_with(b"\x7fELF") || !(1..=2).contains(&head[4]) || head[5] != 1 || wide && file.len() < 64
    {
        return Err(Errno::ENOEXEC);
    }
    let (table, rest) = if wide { (number(0x28, 8)?, 0x3a) } else { (number(0x20, 4)?, 0x2e) };
    let (size, count, names) = (number(rest, 2)?, number(rest + 2, 2)?, number(rest + 4, 2)?);
    let entry = |n: u32| -> Result<(u32, u32, u32), Errno> {
        let at = table.wrapping_add(n.wrapping_mul(size));
        bytes(at, 40)?;
        let (offset, length) = if wide { (0x18, 0x20) } else { (0x10, 0x14) };
        Ok((number(at, 4)?, number(at + offset, 4)?, number(at + length, 4)?))
    };
    let (_, names, _) = entry(names)?;
    for n in 0..count {
        let (at, place, length) = entry(n)?;
        let this = bytes(names.wrapping_add(at), name.len() + 1);
        if this.is_ok_and(|this| this.ends_with(b"\0") && this.starts_with(name)) {
            return Ok(Some((place, length)));
        }
    }
    Ok(None)
}
