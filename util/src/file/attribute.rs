//! Extended attributes (`man 7 xattr`): ACLs, capabilities and what users add.

use sys::fs::{self, Fd};
use sys::zstr::cut;
use sys::{Buf, ToBuf};

/// Gives `to` the attributes of `from`, as far as both file systems have them and the caller may.
#[inline(never)]
pub fn copy(from: Fd, to: Fd) {
    // All of them fit (XATTR_LIST_MAX, XATTR_SIZE_MAX).
    let Ok(most @ 1..) = fs::flistxattr(from, &mut []) else { return };
    let mut names = Buf::new();
    names.pad(most, 0);
    let Ok(n) = fs::flistxattr(from, &mut names) else { return };
    let mut rest = names.get(..n).unwrap_or_default();
    while !rest.is_empty() {
        let name = cut(&mut rest, 0).buf();
        let Ok(size) = fs::fgetxattr(from, name.z(), &mut []) else { continue };
        let mut value = Buf::new();
        value.pad(size, 0);
        if let Ok(n) = fs::fgetxattr(from, name.z(), &mut value) {
            let _ = fs::fsetxattr(to, name.z(), value.get(..n).unwrap_or_default());
        }
    }
}
