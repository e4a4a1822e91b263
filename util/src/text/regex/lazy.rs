//! A deterministic machine that is built as the text needs it. When it has become too big, it begins anew.

use super::machine::Machine;
use super::*;

/// The most states, and the most words of their rows.
const STATES: usize = if cfg!(mote_nommu) { 60 } else { 2000 };
const WORDS: usize = if cfg!(mote_nommu) { 2000 } else { 1 << 18 };

/// Flags of a state: matches begin at each place, not only at the first. Below are the bits of the kind of the
/// character before it.
pub(super) const ANYWHERE: u32 = 4;

/// Above is, for programs of more steps than this, one more than the class of the character before.
const LAST: u32 = 3;
const MANY: usize = 2000;

/// The state from which nothing leads anywhere; 0 is none.
const DEAD: u32 = 1;

/// What has been built so far.
#[derive(Default)]
pub(super) struct Cache {
    pub machine: Machine,
    /// A row for each state: by class, twice the next state, and 1 if something has matched before the character.
    rows: List<u32>,
    states: List<State>,
    /// The steps of the states, and each state's flags in front.
    pool: List<u32>,
    /// By hash: states.
    table: List<u32>,
    starts: [u32; 8],
    /// By class: where the steps are in `firsts` to which a match leads that begins before a character of it, and whether
    /// one ends there, too. Half of what a state is made of, and the same for all.
    restarts: List<Restart>,
    firsts: List<u32>,
    /// For many expressions at once: by two classes, the same for matches that begin a character before.
    pairs: List<Restart>,
    /// How many bytes the last scan looked at.
    looked: usize,
}

#[derive(Clone, Copy)]
struct Restart {
    known: bool,
    matched: bool,
    at: usize,
    end: usize,
}

#[derive(Clone, Copy)]
struct State {
    at: usize,
    len: usize,
}

impl Regex {
    /// The end of a match from `from` on: with [`ANYWHERE`] in `flags` of the first one to end, else of the longest
    /// that begins there.
    #[inline(never)]
    pub(super) fn scan(&self, cache: &mut Cache, text: &[u8], from: usize, flags: u32) -> Option<usize> {
        let mut best = None;
        let mut at = from;
        let width = self.bounds.len() + 1;
        let mut state = self.start(cache, text, from, flags);
        loop {
            let (class, n) = self.class_at(text, at);
            let mut next = cache.rows.get(state as usize * width + class).copied().unwrap_or(0);
            if next == 0 {
                next = self.build(cache, state, class);
            }
            if next & 1 != 0 {
                best = Some(at);
                if flags & ANYWHERE != 0 {
                    return best;
                }
            }
            state = next >> 1;
            if n == 0 || state == DEAD {
                cache.looked = at - from + 1;
                return best;
            }
            at += n;
        }
    }

    /// The leftmost-longest match from `from` on.
    pub(super) fn locate(&self, text: &[u8], from: usize) -> Option<Span> {
        self.with_cache(|cache| {
            let last = self.scan(cache, text, from, ANYWHERE)?;
            // Try by try is fast as long as tries are short; else all go side by side.
            let mut left = (last - from).saturating_mul(4) + 4096;
            let mut start = from;
            while start <= last && left > 0 {
                let (end, looked) = self.attempt(cache, text, start);
                if let Some(end) = end {
                    return Some(Span { start, end });
                }
                left = left.saturating_sub(looked);
                start += self.class_at(text, start).1.max(1);
            }
            cache.machine.anywhere(self, text, start)
        })
    }

    /// As [`Regex::scan`] for the longest that begins at `from`; and how many bytes were looked at.
    fn attempt(&self, cache: &mut Cache, text: &[u8], from: usize) -> (Option<usize>, usize) {
        let width = self.bounds.len() + 1;
        let state = self.start(cache, text, from, 0);
        let (class, _) = self.class_at(text, from);
        if cache.rows.get(state as usize * width + class) == Some(&(DEAD << 1)) {
            return (None, 1);
        }
        let end = self.scan(cache, text, from, 0);
        (end, cache.looked)
    }

    #[inline(never)]
    fn start(&self, cache: &mut Cache, text: &[u8], from: usize, flags: u32) -> u32 {
        let key = flags | self.kind_before(text, from) as u32;
        let state = cache.starts[(key & 7) as usize];
        if state != 0 {
            return state;
        }
        let steps = if flags & ANYWHERE != 0 && !self.asserts { 1 } else { 2 };
        let state = self.intern(cache, part_of(&[key, 0], steps));
        cache.starts[(key & 7) as usize] = state;
        state
    }

    #[inline(never)]
    fn restart(&self, cache: &mut Cache, class: usize) -> Restart {
        while cache.restarts.len() <= class {
            cache.restarts.push(UNKNOWN);
        }
        let known = cache.restarts.get(class).copied().unwrap_or(UNKNOWN);
        if known.known {
            return known;
        }
        let matched = cache.machine.plain(self, &[0], class, 0);
        let restart = cache.keep(matched);
        if let Some(r) = cache.restarts.get_mut(class) {
            *r = restart;
        }
        restart
    }

    /// Where matches lead that began before a character of class `before` - 1, and go on over one of `class`.
    #[inline(never)]
    fn pair(&self, cache: &mut Cache, before: usize, class: usize) -> Restart {
        if before == 0 {
            return Restart { known: true, ..UNKNOWN };
        }
        let place = (before - 1) * (self.bounds.len() + 1) + class;
        while cache.pairs.len() <= place {
            cache.pairs.push(UNKNOWN);
        }
        let known = cache.pairs.get(place).copied().unwrap_or(UNKNOWN);
        if known.known {
            return known;
        }
        let first = self.restart(cache, before - 1);
        let steps = cache.firsts.get(first.at..first.end).unwrap_or_default();
        let matched = cache.machine.plain(self, steps, class, 0);
        let pair = cache.keep(matched);
        if let Some(p) = cache.pairs.get_mut(place) {
            *p = pair;
        }
        pair
    }

    /// The entry of a row that is not known yet.
    #[inline(never)]
    fn build(&self, cache: &mut Cache, state: u32, class: usize) -> u32 {
        let Some(&s) = cache.states.get(state as usize) else { return DEAD << 1 };
        let key = cache.pool.get(s.at..s.at + s.len).unwrap_or_default();
        let Some((&flags, steps)) = key.split_first() else { return DEAD << 1 };
        cache.machine.prepare(self, 0);
        let mut matched = cache.machine.plain(self, steps, class, flags as u8 & 3);
        let mut next = List::new();
        let mut kind = 0;
        if self.asserts {
            kind = self.kind(class) as u32;
        }
        next.push(flags & ANYWHERE | kind);
        for step in cache.machine.targets() {
            add(&mut next, step as u32);
        }
        if flags & ANYWHERE != 0 {
            if self.asserts {
                // What a new match leads to depends on the place.
                add(&mut next, 0);
            } else {
                let mut restart = self.restart(cache, class);
                matched |= restart.matched;
                if self.steps.len() > MANY && class < 256 {
                    // Most steps of a state are those of new matches. They stand in it as the class of the character.
                    if let Some(flags) = next.first_mut().filter(|_| restart.end > restart.at) {
                        *flags |= (class as u32 + 1) << LAST;
                    }
                    restart = self.pair(cache, (flags >> LAST) as usize, class);
                    matched |= restart.matched;
                }
                for &step in cache.firsts.get(restart.at..restart.end).unwrap_or_default() {
                    add(&mut next, step);
                }
            }
        }
        let end = class == self.bounds.len();
        let dead = next.len() == 1 && flags & ANYWHERE == 0;
        let to = if dead || end { DEAD } else { self.intern(cache, &next) };
        let entry = to << 1 | matched as u32;
        // The state may have been forgotten in the meantime.
        let row = state as usize * (self.bounds.len() + 1) + class;
        if cache.states.get(state as usize).is_some_and(|now| now.at == s.at && now.len == s.len) {
            if let Some(e) = cache.rows.get_mut(row) {
                *e = entry;
            }
        }
        entry
    }

    /// The state of this key: flags and steps.
    #[inline(never)]
    fn intern(&self, cache: &mut Cache, key: &[u32]) -> u32 {
        let width = self.bounds.len() + 1;
        let mut hash = 0u32;
        for &k in key {
            hash = (hash.rotate_left(5) ^ k).wrapping_mul(0x9e37_79b1);
        }
        let full = cache.states.len() >= STATES || cache.rows.len() + cache.pool.len() > WORDS;
        if full || cache.states.is_empty() {
            cache.states.clear();
            cache.rows.clear();
            cache.pool.clear();
            cache.table.clear();
            cache.starts = [0; 8];
            (0..2 * STATES).for_each(|_| cache.table.push(0));
            // None, and the dead one.
            for _ in 0..2 {
                cache.states.push(State { at: usize::MAX, len: 0 });
                (0..width).for_each(|_| cache.rows.push(DEAD << 1));
            }
        }
        let mut slot = (hash >> 8) as usize % (2 * STATES);
        loop {
            let state = cache.table.get(slot).copied().unwrap_or(0);
            if state == 0 {
                break;
            }
            let s = cache.states.get(state as usize).copied().unwrap_or(State { at: 0, len: 0 });
            if cache.pool.get(s.at..s.at + s.len) == Some(key) {
                return state;
            }
            slot = (slot + 1) % (2 * STATES);
        }
        let state = cache.states.len() as u32;
        cache.states.push(State { at: cache.pool.len(), len: key.len() });
        key.iter().for_each(|&k| cache.pool.push(k));
        (0..width).for_each(|_| cache.rows.push(0));
        if let Some(place) = cache.table.get_mut(slot) {
            *place = state;
        }
        state
    }
}

impl Cache {
    /// Keeps the steps to which the machine has led.
    fn keep(&mut self, matched: bool) -> Restart {
        let mut all = List::new();
        all.push(0);
        self.machine.targets().for_each(|step| add(&mut all, step as u32));
        let at = self.firsts.len();
        all.iter().skip(1).for_each(|&step| self.firsts.push(step));
        Restart { known: true, matched, at, end: self.firsts.len() }
    }
}

const UNKNOWN: Restart = Restart { known: false, matched: false, at: 0, end: 0 };

/// Adds a step to the key of a state: in order, behind the flags, and once.
fn add(key: &mut List<u32>, step: u32) {
    if key.len() == 1 || key.last().is_some_and(|&last| last < step) {
        return key.push(step);
    }
    let at = key.get(1..).unwrap_or_default().partition_point(|&n| n < step) + 1;
    if key.get(at) != Some(&step) {
        key.insert(at, step);
    }
}

fn part_of(key: &[u32], n: usize) -> &[u32] {
    key.get(..n).unwrap_or_default()
}
