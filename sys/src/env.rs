//! Argument, environment and auxiliary vectors.

use crate::ZStr;

/// What the kernel puts on a new program's stack: argc, argv, NULL, envp, NULL, auxv (`fs/binfmt_elf.c`,
/// create_elf_tables). Only the entry code makes one, and it cannot be copied, so the arguments are lent once.
#[repr(transparent)]
pub struct Vectors(*const usize);

impl Vectors {
    /// Number of arguments, the name in `argv[0]` included.
    pub(crate) fn argc(&self) -> usize {
        // SAFETY: argc is the first word.
        unsafe { *self.0 }
    }

    /// The environment. The auxiliary vector follows it.
    pub fn envp(&self) -> Envp {
        // SAFETY: the environment is behind argc, the arguments and a NULL; the kernel has ended its array with NULL
        // and its strings with NUL, and they stay.
        unsafe { Envp::from_ptr(self.0.add(self.argc() + 2) as *const *const u8) }
    }

    /// The arguments, `argv[0]` first.
    pub fn args(self) -> &'static mut [ZStr<'static>] {
        // SAFETY: argv holds argc pointers to NUL-terminated strings, which stay as long as the program; a ZStr is
        // such a pointer. `self` ends here, so nobody else gets this slice.
        unsafe { core::slice::from_raw_parts_mut(self.0.add(1) as *mut ZStr, self.argc()) }
    }
}

/// An environment (`man 7 environ`): a pointer to an array of pointers to `NAME=value` strings, which ends with NULL.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Envp(*const *const u8);

/// An array of no strings, and behind it an auxiliary vector of no entries.
static NONE: [usize; 2] = [0; 2];

impl Envp {
    /// An environment without variables.
    pub const EMPTY: Envp = Envp(&raw const NONE as *const *const u8);

    /// # Safety
    /// `p` points to an array of pointers that ends with NULL, and the others point to NUL-terminated strings. All of it
    /// stays as it is while the value, its copies and the strings that they give are used.
    pub const unsafe fn from_ptr(p: *const *const u8) -> Envp {
        Envp(p)
    }

    /// The address, for `execve`.
    pub const fn as_ptr(self) -> *const *const u8 {
        self.0
    }
}

impl IntoIterator for Envp {
    type Item = ZStr<'static>;
    type IntoIter = Strings;
    fn into_iter(self) -> Strings {
        Strings(self)
    }
}

/// The strings of an [`Envp`].
pub struct Strings(Envp);

impl Iterator for Strings {
    type Item = ZStr<'static>;

    #[inline(always)]
    fn next(&mut self) -> Option<ZStr<'static>> {
        // SAFETY: NULL ends the array, and has not been passed. The other pointers are to NUL-terminated strings.
        unsafe {
            let s = *self.0 .0;
            if s.is_null() {
                return None;
            }
            self.0 = Envp(self.0 .0.add(1));
            Some(ZStr::from_ptr(s))
        }
    }
}

/// Value of environment variable `name`, as `getenv` (POSIX).
pub fn get(envp: Envp, name: &[u8]) -> Option<ZStr<'static>> {
    for s in envp {
        if let Some(v) = s.strip_prefix(name) {
            if v.first() == b'=' {
                return Some(v.rest());
            }
        }
    }
    None
}

/// Entry of the auxiliary vector: address of the path by which the program was started.
pub const AT_EXECFN: usize = linux_raw_sys::auxvec::AT_EXECFN as usize;

/// Entry `tag` (AT_…) of the auxiliary vector (`man 3 getauxval`).
///
/// # Safety
/// `envp` is the one that the kernel made, which the vector follows, and not a copy.
pub unsafe fn auxv(envp: Envp, tag: usize) -> Option<usize> {
    // SAFETY: the kernel puts the vector behind the NULL and ends it with AT_NULL.
    unsafe {
        let mut p = envp.0;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_by_their_whole_name() {
        let strings = [c"AB=1", c"A=2=3", c"B", c"A=4"].map(|s| s.as_ptr() as *const u8);
        let array: &'static [*const u8] =
            Vec::from_iter(strings.into_iter().chain([core::ptr::null()])).leak();
        // SAFETY: literals behind a leaked array that ends with NULL.
        let envp = unsafe { Envp::from_ptr(array.as_ptr()) };
        assert_eq!(get(envp, b"A").unwrap().bytes(), b"2=3");
        assert!(get(envp, b"B").is_none() && get(envp, b"C").is_none() && get(Envp::EMPTY, b"A").is_none());
        assert_eq!((envp.into_iter().count(), Envp::EMPTY.into_iter().count()), (4, 0));
    }

    #[test]
    fn vectors_as_on_a_fresh_stack() {
        let number = core::ptr::without_provenance::<u8>;
        let text = |s: &'static core::ffi::CStr| s.as_ptr() as *const u8;
        let page = [number(6), number(4096), number(0), number(0)];
        let start = [number(2), text(c"sh"), text(c"-c"), number(0), text(c"A=1"), number(0)];
        let stack = Box::leak(Vec::from_iter(start.into_iter().chain(page)).into_boxed_slice());
        let v = Vectors(stack.as_mut_ptr() as *const usize);
        let envp = v.envp();
        // SAFETY: these are like the kernel's.
        let page = unsafe { (auxv(envp, 6), auxv(envp, 7)) };
        assert_eq!((get(envp, b"A").unwrap().bytes(), page), (&b"1"[..], (Some(4096), None)));
        assert_eq!(v.args().iter().map(|a| a.bytes()).collect::<Vec<_>>(), [&b"sh"[..], b"-c"]);
    }
}
