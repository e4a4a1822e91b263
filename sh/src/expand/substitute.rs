//! Command substitution (POSIX 2.6.3).
//!
//! The list starts in the shell's own process, and its output is kept in memory. Changed variables are restored at
//! the end. Before anything else that only a subshell may do (change other state, use descriptor 1),
//! [`Shell::separate`] forks. The child goes on from there as the subshell, with a pipe as its standard output; the
//! shell goes back to where the substitution started and reads the rest from the pipe. If the last command is a
//! file, no subshell is needed: that command writes to the pipe itself.

use crate::descriptors::{move_fd, shut};
use crate::expand::capture::reveals;
use crate::expand::fields::Fields;
use crate::flow::{Failed, Fallible, Flow, FlowResult};
use crate::jobs::job::Job;
use crate::jobs::task::{Task, What};
use crate::options::opt;
use crate::shell::Shell;
use crate::vars::table::NOWHERE;
use alloc::boxed::Box;
use sys::fs::Fd;
use sys::{process, Buf};
use util::Truth;

impl Shell<'_> {
    /// Runs a list for its output, without the newlines at its end.
    #[inline(never)]
    pub(crate) fn substitute(&mut self, list: &[u8]) -> Fallible<Buf> {
        if self.capture.is_gone() {
            return Err(Failed);
        }
        let mut v = match self.contents(list) {
            Some(v) => v,
            None => self.output(list)?,
        };
        self.substituted = self.status;
        v.retain(|&c| c != 0);
        while v.last() == Some(&b'\n') {
            v.pop();
        }
        Ok(v)
    }

    /// Runs a list for its output.
    fn output(&mut self, list: &[u8]) -> Fallible<Buf> {
        let mut v = if crate::jobs::task::REEXEC {
            // What runs here could not go on elsewhere.
            let (read, write) = self.new_pipe()?;
            let mut job = Job::hidden();
            let task = Task { output: write, close: read, ..Task::new(What::List, list) };
            self.start_process(&mut job, true, &task)?;
            self.capture.hand_over(job, read);
            Buf::new()
        } else {
            self.run_here(list)
        };
        if let Some((job, read)) = self.capture.take_child() {
            let failed = self.gather_from(read, &mut v);
            shut(read);
            self.foreground(job)?;
            self.status |= failed;
        }
        if self.capture.take_lost() {
            return self.fail(2);
        }
        Ok(v)
    }

    /// Appends all that comes from `f`; the status.
    #[inline(never)]
    pub(crate) fn gather_from(&mut self, f: Fd, out: &mut Buf) -> u8 {
        match util::file::read::to_end(f, out) {
            Ok(()) => return 0,
            Err(e) => self.complain_of(c"read error", b"", e),
        }
        1
    }

    /// Runs a list as a substitution in this process, as far as it can; its output.
    fn run_here(&mut self, mut list: &[u8]) -> Buf {
        let last = self.last.clone();
        let outer = (self.opts, self.place, self.end, self.option_place);
        let clocks = self.vars.clocks();
        let locals = self.locals.mark();
        let out = self.out.capture();
        let mark = self.capture.begin();
        // As in `enter_subshell`.
        self.opts.turn_off(opt::MONITOR | opt::INTERACTIVE);
        // Whoever asks for numbers of processes gets another one here. And where memory is limited
        // a list that uses up too much of it must not take the shell along.
        let limited = process::getrlimit(process::RLIMIT_AS).is_ok_and(|l| (l.soft as i64) >= 0);
        let visible = limited || self.vars.find(b"BASHPID") != NOWHERE;
        let r = if visible { self.separate() } else { Ok(()) };
        let r = r.and_then(|()| self.list(&mut list, true));
        if !self.capture.is_active() {
            // This is the process that `separate` has started.
            self.leave(r);
        }
        self.restore_locals(locals);
        self.last = last;
        self.capture.end(mark, &mut self.vars);
        (self.opts, self.place, self.end, self.option_place) = outer;
        self.vars.set_clocks(clocks);
        self.out.release(out)
    }

    /// To be called before what only a subshell may do: a substitution that runs in this process becomes
    /// one of its own, in which this returns. In the shell it is an error, as if the subshell had ended.
    #[inline(never)]
    pub(crate) fn separate(&mut self) -> FlowResult {
        if crate::jobs::task::REEXEC || !self.capture.is_active() {
            return Ok(());
        }
        if self.capture.is_gone() {
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
                self.capture.take_over();
                return Ok(());
            }
        }
        self.gather(job, pipe, started.is_ok())
    }

    /// The rest of the substitution comes from `job`, through a pipe; if it was started: what failed has been
    /// told.
    pub(crate) fn gather(&mut self, job: Box<Job>, pipe: Fallible<(Fd, Fd)>, started: bool) -> FlowResult {
        self.capture.leave(!started);
        if let Ok((read, write)) = pipe {
            shut(write);
            self.capture.hand_over(job, read);
        }
        Err(Flow::Exit)
    }

    /// Before a builtin or an applet runs in this process: its arguments may ask about descriptors.
    pub(crate) fn separate_for(&mut self, f: &Fields) -> FlowResult {
        if self.capture.is_active() && (1..f.len()).any(|i| reveals(f.get(i))) {
            return self.separate();
        }
        Ok(())
    }
}
