//! Subshells: how they are started, and what changes in them (POSIX 2.13).

use crate::descriptors::{move_fd, shut};
use crate::flow::Fallible;
use crate::jobs::job::{Job, Proc};
use crate::jobs::task::{ignore_keyboard, Task, What, NONE, REEXEC};
use crate::options::opt;
use crate::shell::Shell;
use sys::fs::{self, Fd};
use sys::signal::{self, Action};
use sys::{process, ZStr};
use util::Truth;

impl Shell<'_> {
    /// Starts a process of `job` that is a subshell and runs `task`. What becomes its standard input and
    /// output is closed here then, and if it cannot be started the other end as well.
    // Inlined, so that where it is called only what the task has is left of it.
    #[inline(always)]
    pub(crate) fn start_process(&mut self, job: &mut Job, foreground: bool, task: &Task) -> Fallible {
        let child = if REEXEC {
            self.start_again(job, foreground, task).map(|()| Truth::No)
        } else {
            self.fork(job, foreground)
        };
        if child == Ok(Truth::Yes) {
            task.take_descriptors();
            self.perform(task)
        }
        if task.input != NONE {
            shut(task.input);
        }
        if task.output != NONE {
            shut(task.output);
            if child.is_err() {
                shut(task.close);
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
    pub(crate) fn fork(&mut self, job: &mut Job, foreground: bool) -> Fallible<Truth> {
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
        if self.opts.has(opt::MONITOR) {
            self.enter_group(job.group, foreground);
            return false;
        }
        // POSIX 2.11: commands in the background ignore these, and read nothing.
        if !foreground && job.procs.is_empty() {
            if let Ok(f) = fs::open(ZStr::new(c"/dev/null"), fs::O_RDONLY, 0) {
                move_fd(f.into_fd(), 0);
            }
        }
        !foreground
    }

    /// What changes in a subshell.
    pub(crate) fn enter_subshell(&mut self) {
        self.opts.turn_off(opt::MONITOR | opt::INTERACTIVE);
        self.subshell = true;
        // What they replaced is the parent's: kept open here, it would keep readers of a pipe waiting.
        self.saved.forget();
        self.jobs.enter_subshell();
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

    /// In a child: joins process group `group` (0: a new one) and takes the terminal.
    pub(crate) fn enter_group(&self, group: i32, foreground: bool) {
        let _ = process::setpgid(0, group);
        if foreground {
            let g = if group == 0 { process::getpid() as i32 } else { group };
            self.terminal.give_to(g);
        }
    }

    /// In the parent: process `pid` has been started for `job`.
    pub(crate) fn started(&mut self, job: &mut Job, pid: i32) {
        job.procs.push(Proc { pid, status: None });
        if self.opts.has(opt::MONITOR) && !job.hidden {
            if job.group == 0 {
                job.group = pid;
            }
            let _ = process::setpgid(pid, job.group);
        }
    }

    /// Signals as they should be in a process that is about to become a `command`, or a subshell.
    #[inline(never)]
    pub(crate) fn set_signals(&self, command: bool) {
        self.traps.set_default(command);
    }

    /// Signals as they should be in a process that is about to become a command.
    #[inline(always)]
    pub(crate) fn default_signals(&self) {
        self.set_signals(true);
    }
}
