//! What is on the screen: the prompt and the line behind it, redrawn where they changed.
//!
//! Only what every terminal knows is sent: BS, CR, and the cursor and erase sequences of ANSI. The cursor
//! is moved relative to where it is, so that output in front of the prompt does no harm.

use super::ends::common;
use super::text;
use sys::fs::{self, Fd};
use sys::{num, tty, Buf, ToBuf};
use util::term::width::{self, BAD};
use util::text::part;

/// Row below the prompt's, column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    row: u32,
    column: u32,
}

pub(super) struct Screen {
    fd: Fd,
    columns: u32,
    /// What the user says that they are (COLUMNS), 0 for nothing.
    pub(super) wanted: u32,
    /// The last line of the prompt.
    prompt: Buf,
    start: Place,
    cursor: Place,
    shown: Buf,
    out: Buf,
    /// The terminal does not take output any more.
    pub(super) dead: bool,
}

impl Screen {
    pub(super) fn new(fd: Fd) -> Screen {
        Screen {
            fd,
            columns: 80,
            wanted: 0,
            prompt: Buf::new(),
            start: Place::default(),
            cursor: Place::default(),
            shown: Buf::new(),
            out: Buf::new(),
            dead: false,
        }
    }

    /// Asks for the width, 80 where nobody knows; is it another one than before? Never waits: a serial
    /// line cannot answer.
    fn measure(&mut self) -> bool {
        let columns = match tty::size(self.fd) {
            _ if self.wanted > 1 => self.wanted,
            Ok((_, n)) if n > 1 => n as u32,
            _ => 80,
        };
        core::mem::replace(&mut self.columns, columns) != columns
    }

    pub(super) fn columns(&self) -> usize {
        self.columns as usize
    }

    /// Sends bytes as they are.
    #[inline(never)]
    pub(super) fn send(&mut self, b: &[u8]) {
        self.out.extend_from_slice(b);
    }

    /// Shows text at the cursor, with nothing in it that a terminal would obey.
    pub(super) fn text(&mut self, b: &[u8]) {
        self.walk(self.cursor, b, true);
    }

    #[inline(never)]
    pub(super) fn flush(&mut self) {
        if fs::write_all(self.fd, &self.out).is_err() {
            self.dead = true;
        }
        self.out.clear();
    }

    /// `ESC [ n letter`, nothing for n = 0.
    #[inline(never)]
    fn csi(&mut self, n: u32, letter: u8) {
        if n == 1 && letter == b'D' {
            self.out.push(8);
        } else if n > 0 {
            self.send(b"\x1b[");
            if n > 1 {
                self.send(num::digits(&mut [0; 64], n as u64, 10));
            }
            self.out.push(letter);
        }
    }

    #[inline(never)]
    fn go(&mut self, to: Place) {
        let at = core::mem::replace(&mut self.cursor, to);
        self.csi(at.row.saturating_sub(to.row), b'A');
        self.csi(to.row.saturating_sub(at.row), b'B');
        self.csi(at.column.saturating_sub(to.column), b'D');
        self.csi(to.column.saturating_sub(at.column), b'C');
    }

    /// Where the text ends that starts at `from`; with `send` it is written, the cursor being there.
    #[inline(never)]
    fn walk(&mut self, from: Place, mut text: &[u8], send: bool) -> Place {
        let mut at = from;
        while let Some(&first) = text.first() {
            let (len, width) = width::next(text);
            let (mut glyph, rest) = text.split_at(len.min(text.len()));
            text = rest;
            let mut width = width as u32;
            let caret = [b'^', first ^ 64];
            if width == BAD as u32 && first != b'\n' {
                // Half a character, no UTF-8 at all, or what would turn the text around.
                (glyph, width) = (b"?", 1);
                if first < 32 || first == 127 {
                    (glyph, width) = (&caret, 2);
                }
            }
            if send {
                self.send(glyph);
            }
            if at.column + width > self.columns || first == b'\n' {
                at = Place { row: at.row + 1, column: 0 };
            }
            if first != b'\n' {
                at.column += width;
            }
            if at.column == self.columns {
                // Most terminals wait at the margin for the next character, some go on at once: this
                // brings both to the next row.
                if send {
                    self.send(b" \r");
                }
                at = Place { row: at.row + 1, column: 0 };
            }
        }
        if send {
            self.cursor = at;
        }
        at
    }

    /// Starts a line with this prompt, in which what stands between \x01 and \x02 and ANSI sequences
    /// have no width.
    pub(super) fn begin(&mut self, prompt: &[u8]) {
        self.measure();
        self.cursor = Place::default();
        self.shown.clear();
        self.show_prompt(prompt);
    }

    #[inline(never)]
    fn show_prompt(&mut self, prompt: &[u8]) {
        let mut rest = prompt;
        let mut last = prompt;
        let mut hidden = false;
        let mut sequence = false;
        while let Some((&c, tail)) = rest.split_first() {
            if c == 27 {
                sequence = true;
            }
            if c == 1 || c == 2 {
                hidden = c == 1;
            } else if hidden || sequence || c == b'\r' {
                self.out.push(c);
                // Ended by a letter, which no `[` is.
                sequence &= c == 27 || c == b'[' || !(64..127).contains(&c);
            } else if c == b'\n' {
                self.out.push(c);
                self.cursor = Place::default();
                last = tail;
            } else {
                let (len, _) = width::next(rest);
                let (glyph, behind) = rest.split_at(len.min(rest.len()));
                self.walk(self.cursor, glyph, true);
                rest = behind;
                continue;
            }
            rest = tail;
        }
        self.start = self.cursor;
        self.prompt = last.buf();
    }

    /// Removes the prompt and the line.
    pub(super) fn erase(&mut self) {
        self.go(Place::default());
        self.send(b"\r\x1b[J");
    }

    /// Draws the prompt, or another one, again where it is.
    pub(super) fn repaint(&mut self, prompt: Option<&[u8]>) {
        self.erase();
        self.restart(prompt);
    }

    /// Draws the prompt at the cursor, which is at the start of a row.
    pub(super) fn restart(&mut self, prompt: Option<&[u8]>) {
        self.cursor = Place::default();
        self.shown.clear();
        let own = core::mem::take(&mut self.prompt);
        self.show_prompt(prompt.unwrap_or(&own));
    }

    /// Draws another prompt for a while; the one to go back to.
    pub(super) fn other_prompt(&mut self, prompt: &[u8]) -> Buf {
        let own = self.prompt.clone();
        self.repaint(Some(prompt));
        own
    }

    /// The terminal has folded the rows anew: so do we to know where the cursor is, and paint all again.
    #[inline(never)]
    fn refold(&mut self, cur: usize) {
        let shown = core::mem::take(&mut self.shown);
        self.cursor = self.walk(self.start, part(&shown, 0, cur), false);
        self.repaint(None);
    }

    /// Brings the screen to `line` with the cursor at byte `cur`.
    #[inline(never)]
    pub(super) fn refresh(&mut self, line: &[u8], cur: usize) {
        if self.measure() {
            self.refold(cur);
        }
        let mut same = common(&self.shown, line);
        while text::within(line, same) || text::within(&self.shown, same) {
            same -= 1;
        }
        let (head, tail) = line.split_at(same.min(line.len()));
        if same < self.shown.len() || !tail.is_empty() {
            let from = self.walk(self.start, head, false);
            self.go(from);
            if same < self.shown.len() {
                self.send(b"\x1b[J");
            }
            self.walk(from, tail, true);
            self.shown.truncate(same);
            self.shown.extend_from_slice(tail);
        }
        let to = self.walk(self.start, part(line, 0, cur), false);
        self.go(to);
    }

    /// Leaves the line: the cursor goes to a new row behind it.
    pub(super) fn leave(&mut self, line: &[u8]) {
        self.refresh(line, line.len());
        self.send(b"\n");
        self.cursor = Place::default();
    }

    /// An empty screen.
    pub(super) fn clear(&mut self) {
        self.send(b"\x1b[H\x1b[2J");
        self.restart(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_masked() {
        let shown = |text: &str| {
            let mut s = Screen::new(Fd(-1));
            s.text(text.as_bytes());
            (String::from_utf8(s.out.to_vec()).unwrap(), s.cursor.column)
        };
        assert_eq!(shown("aé漢😀"), ("aé漢😀".into(), 6));
        assert_eq!(shown("\x1b[\x7f"), ("^[[^?".into(), 5));
        // What turns the text around, from the left-to-right mark to the isolates; a control beyond ASCII.
        assert_eq!(shown("a\u{202e}b\u{200e}\u{2066}\u{9b}"), ("a?b???".into(), 6));
        // Marks stay with the character before.
        assert_eq!(shown("x\u{483}y\u{591}z\u{64b}\u{301}"), ("x\u{483}y\u{591}z\u{64b}\u{301}".into(), 3));
    }
}
