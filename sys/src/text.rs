//! Byte strings with a count of references: a copy costs no memory.

use crate::Buf;
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr;

/// A byte string, one register wide. Copies share its bytes, which stand behind a count of the other copies. A `[u8]` by
/// `Deref`.
pub struct Text(ManuallyDrop<Buf>);

/// Bytes of the count.
const COUNT: usize = size_of::<usize>();

impl Text {
    /// An empty one; takes no memory.
    pub const fn new() -> Text {
        Text(ManuallyDrop::new(Buf::new()))
    }

    /// The parts, one behind the other.
    #[inline(never)]
    pub fn of(parts: &[&[u8]]) -> Text {
        let mut text = Text::new();
        for part in parts {
            text.append(part);
        }
        text
    }

    /// Makes it these bytes. The memory stays, if no copy has it.
    #[inline(never)]
    pub fn set(&mut self, bytes: &[u8]) {
        // SAFETY: the count is in our block.
        if self.count().is_some_and(|count| unsafe { *count } != 0) {
            *self = Text::new();
        }
        if !self.0.is_empty() {
            self.0.truncate(COUNT);
        }
        self.append(bytes);
    }

    /// Where the count is; `None` for an empty string without memory.
    fn count(&self) -> Option<*mut usize> {
        // The bytes of a `Buf` are aligned for it. Whatever has memory has the count, see `append`.
        (!self.0.is_empty()).then_some(self.0.bytes() as *mut usize)
    }

    /// Appends bytes; copies keep what they have.
    #[inline(never)]
    pub fn append(&mut self, more: &[u8]) {
        // SAFETY: the count is in our block.
        let shared = self.count().is_some_and(|count| unsafe { *count } != 0);
        if more.is_empty() || (!shared && !self.0.is_empty()) {
            self.0.extend_from_slice(more);
            return;
        }
        let mut new = Buf::new();
        new.extend_from_slice(&[0; COUNT]);
        new.extend_from_slice(self);
        new.extend_from_slice(more);
        *self = Text(ManuallyDrop::new(new));
    }
}

impl Clone for Text {
    #[inline(never)]
    fn clone(&self) -> Text {
        if let Some(count) = self.count() {
            // SAFETY: the count is in our block; nobody else reads or writes now, as a process has one thread. It cannot
            // pass its range: each copy takes a word of memory. All copies but one are forgotten, not dropped.
            unsafe {
                *count += 1;
                return Text(ptr::read(&self.0));
            }
        }
        Text::new()
    }
}

impl Drop for Text {
    #[inline(never)]
    fn drop(&mut self) {
        if let Some(count) = self.count() {
            // SAFETY: as above; the last copy drops the block.
            unsafe {
                if *count == 0 {
                    ManuallyDrop::drop(&mut self.0);
                } else {
                    *count -= 1;
                }
            }
        }
    }
}

impl Deref for Text {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.0.get(COUNT..).unwrap_or_default()
    }
}

impl Default for Text {
    fn default() -> Text {
        Text::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_and_part() {
        let mut a = Text::of(&[b"one", b"", b"two"]);
        let b = a.clone();
        assert_eq!((&a[..], a.as_ptr()), (&b"onetwo"[..], b.as_ptr()));
        a.append(b"!");
        assert_eq!((&a[..], &b[..]), (&b"onetwo!"[..], &b"onetwo"[..]));
        a.append(b"?");
        assert_eq!(&a[..], b"onetwo!?");
        let c = b.clone();
        drop(b);
        assert_eq!(&c[..], b"onetwo");
    }

    #[test]
    fn the_empty_one_has_no_memory() {
        let mut a = Text::of(&[b""]);
        assert!(a.0.is_empty() && a.clone().is_empty() && Text::default().is_empty());
        a.append(b"x");
        assert_eq!(&a[..], b"x");
    }
}
