//! The shell's extended regular expressions against the plain definition: a tree, and for each part the places in the text where
//! it can end.

use super::pattern::{element, Element};
use crate::text::ere::matches;
use crate::Truth;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

/// The most of an expression and of a text that is looked at.
const MOST: usize = 40;
/// An expression that stands for more steps than this may be refused.
const STEPS: usize = 4000;

/// Matches the first part of `data`, an expression, with the second, a text.
pub fn regex(data: &[u8]) {
    super::engine::engine(data);
    let parts = super::parts(data);
    // Characters of one byte.
    let cut = |n: usize| -> Vec<u8> {
        parts.get(n).into_iter().copied().flatten().take(MOST).map(|c| c & 127).collect()
    };
    let (expression, text) = (&cut(0)[..], &cut(1)[..]);
    let mut reader = Reader { rest: expression, depth: 0 };
    let tree = reader.alternatives().filter(|_| reader.rest.is_empty());
    let got = matches(expression, text).map(|found| found == Truth::Yes);
    let Some(tree) = tree else { return assert_eq!(got, None, "it is no expression") };
    if steps(&tree) > STEPS {
        return;
    }
    let every = vec![true; text.len() + 1];
    assert_eq!(got, Some(ends(&tree, text, every).contains(&true)));
}

enum Tree {
    One(Element),
    Start,
    End,
    /// One behind the other.
    All(Vec<Tree>),
    /// One of them.
    Any(Vec<Tree>),
    /// From so many times to so many, or without end.
    Times(Box<Tree>, u64, Option<u64>),
}

struct Reader<'e> {
    rest: &'e [u8],
    depth: usize,
}

impl Reader<'_> {
    fn is(&self, c: u8) -> bool {
        self.rest.first() == Some(&c)
    }

    fn take(&mut self, c: u8) -> bool {
        let is = self.is(c);
        self.rest = &self.rest[is as usize..];
        is
    }

    fn alternatives(&mut self) -> Option<Tree> {
        let mut any = vec![Vec::new()];
        while !(self.rest.is_empty() || self.is(b')') && self.depth > 0) {
            if self.take(b'|') {
                any.push(Vec::new());
            } else {
                let piece = self.piece()?;
                any.last_mut()?.push(piece);
            }
        }
        Some(Tree::Any(any.into_iter().map(Tree::All).collect()))
    }

    fn piece(&mut self) -> Option<Tree> {
        if b"*+?{".iter().any(|&c| self.is(c)) {
            return None;
        }
        let mut tree = if self.take(b'(') {
            self.depth += 1;
            let inner = self.alternatives()?;
            self.depth -= 1;
            self.take(b')').then_some(inner)?
        } else if self.take(b'^') {
            Tree::Start
        } else if self.take(b'$') {
            Tree::End
        } else if self.take(b'.') {
            Tree::One(Element::Set(vec![true; 256]))
        } else {
            let (one, n) = element(self.rest);
            self.rest = &self.rest[n..];
            Tree::One(one)
        };
        loop {
            let (least, most) = if self.take(b'*') {
                (0, None)
            } else if self.take(b'+') {
                (1, None)
            } else if self.take(b'?') {
                (0, Some(1))
            } else if self.take(b'{') {
                let least = self.count()?;
                let most = match self.take(b',') {
                    true if self.is(b'}') => None,
                    true => Some(self.count()?),
                    false => Some(least),
                };
                if !self.take(b'}') || most.is_some_and(|most| most < least) {
                    return None;
                }
                (least, most)
            } else {
                return Some(tree);
            };
            tree = Tree::Times(Box::new(tree), least, most);
        }
    }

    fn count(&mut self) -> Option<u64> {
        let n = self.rest.iter().take_while(|c| c.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(n);
        self.rest = rest;
        core::str::from_utf8(digits).ok()?.parse().ok()
    }
}

/// How many steps a program of the tree may have.
fn steps(tree: &Tree) -> usize {
    match tree {
        Tree::One(_) | Tree::Start | Tree::End => 1,
        Tree::All(all) => all.iter().map(steps).fold(0, usize::saturating_add),
        Tree::Any(any) => any.iter().map(|one| steps(one).saturating_add(2)).fold(0, usize::saturating_add),
        Tree::Times(what, least, most) => {
            let times = most.unwrap_or(*least).saturating_add(1).min(1 << 20) as usize;
            steps(what).saturating_add(2).saturating_mul(times)
        }
    }
}

/// Where the tree can end, of the places where it can start.
fn ends(tree: &Tree, text: &[u8], starts: Vec<bool>) -> Vec<bool> {
    let only = |place: usize| (0..starts.len()).map(|n| n == place && starts[n]).collect();
    match tree {
        Tree::Start => only(0),
        Tree::End => only(text.len()),
        Tree::One(Element::Star) => unreachable!("no part of an expression"),
        Tree::One(Element::Set(set)) => {
            let here = |n: usize| n > 0 && starts[n - 1] && set[text[n - 1] as usize];
            (0..starts.len()).map(here).collect()
        }
        Tree::All(all) => all.iter().fold(starts, |starts, part| ends(part, text, starts)),
        Tree::Any(any) => {
            let each = any.iter().map(|one| ends(one, text, starts.clone()));
            each.fold(vec![false; starts.len()], |all, one| either(&all, &one))
        }
        Tree::Times(what, least, most) => {
            let mut now = starts;
            for _ in 0..*least {
                now = ends(what, text, now);
            }
            let mut all = now.clone();
            // What has led nowhere new does not do so later.
            for _ in 0..most.map_or(u64::MAX, |most| most - least) {
                now = ends(what, text, now);
                let more = either(&all, &now);
                if more == all {
                    break;
                }
                all = more;
            }
            all
        }
    }
}

fn either(a: &[bool], b: &[bool]) -> Vec<bool> {
    a.iter().zip(b).map(|(a, b)| *a || *b).collect()
}
