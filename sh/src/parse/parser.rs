//! The grammar of POSIX.1-2024, Shell Command Language 2.10, and the extensions of BusyBox ash: text to
//! tree.

use crate::parse::lexer::{self, ctx, is_redir, operator_text, tok};
use crate::parse::source::{Mode, Source};
use crate::parse::tree::{self, Tree};
use crate::{Done, Failed, Shell};
use alloc::rc::Rc;
use core::ffi::CStr;
use sys::{Buf, List, ToBuf, ZStr};
use util::text::eq;

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
    /// Aliases being replaced: name, end of the text.
    pub(crate) active: List<(Buf, usize)>,
    /// A word that starts here or later is looked up as an alias too.
    blank: usize,
}

/// Reserved words; those up to `in` of which a list must not consist come first.
const WORDS: &[u8] =
    b"then\0else\0elif\0fi\0do\0done\0esac\0}\0if\0case\0while\0until\0for\0{\0!\0[[\0function\0in";
pub(crate) mod kw {
    pub(crate) const THEN: u8 = 0;
    pub(crate) const ELSE: u8 = 1;
    pub(crate) const ELIF: u8 = 2;
    pub(crate) const FI: u8 = 3;
    pub(crate) const DO: u8 = 4;
    pub(crate) const DONE: u8 = 5;
    pub(crate) const ESAC: u8 = 6;
    pub(crate) const CLOSE: u8 = 7;
    pub(crate) const IF: u8 = 8;
    pub(crate) const CASE: u8 = 9;
    // 10 and 11 are `while` and `until`.
    pub(crate) const FOR: u8 = 12;
    pub(crate) const OPEN: u8 = 13;
    pub(crate) const NOT: u8 = 14;
    pub(crate) const TEST: u8 = 15;
    pub(crate) const FUNCTION: u8 = 16;
    pub(crate) const IN: u8 = 17;
    pub(crate) const NONE: u8 = 255;
}

/// Position of `word` in a blob of NUL-separated words.
#[inline(never)]
pub(crate) fn index(blob: &[u8], word: &[u8]) -> Option<usize> {
    sys::zstr::position_in(blob, 0, word)
}

pub(crate) const TOO_LONG: &CStr = c"command too long";

impl<'p, 'a> Parser<'p, 'a> {
    /// Parses the next complete command of `src`; `None` at its end.
    pub(crate) fn next(sh: &'p mut Shell<'a>, src: &'p mut Source) -> Done<Option<Rc<Tree>>> {
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
        let text = p.src.text.get(start..p.src.pos).unwrap_or(&[]).buf();
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
            active: List::new(),
            blank: usize::MAX,
            open_end: false,
            no_arith: List::new(),
            failed: false,
        }
    }

    /// Reads a complete command; false if there is none.
    pub(crate) fn complete(&mut self) -> bool {
        while self.take(b'\n') {
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
            let before = self.src.text.get(self.src.start..self.at).unwrap_or(&[]);
            self.sh.line = self.src.line + tree::newlines(before);
            self.sh.refused(ZStr::new(text), what);
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
    pub(crate) fn deep(&mut self) -> bool {
        if self.sh.deep().is_err() && !self.failed {
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
        let text = self.src.text.get(self.at..self.src.pos).unwrap_or(&[]).buf();
        match self.tok {
            tok::WORD => self.error(c"unexpected word \"%\"", &text),
            tok::IO => self.error(c"unexpected \"%\"", &text),
            tok::EOF => self.error(c"unexpected end of file", b""),
            b'\n' => self.error(c"unexpected newline", b""),
            t if is_redir(t) => self.error(c"unexpected \"redirection\"", b""),
            t => self.error(c"unexpected \"%\"", operator_text(t)),
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
        index(WORDS, &self.word).map_or(kw::NONE, |n| n as u8) as u32
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

    pub(crate) fn put(&mut self, at: usize, n: usize) {
        if n >> 24 != 0 {
            self.error(TOO_LONG, b"");
        }
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

    /// A list up to something that cannot be part of it; at the top, one line. False if it is empty.
    pub(crate) fn list(&mut self, top: bool) -> bool {
        let hole = self.hole();
        let mut final_item = usize::MAX;
        loop {
            if !top {
                self.newlines();
            }
            while self.alias() {}
            let ends = match self.token() {
                tok::WORD => self.keyword() <= kw::CLOSE,
                t => matches!(t, tok::EOF | b')' | b'\n' | tok::CASE_END | tok::CASE_FALL | tok::CASE_NEXT),
            };
            if ends {
                break;
            }
            let item = self.code.len();
            final_item = item;
            self.code.push(1);
            self.and_or();
            match self.token() {
                b';' => self.eat(),
                b'\n' if !top => self.eat(),
                b'&' => {
                    self.eat();
                    self.set(item, 2);
                }
                _ => break,
            }
        }
        if let Some(f) = self.code.get_mut(final_item).filter(|f| **f == 1) {
            *f = 5;
        }
        self.code.push(0);
        self.fill(hole);
        final_item != usize::MAX
    }

    pub(crate) fn and_or(&mut self) {
        loop {
            self.pipeline();
            let t = self.token();
            match t {
                tok::AND | tok::OR => self.code.push(t - tok::AND + 1),
                _ => {
                    self.code.push(0);
                    return;
                }
            }
            self.eat();
            self.newlines();
        }
    }

    pub(crate) fn pipeline(&mut self) {
        let at = self.code.len();
        let mut flags = 0;
        self.code.push(0);
        while self.take_keyword(kw::NOT) {
            flags ^= tree::NEGATED;
        }
        if flags != 0 && matches!(self.token(), b';' | b'\n' | tok::EOF) {
            // As bash has it: nothing is true.
            let n = self.begin(tree::SIMPLE);
            self.code.push(0);
            self.end(n);
        } else {
            self.command();
        }
        loop {
            let more = match self.token() {
                b'|' => 1,
                tok::PIPE_BOTH => 2,
                _ => break,
            };
            self.eat();
            flags |= tree::MULTI;
            self.code.push(more);
            self.newlines();
            self.command();
        }
        if flags & tree::MULTI != 0 {
            self.code.push(0);
        }
        self.set(at, flags);
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

    pub(crate) fn command(&mut self) {
        if !self.deep() {
            return;
        }
        while self.alias() {}
        match self.token() {
            b'(' => {
                if self.here() == b'(' {
                    let n = self.begin(tree::ARITHMETIC);
                    self.word.clear();
                    if self.arith(tree::ARITHMETIC) {
                        self.code.extend_from_slice(self.word.get(1..).unwrap_or(&[]));
                        self.eat();
                        return self.redirections(n);
                    }
                    self.code.truncate(n);
                }
                self.eat();
                let n = self.begin(tree::SUBSHELL);
                self.body();
                self.need(b')');
                self.redirections(n)
            }
            tok::WORD => match self.keyword() {
                kw::NONE => self.simple(),
                k => self.compound(k),
            },
            t if t == tok::IO || is_redir(t) => self.simple(),
            _ => self.unexpected(),
        }
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
        if util::text::has(&self.word, b'{') {
            let word = core::mem::take(&mut self.word);
            return self.emit_braces(tree::WORD, &word);
        }
        self.emit(tree::WORD);
    }

    pub(crate) fn simple(&mut self) {
        let n = self.begin(tree::SIMPLE);
        let outer = core::mem::replace(&mut self.pure, true);
        // Words stand in front, redirections behind them, then assignments: the order of their expansion.
        let (mut redirs, mut assigns) = (Buf::new(), Buf::new());
        let mut words = 0;
        let mut declares = false;
        // Is this the name of the command, be it behind `command`?
        let mut names = true;
        self.assign = true;
        loop {
            let end = self.code.len();
            let t = self.token();
            if t == tok::IO || is_redir(t) {
                let assign = self.assign;
                self.redirection();
                self.assign = assign;
                redirs.extend_from_slice(self.code.get(end..).unwrap_or(&[]));
                self.code.truncate(end);
                continue;
            }
            if t == b'(' && words == 1 && redirs.is_empty() && assigns.is_empty() {
                return self.function(n);
            }
            if t != tok::WORD {
                break;
            }
            if (words == 0 || self.at >= self.blank) && self.alias() {
                continue;
            }
            let name = lexer::assignment(&self.word);
            if words == 0 && name > 0 {
                self.emit(tree::ASSIGN);
                assigns.extend_from_slice(self.code.get(end..).unwrap_or(&[]));
                self.code.truncate(end);
            } else {
                if names {
                    declares = index(b"export\0readonly\0local\0alias", &self.word).is_some();
                    names = eq(&self.word, b"command");
                }
                if declares && name > 0 {
                    self.emit(tree::AWORD);
                } else {
                    self.emit_word();
                }
                words += 1;
                self.assign = declares;
            }
            self.eat();
        }
        self.code.extend_from_slice(&redirs);
        self.code.extend_from_slice(&assigns);
        self.code.push(0);
        self.set(n + 10, if self.pure { tree::PURE } else { 0 });
        self.pure &= outer;
        self.assign = true;
        self.end(n)
    }

    /// Turns the simple command `n`, of which one word and `(` have been read, into a function.
    pub(crate) fn function(&mut self, n: usize) {
        self.eat();
        self.need(b')');
        let name = self.code.split_off(n + 11);
        let name = name.get(1..name.len().saturating_sub(1)).unwrap_or(&[]);
        if name.iter().any(|&c| c <= tree::TILDE) {
            self.error(c"bad function name", b"");
        }
        self.code.extend_from_slice(name);
        self.code.push(0);
        self.set(n, tree::FUNCTION);
        self.function_body(n)
    }

    /// Replaces the current word if it is an alias; the next token is read again then.
    pub(crate) fn alias(&mut self) -> bool {
        if self.sh.aliases.is_empty() || self.token() != tok::WORD || self.quoted {
            return false;
        }
        let at = self.at;
        let again = at >= self.blank;
        if again {
            self.blank = usize::MAX;
        } else if is_reserved(&self.word) {
            return false;
        }
        self.active.retain(|a| a.1 > at);
        if self.active.iter().any(|a| a.0 == self.word) {
            return false;
        }
        let Some(value) = self.sh.aliases.iter().find(|a| a.0 == self.word).map(|a| a.1.clone()) else {
            return false;
        };
        let name = self.word.clone();
        let (old, end) = (self.src.pos, at + value.len());
        self.replace(at, old, &value);
        self.active.push((name, end));
        if value.ends_with(b" ") || value.ends_with(b"\t") {
            self.blank = end;
        } else if again {
            self.blank = at;
        } else if self.blank != usize::MAX {
            // It ends an alias around this one.
            self.blank = self.blank + end - old;
        }
        self.src.pos = at;
        self.peeked = false;
        true
    }
}

/// Parses `text`, a word, to a tree that consists of nothing else.
pub(crate) fn word(sh: &mut Shell, text: Buf) -> Done<Rc<Tree>> {
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

/// Is this a reserved word?
pub(crate) fn is_reserved(word: &[u8]) -> bool {
    index(WORDS, word).is_some()
}
