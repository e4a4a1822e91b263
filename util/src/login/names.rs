//! Names of users and groups from /etc/passwd and /etc/group (POSIX pwd.h, grp.h; `man 5 passwd`).

use crate::file::fstab;
use sys::zstr::cut;
use sys::{num, Buf, ZStr};

/// One of the two files, read once when the first name is asked for, and the name found last.
pub struct Names {
    path: ZStr<'static>,
    text: Option<Buf>,
    last: u32,
    name: Buf,
}

impl Names {
    /// Of users (`/etc/passwd`) or groups (`/etc/group`): in both, fields 0 and 2 are name and number.
    pub fn new(path: ZStr<'static>) -> Names {
        Names { path, text: None, last: 0, name: Buf::new() }
    }

    /// The name of `id`, or its digits where the file has none or is missing.
    #[inline(never)]
    pub fn name(&mut self, id: u32) -> &[u8] {
        if self.last != id || self.name.is_empty() {
            self.last = id;
            let path = self.path;
            let text = self.text.get_or_insert_with(|| fstab::read(path).unwrap_or_default());
            let mut digits = [0; 64];
            let digits = num::digits(&mut digits, id as u64, 10);
            self.name.clear();
            self.name.extend_from_slice(find(text, digits));
        }
        &self.name
    }
}

/// The name on the line whose third field is `digits`, or `digits`.
#[inline(never)]
fn find<'t>(mut text: &'t [u8], digits: &'t [u8]) -> &'t [u8] {
    while !text.is_empty() {
        let mut line = cut(&mut text, b'\n');
        let name = cut(&mut line, b':');
        cut(&mut line, b':');
        if cut(&mut line, b':') == digits && !name.is_empty() {
            return name;
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_number() {
        let t = b"root:x:0:0::/:/bin/sh\nbroken\n\n:x:7:\nu:x:1000:1000";
        assert_eq!(find(t, b"0"), b"root");
        assert_eq!(find(t, b"1000"), b"u");
        assert_eq!(find(t, b"7"), b"7");
        assert_eq!(find(t, b"100"), b"100");
    }

    #[test]
    fn digits_without_a_file() {
        let mut n = Names::new(ZStr::new(c"/no/such/file"));
        assert_eq!(n.name(42), b"42");
        assert_eq!(n.name(0), b"0");
    }
}
