//! Descriptors by number, and where the shell keeps its own.

use sys::fs::{self, Fd};

/// Closes a descriptor, if it is one.
pub(crate) fn shut(f: Fd) {
    if f.0 >= 0 {
        let _ = fs::close(f);
    }
}

/// Makes `f` number `to`.
pub(crate) fn move_fd(f: Fd, to: i32) {
    if f.0 != to {
        let _ = fs::dup3(f, Fd(to), 0);
        shut(f);
    }
}

/// The lowest descriptor for the shell's own files.
pub(crate) const OWN: i32 = 10;

/// Closes the shell's own files, as exec would: those with numbers below 32, where the script's is, too.
#[inline(never)]
pub(crate) fn close_own() {
    for n in OWN..32 {
        if fs::fcntl(Fd(n), fs::F_GETFD, 0).unwrap_or(0) != 0 {
            shut(Fd(n));
        }
    }
}

/// Moves a descriptor of the shell's own out of the way.
pub(crate) fn raise(f: Fd) -> Fd {
    // Lower numbers are for scripts to use; more than 32 cost the kernel a bigger table.
    match fs::dup_above(f, 20) {
        Ok(n) => {
            shut(f);
            n
        }
        Err(_) => f,
    }
}
