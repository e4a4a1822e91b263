//! Expressions with back-references: one way after the other, and the longest match of the first place that has one.

use super::*;

/// The most steps of a search, and the most ways that wait.
const TIME: usize = if cfg!(mote_nommu) { 1 << 20 } else { 1 << 24 };
const WAITING: usize = if cfg!(mote_nommu) { 1 << 9 } else { 1 << 20 };

/// A way that waits: a step and a place in the text; or what a slot was before, which has `step` behind all steps.
struct Way {
    step: usize,
    at: usize,
}

impl Regex {
    #[inline(never)]
    pub(super) fn backtrack(&self, text: &[u8], from: usize, spans: &mut [Span], anywhere: bool) -> bool {
        let mut time = TIME;
        let mut start = from;
        // Two slots for each parenthesis, one for each loop.
        let count = 2 * (self.groups + 1) + self.loops as usize + 1;
        let mut best = List::new();
        loop {
            let mut slots: List<usize> = (0..count).map(|_| usize::MAX).collect();
            if let Some(end) = self.longest(text, start, &mut slots, &mut best, &mut time) {
                for (n, span) in spans.iter_mut().enumerate().take(self.groups + 1) {
                    let place = |k: usize| best.get(2 * n + k).copied().unwrap_or(usize::MAX);
                    *span = Span { start: place(0), end: place(1) };
                    if span.end == usize::MAX {
                        *span = Span::NONE;
                    }
                }
                if let Some(whole) = spans.first_mut() {
                    *whole = Span { start, end };
                }
                return true;
            }
            let n = self.class_at(text, start).1;
            if n == 0 || time == 0 || !anywhere {
                self.gave_up.set(self.gave_up.get() || time == 0);
                return false;
            }
            start += n;
        }
    }

    /// The end of the longest match from `from` on, with its slots in `best`.
    #[inline(never)]
    fn longest(
        &self,
        text: &[u8],
        from: usize,
        slots: &mut List<usize>,
        best: &mut List<usize>,
        time: &mut usize,
    ) -> Option<usize> {
        let steps = self.steps.len();
        let mut ways: List<Way> = List::new();
        ways.push(Way { step: 0, at: from });
        let mut end = None;
        while let Some(way) = ways.pop() {
            if way.step > steps {
                if let Some(slot) = slots.get_mut(way.step - steps - 1) {
                    *slot = way.at;
                }
                continue;
            }
            let (mut at, mut now) = (way.at, way.step);
            loop {
                if *time == 0 || ways.len() > WAITING {
                    *time = 0;
                    return None;
                }
                *time -= 1;
                if now == steps {
                    if end.is_none_or(|end| at > end) {
                        end = Some(at);
                        best.clear();
                        slots.iter().for_each(|&s| best.push(s));
                    }
                    if at == text.len() {
                        return end;
                    }
                    break;
                }
                let step = self.step(now);
                let mut slot = 0;
                match step.op {
                    CHAR | SET => {
                        let (class, n) = self.class_at(text, at);
                        if !self.takes(step, class) {
                            break;
                        }
                        at += n;
                    }
                    ASSERT => {
                        let behind = self.kind(self.class_at(text, at).0);
                        if !self.holds(step.n, self.kind_before(text, at), behind) {
                            break;
                        }
                    }
                    JUMP => {
                        now = (now as i32 + step.n) as usize;
                        continue;
                    }
                    FORK | EITHER => ways.push(Way { step: (now as i32 + step.n) as usize, at }),
                    OPEN => slot = 2 * step.group as usize,
                    CLOSE => slot = 2 * step.group as usize + 1,
                    TURN => slot = 2 * (self.groups + 1) + step.group as usize,
                    BACK => match self.again(text, at, step.group as usize, slots) {
                        Some(n) => at += n,
                        None => break,
                    },
                    _ => {}
                }
                if let Some(s) = slots.get_mut(slot).filter(|_| slot > 0) {
                    // A turn that took nothing leads nowhere.
                    if step.op == TURN && *s == at {
                        break;
                    }
                    ways.push(Way { step: steps + 1 + slot, at: *s });
                    *s = at;
                }
                now += 1;
            }
        }
        end
    }

    /// How many bytes the same as `group` matched take here, if it is here.
    fn again(&self, text: &[u8], at: usize, group: usize, slots: &[usize]) -> Option<usize> {
        let (&start, &end) = (slots.get(2 * group)?, slots.get(2 * group + 1)?);
        let before = text.get(start..end)?;
        let here = text.get(at..at + before.len())?;
        let same =
            if self.how & IGNORE_CASE != 0 { before.eq_ignore_ascii_case(here) } else { before == here };
        same.then_some(before.len())
    }
}
