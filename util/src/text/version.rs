//! The order of names with numbers in them (`man 3 strverscmp`), and their extensions.

use core::cmp::Ordering;
use sys::{num, ZStr};

/// Order of names with numbers in them by their value: `a9` before `a10`.
pub fn version(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        match (num::prefix(a, 10), num::prefix(b, 10)) {
            (Some((x, rest_a)), Some((y, rest_b))) => {
                if x != y {
                    return x.cmp(&y);
                }
                (a, b) = (rest_a, rest_b);
            }
            _ => match (a.split_first(), b.split_first()) {
                (Some((x, rest_a)), Some((y, rest_b))) if x == y => (a, b) = (rest_a, rest_b),
                _ => return a.cmp(b),
            },
        }
    }
}

/// The last dot and what follows it; empty without one.
pub fn extension(mut name: ZStr) -> ZStr {
    let mut dot = None;
    loop {
        let from = name;
        match name.take_first() {
            Some(b'.') => dot = Some(from),
            Some(_) => {}
            None => break,
        }
    }
    dot.unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_extensions() {
        let v = |a: &str, b: &str| version(a.as_bytes(), b.as_bytes());
        assert_eq!(v("a9", "a10"), Ordering::Less);
        assert_eq!(v("a1.10", "a1.9"), Ordering::Greater);
        assert_eq!(v("a", "a1"), Ordering::Less);
        assert_eq!(v("x01", "x1"), Ordering::Equal);
        assert_eq!(v("b1", "a2"), Ordering::Greater);
        assert_eq!(extension(ZStr::new(c"a.b.c")).bytes(), b".c");
        assert_eq!(extension(ZStr::new(c"a")).bytes(), b"");
    }
}
