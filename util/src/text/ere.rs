//! Extended regular expressions for `=~` (POSIX.1-2024, Base Definitions 9.4), without back-references.
//!
//! Not [`super::regex`], which would make the shell alone 11,500 bytes bigger: this says yes or no only, in 1,286 bytes
//! on ARMv5TE where that takes 12,800.
//!
//! An expression becomes a program, and all its threads go through the text side by side: no text takes
//! longer than its length times the program's.

use super::after;
use super::pattern::one;
use crate::Truth;
use sys::{num, Buf};

// A step is three bytes: one of these, and a number of two.
/// The character, class or escape at this place of the expression takes one character.
const ONE: u8 = 0;
const ANY: u8 = 1;
const START: u8 = 2;
const END: u8 = 3;
/// Goes on so many steps from here.
const JUMP: u8 = 4;
/// Goes on there, and with the next step.
const FORK: u8 = 5;

/// The most bytes of an expression and of its program: intervals within intervals make many steps.
const MOST: usize = if cfg!(mote_nommu) { 1500 } else { 15000 };
/// The deepest parentheses.
const DEPTH: u32 = 50;

struct Compiler<'e> {
    all: &'e [u8],
    rest: &'e [u8],
    steps: Buf,
    depth: u32,
}

/// Does `expression`, in which a backslash quotes, match a part of `text`? `None`: it is no expression.
#[inline(never)]
pub fn matches(expression: &[u8], text: &[u8]) -> Option<Truth> {
    let mut c = Compiler { all: expression, rest: expression, steps: Buf::new(), depth: 0 };
    if expression.len() > MOST {
        return None;
    }
    c.alternatives()?;
    if !c.rest.is_empty() {
        return None;
    }
    let n = c.steps.len() / 3;
    let mut now = Buf::new();
    let mut at = 0;
    loop {
        // A thread starts at each character.
        now.pad(n + 1, 0);
        let mut more = mark(&mut now, 0, 0);
        // The steps that take nothing, until that leads nowhere new.
        while more {
            more = false;
            for i in 0..n {
                let (op, by) = step(&c.steps, i);
                let goes = match op {
                    START => at == 0,
                    END => at == text.len(),
                    JUMP | FORK => true,
                    _ => false,
                };
                if goes && now.get(i) == Some(&1) {
                    more |= mark(&mut now, i, by) | (op == FORK && mark(&mut now, i, 1));
                }
            }
        }
        if now.last() == Some(&1) {
            return Some(Truth::Yes);
        }
        let next @ [_, ..] = after(text, at) else { return Some(Truth::No) };
        at += 1;
        let before = core::mem::take(&mut now);
        now.pad(n + 1, 0);
        for (i, _) in before.iter().enumerate().filter(|b| *b.1 == 1) {
            let (op, place) = step(&c.steps, i);
            if op == ANY || op == ONE && one(&mut after(expression, place), &mut { next }, 0) {
                mark(&mut now, i, 1);
            }
        }
    }
}

/// Step number `i`; the number of START and END is 1, the next step.
fn step(steps: &[u8], i: usize) -> (u8, usize) {
    match steps.get(i * 3..) {
        Some([op, a, b, ..]) => (*op, i16::from_le_bytes([*a, *b]) as usize),
        _ => (END, 1),
    }
}

/// Marks the step `by` behind `i`; false if it was marked.
#[inline(never)]
fn mark(now: &mut [u8], i: usize, by: usize) -> bool {
    match now.get_mut(i.wrapping_add(by)) {
        Some(on) => core::mem::replace(on, 1) == 0,
        None => false,
    }
}

impl Compiler<'_> {
    fn take(&mut self, c: u8) -> bool {
        let is = self.rest.first() == Some(&c);
        if is {
            self.rest = after(self.rest, 1);
        }
        is
    }

    /// Puts a step in front of the byte `at`.
    #[inline(never)]
    fn put(&mut self, at: usize, op: u8, number: usize) {
        let [a, b] = (number as i16).to_le_bytes();
        self.steps.replace(at, 0, &[op, a, b]);
    }

    fn alternatives(&mut self) -> Option<()> {
        // Where the jump behind the alternative before this one belongs.
        let mut jump = None;
        loop {
            let start = self.steps.len();
            loop {
                match self.rest {
                    [] | [b'|', ..] => break,
                    [b')', ..] if self.depth > 0 => break,
                    _ => self.piece()?,
                }
            }
            let more = self.take(b'|');
            if more {
                self.put(start, FORK, (self.steps.len() - start) / 3 + 2);
            }
            // It leads behind this alternative: to the end, or to this one's own jump.
            if let Some(at) = jump {
                self.put(at, JUMP, (self.steps.len() - at) / 3 + 1);
            }
            if !more {
                return Some(());
            }
            jump = Some(self.steps.len());
        }
    }

    /// One character or parenthesis, and how often it may come.
    fn piece(&mut self) -> Option<()> {
        let start = self.steps.len();
        let place = self.all.len() - self.rest.len();
        let (op, number) = match self.rest.first()? {
            b'*' | b'+' | b'?' | b'{' => return None,
            b'.' => (ANY, 0),
            b'^' => (START, 1),
            b'$' => (END, 1),
            _ => (ONE, place),
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
            one(&mut self.rest, &mut &b"x"[..], 0);
            self.put(start, op, number);
        }
        loop {
            let (mut least, mut most) = (0, usize::MAX);
            if self.take(b'?') {
                most = 1;
            } else if self.take(b'+') {
                least = 1;
            } else if self.take(b'{') {
                least = self.count()?;
                most = least;
                if self.take(b',') {
                    most = if self.rest.starts_with(b"}") { usize::MAX } else { self.count()? };
                }
                if !self.take(b'}') || least > most {
                    return None;
                }
            } else if !self.take(b'*') {
                return Some(());
            }
            let what = self.steps.split_off(start);
            let len = what.len() / 3 + 1;
            let endless = most == usize::MAX;
            for i in 0..if endless { least + 1 } else { most } {
                if i >= least {
                    self.put(usize::MAX, FORK, len + endless as usize);
                }
                self.steps.extend_from_slice(&what);
                if self.steps.len() > MOST {
                    return None;
                }
            }
            if endless {
                self.put(usize::MAX, JUMP, len.wrapping_neg());
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
                assert_eq!(matches(e.as_bytes(), t.as_bytes()), Some(Truth::Yes), "{e} {t}");
            }
            for t in no.split('|').filter(|_| !no.is_empty()) {
                assert_eq!(matches(e.as_bytes(), t.as_bytes()), Some(Truth::No), "{e} {t}");
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
        assert_eq!(matches(b"^(a*)*(a|aa)*(a?){20}b$", &text), Some(Truth::No));
    }

    #[test]
    fn alternatives_take_no_stack() {
        let many = "a|".repeat(MOST / 2 - 1) + "b";
        assert_eq!(matches(many.as_bytes(), b"b"), Some(Truth::Yes));
        assert_eq!(matches("|".repeat(MOST + 1).as_bytes(), b"b"), None);
        for (e, t) in [("^(a|b|c|d)$", "abcd"), ("^(x|(a|b|)c|d)$", "x")] {
            assert!(t.bytes().all(|c| matches(e.as_bytes(), &[c]) == Some(Truth::Yes)), "{e}");
        }
        assert_eq!(matches(b"^(x|(a|b|)c|d)$", b"bc"), Some(Truth::Yes));
        assert_eq!(matches(b"^(x|(a|b|)c|d)$", b"b"), Some(Truth::No));
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
