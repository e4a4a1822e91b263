//! Buffered output that reports every failed write.

use crate::{fs, num, Buf, Errno, Fd, Result, ZStr};
use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::mem::{replace, take, transmute, ManuallyDrop, MaybeUninit};

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
    buf: &'static mut [MaybeUninit<u8>],
    fd: Fd,
    error: Result<()>,
    // What puts the bytes into memory; by pointer, so that a binary which does not ask for it has neither its
    // code nor the heap's.
    sink: Option<fn(&mut Out, &[u8])>,
    // Without drop glue, which would bring the heap along; `take` hands it out.
    memory: ManuallyDrop<Option<Buf>>,
}

/// Where an [`Out`] wrote to before [`Out::capture`].
pub struct Outer {
    fd: Fd,
    error: Result<()>,
    sink: Option<fn(&mut Out, &[u8])>,
    memory: Option<Buf>,
}

impl Out {
    /// To `fd`, by way of `buf`.
    pub fn new(fd: Fd, buf: &'static mut [MaybeUninit<u8>]) -> Out {
        Out { len: 0, buf, fd, error: Ok(()), sink: None, memory: ManuallyDrop::new(None) }
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
        o.sink = Some(to_memory);
        o
    }

    /// Bytes gathered in memory so far; the output is empty then.
    pub fn take(&mut self) -> Buf {
        self.spill();
        self.memory.take().unwrap_or_default()
    }

    /// Gathers what comes from now on in memory, until [`Out::release`] gets the value.
    pub fn capture(&mut self) -> Outer {
        self.spill();
        Outer {
            fd: replace(&mut self.fd, Fd(-1)),
            error: replace(&mut self.error, Ok(())),
            sink: self.sink.replace(to_memory),
            memory: take(&mut *self.memory),
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
        (self.len, self.fd, self.sink) = (0, Fd::STDOUT, None);
    }

    /// The descriptor written to; −1 for memory.
    pub fn fd(&self) -> Fd {
        self.fd
    }

    /// Appends `b`.
    #[inline(never)]
    pub fn bytes(&mut self, b: &[u8]) {
        for &c in b {
            self.byte(c);
        }
    }

    /// Appends one byte.
    #[inline(never)]
    pub fn byte(&mut self, b: u8) {
        loop {
            if let Some(slot) = self.buf.get_mut(self.len) {
                slot.write(b);
                self.len += 1;
                return;
            }
            self.spill();
        }
    }

    /// Appends a NUL-terminated string.
    #[inline(never)]
    pub fn z(&mut self, mut s: ZStr) {
        while !s.is_empty() {
            self.byte(s.first());
            s = s.skip(1);
        }
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
        self.unbuffered(b);
    }

    /// Writes `b` as it is, past what is buffered: for what is large, once the buffer is flushed.
    #[inline(never)]
    pub fn unbuffered(&mut self, b: &[u8]) {
        if let Some(sink) = self.sink {
            sink(self, b);
        } else if self.error.is_ok() {
            self.error = fs::write_all(self.fd, b);
        }
    }

    /// Writes out what is buffered; the first error of all writes so far.
    #[inline(always)]
    pub fn flush(&mut self) -> Result<()> {
        self.spill();
        self.error
    }

    /// Forgets a failed write: what comes next is another command's output.
    pub fn recover(&mut self) {
        self.error = Ok(());
    }

    /// Has a write failed? For loops that should stop early.
    pub fn failed(&self) -> bool {
        self.error.is_err()
    }
}

impl Out {
    /// `name: ` unless it is empty.
    #[inline(always)]
    fn label(&mut self, name: ZStr) {
        if !name.is_empty() {
            self.z(name);
            self.bytes(b": ");
        }
    }
}

fn to_memory(o: &mut Out, b: &[u8]) {
    o.memory.get_or_insert_default().extend_from_slice(b);
}

/// Writes the parts as one line to standard error.
pub fn complain(parts: &[&[u8]]) {
    line(NONE, NONE, 0, b"", parts, None);
}

const NONE: ZStr = ZStr::new(c"");

/// Writes a line to standard error, in one write as long as it fits 256 bytes: both names, if they are not empty,
/// each with `: `, then `line N: ` unless that is 0, `what` and the parts, and `: ` and the kernel's reason if
/// there is one.
// Where `fail` alone calls it, it becomes that.
pub fn line(name: ZStr, inner: ZStr, number: u32, what: &[u8], parts: &[&[u8]], why: Option<Errno>) {
    let mut buf = [MaybeUninit::<u8>::uninit(); 256];
    // SAFETY: `o`, which has it, does not leave this function.
    let buf: &'static mut [MaybeUninit<u8>] = unsafe { transmute(&mut buf[..]) };
    let o = &mut Out::new(Fd::STDERR, buf);
    o.label(name);
    o.label(inner);
    if number > 0 {
        o.bytes(b"line ");
        o.dec(number as u64);
        o.bytes(b": ");
    }
    o.bytes(what);
    for part in parts {
        o.bytes(part);
    }
    if let Some(why) = why {
        o.bytes(b": ");
        why.write(o);
    }
    o.byte(b'\n');
    // Nobody is left to tell of an error here.
    let _ = o.flush();
}

/// `name: what: why` as one line to standard error, the kernel's reason at the end.
#[inline(never)]
pub fn fail(name: ZStr, what: &[u8], why: Errno) {
    line(name, NONE, 0, what, &[], Some(why));
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
        (o.fd, o.sink) = (*full, None);
        o.bytes(&[b'x'; SIZE + 1]);
        assert!(o.failed());
        assert_eq!(o.flush(), Err(Errno::ENOSPC));
        assert_eq!(o.flush(), Err(Errno::ENOSPC));
    }
}
