//! Argument, environment and auxiliary vectors.

use crate::ZStr;

/// What the kernel hands to a program, by its address on the stack: argc, argv, 0, envp, 0, auxv, 0.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Vectors(*const usize);

impl Vectors {
    /// Number of arguments, the name in `argv[0]` included.
    fn argc(self) -> usize {
        // SAFETY: only the entry code makes one.
        unsafe { *self.0 }
    }

    /// `NAME=value` strings, NULL-terminated; the auxiliary vector follows it on a fresh stack.
    pub fn envp(self) -> *const *const u8 {
        // SAFETY: as above.
        unsafe { self.0.add(self.argc() + 2) as *const *const u8 }
    }

    /// The arguments, `argv[0]` first.
    pub fn args(self) -> &'static mut [ZStr<'static>] {
        // SAFETY: argv holds argc pointers to NUL-terminated strings which outlive the program's code, and
        // ZStr is a transparent pointer.
        unsafe { core::slice::from_raw_parts_mut(self.0.add(1) as *mut ZStr, self.argc()) }
    }
}

/// Value of environment variable `name` in `envp`, as `getenv` (POSIX).
pub fn get(envp: *const *const u8, name: &[u8]) -> Option<ZStr<'static>> {
    let mut p = envp;
    // SAFETY: envp is NULL-terminated, its strings are NUL-terminated and outlive the caller.
    unsafe {
        while !(*p).is_null() {
            let s = ZStr::from_ptr(*p);
            if let Some(v) = s.strip_prefix(name) {
                if v.first() == b'=' {
                    return Some(v.skip(1));
                }
            }
            p = p.add(1);
        }
    }
    None
}

/// Entry `tag` (AT_…) of the auxiliary vector behind a program's original `envp` (`man 3 getauxval`).
///
/// # Safety
/// `envp` is the one that the kernel made, not a copy.
pub unsafe fn auxv(envp: *const *const u8, tag: usize) -> Option<usize> {
    // SAFETY: the kernel puts the vector there and ends it with AT_NULL.
    unsafe {
        let mut p = envp;
        while !(*p).is_null() {
            p = p.add(1);
        }
        let mut a = p.add(1) as *const usize;
        while *a != 0 {
            if *a == tag {
                return Some(*a.add(1));
            }
            a = a.add(2);
        }
    }
    None
}
