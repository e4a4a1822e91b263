//! The output of a command substitution that runs in the shell's own process.

use crate::jobs::job::Job;
use crate::vars::{Saved, Vars};
use alloc::boxed::Box;
use sys::fs::Fd;
use sys::List;
use util::text::eq;

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

impl Capture {
    /// Begins a substitution, perhaps within another: what [`Capture::end`] wants.
    pub(crate) fn begin(&mut self) -> usize {
        core::mem::replace(&mut self.mark, self.undo.len())
    }

    /// Ends the substitution: the variables are what they were before.
    pub(crate) fn end(&mut self, outer: usize, vars: &mut Vars) {
        while self.undo.len() > self.mark {
            if let Some(v) = self.undo.pop() {
                vars.put_back(v);
            }
        }
        self.mark = outer;
    }

    /// Before variable `i` changes: remembers it, once.
    #[inline(never)]
    pub(crate) fn remember(&mut self, i: usize, vars: &Vars) {
        let known = self.undo.iter().skip(self.mark).any(|u| u.0 == i);
        if let Some(v) = vars.saved(i).filter(|_| !known) {
            self.undo.push(v);
        }
    }

    /// From here on a process of its own does it, whose output is to be read.
    pub(crate) fn hand_over(&mut self, job: Box<Job>, output: Fd) {
        self.child = Some((job, output));
    }

    /// The process that has taken it over, if one has.
    pub(crate) fn take_child(&mut self) -> Option<(Box<Job>, Fd)> {
        self.child.take()
    }
}

/// May `text`, an operand or a file's name, be about the descriptors that a process has?
pub(crate) fn reveals(text: &[u8]) -> bool {
    // What begins with these letters is mostly in /dev or /proc; `stdout` and `fd/1` are, too.
    matches!(text, [b'-', b't'] | [b'/', b'd' | b'p', ..] | [.., b'u', b't'] | [.., b'/', b'1'])
        && !eq(text, b"/dev/null")
}
