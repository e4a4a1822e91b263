//! All threads of a program side by side, the better ones first.

use super::*;

/// A thread, before the step that it takes next.
#[derive(Clone, Copy)]
struct Thread {
    step: u32,
    /// Threads of the same rank have met the same marks.
    rank: u32,
    /// Which row of `slots` it has, and how many marks it has met.
    row: u32,
    met: u32,
    /// Has the mark at its step been counted?
    marked: bool,
}

/// Where the threads stand, and what they remember.
#[derive(Default)]
pub(super) struct Machine {
    now: List<Thread>,
    next: List<Thread>,
    stack: List<Thread>,
    later: List<Thread>,
    /// By step: when a thread came by last.
    seen: List<u32>,
    time: u32,
    /// By step: 0, or which mark it is, from 1 on.
    marks: List<u32>,
    /// Slots of a row.
    width: usize,
    slots: List<usize>,
    new_slots: List<usize>,
    /// Of the thread that has won: what it remembers.
    pub won: List<usize>,
}

/// Which part of a program runs over which part of a text.
#[derive(Clone, Copy)]
pub(super) struct Range {
    pub first: usize,
    /// A thread that comes to this step has matched.
    pub end: usize,
    pub from: usize,
    pub to: usize,
}

impl Machine {
    /// Prepares for a program: threads remember where they met the first `width` marks, or the last one if it is 1.
    pub(super) fn prepare(&mut self, regex: &Regex, width: usize) {
        let n = regex.steps.len() + 1;
        while self.seen.len() < n {
            self.seen.push(0);
        }
        self.width = width;
        if width > 0 {
            self.marks.clear();
            (0..n).for_each(|_| self.marks.push(0));
        }
        self.now.clear();
        self.slots.clear();
    }

    /// Makes a step mark number `n`, from 1 on. Each counts once, and behind the one before it, unless all are the first.
    pub(super) fn mark(&mut self, step: usize, n: u32) {
        if let Some(m) = self.marks.get_mut(step) {
            *m = n;
        }
    }

    /// Does the part of the program match exactly that part of the text? Then `won` is what the best thread remembers: of
    /// two the better one met their first different mark later.
    pub(super) fn exactly(&mut self, regex: &Regex, text: &[u8], r: Range) -> bool {
        self.begin(r.first, 0);
        self.slots.clear();
        (0..self.width).for_each(|_| self.slots.push(usize::MAX));
        let mut at = r.from;
        loop {
            let last = at >= r.to;
            let (class, n) = regex.class_at(text, at);
            let matched = self.turn(regex, text, at, class, r.end, last, usize::MAX);
            if last || self.now.is_empty() {
                return last && matched;
            }
            at += n;
        }
    }

    /// The leftmost-longest match that begins at `from` or later.
    pub(super) fn anywhere(&mut self, regex: &Regex, text: &[u8], from: usize) -> Option<Span> {
        self.prepare(regex, 1);
        let mut best: Option<Span> = None;
        let mut at = from;
        loop {
            if best.is_none() {
                let row = self.slots.len() as u32;
                self.slots.push(at);
                self.begin(0, row);
            }
            let (class, n) = regex.class_at(text, at);
            let limit = best.map_or(usize::MAX, |b| b.start);
            if self.turn(regex, text, at, class, regex.steps.len(), false, limit) {
                let start = self.won.first().copied().unwrap_or(at);
                best = Some(Span { start, end: at });
            }
            if n == 0 || self.now.is_empty() && best.is_some() {
                return best;
            }
            at += n;
        }
    }

    /// Adds a thread behind all others.
    fn begin(&mut self, step: usize, row: u32) {
        let rank = self.now.last().map_or(0, |t| t.rank + 1);
        self.now.push(Thread { step: step as u32, rank, row, met: 0, marked: false });
    }

    /// For the lazy machine, which has no ranks: the threads that go on from `steps` over a character of class `class`
    /// between such kinds of characters, by [`Machine::targets`]; has one matched before it?
    pub(super) fn plain(&mut self, regex: &Regex, steps: &[u32], class: usize, before: u8) -> bool {
        self.width = 0;
        self.now.clear();
        // The last is taken first from a stack: so the targets are nearly in order.
        for &step in steps.iter().rev() {
            self.now.push(Thread { step, rank: 0, row: 0, met: 0, marked: false });
        }
        let behind = regex.kind(class);
        self.follow(regex, 0, class, (before, behind), regex.steps.len(), false, usize::MAX)
    }

    /// Calls `each` with the steps of the threads that went on.
    pub(super) fn targets(&self) -> impl Iterator<Item = usize> + '_ {
        self.now.iter().map(|t| t.step as usize)
    }

    /// Lets all threads go on over the character at `at`, of class `class`; has one matched before it?
    #[allow(clippy::too_many_arguments)]
    fn turn(
        &mut self,
        regex: &Regex,
        text: &[u8],
        at: usize,
        class: usize,
        end: usize,
        last: bool,
        limit: usize,
    ) -> bool {
        let behind = regex.kind(class);
        self.follow(regex, at, class, (regex.kind_before(text, at), behind), end, last, limit)
    }

    #[allow(clippy::too_many_arguments)]
    #[inline(never)]
    fn follow(
        &mut self,
        regex: &Regex,
        at: usize,
        class: usize,
        (before, behind): (u8, u8),
        end: usize,
        last: bool,
        limit: usize,
    ) -> bool {
        self.time = self.time.wrapping_add(1);
        self.next.clear();
        self.new_slots.clear();
        let mut matched = false;
        let mut rank = 0;
        let mut n = 0;
        while let Some(&first) = self.now.get(n) {
            // All threads of one rank; those that meet a mark here come behind.
            while let Some(&t) = self.now.get(n).filter(|t| t.rank == first.rank) {
                n += 1;
                self.stack.push(t);
            }
            loop {
                while let Some(t) = self.stack.pop() {
                    let place = t.step as usize;
                    match self.seen.get_mut(place) {
                        Some(seen) if *seen != self.time => {
                            let mark =
                                if self.width > 0 { self.marks.get(place).copied().unwrap_or(0) } else { 0 };
                            if !t.marked && mark != 0 && (self.width == 1 || mark == t.met + 1) {
                                self.later.push(t);
                                continue;
                            }
                            *seen = self.time;
                        }
                        _ => continue,
                    }
                    if place == end {
                        if !matched && self.row(t).first().is_none_or(|&start| start <= limit) {
                            self.won.clear();
                            let row = t.row as usize;
                            for k in 0..self.width {
                                let slot = self.slots.get(row + k).copied().unwrap_or(usize::MAX);
                                self.won.push(slot);
                            }
                            matched = true;
                        }
                        continue;
                    }
                    let step = regex.step(place);
                    let goes = Thread { step: t.step + 1, marked: false, ..t };
                    match step.op {
                        CHAR | SET => {
                            if !last && regex.takes(step, class) {
                                self.keep(goes, rank, limit);
                            }
                        }
                        ASSERT => {
                            if regex.holds(step.n, before, behind) {
                                self.stack.push(goes);
                            }
                        }
                        JUMP => self.stack.push(Thread { step: (place as i32 + step.n) as u32, ..goes }),
                        op => {
                            if op == FORK || op == EITHER {
                                self.stack.push(Thread { step: (place as i32 + step.n) as u32, ..goes });
                            }
                            self.stack.push(goes);
                        }
                    }
                }
                rank += 1;
                if self.later.is_empty() {
                    break;
                }
                core::mem::swap(&mut self.stack, &mut self.later);
                for t in self.stack.iter_mut() {
                    // A row of its own.
                    let row = self.slots.len();
                    for k in 0..self.width {
                        let slot = self.slots.get(t.row as usize + k).copied().unwrap_or(usize::MAX);
                        self.slots.push(slot);
                    }
                    let k = if self.width == 1 { 0 } else { t.met as usize };
                    if let Some(slot) = self.slots.get_mut(row + k) {
                        *slot = at;
                    }
                    (t.row, t.met, t.marked) = (row as u32, t.met + 1, true);
                }
            }
        }
        core::mem::swap(&mut self.now, &mut self.next);
        if self.width > 0 {
            core::mem::swap(&mut self.slots, &mut self.new_slots);
        }
        matched
    }

    fn row(&self, t: Thread) -> &[usize] {
        let row = t.row as usize;
        self.slots.get(row..row + self.width).unwrap_or_default()
    }

    /// A thread that goes on behind this character.
    #[inline(never)]
    fn keep(&mut self, t: Thread, rank: u32, limit: usize) {
        if self.width > 0 && limit != usize::MAX && self.row(t).first().is_some_and(|&start| start > limit) {
            return;
        }
        let row = self.new_slots.len() as u32;
        for k in 0..self.width {
            let slot = self.slots.get(t.row as usize + k).copied().unwrap_or(usize::MAX);
            self.new_slots.push(slot);
        }
        self.next.push(Thread { rank, row, ..t });
    }
}
