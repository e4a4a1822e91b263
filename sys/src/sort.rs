//! Sorting: a merge sort of indices. It is not generic, so a binary has it once, whatever it sorts.

use crate::{List, ZStr};

/// Sorts the indices `v`; `before(a, b)` tells whether `a` must stand before `b`. Stable; n log n calls, and
/// room for half of `v` besides it.
pub fn sort(v: &mut [u32], before: &mut dyn FnMut(u32, u32) -> bool) {
    merge(v, &mut List::new(), before);
}

/// Sorts both halves, then merges them. It calls itself as deep as the length has binary digits.
#[inline(never)]
fn merge(v: &mut [u32], left: &mut List<u32>, before: &mut dyn FnMut(u32, u32) -> bool) {
    let middle = v.len() / 2;
    if middle == 0 {
        return;
    }
    if let Some((l, r)) = v.split_at_mut_checked(middle) {
        merge(l, left, before);
        merge(r, left, before);
        left.clear();
        l.iter().for_each(|&n| left.push(n));
    }
    let (mut at, mut right) = (0, middle);
    for &l in left.iter() {
        while let Some(&r) = v.get(right) {
            if !before(r, l) {
                break;
            }
            put(v, at, r);
            at += 1;
            right += 1;
        }
        put(v, at, l);
        at += 1;
    }
}

#[inline(never)]
fn put(v: &mut [u32], at: usize, value: u32) {
    if let Some(slot) = v.get_mut(at) {
        *slot = value;
    }
}

/// The texts in `texts`, each ended by a NUL, sorted by their bytes; none if the last byte is no NUL.
#[inline(never)]
pub fn texts(texts: &[u8]) -> List<ZStr<'_>> {
    let mut order = List::new();
    if !matches!(texts, [.., 0]) {
        return List::new();
    }
    // SAFETY: `at` is below the length: it is one of those in `order`, which `sort` does not change. The last byte is a
    // NUL, so the text that begins there ends within the slice.
    let from = |at: u32| unsafe { ZStr::from_ptr(texts.as_ptr().add(at as usize)) };
    let mut at = 0;
    while at < texts.len() {
        order.push(at as u32);
        at += from(at as u32).len() + 1;
    }
    sort(&mut order, &mut |a, b| from(a).order(from(b)).is_lt());
    order.iter().map(|&at| from(at)).collect()
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
