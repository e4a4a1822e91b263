//! What redirections have replaced, to be put back when the command is over.

use crate::decimal::push_decimal;
use crate::descriptors::{move_fd, shut};
use crate::jobs::task::{NONE, REEXEC};
use sys::fs::{self, Fd};
use sys::{Buf, List, ToBuf};

/// Descriptors that redirections have replaced.
pub(crate) struct Saved {
    /// Number, and the copy of what it was: −1 if it was closed, below that the number of a FIFO.
    list: List<(i32, i32)>,
    /// Where those start that belong to the builtin that runs.
    of_builtin: usize,
}

impl Saved {
    #[inline(always)]
    pub(crate) fn new() -> Saved {
        Saved { list: List::new(), of_builtin: 0 }
    }

    /// From here on more are saved; [`Saved::undo`] comes back to this.
    #[inline(always)]
    pub(crate) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Is nothing redirected?
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Remembers that descriptor `fd` was what `copy` is.
    #[inline(always)]
    pub(crate) fn push(&mut self, fd: i32, copy: i32) {
        self.list.push((fd, copy));
    }

    /// Puts back what was saved from `mark` on.
    #[inline(always)]
    pub(crate) fn undo(&mut self, mark: usize) {
        while self.list.len() > mark {
            let Some((fd, copy)) = self.list.pop() else { return };
            if copy < 0 {
                shut(Fd(fd));
                if copy < -1 && !REEXEC {
                    // Whoever still waits for the FIFO's other end shall not do so for ever.
                    let path = fifo_path(copy);
                    let both = fs::open(path.z(), fs::O_RDWR | fs::O_NONBLOCK, 0);
                    let _ = fs::unlinkat(Fd::CWD, path.z(), 0);
                    shut(both.map_or(NONE, |f| f.into_fd()));
                }
            } else {
                move_fd(Fd(copy), fd);
            }
        }
    }

    /// Closes what redirections have replaced; undoing them does nothing. Their places stay, since callers
    /// hold marks.
    pub(crate) fn forget(&mut self) {
        for saved in self.list.iter_mut() {
            shut(Fd(saved.1));
            *saved = (-1, -1);
        }
    }

    /// Makes the redirections of the builtin that runs permanent (`exec`).
    pub(crate) fn keep(&mut self) {
        for &(_, copy) in self.list.iter().skip(self.of_builtin) {
            shut(Fd(copy));
        }
        self.list.truncate(self.of_builtin);
    }

    /// A builtin starts whose redirections are those from `mark` on: what this was for the one around it.
    #[inline(always)]
    pub(crate) fn set_of_builtin(&mut self, mark: usize) -> usize {
        core::mem::replace(&mut self.of_builtin, mark)
    }

    /// Where the redirections of the builtin that runs start.
    pub(crate) fn of_builtin(&self) -> usize {
        self.of_builtin
    }

    /// Where standard error went before the redirections from `mark` on.
    #[inline(always)]
    pub(crate) fn errors(&self, mark: usize) -> Fd {
        let own = self.list.iter().skip(mark).find(|s| s.0 == 2);
        Fd(own.map_or(2, |s| s.1))
    }
}

/// Path of the FIFO of a process substitution.
#[inline(never)]
pub(crate) fn fifo_path(number: i32) -> Buf {
    let mut path = b"/tmp/sh".buf();
    push_decimal(number as i64, &mut path);
    path
}
