//! Sorting, once for all: a merge sort of indices that is not generic, so that a binary holds it once.

use alloc::vec;
use alloc::vec::Vec;

/// Sorts the indices `v`; `before(a, b)` tells whether `a` must stand before `b`. Stable; n log n calls.
#[inline(never)]
pub fn sort(v: &mut Vec<u32>, before: &mut dyn FnMut(u32, u32) -> bool) {
    let n = v.len();
    let mut from = core::mem::take(v);
    let mut to = vec![0; n];
    let mut width = 1;
    while width < n {
        let mut start = 0;
        while start < n {
            let middle = n.min(start + width);
            let end = n.min(middle + width);
            let (mut l, mut r) = (start, middle);
            for slot in to.iter_mut().take(end).skip(start) {
                let left = from.get(l).copied().filter(|_| l < middle);
                let right = from.get(r).copied().filter(|_| r < end);
                *slot = match (left, right) {
                    (Some(a), Some(b)) if before(b, a) => {
                        r += 1;
                        b
                    }
                    (Some(a), _) => {
                        l += 1;
                        a
                    }
                    (None, b) => {
                        r += 1;
                        b.unwrap_or(0)
                    }
                };
            }
            start = end;
        }
        core::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    *v = from;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_any_length_and_keeps_the_order_of_equals() {
        for n in 0..70u32 {
            let keys: Vec<u32> = (0..n).map(|i| i.wrapping_mul(2_654_435_761) >> 28).collect();
            let mut v: Vec<u32> = (0..n).collect();
            sort(&mut v, &mut |a, b| keys[a as usize] < keys[b as usize]);
            let mut want: Vec<u32> = (0..n).collect();
            want.sort_by_key(|&i| keys[i as usize]);
            assert_eq!(v, want);
        }
    }
}
