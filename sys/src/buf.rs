//! Growable byte strings, one register wide.
//!
//! A `Vec<u8>` is three words, which a Thumb-1 function can keep in no register; this is one pointer. What
//! it points to says its length and holds the bytes, with a NUL behind them for the kernel.

use crate::ZStr;
use alloc::alloc::{alloc, dealloc, realloc, Layout};
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// What stands in front of the bytes.
// As much as an element of a `List` may be: the bytes behind it are aligned, too.
#[repr(C, align(8))]
struct Head {
    /// Room for bytes, the NUL not counted; 0 for [`EMPTY`], which was never allocated.
    cap: usize,
    len: usize,
}

/// Bytes of a block that are not for content: the head, and the NUL.
const EXTRA: usize = size_of::<Head>() + 1;

#[repr(C)]
struct Empty(Head, u8);
/// What every empty string that has no room of its own points to. Nobody writes here.
static EMPTY: Empty = Empty(Head { cap: 0, len: 0 }, 0);

/// A growable byte string; [`Buf::z`] lends it to the kernel. A `[u8]` by `Deref`.
// Points to the head's length: from there Thumb-1 reaches the bytes by the small constant of one instruction.
pub struct Buf(NonNull<usize>);

/// Copies bytes into a string of their own.
pub trait ToBuf {
    /// The copy.
    fn buf(&self) -> Buf;
}

impl ToBuf for [u8] {
    #[inline(never)]
    fn buf(&self) -> Buf {
        let mut b = Buf::new();
        b.extend_from_slice(self);
        b
    }
}

/// The parts, one behind the other.
#[inline(never)]
pub fn concat(parts: &[&[u8]]) -> Buf {
    let mut all = Buf::new();
    for part in parts {
        all.extend_from_slice(part);
    }
    all
}

impl Buf {
    /// An empty one; takes no memory.
    pub const fn new() -> Buf {
        // SAFETY: the address of a static is not null.
        Buf(unsafe { NonNull::new_unchecked(&raw const EMPTY.0.len as *mut usize) })
    }

    /// The block that begins with `head`, as one of ours.
    ///
    /// # Safety
    /// The head has been set, and room for what it says follows it.
    unsafe fn of(head: *mut Head) -> NonNull<usize> {
        // SAFETY: by contract; no part of a block is at address 0.
        unsafe { NonNull::new_unchecked(&raw mut (*head).len) }
    }

    fn head(&self) -> *mut Head {
        // SAFETY: the length is the head's last word.
        unsafe { self.0.as_ptr().sub(1) as *mut Head }
    }

    fn cap(&self) -> usize {
        // SAFETY: a head lives as long as `self`.
        unsafe { (*self.head()).cap }
    }

    /// Bytes, or the elements of a [`crate::List`].
    fn count(&self) -> usize {
        // SAFETY: as above.
        unsafe { *self.0.as_ptr() }
    }

    fn bytes(&self) -> *mut u8 {
        // SAFETY: the bytes follow the length in the same block.
        unsafe { self.0.as_ptr().add(1) as *mut u8 }
    }

    fn layout(cap: usize) -> Layout {
        // SAFETY: the alignment is a power of two; a size that is too large is refused by the allocator.
        unsafe { Layout::from_size_align_unchecked(cap.wrapping_add(EXTRA), align_of::<Head>()) }
    }

    /// Makes room for `room` bytes, and a NUL.
    #[inline(never)]
    fn grow(&mut self, room: usize) {
        let cap = self.cap();
        // A block's size is a power of two, which the heap gives without a rest.
        let want = room.saturating_add(EXTRA);
        let mut size = 16;
        while size < want && size != 0 {
            size <<= 1;
        }
        let size = if size == 0 { want } else { size };
        // SAFETY: the allocator gives a block of this size or ends the process; an old block is given back
        // with the layout that it was taken with. Its length and bytes are copied along.
        unsafe {
            let new = Buf::layout(size - EXTRA);
            let p = if cap == 0 {
                let p = alloc(new) as *mut Head;
                (*p).len = 0;
                p
            } else {
                realloc(self.head() as *mut u8, Buf::layout(cap), new.size()) as *mut Head
            };
            (*p).cap = size - EXTRA;
            self.0 = Buf::of(p);
        }
    }

    /// Sets the length, at most the capacity, and ends the bytes with a NUL.
    #[inline(never)]
    fn set_len(&mut self, len: usize) {
        if self.cap() != 0 {
            // SAFETY: a block of our own; `len` bytes and the NUL fit by contract.
            unsafe {
                *self.0.as_ptr() = len;
                *self.bytes().add(len) = 0;
            }
        }
    }

    /// Appends a byte.
    #[inline(never)]
    pub fn push(&mut self, b: u8) {
        let (len, cap) = (self.count(), self.cap());
        if len == cap {
            self.grow(len + 1);
        }
        // SAFETY: there is room for it now.
        unsafe { *self.bytes().add(len) = b };
        self.set_len(len + 1);
    }

    /// Appends bytes.
    #[inline(never)]
    pub fn extend_from_slice(&mut self, more: &[u8]) {
        self.replace(self.len(), 0, more);
    }

    /// Puts `with` in place of `n` bytes from `at` on; what lies behind the end is not there.
    #[inline(never)]
    pub fn replace(&mut self, at: usize, n: usize, with: &[u8]) {
        let len = self.len();
        let at = at.min(len);
        let n = n.min(len - at);
        if with.len() > self.cap() - len + n {
            self.grow((len - n).saturating_add(with.len()));
        }
        if with.is_empty() && n == 0 {
            return;
        }
        // SAFETY: both ends of the move lie within the capacity; `with` is no part of us, since we are
        // borrowed mutably.
        unsafe {
            let p = self.bytes().add(at);
            if at + n < len {
                core::ptr::copy(p.add(n), p.add(with.len()), len - at - n);
            }
            core::ptr::copy_nonoverlapping(with.as_ptr(), p, with.len());
        }
        self.set_len(len - n + with.len());
    }

    /// For [`crate::List`], with `len` elements of `size` bytes: a new place in front of number `at`.
    #[inline(never)]
    pub(crate) fn open(&mut self, at: usize, size: usize) -> *mut u8 {
        let (len, cap) = (self.count(), self.cap());
        let end = len * size;
        if end + size > cap {
            self.grow(end + size);
        }
        let from = at.min(len) * size;
        // SAFETY: there is room for one more.
        unsafe {
            *self.0.as_ptr() = len + 1;
            let p = self.bytes().add(from);
            core::ptr::copy(p, p.add(size), end - from);
            p
        }
    }

    /// As [`Buf::open`], behind all that are there.
    #[inline(never)]
    pub(crate) fn next(&mut self, size: usize) -> *mut u8 {
        self.open(usize::MAX, size)
    }

    /// As [`Buf::open`]: the place of element number `at`, of which there are more, goes.
    #[inline(never)]
    pub(crate) fn close(&mut self, at: usize, size: usize) {
        let len = self.count() - 1;
        // SAFETY: the elements behind it are within the block.
        unsafe {
            *self.0.as_ptr() = len;
            let p = self.bytes().add(at * size);
            core::ptr::copy(p.add(size), p, (len - at) * size);
        }
    }

    /// As [`Buf::open`]: all but the first `len` elements go.
    pub(crate) fn keep(&mut self, len: usize) {
        if len < self.len() {
            // SAFETY: it is not the empty one, which has none.
            unsafe { *self.0.as_ptr() = len };
        }
    }

    /// Inserts a byte in front of number `at`.
    pub fn insert(&mut self, at: usize, b: u8) {
        self.replace(at, 0, &[b]);
    }

    /// Takes out byte number `at`.
    pub fn remove(&mut self, at: usize) {
        self.replace(at, 1, &[]);
    }

    /// Cuts off what lies behind the first `len` bytes.
    #[inline(never)]
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.set_len(len);
        }
    }

    /// Cuts off everything; the room stays.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Takes off the last byte.
    pub fn pop(&mut self) {
        self.truncate(self.len().saturating_sub(1));
    }

    /// Takes off and returns what stands from `at` on.
    pub fn split_off(&mut self, at: usize) -> Buf {
        let rest = self.get(at..).unwrap_or_default().buf();
        self.truncate(at);
        rest
    }

    /// Keeps the bytes for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&u8) -> bool) {
        let mut n = 0;
        for i in 0..self.len() {
            if let Some(&b) = self.get(i) {
                if keep(&b) {
                    if let Some(to) = self.get_mut(n) {
                        *to = b;
                    }
                    n += 1;
                }
            }
        }
        self.truncate(n);
    }

    /// Appends `b` until there are `len` bytes.
    pub fn pad(&mut self, len: usize, b: u8) {
        while self.len() < len {
            self.push(b);
        }
    }

    /// The bytes as the kernel wants them: with the NUL. Bytes behind an inner NUL are not seen there.
    pub fn z(&self) -> ZStr<'_> {
        // SAFETY: a NUL stands behind the bytes, always.
        unsafe { ZStr::from_ptr(self.bytes()) }
    }
}

impl Drop for Buf {
    #[inline(never)]
    fn drop(&mut self) {
        let cap = self.cap();
        if cap != 0 {
            // SAFETY: our block, with the layout that it was taken with.
            unsafe { dealloc(self.head() as *mut u8, Buf::layout(cap)) }
        }
    }
}

impl Deref for Buf {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: `len` bytes are there and stay while `self` is borrowed.
        unsafe { core::slice::from_raw_parts(self.bytes(), self.count()) }
    }
}

impl DerefMut for Buf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; an empty slice of the static is never written.
        unsafe { core::slice::from_raw_parts_mut(self.bytes(), self.count()) }
    }
}

impl Default for Buf {
    fn default() -> Buf {
        Buf::new()
    }
}

impl Clone for Buf {
    fn clone(&self) -> Buf {
        self.buf()
    }
}

impl Extend<u8> for Buf {
    fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
        bytes.into_iter().for_each(|b| self.push(b));
    }
}

impl<'a> Extend<&'a u8> for Buf {
    fn extend<I: IntoIterator<Item = &'a u8>>(&mut self, bytes: I) {
        bytes.into_iter().for_each(|b| self.push(*b));
    }
}

impl FromIterator<u8> for Buf {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Buf {
        let mut b = Buf::new();
        b.extend(bytes);
        b
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Buf {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl Eq for Buf {}

impl AsRef<[u8]> for Buf {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl core::fmt::Debug for Buf {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.escape_ascii().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_keeps_its_bytes() {
        let mut b = Buf::new();
        let mut v = Vec::new();
        for i in 0..5000u32 {
            b.push(i as u8);
            v.push(i as u8);
            assert_eq!(b.len(), v.len());
        }
        assert_eq!(b, v);
        b.truncate(3);
        assert_eq!(b, [0, 1, 2]);
        b.clear();
        assert!(b.is_empty() && b.z().is_empty());
    }

    #[test]
    fn parts_are_replaced() {
        let mut b = b"abcdef".buf();
        b.replace(1, 2, b"xyz");
        assert_eq!(b, b"axyzdef");
        b.replace(0, 4, b"");
        assert_eq!(b, b"def");
        b.insert(0, b'c');
        b.remove(3);
        assert_eq!(b, b"cde");
        b.replace(9, 9, b"!");
        assert_eq!(b, b"cde!");
        assert_eq!(b.split_off(2), b"e!");
        assert_eq!(b, b"cd");
        b.retain(|&c| c < b'c');
        assert!(b.is_empty());
    }

    #[test]
    fn the_empty_one_is_never_written() {
        let mut b = Buf::new();
        b.truncate(0);
        b.pop();
        b.replace(0, 5, b"");
        b.retain(|_| true);
        assert_eq!(b.clone().len(), 0);
        assert_eq!(EMPTY.0.cap + EMPTY.0.len, 0);
    }

    #[test]
    fn a_nul_stands_behind_the_bytes() {
        let mut b = b"x/y".buf();
        assert_eq!(b.z().bytes(), b"x/y");
        b.pop();
        assert_eq!(b.z().bytes(), b"x/");
        assert_eq!(b.len(), 2);
    }
}
