//! How commands and expansions end.

/// Why a command does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
// A word: in a result beside a pointer, a byte would be copied with shifts and masks.
#[repr(u32)]
pub(crate) enum Flow {
    /// `break` and `continue`; [`Nesting`](crate::run::nesting::Nesting) counts the loops to leave.
    Break,
    Continue,
    Return,
    Exit,
    /// An error that ends a shell which is not interactive.
    Fail,
}

/// What functions that run commands give: nothing, or why the next command does not run. The exit status is in the
/// shell.
pub(crate) type FlowResult<T = ()> = Result<T, Flow>;

/// An error that gives up the command; its message has been written. It takes no room, so that a [`Fallible`] of something
/// small comes back in one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failed;

/// What functions that parse or expand give: they can fail, but they never leave a loop or the shell.
pub(crate) type Fallible<T = ()> = Result<T, Failed>;

impl From<Failed> for Flow {
    fn from(_: Failed) -> Flow {
        Flow::Fail
    }
}
