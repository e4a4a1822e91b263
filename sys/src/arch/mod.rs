//! What depends on the processor, one file for each: the entry code of a program, system calls, clone, the return
//! from a signal handler, and the functions that move and fill memory. All of it is assembly, and declared here.

#[cfg(target_arch = "arm")]
mod arm;
#[cfg(miri)]
mod miri;
#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(not(any(target_arch = "arm", target_arch = "x86_64")))]
compile_error!("mote knows arm and x86_64: add a file to sys/src/arch");

#[cfg(miri)]
pub(crate) use miri::{clone_call, sigreturn, syscall3, syscall6};

// The binary defines this function; the entry code calls it with the initial stack pointer, which points to the
// vectors (`fs/binfmt_elf.c`, create_elf_tables):
//     extern "C" fn mote_main(v: sys::env::Vectors) -> !
#[cfg(not(miri))]
extern "C" {
    /// System call `nr` with up to three arguments. On failure the value is −errno, from −4095 to −1.
    ///
    /// # Safety
    /// The arguments are what the call expects: it reads and writes memory by those that are addresses.
    #[link_name = "mote_syscall3"]
    pub(crate) fn syscall3(a: usize, b: usize, c: usize, nr: u32) -> isize;

    /// System call `nr` with up to six arguments; the value is as for [`syscall3`].
    ///
    /// # Safety
    /// As [`syscall3`].
    #[link_name = "mote_syscall6"]
    pub(crate) fn syscall6(a: usize, b: usize, c: usize, d: usize, e: usize, f: usize, nr: u32) -> isize;

    /// `man 2 clone`: starts a child that calls `run(arg)`. Its stack ends at `stack`, a multiple of 16; with 0 it
    /// begins below the caller's frame. Returns the child's process ID, or −errno.
    ///
    /// # Safety
    /// `run` ends the child by exec or `_exit` and does not return. Where `flags` make both share memory, neither
    /// changes what the other uses at the same time.
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
