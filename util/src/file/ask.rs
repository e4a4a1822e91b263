//! Questions to the user.

use sys::fs::{self, Fd};
use sys::out::question;
use sys::{Cx, ZStr};

/// Asks `NAME: WHAT 'PATH'? ` on standard error; is the line on standard input a yes (`y` or `Y` first)?
/// End of file is a no. Reads no byte past the line, which may be another program's.
#[inline(never)]
pub fn yes(cx: &Cx, what: &[u8], path: &[u8]) -> bool {
    question(cx.name, what, path);
    answer(Fd::STDIN)
}

fn answer(from: Fd) -> bool {
    let mut first = 0;
    let mut b = [0];
    while fs::read(from, &mut b) == Ok(1) && b != *b"\n" {
        if first == 0 {
            first = b[0];
        }
    }
    first | 32 == b'y'
}

/// As [`yes`], but the answer comes from the terminal: standard input has something else.
pub fn at_terminal(cx: &Cx, what: &[u8], path: &[u8]) -> bool {
    question(cx.name, what, path);
    let Ok(terminal) = fs::open_read(ZStr::new(c"/dev/tty")) else { return false };
    answer(*terminal)
}
