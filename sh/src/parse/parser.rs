//! The parser: text becomes a tree. Its state, its errors, and how it writes the tree; the grammar is in `grammar`,
//! `compound` and `heredoc`.

use crate::feature::BASH;
use crate::flow::{Failed, Fallible};
use crate::parse::source::{Mode, Source};
use crate::parse::token::{ctx, tok};
use crate::parse::tree::{self, Tree};
use crate::shell::Shell;
use crate::words::{index, kw, RESERVED};
use alloc::rc::Rc;
use core::ffi::CStr;
use sys::{Buf, List, ToBuf, ZStr};
use util::text::part;

/// A here-document whose text has not been met yet.
pub(crate) struct Pending {
    pub(crate) number: usize,
    pub(crate) end: Buf,
    pub(crate) tabs: bool,
    pub(crate) quoted: bool,
}

/// Parses one complete command. What is used most comes first, as in [`Shell`].
#[repr(C)]
pub(crate) struct Parser<'p, 'a> {
    pub(crate) code: Buf,
    pub(crate) word: Buf,
    pub(crate) src: &'p mut Source,
    pub(crate) sh: &'p mut Shell<'a>,
    /// The last token: its kind, start, and, for a word, encoding and whether any of it was quoted.
    pub(crate) tok: u8,
    pub(crate) peeked: bool,
    pub(crate) quoted: bool,
    /// May the next word be an assignment?
    pub(crate) assign: bool,
    /// Has no expansion been met that changes the shell?
    pub(crate) pure: bool,
    /// Has an error been told? The text has ended then.
    pub(crate) failed: bool,
    /// Has an arithmetic expression been tried that did not end?
    pub(crate) open_end: bool,
    /// Places at which no arithmetic expression starts.
    pub(crate) no_arith: List<usize>,
    pub(crate) at: usize,
    /// End of the last token that was consumed.
    pub(crate) last: usize,
    pub(crate) docs: Buf,
    pub(crate) ndocs: usize,
    pub(crate) pending: List<Pending>,
    /// How many of these belong to a line around a substitution, which has not ended yet.
    pub(crate) held: usize,
}

pub(crate) const TOO_LONG: &CStr = c"command too long";

impl<'p, 'a> Parser<'p, 'a> {
    /// Parses the next complete command of `src`; `None` at its end.
    pub(crate) fn next(sh: &'p mut Shell<'a>, src: &'p mut Source) -> Fallible<Option<Rc<Tree>>> {
        src.settle();
        let mut p = Parser::new(sh, src);
        let any = p.complete();
        if p.failed {
            return Err(Failed);
        }
        if !any {
            return Ok(None);
        }
        let docs = p.code.len();
        let mut code = core::mem::take(&mut p.code);
        code.extend_from_slice(&p.docs);
        let (start, line) = (p.src.start, p.src.line);
        let text = part(&p.src.text, start, p.src.pos).buf();
        Ok(Some(Rc::new(Tree { code, docs, text, line })))
    }

    pub(crate) fn new(sh: &'p mut Shell<'a>, src: &'p mut Source) -> Parser<'p, 'a> {
        Parser {
            sh,
            src,
            code: Buf::new(),
            docs: Buf::new(),
            ndocs: 0,
            pending: List::new(),
            tok: 0,
            peeked: false,
            at: 0,
            word: Buf::new(),
            quoted: false,
            last: 0,
            assign: true,
            pure: true,
            held: 0,
            open_end: false,
            no_arith: List::new(),
            failed: false,
        }
    }

    /// Reads a complete command; false if there is none.
    pub(crate) fn complete(&mut self) -> bool {
        while self.take(b'\n') || self.alias() {
            self.src.settle();
        }
        if self.token() == tok::EOF {
            self.failed |= self.given_up();
            return false;
        }
        if !self.list(true) || !self.take(b'\n') && self.token() != tok::EOF {
            self.unexpected();
        }
        self.finish_docs();
        true
    }

    /// At the end of the text, here-documents end too.
    pub(crate) fn finish_docs(&mut self) {
        if !self.failed && !self.pending.is_empty() {
            self.peeked = false;
            self.src.text.insert(self.src.pos, b'\n');
            self.token();
        }
    }

    /// Has reading ended for a reason that is known already?
    fn given_up(&self) -> bool {
        self.sh.interrupted || self.src.mode == Mode::Failed
    }

    /// `syntax error: …` and the end of the command.
    #[inline(never)]
    pub(crate) fn error(&mut self, text: &'static CStr, what: &[u8]) {
        if self.failed {
            return;
        }
        if !self.given_up() {
            let before = part(&self.src.text, self.src.start, self.at);
            self.sh.line = self.src.line + tree::newlines(before);
            self.sh.report_error(ZStr::new(text), what);
            self.sh.line = 0;
        }
        self.sh.syntax = true;
        self.give_up();
    }

    /// Ends the text here: nothing but [`tok::EOF`] follows, so that all that is being parsed comes to its
    /// end by itself. Nobody reads on behind an error: a person starts anew with another line.
    fn give_up(&mut self) {
        self.failed = true;
        self.peeked = false;
        self.src.text.clear();
        (self.src.start, self.src.pos) = (0, 0);
    }

    /// Is there room on the stack for another level? If not, the command ends here.
    pub(crate) fn check_depth(&mut self) -> bool {
        if self.sh.check_depth().is_err() && !self.failed {
            self.give_up();
        }
        !self.failed
    }

    #[inline(never)]
    pub(crate) fn unterminated(&mut self, what: &[u8]) {
        self.error(c"unterminated %", what);
    }

    #[inline(never)]
    pub(crate) fn unexpected(&mut self) {
        let text = part(&self.src.text, self.at, self.src.pos).buf();
        match self.tok {
            tok::EOF => self.error(c"unexpected end of file", b""),
            b'\n' => self.error(c"unexpected newline", b""),
            _ => self.error(c"unexpected \"%\"", &text),
        }
    }

    /// The reserved word that the current token is.
    #[inline(always)]
    pub(crate) fn keyword(&mut self) -> u8 {
        self.keyword_wide() as u8
    }

    #[inline(never)]
    fn keyword_wide(&mut self) -> u32 {
        let t = self.token();
        if t != tok::WORD || self.quoted {
            return kw::NONE as u32;
        }
        index(RESERVED, &self.word).map_or(kw::NONE, |n| n as u8) as u32
    }

    pub(crate) fn take_keyword(&mut self, k: u8) -> bool {
        let is = self.keyword() == k;
        if is {
            self.eat();
        }
        is
    }

    pub(crate) fn expect(&mut self, k: u8) {
        if !self.take_keyword(k) {
            self.unexpected();
        }
    }

    /// As [`Parser::expect`], for an operator.
    #[inline(never)]
    pub(crate) fn need(&mut self, t: u8) {
        if !self.take(t) {
            self.unexpected();
        }
    }

    pub(crate) fn newlines(&mut self) {
        while self.take(b'\n') {}
    }

    /// Room for a number of three bytes; filled by [`Parser::fill`].
    #[inline(always)]
    pub(crate) fn hole(&mut self) -> usize {
        tree::push_u24(&mut self.code, 0);
        self.code.len() - 3
    }

    /// Three bytes must hold this length.
    #[inline(never)]
    pub(crate) fn check_length(&mut self, n: usize) {
        if n >> 24 != 0 {
            self.error(TOO_LONG, b"");
        }
    }

    pub(crate) fn put(&mut self, at: usize, n: usize) {
        self.check_length(n);
        if let Some([a, b, c]) = self.code.get_mut(at..at + 3) {
            (*a, *b, *c) = (n as u8, (n >> 8) as u8, (n >> 16) as u8);
        }
    }

    /// Changes a byte of the tree.
    #[inline(never)]
    pub(crate) fn set(&mut self, at: usize, b: u8) {
        if let Some(to) = self.code.get_mut(at) {
            *to = b;
        }
    }

    /// Writes the length of what follows `hole` into it.
    pub(crate) fn fill(&mut self, hole: usize) {
        self.put(hole, self.code.len() - hole - 3)
    }

    /// A list that consists of something.
    pub(crate) fn body(&mut self) {
        if !self.list(false) {
            self.unexpected();
        }
    }

    /// Begins a node; [`Parser::end`] ends it. The 0 that ends its redirections (or a simple command's flags)
    /// is the last byte.
    pub(crate) fn begin(&mut self, op: u8) -> usize {
        let at = self.code.len();
        self.code.push(op);
        for _ in 0..3 {
            self.hole();
        }
        self.code.push(0);
        self.put(at + 4, self.at - self.src.start);
        at
    }

    pub(crate) fn end(&mut self, at: usize) {
        self.put(at + 7, self.last.max(self.src.start) - self.src.start);
        self.fill(at + 1)
    }

    pub(crate) fn emit_name(&mut self) {
        self.code.extend_from_slice(&self.word);
        self.code.push(0);
    }

    /// A word must stand here.
    pub(crate) fn need_word(&mut self) {
        if self.token() != tok::WORD {
            self.unexpected();
        }
        self.emit_name();
        self.eat();
    }

    pub(crate) fn emit(&mut self, tag: u8) {
        self.code.push(tag);
        self.emit_name();
    }

    /// As [`Parser::emit`] for words that may have braces in them.
    pub(crate) fn emit_word(&mut self) {
        if BASH && util::text::has(&self.word, b'{') {
            let word = core::mem::take(&mut self.word);
            return self.emit_braces(tree::WORD, &word);
        }
        self.emit(tree::WORD);
    }
}

/// Parses `text`, a word, to a tree that consists of nothing else.
pub(crate) fn word(sh: &mut Shell, text: Buf) -> Fallible<Rc<Tree>> {
    let line = sh.tree.line;
    let mut src = Source::text(text, line);
    let mut p = Parser::new(sh, &mut src);
    p.text(ctx::WORD);
    if p.failed {
        return Err(Failed);
    }
    p.word.push(0);
    let code = core::mem::take(&mut p.word);
    Ok(Rc::new(Tree { docs: code.len(), code, text: core::mem::take(&mut src.text), line }))
}
