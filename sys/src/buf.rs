//! Growable byte strings, one register wide.
//!
//! A `Vec<u8>` is three words, too many for the registers of a Thumb-1 function. A [`Buf`] is one pointer to a
//! block that holds the capacity, the length, the bytes, and a NUL behind them for the kernel.
//!
//! All access goes through that one pointer, which is good for the whole block: no reference to a part of the block
//! is kept, and none is made into a pointer again.

use crate::{heap, ZStr};
use alloc::alloc::{alloc, dealloc, realloc, Layout};
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// The start of a block. Its alignment is the largest that an element of a `List` may have; the bytes that follow it
/// are aligned as well.
#[repr(C, align(8))]
struct Head {
    /// Room for bytes, the NUL not counted; 0 for [`EMPTY`], which was never allocated.
    cap: usize,
    len: usize,
}

/// Bytes of a block beside its content: the head and the NUL.
const EXTRA: usize = size_of::<Head>() + 1;

#[repr(C)]
struct Empty(Head, u8);
/// The block of every string that has no memory of its own yet. It is never written: its capacity is 0.
static EMPTY: Empty = Empty(Head { cap: 0, len: 0 }, 0);

/// A growable byte string; [`Buf::z`] lends it to the kernel. A `[u8]` by `Deref`.
// Points to the length: from there one Thumb-1 instruction reaches the first bytes.
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
        // SAFETY: the static is there, and never written. The pointer comes from the whole of it, not from a
        // reference to its length, so that the capacity and the NUL can be read through it.
        Buf(unsafe { Buf::of(&raw const EMPTY as *mut Head) })
    }

    /// The pointer to a block that begins with `head`.
    ///
    /// # Safety
    /// `head` points to a whole block, and may be used for all of it.
    const unsafe fn of(head: *mut Head) -> NonNull<usize> {
        // SAFETY: by contract the length is there, so its address is not 0.
        unsafe { NonNull::new_unchecked(&raw mut (*head).len) }
    }

    fn head(&self) -> *mut Head {
        // SAFETY: the length is the head's last word.
        unsafe { self.0.as_ptr().sub(1) as *mut Head }
    }

    fn cap(&self) -> usize {
        // SAFETY: the block lives as long as `self`.
        unsafe { (*self.head()).cap }
    }

    /// The length: bytes, or elements of a [`crate::List`].
    pub(crate) fn count(&self) -> usize {
        // SAFETY: as above.
        unsafe { *self.0.as_ptr() }
    }

    /// The first byte, or the place of the first element of a [`crate::List`]; aligned like [`Head`].
    pub(crate) fn bytes(&self) -> *mut u8 {
        // SAFETY: the bytes follow the length in the same block; the empty block has its NUL there.
        unsafe { self.0.as_ptr().add(1) as *mut u8 }
    }

    /// The layout of a block with room for `cap` bytes, which [`Buf::grow`] has chosen.
    fn layout(cap: usize) -> Layout {
        // SAFETY: the alignment is a power of two, and `grow` takes no block of more than `isize::MAX` bytes.
        unsafe { Layout::from_size_align_unchecked(cap + EXTRA, align_of::<Head>()) }
    }

    /// Makes room for `room` bytes and a NUL, or ends the process. The caller then sets the length.
    #[inline(never)]
    fn grow(&mut self, room: usize) {
        let cap = self.cap();
        // The heap gives a power of two without waste.
        let want = room.saturating_add(EXTRA);
        let mut size = 16usize;
        while size < want {
            size <<= 1;
            if size > isize::MAX as usize {
                heap::exhausted();
            }
        }
        // SAFETY: an old block is given back with the layout that it was taken with; its length and bytes are
        // copied along. The allocator of the binary, `heap::Heap`, does not return without a block.
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
            // SAFETY: the block is our own, and callers have made room for `len` bytes and the NUL.
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
        // SAFETY: there is room for it now: `grow` makes some, and only the block of capacity 0 is not our own.
        unsafe { *self.bytes().add(len) = b };
        self.set_len(len + 1);
    }

    /// Appends bytes.
    #[inline(never)]
    pub fn extend_from_slice(&mut self, more: &[u8]) {
        self.replace(self.len(), 0, more);
    }

    /// Replaces `n` bytes from `at` on by `with`. Both are cut to what is there.
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
        // SAFETY: there is a byte to remove or to write, so the block is our own, and old and new bytes fit its
        // capacity. `with` is no part of it, since `self` is borrowed mutably.
        unsafe {
            let p = self.bytes().add(at);
            if at + n < len {
                core::ptr::copy(p.add(n), p.add(with.len()), len - at - n);
            }
            core::ptr::copy_nonoverlapping(with.as_ptr(), p, with.len());
        }
        self.set_len(len - n + with.len());
    }

    /// For [`crate::List`], whose elements have `size` bytes: makes a place in front of element `at`, or at the end, and
    /// counts it. The caller fills it before anything else is done.
    ///
    /// # Safety
    /// `size` is that of all elements, and not 0.
    #[inline(never)]
    pub(crate) unsafe fn open(&mut self, at: usize, size: usize) -> *mut u8 {
        let (len, cap) = (self.count(), self.cap());
        let end = len * size;
        if end + size > cap {
            self.grow(end + size);
        }
        let from = at.min(len) * size;
        // SAFETY: there is room for one more, which no empty block has.
        unsafe {
            *self.0.as_ptr() = len + 1;
            let p = self.bytes().add(from);
            core::ptr::copy(p, p.add(size), end - from);
            p
        }
    }

    /// As [`Buf::open`], at the end.
    ///
    /// # Safety
    /// As [`Buf::open`].
    #[inline(never)]
    pub(crate) unsafe fn next(&mut self, size: usize) -> *mut u8 {
        // SAFETY: by contract.
        unsafe { self.open(usize::MAX, size) }
    }

    /// For [`crate::List`]: removes the place of element `at`.
    ///
    /// # Safety
    /// As [`Buf::open`]; there is such an element, and it has been moved out.
    #[inline(never)]
    pub(crate) unsafe fn close(&mut self, at: usize, size: usize) {
        let len = self.count() - 1;
        // SAFETY: by contract there is an element, so the block is our own and holds those behind it.
        unsafe {
            *self.0.as_ptr() = len;
            let p = self.bytes().add(at * size);
            core::ptr::copy(p.add(size), p, (len - at) * size);
        }
    }

    /// For [`crate::List`]: forgets all but the first `len` elements, which need no drop.
    pub(crate) fn keep(&mut self, len: usize) {
        if len < self.count() {
            // SAFETY: there are elements, so the block is our own.
            unsafe { *self.0.as_ptr() = len };
        }
    }

    /// Inserts a byte in front of byte `at`.
    pub fn insert(&mut self, at: usize, b: u8) {
        self.replace(at, 0, &[b]);
    }

    /// Removes byte `at`, if there is one.
    pub fn remove(&mut self, at: usize) {
        self.replace(at, 1, &[]);
    }

    /// Removes all but the first `len` bytes.
    #[inline(never)]
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.set_len(len);
        }
    }

    /// Removes all bytes; the memory is kept.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Removes the last byte, if there is one.
    pub fn pop(&mut self) {
        self.truncate(self.len().saturating_sub(1));
    }

    /// Removes and returns the bytes from `at` on.
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

    /// The bytes with a NUL behind them, for the kernel, which sees them up to the first NUL.
    pub fn z(&self) -> ZStr<'_> {
        // SAFETY: a NUL follows the bytes: each method that changes the length ends in `set_len`, and the empty block
        // has one. It stays while `self` is borrowed.
        unsafe { ZStr::from_ptr(self.bytes()) }
    }

    /// As [`Buf::z`], from byte `at` on; nothing, if there are fewer bytes.
    pub fn z_from(&self, at: usize) -> ZStr<'_> {
        // SAFETY: as in `z`; the place is not behind the NUL.
        unsafe { ZStr::from_ptr(self.bytes().add(at.min(self.len()))) }
    }
}

impl Drop for Buf {
    #[inline(never)]
    fn drop(&mut self) {
        let cap = self.cap();
        if cap != 0 {
            // SAFETY: the block is our own, and has the layout that it was taken with.
            unsafe { dealloc(self.head() as *mut u8, Buf::layout(cap)) }
        }
    }
}

impl Deref for Buf {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes have been written, and stay while `self` is borrowed.
        unsafe { core::slice::from_raw_parts(self.bytes(), self.count()) }
    }
}

impl DerefMut for Buf {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; the pointer is the block's, not one made of a shared reference. The slice of the empty
        // block has no byte that could be written.
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
        assert_eq!([b.z_from(1).bytes(), b.z_from(2).bytes(), b.z_from(9).bytes()], [&b"/"[..], b"", b""]);
        assert_eq!(b.len(), 2);
    }
}
