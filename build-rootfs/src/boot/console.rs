//! Reads a guest's console.

use std::io::Read;
use std::sync::mpsc::{self, Receiver};
use std::thread;

/// The output of a guest, as it comes. The channel closes when the guest ends.
pub fn read(mut stdout: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n) = stdout.read(&mut buffer) {
            if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Whether the kernel says that it gave up.
pub fn panicked(console: &[u8]) -> bool {
    find(console, b"Kernel panic - not syncing").is_some()
}

/// Whether the kernel ran out of memory, as far as it says so.
pub fn out_of_memory(console: &[u8]) -> bool {
    let signs: [&[u8]; 4] =
        [b"ut of memory", b"page allocation failure", b"deadlocked on memory", b"error -12"];
    signs.iter().any(|sign| find(console, sign).is_some())
}

/// The last `n` lines, indented, without carriage returns and other control characters.
pub fn last_lines(console: &[u8], n: usize) -> String {
    let text = String::from_utf8_lossy(console);
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let shown = lines.iter().skip(lines.len().saturating_sub(n));
    let clean = |line: &&str| line.chars().filter(|c| !c.is_control() || *c == '\t').collect::<String>();
    shown.map(|line| format!("    {}", clean(line))).collect::<Vec<_>>().join("\n")
}

/// The first place of `needle`.
pub fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, needle)
}

/// Extracts the output of one command from a console: the text between the lines `MARK begin` and `MARK end STATUS`.
/// The guest's terminal turns each `\n` into `\r\n`; this undoes that.
#[derive(Debug)]
pub struct Extractor {
    begin: Vec<u8>,
    end: Vec<u8>,
    pending: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Before,
    Inside,
    After(u8),
}

impl Extractor {
    /// For the marker `mark`.
    pub fn new(mark: &str) -> Extractor {
        Extractor {
            begin: format!("{mark} begin\r\n").into_bytes(),
            end: format!("{mark} end ").into_bytes(),
            pending: Vec::new(),
            state: State::Before,
        }
    }

    /// Whether the command has begun.
    pub fn begun(&self) -> bool {
        self.state != State::Before
    }

    /// The command's status, when it has ended.
    pub fn status(&self) -> Option<u8> {
        match self.state {
            State::After(status) => Some(status),
            _ => None,
        }
    }

    /// Takes console bytes in; returns the command's output among them as far as it is certain.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.pending.extend_from_slice(bytes);
        if self.state == State::Before {
            match find(&self.pending, &self.begin) {
                Some(at) => {
                    self.pending.drain(..at + self.begin.len());
                    self.state = State::Inside;
                }
                None => return Vec::new(),
            }
        }
        if self.state != State::Inside {
            return Vec::new();
        }
        match find(&self.pending, &self.end) {
            Some(at) => {
                if let Some(status) = status_line(&self.pending[at + self.end.len()..]) {
                    self.state = State::After(status);
                }
                self.take(at)
            }
            None => self.take(self.pending.len() - self.held_back()),
        }
    }

    /// How many of the last bytes may belong to the marker, or to a line end.
    fn held_back(&self) -> usize {
        let longest = self.end.len().min(self.pending.len());
        let start = (1..=longest).rev().find(|&n| self.pending.ends_with(&self.end[..n]));
        start.unwrap_or(usize::from(self.pending.ends_with(b"\r")))
    }

    fn take(&mut self, n: usize) -> Vec<u8> {
        // A carriage return before held-back bytes is no line end: a marker follows it.
        let taken: Vec<u8> = self.pending.drain(..n).collect();
        let mut out = Vec::with_capacity(taken.len());
        for (i, &byte) in taken.iter().enumerate() {
            if byte != b'\r' || taken.get(i + 1) != Some(&b'\n') {
                out.push(byte);
            }
        }
        out
    }
}

fn status_line(bytes: &[u8]) -> Option<u8> {
    let end = find(bytes, b"\r\n")?;
    std::str::from_utf8(&bytes[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `console` in pieces of every size; all must give the same.
    fn extract(console: &[u8]) -> (Vec<u8>, Option<u8>) {
        let mut results = (1..=console.len()).map(|size| {
            let mut extractor = Extractor::new("mark");
            let output: Vec<u8> = console.chunks(size).flat_map(|chunk| extractor.feed(chunk)).collect();
            (output, extractor.status())
        });
        let first = results.next().unwrap();
        assert!(results.all(|result| result == first));
        first
    }

    #[test]
    fn output_is_exact() {
        let console = b"Linux\r\nmark begin\r\none\r\ntwo\r\r\nthree\rfour\r\nmark end 7\r\nreboot\r\n";
        assert_eq!(extract(console), (b"one\ntwo\r\nthree\rfour\n".to_vec(), Some(7)));
    }

    #[test]
    fn output_may_lack_the_last_line_end() {
        assert_eq!(extract(b"mark begin\r\nno endmark end 255\r\n"), (b"no end".to_vec(), Some(255)));
        assert_eq!(extract(b"mark begin\r\nmark end 0\r\n"), (Vec::new(), Some(0)));
        assert_eq!(extract(b"mark begin\r\nmarmark\rmark end 0\r\n"), (b"marmark\r".to_vec(), Some(0)));
    }

    #[test]
    fn output_before_the_end_is_already_there() {
        let mut extractor = Extractor::new("mark");
        assert!(!extractor.begun());
        assert_eq!(extractor.feed(b"x\r\nmark begin\r\nhalf"), b"half");
        assert!(extractor.begun());
        assert_eq!(extractor.status(), None);
    }

    #[test]
    fn panic_and_last_lines() {
        let console = b"a\r\n\r\nb\x1b[0m\r\nKernel panic - not syncing: No working init\r\n";
        assert!(panicked(console));
        assert_eq!(last_lines(console, 2), "    b[0m\n    Kernel panic - not syncing: No working init");
    }
}
