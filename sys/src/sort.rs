//! Sorting, once for all: a merge sort of indices that is not generic, so that a binary holds it once.

use crate::{List, ZStr};

/// Sorts the indices `v`; `before(a, b)` tells whether `a` must stand before `b`. Stable; n log n calls, and
/// room for half of `v` besides it.
pub fn sort(v: &mut [u32], before: &mut dyn FnMut(u32, u32) -> bool) {
    merge(v, &mut List::new(), before);
}

/// Sorts both halves, then merges them. As deep as the length has binary digits.
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

/// The NUL-terminated texts that stand in `texts` one behind the other, in the order of their bytes; none if there is
/// no NUL at the end.
#[inline(never)]
pub fn texts(texts: &[u8]) -> List<ZStr<'_>> {
    let mut order = List::new();
    if !matches!(texts, [.., 0]) {
        return List::new();
    }
    // SAFETY: only places below the length are asked for, and a NUL ends what begins there: the last byte is one.
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
