//! How deep loops and functions are nested, and what `break`, `continue` and `return` leave.

use crate::flow::{Flow, FlowResult};

/// Loops and functions that run.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Nesting {
    /// Loops within the function.
    loops: u32,
    functions: u32,
    /// How many loops are still to be left.
    skip: u32,
}

impl Nesting {
    #[inline(always)]
    pub(crate) fn enter_loop(&mut self) {
        self.loops += 1;
    }

    #[inline(always)]
    pub(crate) fn leave_loop(&mut self) {
        self.loops -= 1;
    }

    /// What the result of a loop's body means: go on, or leave the loop with a result.
    #[inline(always)]
    pub(crate) fn next_turn(&mut self, r: FlowResult) -> Option<FlowResult> {
        let e = r.err()?;
        if e == Flow::Break || e == Flow::Continue {
            self.skip -= 1;
            if self.skip == 0 {
                return if e == Flow::Continue { None } else { Some(Ok(())) };
            }
        }
        Some(r)
    }

    /// `break N` and `continue N`: [`Nesting::next_turn`] counts the loops. False if there are none.
    #[inline(always)]
    pub(crate) fn skip_loops(&mut self, n: u32) -> bool {
        if self.loops == 0 {
            return false;
        }
        self.skip = n.min(self.loops);
        true
    }

    /// The loops around are out of reach from here on; [`Nesting::show_loops`] takes back what this gives.
    #[inline(always)]
    pub(crate) fn hide_loops(&mut self) -> u32 {
        core::mem::replace(&mut self.loops, 0)
    }

    #[inline(always)]
    pub(crate) fn show_loops(&mut self, loops: u32) {
        self.loops = loops;
    }

    #[inline(always)]
    pub(crate) fn enter_function(&mut self) {
        self.functions += 1;
    }

    #[inline(always)]
    pub(crate) fn leave_function(&mut self) {
        self.functions -= 1;
    }

    /// How many functions are within one another.
    #[inline(always)]
    pub(crate) fn functions(&self) -> u32 {
        self.functions
    }

    /// Loops and functions, for a subshell that is started by exec.
    pub(crate) fn numbers_mut(&mut self) -> [&mut u32; 2] {
        [&mut self.loops, &mut self.functions]
    }
}
