//! At a prompt that is no terminal to edit on, and what errors mean at one.

mod complete;
pub(crate) mod editor;
mod history;
mod prompt;
mod screen;
mod session;
mod text;

use crate::interactive::editor::Host;
use crate::parse::source::{Mode, Source};
use crate::{opt, Flow, Shell, R};
use sys::fs::{self, Fd};
use sys::{tty, Buf, Errno};

impl Shell<'_> {
    /// Reads commands from a person; errors end commands, not the shell.
    pub(crate) fn converse(&mut self, src: &mut Source) -> R {
        let mode = src.mode;
        loop {
            // The end of input ended only what was read last.
            src.mode = mode;
            match self.run_source(src, false) {
                Ok(()) if self.opts & opt::IGNOREEOF != 0 && tty::is(Fd::STDIN) => {
                    sys::out::complain(&[b"use exit to leave the shell"]);
                }
                Ok(()) | Err(Flow::Exit) => return Ok(()),
                Err(e) if src.mode == Mode::Failed => return Err(e),
                Err(_) => {
                    if self.status == 2 && !self.syntax {
                        // Not the command's grammar, as scripts are told, but its meaning.
                        self.status = 1;
                    }
                    src.text.clear();
                    (src.start, src.pos) = (0, 0);
                    self.recover();
                }
            }
        }
    }

    /// After an error at a prompt: everything that was going on is over.
    fn recover(&mut self) {
        self.unredirect(0);
        self.restore_locals(0);
        self.interrupted = false;
        (self.loops, self.depth, self.skip, self.line) = (0, 0, 0, 0);
        (self.tested, self.plain, self.syntax) = (false, false, false);
        self.running = crate::NOTHING;
        self.trap_status = None;
    }

    /// Reads a line from a person and appends it; false at the end of input.
    pub(crate) fn read_line(&mut self, first: bool, out: &mut Buf) -> bool {
        if first {
            self.tell_changes();
        }
        let _ = self.out.flush();
        if self.can_edit() {
            return self.edit_line(first, out);
        }
        let mut prompt = self.prompt(first, 0);
        // What the editor does not count has no marks here.
        prompt.retain(|&c| c > 2);
        self.read_plain(&prompt, out)
    }

    fn read_plain(&mut self, prompt: &[u8], out: &mut Buf) -> bool {
        let _ = fs::write_all(Fd::STDERR, prompt);
        let old = out.len();
        let mut b = [0];
        loop {
            match fs::read_once(Fd::STDIN, &mut b) {
                Ok(0) => return out.len() > old,
                Ok(_) => {
                    if b[0] != 0 {
                        out.push(b[0]);
                    }
                    if b[0] == b'\n' {
                        return true;
                    }
                }
                Err(Errno::EINTR) => {
                    if self.signalled().is_some() {
                        sys::out::complain(&[]);
                        self.interrupted = true;
                        self.status = 130;
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
    }
}
