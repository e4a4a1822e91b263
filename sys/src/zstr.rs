//! NUL-terminated strings, the kernel's form of text, one register wide.

use core::cmp::Ordering;
use core::ffi::CStr;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// A borrowed NUL-terminated byte string. It is one word, where `&CStr` is two: the length is counted each time.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct ZStr<'a>(NonNull<u8>, PhantomData<&'a [u8]>);

impl<'a> ZStr<'a> {
    /// From a literal: `ZStr::new(c"/proc")`.
    pub const fn new(s: &'a CStr) -> ZStr<'a> {
        // SAFETY: a reference is never null.
        ZStr(unsafe { NonNull::new_unchecked(s.as_ptr() as *mut u8) }, PhantomData)
    }

    /// # Safety
    /// `p` is not null and points to bytes that end with a NUL and stay for `'a`.
    pub const unsafe fn from_ptr(p: *const u8) -> ZStr<'a> {
        // SAFETY: not null by contract.
        ZStr(unsafe { NonNull::new_unchecked(p as *mut u8) }, PhantomData)
    }

    /// From bytes whose last one is the NUL; `None` if it is not.
    pub fn from_bytes_with_nul(b: &'a [u8]) -> Option<ZStr<'a>> {
        match b.last() {
            // SAFETY: the slice holds a NUL and lives for 'a.
            Some(0) => Some(unsafe { ZStr::from_ptr(b.as_ptr()) }),
            _ => None,
        }
    }

    /// The address, for the kernel.
    pub const fn as_ptr(self) -> *const u8 {
        self.0.as_ptr()
    }

    /// Number of bytes before the NUL.
    pub fn len(self) -> usize {
        let mut n = 0;
        // SAFETY: reads up to the terminating NUL only.
        while unsafe { *self.as_ptr().add(n) } != 0 {
            n += 1;
        }
        n
    }

    /// Is there nothing before the NUL?
    pub fn is_empty(self) -> bool {
        self.first() == 0
    }

    /// The bytes before the NUL.
    pub fn bytes(self) -> &'a [u8] {
        // SAFETY: len() bytes are there, for 'a.
        unsafe { core::slice::from_raw_parts(self.as_ptr(), self.len()) }
    }

    /// The first byte, 0 for an empty string.
    pub fn first(self) -> u8 {
        // SAFETY: the NUL at least is there.
        unsafe { *self.as_ptr() }
    }

    /// What follows the first byte; nothing, if there is none.
    #[inline(always)] // the compiler knows of most that they are not empty
    pub fn rest(self) -> ZStr<'a> {
        let mut rest = self;
        rest.take_first();
        rest
    }

    /// Takes off and returns the first byte, if there is one.
    #[inline(always)]
    pub fn take_first(&mut self) -> Option<u8> {
        let first = self.first();
        if first == 0 {
            return None;
        }
        // SAFETY: the first byte is not the NUL.
        *self = unsafe { ZStr::from_ptr(self.as_ptr().add(1)) };
        Some(first)
    }

    /// What follows `prefix`, if the string starts with it.
    pub fn strip_prefix(self, prefix: &[u8]) -> Option<ZStr<'a>> {
        let mut p = self;
        for &b in prefix {
            // A NUL in `prefix` is no byte of ours.
            if b == 0 || p.first() != b {
                return None;
            }
            p = p.rest();
        }
        Some(p)
    }

    /// Which of two comes first by their bytes.
    #[inline(never)]
    pub fn order(mut self, mut other: ZStr) -> Ordering {
        loop {
            let (a, b) = (self.first(), other.first());
            if a != b || a == 0 {
                return a.cmp(&b);
            }
            (self, other) = (self.rest(), other.rest());
        }
    }

    /// What follows the last slash; all of it, if there is none.
    #[inline(never)]
    pub fn base(self) -> ZStr<'a> {
        let mut base = self;
        loop {
            let mut end = base;
            while end.first() != b'/' {
                if end.is_empty() {
                    return base;
                }
                end = end.rest();
            }
            base = end.rest();
        }
    }

    /// Is it exactly these bytes?
    #[inline(never)]
    pub fn is(self, b: &[u8]) -> bool {
        self.strip_prefix(b).is_some_and(ZStr::is_empty)
    }
}

/// Iterates over texts that are separated by NULs. One blob needs no pointers, hence no relocations.
pub struct Texts<'a>(Option<&'a [u8]>);

impl<'a> Texts<'a> {
    /// The texts of `blob`; an empty blob is one empty text.
    pub const fn new(blob: &'a [u8]) -> Texts<'a> {
        Texts(Some(blob))
    }
}

impl<'a> Iterator for Texts<'a> {
    type Item = &'a [u8];

    #[inline(never)]
    fn next(&mut self) -> Option<&'a [u8]> {
        let blob = self.0?;
        let mut n = 0;
        while let Some(&b) = blob.get(n) {
            if b == 0 {
                let (text, rest) = blob.split_at_checked(n)?;
                self.0 = rest.get(1..);
                return Some(text);
            }
            n += 1;
        }
        self.0 = None;
        Some(blob)
    }
}

/// Position of `b` in `text`. The library's function is built for speed; this one is smaller.
#[inline(never)]
pub fn position(text: &[u8], b: u8) -> Option<usize> {
    let mut n = 0;
    while *text.get(n)? != b {
        n += 1;
    }
    Some(n)
}

/// Takes the bytes before `mark`, or all if there is none, off `text`, and the mark as well.
#[inline(never)]
pub fn cut<'t>(text: &mut &'t [u8], mark: u8) -> &'t [u8] {
    let n = position(text, mark).unwrap_or(text.len());
    let (field, rest) = text.split_at_checked(n).unwrap_or_default();
    *text = rest.get(1..).unwrap_or_default();
    field
}

/// Position of `word` among the texts of `list`, which `mark` separates.
#[inline(never)]
pub fn position_in(list: &[u8], mark: u8, word: &[u8]) -> Option<usize> {
    let mut n = 0;
    // How many bytes are equal so far; `usize::MAX` once they differ.
    let mut same = 0;
    for &b in list {
        if b == mark {
            if same == word.len() {
                return Some(n);
            }
            (n, same) = (n + 1, 0);
        } else if word.get(same) == Some(&b) {
            same += 1;
        } else {
            same = usize::MAX;
        }
    }
    (same == word.len() && same > 0).then_some(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_stops_at_the_nul() {
        let s = ZStr::new(c"ab");
        assert!(s.is(b"ab") && !s.is(b"a") && !s.is(b"abc") && !s.is(b"ab\0c"));
        assert_eq!(s.strip_prefix(b"a").unwrap().bytes(), b"b");
    }

    #[test]
    fn the_order_is_that_of_bytes() {
        let texts = [c"", c"\x01", c"a", c"aa", c"ab", c"b", c"\xff"].map(ZStr::new);
        for (i, a) in texts.iter().enumerate() {
            for (j, b) in texts.iter().enumerate() {
                assert_eq!(a.order(*b), i.cmp(&j));
            }
        }
    }

    #[test]
    fn the_base_of_a_path() {
        for (path, base) in [(c"", c""), (c"a", c"a"), (c"/b/cd", c"cd"), (c"x/", c"")] {
            assert_eq!(ZStr::new(path).base().bytes(), base.to_bytes());
        }
    }

    #[test]
    fn texts_of_a_blob() {
        let all = |b| Texts::new(b).map(|t| t.to_vec()).collect::<Vec<_>>();
        assert_eq!(all(b"a\0bc\0\0d"), [&b"a"[..], b"bc", b"", b"d"]);
        assert_eq!(all(b""), [b""]);
        assert_eq!(all(b"x\0"), [&b"x"[..], b""]);
        assert_eq!(position(b"abc", b'c'), Some(2));
        assert_eq!(position(b"abc", b'x'), None);
    }

    #[test]
    fn texts_are_cut_at_marks() {
        let mut t = &b"a,,b"[..];
        assert_eq!(
            (cut(&mut t, b','), cut(&mut t, b','), cut(&mut t, b','), t),
            (&b"a"[..], &b""[..], &b"b"[..], &b""[..])
        );
        assert_eq!(position_in(b"a,bc,d", b',', b"d"), Some(2));
        assert_eq!(position_in(b"a,bc,d", b',', b"b"), None);
    }
}
