//! How commands and expansions end.

/// Why a command does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
// A word: in a result beside a pointer, a byte would be copied with shifts and masks.
#[repr(u32)]
pub(crate) enum Flow {
    /// `break` and `continue`, of as many loops as `Shell::skip` says.
    Break,
    Continue,
    Return,
    Exit,
    /// An error that ends a shell which is not interactive.
    Fail,
}

/// What most functions give; the exit status is in the shell.
pub(crate) type R<T = ()> = Result<T, Flow>;

/// An error that has been told, and gives up the command. It takes no room, so that a [`Done`] of something
/// small comes back in one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Failed;

/// What functions give that can fail and do nothing else to the flow of commands: all that parse or expand.
pub(crate) type Done<T = ()> = Result<T, Failed>;

impl From<Failed> for Flow {
    fn from(_: Failed) -> Flow {
        Flow::Fail
    }
}
