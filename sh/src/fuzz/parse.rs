//! Lexer and parser: any text gives complete trees or an error, and a tree is what `tree` says it is.

use super::with_cx;
use crate::parse::parser::Parser;
use crate::parse::source::Source;
use crate::parse::token::tok;
use crate::parse::tree::{self, op, redir, Tree};
use crate::shell::Shell;
use alloc::vec::Vec;
use sys::{Buf, ToBuf};

/// Aliases that change how what follows is read.
const ALIASES: [(&str, &str); 6] =
    [("x", "y "), ("y", "x z"), ("w", "for i in"), ("v", "'"), ("u", "\n"), ("t", "cat <<E\n$(E\nE\n")];

/// Parses `data` as a script, command by command, and checks every tree; words as text to expand, too.
pub fn parse(data: &[u8]) {
    // As the reading of a file does.
    let text: Buf = data.iter().copied().filter(|&c| c != 0).collect();
    with_cx(&[], |cx| {
        let here = 0u8;
        let mut sh = Shell::new(cx, &here);
        if data.first() == Some(&b'#') {
            let all = ALIASES.map(|(name, value)| (name.as_bytes().buf(), value.as_bytes().buf()));
            all.into_iter().for_each(|a| sh.aliases.list_mut().push(a));
        }
        // Tests do without the thousands of messages.
        sh.interrupted = cfg!(test);
        let _ = crate::parse::parser::word(&mut sh, text.clone());
        let mut src = Source::text(text, 1);
        loop {
            let left = src.text.len().saturating_sub(src.pos);
            if left == 0 {
                break;
            }
            match Parser::next(&mut sh, &mut src) {
                Ok(None) => break,
                Ok(Some(tree)) => check(&tree),
                Err(_) => {}
            }
            // Aliases and backquotes change the text, but only before what is left.
            assert!(src.text.len().saturating_sub(src.pos) < left, "the parser stands still");
        }
    });
}

/// Checks that a tree is written as the description in `tree` says, to its last byte.
fn check(t: &Tree) {
    let (code, docs) = t.code.split_at(t.docs);
    let mut c = Check { tree: t, rest: code, here: Vec::new() };
    c.list();
    assert!(c.rest.is_empty(), "bytes behind the list");
    let mut found = Vec::new();
    c.rest = docs;
    while !c.rest.is_empty() {
        found.push(c.u24());
        let n = c.u24();
        let outer = c.enter(n);
        c.word();
        c.leave(outer);
    }
    for n in c.here {
        assert!(found.contains(&n), "no text for here-document {n}");
    }
}

struct Check<'t> {
    tree: &'t Tree,
    rest: &'t [u8],
    /// Numbers of the here-documents met.
    here: Vec<usize>,
}

impl<'t> Check<'t> {
    fn byte(&mut self) -> u8 {
        let (&c, rest) = self.rest.split_first().expect("a byte more");
        self.rest = rest;
        c
    }

    fn u24(&mut self) -> usize {
        (0..3).fold(0, |n, i| n | (self.byte() as usize) << (8 * i))
    }

    /// Looks at the next `n` bytes only; gives what is behind them.
    fn enter(&mut self, n: usize) -> &'t [u8] {
        let (inner, outer) = self.rest.split_at_checked(n).expect("a length within the tree");
        self.rest = inner;
        outer
    }

    fn leave(&mut self, outer: &'t [u8]) {
        assert!(self.rest.is_empty(), "bytes at the end of a counted part");
        self.rest = outer;
    }

    fn name(&mut self) {
        while self.byte() != 0 {}
    }

    fn list(&mut self) {
        let n = self.u24();
        let outer = self.enter(n);
        loop {
            match self.byte() {
                0 => break,
                1 | 2 | 5 => {}
                other => panic!("item {other}"),
            }
            loop {
                self.pipeline();
                match self.byte() {
                    0 => break,
                    1 | 2 => {}
                    other => panic!("operator {other}"),
                }
            }
        }
        self.leave(outer);
    }

    fn pipeline(&mut self) {
        let flags = self.byte();
        assert!(flags <= tree::NEGATED | tree::MULTI);
        self.node();
        if flags & tree::MULTI != 0 {
            while self.byte() != 0 {
                self.node();
            }
        }
    }

    fn node(&mut self) {
        let kind = self.byte();
        let n = self.u24();
        let outer = self.enter(n);
        let (start, end) = (self.u24(), self.u24());
        let nothing = kind == tree::SIMPLE && self.rest.iter().take(3).all(|&c| c == 0);
        assert!(start <= end || nothing, "text {start}..{end}");
        assert!(end <= self.tree.text.len(), "text {start}..{end}");
        if kind == tree::SIMPLE {
            assert!(self.byte() <= tree::PURE);
            self.words(&[tree::WORD, tree::AWORD]);
            self.redirections();
            self.words(&[tree::ASSIGN]);
            assert_eq!(self.byte(), 0);
            return self.leave(outer);
        }
        self.redirections();
        assert_eq!(self.byte(), 0, "the end of the redirections");
        self.body(kind);
        self.leave(outer);
    }

    fn body(&mut self, kind: u8) {
        match kind {
            tree::GROUP | tree::SUBSHELL => self.list(),
            tree::IF => loop {
                self.list();
                self.list();
                match self.byte() {
                    0 => break,
                    1 => {}
                    2 => break self.list(),
                    other => panic!("part {other} of an if"),
                }
            },
            tree::WHILE | tree::UNTIL => {
                self.list();
                self.list();
            }
            tree::FOR => {
                self.name();
                if self.rest.first() == Some(&2) {
                    self.byte();
                } else {
                    self.words(&[tree::WORD]);
                    assert_eq!(self.byte(), 0);
                }
                self.list();
            }
            tree::CASE => {
                self.word();
                while self.byte() != 0 {
                    self.words(&[tree::WORD]);
                    assert_eq!(self.byte(), 0);
                    self.list();
                    assert!((tok::CASE_END..=tok::CASE_NEXT).contains(&self.byte()));
                }
            }
            tree::FUNCTION => {
                self.name();
                self.node();
            }
            tree::ARITHMETIC => self.word(),
            tree::COUNT => {
                (0..3).for_each(|_| self.word());
                self.list();
            }
            tree::CONDITION => {
                self.words(&[tree::WORD, tree::AWORD]);
                assert_eq!(self.byte(), 0);
            }
            other => panic!("node {other}"),
        }
    }

    fn words(&mut self, tags: &[u8]) {
        while self.rest.first().is_some_and(|t| tags.contains(t)) {
            self.byte();
            self.word();
        }
    }

    fn redirections(&mut self) {
        while self.rest.first() == Some(&tree::REDIR) {
            self.byte();
            let kind = self.byte();
            assert!((redir::IN..=redir::BOTH_APPEND).contains(&kind), "redirection {kind}");
            if self.byte() == redir::NAMED {
                self.name();
            }
            if kind == redir::HERE || kind == redir::HERE_TABS {
                let n = self.u24();
                self.here.push(n);
            } else {
                self.word();
            }
        }
    }

    fn word(&mut self) {
        loop {
            match self.byte() {
                tree::END => return,
                tree::ESC => drop(self.byte()),
                tree::VAR => {
                    let o = self.byte();
                    while self.byte() != b'=' {}
                    match o & 15 {
                        op::NONE | op::LENGTH | op::BAD => {}
                        o => {
                            self.word();
                            if o >= op::SUBSTRING {
                                self.word();
                            }
                        }
                    }
                }
                tree::CMD | tree::READ | tree::WRITE => {
                    let n = self.u24();
                    let outer = self.enter(n);
                    self.list();
                    self.leave(outer);
                }
                tree::ARITH => self.word(),
                tree::TILDE => self.name(),
                _ => {}
            }
        }
    }
}
