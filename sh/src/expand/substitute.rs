//! Command substitution (POSIX 2.6.3).
//!
//! The list runs in the shell's own process and its output is gathered in memory, until it is about to do
//! what only a subshell may do: change anything but variables, which are restored in the end, or use
//! descriptor 1. There [`Shell::separate`] forks. The child goes on from that very place as the subshell,
//! with a pipe as its standard output; the shell goes back to where the substitution started and reads the
//! rest. A command from a file that comes last needs no subshell at all: it writes to the pipe itself.

use crate::expand::fields::Fields;
use crate::jobs::{Job, Task, What};
use crate::run::redir::{move_fd, read_all, shut};
use crate::{opt, vars, Done, Failed, Flow, Shell, R};
use alloc::boxed::Box;
use core::mem::replace;
use sys::fs::Fd;
use sys::{process, Buf, List};
use util::text::eq;
use util::Truth;

/// A variable to be restored: number, text, flags.
pub(crate) type Saved = (usize, Buf, u8);

/// The substitution that runs in the shell's process.
#[derive(Default)]
pub(crate) struct Capture {
    /// The first of `undo` that belong to it.
    mark: usize,
    /// What variables were before.
    undo: List<Saved>,
    /// The process that it is by now, and where its output comes from.
    child: Option<(Box<Job>, Fd)>,
}

/// May `text`, an operand or a file's name, be about the descriptors that a process has?
pub(crate) fn reveals(text: &[u8]) -> bool {
    // What begins with these letters is mostly in /dev or /proc; `stdout` and `fd/1` are, too.
    matches!(text, [b'-', b't'] | [b'/', b'd' | b'p', ..] | [.., b'u', b't'] | [.., b'/', b'1'])
        && !eq(text, b"/dev/null")
}

impl Shell<'_> {
    /// Runs a list for its output, without the newlines at its end.
    #[inline(never)]
    pub(crate) fn substitute(&mut self, list: &[u8]) -> Done<Buf> {
        if self.gone {
            return Err(Failed);
        }
        let mut v = match self.contents(list) {
            Some(v) => v,
            None => self.output(list)?,
        };
        v.retain(|&c| c != 0);
        while v.last() == Some(&b'\n') {
            v.pop();
        }
        Ok(v)
    }

    /// Runs a list for its output.
    fn output(&mut self, list: &[u8]) -> Done<Buf> {
        let mut v = if crate::REEXEC {
            // What runs here could not go on elsewhere.
            let (read, write) = self.new_pipe()?;
            let mut job = Job::hidden();
            let task = Task { output: write, close: read, ..Task::new(What::List, list) };
            self.start_process(&mut job, true, &task)?;
            self.capture.child = Some((job, read));
            Buf::new()
        } else {
            self.run_here(list)
        };
        self.gone = false;
        if let Some((job, read)) = self.capture.child.take() {
            read_all(read, &mut v);
            shut(read);
            self.foreground(job)?;
        }
        if replace(&mut self.lost, false) {
            return self.fail(2);
        }
        self.substituted = self.status;
        Ok(v)
    }

    /// Runs a list as a substitution in this process, as far as it can; its output.
    fn run_here(&mut self, mut list: &[u8]) -> Buf {
        let last = self.last.clone();
        let outer = (self.capturing, self.capture.mark, self.opts, self.place, self.option_place);
        let clocks = self.vars.clocks();
        let locals = self.locals.len();
        let out = self.out.capture();
        self.capture.mark = self.capture.undo.len();
        self.capturing = true;
        // As in `enter_subshell`.
        self.opts &= !(opt::MONITOR | opt::INTERACTIVE);
        // Whoever asks for numbers of processes gets another one here. And where memory is limited
        // (RLIMIT_AS), a list that uses up too much of it must not take the shell along.
        let limited = process::getrlimit(9).is_ok_and(|l| (l.soft as i64) >= 0);
        let told = limited || self.vars.find(b"BASHPID") != vars::NOWHERE;
        let r = if told { self.separate() } else { Ok(()) };
        let r = r.and_then(|()| self.list(&mut list, true));
        if !self.capturing {
            // This is the process that `separate` has started.
            self.leave(r);
        }
        self.restore_locals(locals);
        self.last = last;
        while self.capture.undo.len() > self.capture.mark {
            if let Some(v) = self.capture.undo.pop() {
                self.put_back(v);
            }
        }
        (self.capturing, self.capture.mark, self.opts, self.place, self.option_place) = outer;
        self.vars.set_clocks(clocks);
        self.out.release(out)
    }

    /// To be called before what only a subshell may do: a substitution that runs in this process becomes
    /// one of its own, in which this returns. In the shell it is an error, as if the subshell had ended.
    #[inline(never)]
    pub(crate) fn separate(&mut self) -> R {
        if crate::REEXEC || !self.capturing {
            return Ok(());
        }
        if self.gone {
            return Err(Flow::Exit);
        }
        let pipe = self.new_pipe();
        let mut job = Job::hidden();
        let mut started = Err(Failed);
        if let Ok((read, write)) = pipe {
            started = self.fork(&mut job, true);
            if started == Ok(Truth::Yes) {
                shut(read);
                move_fd(write, 1);
                self.out.divert();
                self.capturing = false;
                return Ok(());
            }
        }
        self.gather(job, pipe, started.is_ok())
    }

    /// The rest of the substitution comes from `job`, through a pipe; if it was started: what failed has been
    /// told.
    pub(crate) fn gather(&mut self, job: Box<Job>, pipe: Done<(Fd, Fd)>, started: bool) -> R {
        (self.gone, self.lost) = (true, !started);
        if let Ok((read, write)) = pipe {
            shut(write);
            self.capture.child = Some((job, read));
        }
        Err(Flow::Exit)
    }

    /// Before a builtin or an applet runs in this process: its arguments may ask about descriptors.
    pub(crate) fn separate_for(&mut self, f: &Fields) -> R {
        if self.capturing && (1..f.len()).any(|i| reveals(f.get(i))) {
            return self.separate();
        }
        Ok(())
    }

    /// Before variable `i` changes.
    #[inline(never)]
    pub(crate) fn remember(&mut self, i: usize) {
        let known = self.capture.undo.iter().skip(self.capture.mark).any(|u| u.0 == i);
        if let Some(s) = self.vars.syms.get(i).filter(|_| !known) {
            self.capture.undo.push((i, s.text.clone(), s.flags));
        }
    }

    /// Restores a variable.
    pub(crate) fn put_back(&mut self, (i, text, flags): Saved) {
        if let Some(s) = self.vars.syms.get_mut(i) {
            (s.text, s.flags) = (text, flags);
            if flags & vars::DYNAMIC != 0 {
                self.vars.changed(i);
            }
        }
    }
}
