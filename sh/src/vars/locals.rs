//! What variables were before a function made them local, or a command assigned to them for itself.

use crate::vars::table::{Saved, Vars};
use sys::List;

/// Variables to be restored.
pub(crate) struct Locals {
    list: List<Saved>,
    /// Where those of the function start that runs.
    frame: usize,
}

impl Locals {
    #[inline(always)]
    pub(crate) fn new() -> Locals {
        Locals { list: List::new(), frame: 0 }
    }

    /// From here on more are saved.
    #[inline(always)]
    pub(crate) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Remembers a variable as it is.
    #[inline(always)]
    pub(crate) fn push(&mut self, v: Saved) {
        self.list.push(v);
    }

    /// A function starts: what [`Locals::leave_function`] wants.
    #[inline(always)]
    pub(crate) fn enter_function(&mut self) -> usize {
        core::mem::replace(&mut self.frame, self.list.len())
    }

    /// The function is over; its variables have been restored.
    #[inline(always)]
    pub(crate) fn leave_function(&mut self, outer: usize) {
        self.frame = outer;
    }

    /// Those of the function that runs.
    #[inline(always)]
    pub(crate) fn of_function(&self) -> &[Saved] {
        self.list.get(self.frame..).unwrap_or(&[])
    }

    /// Restores from number `from` up to `to`; those behind stay.
    #[inline(always)]
    pub(crate) fn restore(&mut self, from: usize, to: usize, vars: &mut Vars) {
        for k in (from..to.min(self.list.len())).rev() {
            if let Some(v) = self.list.remove(k) {
                vars.put_back(v);
            }
        }
    }
}
