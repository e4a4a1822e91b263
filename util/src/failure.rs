//! Errors for which an applet has better words than the kernel.

use sys::{Cx, Errno};

/// Reports that `what` failed with `e`: in the applet's words where `own` has some, else in the kernel's.
#[inline(never)]
pub fn explain(cx: &mut Cx, what: &[u8], e: Errno, own: fn(Errno) -> &'static [u8]) {
    match own(e) {
        b"" => cx.fail(what, e),
        why => cx.error(what, why),
    }
}
