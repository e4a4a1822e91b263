//! The bound of the stack: whatever is nested, it is checked against this.

use sys::process::{self, Limit};

/// What the stack may hold before its limit is asked for: bytes. Without an MMU it is all that there is, less what
/// goes on behind the last look, a signal's frame and arguments (`mote_stack` in the `target.toml`).
const UNKNOWN: usize = if cfg!(mote_nommu) { 29 << 8 } else { 256 << 10 };
/// What the stack may hold at most: bytes.
const MOST: usize = if cfg!(mote_nommu) { UNKNOWN } else { 6 << 20 };

/// Where the stack starts, and how far it may grow.
pub(crate) struct Stack {
    start: usize,
    limit: usize,
}

impl Stack {
    /// A stack that starts at `here`.
    #[inline(always)]
    pub(crate) fn new(here: &u8) -> Stack {
        Stack { start: here as *const u8 as usize, limit: UNKNOWN }
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
        if self.limit != UNKNOWN || cfg!(mote_nommu) {
            return true;
        }
        // RLIMIT_STACK; asked for only by those who need it.
        let soft = process::getrlimit(process::RLIMIT_STACK).unwrap_or(Limit { soft: 0, hard: 0 }).soft;
        self.limit = (if soft > MOST as u64 { MOST as u64 } else { soft / 4 * 3 }) as usize;
        used >= self.limit
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
