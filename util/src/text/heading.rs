//! The line with a file's name before its text, as `head` and `tail` have it.

use sys::{Cx, ZStr};

/// Prints it, with an empty line before it unless it is the `first`.
#[inline(never)]
pub fn heading(cx: &mut Cx, name: ZStr, first: &mut bool) {
    if !core::mem::take(first) {
        cx.out.byte(b'\n');
    }
    cx.out.bytes(b"==> ");
    cx.out.shown(if name.is(b"-") { b"standard input" } else { name.bytes() });
    cx.out.bytes(b" <==\n");
}
