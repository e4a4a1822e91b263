//! Regular expressions with what their parts match, against the rules word for word: for each part, from the left to
//! the right, the longest text is tried that leaves the rest a match. The data choose a tree, which is written as an
//! expression; and it is taken as an expression itself, of which the answers must fit one another.

use crate::text::regex::{Regex, Span, EXTENDED, FIXED, IGNORE_CASE, LINES, NEWLINE, WHOLE, WORD};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// The most parts of a tree, and bytes of a text.
const PARTS: usize = 12;
const TEXT: usize = 12;

enum Tree {
    /// A character of these.
    One(&'static [u8]),
    Start,
    End,
    /// Parentheses, by their number.
    Group(usize, Box<Tree>),
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Times(Box<Tree>, usize, usize),
}

/// What the data choose, and the expression so far.
struct Writer<'d> {
    data: &'d [u8],
    left: usize,
    groups: usize,
    text: Vec<u8>,
}

const NO_END: usize = usize::MAX;

impl Writer<'_> {
    fn choose(&mut self, of: usize) -> usize {
        let Some((&first, rest)) = self.data.split_first() else { return 0 };
        self.data = rest;
        first as usize % of
    }

    fn any(&mut self, depth: usize) -> Tree {
        let mut all = vec![self.all(depth)];
        while self.left > 0 && self.choose(3) == 1 {
            self.text.push(b'|');
            all.push(self.all(depth));
        }
        Tree::Any(all)
    }

    fn all(&mut self, depth: usize) -> Tree {
        let mut all = vec![self.times(depth)];
        while self.left > 0 && self.choose(3) > 0 {
            all.push(self.times(depth));
        }
        Tree::All(all)
    }

    fn times(&mut self, depth: usize) -> Tree {
        let one = self.one(depth);
        if matches!(one, Tree::Start | Tree::End) {
            return one;
        }
        let (text, least, most): (&[u8], _, _) = match self.choose(12) {
            1 => (b"*", 0, NO_END),
            2 => (b"+", 1, NO_END),
            3 => (b"?", 0, 1),
            4 => (b"{2}", 2, 2),
            5 => (b"{0,2}", 0, 2),
            6 => (b"{2,}", 2, NO_END),
            7 => (b"{0}", 0, 0),
            _ => return one,
        };
        self.text.extend_from_slice(text);
        Tree::Times(Box::new(one), least, most)
    }

    fn one(&mut self, depth: usize) -> Tree {
        self.left = self.left.saturating_sub(1);
        let (text, tree): (&[u8], _) = match self.choose(12) {
            1 | 2 => (b"b", Tree::One(b"b")),
            3 => (b".", Tree::One(b"abc")),
            4 => (b"[^a]", Tree::One(b"bc")),
            5 => (b"^", Tree::Start),
            6 => (b"$", Tree::End),
            7.. if depth > 0 => {
                self.groups += 1;
                let number = self.groups;
                self.text.push(b'(');
                let inner = if self.left == 0 { Tree::All(Vec::new()) } else { self.any(depth - 1) };
                (b")", Tree::Group(number, Box::new(inner)))
            }
            _ => (b"a", Tree::One(b"a")),
        };
        self.text.extend_from_slice(text);
        tree
    }
}

/// Both kinds of tests.
pub(super) fn engine(data: &[u8]) {
    let parts = super::parts(data);
    let text: Vec<u8> =
        parts.last().into_iter().copied().flatten().take(TEXT).map(|c| b'a' + c % 3).collect();
    let mut writer =
        Writer { data: parts.first().copied().unwrap_or(&[]), left: PARTS, groups: 0, text: Vec::new() };
    let tree = writer.any(3);
    let regex = Regex::new(&writer.text, EXTENDED).expect("an expression");
    let mut got = vec![Span::NONE; writer.groups + 1];
    let found = regex.find(&text, 0, &mut got);
    let whole = (0..=text.len()).find_map(|start| {
        let ends = ends(&tree, &text, start);
        Some(Span { start, end: (0..=text.len()).rev().find(|&end| ends[end])? })
    });
    let mut want = vec![Span::NONE; writer.groups + 1];
    if let Some(whole) = whole {
        want[0] = whole;
        fill(&tree, &text, whole, &mut want);
    }
    assert_eq!(found, whole.is_some());
    assert_eq!(got, want, "{} {}", writer.text.escape_ascii(), text.escape_ascii());
    assert_eq!(regex.first_end(&text, 0).is_some(), found);
    for how in [
        EXTENDED,
        0,
        EXTENDED | LINES | IGNORE_CASE,
        NEWLINE,
        LINES | WORD,
        EXTENDED | WHOLE | LINES,
        FIXED | LINES,
    ] {
        fits(parts.first().copied().unwrap_or(&[]), parts.get(1).copied().unwrap_or(&[]), how);
    }
}

/// Any bytes as an expression: its answers fit one another.
fn fits(expression: &[u8], text: &[u8], how: u32) {
    let cut = |text: &[u8], n| -> Vec<u8> { text.iter().copied().take(n).collect() };
    let (expression, text) = (cut(expression, 40), cut(text, 60));
    let Ok(regex) = Regex::new(&expression, how) else { return };
    let mut spans = vec![Span::NONE; regex.groups() + 1];
    let found = regex.find(&text, 0, &mut spans);
    let end = regex.first_end(&text, 0);
    if regex.gave_up() {
        return;
    }
    let what = expression.escape_ascii();
    assert_eq!(found, end.is_some(), "{what}");
    let whole = spans[0];
    for s in spans.iter().filter(|s| s.start != usize::MAX) {
        assert!(s.start <= s.end && s.end <= text.len() && whole.start <= s.start, "{what} {s:?}");
    }
    let mut alone = [Span::NONE];
    assert_eq!((regex.find(&text, 0, &mut alone), alone[0]), (found, whole), "{what}");
    if found {
        assert!(regex.find_at(&text, whole.start, &mut alone) && alone[0] == whole, "{what}");
    }
}

/// Where a tree can end that starts at `start`.
fn ends(tree: &Tree, text: &[u8], start: usize) -> Vec<bool> {
    let mut all = vec![false; text.len() + 1];
    all[start] = true;
    step(tree, text, all)
}

fn step(tree: &Tree, text: &[u8], starts: Vec<bool>) -> Vec<bool> {
    let only = |place: usize| (0..starts.len()).map(|n| n == place && starts[n]).collect();
    match tree {
        Tree::Start => only(0),
        Tree::End => only(text.len()),
        Tree::One(set) => {
            (0..starts.len()).map(|n| n > 0 && starts[n - 1] && set.contains(&text[n - 1])).collect()
        }
        Tree::Group(_, inner) => step(inner, text, starts),
        Tree::All(all) => all.iter().fold(starts, |starts, part| step(part, text, starts)),
        Tree::Any(any) => {
            any.iter().map(|one| step(one, text, starts.clone())).fold(vec![false; starts.len()], either)
        }
        Tree::Times(inner, least, most) => times(inner, text, starts, *least, *most),
    }
}

fn times(inner: &Tree, text: &[u8], starts: Vec<bool>, least: usize, most: usize) -> Vec<bool> {
    let mut now = starts;
    for _ in 0..least {
        now = step(inner, text, now);
    }
    let mut all = now.clone();
    for _ in least..most.min(least + text.len() + 1) {
        now = step(inner, text, now);
        all = either(all, now.clone());
    }
    all
}

fn either(a: Vec<bool>, b: Vec<bool>) -> Vec<bool> {
    a.iter().zip(&b).map(|(a, b)| *a || *b).collect()
}

fn has_groups(tree: &Tree) -> bool {
    match tree {
        Tree::Group(..) => true,
        Tree::All(all) | Tree::Any(all) => all.iter().any(has_groups),
        Tree::Times(inner, ..) => has_groups(inner),
        _ => false,
    }
}

/// What the groups of a tree matched that has matched `span`.
fn fill(tree: &Tree, text: &[u8], span: Span, spans: &mut [Span]) {
    let Span { start, end } = span;
    match tree {
        Tree::Group(n, inner) => {
            spans[*n] = span;
            fill(inner, text, span, spans);
        }
        Tree::Any(any) => {
            let one = any.iter().find(|one| ends(one, text, start)[end]).expect("an alternative");
            fill(one, text, span, spans);
        }
        Tree::All(all) => {
            let mut rest = &all[..];
            let mut at = start;
            while !rest.is_empty() {
                // What has no groups is one part.
                let n = rest.iter().take_while(|part| !has_groups(part)).count().max(1);
                let (first, behind) = rest.split_at(n);
                let sequence = |parts: &[Tree], at: usize| {
                    let mut all = vec![false; text.len() + 1];
                    all[at] = true;
                    parts.iter().fold(all, |starts, part| step(part, text, starts))
                };
                let reach = sequence(first, at);
                let longest =
                    (at..=end).rev().find(|&k| reach[k] && sequence(behind, k)[end]).expect("a split");
                for part in first {
                    if has_groups(part) {
                        fill(part, text, Span { start: at, end: longest }, spans);
                    }
                }
                (at, rest) = (longest, behind);
            }
        }
        Tree::Times(inner, least, most) if has_groups(inner) => {
            if start == end {
                if *most > 0 && ends(inner, text, start)[start] {
                    fill(inner, text, span, spans);
                }
                return;
            }
            let (mut at, mut least, mut most) = (start, *least, *most);
            let mut last = span;
            while at < end || least > 0 {
                let (fewer, left) = (least.saturating_sub(1), if most == NO_END { NO_END } else { most - 1 });
                let reach = ends(inner, text, at);
                let rest = |k: usize| {
                    let mut all = vec![false; text.len() + 1];
                    all[k] = true;
                    times(inner, text, all, fewer, left)
                };
                let k = (at..=end).rev().find(|&k| reach[k] && rest(k)[end]).expect("a turn");
                last = Span { start: at, end: k };
                (at, least, most) = (k, fewer, left);
            }
            fill(inner, text, last, spans);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn trees_and_junk() {
        let mut seed = 11u32;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as usize % n
        };
        const JUNK: &[u8] = b"ab.*+?{}()|[]^$\\,12-:=w<1\n";
        for n in 0..4_000 {
            let mut data: Vec<u8> = (0..random(40))
                .map(|_| if n % 2 == 0 { random(255) as u8 } else { JUNK[random(JUNK.len())] })
                .collect();
            data.push(0xff);
            data.extend((0..random(12)).map(|_| b"abcab1\n"[random(7)]));
            super::engine(&data);
        }
    }
}
