//! Reads a file line by line, of any size, in a fixed buffer and the room of its longest line.

use sys::fs::{self, Owned};
use sys::zstr::position;
use sys::{Buf, Errno};

/// Bytes that are read at once.
const SIZE: usize = if cfg!(mote_nommu) { 256 } else { 1024 };

/// A file, and the line that was read last.
pub struct Lines {
    file: Owned,
    mark: u8,
    chunk: [u8; SIZE],
    at: usize,
    end: usize,
    /// The line, without its mark.
    pub line: Buf,
    /// Why reading ended early.
    pub why: Option<Errno>,
}

impl Lines {
    /// Of an open file from where it stands; `mark` ends a line.
    pub fn new(file: Owned, mark: u8) -> Lines {
        Lines { file, mark, chunk: [0; SIZE], at: 0, end: 0, line: Buf::new(), why: None }
    }

    /// Reads the next line; `false` at the end.
    pub fn read(&mut self) -> bool {
        self.line.clear();
        self.append()
    }

    /// Reads the next line behind the one that is there; `false` at the end.
    #[inline(never)]
    pub fn append(&mut self) -> bool {
        loop {
            let rest = self.chunk.get(self.at..self.end).unwrap_or_default();
            if rest.is_empty() {
                match fs::read(*self.file, &mut self.chunk) {
                    Ok(n @ 1..) => (self.at, self.end) = (0, n),
                    r => {
                        self.why = r.err();
                        return !self.line.is_empty();
                    }
                }
                continue;
            }
            let mark = position(rest, self.mark);
            let n = mark.unwrap_or(rest.len());
            self.line.extend_from_slice(rest.get(..n).unwrap_or_default());
            self.at += n + 1;
            if mark.is_some() {
                return true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::ZStr;

    #[test]
    fn lines_of_any_length() {
        let file = std::env::temp_dir().join(format!("mote-lines-{}", std::process::id()));
        let long = "x".repeat(2047);
        std::fs::write(&file, format!("a\n\n{long}\n{long}{long}{long}\nlast")).unwrap();
        let path = std::ffi::CString::new(file.to_str().unwrap()).unwrap();
        let mut lines = Lines::new(fs::open(ZStr::new(&path), 0, 0).unwrap(), b'\n');
        let mut seen = Vec::new();
        while lines.read() {
            seen.push(String::from_utf8(lines.line.to_vec()).unwrap());
        }
        std::fs::remove_file(&file).unwrap();
        assert_eq!(seen, ["a", "", &long, &long.repeat(3), "last"]);
        assert_eq!(lines.why, None);
    }

    #[test]
    fn an_error_ends_them() {
        let mut lines = Lines::new(fs::open(ZStr::new(c"/"), 0, 0).unwrap(), b'\n');
        assert!(!lines.read());
        assert_eq!(lines.why, Some(Errno::EISDIR));
    }
}
