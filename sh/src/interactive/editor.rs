//! The line editor at a prompt: emacs keys, history, completion, UTF-8; at home on a serial line.
//!
//! One byte is read at a time, so that what is typed ahead stays for the commands that follow. Between
//! lines the terminal has the modes that it had before.

use super::{history, screen, text};
pub(crate) use history::History;
use screen::Screen;
use sys::fs::{self, Fd};
use sys::tty::{self, Termios};
use sys::{Buf, Errno, ToBuf};
use util::term::keys::{self, DELETE, META, PASTE};
use util::text::part;
use util::text::utf8::incomplete;

/// What is completed by asking the shell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Commands of any sort.
    Command,
    /// Variables.
    Variable,
}

/// What the editor needs of the shell.
pub(crate) trait Host {
    /// Calls `add` with every name of this kind that starts with `prefix`.
    fn names(&mut self, kind: Kind, prefix: &[u8], add: &mut dyn FnMut(&[u8]));
    /// Appends the value of a variable, if it is set.
    fn variable(&mut self, name: &[u8], out: &mut Buf);
    /// The number that is a variable's value, or `usual`.
    fn setting(&mut self, name: &[u8], usual: u32) -> u32;
    /// A signal came while we waited: runs what is trapped, with the terminal in its own modes; `Some` ends
    /// the line so.
    fn signalled(&mut self) -> Option<Line>;
}

/// How the reading of a line ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// With Enter: the text is there.
    Entered,
    /// With Ctrl-C or a signal: a new prompt is due.
    Interrupted,
    /// Ctrl-D on an empty line, or the terminal is gone.
    End,
}

/// Longest line: what more is typed is dropped.
const LONGEST: usize = if cfg!(mote_nommu) { 1 << 10 } else { 64 << 10 };

/// A line editor with its history.
pub(crate) struct Editor {
    input: Fd,
    pub(super) screen: Screen,
    pub(super) text: Buf,
    pub(super) cur: usize,
    /// What was killed last, and whether the last key killed (1) or this one does (2).
    killed: Buf,
    killing: u8,
    /// The line of the history that is shown, and the new line while it is not.
    shown: usize,
    draft: Buf,
    /// The modes to go back to.
    modes: Option<Termios>,
    /// The lines entered before.
    pub(crate) history: History,
}

impl Editor {
    /// An editor that reads from `input` and shows on `output`.
    pub(crate) fn new(input: Fd, output: Fd) -> Editor {
        Editor {
            input,
            screen: Screen::new(output),
            text: Buf::new(),
            cur: 0,
            killed: Buf::new(),
            killing: 0,
            shown: 0,
            draft: Buf::new(),
            modes: None,
            history: History::new(),
        }
    }

    /// Reads a line behind `prompt` and appends it to `line`, with its newline.
    #[inline(never)]
    pub(crate) fn read_line(&mut self, prompt: &[u8], host: &mut impl Host, line: &mut Buf) -> Line {
        self.raw();
        self.cur = 0;
        self.shown = self.history.lines().len();
        self.screen.wanted = host.setting(b"COLUMNS", 0);
        self.screen.begin(prompt);
        // Only to terminals that tell their size: those that do not may be a plain log.
        let pastes = tty::size(self.input).is_ok_and(|s| s.1 > 0);
        if pastes {
            self.screen.send(b"\x1b[?2004h");
        }
        let end = loop {
            match self.key(host).map(|k| self.act(k, host)) {
                Ok(None) => {}
                Ok(Some(end)) | Err(end) => break end,
            }
        };
        if end == Line::Interrupted {
            self.text.extend_from_slice(b"^C");
        }
        self.screen.leave(&self.text);
        if pastes {
            self.screen.send(b"\x1b[?2004l");
        }
        self.screen.flush();
        self.cooked();
        if end == Line::Entered {
            self.history.add(&self.text);
            line.extend_from_slice(&self.text);
            line.push(b'\n');
        }
        // A long line's room goes back.
        self.text = Buf::new();
        self.draft = Buf::new();
        end
    }

    /// Byte by byte, without echo and signals. Whoever is no terminal stays as it is.
    fn raw(&mut self) {
        let Ok(modes) = tty::get(self.input) else { return };
        self.modes = Some(modes);
        let mut t = modes;
        t.iflag &= !(tty::INLCR | tty::IGNCR | tty::IXON | tty::ISTRIP);
        t.iflag |= tty::ICRNL;
        t.oflag |= tty::OPOST | tty::ONLCR;
        t.lflag &= !(tty::ICANON | tty::ECHO | tty::ISIG | tty::IEXTEN);
        t.cc[tty::VMIN] = 1;
        t.cc[tty::VTIME] = 0;
        let _ = tty::set(self.input, &t, true);
    }

    fn cooked(&mut self) {
        if let Some(modes) = self.modes.take() {
            let _ = tty::set(self.input, &modes, true);
        }
    }

    /// The next byte; an error ends the line.
    #[inline(never)]
    fn byte(&mut self, host: &mut impl Host) -> Result<u8, Line> {
        loop {
            self.screen.flush();
            if self.screen.dead {
                return Err(Line::End);
            }
            let mut b = [0];
            match fs::read_once(self.input, &mut b) {
                Ok(1) => return Ok(b[0]),
                Err(Errno::EINTR) => {
                    // What a trap writes stands above the prompt.
                    self.screen.erase();
                    self.screen.flush();
                    self.cooked();
                    let end = host.signalled();
                    self.raw();
                    self.screen.restart(None);
                    if let Some(end) = end {
                        return Err(end);
                    }
                    self.screen.refresh(&self.text, self.cur);
                }
                // Somebody else left the terminal so.
                Err(Errno::EAGAIN) if fs::set_blocking(self.input).is_ok() => {}
                _ => return Err(Line::End),
            }
        }
    }

    /// The next key: a byte, one with Meta, or what a sequence of the terminal stands for.
    fn key(&mut self, host: &mut impl Host) -> Result<u16, Line> {
        if !incomplete(part(&self.text, 0, self.cur)) {
            self.screen.refresh(&self.text, self.cur);
        }
        keys::next(&mut || self.byte(host))
    }

    /// Does what the key says; `Some` ends the line.
    fn act(&mut self, key: u16, host: &mut impl Host) -> Option<Line> {
        self.killing = self.killing.saturating_sub(1);
        let (cur, len) = (self.cur, self.text.len());
        let left = text::left(&self.text, cur);
        let right = text::right(&self.text, cur);
        match key {
            10 | 13 => return Some(Line::Entered),
            3 => return Some(Line::Interrupted),
            4 if len == 0 => return Some(Line::End),
            4 | DELETE => self.cut(cur, right, false),
            1 => self.cur = 0,
            2 => self.cur = left,
            5 => self.cur = len,
            6 => self.cur = right,
            8 | 127 => self.cut(left, cur, false),
            9 => self.complete(host),
            11 => self.cut(cur, len, true),
            12 => self.screen.clear(),
            14 => self.recall(self.shown + 1),
            16 => self.recall(self.shown.wrapping_sub(1)),
            18 => return self.search(host),
            20 => self.transpose(),
            21 => self.cut(0, cur, true),
            22 => match self.byte(host) {
                Ok(b) => self.insert(&[b]),
                Err(end) => return Some(end),
            },
            23 => self.cut(text::word(&self.text, cur, true, text::in_blanks), cur, true),
            25 => {
                let killed = core::mem::take(&mut self.killed);
                self.insert(&killed);
                self.killed = killed;
            }
            PASTE => return self.paste(host).err(),
            32..=255 => self.insert(&[key as u8]),
            _ => {
                let back = text::word(&self.text, cur, true, text::in_name);
                let forth = text::word(&self.text, cur, false, text::in_name);
                match key ^ META {
                    98 => self.cur = back,
                    102 => self.cur = forth,
                    100 => self.cut(cur, forth, true),
                    8 | 127 => self.cut(back, cur, true),
                    _ => {}
                }
            }
        }
        None
    }

    #[inline(never)]
    pub(super) fn insert(&mut self, b: &[u8]) {
        if self.text.len() + b.len() <= LONGEST {
            self.text.replace(self.cur, 0, b);
            self.cur += b.len();
        }
    }

    /// Removes the bytes between; with `kill` they can be yanked, and one kill adds to that before it.
    #[inline(never)]
    fn cut(&mut self, from: usize, to: usize, kill: bool) {
        if kill {
            let mut gone = part(&self.text, from, to).buf();
            if self.killing == 0 {
                self.killed.clear();
            }
            if from < self.cur {
                core::mem::swap(&mut gone, &mut self.killed);
            }
            self.killed.extend_from_slice(&gone);
            self.killing = 2;
        }
        self.text.replace(from, to.saturating_sub(from), &[]);
        self.cur = from;
    }

    /// Swaps the characters around the cursor, at the end of the line the last two.
    #[inline(never)]
    fn transpose(&mut self) {
        let middle = if self.cur == self.text.len() { text::left(&self.text, self.cur) } else { self.cur };
        let from = text::left(&self.text, middle);
        let to = text::right(&self.text, middle);
        if from < middle {
            let second = (part(&self.text, middle, to)).buf();
            self.cut(middle, to, false);
            self.cur = from;
            self.insert(&second);
            self.cur = to;
        }
    }

    /// Shows line `to` of the history; the one behind the last is the new one.
    #[inline(never)]
    fn recall(&mut self, to: usize) {
        let lines = self.history.lines();
        if to > lines.len() {
            return;
        }
        let old = core::mem::take(&mut self.text);
        if self.shown == lines.len() {
            self.draft = old;
        }
        self.text = lines.get(to).unwrap_or(&self.draft).clone();
        self.shown = to;
        self.cur = self.text.len();
    }

    /// Takes a bracketed paste as it is, up to its end; says so if the line has no room for all of it.
    #[inline(never)]
    fn paste(&mut self, host: &mut impl Host) -> Result<(), Line> {
        const END: &[u8] = b"\x1b[201~";
        let room = LONGEST.saturating_sub(self.text.len()) + END.len();
        let mut b = Buf::new();
        let mut all = true;
        while !b.ends_with(END) {
            let c = self.byte(host)?;
            if b.len() == room {
                // What has no room is forgotten, as soon as it is no part of the mark.
                b.remove(room - END.len());
                all = false;
            }
            b.push(c);
        }
        b.truncate(b.len() - END.len());
        self.insert(&b);
        if !all {
            self.screen.erase();
            self.screen.send(b"paste cut\n");
            self.screen.restart(None);
        }
        Ok(())
    }

    /// Shows the last line before number `from` that holds `wanted`; the number behind it, 0 if there is
    /// none.
    #[inline(never)]
    fn look(&mut self, wanted: &[u8], from: usize) -> usize {
        let lines = self.history.lines();
        let mut n = lines.len().min(from);
        while let Some(line) = lines.get(n.wrapping_sub(1)) {
            if let Some(at) = util::text::find(line, wanted) {
                if !wanted.is_empty() {
                    self.text = line.clone();
                    self.cur = at;
                }
                break;
            }
            n -= 1;
        }
        n
    }

    /// Searches the history backwards while a text is typed. Ctrl-R goes on, Ctrl-G gives up, any other
    /// key takes the line and counts.
    #[inline(never)]
    fn search(&mut self, host: &mut impl Host) -> Option<Line> {
        let saved = self.text.clone();
        let mut wanted = Buf::new();
        // The line behind that where the search begins.
        let mut from = usize::MAX;
        let key = loop {
            let found = self.look(&wanted, from);
            let mut prompt: &[u8] = b"(not found: ";
            if found > 0 {
                prompt = b"(search: ";
                if !wanted.is_empty() {
                    from = found;
                }
            }
            let mut prompt = prompt.buf();
            prompt.extend_from_slice(&wanted);
            prompt.extend_from_slice(b") ");
            let own = self.screen.other_prompt(&prompt);
            let key = self.key(host);
            self.screen.repaint(Some(&own));
            match key {
                Ok(18) => from = from.saturating_sub(1),
                Ok(8 | 127) => {
                    wanted.truncate(text::left(&wanted, wanted.len()));
                    from = usize::MAX;
                }
                Ok(c @ 32..=255) => wanted.push(c as u8),
                _ => break key,
            }
        };
        match key {
            Ok(7) => {
                self.cur = saved.len();
                self.text = saved;
                None
            }
            Ok(key) => {
                if from != usize::MAX {
                    self.shown = from.saturating_sub(1);
                }
                self.act(key, host)
            }
            Err(end) => Some(end),
        }
    }
}
