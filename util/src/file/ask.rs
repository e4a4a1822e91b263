//! Questions to the user.

use sys::fs::{self, Fd};
use sys::out::question;
use sys::Cx;

/// Asks `NAME: WHAT 'PATH'? ` on standard error; is the line on standard input a yes (`y` or `Y` first)?
/// End of file is a no. Reads no byte past the line, which may be another program's.
#[inline(never)]
pub fn yes(cx: &Cx, what: &[u8], path: &[u8]) -> bool {
    question(cx.name, what, path);
    let mut first = 0;
    let mut b = [0];
    while fs::read(Fd::STDIN, &mut b) == Ok(1) && b != *b"\n" {
        if first == 0 {
            first = b[0];
        }
    }
    first | 32 == b'y'
}
