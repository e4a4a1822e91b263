//! Buffered output that reports every failed write.

use crate::{fs, num, Errno, Fd, Result, ZStr};
use alloc::vec::Vec;
use core::mem::{ManuallyDrop, MaybeUninit};

/// Bytes of buffer in an [`Out`]; it lives on its owner's stack.
pub const SIZE: usize = if cfg!(mote_nommu) { 512 } else { 4096 };

/// Buffered output to a descriptor or, in the shell, to memory.
///
/// The first error sticks: what follows is dropped, and [`Out::flush`] keeps reporting it.
pub struct Out {
    len: usize,
    fd: Fd,
    error: Option<Errno>,
    // Without drop glue, which would bring the heap along; `take` hands it out.
    memory: ManuallyDrop<Vec<u8>>,
    // By pointer, so that a binary without `Out::memory` has neither its code nor the heap's.
    sink: fn(&mut Out, &[u8]),
    buf: [MaybeUninit<u8>; SIZE],
}

impl Out {
    /// To `fd`.
    pub const fn new(fd: Fd) -> Out {
        Out {
            len: 0,
            fd,
            error: None,
            memory: ManuallyDrop::new(Vec::new()),
            sink: to_fd,
            buf: [MaybeUninit::uninit(); SIZE],
        }
    }

    /// To memory: nothing is written, [`Out::take`] gives the bytes (and must be called to free them).
    pub fn memory() -> Out {
        let mut o = Out::new(Fd(-1));
        o.sink = |o, b| o.memory.extend_from_slice(b);
        o
    }

    /// Bytes gathered in memory so far; the output is empty then.
    pub fn take(&mut self) -> Vec<u8> {
        self.spill();
        core::mem::take(&mut *self.memory)
    }

    /// The descriptor written to; −1 for memory.
    pub fn fd(&self) -> Fd {
        self.fd
    }

    /// Appends `b`.
    #[inline(never)]
    pub fn bytes(&mut self, b: &[u8]) {
        if b.len() >= SIZE {
            self.spill();
            return (self.sink)(self, b);
        }
        for &c in b {
            if self.len == SIZE {
                self.spill();
            }
            if let Some(slot) = self.buf.get_mut(self.len) {
                slot.write(c);
                self.len += 1;
            }
        }
    }

    /// Appends one byte.
    pub fn byte(&mut self, b: u8) {
        self.bytes(&[b]);
    }

    /// Appends a NUL-terminated string.
    pub fn z(&mut self, s: ZStr) {
        self.bytes(s.bytes());
    }

    /// Appends `n` in decimal.
    pub fn dec(&mut self, n: u64) {
        self.number(n, 10, 0, b' ');
    }

    /// Appends `n` in decimal with its sign.
    pub fn signed(&mut self, n: i64) {
        if n < 0 {
            self.byte(b'-');
        }
        self.dec(n.unsigned_abs());
    }

    /// Appends `n` in `base`, right-aligned in `width` with `fill` on the left.
    #[inline(never)]
    pub fn number(&mut self, n: u64, base: u32, width: usize, fill: u8) {
        let mut b = [0; 64];
        let d = num::digits(&mut b, n, base);
        self.fill(fill, width.saturating_sub(d.len()));
        self.bytes(d);
    }

    /// Appends `n` times `b`.
    pub fn fill(&mut self, b: u8, n: usize) {
        for _ in 0..n {
            self.byte(b);
        }
    }

    /// Appends `b`, left-aligned in `width`.
    pub fn left(&mut self, b: &[u8], width: usize) {
        self.bytes(b);
        self.fill(b' ', width.saturating_sub(b.len()));
    }

    /// Appends `b`, right-aligned in `width`.
    pub fn right(&mut self, b: &[u8], width: usize) {
        self.fill(b' ', width.saturating_sub(b.len()));
        self.bytes(b);
    }

    #[inline(never)]
    fn spill(&mut self) {
        // SAFETY: the first `len` bytes of the buffer have been written, and a sink leaves the buffer alone.
        let b = unsafe { core::slice::from_raw_parts(self.buf.as_ptr() as *const u8, self.len) };
        self.len = 0;
        (self.sink)(self, b);
    }

    /// Writes out what is buffered; the first error of all writes so far.
    pub fn flush(&mut self) -> Result<()> {
        if self.len > 0 {
            self.spill();
        }
        match self.error {
            Some(e) => Err(e),
            None => Ok(()),
        }
    }

    /// Forgets a failed write: what comes next is another command's output.
    pub fn recover(&mut self) {
        self.error = None;
    }

    /// Has a write failed? For loops that should stop early.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }
}

fn to_fd(o: &mut Out, b: &[u8]) {
    if o.error.is_none() {
        o.error = fs::write_all(o.fd, b).err();
    }
}

/// Writes the parts as one line to standard error, in one write as long as they fit 256 bytes.
#[inline(never)]
pub fn complain(parts: &[&[u8]]) {
    let mut buf = [0; 256];
    let mut n = 0;
    for &b in parts.iter().copied().flatten().chain(b"\n") {
        if n == buf.len() {
            // Nobody is left to tell of an error here and below.
            let _ = fs::write_all(Fd::STDERR, &buf);
            n = 0;
        }
        if let Some(slot) = buf.get_mut(n) {
            *slot = b;
            n += 1;
        }
    }
    let _ = fs::write_all(Fd::STDERR, buf.get(..n).unwrap_or(&[]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_alignment() {
        let mut o = Out::memory();
        o.signed(-42);
        o.number(7, 8, 4, b'0');
        o.left(b"ab", 4);
        o.right(b"cd", 4);
        assert_eq!(o.take(), b"-420007ab    cd");
    }

    #[test]
    fn a_failed_write_sticks() {
        let full = fs::open(ZStr::new(c"/dev/full"), fs::O_WRONLY, 0).unwrap();
        let mut o = Out::new(*full);
        o.bytes(&[b'x'; SIZE + 1]);
        assert!(o.failed());
        assert_eq!(o.flush(), Err(Errno::ENOSPC));
        assert_eq!(o.flush(), Err(Errno::ENOSPC));
    }
}
