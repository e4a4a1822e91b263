//! The lines of all files, one after the other, and whether there is one more.

use sys::fs::{self, Fd, Owned};
use sys::{Buf, Cx, ZStr};
use util::text::{after, part, search};

/// Bytes that are read at once.
const SIZE: usize = if cfg!(mote_nommu) { 512 } else { 8192 };

/// The files, and where reading is.
pub(super) struct Input<'f> {
    pub files: &'f [ZStr<'static>],
    /// The file that is read, if one is, and its name.
    file: Option<Owned>,
    pub name: ZStr<'static>,
    text: Buf,
    at: usize,
    /// What ends a line.
    pub end: u8,
    /// Read byte by byte, so that what follows is left to others.
    pub single: bool,
    /// Each file has a last line and numbers of its own.
    pub separate: bool,
    /// A file has begun since this was asked.
    pub begun: bool,
}

impl<'f> Input<'f> {
    pub(super) fn new(files: &'f [ZStr<'static>], end: u8) -> Input<'f> {
        let name = ZStr::new(c"-");
        Input {
            files,
            file: None,
            name,
            text: Buf::new(),
            at: 0,
            end,
            single: false,
            separate: false,
            begun: false,
        }
    }

    /// Reads from this file, and no other.
    pub(super) fn only(&mut self, file: Owned, name: ZStr<'static>) {
        (self.file, self.name, self.begun) = (Some(file), name, true);
        self.text.clear();
        self.at = 0;
    }

    /// Reads more of the file; false at its end.
    #[inline(never)]
    fn fill(&mut self, cx: &mut Cx) -> bool {
        let Some(file) = &self.file else { return false };
        if self.at > 0 {
            self.text.replace(0, self.at, b"");
            self.at = 0;
        }
        let mut chunk = [0; SIZE];
        let most = if self.single { 1 } else { SIZE };
        match fs::read(**file, chunk.get_mut(..most).unwrap_or_default()) {
            Ok(n @ 1..) => self.text.extend_from_slice(part(&chunk, 0, n)),
            r => {
                self.file = None;
                if let Err(why) = r {
                    cx.fail_on(self.name, why);
                }
            }
        }
        self.file.is_some()
    }

    /// Is there another line, in this file or the next ones?
    pub(super) fn more(&mut self, cx: &mut Cx) -> bool {
        loop {
            if self.at < self.text.len() || self.fill(cx) {
                return true;
            }
            if !self.open(cx) {
                return false;
            }
        }
    }

    /// Opens the next file that can be opened.
    #[inline(never)]
    fn open(&mut self, cx: &mut Cx) -> bool {
        while let [name, rest @ ..] = self.files {
            self.files = rest;
            self.name = *name;
            let opened = if name.is(b"-") {
                fs::dup_above(Fd::STDIN, 3).map(Owned::new)
            } else {
                fs::open_read(*name)
            };
            // That it is a directory, reading says.
            match opened {
                Ok(file) => {
                    self.file = Some(file);
                    self.begun = true;
                    return true;
                }
                Err(why) => cx.fail_on(*name, why),
            }
        }
        false
    }

    /// Is there another line that `n` and `N` may take?
    pub(super) fn more_here(&mut self, cx: &mut Cx) -> bool {
        !self.is_last(cx)
    }

    /// Is what was read last the last line?
    pub(super) fn is_last(&mut self, cx: &mut Cx) -> bool {
        if self.separate {
            return self.at >= self.text.len() && !self.fill(cx);
        }
        !self.more(cx)
    }

    /// Appends the next line; `Some` says whether it had an end.
    #[inline(never)]
    pub(super) fn line(&mut self, cx: &mut Cx, to: &mut Buf) -> Option<bool> {
        if !self.more(cx) {
            return None;
        }
        let mut looked = 0;
        loop {
            let rest = after(&self.text, self.at);
            if let Some(n) = search::byte(after(rest, looked), self.end) {
                to.extend_from_slice(part(rest, 0, looked + n));
                self.at += looked + n + 1;
                return Some(true);
            }
            looked = rest.len();
            if !self.fill(cx) {
                to.extend_from_slice(after(&self.text, self.at));
                self.text.clear();
                self.at = 0;
                return Some(false);
            }
        }
    }

    /// What is left of the file, read but not used.
    pub(super) fn left(&mut self, cx: &mut Cx, each: &mut dyn FnMut(&mut Cx, &[u8])) {
        loop {
            each(cx, after(&self.text, self.at));
            self.at = self.text.len();
            if !self.fill(cx) {
                return;
            }
        }
    }
}
