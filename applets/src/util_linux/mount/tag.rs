//! `LABEL=` and `UUID=`: the block device whose file system has them. Known are ext2 to ext4, FAT and swap;
//! squashfs has neither.
//!
//! Places in the superblocks: `fs/ext4/ext4.h`, `include/linux/swap.h` (`union swap_header`) of the kernel,
//! Microsoft's FAT specification, section 3.

use sys::buf::concat;
use sys::fs::{self, Fd};
use sys::num::digit;
use sys::zstr::cut;
use sys::{Buf, Errno, ToBuf, ZStr};
use util::file::read;

/// Start of a device: all superblocks that we know lie in it.
type Head = [u8; 4096];

/// The device that `name` means: itself, unless it is `LABEL=…` or `UUID=…`, perhaps in quotes.
#[inline(never)]
pub(crate) fn resolve(name: ZStr) -> Result<Buf, Errno> {
    let (uuid, wanted) = match (name.strip_prefix(b"UUID="), name.strip_prefix(b"LABEL=")) {
        (Some(id), _) => (true, id),
        (_, Some(label)) => (false, label),
        _ => return Ok(name.bytes().buf()),
    };
    let bare = match wanted.bytes() {
        [b'"', bare @ .., b'"'] => bare,
        bare => bare,
    };
    let text = read::file(ZStr::new(c"/proc/partitions"))?;
    let mut lines = &text[..];
    while !lines.is_empty() {
        // major, minor, blocks, name, aligned by blanks
        let mut line = cut(&mut lines, b'\n');
        let mut name = line;
        while !line.is_empty() {
            name = cut(&mut line, b' ');
        }
        let path = concat(&[b"/dev/", name]);
        if !name.is_empty() && has(path.z(), uuid, bare) {
            return Ok(path);
        }
    }
    Err(Errno::ENOENT)
}

/// What ext2, swap, FAT32 and FAT12 or 16 are known by.
static MAGICS: &[u8] = b"\x53\xef\0SWAPSPACE2\0FAT\0FAT";
/// Where that stands in each, where the ID and how long it is, where the label and how long it is.
static PLACES: [[u16; 5]; 4] =
    [[1080, 1128, 16, 1144, 16], [4086, 1036, 16, 1052, 16], [82, 67, 4, 71, 11], [54, 39, 4, 43, 11]];

/// Does this device carry it? One that cannot be read does not.
#[inline(never)]
fn has(path: ZStr, uuid: bool, wanted: &[u8]) -> bool {
    let mut head: Head = [0; 4096];
    fs::read_start(Fd::CWD, path, &mut head).is_ok() && carries(&head, uuid, wanted)
}

pub(crate) fn carries(head: &Head, uuid: bool, wanted: &[u8]) -> bool {
    let at = |from: u16, len: u16| head.get(from as usize..(from + len) as usize).unwrap_or_default();
    let mut magics = MAGICS;
    for &[magic, id, id_len, label, len] in &PLACES {
        let wants = cut(&mut magics, 0);
        if at(magic, wants.len() as u16) == wants {
            let id = at(id, id_len);
            return if uuid {
                is_id(id, wanted)
            } else {
                cut(&mut at(label, len), 0).trim_ascii_end() == wanted
            };
        }
    }
    false
}

/// Is `text` this ID? FAT's is a number, shown from its highest byte on.
fn is_id(id: &[u8], text: &[u8]) -> bool {
    let mut n = 0;
    for &b in text {
        if b == b'-' {
            continue;
        }
        let place = if id.len() == 4 { n >> 1 ^ 3 } else { n >> 1 };
        let byte = id.get(place).copied().unwrap_or_default();
        let nibble = if n & 1 == 0 { byte >> 4 } else { byte & 15 };
        if n >= 2 * id.len() || nibble as u32 != digit(b) {
            return false;
        }
        n += 1;
    }
    n == 2 * id.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(parts: &[(usize, &[u8])]) -> Head {
        let mut h = [0; 4096];
        for (at, bytes) in parts {
            h[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        h
    }

    #[test]
    fn labels_and_ids_of_each_kind() {
        let id = *b"\x01\x23\x45\x67\x89\xab\xcd\xef\x00\x11\x22\x33\x44\x55\x66\x77";
        let text = b"01234567-89AB-cdef-0011-223344556677";
        let ext = head(&[(1080, b"\x53\xef"), (1128, &id), (1144, b"root")]);
        let swap = head(&[(4086, b"SWAPSPACE2"), (1036, &id), (1052, b"root")]);
        for h in [&ext, &swap] {
            assert!(carries(h, true, text) && carries(h, false, b"root"));
            assert!(!carries(h, true, &text[..35]) && !carries(h, false, b"roo") && !carries(h, true, b""));
        }
        for h in [
            head(&[(82, b"FAT32   "), (67, b"\x0d\xf0\xad\xba"), (71, b"BOOT       ")]),
            head(&[(54, b"FAT16   "), (39, b"\x0d\xf0\xad\xba"), (43, b"BOOT       ")]),
        ] {
            assert!(carries(&h, true, b"BAAD-F00D") && carries(&h, false, b"BOOT"));
        }
        assert!(!carries(&head(&[]), false, b""));
    }

    #[test]
    fn other_names_are_devices() {
        assert_eq!(resolve(ZStr::new(c"/dev/x=1")).unwrap(), *b"/dev/x=1");
        assert_eq!(resolve(ZStr::new(c"LABEL=no such label here")).unwrap_err(), Errno::ENOENT);
    }
}
