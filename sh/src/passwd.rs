//! Home directories of users, for `~user` (`man 5 passwd`).

use sys::zstr::cut;
use sys::{Buf, ToBuf, ZStr};
use util::text::eq;

/// Home directory of a user.
#[inline(never)]
pub(crate) fn home(user: &[u8]) -> Option<Buf> {
    let f = sys::fs::open_read(ZStr::new(c"/etc/passwd")).ok()?;
    let mut text = Buf::new();
    crate::descriptors::read_all(*f, &mut text);
    let mut rest = &text[..];
    while !rest.is_empty() {
        let mut line = cut(&mut rest, b'\n');
        if eq(cut(&mut line, b':'), user) {
            // Behind password, IDs and name.
            for _ in 0..4 {
                cut(&mut line, b':');
            }
            return Some(cut(&mut line, b':').buf()).filter(|h| !h.is_empty());
        }
    }
    None
}
