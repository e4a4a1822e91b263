//! Where output goes: standard output, files of `w`, and the file that is edited.

use sys::fs::{self, Fd, Owned};
use sys::{Buf, Cx, Errno, List, ToBuf};

/// Standard output, or the file that is edited.
pub(super) const MAIN: usize = 0;

/// Bytes that are kept of an edited file before they are written.
const SIZE: usize = if cfg!(mote_nommu) { 512 } else { 4096 };

struct Output {
    name: Buf,
    file: Option<Owned>,
    /// The last line had no end, which comes before anything more.
    missing: bool,
}

/// All of them, by number.
pub(super) struct Outputs {
    all: List<Output>,
    /// The file that is edited, what is not written yet, and why writing failed.
    pub edited: Option<Fd>,
    pending: Buf,
    pub why: Option<Errno>,
    /// A file that cannot be opened, and why.
    pub wrong: Option<(Buf, Errno)>,
    /// What ends a line.
    pub end: u8,
}

impl Outputs {
    pub(super) fn new(end: u8) -> Outputs {
        let mut all = List::new();
        all.push(Output { name: b"/dev/stdout".buf(), file: None, missing: false });
        all.push(Output { name: b"/dev/stderr".buf(), file: None, missing: false });
        Outputs { all, edited: None, pending: Buf::new(), why: None, wrong: None, end }
    }

    /// The number of a file to write to, which is emptied.
    pub(super) fn open(&mut self, name: &[u8]) -> usize {
        if let Some(n) = self.all.iter().position(|o| o.name == name) {
            // Of an edited file, standard output is another one.
            return if n == MAIN { usize::MAX - 1 } else { n };
        }
        let name = name.buf();
        let flags = fs::O_WRONLY | fs::O_CREAT | fs::O_TRUNC | fs::O_CLOEXEC;
        let file = match fs::open(name.z(), flags, 0o666) {
            Ok(file) => Some(file),
            Err(why) => {
                self.wrong = Some((name.clone(), why));
                None
            }
        };
        self.all.push(Output { name, file, missing: false });
        self.all.len() - 1
    }

    /// Writes text, behind the end of a line if that is missing; `line`: a line, which has its end if `ended`.
    #[inline(never)]
    pub(super) fn write(&mut self, cx: &mut Cx, to: usize, text: &[u8], line: bool, ended: bool) {
        let edits = to == MAIN && self.edited.is_some();
        let (end, index) = (self.end, if to > self.all.len() { MAIN } else { to });
        let Some(o) = self.all.get_mut(index) else { return };
        let mut all = Buf::new();
        if core::mem::replace(&mut o.missing, line && !ended) {
            all.push(end);
        }
        // Standard output keeps it itself.
        if index == MAIN && !edits {
            cx.out.bytes(&all);
            cx.out.bytes(text);
            if line && ended {
                cx.out.byte(end);
            }
            return;
        }
        all.extend_from_slice(text);
        if line && ended {
            all.push(end);
        }
        if edits {
            self.pending.extend_from_slice(&all);
            if self.pending.len() > SIZE {
                self.flush();
            }
            return;
        }
        let done = match &o.file {
            Some(file) => fs::write_all(**file, &all),
            None => fs::write_all(Fd::STDERR, &all),
        };
        if let Err(why) = done {
            let name = o.name.clone();
            cx.fail(&name, why);
        }
    }

    /// Copies what was left of the edited file.
    pub(super) fn copy(&mut self, cx: &mut Cx, text: &[u8]) {
        if !text.is_empty() {
            self.write(cx, MAIN, text, false, true);
        }
    }

    /// Writes what is kept of the edited file.
    #[inline(never)]
    pub(super) fn flush(&mut self) {
        if let (Some(fd), None) = (self.edited, self.why) {
            self.why = fs::write_all(fd, &self.pending).err();
        }
        self.pending.clear();
    }

    /// A new file is edited.
    pub(super) fn edit(&mut self, fd: Fd) {
        self.edited = Some(fd);
        self.why = None;
        self.pending.clear();
        if let Some(o) = self.all.get_mut(MAIN) {
            o.missing = false;
        }
    }
}
