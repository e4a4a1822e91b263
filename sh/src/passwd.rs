//! Home directories of users, for `~user` (`man 5 passwd`).

use sys::fs;
use sys::{Buf, ToBuf, ZStr};

/// Home directory of a user.
pub(crate) fn home(user: &[u8]) -> Option<Buf> {
    let f = fs::open(ZStr::new(c"/etc/passwd"), fs::O_RDONLY | fs::O_CLOEXEC, 0).ok()?;
    let mut text = Buf::new();
    crate::redir::read_all(*f, &mut text);
    let line = text.split(|&c| c == b'\n').find(|l| l.split(|&c| c == b':').next() == Some(user))?;
    line.split(|&c| c == b':').nth(5).map(|h| h.buf())
}
