//! The bound of the stack: whatever is nested, it is checked against this.

use sys::env::Envp;
use sys::process::{self, Limit};

/// What the stack may hold before its limit is asked for, and how much more before that is asked again: bytes. Without
/// an MMU it is all that there is, less what goes on behind the last look, a signal's frame and arguments (`mote_stack`
/// in the `target.toml`).
const STEP: usize = if cfg!(mote_nommu) { 29 << 8 } else { 8 << 10 };
/// What the stack may hold at most: bytes.
const MOST: u64 = 8 << 20;
/// What goes on behind the last look: bytes.
const BEHIND: u64 = 28 << 10;

/// Where the stack starts, and how far it has grown when its limit is asked for.
pub(crate) struct Stack {
    start: usize,
    limit: usize,
}

impl Stack {
    /// A stack that starts at `here`, or above it behind the environment, which counts as well. (Without an MMU it is counted already.)
    #[inline(always)]
    pub(crate) fn new(here: &u8, envp: Envp) -> Stack {
        let here = here as *const u8 as usize;
        let above = envp.into_iter().last().map_or(here, |s| s.as_ptr() as usize).wrapping_sub(here);
        Stack {
            start: here + if above < MOST as usize && !cfg!(mote_nommu) { above } else { 0 },
            limit: STEP,
        }
    }

    /// Is it nearly used up?
    #[inline(always)]
    pub(crate) fn is_full(&mut self) -> bool {
        let here = 0u8;
        let used = self.start.wrapping_sub(&here as *const u8 as usize);
        if used < self.limit {
            return false;
        }
        // Without an MMU the limit says nothing about what there is.
        if cfg!(mote_nommu) {
            return true;
        }
        // RLIMIT_STACK, which the kernel looks at whenever the stack grows.
        let soft = process::getrlimit(process::RLIMIT_STACK).unwrap_or(Limit { soft: 0, hard: 0 }).soft;
        let most = soft.min(MOST);
        if used as u64 + (most / 4).max(BEHIND) >= most {
            return true;
        }
        self.limit = used + STEP;
        false
    }

    /// Lets it be used to its end, for a message; [`Stack::set_limit`] takes back what this gives.
    pub(crate) fn lift_limit(&mut self) -> usize {
        core::mem::replace(&mut self.limit, usize::MAX)
    }

    /// Sets what [`Stack::lift_limit`] gave.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }
}
