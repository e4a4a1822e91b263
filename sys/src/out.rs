//! Buffered output that reports every failed write.

use crate::{fs, num, Buf, Errno, Fd, Result, ZStr};
use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::mem::{replace, take, ManuallyDrop, MaybeUninit};

/// Bytes of buffer of an [`Out`].
pub const SIZE: usize = if cfg!(mote_nommu) { 512 } else { 4096 };

type Buffer = [MaybeUninit<u8>; SIZE];
struct Static(UnsafeCell<Buffer>);
// SAFETY: `Out::stdout` gives it out, once.
unsafe impl Sync for Static {}
// On the stack it would keep the pages above and below apart: a page more for a program that writes nothing.
static STDOUT: Static = Static(UnsafeCell::new([MaybeUninit::uninit(); SIZE]));

/// Buffered output to a descriptor or, in a command substitution, to memory.
///
/// The first error sticks: what follows is dropped, and [`Out::flush`] keeps reporting it.
pub struct Out {
    len: usize,
    fd: Fd,
    error: Option<Errno>,
    // Without drop glue, which would bring the heap along; `take` hands it out.
    memory: ManuallyDrop<Buf>,
    // By pointer, so that a binary without `Out::memory` has neither its code nor the heap's.
    sink: fn(&mut Out, &[u8]),
    buf: &'static mut Buffer,
}

/// Where an [`Out`] wrote to before [`Out::capture`].
pub struct Outer {
    fd: Fd,
    error: Option<Errno>,
    memory: Buf,
    sink: fn(&mut Out, &[u8]),
}

impl Out {
    /// To `fd`, by way of `buf`.
    pub fn new(fd: Fd, buf: &'static mut [MaybeUninit<u8>; SIZE]) -> Out {
        Out { len: 0, fd, error: None, memory: ManuallyDrop::new(Buf::new()), sink: to_fd, buf }
    }

    /// To standard output.
    ///
    /// # Safety
    /// To be called once in a process: there is one buffer.
    pub unsafe fn stdout() -> Out {
        // SAFETY: by contract nobody else has it.
        Out::new(Fd::STDOUT, unsafe { &mut *STDOUT.0.get() })
    }

    /// To memory: nothing is written, [`Out::take`] gives the bytes. For tests; its buffer is never freed.
    pub fn memory() -> Out {
        let mut o = Out::new(Fd(-1), Box::leak(Box::new([MaybeUninit::uninit(); SIZE])));
        o.sink = to_memory;
        o
    }

    /// Bytes gathered in memory so far; the output is empty then.
    pub fn take(&mut self) -> Buf {
        self.spill();
        take(&mut *self.memory)
    }

    /// Gathers what comes from now on in memory, until [`Out::release`] gets the value.
    pub fn capture(&mut self) -> Outer {
        self.spill();
        Outer {
            fd: replace(&mut self.fd, Fd(-1)),
            error: take(&mut self.error),
            memory: take(&mut *self.memory),
            sink: replace(&mut self.sink, to_memory),
        }
    }

    /// Ends a [`Out::capture`]: what it gathered.
    pub fn release(&mut self, o: Outer) -> Buf {
        let all = self.take();
        (self.fd, self.error, *self.memory, self.sink) = (o.fd, o.error, o.memory, o.sink);
        all
    }

    /// In a new process, of whose output standard output gets the rest: what was gathered before is its
    /// parent's.
    pub fn divert(&mut self) {
        (self.len, self.fd, self.sink) = (0, Fd::STDOUT, to_fd);
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

fn to_memory(o: &mut Out, b: &[u8]) {
    o.memory.extend_from_slice(b);
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
    fn captures_nest() {
        let mut o = Out::memory();
        o.bytes(b"a");
        let outer = o.capture();
        o.bytes(b"b");
        let inner = o.capture();
        o.bytes(&[b'c'; SIZE + 1]);
        assert_eq!(o.fd(), Fd(-1));
        assert_eq!(o.release(inner), [b'c'; SIZE + 1]);
        o.bytes(b"d");
        assert_eq!(o.release(outer), b"bd");
        o.bytes(b"e");
        assert_eq!(o.take(), b"ae");
    }

    #[test]
    fn a_failed_write_sticks() {
        let full = fs::open(ZStr::new(c"/dev/full"), fs::O_WRONLY, 0).unwrap();
        let mut o = Out::memory();
        (o.fd, o.sink) = (*full, to_fd);
        o.bytes(&[b'x'; SIZE + 1]);
        assert!(o.failed());
        assert_eq!(o.flush(), Err(Errno::ENOSPC));
        assert_eq!(o.flush(), Err(Errno::ENOSPC));
    }
}
