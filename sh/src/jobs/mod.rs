//! Processes and jobs: start, wait, control (POSIX 2.11; `man 3 termios`, tcsetpgrp).

mod terminal;
pub(crate) mod trap;

use crate::run::redir;
use crate::vars::decimal;
use crate::{opt, Done, Failed, Shell};
use alloc::boxed::Box;
use sys::fs::{self, Fd};
use sys::process::{self, Status};
use sys::signal::{self, Action};
use sys::zstr::Texts;
use sys::{tty, Buf, Errno, List, ZStr};
use util::Truth;

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
    pub(crate) id: u16,
    /// Its process group, 0 if it is ours.
    pub(crate) group: i32,
    pub(crate) procs: List<Proc>,
    pub(crate) text: Buf,
    /// Not a job for the user: command substitutions.
    pub(crate) hidden: bool,
    /// Has its present state been told?
    pub(crate) told: bool,
    /// The terminal's settings when it was stopped.
    modes: Option<tty::Termios>,
}

/// What a subshell is started for.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum What {
    /// To run code: an AND-OR list, a command, a list.
    AndOr,
    Command,
    List,
    /// To write text, a here-document.
    Write,
}

/// A subshell's work.
pub(crate) struct Task<'t> {
    pub(crate) what: What,
    /// A cursor in the shell's tree, or the text.
    pub(crate) code: &'t [u8],
    /// What becomes standard input.
    pub(crate) input: Fd,
    /// What becomes standard output, and the other end of this pipe.
    pub(crate) output: Fd,
    pub(crate) close: Fd,
    /// Does standard error go to standard output?
    pub(crate) errors: bool,
}

/// No descriptor, in a [`Task`].
pub(crate) const NONE: Fd = Fd(-1);

impl<'t> Task<'t> {
    /// With the descriptors that the shell has.
    #[inline(always)]
    pub(crate) fn new(what: What, code: &'t [u8]) -> Task<'t> {
        Task { what, code, input: NONE, output: NONE, close: NONE, errors: false }
    }

    /// In the new process.
    #[inline(always)]
    pub(crate) fn take_descriptors(&self) {
        if self.input != NONE {
            redir::move_fd(self.input, 0);
        }
        if self.output != NONE {
            redir::shut(self.close);
            redir::move_fd(self.output, 1);
            if self.errors {
                let _ = fs::dup3(Fd::STDOUT, Fd::STDERR, 0);
            }
        }
    }
}

/// State of a job.
#[derive(Clone, Copy, PartialEq, Eq)]
// A word, as `Flow`.
#[repr(u32)]
pub(crate) enum State {
    Running,
    Stopped,
    Done,
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
        Box::new(Job { id: 0, group: 0, procs: List::new(), text, hidden, told: false, modes: None })
    }

    /// Takes note of what became of process `pid`, if it is one of these.
    pub(crate) fn note(&mut self, pid: i32, status: Status) -> bool {
        match self.procs.iter_mut().find(|p| p.pid == pid) {
            Some(p) => {
                // 0xffff: it goes on.
                p.status = (status.0 != 0xffff).then_some(status);
                self.told = false;
                true
            }
            None => false,
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
    pub(crate) fn kill(&self, sig: u32) {
        if self.group != 0 {
            let _ = process::kill(-self.group, sig);
        } else {
            for p in &self.procs {
                let _ = process::kill(p.pid, sig);
            }
        }
    }
}

/// In a process in the background without job control.
pub(crate) fn ignore_keyboard() {
    for &s in &[signal::SIGINT, signal::SIGQUIT] {
        let _ = signal::action(s, Action::IGNORE);
    }
}

/// Exit status as the shell has it: 128 and more for signals.
pub(crate) fn exit_status(s: Option<Status>) -> u8 {
    match s {
        None => 127,
        Some(s) => s.exited().unwrap_or_else(|| 128 + s.signaled().or(s.stopped()).unwrap_or(0)),
    }
}

impl Shell<'_> {
    /// In a child: joins process group `group` (0: a new one) and takes the terminal.
    pub(crate) fn enter_group(&self, group: i32, foreground: bool) {
        let _ = process::setpgid(0, group);
        if foreground {
            let g = if group == 0 { process::getpid() as i32 } else { group };
            let _ = tty::set_foreground(self.tty, g);
        }
    }

    /// In the parent: process `pid` has been started for `job`.
    pub(crate) fn started(&mut self, job: &mut Job, pid: i32) {
        job.procs.push(Proc { pid, status: None });
        if self.opts & opt::MONITOR != 0 && !job.hidden {
            if job.group == 0 {
                job.group = pid;
            }
            let _ = process::setpgid(pid, job.group);
        }
    }

    /// Starts a process of `job` that is a subshell and runs `task`. What becomes its standard input and
    /// output is closed here then, and if it cannot be started the other end as well.
    // Inlined, so that where it is called only what the task has is left of it.
    #[inline(always)]
    pub(crate) fn start_process(&mut self, job: &mut Job, foreground: bool, task: &Task) -> Done {
        let child = if crate::REEXEC {
            self.start_again(job, foreground, task).map(|()| Truth::No)
        } else {
            self.fork(job, foreground)
        };
        if child == Ok(Truth::Yes) {
            task.take_descriptors();
            self.perform(task)
        }
        if task.input != NONE {
            redir::shut(task.input);
        }
        if task.output != NONE {
            redir::shut(task.output);
            if child.is_err() {
                redir::shut(task.close);
            }
        }
        child.map(|_| ())
    }

    /// Before a subshell: both are the same in all of them (POSIX 2.5.2, 2.5.3), and may not have been
    /// asked for yet.
    pub(crate) fn settle_ids(&mut self) {
        self.pid();
        self.vars.intern(b"PPID");
    }

    /// Forks a process of `job`; yes in the child, which is a subshell then.
    #[inline(never)]
    pub(crate) fn fork(&mut self, job: &mut Job, foreground: bool) -> Done<Truth> {
        self.settle_ids();
        let pid = match process::fork() {
            Ok(0) => {
                let ignore = self.enter_child(job, foreground);
                self.enter_subshell();
                if ignore {
                    ignore_keyboard();
                }
                return Ok(Truth::Yes);
            }
            Ok(pid) => pid,
            Err(e) => {
                self.complain_of(c"can't fork", b"", e);
                return self.fail(2);
            }
        };
        self.started(job, pid);
        Ok(Truth::No)
    }

    /// In a new process of `job`: its group, and what it reads; allocates nothing. True if it is in the
    /// background without job control, and is to ignore signals from the keyboard.
    pub(crate) fn enter_child(&self, job: &Job, foreground: bool) -> bool {
        if job.hidden {
            return false;
        }
        if self.opts & opt::MONITOR != 0 {
            self.enter_group(job.group, foreground);
            return false;
        }
        // POSIX 2.11: commands in the background ignore these, and read nothing.
        if !foreground && job.procs.is_empty() {
            if let Ok(f) = fs::open(ZStr::new(c"/dev/null"), fs::O_RDONLY, 0) {
                redir::move_fd(f.into_fd(), 0);
            }
        }
        !foreground
    }

    /// What changes in a subshell.
    pub(crate) fn enter_subshell(&mut self) {
        self.opts &= !(opt::MONITOR | opt::INTERACTIVE);
        self.subshell = true;
        // What they replaced is the parent's: kept open here, it would keep readers of a pipe waiting.
        self.forget_redirections();
        if !self.jobs.is_empty() {
            self.outer_jobs = core::mem::take(&mut self.jobs);
        }
        self.reset_traps();
    }

    /// Does what a subshell was started for, and ends.
    #[inline(always)]
    pub(crate) fn perform(&mut self, task: &Task) -> ! {
        let mut code = task.code;
        let r = match task.what {
            What::AndOr => self.and_or(&mut code, true),
            What::Command => self.command(&mut code, true),
            What::List => self.list(&mut code, true),
            What::Write => {
                let _ = signal::action(signal::SIGPIPE, Action::DEFAULT);
                let _ = fs::write_all(Fd::STDOUT, code);
                process::exit(0)
            }
        };
        self.leave(r)
    }

    /// Waits for a foreground job and takes its status.
    pub(crate) fn foreground(&mut self, mut job: Box<Job>) -> Done {
        let monitor = job.group != 0;
        while job.state() == State::Running {
            match process::wait4(-1, if monitor { process::WUNTRACED } else { 0 }) {
                Ok((pid, s)) => {
                    if !job.note(pid, s) {
                        self.jobs.iter_mut().any(|j| j.note(pid, s));
                        if self.opts & opt::NOTIFY != 0 && self.opts & opt::INTERACTIVE != 0 {
                            self.tell_ended();
                        }
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => job
                    .procs
                    .iter_mut()
                    .filter(|p| p.status.is_none())
                    .for_each(|p| p.status = Some(Status(127 << 8))),
            }
        }
        if monitor {
            let _ = tty::set_foreground(self.tty, self.group);
        }
        self.status = job.status(self.opts & opt::PIPEFAIL != 0);
        let word = job.word();
        if job.state() == State::Stopped {
            job.modes = tty::get(self.tty).ok();
            self.restore_modes();
            let i = self.add_job(job);
            sys::out::complain(&[]);
            self.tell(i);
            return Ok(());
        }
        if let Some(sig) = word.signaled().map(|s| s as u32) {
            if monitor {
                self.restore_modes();
            }
            let interactive = self.opts & opt::INTERACTIVE != 0;
            if sig == signal::SIGINT && interactive && !job.hidden {
                sys::out::complain(&[]);
                return Err(Failed);
            }
            if sig != signal::SIGINT && sig != signal::SIGPIPE && !job.hidden && !self.subshell {
                let core: &[u8] = if word.dumped() { b" (core dumped)" } else { b"" };
                sys::out::complain(&[signal_text(sig), core]);
            }
        }
        Ok(())
    }

    /// Enters a job in the table; its place there.
    pub(crate) fn add_job(&mut self, mut job: Box<Job>) -> usize {
        if job.id == 0 {
            job.id = self.jobs.iter().map(|j| j.id).max().unwrap_or(0) + 1;
        }
        self.jobs.push(job);
        self.jobs.len() - 1
    }

    /// Enters a job that runs in the background.
    pub(crate) fn add_background(&mut self, job: Box<Job>) {
        // What nobody has waited for is remembered, but not for ever.
        if self.jobs.len() >= 256 {
            self.reap(false);
            if let Some(i) = self.jobs.iter().position(|j| j.state() == State::Done) {
                self.jobs.remove(i);
            }
        }
        self.last_bg = job.last_pid();
        let i = self.add_job(job);
        if self.opts & opt::INTERACTIVE != 0 {
            let id = self.jobs.get(i).map_or(0, |j| j.id);
            let (id, pid) = (decimal(id as i64), decimal(self.last_bg as i64));
            sys::out::complain(&[b"[", &id, b"] ", &pid]);
        }
    }

    /// Notes what has become of children, without waiting, or until something happens. False: there are
    /// none, or a signal came.
    pub(crate) fn reap(&mut self, wait: bool) -> bool {
        let mut options = if wait { 0 } else { process::WNOHANG };
        if self.opts & opt::MONITOR != 0 {
            options |= process::WUNTRACED | process::WCONTINUED;
        }
        loop {
            match process::wait4(-1, options) {
                Ok((0, _)) => return true,
                Ok((pid, s)) => {
                    self.jobs.iter_mut().any(|j| j.note(pid, s));
                    if wait {
                        return true;
                    }
                }
                Err(_) => return false,
            }
        }
    }

    /// Tells what happened to jobs, before a prompt.
    pub(crate) fn tell_changes(&mut self) {
        self.reap(false);
        self.tell_ended();
    }

    /// Tells what is known to have happened to jobs, and forgets those that are over.
    fn tell_ended(&mut self) {
        let mut i = 0;
        while i < self.jobs.len() {
            let (state, told) = self.jobs.get(i).map_or((State::Running, true), |j| (j.state(), j.told));
            if state != State::Running && !told {
                self.tell(i);
            }
            if state == State::Done {
                self.jobs.remove(i);
            } else {
                i += 1;
            }
        }
    }

    /// One line about job `i` on standard error.
    pub(crate) fn tell(&mut self, i: usize) {
        let line = self.job_line(i, false);
        sys::out::complain(&[&line]);
    }

    /// `[1]+  Running     sleep 1`.
    pub(crate) fn job_line(&mut self, i: usize, pids: bool) -> Buf {
        let mut out = Buf::new();
        let n = self.jobs.len();
        let Some(j) = self.jobs.get_mut(i) else { return out };
        j.told = true;
        out.push(b'[');
        crate::vars::push_decimal(j.id as i64, &mut out);
        out.push(b']');
        out.push(if i + 1 == n {
            b'+'
        } else if i + 2 == n {
            b'-'
        } else {
            b' '
        });
        out.extend_from_slice(b"  ");
        if pids {
            crate::vars::push_decimal(j.leader() as i64, &mut out);
            out.push(b' ');
        }
        let start = out.len();
        match j.state() {
            State::Running => out.extend_from_slice(b"Running"),
            _ => {
                let w = j.word();
                match (w.exited(), w.signaled()) {
                    (Some(0), _) => out.extend_from_slice(b"Done"),
                    (Some(n), _) => {
                        out.extend_from_slice(b"Done(");
                        crate::vars::push_decimal(n as i64, &mut out);
                        out.push(b')');
                    }
                    (_, Some(s)) => out.extend_from_slice(signal_text(s as u32)),
                    _ => out.extend_from_slice(b"Stopped"),
                }
            }
        }
        while out.len() < start + 24 {
            out.push(b' ');
        }
        out.extend_from_slice(&j.text);
        out
    }

    /// Continues job `i`, in the foreground or not.
    #[inline(never)]
    pub(crate) fn resume(&mut self, i: usize, foreground: bool) -> Done {
        let Some(mut job) = self.jobs.remove(i) else { return Ok(()) };
        job.resume();
        if foreground {
            if job.group != 0 {
                let _ = tty::set_foreground(self.tty, job.group);
            }
            // Who reads this may already interrupt the job.
            sys::out::complain(&[&job.text]);
            if let Some(m) = job.modes.take() {
                let _ = tty::set(self.tty, &m, true);
            }
            job.kill(signal::SIGCONT);
            return self.foreground(job);
        }
        job.kill(signal::SIGCONT);
        self.out.bytes(b"[");
        self.out.dec(job.id as u64);
        self.out.bytes(b"] ");
        self.out.bytes(&job.text);
        self.out.byte(b'\n');
        self.last_bg = job.last_pid();
        self.add_job(job);
        self.status = 0;
        Ok(())
    }

    /// In a child that is about to become a command: signals as they should be.
    pub(crate) fn default_signals(&self) {
        trap::for_command(self);
    }
}

/// The job that `%…` (or a process ID) means.
#[inline(never)]
pub(crate) fn find(jobs: &[Box<Job>], spec: &[u8]) -> Option<usize> {
    let n = jobs.len();
    let name = match spec {
        [b'%', rest @ ..] => rest,
        _ => {
            let pid = sys::num::parse_u32(spec)? as i32;
            return jobs.iter().position(|j| j.has(pid));
        }
    };
    match name {
        b"" | b"+" | b"%" => n.checked_sub(1),
        b"-" => n.checked_sub(2).or(n.checked_sub(1)),
        [b'?', part @ ..] if !part.is_empty() => {
            jobs.iter().position(|j| util::text::find(&j.text, part).is_some())
        }
        _ => match sys::num::parse_u32(name) {
            Some(id) => jobs.iter().position(|j| j.id as u32 == id),
            None => jobs.iter().position(|j| j.text.starts_with(name)),
        },
    }
}

/// What a shell says when a command dies of a signal, from number 1 on; others go by their names.
static SIGNALS: &[u8] = b"Hangup\0Interrupt\0Quit\0Illegal instruction\0Trace/breakpoint trap\0Aborted\0Bus error\0\
Floating point exception\0Killed\0User defined signal 1\0Segmentation fault\0User defined signal 2\0Broken pipe\0\
Alarm clock\0Terminated";

fn signal_text(sig: u32) -> &'static [u8] {
    Texts::new(SIGNALS).nth(sig as usize - 1).unwrap_or(signal::name(sig))
}
