//! The interactive shell: it prompts, reads a line, runs it, and goes on after an error.
//!
//! Where the terminal can move its cursor, the line is read with the editor (`session`); else byte by byte, here.

mod complete;
pub(crate) mod editor;
mod ends;
mod history;
mod prompt;
mod screen;
mod session;
mod text;

use crate::flow::{Flow, FlowResult};
use crate::interactive::editor::{Host, Line};
use crate::jobs::signals::take_interrupt;
use crate::options::opt;
use crate::parse::source::{Mode, Source};
use crate::run::nesting::Nesting;
use crate::shell::Shell;
use sys::fs::{self, Fd};
use sys::{tty, Buf, Errno};

impl Shell<'_> {
    /// Runs the commands that are typed at a prompt. An error ends the command, not the shell.
    pub(crate) fn run_interactive(&mut self, src: &mut Source) -> FlowResult {
        let mode = src.mode;
        loop {
            // The end of input ended only what was read last.
            src.mode = mode;
            match self.run_source(src, false) {
                Ok(()) if self.opts.has(opt::IGNOREEOF) && tty::is(Fd::STDIN) => {
                    sys::out::complain(&[b"use exit to leave the shell"]);
                }
                Ok(()) if self.stays() => {}
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

    /// After an error at a prompt: leaves all loops, functions and redirections.
    fn recover(&mut self) {
        self.unredirect(0);
        self.restore_locals(0);
        self.interrupted = false;
        self.nesting = Nesting::default();
        self.line = 0;
        (self.in_condition, self.by_command, self.syntax) = (false, false, false);
        self.running = crate::shell::NOTHING;
        self.traps.set_running(None);
    }

    /// Prompts for a line, reads it and appends it to `out`; `first`: it starts a command. False at the end of input,
    /// and when the line was given up (then `interrupted` is set).
    pub(crate) fn read_line(&mut self, first: bool, out: &mut Buf) -> bool {
        if first {
            self.report_jobs();
        }
        let _ = self.out.flush();
        // What was meant for something before takes no prompt and no command away.
        if take_interrupt() {
            self.status = 130;
        }
        let end = if self.can_edit() {
            self.edit_line(first, out)
        } else {
            let mut prompt = self.prompt(first, 0);
            // What the editor does not count has no marks here.
            prompt.retain(|&c| c > 2);
            self.read_plain(&prompt, out)
        };
        take_interrupt();
        if end == Line::Interrupted {
            self.interrupted = true;
            self.status = 130;
        }
        end == Line::Entered
    }

    fn read_plain(&mut self, prompt: &[u8], out: &mut Buf) -> Line {
        let _ = fs::write_all(Fd::STDERR, prompt);
        let old = out.len();
        let mut b = [0];
        loop {
            match fs::read_once(Fd::STDIN, &mut b) {
                Ok(0) if out.len() > old => return Line::Entered,
                Ok(1) => {
                    if b[0] != 0 {
                        out.push(b[0]);
                    }
                    if b[0] == b'\n' {
                        return Line::Entered;
                    }
                }
                Err(Errno::EINTR) => {
                    if let Some(end) = self.signalled() {
                        sys::out::complain(&[]);
                        return end;
                    }
                }
                _ => return Line::End,
            }
        }
    }
}
