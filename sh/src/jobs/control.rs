//! Jobs in the foreground and the background, and what the user is told of them (POSIX 2.11).

use crate::decimal::decimal;
use crate::feature::JOBS;
use crate::flow::{Failed, Fallible};
use crate::jobs::job::{signal_text, Job, State};
use crate::options::opt;
use crate::shell::Shell;
use alloc::boxed::Box;
use sys::process::{self, Status};
use sys::{signal, Buf, Errno};

impl Shell<'_> {
    // These are called more often than the address of a part is worth.

    /// Gives the terminal the shell's settings.
    #[inline(never)]
    fn restore_modes(&self) {
        self.terminal.restore_modes();
    }

    /// Enters a job in the table; its place.
    #[inline(never)]
    fn add_job(&mut self, job: Box<Job>) -> usize {
        self.jobs.add(job)
    }

    /// Takes note of what became of process `pid`.
    #[inline(never)]
    fn note_child(&mut self, pid: i32, status: Status) {
        self.jobs.note(pid, status);
    }

    /// Turns job control on or off (`set -m`).
    pub(crate) fn job_control(&mut self, on: bool) {
        if !JOBS {
            return;
        }
        const SIGNALS: u32 = 1 << signal::SIGTSTP | 1 << signal::SIGTTIN | 1 << signal::SIGTTOU;
        let traps = &mut self.traps;
        if !on {
            self.terminal.close();
            traps.ignore(SIGNALS, false);
        } else if !self.terminal.open(|| traps.ignore(SIGNALS, true)) {
            self.complain(c"can't access tty; job control turned off", b"");
            self.opts.turn_off(opt::MONITOR);
        }
    }

    /// Waits for a foreground job and takes its status.
    pub(crate) fn foreground(&mut self, mut job: Box<Job>) -> Fallible {
        let monitor = JOBS && job.group != 0;
        while job.state() == State::Running {
            match process::wait4(-1, if monitor { process::WUNTRACED } else { 0 }) {
                Ok((pid, s)) => {
                    if !job.note(pid, s) {
                        self.note_child(pid, s);
                        if self.opts.has(opt::NOTIFY) && self.opts.has(opt::INTERACTIVE) {
                            self.report_ended();
                        }
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => job.lose(),
            }
        }
        if monitor {
            self.terminal.take_back();
        }
        self.status = job.status(self.opts.has(opt::PIPEFAIL));
        let interactive = self.opts.has(opt::INTERACTIVE);
        if JOBS && job.state() == State::Stopped {
            job.modes = self.terminal.modes();
            self.restore_modes();
            let i = self.add_job(job);
            if !interactive {
                return Ok(());
            }
            sys::out::complain(&[]);
            self.report_job(i);
        } else {
            let word = job.word();
            let sig = word.signaled().unwrap_or(0) as u32;
            if monitor && sig != 0 {
                self.restore_modes();
            } else if monitor {
                self.terminal.note_modes();
            }
            if job.hidden {
                return Ok(());
            }
            if sig != signal::SIGINT || !interactive {
                self.tell_signal(word);
                return Ok(());
            }
            sys::out::complain(&[]);
        }
        // The rest of the list is given up (POSIX.1-2024, 2.11).
        self.interrupted = true;
        Err(Failed)
    }

    /// Tells of which signal a job has died, if that is worth a word.
    #[inline(never)]
    pub(crate) fn tell_signal(&self, word: Status) {
        let Some(sig) = word.signaled().map(|s| s as u32) else { return };
        if sig != signal::SIGINT && sig != signal::SIGPIPE && !self.subshell {
            let core: &[u8] = if word.dumped() { b" (core dumped)" } else { b"" };
            sys::out::complain(&[signal_text(sig), core]);
        }
    }

    /// Enters a job that runs in the background.
    pub(crate) fn add_background(&mut self, job: Box<Job>) {
        // What nobody has waited for is remembered, but not for ever.
        if self.jobs.len() >= 256 {
            self.reap(false);
            if let Some(i) = self.jobs.in_state(State::Done) {
                self.jobs.remove(i);
            }
        }
        let pid = job.last_pid();
        self.jobs.set_last(pid);
        let i = self.add_job(job);
        if JOBS && self.opts.has(opt::INTERACTIVE) {
            let id = self.jobs.get(i).map_or(0, |j| j.id);
            let (id, pid) = (decimal(id as i64), decimal(pid as i64));
            sys::out::complain(&[b"[", &id, b"] ", &pid]);
        }
    }

    /// Notes what has become of children, without waiting, or until something happens. False: there are
    /// none, or a signal came.
    pub(crate) fn reap(&mut self, wait: bool) -> bool {
        let mut options = if wait { 0 } else { process::WNOHANG };
        if self.opts.has(opt::MONITOR) {
            options |= process::WUNTRACED | process::WCONTINUED;
        }
        loop {
            match process::wait4(-1, options) {
                Ok((0, _)) => return true,
                Ok((pid, s)) => {
                    self.note_child(pid, s);
                    if wait {
                        return true;
                    }
                }
                Err(why) => {
                    if why == Errno::ECHILD {
                        self.jobs.lose();
                    }
                    return false;
                }
            }
        }
    }

    /// Before a shell at a prompt ends: does it stay, since there are stopped jobs? It says so once.
    #[inline(never)]
    pub(crate) fn stays(&mut self) -> bool {
        let stays = JOBS && self.opts.has(opt::INTERACTIVE) && self.jobs.warns();
        if stays {
            sys::out::complain(&[b"there are stopped jobs"]);
        }
        stays
    }

    /// Tells what happened to jobs, before a prompt.
    pub(crate) fn report_jobs(&mut self) {
        self.reap(false);
        if JOBS {
            self.report_ended();
        }
    }

    /// Tells what is known to have happened to jobs, and forgets those that are over.
    fn report_ended(&mut self) {
        let mut i = 0;
        while let Some(j) = self.jobs.get(i) {
            if j.state() != State::Running && !j.reported {
                self.report_job(i);
            }
            i += 1;
        }
        self.forget_done(true);
    }

    /// One line about job `i` on standard error.
    pub(crate) fn report_job(&mut self, i: usize) {
        let line = self.job_line(i, false);
        sys::out::complain(&[&line]);
    }

    /// One line about job `i`, which the user knows of then: `[1]+  Running     sleep 1`.
    #[inline(never)]
    pub(crate) fn job_line(&mut self, i: usize, pids: bool) -> Buf {
        self.jobs.line(i, pids)
    }

    /// Continues job `i`, in the foreground or not.
    #[cfg(feature = "jobs")]
    #[inline(never)]
    pub(crate) fn resume(&mut self, i: usize, foreground: bool) -> Fallible {
        let Some(mut job) = self.jobs.remove(i) else { return Ok(()) };
        job.resume();
        if foreground {
            self.terminal.give_to(job.group);
        } else {
            self.out.byte(b'[');
            self.out.dec(job.id as u64);
            self.out.bytes(b"] ");
        }
        self.out.bytes(&job.text);
        self.out.byte(b'\n');
        // Who reads this may already interrupt the job.
        let _ = self.out.flush();
        if foreground {
            if let Some(m) = job.modes.take() {
                self.terminal.set_modes(&m);
            }
        }
        let _ = job.kill(signal::SIGCONT);
        if foreground {
            return self.foreground(job);
        }
        self.jobs.set_last(job.last_pid());
        self.add_job(job);
        self.status = 0;
        Ok(())
    }
}
