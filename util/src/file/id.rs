//! Which file it is: two paths lead to the same one if device and inode are the same (POSIX.1-2024, Base Definitions 4.8).

use sys::fs::{self, Statx};
use sys::ZStr;

/// What tells a file from all others while it is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Id {
    ino: u64,
    major: u32,
    minor: u32,
}

impl Id {
    /// A number that differs for most files.
    pub fn hash(&self) -> u32 {
        let mixed = (self.ino as u32 ^ (self.ino >> 32) as u32 ^ self.minor << 20).wrapping_mul(0x9e37_79b1);
        mixed ^ mixed >> 15
    }

    /// Of these numbers.
    #[cfg(test)]
    pub(super) fn of(ino: u64, major: u32, minor: u32) -> Id {
        Id { ino, major, minor }
    }
}

/// Of a file whose status is known.
pub fn id(s: &Statx) -> Id {
    Id { ino: s.stx_ino, major: s.stx_dev_major, minor: s.stx_dev_minor }
}

/// Are these the same file?
#[inline(never)]
pub fn same(a: &Statx, b: &Statx) -> bool {
    a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major && a.stx_dev_minor == b.stx_dev_minor
}

/// Do both paths lead to the same file, links followed? No if one leads nowhere.
#[inline(never)]
pub fn same_path(a: ZStr, b: ZStr) -> bool {
    matches!((fs::stat(a), fs::stat(b)), (Ok(a), Ok(b)) if same(&a, &b))
}

/// Is `path` absolute, without `.` and `..`, and the working directory (POSIX.1-2024 pwd, `-L`)?
#[inline(never)]
pub fn is_here(path: ZStr) -> bool {
    path.first() == b'/'
        && !path.bytes().split(|&b| b == b'/').any(|part| part == b"." || part == b"..")
        && same_path(path, ZStr::new(c"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_to_the_same_file() {
        assert!(same_path(ZStr::new(c"/"), ZStr::new(c"/proc/..")));
        assert!(!same_path(ZStr::new(c"/"), ZStr::new(c"/proc")));
        assert!(!same_path(ZStr::new(c"/nonexistent"), ZStr::new(c"/nonexistent")));
    }

    #[test]
    fn the_working_directory() {
        let here = std::env::current_dir().unwrap();
        let z = |path: &std::path::Path| std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        assert!(is_here(ZStr::new(&z(&here))));
        assert!(!is_here(ZStr::new(&z(&here.join(".")))));
        assert!(!is_here(ZStr::new(c"/proc")));
        assert!(!is_here(ZStr::new(c".")));
    }
}
