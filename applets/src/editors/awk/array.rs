//! Arrays of awk: a hash table whose elements stand in the order in which they came.

use super::cell::Cell;
use core::mem::take;
use sys::text::Text;
use sys::List;

struct Element {
    key: Text,
    hash: u32,
    /// One more than the place of the next one of the same bucket.
    next: u32,
    alive: bool,
    value: Cell,
}

/// An array.
#[derive(Default)]
pub(super) struct Array {
    buckets: List<u32>,
    elements: List<Element>,
    /// How many are alive.
    pub(super) len: usize,
    /// The place of the variable that it was made for.
    pub(super) owner: u32,
}

fn hash(key: &[u8]) -> u32 {
    let mut h = 0x811c_9dc5u32;
    for &c in key {
        h = (h ^ c as u32).wrapping_mul(0x0100_0193);
    }
    h ^ h >> 15
}

impl Array {
    /// One more than the place of `key`, or 0.
    #[inline(never)]
    fn find(&self, key: &[u8], hash: u32) -> usize {
        let mut at = *self.buckets.get(hash as usize & self.buckets.len().wrapping_sub(1)).unwrap_or(&0);
        while let Some(e) = self.elements.get((at as usize).wrapping_sub(1)) {
            if e.hash == hash && *e.key == *key {
                return at as usize;
            }
            at = e.next;
        }
        0
    }

    pub(super) fn has(&self, key: &[u8]) -> bool {
        self.find(key, hash(key)) != 0
    }

    /// The element `key`, made if it is not there.
    #[inline(never)]
    pub(super) fn at(&mut self, key: &Text) -> &mut Cell {
        let hash = hash(key);
        let mut at = self.find(key, hash);
        if at == 0 {
            if self.elements.len() >= self.buckets.len() {
                self.rebuild();
            }
            let mask = self.buckets.len().wrapping_sub(1);
            self.elements.push(Element {
                key: key.clone(),
                hash,
                next: 0,
                alive: true,
                value: Cell::Nothing,
            });
            self.len += 1;
            at = self.elements.len();
            self.link(at, mask);
        }
        match self.elements.get_mut(at - 1) {
            Some(e) => &mut e.value,
            // It was found or made.
            None => sys::process::exit(2),
        }
    }

    /// Puts element `at - 1` into its bucket.
    fn link(&mut self, at: usize, mask: usize) {
        if let Some(e) = self.elements.get_mut(at - 1) {
            if let Some(bucket) = self.buckets.get_mut(e.hash as usize & mask) {
                e.next = core::mem::replace(bucket, at as u32);
            }
        }
    }

    /// Drops the dead, and makes as many buckets as there may be elements, and more.
    #[inline(never)]
    fn rebuild(&mut self) {
        let mut alive = List::new();
        for e in &mut self.elements {
            if e.alive {
                let (key, value) = (take(&mut e.key), take(&mut e.value));
                alive.push(Element { key, hash: e.hash, next: 0, alive: true, value });
            }
        }
        self.elements = alive;
        let mut n = 8;
        while n < 2 * self.elements.len() {
            n *= 2;
        }
        self.buckets = (0..n).map(|_| 0).collect();
        for at in 1..=self.elements.len() {
            self.link(at, n - 1);
        }
    }

    #[inline(never)]
    pub(super) fn delete(&mut self, key: &[u8]) {
        let hash = hash(key);
        let at = self.find(key, hash);
        let Some(e) = self.elements.get_mut(at.wrapping_sub(1)) else { return };
        let next = e.next;
        e.alive = false;
        e.value = Cell::Nothing;
        e.key = Text::new();
        self.len -= 1;
        let bucket = hash as usize & self.buckets.len().wrapping_sub(1);
        let mut before = match self.buckets.get_mut(bucket) {
            Some(first) if *first as usize == at => {
                *first = next;
                return;
            }
            Some(first) => *first as usize,
            None => return,
        };
        while let Some(e) = self.elements.get_mut(before.wrapping_sub(1)) {
            if e.next as usize == at {
                e.next = next;
                return;
            }
            before = e.next as usize;
        }
    }

    pub(super) fn clear(&mut self) {
        (self.buckets, self.elements, self.len) = (List::new(), List::new(), 0);
    }

    /// The keys, in their order.
    #[inline(never)]
    pub(super) fn keys(&self) -> List<Text> {
        let mut keys = List::new();
        for e in &self.elements {
            if e.alive {
                keys.push(e.key.clone());
            }
        }
        keys
    }
}
