//! The lines entered before, in memory and in a file.
//!
//! The file grows by whole lines, each appended by one write, so that shells side by side and a crash lose
//! nothing; when it has twice the lines to be kept it is replaced.

use sys::fs;
use sys::zstr::cut;
use sys::{process, Buf, List, Result, ToBuf};
use util::file::read::to_end;
use util::file::replace::replace;

/// The longest line that is kept: bytes.
const LONGEST: usize = if cfg!(mote_nommu) { 256 } else { 4 << 10 };

/// How a line is added.
const APPEND: u32 = fs::O_WRONLY | fs::O_APPEND | fs::O_CREAT | fs::O_NOFOLLOW | fs::O_CLOEXEC;

/// How much of the file's end is read at most.
const READ: i64 = 64 * LONGEST as i64;

/// The lines entered before.
pub(crate) struct History {
    lines: List<Buf>,
    most: usize,
    file: Buf, // empty: none
    in_file: usize,
    torn: bool,
}

impl History {
    pub(super) const fn new() -> History {
        History { lines: List::new(), most: 100, file: Buf::new(), in_file: 0, torn: false }
    }

    /// The lines, the oldest first.
    pub(crate) fn lines(&self) -> &[Buf] {
        &self.lines
    }

    /// Keeps at most `most` lines, in `file` too if it is not empty; reads what that one holds.
    pub(crate) fn open(&mut self, file: &[u8], most: usize) {
        self.most = most;
        self.file = file.buf();
        // What is no file could block, or never end; a link or a file of somebody else is not for us to write to.
        if fs::lstat(self.file.z())
            .is_ok_and(|s| fs::kind(&s) != fs::S_IFREG || s.stx_uid != process::geteuid())
        {
            self.file.clear();
        }
        // A file that is not there yet will be made.
        let _ = self.load();
    }

    #[inline(never)]
    fn load(&mut self) -> Result<()> {
        self.lines.clear();
        self.in_file = 0;
        let f = fs::open_read(self.file.z())?;
        let mut all = Buf::new();
        let within = fs::lseek(*f, -READ, fs::SEEK_END).is_ok_and(|at| at > 0);
        to_end(*f, &mut all)?;
        self.torn = all.last().is_some_and(|&c| c != b'\n');
        let mut rest = &all[..];
        if within {
            // Not from the middle of a line; what was passed over makes the file too long.
            cut(&mut rest, b'\n');
            self.in_file = 2 * self.most;
        }
        while !rest.is_empty() {
            self.keep(cut(&mut rest, b'\n'));
            self.in_file += 1;
        }
        Ok(())
    }

    #[inline(never)]
    fn keep(&mut self, line: &[u8]) -> bool {
        let again = self.lines.last().is_some_and(|l| l == line);
        if line.is_empty() || line.len() > LONGEST || again || self.most == 0 {
            return false;
        }
        if self.lines.len() >= self.most {
            self.lines.remove(0);
        }
        self.lines.push(line.buf());
        true
    }

    /// Adds what was entered, each line by itself. A line like the last one is not added.
    #[inline(never)]
    pub(crate) fn add(&mut self, mut text: &[u8]) {
        while !text.is_empty() {
            let line = cut(&mut text, b'\n');
            // A file that cannot be written is no reason to disturb somebody who types.
            if self.keep(line) && !self.file.is_empty() && self.append(line).is_ok() {
                self.in_file += 1;
                if self.in_file > 2 * self.most {
                    let _ = self.shorten();
                }
            }
        }
    }

    #[inline(never)]
    fn append(&mut self, line: &[u8]) -> Result<()> {
        let f = fs::open(self.file.z(), APPEND, 0o600)?;
        let mut whole = Buf::new();
        if core::mem::take(&mut self.torn) {
            whole.push(b'\n');
        }
        whole.extend_from_slice(line);
        whole.push(b'\n');
        fs::write_all(*f, &whole)
    }

    /// Writes the file anew with the last lines of all shells.
    #[inline(never)]
    fn shorten(&mut self) -> Result<()> {
        self.load()?;
        let mut whole = Buf::new();
        for line in &self.lines {
            whole.extend_from_slice(line);
            whole.push(b'\n');
        }
        replace(&self.file, 0o600, &mut |f| fs::write_all(f, &whole))?;
        self.in_file = self.lines.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("mote-history-{}-{name}", std::process::id()))
    }

    #[test]
    fn lines_go_to_the_file_and_come_back() {
        let path = file("a");
        let mut h = History::new();
        h.open(path.to_str().unwrap().as_bytes(), 5);
        for l in ["one", "two", "two", "", "x\ny"] {
            h.add(l.as_bytes());
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nx\ny\n");
        let mut h = History::new();
        h.open(path.to_str().unwrap().as_bytes(), 3);
        assert_eq!(h.lines(), [b"two".to_vec(), b"x".to_vec(), b"y".to_vec()]);
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_file_is_bounded() {
        let path = file("b");
        let mut h = History::new();
        h.open(path.to_str().unwrap().as_bytes(), 4);
        for n in 0..100 {
            h.add(format!("line {n}").as_bytes());
            assert!(std::fs::read_to_string(&path).unwrap().lines().count() <= 9);
        }
        assert_eq!(h.lines().len(), 4);
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("line 98\nline 99\n"));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn devices_are_no_history() {
        for path in ["/dev/zero", "/dev/null", "/", "/nonexistent/file"] {
            let mut h = History::new();
            h.open(path.as_bytes(), 5);
            h.add(b"line");
            assert_eq!(h.lines(), [b"line".to_vec()]);
        }
    }

    #[test]
    fn a_link_is_no_history_and_of_a_huge_file_the_end_is_one() {
        let (path, link) = (file("d"), file("e"));
        let big = "x".repeat(READ as usize) + "\nlast\n";
        std::fs::write(&path, &big).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut h = History::new();
        h.open(link.to_str().unwrap().as_bytes(), 5);
        assert!(h.lines().is_empty());
        h.add(b"line");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), big);
        h.open(path.to_str().unwrap().as_bytes(), 5);
        assert_eq!(h.lines(), [b"last".to_vec()]);
        h.add(b"line");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "last\nline\n");
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(&link).unwrap();
    }

    #[test]
    fn a_torn_line_stays_by_itself() {
        let path = file("c");
        std::fs::write(&path, "whole\nto").unwrap();
        let mut h = History::new();
        h.open(path.to_str().unwrap().as_bytes(), 5);
        h.add(b"next");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "whole\nto\nnext\n");
        std::fs::remove_file(&path).unwrap();
    }
}
