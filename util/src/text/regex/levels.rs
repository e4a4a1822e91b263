//! What the parts in parentheses matched (POSIX.1-2024, Base Definitions 9.1): each part, from the left to the right,
//! takes as much as the whole allows.

use super::machine::{Machine, Range};
use super::*;

impl Regex {
    /// Fills the spans of the parentheses of a match. Level by level, the places are found at which the parts of a
    /// sequence and the last turn of a loop begin.
    #[inline(never)]
    pub(super) fn levels(&self, text: &[u8], whole: Span, spans: &mut [Span]) {
        let mut machine = self.with_cache(|cache| core::mem::take(&mut cache.machine));
        let mut work = List::new();
        let shell = (self.how & WORD != 0) as usize + (self.how & WHOLE != 0) as usize;
        let (first, end) = (shell, self.steps.len() - shell);
        work.push(Range { first, end, from: whole.start, to: whole.end });
        while let Some(mut r) = work.pop() {
            let mut step = self.step(r.first);
            while step.op == EITHER && r.first < r.end {
                // Its jump leads behind all alternatives.
                let next = r.first + step.n as usize;
                let this = Range { first: r.first + 1, end: next - 1, ..r };
                machine.prepare(self, 0);
                if machine.exactly(self, text, this) {
                    r = this;
                    break;
                }
                r.first = next;
                step = self.step(next);
            }
            self.sequence(&mut machine, text, r, spans, &mut work);
        }
        self.with_cache(|cache| cache.machine = machine);
    }

    /// The parts with parentheses in a sequence.
    #[inline(never)]
    fn sequence(
        &self,
        machine: &mut Machine,
        text: &[u8],
        r: Range,
        spans: &mut [Span],
        work: &mut List<Range>,
    ) {
        let mut parts = List::new();
        let mut at = r.first;
        while at < r.end {
            let step = self.step(at);
            let n = if step.op == OPEN || step.op == LOOP { step.n as usize } else { 1 };
            if n > 1 {
                parts.push(at);
            }
            at += n;
        }
        let Some(&first) = parts.first() else { return };
        let alone = parts.len() == 1 && first == r.first && first + self.step(first).n as usize == r.end;
        if !alone {
            // At least two: with one slot, it is the last mark that counts.
            machine.prepare(self, parts.len() * 2 + 1);
            let (mut n, mut last) = (0, usize::MAX);
            for &p in parts.iter() {
                let behind = p + self.step(p).n as usize;
                if last != p {
                    n += 1;
                    machine.mark(p, n);
                }
                n += 1;
                machine.mark(behind, n);
                last = behind;
            }
            if !machine.exactly(self, text, r) {
                return;
            }
        }
        let won = core::mem::take(&mut machine.won);
        // The place of each mark is in the next slot; a mark may end one part and begin the next.
        let mut slot = 0;
        let mut last = usize::MAX;
        for &p in parts.iter() {
            let behind = p + self.step(p).n as usize;
            if last == p {
                slot -= 1;
            }
            let place = |n: usize, or: usize| if alone { or } else { won.get(n).copied().unwrap_or(or) };
            let span = Span {
                start: place(slot, r.from),
                end: if behind == r.end { r.to } else { place(slot + 1, r.to) },
            };
            slot += 2;
            last = behind;
            self.within(machine, text, p, span, spans, work);
        }
    }

    /// A parenthesis or a loop of some that has matched `span`.
    fn within(
        &self,
        machine: &mut Machine,
        text: &[u8],
        at: usize,
        span: Span,
        spans: &mut [Span],
        work: &mut List<Range>,
    ) {
        let step = self.step(at);
        let r = Range { first: at + 1, end: at + step.n as usize - 1, from: span.start, to: span.end };
        if step.op == OPEN {
            if let Some(s) = spans.get_mut(step.group as usize) {
                *s = span;
            }
            return work.push(r);
        }
        // The first turn stands for all.
        let Some(body) = (r.first..r.end).find(|&n| self.step(n).op == TURN).map(|n| n + 1) else { return };
        let body = Range { first: body, end: body + self.step(body).n as usize, ..r };
        if span.start == span.end {
            machine.prepare(self, 0);
            if machine.exactly(self, text, body) {
                work.push(body);
            }
            return;
        }
        machine.prepare(self, 1);
        for n in r.first..=r.end {
            let step = self.step(n);
            if step.op == TURN && n as i32 - step.n == at as i32 {
                machine.mark(n, 1);
            }
        }
        if machine.exactly(self, text, Range { first: at, end: r.end + 1, ..r }) {
            let from = machine.won.first().copied().unwrap_or(span.start);
            work.push(Range { from, ..body });
        }
    }
}
