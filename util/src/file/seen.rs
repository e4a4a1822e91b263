//! Which files were met: a table of their identities by hash.

use super::id::Id;
use sys::List;

/// Files that were met.
#[derive(Default)]
pub struct Seen {
    /// A power of two of places, at most half of them taken.
    places: List<Option<Id>>,
    count: usize,
}

impl Seen {
    /// None yet; takes no memory.
    pub const fn new() -> Seen {
        Seen { places: List::new(), count: 0 }
    }

    /// Adds a file; no if it was there.
    #[inline(never)]
    pub fn add(&mut self, id: Id) -> bool {
        if self.count * 2 >= self.places.len() {
            let old = core::mem::take(&mut self.places);
            for _ in 0..(old.len() * 2).max(16) {
                self.places.push(None);
            }
            for id in old.iter().flatten() {
                self.put(*id);
            }
        }
        let new = self.put(id);
        self.count += new as usize;
        new
    }

    /// Puts it into the first place that is free, from where its hash leads; no if it is there.
    fn put(&mut self, id: Id) -> bool {
        let mask = self.places.len().wrapping_sub(1);
        let mut at = id.hash() as usize;
        while let Some(place) = self.places.get_mut(at & mask) {
            match place {
                None => {
                    *place = Some(id);
                    return true;
                }
                Some(there) if *there == id => return false,
                Some(_) => at += 1,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_new_once() {
        let mut seen = Seen::new();
        let ids: Vec<Id> = (0..3000).map(|n| Id::of(n * 64, 8, n as u32 & 1)).collect();
        assert!(ids.iter().all(|id| seen.add(*id)));
        assert!(!ids.iter().any(|id| seen.add(*id)));
        assert!(seen.add(Id::of(0, 8, 1)));
    }
}
