//! Measures how much stack a program uses. The tests choose the size of the stack by it.
//!
//! Only in builds with `--cfg mote_marked`, for targets without an MMU. The entry fills the stack with a pattern, and
//! the end of the program looks how much of the pattern is gone. Such a build needs a larger stack than others.

use crate::env::Vectors;
use crate::{fs, Out, ZStr};
use core::arch::asm;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes that are filled. The stack is larger.
const ROOM: usize = 24 << 10;
const PATTERN: u32 = 0x5ac3_96e1;
/// Each program appends a line: bytes, and its first two arguments.
const FILE: ZStr = ZStr::new(c"/marks");

/// The address of the vectors, where the stack begins.
static TOP: AtomicUsize = AtomicUsize::new(0);

/// Fills the stack below the caller's frame. To be called first.
pub fn fill(v: &Vectors) {
    TOP.store(v.envp().as_ptr() as usize - (v.argc() + 2) * size_of::<usize>(), Relaxed);
    let mut at: usize;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) at, options(nomem, nostack)) };
    let end = at - ROOM;
    while at > end {
        at -= size_of::<u32>();
        // SAFETY: below the stack pointer nothing is in use, and the stack is larger than what is filled.
        unsafe { (at as *mut u32).write_volatile(PATTERN) };
    }
}

/// Appends to the file how much has been used, if it can.
pub(crate) fn tell() {
    let top = TOP.load(Relaxed);
    let mut at = (top - ROOM) & !3;
    // SAFETY: all of it is the stack's.
    while at < top && unsafe { (at as *const u32).read_volatile() } == PATTERN {
        at += size_of::<u32>();
    }
    let Ok(fd) = fs::open(FILE, fs::O_WRONLY | fs::O_CREAT | fs::O_APPEND, 0o644) else { return };
    let mut buf = [MaybeUninit::<u8>::uninit(); 128];
    // SAFETY: the process ends before this function does.
    let buf: &'static mut [MaybeUninit<u8>] = unsafe { core::mem::transmute(&mut buf[..]) };
    let mut o = Out::new(*fd, buf);
    o.dec((top - at) as u64);
    // SAFETY: the vectors are there as the kernel made them.
    let argv = unsafe { core::slice::from_raw_parts((top as *const usize).add(1) as *const *const u8, 2) };
    for arg in argv.iter().take_while(|arg| !arg.is_null()) {
        o.byte(b' ');
        // SAFETY: they are NUL-terminated.
        let z = unsafe { ZStr::from_ptr(*arg) };
        o.bytes(z.bytes().get(..24).unwrap_or(z.bytes()));
    }
    o.byte(b'\n');
    let _ = o.flush();
}
