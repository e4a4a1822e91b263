//! Sections of an ELF file, read from the file piece by piece (`man 5 elf`); little-endian, as all our machines
//! are.

use sys::fs::{self, Fd};
use sys::Errno;

/// The place of a section in the file: first byte and number of bytes.
pub(crate) type Place = (u32, u32);

/// Reads `N` bytes from `at` on; a file that ends before is none of ours.
#[inline(never)]
fn read_at(file: Fd, at: u32, out: &mut [u8]) -> Result<(), Errno> {
    fs::lseek(file, at as i64, fs::SEEK_SET)?;
    match fs::read(file, out)? {
        n if n == out.len() => Ok(()),
        _ => Err(Errno::ENOEXEC),
    }
}

/// The number of `size` bytes at `at`; its lowest 32 bits.
fn field(bytes: &[u8], at: usize, size: usize) -> u32 {
    let bytes = bytes.get(at..at + size).unwrap_or_default();
    bytes.iter().take(4).rev().fold(0, |n, &b| n << 8 | b as u32)
}

/// The section called `name`; `None` if the file has none.
///
/// Errors: ENOEXEC for what is no ELF file, the kernel's for what cannot be read.
#[inline(never)]
pub(crate) fn section(file: Fd, name: &[u8]) -> Result<Option<Place>, Errno> {
    let mut head = [0; 52];
    read_at(file, 0, &mut head)?;
    let wide = match head {
        [0x7f, b'E', b'L', b'F', class @ (1 | 2), 1, ..] => class == 2,
        _ => return Err(Errno::ENOEXEC),
    };
    let mut tail = [0; 64];
    if wide {
        read_at(file, 0, &mut tail)?;
    } else {
        tail.iter_mut().zip(head).for_each(|(to, from)| *to = from);
    }
    // e_shoff; then e_shentsize, e_shnum and e_shstrndx in a row.
    let (table, rest) = if wide { (field(&tail, 0x28, 8), 0x3a) } else { (field(&tail, 0x20, 4), 0x2e) };
    let size = field(&tail, rest, 2);
    let entry = |index: u32| -> Result<(u32, Place), Errno> {
        let mut header = [0; 40];
        read_at(file, table.wrapping_add(index.wrapping_mul(size)), &mut header)?;
        // sh_name, sh_offset, sh_size
        let (offset, length) = if wide { (0x18, 0x20) } else { (0x10, 0x14) };
        Ok((field(&header, 0, 4), (field(&header, offset, 4), field(&header, length, 4))))
    };
    let (_, (names, _)) = entry(field(&tail, rest + 4, 2))?;
    for index in 0..field(&tail, rest + 2, 2) {
        let (at, place) = entry(index)?;
        let mut this = [0; 16];
        let this = this.get_mut(..name.len() + 1).unwrap_or_default();
        match read_at(file, names.wrapping_add(at), this) {
            Ok(()) if this.strip_prefix(name) == Some(&[0]) => return Ok(Some(place)),
            // The last names of a file may be shorter than ours.
            Ok(()) | Err(Errno::ENOEXEC) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(None)
}
