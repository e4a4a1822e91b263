//! What a subshell is started for.

use crate::descriptors::{move_fd, shut};
use sys::fs::{self, Fd};
use sys::signal::{self, Action};

/// Are subshells started by vfork and exec of ourselves, for want of an MMU? The feature is for tests on
/// machines that have one.
pub(crate) const REEXEC: bool = cfg!(any(mote_nommu, feature = "nommu"));

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
            move_fd(self.input, 0);
        }
        if self.output != NONE {
            shut(self.close);
            move_fd(self.output, 1);
            if self.errors {
                let _ = fs::dup3(Fd::STDOUT, Fd::STDERR, 0);
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
