//! Questions to the user.

use sys::fs::{self, Fd};
use sys::{Buf, Cx};

/// Asks `NAME: WHAT 'PATH'? ` on standard error; is the line on standard input a yes (`y` or `Y` first)?
/// End of file is a no. Reads no byte past the line, which may be another program's.
#[inline(never)]
pub(crate) fn yes(cx: &mut Cx, what: &[u8], path: &[u8]) -> bool {
    let question: Buf = [cx.name.bytes(), b": ", what, b" '", path, b"'? "].concat();
    // Nobody could read an error message when this one fails.
    let _ = fs::write_all(Fd::STDERR, &question);
    let mut first = None;
    let mut b = [0];
    while let Ok(1) = fs::read(Fd::STDIN, &mut b) {
        if b == *b"\n" {
            break;
        }
        first.get_or_insert(b[0] | 32);
    }
    first == Some(b'y')
}
