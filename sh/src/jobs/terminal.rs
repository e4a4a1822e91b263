//! The terminal of job control: which process group may read from it, and its settings (POSIX 2.11;
//! `man 3 tcsetpgrp`, termios).

use crate::descriptors::shut;
use sys::fs::{self, Fd};
use sys::signal;
use sys::tty::{self, Termios};
use sys::{process, ZStr};

/// The terminal, while there is job control.
pub(crate) struct Terminal {
    fd: Fd,
    /// The shell's process group.
    group: i32,
    /// The process group that the shell was in before.
    outer_group: i32,
    /// The settings for the shell.
    modes: Option<Termios>,
}

impl Terminal {
    /// There is no job control.
    #[inline(always)]
    pub(crate) fn new() -> Terminal {
        Terminal { fd: Fd(-1), group: 0, outer_group: 0, modes: None }
    }

    /// Gives it to process group `group`.
    #[inline(always)]
    pub(crate) fn give_to(&self, group: i32) {
        let _ = tty::set_foreground(self.fd, group);
    }

    /// The shell takes it back.
    #[inline(always)]
    pub(crate) fn take_back(&self) {
        self.give_to(self.group);
    }

    /// The settings that it has now.
    #[inline(always)]
    pub(crate) fn modes(&self) -> Option<Termios> {
        tty::get(self.fd).ok()
    }

    /// The settings that it has now are the shell's.
    #[inline(always)]
    pub(crate) fn note_modes(&mut self) {
        self.modes = self.modes();
    }

    /// Gives it these settings.
    #[inline(always)]
    pub(crate) fn set_modes(&self, modes: &Termios) {
        let _ = tty::set(self.fd, modes, true);
    }

    /// Gives it the shell's settings.
    #[inline(always)]
    pub(crate) fn restore_modes(&self) {
        if let Some(m) = &self.modes {
            self.set_modes(m);
        }
    }

    /// In a subshell: it is the shell's, not ours.
    pub(crate) fn forget(&mut self) {
        self.fd = Fd(-1);
    }

    /// Ends job control: the group that had the terminal before has it again.
    #[inline(always)]
    pub(crate) fn close(&mut self) {
        if self.fd.0 > 2 {
            self.give_to(self.outer_group);
            let _ = process::setpgid(0, self.outer_group);
            shut(self.fd);
        }
        self.forget();
    }

    /// Starts job control: waits for the terminal, has `ignore` ignore its signals and takes it. False if there is
    /// none to be had.
    #[inline(always)]
    pub(crate) fn open(&mut self, ignore: impl FnOnce()) -> bool {
        let f = fs::open(ZStr::new(c"/dev/tty"), fs::O_RDWR, 0).map_or(Fd::STDERR, |f| f.into_fd());
        let up = fs::dup_above(f, 10);
        if f.0 > 2 {
            shut(f);
        }
        let Ok(f) = up else { return false };
        // The shell stops itself until it is in the foreground. A group that nobody would wake again (an orphaned
        // one) is not stopped: after some tries it gives up.
        let mut tries = 20;
        loop {
            let g = tty::foreground(f).unwrap_or(0);
            if g == 0 || tries == 0 {
                shut(f);
                return false;
            }
            tries -= 1;
            let own = process::getpgid(0).unwrap_or(0);
            if g == own {
                self.outer_group = own;
                break;
            }
            let _ = process::kill(0, signal::SIGTTIN);
        }
        self.fd = f;
        ignore();
        let own = process::getpid() as i32;
        let _ = process::setpgid(0, own);
        self.group = own;
        self.take_back();
        self.note_modes();
        true
    }
}
