//! A job: the processes that were started as one, and what has become of them.

use crate::feature::JOBS;
use alloc::boxed::Box;
use sys::process::{self, Status};
use sys::zstr::Texts;
use sys::{signal, tty, Buf, Errno, List};

/// A process of a job, and how it is: `None` while it runs.
#[derive(Default)]
pub(crate) struct Proc {
    pub(crate) pid: i32,
    pub(crate) status: Option<Status>,
}

/// What was started as one.
#[derive(Default)]
pub(crate) struct Job {
    /// Its number for the user; 0 before it has one.
    pub(crate) id: u32,
    /// Greater than those of jobs that were started, stopped or resumed before it.
    pub(crate) turn: u32,
    /// Its process group, 0 if it is ours.
    pub(crate) group: i32,
    pub(crate) procs: List<Proc>,
    pub(crate) text: Buf,
    /// Not a job for the user: command substitutions.
    pub(crate) hidden: bool,
    /// Has its present state been told?
    pub(crate) reported: bool,
    /// The terminal's settings when it was stopped.
    pub(crate) modes: Option<tty::Termios>,
}

/// State of a job; the later ones make the better current job.
#[derive(Clone, Copy, PartialEq, Eq)]
// A word, as `Flow`.
#[repr(u32)]
pub(crate) enum State {
    Done,
    Running,
    Stopped,
}

impl Job {
    pub(crate) fn new(text: Buf) -> Box<Job> {
        Job::boxed(text, false)
    }

    /// One that is none to the user.
    pub(crate) fn hidden() -> Box<Job> {
        Job::boxed(Buf::new(), true)
    }

    // In a box: what is handed on is a word then.
    #[inline(never)]
    fn boxed(text: Buf, hidden: bool) -> Box<Job> {
        Box::new(Job {
            id: 0,
            turn: 0,
            group: 0,
            procs: List::new(),
            text,
            hidden,
            reported: false,
            modes: None,
        })
    }

    /// Takes note of what became of process `pid`, if it is one of these.
    pub(crate) fn note(&mut self, pid: i32, status: Status) -> bool {
        match self.procs.iter_mut().find(|p| p.pid == pid) {
            Some(p) => {
                // 0xffff: it goes on.
                p.status = (status.0 != 0xffff).then_some(status);
                self.reported = false;
                true
            }
            None => false,
        }
    }

    /// Nobody will tell what became of those that run: they are over.
    pub(crate) fn lose(&mut self) {
        for p in &mut self.procs {
            p.status.get_or_insert(Status(127 << 8));
        }
    }

    pub(crate) fn state(&self) -> State {
        let mut s = State::Done;
        for p in &self.procs {
            match p.status {
                None => return State::Running,
                Some(x) if x.stopped().is_some() => s = State::Stopped,
                _ => {}
            }
        }
        s
    }

    pub(crate) fn last_pid(&self) -> i32 {
        self.procs.last().map_or(0, |p| p.pid)
    }

    pub(crate) fn leader(&self) -> i32 {
        self.procs.first().map_or(0, |p| p.pid)
    }

    pub(crate) fn has(&self, pid: i32) -> bool {
        self.procs.iter().any(|p| p.pid == pid)
    }

    /// Exit status: of the last process, or with `pipefail` of the last one that failed.
    pub(crate) fn status(&self, pipefail: bool) -> u8 {
        let mut all = self.procs.iter().rev().map(|p| exit_status(p.status));
        let last = all.next().unwrap_or(0);
        if pipefail && last == 0 {
            return all.find(|&s| s != 0).unwrap_or(0);
        }
        last
    }

    /// The status word that tells how it ended or stopped.
    pub(crate) fn word(&self) -> Status {
        let stopped = self.procs.iter().filter_map(|p| p.status).find(|s| s.stopped().is_some());
        stopped.or(self.procs.last().and_then(|p| p.status)).unwrap_or(Status(0))
    }

    pub(crate) fn resume(&mut self) {
        for p in &mut self.procs {
            if p.status.is_some_and(|s| s.stopped().is_some()) {
                p.status = None;
            }
        }
    }

    /// Sends a signal to it.
    #[inline(never)]
    pub(crate) fn kill(&self, sig: u32) -> sys::Result<()> {
        if JOBS && self.group != 0 {
            return process::kill(-self.group, sig);
        }
        // One that has ended may have given its number to somebody else.
        let mut r = Err(Errno::ESRCH);
        for p in self.procs.iter().filter(|p| p.status.is_none_or(|s| s.stopped().is_some())) {
            r = process::kill(p.pid, sig);
        }
        r
    }
}

/// Exit status as the shell has it: 128 and more for signals.
pub(crate) fn exit_status(s: Option<Status>) -> u8 {
    match s {
        None => 127,
        Some(s) => s.exited().unwrap_or_else(|| 128 + s.signaled().or(s.stopped()).unwrap_or(0)),
    }
}

/// What a shell says when a command dies of a signal, from number 1 on; others go by their names.
static SIGNALS: &[u8] = b"Hangup\0Interrupt\0Quit\0Illegal instruction\0Trace/breakpoint trap\0Aborted\0Bus error\0\
Floating point exception\0Killed\0User defined signal 1\0Segmentation fault\0User defined signal 2\0Broken pipe\0\
Alarm clock\0Terminated";

pub(crate) fn signal_text(sig: u32) -> &'static [u8] {
    Texts::new(SIGNALS).nth(sig as usize - 1).unwrap_or(signal::name(sig))
}
