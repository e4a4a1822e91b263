//! Files and pipes of awk.

use sys::env::Envp;
use sys::fs::{self, Fd, Owned};
use sys::{process, shell, Buf, Errno, ToBuf};
use util::text::regex::{Regex, Span};
use util::text::{after, find, part, search};

/// Bytes that are read at once, and written.
const SIZE: usize = if cfg!(mote_nommu) { 2048 } else { 65536 };

/// What divides records.
pub(super) enum Separator<'r> {
    Byte(u8),
    /// Empty lines.
    Paragraph,
    Regex(&'r Regex),
}

/// A file or a pipe. Which one it is, is its kind: `<` a file that is read, `-` a command that is; `>` and `|` the same of
/// what is written.
pub(super) struct Stream {
    pub(super) kind: u8,
    pub(super) name: Buf,
    pub(super) fd: Fd,
    pid: i32,
    /// When writing, what is not written yet. When reading, `at..end` is what is not taken yet.
    pub(super) data: Buf,
    at: usize,
    end: usize,
    eof: bool,
}

impl Stream {
    pub(super) fn new(kind: u8, name: &[u8], fd: Fd) -> Stream {
        Stream { kind, name: name.buf(), fd, pid: 0, data: Buf::new(), at: 0, end: 0, eof: false }
    }

    /// Opens a file (`<`, `>`, `a` to append) or starts a command (`-`, `|`).
    #[inline(never)]
    pub(super) fn open(kind: u8, name: &[u8], envp: Envp) -> Result<Stream, Errno> {
        let mut new = Stream::new(if kind == b'a' { b'>' } else { kind }, name, Fd(-1));
        if kind == b'<' && (name == b"-" || name == b"/dev/stdin") {
            new.fd = Fd::STDIN;
        } else if kind == b'>' && name == b"/dev/stderr" {
            new.fd = Fd::STDERR;
        } else if kind == b'-' || kind == b'|' {
            let (read, write) = fs::pipe2(fs::O_CLOEXEC)?;
            let (ours, theirs, number) =
                if kind == b'-' { (read, write, Fd::STDOUT) } else { (write, read, Fd::STDIN) };
            let theirs = Owned::new(high(theirs)?);
            new.pid = shell::start(new.name.z(), envp, Some((*theirs, number)))?;
            new.fd = high(ours)?;
        } else {
            let how = match kind {
                b'<' => fs::O_RDONLY,
                b'>' => fs::O_WRONLY | fs::O_CREAT | fs::O_TRUNC,
                _ => fs::O_WRONLY | fs::O_CREAT | fs::O_APPEND,
            };
            new.fd = high(fs::open(new.name.z(), how | fs::O_CLOEXEC, 0o666)?)?;
        }
        Ok(new)
    }

    pub(super) fn writes(&self) -> bool {
        matches!(self.kind, b'>' | b'|')
    }

    /// Writes what is buffered.
    #[inline(never)]
    pub(super) fn flush(&mut self) -> Result<(), Errno> {
        let done = if self.writes() { fs::write_all(self.fd, &self.data) } else { Ok(()) };
        if self.writes() {
            self.data.clear();
        }
        done
    }

    /// Writes if there is enough.
    pub(super) fn wrote(&mut self) -> Result<(), Errno> {
        if self.data.len() < SIZE / 8 && self.fd != Fd::STDERR {
            return Ok(());
        }
        self.flush()
    }

    /// Closes it, and waits for a command: its status.
    #[inline(never)]
    pub(super) fn close(mut self) -> (i32, Result<(), Errno>) {
        let done = self.flush();
        if self.fd.0 > 2 {
            let _ = fs::close(self.fd);
        }
        let mut status = 0;
        if self.pid != 0 {
            status = process::wait(self.pid).map_or(-1, self::status);
        }
        (status, done)
    }

    /// Reads more; false at the end.
    #[inline(never)]
    fn fill(&mut self) -> Result<bool, Errno> {
        if self.eof {
            return Ok(false);
        }
        if self.at > 0 {
            // Only the rest of a record stays.
            let rest = part(&self.data, self.at, self.end).buf();
            if let Some(start) = self.data.get_mut(..rest.len()) {
                start.copy_from_slice(&rest);
            }
            (self.at, self.end) = (0, rest.len());
        }
        if self.data.is_empty() {
            self.data.pad(64, 0);
        }
        while self.data.len() < SIZE || self.data.len() - self.end < SIZE / 2 {
            let more = part(&self.data, 0, SIZE).buf();
            self.data.extend_from_slice(&more);
        }
        let n = fs::read(self.fd, self.data.get_mut(self.end..).unwrap_or_default())?;
        self.end += n;
        self.eof = n == 0;
        Ok(n > 0)
    }

    /// Takes a record: where it is in `data`.
    #[inline(never)]
    pub(super) fn record(&mut self, separator: &Separator) -> Result<Option<Span>, Errno> {
        if let Separator::Paragraph = separator {
            loop {
                while self.at < self.end && self.data.get(self.at) == Some(&b'\n') {
                    self.at += 1;
                }
                if self.at < self.end || !self.fill()? {
                    break;
                }
            }
        }
        // What has been looked at in vain.
        let mut seen = 0;
        loop {
            let text = part(&self.data, self.at, self.end);
            let mut span = [Span::NONE];
            let found = match separator {
                Separator::Byte(b) => search::byte(after(text, seen), *b).map(|n| (seen + n, 1)),
                Separator::Paragraph => find(after(text, seen), b"\n\n").map(|n| (seen + n, 2)),
                Separator::Regex(regex) => {
                    let mut from = 0;
                    loop {
                        if !regex.find(text, from, &mut span) {
                            break None;
                        }
                        let [Span { start, end }] = span;
                        if end > start {
                            // It might go on.
                            break (end < text.len() || self.eof).then_some((start, end - start));
                        }
                        from = end + 1;
                        if from > text.len() {
                            break None;
                        }
                    }
                }
            };
            let start = self.at;
            if let Some((len, mark)) = found {
                self.at += len + mark;
                return Ok(Some(Span { start, end: start + len }));
            }
            seen = match separator {
                Separator::Byte(_) => text.len(),
                _ => text.len().saturating_sub(1),
            };
            if !self.fill()? {
                if self.at == self.end {
                    return Ok(None);
                }
                if let (Separator::Regex(_), true) = (separator, !self.eof) {
                    continue;
                }
                let mut end = self.end;
                let last = end.checked_sub(1).and_then(|n| self.data.get(n));
                if matches!(separator, Separator::Paragraph) && last == Some(&b'\n') {
                    end -= 1;
                }
                // A separator at the very end.
                if let Separator::Regex(regex) = separator {
                    let text = part(&self.data, self.at, end);
                    if regex.find(text, 0, &mut span) {
                        let [Span { start, end: behind }] = span;
                        if behind > start && behind == text.len() {
                            end = self.at + start;
                        }
                    }
                }
                let start = self.at;
                self.at = self.end;
                return Ok(Some(Span { start, end }));
            }
        }
    }
}

/// `fd` above those of standard input, output and error, which may be closed: nobody else shall write to it.
fn high(fd: Owned) -> Result<Fd, Errno> {
    if fd.0 > 2 {
        return Ok(fd.into_fd());
    }
    fs::dup_above(*fd, 3)
}

/// The status of a command that has ended: its own, or 256 and the signal.
pub(super) fn status(s: process::Status) -> i32 {
    match s.exited() {
        Some(n) => n as i32,
        None => 256 + s.signaled().unwrap_or(0) as i32,
    }
}
