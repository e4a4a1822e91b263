//! What differs between processors: entry, the system call instruction, clone, signal return.

#[cfg(target_arch = "arm")]
mod arm;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(not(any(target_arch = "arm", target_arch = "x86_64")))]
compile_error!("mote knows arm and x86_64: add a file to sys/src/arch");

// The entry code calls, with the initial stack pointer, what the binary defines (`fs/binfmt_elf.c`,
// create_elf_tables):
//     extern "C" fn mote_main(v: sys::env::Vectors) -> !
extern "C" {
    /// A system call of up to three arguments; -errno on failure.
    ///
    /// # Safety
    /// As the call: pointers among the arguments must be what the kernel expects of call `nr`.
    #[link_name = "mote_syscall3"]
    pub(crate) fn syscall3(a: usize, b: usize, c: usize, nr: u32) -> isize;

    /// A system call of up to six arguments; -errno on failure.
    ///
    /// # Safety
    /// As [`syscall3`].
    #[link_name = "mote_syscall6"]
    pub(crate) fn syscall6(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, nr: u32) -> isize;

    /// `man 2 clone`; the child calls `run(arg)` on `stack`, a multiple of 16, or if it is 0 below the caller's
    /// frame, and must leave by exec or `_exit`. Returns the child's process ID, or -errno.
    ///
    /// # Safety
    /// `run` must not return, and what it and what comes after this call do with memory that both have must fit.
    #[link_name = "mote_clone_call"]
    pub(crate) fn clone_call(
        run: extern "C" fn(*mut ()) -> !,
        arg: *mut (),
        flags: usize,
        stack: usize,
    ) -> isize;

    /// Where a signal handler returns to.
    #[cfg(target_arch = "x86_64")]
    #[link_name = "mote_sigreturn"]
    pub(crate) fn sigreturn();
}
