//! The output of a command substitution that runs in the shell's own process.

use crate::jobs::job::Job;
use crate::vars::table::{Saved, Vars};
use alloc::boxed::Box;
use sys::fs::Fd;
use sys::List;
use util::text::eq;

/// The substitution that runs in the shell's process.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Capture {
    /// Does one run?
    active: bool,
    /// Does another process go on with it, so that this one runs nothing more of it?
    gone: bool,
    /// Could that process not be started?
    lost: bool,
    /// The first of `undo` that belong to it.
    mark: usize,
    /// What variables were before.
    undo: List<Saved>,
    /// The process that it is by now, and where its output comes from.
    child: Option<(Box<Job>, Fd)>,
}

impl Capture {
    /// Does a substitution run in this process?
    #[inline(always)]
    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    /// Does another process go on with it, so that this one runs nothing more of it?
    #[inline(always)]
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Begins a substitution, perhaps within another: what [`Capture::end`] wants.
    #[inline(always)]
    pub(crate) fn begin(&mut self) -> (bool, usize) {
        let outer = (self.active, self.mark);
        self.mark = self.undo.len();
        self.active = true;
        outer
    }

    /// Ends the substitution: the variables are what they were before.
    #[inline(always)]
    pub(crate) fn end(&mut self, outer: (bool, usize), vars: &mut Vars) {
        while self.undo.len() > self.mark {
            if let Some(v) = self.undo.pop() {
                vars.put_back(v);
            }
        }
        (self.active, self.mark) = outer;
    }

    /// In the process that does the substitution from here on.
    #[inline(always)]
    pub(crate) fn take_over(&mut self) {
        self.active = false;
    }

    /// Another process does it from here on, and its output is to be read.
    #[inline(always)]
    pub(crate) fn hand_over(&mut self, job: Box<Job>, output: Fd) {
        self.child = Some((job, output));
    }

    /// From here on this process runs nothing more of it; `lost`: nor does another.
    #[inline(always)]
    pub(crate) fn leave(&mut self, lost: bool) {
        (self.gone, self.lost) = (true, lost);
    }

    /// The process that has taken it over, if one has. What the shell runs from here on is its own again.
    #[inline(always)]
    pub(crate) fn take_child(&mut self) -> Option<(Box<Job>, Fd)> {
        self.gone = false;
        self.child.take()
    }

    /// Could the process that was to take it over not be started?
    #[inline(always)]
    pub(crate) fn take_lost(&mut self) -> bool {
        core::mem::take(&mut self.lost)
    }

    /// Before variable `i` changes: remembers it, once.
    #[inline(never)]
    pub(crate) fn remember(&mut self, i: usize, vars: &Vars) {
        let known = self.undo.iter().skip(self.mark).any(|u| u.0 == i);
        if known {
            return;
        }
        if let Some(v) = vars.saved(i) {
            self.undo.push(v);
        }
    }
}

/// May `text`, an operand or a file's name, be about the descriptors that a process has?
pub(crate) fn reveals(text: &[u8]) -> bool {
    // What begins with these letters is mostly in /dev or /proc; `stdout` and `fd/1` are, too.
    matches!(text, [b'-', b't'] | [b'/', b'd' | b'p', ..] | [.., b'u', b't'] | [.., b'/', b'1'])
        && !eq(text, b"/dev/null")
}
