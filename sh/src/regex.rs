//! Extended regular expressions for `=~` (POSIX.1-2024, Base Definitions 9.4), without back-references.
//!
//! An expression becomes a program, and all its threads go through the text side by side: no text takes
//! longer than its length times the program's.

use crate::pattern::one;
use alloc::vec::Vec;
use sys::num;

/// Steps of a program; numbers are relative to the step.
#[derive(Clone, Copy)]
enum Step {
    /// A character, a class or an escape at this place of the expression takes one character.
    One(usize),
    Any,
    Start,
    End,
    Jump(isize),
    /// Goes on with the next step and with this one.
    Fork(isize),
}

/// The most steps: intervals within intervals make many.
const MOST: usize = if cfg!(mote_nommu) { 500 } else { 5000 };
/// The deepest parentheses.
const DEPTH: u32 = 50;

struct Compiler<'e> {
    all: &'e [u8],
    rest: &'e [u8],
    steps: Vec<Step>,
    depth: u32,
}

/// Does `expression`, in which a backslash quotes, match a part of `text`? `None`: it is no expression.
pub(crate) fn matches(expression: &[u8], text: &[u8]) -> Option<bool> {
    let mut c = Compiler { all: expression, rest: expression, steps: Vec::new(), depth: 0 };
    c.alternatives()?;
    if !c.rest.is_empty() {
        return None;
    }
    let steps = c.steps;
    let n = steps.len();
    let mut now = alloc::vec![false; n + 1];
    for at in 0..=text.len() {
        // A thread starts at each character.
        mark(&mut now, 0, 0);
        let mut again = true;
        while again {
            again = false;
            for (i, step) in steps.iter().enumerate() {
                if now.get(i) != Some(&true) {
                    continue;
                }
                again |= match *step {
                    Step::Jump(by) => mark(&mut now, i, by),
                    Step::Fork(by) => mark(&mut now, i, 1) | mark(&mut now, i, by),
                    Step::Start if at == 0 => mark(&mut now, i, 1),
                    Step::End if at == text.len() => mark(&mut now, i, 1),
                    _ => false,
                };
            }
        }
        if now.last() == Some(&true) {
            return Some(true);
        }
        let before = core::mem::replace(&mut now, alloc::vec![false; n + 1]);
        for (i, (step, _)) in steps.iter().zip(before).enumerate().filter(|(_, (_, on))| *on) {
            let takes = match (*step, text.get(at)) {
                (Step::One(place), Some(&c)) => one(&mut expression.get(place..).unwrap_or(&[]), c),
                (Step::Any, Some(_)) => true,
                _ => false,
            };
            if takes {
                mark(&mut now, i, 1);
            }
        }
    }
    Some(false)
}

/// Marks the step `by` behind `i`; false if it was marked.
fn mark(now: &mut [bool], i: usize, by: isize) -> bool {
    match now.get_mut(i.wrapping_add_signed(by)) {
        Some(on) => !core::mem::replace(on, true),
        None => false,
    }
}

impl Compiler<'_> {
    fn take(&mut self, c: u8) -> bool {
        let tail = self.rest.strip_prefix(&[c]);
        self.rest = tail.unwrap_or(self.rest);
        tail.is_some()
    }

    fn alternatives(&mut self) -> Option<()> {
        let start = self.steps.len();
        loop {
            match self.rest {
                [] | [b'|', ..] => break,
                [b')', ..] if self.depth > 0 => break,
                _ => self.piece()?,
            }
        }
        if self.take(b'|') {
            self.steps.insert(start, Step::Fork((self.steps.len() - start) as isize + 2));
            let jump = self.steps.len();
            self.steps.push(Step::Jump(0));
            self.alternatives()?;
            let by = (self.steps.len() - jump) as isize;
            *self.steps.get_mut(jump)? = Step::Jump(by);
        }
        Some(())
    }

    /// One character or parenthesis, and how often it may come.
    fn piece(&mut self) -> Option<()> {
        let start = self.steps.len();
        let place = self.all.len() - self.rest.len();
        let step = match self.rest.first()? {
            b'*' | b'+' | b'?' | b'{' => return None,
            b'.' => Step::Any,
            b'^' => Step::Start,
            b'$' => Step::End,
            _ => Step::One(place),
        };
        if self.take(b'(') {
            self.depth += 1;
            if self.depth > DEPTH {
                return None;
            }
            self.alternatives()?;
            self.depth -= 1;
            if !self.take(b')') {
                return None;
            }
        } else {
            one(&mut self.rest, 0);
            self.steps.push(step);
        }
        loop {
            let (mut least, mut most) = (0, usize::MAX);
            if self.take(b'?') {
                most = 1;
            } else if self.take(b'+') {
                least = 1;
            } else if self.take(b'{') {
                least = self.count()?;
                if !self.take(b',') {
                    most = least;
                } else if self.rest.first() != Some(&b'}') {
                    most = self.count()?;
                }
                if !self.take(b'}') || least > most {
                    return None;
                }
            } else if !self.take(b'*') {
                return Some(());
            }
            let what = self.steps.split_off(start);
            let back = what.len() as isize + 1;
            let times = if most == usize::MAX { least + 1 } else { most };
            for i in 0..times {
                if i >= least {
                    self.steps.push(Step::Fork(back + (most == usize::MAX) as isize));
                }
                self.steps.extend_from_slice(&what);
                if self.steps.len() > MOST {
                    return None;
                }
            }
            if most == usize::MAX {
                self.steps.push(Step::Jump(-back));
            }
        }
    }

    fn count(&mut self) -> Option<usize> {
        let (n, rest) = num::prefix(self.rest, 10)?;
        self.rest = rest;
        Some(n.min(MOST as u64) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_match_parts() {
        for (e, yes, no) in [
            ("", "|a", ""),
            ("b", "b|abc", "|a"),
            ("^b", "bc", "ab"),
            ("b$", "ab", "ba"),
            ("^$", "", "a"),
            ("^a.c$", "abc|a.c", "ac|abbc"),
            ("^ab*c$", "ac|abc|abbbc", "abbb|adc"),
            ("^ab+c$", "abc|abbc", "ac"),
            ("^ab?c$", "ac|abc", "abbc"),
            ("^a{2}$", "aa", "a|aaa"),
            ("^a{2,}$", "aa|aaaa", "a"),
            ("^(ab){1,2}$", "ab|abab", "|ababab|aba"),
            ("^a{0}b$", "b", "ab"),
            ("^(a|bc|)d$", "ad|bcd|d", "abcd|bd"),
            ("^(a*)*$", "|aaa", "b"),
            ("^((a|b)+c)*$", "|abcbac", "cc|ab"),
            ("^[0-9]+(\\.[0-9]+)?$", "1|10.25", "1.|.5|1x5"),
            ("^[[:alpha:]_][^ ]*$", "_x-|ab", "1a|a b"),
            ("a\\*b|\\(", "xa*b|(", "aab"),
            ("^x{1,3}?$", "|xxx", "xxxx"),
            ("^[]b.-]$", "]|-", "a"),
            ("a)", "a)", "a"),
        ] {
            for t in yes.split('|') {
                assert_eq!(matches(e.as_bytes(), t.as_bytes()), Some(true), "{e} {t}");
            }
            for t in no.split('|').filter(|_| !no.is_empty()) {
                assert_eq!(matches(e.as_bytes(), t.as_bytes()), Some(false), "{e} {t}");
            }
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let deep = "(".repeat(1000) + &")".repeat(1000);
        for e in ["*", "a|*", "(a", "a{", "a{2", "a{3,2}", "+", &deep, "((a{99}){99}){99}", "{1}"] {
            assert_eq!(matches(e.as_bytes(), b"a"), None, "{e}");
        }
    }

    #[test]
    fn nothing_takes_forever() {
        let text = vec![b'a'; 2000];
        assert_eq!(matches(b"^(a*)*(a|aa)*(a?){20}b$", &text), Some(false));
    }

    #[test]
    fn junk_is_harmless() {
        const PIECES: &[u8] = b"ab()|*+?{},123[]^$\\.-";
        let mut seed = 3u32;
        let mut random = |n: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) as usize % n
        };
        let mut good = 0;
        for _ in 0..20_000 {
            let e: Vec<u8> = (0..random(12)).map(|_| PIECES[random(PIECES.len())]).collect();
            good += matches(&e, b"ab12ab").is_some() as u32;
        }
        assert!(good > 1000);
    }
}
