//! From the words of a program to its code: rules and statements.

use super::code::*;
use super::lex::{self, mark, word as keyword, Lexer};
use sys::{Buf, List, ToBuf};

/// Statements and expressions within each other, at most.
const DEEPEST: usize = if cfg!(mote_nommu) { 24 } else { 90 };
/// How strongly concatenation binds.
pub(super) const CONCATENATION: u32 = 8;
/// More than this does not fit a word of code.
const LONGEST: usize = 1 << 20;

/// What reads a program. A mistake is kept, and ends the text: all goes on from there as at the end.
#[derive(Default)]
pub(super) struct Parser {
    pub(super) lexer: Lexer,
    pub(super) program: Program,
    /// The parameters of the function that is read.
    pub(super) locals: List<Buf>,
    in_function: bool,
    /// Is it an action that is read, not BEGIN or END?
    pub(super) wrong: &'static [u8],
    pub(super) wrong_at: usize,
    pub(super) depth: usize,
    /// The last word of code may be changed: no jump leads behind it. The length of the code then.
    pub(super) fresh: usize,
    /// In a print: `>` is no comparison.
    pub(super) no_greater: bool,
    /// Where the first operand of a print starts.
    pub(super) print_at: usize,
    /// How many values stand in the parentheses after a print.
    pub(super) list: usize,
    /// The chains of `break` and `continue`: each jump holds the place of the one before.
    breaks: usize,
    continues: usize,
    in_loop: bool,
}

impl Parser {
    #[inline(never)]
    pub(super) fn next(&mut self) {
        self.lexer.next();
    }

    pub(super) fn token(&self) -> u32 {
        self.lexer.token
    }

    #[inline(never)]
    pub(super) fn fail(&mut self, why: &'static [u8]) {
        if self.wrong.is_empty() {
            self.wrong = why;
            self.wrong_at = self.lexer.start;
        }
        self.lexer.at = self.lexer.program.len();
        self.lexer.token = lex::END;
    }

    pub(super) fn unexpected(&mut self) {
        self.fail(b"Unexpected token");
    }

    /// Takes `token`, if it is next.
    #[inline(never)]
    pub(super) fn take(&mut self, token: u32) -> bool {
        let is = self.token() == token;
        if is {
            self.next();
        }
        is
    }

    #[inline(never)]
    pub(super) fn expect(&mut self, token: u32) {
        if !self.take(token) {
            self.unexpected();
        }
    }

    #[inline(never)]
    pub(super) fn newlines(&mut self) {
        while self.token() == lex::NEWLINE {
            self.next();
        }
    }

    /// Goes one level down; the caller comes up again.
    #[inline(never)]
    pub(super) fn down(&mut self) {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.fail(b"Too deeply nested");
        }
    }

    /// Appends a word; where it is.
    #[inline(never)]
    pub(super) fn emit(&mut self, op: u32, kind: u32, operand: usize) -> usize {
        if operand >= LONGEST {
            self.fail(b"Program too long");
        }
        let at = self.program.code.len();
        self.program.code.push(word(op, kind, operand));
        self.fresh = at + 1;
        at
    }

    /// The last word, if it is of operation `op` and may be taken back: its kind and operand.
    #[inline(never)]
    pub(super) fn last(&self, op: u32) -> Option<(u32, usize)> {
        let &word = self.program.code.last()?;
        (self.fresh == self.program.code.len() && word & 255 == op)
            .then_some((word >> 8 & 15, (word >> 12) as usize))
    }

    #[inline(never)]
    pub(super) fn put_operand(&mut self, at: usize, operand: usize) -> usize {
        let Some(word) = self.program.code.get_mut(at) else { return 0 };
        let old = *word >> 12;
        *word = *word & 0xfff | (operand as u32) << 12;
        old as usize
    }

    /// Has the jump at `at` lead here.
    #[inline(never)]
    pub(super) fn here(&mut self, at: usize) {
        let here = self.program.code.len();
        self.put_operand(at, here);
        self.fresh = 0;
    }

    fn chain_to(&mut self, mut at: usize, target: usize) {
        while at != 0 {
            at = self.put_operand(at, target);
        }
        self.fresh = 0;
    }

    /// Reads all of the program.
    pub(super) fn program(&mut self) {
        self.program.starts = [usize::MAX; 3];
        for name in SPECIAL.split(|c| *c == b' ') {
            self.program.names.push(name.buf());
        }
        // Of BEGIN, the rules and END: the jump behind the last one.
        let mut ends = [usize::MAX; 3];
        self.next();
        loop {
            while self.token() == lex::NEWLINE || self.token() == mark(b";") {
                self.next();
            }
            let token = self.token();
            if token == lex::END {
                break;
            }
            if token == keyword(b"function") {
                self.function();
            } else {
                let class = match token {
                    _ if token == keyword(b"BEGIN") => 0,
                    _ if token == keyword(b"END") => 2,
                    _ => 1,
                };
                let here = self.program.code.len();
                if let (Some(start), Some(end)) =
                    (self.program.starts.get_mut(class), ends.get(class).copied())
                {
                    if *start == usize::MAX {
                        *start = here;
                    } else {
                        self.here(end);
                    }
                }
                self.place();
                if class == 1 {
                    self.rule();
                } else {
                    self.next();
                    if self.token() != mark(b"{") {
                        self.unexpected();
                    }
                    self.block();
                }
                let end = self.emit(JUMP, 0, LONGEST - 1);
                if let Some(last) = ends.get_mut(class) {
                    *last = end;
                }
            }
            let token = self.token();
            if !matches!(token, lex::NEWLINE | lex::END) && token != mark(b";") && self.lexer_follows_block()
            {
                self.unexpected();
            }
        }
    }

    /// A rule without an action needs an end.
    fn lexer_follows_block(&self) -> bool {
        !util::text::part(&self.lexer.program, 0, self.lexer.start).trim_ascii_end().ends_with(b"}")
    }

    fn rule(&mut self) {
        let mut skip = usize::MAX;
        if self.token() != mark(b"{") {
            self.expr(0);
            if self.take(mark(b",")) {
                self.newlines();
                // Whether the range has begun is kept in a variable without a name.
                self.program.names.push(Buf::new());
                let active = self.program.names.len() - 1;
                let begins = self.emit(JUMP_TRUE, 0, 0);
                self.emit(LOAD, GLOBAL, active);
                skip = self.emit(JUMP_FALSE, 0, 0);
                self.here(begins);
                self.constant(super::cell::Cell::Number(1.0));
                self.emit(STORE, GLOBAL | DISCARD, active);
                self.expr(0);
                let goes_on = self.emit(JUMP_FALSE, 0, 0);
                self.constant(super::cell::Cell::Nothing);
                self.emit(STORE, GLOBAL | DISCARD, active);
                self.here(goes_on);
            } else {
                skip = self.emit(JUMP_FALSE, 0, 0);
            }
        }
        if self.token() == mark(b"{") {
            self.block();
        } else {
            self.emit(PRINT, 0, 0);
        }
        if skip != usize::MAX {
            self.here(skip);
        }
    }

    fn function(&mut self) {
        self.next();
        if !matches!(self.token(), lex::NAME | lex::CALL) {
            return self.unexpected();
        }
        let name = self.lexer.text.clone();
        let n = self.called(&name);
        self.next();
        self.expect(mark(b"("));
        self.locals.clear();
        while self.token() == lex::NAME {
            self.locals.push(self.lexer.text.clone());
            self.next();
            self.newlines();
            if self.token() == mark(b")") {
                break;
            }
            self.expect(mark(b","));
            self.newlines();
            if self.token() != lex::NAME {
                self.unexpected();
            }
        }
        self.expect(mark(b")"));
        self.newlines();
        let entry = self.program.code.len();
        let parameters = self.locals.len();
        if let Some(f) = self.program.functions.get_mut(n) {
            if f.defined {
                self.fail(b"Function defined twice");
                return;
            }
            (f.entry, f.parameters, f.defined) = (entry, parameters, true);
        }
        self.in_function = true;
        if self.token() != mark(b"{") {
            self.unexpected();
        }
        self.block();
        self.in_function = false;
        self.locals.clear();
        self.constant(super::cell::Cell::Nothing);
        self.emit(RETURN, 0, 0);
    }

    /// The number of function `name`.
    pub(super) fn called(&mut self, name: &[u8]) -> usize {
        for (n, f) in self.program.functions.iter().enumerate() {
            if f.name == *name {
                return n;
            }
        }
        self.program.functions.push(Function { name: name.buf(), ..Function::default() });
        self.program.functions.len() - 1
    }

    /// Statements in braces.
    fn block(&mut self) {
        self.next();
        loop {
            while self.token() == lex::NEWLINE || self.token() == mark(b";") {
                self.next();
            }
            if self.take(mark(b"}")) {
                return;
            }
            if self.token() == lex::END {
                return self.fail(b"Unexpected end of program");
            }
            self.statement();
        }
    }

    fn place(&mut self) {
        self.program.places.push((self.program.code.len(), self.lexer.start));
    }

    /// A statement behind a condition or `else`, on the next line perhaps.
    fn body(&mut self) {
        self.newlines();
        if !self.take(mark(b";")) {
            self.statement();
        }
    }

    /// The body of a loop, which goes on at `next` (0: behind the body). What leads out of it is left in a chain.
    fn looped(&mut self, next: usize) -> usize {
        let before = (self.breaks, self.continues, self.in_loop);
        (self.breaks, self.continues, self.in_loop) = (0, 0, true);
        self.body();
        let target = if next == usize::MAX { self.program.code.len() } else { next };
        self.chain_to(self.continues, target);
        let breaks = self.breaks;
        (self.breaks, self.continues, self.in_loop) = before;
        breaks
    }

    fn ends(&self) -> bool {
        let token = self.token();
        matches!(token, lex::NEWLINE | lex::END) || token == mark(b";") || token == mark(b"}")
    }

    /// The end of a simple statement.
    fn end(&mut self) {
        let token = self.token();
        if token == lex::NEWLINE || token == mark(b";") {
            self.next();
        } else if token != mark(b"}") && token != lex::END {
            self.unexpected();
        }
    }

    #[inline(never)]
    pub(super) fn statement(&mut self) {
        self.down();
        self.place();
        const IF: u32 = keyword(b"if");
        const WHILE: u32 = keyword(b"while");
        const DO: u32 = keyword(b"do");
        const FOR: u32 = keyword(b"for");
        const BRACE: u32 = mark(b"{");
        match self.token() {
            BRACE => self.block(),
            IF => {
                self.next();
                self.condition();
                let mut skip = self.emit(JUMP_FALSE, 0, 0);
                self.body();
                let before = (self.lexer.at, self.lexer.start, self.lexer.token, self.lexer.text.clone());
                while self.token() == lex::NEWLINE || self.token() == mark(b";") {
                    self.next();
                }
                if self.take(keyword(b"else")) {
                    let over = self.emit(JUMP, 0, 0);
                    self.here(skip);
                    skip = over;
                    self.body();
                } else {
                    (self.lexer.at, self.lexer.start, self.lexer.token, self.lexer.text) = before;
                }
                self.here(skip);
            }
            WHILE => {
                self.next();
                let start = self.program.code.len();
                self.fresh = 0;
                self.condition();
                let out = self.emit(JUMP_FALSE, 0, 0);
                let breaks = self.looped(start);
                self.emit(JUMP, 0, start);
                self.here(out);
                self.chain_to(breaks, self.program.code.len());
            }
            DO => {
                self.next();
                let start = self.program.code.len();
                self.fresh = 0;
                let breaks = self.looped(usize::MAX);
                while self.token() == lex::NEWLINE || self.token() == mark(b";") {
                    self.next();
                }
                self.expect(keyword(b"while"));
                self.condition();
                self.emit(JUMP_TRUE, 0, start);
                self.end();
                self.chain_to(breaks, self.program.code.len());
            }
            FOR => self.for_loop(),
            _ => {
                self.simple();
                self.end();
            }
        }
        self.depth -= 1;
    }

    fn condition(&mut self) {
        self.expect(mark(b"("));
        self.expr(0);
        self.expect(mark(b")"));
    }

    fn for_loop(&mut self) {
        self.next();
        self.expect(mark(b"("));
        if self.token() == lex::NAME {
            // NAME in NAME ) or anything else.
            let before = (self.lexer.at, self.lexer.start);
            let name = self.lexer.text.clone();
            self.next();
            if self.take(keyword(b"in")) && self.token() == lex::NAME {
                let array = self.lexer.text.clone();
                self.next();
                if self.take(mark(b")")) {
                    let (kind, operand) = self.named(&array);
                    self.emit(FOR_IN, kind, operand);
                    let start = self.emit(FOR_NEXT, 0, 0);
                    let (kind, operand) = self.named(&name);
                    self.emit(STORE, kind | DISCARD, operand);
                    let breaks = self.looped(start);
                    self.emit(JUMP, 0, start);
                    self.here(start);
                    self.chain_to(breaks, self.program.code.len());
                    self.emit(FOR_END, 0, 0);
                    return;
                }
            }
            (self.lexer.at, self.lexer.start, self.lexer.token) = (before.0, before.1, lex::NAME);
            self.lexer.text = name;
        }
        if self.token() != mark(b";") {
            self.simple();
        }
        self.expect(mark(b";"));
        self.newlines();
        let start = self.program.code.len();
        self.fresh = 0;
        let mut out = usize::MAX;
        if self.token() != mark(b";") {
            self.expr(0);
            out = self.emit(JUMP_FALSE, 0, 0);
        }
        self.expect(mark(b";"));
        self.newlines();
        let mut again = start;
        if self.token() != mark(b")") {
            let over = self.emit(JUMP, 0, 0);
            again = self.program.code.len();
            self.fresh = 0;
            self.simple();
            self.emit(JUMP, 0, start);
            self.here(over);
        }
        self.expect(mark(b")"));
        let breaks = self.looped(again);
        self.emit(JUMP, 0, again);
        if out != usize::MAX {
            self.here(out);
        }
        self.chain_to(breaks, self.program.code.len());
    }

    /// A statement without statements in it.
    #[inline(never)]
    fn simple(&mut self) {
        const PRINTS: u32 = keyword(b"print");
        const PRINTFS: u32 = keyword(b"printf");
        const BREAKS: u32 = keyword(b"break");
        const CONTINUES: u32 = keyword(b"continue");
        const DELETES: u32 = keyword(b"delete");
        const NEXTS: u32 = keyword(b"next");
        const NEXTFILES: u32 = keyword(b"nextfile");
        const RETURNS: u32 = keyword(b"return");
        const EXITS: u32 = keyword(b"exit");
        match self.token() {
            PRINTS => self.print(PRINT),
            PRINTFS => self.print(PRINTF),
            BREAKS | CONTINUES => {
                let leaves = self.token() == BREAKS;
                if !self.in_loop {
                    return self.fail(if leaves {
                        b"'break' not in a loop"
                    } else {
                        b"'continue' not in a loop"
                    });
                }
                self.next();
                let before = if leaves { self.breaks } else { self.continues };
                let at = self.emit(JUMP, 0, before);
                *(if leaves { &mut self.breaks } else { &mut self.continues }) = at;
            }
            DELETES => {
                self.next();
                if self.token() != lex::NAME {
                    return self.fail(b"Too few arguments");
                }
                let name = self.lexer.text.clone();
                let (kind, operand) = self.named(&name);
                self.next();
                if self.take(mark(b"[")) {
                    self.subscript();
                    self.emit(DELETE, kind, operand);
                } else {
                    self.emit(DELETE_ALL, kind, operand);
                }
            }
            NEXTS => {
                self.next();
                self.emit(NEXT, 0, 0);
            }
            NEXTFILES => {
                self.next();
                self.emit(NEXTFILE, 0, 0);
            }
            token @ (RETURNS | EXITS) => {
                if token == RETURNS && !self.in_function {
                    return self.unexpected();
                }
                self.next();
                let given = !self.ends();
                if given {
                    self.expr(0);
                } else if token == RETURNS {
                    self.constant(super::cell::Cell::Nothing);
                }
                self.emit(if token == RETURNS { RETURN } else { EXIT }, given as u32, 0);
            }
            _ => {
                self.expr(0);
                self.drop_value();
            }
        }
    }

    /// The value of an expression is not wanted.
    fn drop_value(&mut self) {
        if self.fresh == self.program.code.len() {
            if let Some(word) = self.program.code.last_mut() {
                if (STORE..=POST_SUB).contains(&(*word & 255)) && *word >> 8 & DISCARD == 0 {
                    *word |= DISCARD << 8;
                    return;
                }
            }
        }
        self.emit(POP, 0, 0);
    }

    fn print(&mut self, op: u32) {
        self.next();
        let before = core::mem::replace(&mut self.no_greater, true);
        self.print_at = self.lexer.start;
        self.list = 0;
        let mut n = 0;
        let token = self.token();
        if !self.ends() && token != mark(b">") && token != mark(b">>") && token != mark(b"|") {
            self.expr(0);
            n = core::mem::take(&mut self.list).max(1);
            while self.take(mark(b",")) {
                self.newlines();
                self.expr(0);
                n += 1;
            }
        }
        self.print_at = usize::MAX;
        if n == 0 && op == PRINTF {
            return self.fail(b"Too few arguments");
        }
        let token = self.token();
        let mut to = 0;
        if token == mark(b">") {
            to = 1;
        } else if token == mark(b">>") {
            to = 2;
        } else if token == mark(b"|") {
            to = 3;
        }
        if to != 0 {
            self.next();
            self.expr(CONCATENATION);
        }
        self.no_greater = before;
        self.emit(op, to, n);
    }
}
