//! System calls and the runtime of mote.
//!
//! Everything that talks to Linux, and everything that other programs take from a C library, is in this crate:
//! the entry code, system calls, the heap, buffered output, options, error texts, numbers as text. Nothing here uses
//! `core::fmt` in the binary.
//!
//! Why not rustix: with the same applets (cat mkdir mv rm sleep true uname init, armv5te) the binary is
//! 29,580 bytes with the calls below, 32,280 with rustix 1.1.6 under the same outlined wrappers and 32,716
//! with it inlined. rustix also lacks vfork and process start, and needs a patch for Thumb-1. So there is one way to
//! call the kernel. Numbers and layouts come from `linux-raw-sys`.
//!
//! Wrappers are thin and have the names of section 2 of the manual. Each fails with the kernel's [`Errno`].

#![cfg_attr(not(test), no_std)]

extern crate alloc;

pub mod applet;
mod arch;
pub mod buf;
pub mod caller;
pub mod caught;
pub mod env;
pub mod errno;
pub mod fs;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
pub mod heap;
pub mod list;
pub mod loopdev;
#[cfg(mote_marked)]
pub mod mark;
pub mod module;
pub mod mount;
pub mod net;
pub mod num;
pub mod opts;
pub mod out;
pub mod process;
pub mod program;
pub mod shell;
pub mod signal;
pub mod sort;
pub mod system;
pub mod text;
pub mod time;
pub mod tty;
pub mod usage;
pub mod utf8;
pub mod width;
pub mod zstr;

pub use applet::{Cx, Table};
pub use buf::{Buf, ToBuf};
pub use errno::{Errno, Result};
pub use fs::Fd;
pub use list::List;
pub use out::Out;
pub use text::Text;
pub use zstr::ZStr;

/// The result of a system call (`man 2 syscall`): a negative value is an error. Not for calls that return an address.
#[inline(always)]
fn check(r: isize) -> Result<usize> {
    if r < 0 {
        Err(Errno::of(r))
    } else {
        Ok(r as usize)
    }
}

/// As [`check`], for calls that return no value of use.
#[inline(always)]
fn done(r: isize) -> Result<()> {
    if r < 0 {
        Err(Errno::of(r))
    } else {
        Ok(())
    }
}

/// System call of up to three arguments, by its name in `linux_raw_sys::general`.
macro_rules! sys3 {
    ($nr:ident $(, $a:expr)*) => { $crate::sys3!(@ $nr [] $($a,)*) };
    (@ $nr:ident [$($d:expr,)*] $a:expr, $($r:expr,)*) => { $crate::sys3!(@ $nr [$($d,)* $a,] $($r,)*) };
    (@ $nr:ident []) => { $crate::arch::syscall3(0, 0, 0, linux_raw_sys::general::$nr) };
    (@ $nr:ident [$a:expr,]) => { $crate::arch::syscall3($a as usize, 0, 0, linux_raw_sys::general::$nr) };
    (@ $nr:ident [$a:expr, $b:expr,]) => {
        $crate::arch::syscall3($a as usize, $b as usize, 0, linux_raw_sys::general::$nr)
    };
    (@ $nr:ident [$a:expr, $b:expr, $c:expr,]) => {
        $crate::arch::syscall3($a as usize, $b as usize, $c as usize, linux_raw_sys::general::$nr)
    };
}
/// System call of four to six arguments.
macro_rules! sys6 {
    ($nr:ident, $a:expr, $b:expr, $c:expr, $d:expr) => { $crate::sys6!($nr, $a, $b, $c, $d, 0, 0) };
    ($nr:ident, $a:expr, $b:expr, $c:expr, $d:expr, $e:expr) => { $crate::sys6!($nr, $a, $b, $c, $d, $e, 0) };
    ($nr:ident, $a:expr, $b:expr, $c:expr, $d:expr, $e:expr, $f:expr) => {
        $crate::arch::syscall6(
            $a as usize, $b as usize, $c as usize, $d as usize, $e as usize, $f as usize,
            linux_raw_sys::general::$nr,
        )
    };
}
pub(crate) use {sys3, sys6};
