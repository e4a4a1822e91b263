//! Reads a table of the kernel from its last line to its first, in a fixed buffer.
//!
//! Such a table can be longer than any buffer: an overlay's mount options alone may take 4 KiB.

use crate::inittab::pull;
use sys::fs::{self, Owned};
use sys::zstr::position;

/// Calls `each` with the first two fields of every line of `f`, the last line first. `text` is the buffer; lines
/// may leave the file meanwhile, but none may come.
pub(crate) fn backwards(text: &mut [u8], f: &Owned, each: &mut dyn FnMut(&mut [u8])) {
    let mut end = u32::MAX;
    while end > 0 {
        let (first, len) = last_lines(text, f, end);
        let lines = text.get_mut(..len).unwrap_or_default();
        lines.rsplit_mut(|&b| b == b'\n').for_each(&mut *each);
        // A line that fits no buffer is passed over.
        end = first.min(end - 1);
    }
}

/// Puts the last lines in front of line `end` into `text`, as many as fit: of each the first two fields. The
/// number of the first of them, and their length.
#[inline(never)]
fn last_lines(text: &mut [u8], f: &Owned, end: u32) -> (u32, usize) {
    let (mut first, mut line, mut blanks, mut len) = (0, 0, 0, 0);
    // These files have no size to ask for.
    let _ = fs::lseek(**f, 0, fs::SEEK_SET);
    let mut piece = [0; 128];
    while let Ok(n @ 1..) = fs::read(**f, &mut piece) {
        for &b in piece.get(..n).unwrap_or_default() {
            blanks += matches!(b, b' ' | b'\t') as u32;
            if line >= end || blanks > 1 && b != b'\n' {
                continue;
            }
            if len == text.len() {
                // The first line makes room. Where there is only this one, what has come of it goes.
                let whole = position(text, b'\n').map(|n| n + 1);
                first = whole.map_or(line, |_| first) + 1;
                len -= pull(text, whole.unwrap_or(len), 0);
            }
            if let Some(slot) = text.get_mut(len).filter(|_| first <= line) {
                *slot = b;
                len += 1;
            }
            if b == b'\n' {
                line += 1;
                blanks = 0;
            }
        }
    }
    (first, len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use sys::ZStr;

    fn read(table: &str, size: usize) -> Vec<String> {
        let file = std::env::temp_dir().join(format!("mote-backwards-{}-{size}", std::process::id()));
        std::fs::write(&file, table).unwrap();
        let path = CString::new(file.to_str().unwrap()).unwrap();
        let f = fs::open_read(ZStr::new(&path)).unwrap();
        let mut lines = Vec::new();
        backwards(&mut vec![b'x'; size], &f, &mut |line| {
            lines.push(String::from_utf8(line.to_vec()).unwrap())
        });
        std::fs::remove_file(&file).unwrap();
        lines.retain(|line| !line.is_empty());
        lines
    }

    #[test]
    fn lines_come_from_the_last_to_the_first() {
        let options = "o".repeat(5000);
        let table: String = (0..100).map(|n| format!("dev{n} /dir{n} type {options} 0 0\n")).collect();
        let right: Vec<String> = (0..100).rev().map(|n| format!("dev{n} /dir{n}")).collect();
        for size in [16, 17, 100, 1000, 10_000] {
            assert_eq!(read(&table, size), right, "{size}");
        }
        assert_eq!(read("", 10), [""; 0]);
    }

    #[test]
    fn lines_that_fit_no_buffer_are_passed_over() {
        let long = "l".repeat(50);
        assert_eq!(read(&format!("a b c\nx {long}\nd e\n"), 20), ["d e", "a b"]);
        assert_eq!(read(&format!("a b c\nx {long}\n{long} y\n"), 20), ["a b"]);
        assert_eq!(read(&format!("{long}\na b"), 20), ["a b"]);
    }
}
