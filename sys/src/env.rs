//! Argument, environment and auxiliary vectors.

use crate::ZStr;

/// What the kernel hands to a program: argc, argv, envp. One word each, so it is copied freely.
#[derive(Clone, Copy)]
pub struct Vectors {
    /// Number of arguments, the name in `argv[0]` included.
    pub argc: usize,
    /// NULL-terminated.
    pub argv: *mut *const u8,
    /// `NAME=value` strings, NULL-terminated; the auxiliary vector follows it on a fresh stack.
    pub envp: *const *const u8,
}

impl Vectors {
    /// The arguments, `argv[0]` first.
    pub fn args(&self) -> &'static mut [ZStr<'static>] {
        // SAFETY: argv holds argc pointers to NUL-terminated strings which outlive the program's code
        // (entry::start or the shell made it), and ZStr is a transparent pointer.
        unsafe { core::slice::from_raw_parts_mut(self.argv as *mut ZStr, self.argc) }
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
