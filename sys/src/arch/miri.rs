//! For Miri, the interpreter that finds undefined behaviour. It runs no assembly, so there is no kernel: each system call
//! fails with ENOSYS. Tests that need one are ignored there.

use linux_raw_sys::errno::ENOSYS;

pub(crate) unsafe fn syscall3(_: usize, _: usize, _: usize, _: u32) -> isize {
    -(ENOSYS as isize)
}

pub(crate) unsafe fn syscall6(_: usize, _: usize, _: usize, _: usize, _: usize, _: usize, _: u32) -> isize {
    -(ENOSYS as isize)
}

pub(crate) unsafe fn clone_call(_: extern "C" fn(*mut ()) -> !, _: *mut (), _: usize, _: usize) -> isize {
    -(ENOSYS as isize)
}

pub(crate) unsafe extern "C" fn sigreturn() {}
