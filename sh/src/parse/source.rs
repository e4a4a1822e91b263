//! Where commands come from: a string, a file, standard input, a prompt.

use crate::options::opt;
use crate::shell::Shell;
use sys::fs::{self, Fd};
use sys::{Buf, List};
use util::text::{after, part};

/// An alias's value in the text.
pub(crate) struct Active {
    pub(crate) name: Buf,
    /// Where it ends.
    pub(crate) end: usize,
    /// Does it end in a blank? Then the word behind it is looked up, too.
    pub(crate) blank: bool,
}

/// How much is read at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing: the text is all there is.
    Text,
    /// Blocks.
    File,
    /// A line, and not a byte more: others read from there as well.
    Shared,
    /// Lines that a user types at a prompt.
    Interactive,
    /// Nothing: reading failed, and that has been told.
    Failed,
}

/// Text to be parsed.
pub(crate) struct Source {
    /// What has been read and is still of use.
    pub(crate) text: Buf,
    /// Start of the current complete command.
    pub(crate) start: usize,
    /// The next byte to look at.
    pub(crate) pos: usize,
    /// Line number at `start`.
    pub(crate) line: u32,
    pub(crate) fd: Fd,
    pub(crate) mode: Mode,
    /// The aliases that are being replaced.
    pub(crate) active: List<Active>,
}

impl Source {
    /// A string.
    pub(crate) fn text(text: Buf, line: u32) -> Source {
        Source { text, start: 0, pos: 0, line, fd: Fd(-1), mode: Mode::Text, active: List::new() }
    }

    /// A descriptor.
    pub(crate) fn file(fd: Fd, mode: Mode) -> Source {
        Source { text: Buf::new(), start: 0, pos: 0, line: 1, fd, mode, active: List::new() }
    }

    /// Forgets what has been parsed: a new complete command starts.
    pub(crate) fn settle(&mut self) {
        let done = part(&self.text, self.start, self.pos);
        self.line += crate::parse::tree::newlines(done);
        if self.pos >= self.text.len() {
            self.text.clear();
            self.active.clear();
            self.pos = 0;
        } else if self.pos > 16384 && self.active.is_empty() {
            self.text.replace(0, self.pos, b"");
            self.pos = 0;
        }
        self.start = self.pos;
    }

    /// Reads more text; false at the end.
    #[inline(never)]
    pub(crate) fn more(&mut self, sh: &mut Shell) -> bool {
        let old = self.text.len();
        match self.mode {
            Mode::Text | Mode::Failed => return false,
            Mode::Interactive => {
                let first = part(&self.text, self.start, self.pos).iter().all(u8::is_ascii_whitespace);
                if !sh.read_line(first, &mut self.text) {
                    // The end stays the end until the shell starts anew: Ctrl-D is typed once.
                    self.mode = Mode::Text;
                    return false;
                }
            }
            Mode::File | Mode::Shared => {
                if let Err(e) = self.read() {
                    self.mode = Mode::Failed;
                    sh.complain_of(c"read error", b"", e);
                    // POSIX.1-2024, sh: an unrecoverable read error while reading commands.
                    sh.status = 128;
                }
            }
        }
        let new = after(&self.text, old);
        if new.is_empty() {
            return false;
        }
        if sh.opts.has(opt::VERBOSE) {
            let _ = fs::write_all(Fd::STDERR, new);
        }
        true
    }

    fn read(&mut self) -> sys::Result<()> {
        // Not on the stack, of which a shell that waits should touch few pages; the heap's first page has room.
        let mut b = alloc::boxed::Box::new([0; 1024]);
        let old = self.text.len();
        let seek = self.mode == Mode::Shared && fs::lseek(self.fd, 0, fs::SEEK_CUR).is_ok();
        while self.text.len() == old {
            let room = if self.mode == Mode::File || seek { b.len() } else { 1 };
            let n = fs::read(self.fd, b.get_mut(..room).unwrap_or_default())?;
            let mut line: &[u8] = part(&b[..], 0, n);
            if line.is_empty() {
                break;
            }
            if seek {
                let n = line.iter().position(|&c| c == b'\n').map_or(line.len(), |n| n + 1);
                if n < line.len() {
                    let _ = fs::lseek(self.fd, n as i64 - line.len() as i64, fs::SEEK_CUR);
                    line = part(line, 0, n);
                }
            }
            self.text.extend(line.iter().filter(|&&c| c != 0));
        }
        Ok(())
    }
}
