//! Lines of an input, of any length, without a copy of each.

use super::search;
use sys::fs::{self, Fd};
use sys::{Buf, Errno};

/// The room for what is read, which a longer line makes larger.
const ROOM: usize = if cfg!(mote_nommu) { 1024 } else { 32 << 10 };

/// An open file, and what has been read of it.
pub struct Input {
    fd: Fd,
    mark: u8,
    room: Buf,
    start: usize,
    end: usize,
    ended: bool,
    /// Why reading ended early.
    pub why: Option<Errno>,
}

impl Input {
    /// Of `fd` from where it stands; `mark` ends a line.
    pub fn new(fd: Fd, mark: u8) -> Input {
        Input { fd, mark, room: Buf::new(), start: 0, end: 0, ended: false, why: None }
    }

    /// The next line with its mark, which the last one may lack; `None` at the end.
    #[inline(never)]
    pub fn line(&mut self) -> Option<&[u8]> {
        let mut from = self.start;
        loop {
            if let Some(n) = search::byte(self.room.get(from..self.end)?, self.mark) {
                let start = core::mem::replace(&mut self.start, from + n + 1);
                return self.room.get(start..self.start);
            }
            if self.ended {
                let start = core::mem::replace(&mut self.start, self.end);
                return self.room.get(start..self.end).filter(|line| !line.is_empty());
            }
            from = self.end - self.start;
            self.fill();
        }
    }

    /// The next bytes, as many as there are; `None` at the end.
    pub fn chunk(&mut self) -> Option<&[u8]> {
        if self.start == self.end {
            self.fill();
        }
        let start = core::mem::replace(&mut self.start, self.end);
        self.room.get(start..self.end).filter(|chunk| !chunk.is_empty())
    }

    /// Reads behind what is left, which moves to the front.
    #[inline(never)]
    fn fill(&mut self) {
        let left = self.end - self.start;
        if self.start > 0 {
            self.room.copy_within(self.start..self.end, 0);
        }
        (self.start, self.end) = (0, left);
        if left == self.room.len() {
            self.room.pad((2 * left).max(ROOM), 0);
        }
        match fs::read(self.fd, self.room.get_mut(left..).unwrap_or_default()) {
            Ok(n @ 1..) => self.end += n,
            r => {
                self.why = r.err();
                self.ended = true;
            }
        }
    }

    /// The error that ended reading, if one did.
    pub fn result(&self) -> Result<(), Errno> {
        self.why.map_or(Ok(()), Err)
    }
}

/// The line without its mark.
pub fn bare(line: &[u8], mark: u8) -> &[u8] {
    line.strip_suffix(&[mark]).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::ZStr;

    #[test]
    fn lines_of_any_length_and_chunks() {
        let file = std::env::temp_dir().join(format!("mote-input-{}", std::process::id()));
        let long = "x".repeat(ROOM - 1);
        let text = format!("a\n\n{long}\n{long}{long}{long}\nb\nlast");
        std::fs::write(&file, &text).unwrap();
        let path = std::ffi::CString::new(file.to_str().unwrap()).unwrap();
        let open = || fs::open_read(ZStr::new(&path)).unwrap();
        let opened = open();
        let mut input = Input::new(*opened, b'\n');
        let mut seen = Vec::new();
        while let Some(line) = input.line() {
            seen.push(String::from_utf8(line.to_vec()).unwrap());
        }
        assert_eq!(seen.concat(), text);
        assert_eq!(seen.len(), 6);
        assert_eq!(input.line(), None);
        assert_eq!(input.result(), Ok(()));
        let opened = open();
        let mut input = Input::new(*opened, b'\n');
        let mut all = Vec::new();
        while let Some(chunk) = input.chunk() {
            all.extend_from_slice(chunk);
        }
        assert_eq!(all, text.as_bytes());
        std::fs::remove_file(&file).unwrap();
        let folder = fs::open_read(ZStr::new(c"/")).unwrap();
        let mut input = Input::new(*folder, b'\n');
        assert_eq!(input.line(), None);
        assert_eq!(input.result(), Err(Errno::EISDIR));
    }
}
