//! Growable arrays, one register wide, as [`Buf`] is for bytes.

use crate::Buf;
use core::marker::PhantomData;
use core::mem::{needs_drop, size_of};
use core::ops::{Deref, DerefMut};
use core::ptr;

/// A growable array. A slice by `Deref`.
///
/// Its block is a [`Buf`]'s, in which the length counts elements. The code that moves bytes is `Buf`'s, once for all
/// types. No element may be empty: the first one would not need memory, and its count would be written to the static
/// block of the empty `Buf`.
pub struct List<T>(Buf, PhantomData<T>);

impl<T> List<T> {
    /// An empty one; takes no memory.
    pub const fn new() -> List<T> {
        const { assert!(align_of::<T>() <= align_of::<u64>() && size_of::<T>() > 0) };
        List(Buf::new(), PhantomData)
    }

    /// Appends an element.
    #[inline(always)]
    pub fn push(&mut self, t: T) {
        // SAFETY: the place has the size and alignment of a `T`, and is filled at once.
        unsafe { ptr::write(self.0.next(size_of::<T>()) as *mut T, t) }
    }

    /// Inserts an element in front of element `at`, or at the end.
    #[inline(always)]
    pub fn insert(&mut self, at: usize, t: T) {
        // SAFETY: the place has the size and alignment of a `T`, and is filled at once.
        unsafe { ptr::write(self.0.open(at, size_of::<T>()) as *mut T, t) }
    }

    /// Removes and returns element `at`, if there is one.
    #[inline(always)]
    pub fn remove(&mut self, at: usize) -> Option<T> {
        let p: *const T = self.get(at)?;
        // SAFETY: the element is there. It is moved out once, as its place is removed.
        unsafe {
            let t = ptr::read(p);
            self.0.close(at, size_of::<T>());
            Some(t)
        }
    }

    /// Removes and returns the last element, if there is one.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<T> {
        self.remove(self.len().wrapping_sub(1))
    }

    /// Removes all but the first `len` elements.
    pub fn truncate(&mut self, len: usize) {
        if needs_drop::<T>() {
            while self.len() > len {
                self.pop();
            }
        } else {
            self.0.keep(len);
        }
    }

    /// Removes all elements; the memory is kept.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the elements for which `keep` is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let mut i = 0;
        while let Some(t) = self.get(i) {
            if keep(t) {
                i += 1;
            } else {
                self.remove(i);
            }
        }
    }
}

impl<T> Drop for List<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if needs_drop::<T>() {
            self.clear();
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: so many elements have been written, and stay while `self` is borrowed. The pointer is the block's:
        // the `Buf`'s slice would reach over as many bytes as there are elements.
        unsafe { core::slice::from_raw_parts(self.0.bytes() as *const T, self.0.count()) }
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above. A slice without elements has nothing that could be written.
        unsafe { core::slice::from_raw_parts_mut(self.0.bytes() as *mut T, self.0.count()) }
    }
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List::new()
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> List<T> {
        let mut list = List::new();
        all.into_iter().for_each(|t| list.push(t));
        list
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;
    fn into_iter(self) -> core::slice::Iter<'a, T> {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut List<T> {
    type Item = &'a mut T;
    type IntoIter = core::slice::IterMut<'a, T>;
    fn into_iter(self) -> core::slice::IterMut<'a, T> {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToBuf;
    use std::rc::Rc;

    #[test]
    fn elements_come_and_go() {
        let mut l: List<(u32, u8)> = (0..5).map(|n| (n * 3, n as u8)).collect();
        l.insert(0, (7, 7));
        l.insert(2, (8, 8));
        assert_eq!(l[..], [(7, 7), (0, 0), (8, 8), (3, 1), (6, 2), (9, 3), (12, 4)]);
        assert_eq!((l.remove(2), l.remove(7), l.pop()), (Some((8, 8)), None, Some((12, 4))));
        l.retain(|t| t.1 & 1 != 0);
        assert_eq!(l[..], [(7, 7), (3, 1), (9, 3)]);
        l.truncate(1);
        l.truncate(4);
        assert_eq!(l[..], [(7, 7)]);
        l.clear();
        assert_eq!((l.pop(), l.len()), (None, 0));
    }

    #[test]
    fn many_elements_keep_their_values() {
        let mut l: List<usize> = (0..5000).collect();
        assert!(l.iter().enumerate().all(|(i, &n)| i == n));
        l.iter_mut().for_each(|n| *n += 1);
        assert!(l.iter().enumerate().all(|(i, &n)| i + 1 == n));
    }

    #[test]
    fn what_is_held_is_freed_once() {
        let one = Rc::new(());
        let mut l: List<(Buf, Rc<()>)> = (0..9).map(|_| (b"text".buf(), one.clone())).collect();
        drop(l.remove(3));
        l.truncate(6);
        assert_eq!(Rc::strong_count(&one), 7);
        drop(l);
        assert_eq!(Rc::strong_count(&one), 1);
    }
}
