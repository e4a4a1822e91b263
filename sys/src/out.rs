//! Buffered output that reports every failed write.

use crate::{caught, fs, num, tty, width, Buf, Errno, Fd, Result, ZStr};
use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::mem::{replace, take, transmute, ManuallyDrop, MaybeUninit};

/// Bytes of buffer of an [`Out`].
pub const SIZE: usize = if cfg!(mote_nommu) { 512 } else { 4096 };

type Buffer = [MaybeUninit<u8>; SIZE];
struct Static(UnsafeCell<Buffer>);
// SAFETY: only `Out::stdout` lends it, once in a process, and a process has one thread.
unsafe impl Sync for Static {}
// On the stack it would spread the frames above and below it over two pages: one more for a program that writes nothing.
static STDOUT: Static = Static(UnsafeCell::new([MaybeUninit::uninit(); SIZE]));

/// Buffered output to a descriptor or, in a command substitution, to memory.
///
/// After a failed write, everything else is dropped, and [`Out::flush`] reports that first error each time.
pub struct Out {
    len: usize,
    buf: &'static mut [MaybeUninit<u8>],
    fd: Fd,
    error: Result<()>,
    // Puts the bytes into memory. It is a pointer so that a binary which never captures output has neither this code
    // nor the heap's.
    sink: Option<fn(&mut Out, &[u8])>,
    // Never dropped, since that would bring the heap into every binary; `take` moves it out.
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

    /// Moves out the bytes gathered in memory so far.
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

    /// For a new process: forgets what its parent has gathered, and writes to standard output from now on.
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

    /// As [`Out::bytes`], fast for long texts.
    #[inline(never)]
    pub fn text(&mut self, mut b: &[u8]) {
        loop {
            let room = self.buf.get_mut(self.len..).unwrap_or_default();
            let n = b.len().min(room.len());
            // SAFETY: both have room for `n` bytes, and one is lent to us alone.
            unsafe { core::ptr::copy_nonoverlapping(b.as_ptr(), room.as_mut_ptr() as *mut u8, n) };
            self.len += n;
            b = b.get(n..).unwrap_or_default();
            if b.is_empty() {
                return;
            }
            self.spill();
            if b.len() >= SIZE {
                return self.unbuffered(b);
            }
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
        while let Some(c) = s.take_first() {
            self.byte(c);
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
            // The width may be any.
            if caught::interrupted() {
                return;
            }
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

    /// Appends a name or other foreign text, a question mark for each character that a terminal must not get.
    #[inline(never)]
    pub fn masked(&mut self, mut text: &[u8]) {
        while let (len @ 1.., columns) = width::next(text) {
            let Some((character, rest)) = text.split_at_checked(len) else { return };
            self.bytes(if columns == width::BAD { b"?" } else { character });
            text = rest;
        }
    }

    /// Appends foreign text: as it is, or [`Out::masked`] for a terminal.
    #[inline(never)]
    pub fn shown(&mut self, text: &[u8]) {
        if tty::is(self.fd) {
            self.masked(text);
        } else {
            self.bytes(text);
        }
    }

    #[inline(never)]
    fn spill(&mut self) {
        // SAFETY: the first `len` bytes of the buffer have been written. The only sink, `to_memory`, does not touch the
        // buffer, so `b` stays as it is while `unbuffered` has `self`.
        let b = unsafe { core::slice::from_raw_parts(self.buf.as_ptr() as *const u8, self.len) };
        self.len = 0;
        self.unbuffered(b);
    }

    /// Writes `b` without the buffer, which the caller has flushed: for much at once.
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

    /// Forgets a failed write, before the output of another command.
    pub fn recover(&mut self) {
        self.error = Ok(());
    }

    /// Has a write failed? For loops that should stop early.
    pub fn failed(&self) -> bool {
        self.error.is_err()
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

/// Writes a line to standard error: `name: `, `inner: ` and `line NUMBER: `, each unless it is empty or 0, then `what`
/// and the parts, and `: ` with the kernel's reason, if there is one. It is one write if it has at most 256 bytes.
/// Names and parts are [`Out::masked`].
// Not `inline(never)`: in a binary where only `fail` calls it, both become one function.
pub fn line(name: ZStr, inner: ZStr, number: u32, what: &[u8], parts: &[&[u8]], why: Option<Errno>) {
    message(Out::masked, name, inner, number, what, parts, why, b'\n');
}

/// As [`line`] without names, for a binary of which no message has foreign text: it does without [`Out::masked`].
#[inline(never)]
pub fn own_line(what: &[u8], more: &[u8], why: Errno) {
    let mut buf = [MaybeUninit::<u8>::uninit(); 256];
    // SAFETY: only `o` has it, and `o` does not leave this function.
    let o = &mut Out::new(Fd::STDERR, unsafe { transmute::<&mut [_], &'static mut [_]>(&mut buf[..]) });
    o.bytes(what);
    o.bytes(more);
    o.bytes(b": ");
    why.write(o);
    o.byte(b'\n');
    // Nobody is left to tell of an error here.
    let _ = o.flush();
}

/// Asks `name: what 'path'? ` on standard error.
pub fn question(name: ZStr, what: &[u8], path: &[u8]) {
    message(Out::masked, name, NONE, 0, what, &[b" '", path, b"'?"], None, b' ');
}

#[allow(clippy::too_many_arguments)]
fn message(
    put: fn(&mut Out, &[u8]),
    name: ZStr,
    inner: ZStr,
    number: u32,
    what: &[u8],
    parts: &[&[u8]],
    why: Option<Errno>,
    end: u8,
) {
    let mut buf = [MaybeUninit::<u8>::uninit(); 256];
    // SAFETY: only `o` has it, and `o` does not leave this function.
    let buf: &'static mut [MaybeUninit<u8>] = unsafe { transmute(&mut buf[..]) };
    let o = &mut Out::new(Fd::STDERR, buf);
    for name in [name, inner] {
        if !name.is_empty() {
            put(o, name.bytes());
            o.bytes(b": ");
        }
    }
    if number > 0 {
        o.bytes(b"line ");
        o.dec(number as u64);
        o.bytes(b": ");
    }
    put(o, what);
    for part in parts {
        put(o, part);
    }
    if let Some(why) = why {
        o.bytes(b": ");
        why.write(o);
    }
    o.byte(end);
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
    fn terminals_get_no_controls() {
        let mut o = Out::memory();
        o.masked("a\x1b\n\u{9b}é中\u{202e}".as_bytes());
        o.masked(b"\x9b\xc3");
        o.shown(b"\x1b");
        assert_eq!(o.take(), "a???é中???\x1b".as_bytes());
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
    #[cfg_attr(miri, ignore = "opens a file")]
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
