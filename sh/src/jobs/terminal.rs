//! The terminal of job control (POSIX 2.11; `man 3 tcsetpgrp`, termios).

use crate::{opt, Shell};
use sys::fs::{self, Fd};
use sys::signal::{self, Action};
use sys::{process, tty, ZStr};

impl Shell<'_> {
    /// Turns job control on or off (`set -m`).
    pub(crate) fn job_control(&mut self, on: bool) {
        if !on {
            if self.tty.0 > 2 {
                // Back to whom it was before us.
                let _ = tty::set_foreground(self.tty, self.outer_group);
                let _ = process::setpgid(0, self.outer_group);
                crate::run::redir::shut(self.tty);
            }
            self.tty = Fd(-1);
            return;
        }
        let f = fs::open(ZStr::new(c"/dev/tty"), fs::O_RDWR, 0).map(|f| f.into_fd());
        let f = match f {
            Ok(f) => f,
            Err(_) => match [2, 1, 0].iter().find(|&&n| tty::is(Fd(n))) {
                Some(&n) => Fd(n),
                None => return self.no_terminal(),
            },
        };
        let up = fs::dup_above(f, 10);
        if f.0 > 2 {
            crate::run::redir::shut(f);
        }
        let Ok(f) = up else { return self.no_terminal() };
        // Wait until we are in the foreground; whom nobody can stop (an orphaned group) gives up.
        let mut tries = 20;
        loop {
            let g = tty::foreground(f).unwrap_or(0);
            if g == 0 || tries == 0 {
                crate::run::redir::shut(f);
                return self.no_terminal();
            }
            tries -= 1;
            let own = process::getpgid(0).unwrap_or(0);
            if g == own {
                self.outer_group = own;
                break;
            }
            let _ = process::kill(0, signal::SIGTTIN);
        }
        self.tty = f;
        for &s in &[signal::SIGTSTP, signal::SIGTTIN, signal::SIGTTOU] {
            let _ = signal::action(s, Action::IGNORE);
        }
        let own = process::getpid() as i32;
        let _ = process::setpgid(0, own);
        self.group = own;
        let _ = tty::set_foreground(f, own);
        self.modes = tty::get(f).ok();
    }

    #[inline(always)]
    pub(crate) fn no_terminal(&mut self) {
        self.complain(c"can't access tty; job control turned off", b"");
        self.opts &= !opt::MONITOR;
    }

    /// Gives the terminal the settings that the shell found.
    pub(crate) fn restore_modes(&mut self) {
        if let Some(m) = &self.modes {
            let _ = tty::set(self.tty, m, true);
        }
    }
}
