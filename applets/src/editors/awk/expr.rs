//! From the words of a program to its code: expressions.

use super::cell::Cell;
use super::code::*;
use super::lex::{self, mark, word as keyword};
use super::parse::{Parser, CONCATENATION};
use sys::ToBuf;

// How strongly operators bind.
const TERNARY: u32 = 1;
const OR_LEVEL: u32 = 2;
const AND_LEVEL: u32 = 3;
const IN_LEVEL: u32 = 4;
const MATCH_LEVEL: u32 = 5;
const COMPARISON: u32 = 6;
const PIPE: u32 = 7;
const POWER: u32 = 12;

/// Operators of two operands: their token, how strongly they bind, their operation.
static OPERATORS: [(u8, u8, u8); 13] = [
    (mark(b"<") as u8, COMPARISON as u8, LT as u8),
    (mark(b"<=") as u8, COMPARISON as u8, LE as u8),
    (mark(b"!=") as u8, COMPARISON as u8, NE as u8),
    (mark(b"==") as u8, COMPARISON as u8, EQ as u8),
    (mark(b">") as u8, COMPARISON as u8, GT as u8),
    (mark(b">=") as u8, COMPARISON as u8, GE as u8),
    (mark(b"+") as u8, 9, ADD as u8),
    (mark(b"-") as u8, 9, SUB as u8),
    (mark(b"*") as u8, 10, MUL as u8),
    (mark(b"/") as u8, 10, DIV as u8),
    (mark(b"%") as u8, 10, MOD as u8),
    (mark(b"**") as u8, POWER as u8, POW as u8),
    (mark(b"^") as u8, POWER as u8, POW as u8),
];

/// Assignments, and how the last of them changes: their token, the number of the arithmetic operation.
static ASSIGNMENTS: [(u8, u8); 7] = [
    (mark(b"+=") as u8, 0),
    (mark(b"-=") as u8, 1),
    (mark(b"*=") as u8, 2),
    (mark(b"/=") as u8, 3),
    (mark(b"%=") as u8, 4),
    (mark(b"^=") as u8, 5),
    (mark(b"**=") as u8, 5),
];

/// How many arguments the functions have, least and most, in the order of their words.
static ARGUMENTS: &[u8] =
    b"\x01\x23\x22\x23\x23\x23\x22\x1f\x11\x11\x22\x11\x11\x11\x11\x00\x01\x11\x11\x11\x11\x01\
\x2f\x2f\x2f\x22\x22\x11\x03\x00\x11";

impl Parser {
    pub(super) fn constant(&mut self, value: Cell) {
        let n = self.program.constants.len();
        self.program.constants.push(value);
        self.emit(CONST, 0, n);
    }

    /// The kind and number of variable `name`.
    #[inline(never)]
    pub(super) fn named(&mut self, name: &[u8]) -> (u32, usize) {
        for (n, local) in self.locals.iter().enumerate() {
            if *local == *name {
                return (LOCAL, n);
            }
        }
        (GLOBAL, self.program.variable(name))
    }

    /// A subscript behind its bracket: one value.
    #[inline(never)]
    pub(super) fn subscript(&mut self) {
        let before = core::mem::replace(&mut self.no_greater, false);
        let n = self.list_up_to(mark(b"]"));
        self.no_greater = before;
        if n > 1 {
            self.emit(JOIN, 0, n);
        }
    }

    /// Expressions up to the token `end`; how many.
    #[inline(never)]
    fn list_up_to(&mut self, end: u32) -> usize {
        let mut n = 0;
        loop {
            self.newlines();
            self.expr(0);
            n += 1;
            self.newlines();
            if !self.take(mark(b",")) {
                break;
            }
        }
        self.expect(end);
        n
    }

    fn begins_operand(&self) -> bool {
        let token = self.token();
        matches!(token, lex::NUMBER | lex::TEXT | lex::NAME | lex::CALL)
            || (lex::FUNCTION..lex::END).contains(&token)
            || [mark(b"$"), mark(b"!"), mark(b"("), mark(b"++"), mark(b"--")].contains(&token)
    }

    /// An expression of operators that bind at least as strongly as `level`.
    #[inline(never)]
    pub(super) fn expr(&mut self, level: u32) {
        self.down();
        self.unary();
        while self.list == 0 && self.operator(level) {}
        self.depth -= 1;
    }

    /// An operator and its second operand; false if none of them comes.
    #[inline(never)]
    fn operator(&mut self, level: u32) -> bool {
        const QUESTION: u32 = mark(b"?");
        const OR_MARK: u32 = mark(b"||");
        const AND_MARK: u32 = mark(b"&&");
        const IN_WORD: u32 = keyword(b"in");
        const MATCHES: u32 = mark(b"~");
        const DIFFERS: u32 = mark(b"!~");
        const PIPE_MARK: u32 = mark(b"|");
        let token = self.token();
        match token {
            QUESTION if level <= TERNARY => {
                self.next();
                self.newlines();
                let no = self.emit(JUMP_FALSE, 0, 0);
                self.expr(TERNARY);
                self.newlines();
                self.expect(mark(b":"));
                self.newlines();
                let over = self.emit(JUMP, 0, 0);
                self.here(no);
                self.expr(TERNARY);
                self.here(over);
            }
            OR_MARK if level <= OR_LEVEL => self.logic(OR, AND_LEVEL),
            AND_MARK if level <= AND_LEVEL => self.logic(AND, IN_LEVEL),
            IN_WORD if level <= IN_LEVEL => {
                self.next();
                self.is_in();
            }
            MATCHES | DIFFERS if level <= MATCH_LEVEL => {
                self.next();
                let start = self.program.code.len();
                self.expr(COMPARISON);
                self.as_regex(start);
                self.emit(if token == MATCHES { MATCH } else { NO_MATCH }, 0, 0);
            }
            PIPE_MARK if level <= PIPE && self.lexer.getline_follows() => {
                self.next();
                self.next();
                let (kind, operand) = self.place_to_read();
                self.emit(GETLINE_COMMAND, kind, operand);
            }
            _ => {
                let found = OPERATORS.iter().find(|o| o.0 as u32 == token);
                if let Some(&(_, binds, op)) = found {
                    if (binds as u32) < level || (op as u32 == GT && self.no_greater) {
                        return false;
                    }
                    self.next();
                    // Powers from the right, all others from the left.
                    self.expr(binds as u32 + (binds as u32 != POWER) as u32);
                    self.emit(op as u32, 0, 0);
                } else if level <= CONCATENATION && self.begins_operand() {
                    let mut n = 1;
                    while self.begins_operand() && n < 1000 {
                        self.expr(CONCATENATION + 1);
                        n += 1;
                    }
                    self.emit(CONCAT, 0, n);
                } else {
                    return false;
                }
            }
        }
        true
    }

    fn logic(&mut self, op: u32, level: u32) {
        self.next();
        self.newlines();
        let over = self.emit(op, 0, 0);
        self.expr(level);
        self.emit(TRUTH, 0, 0);
        self.here(over);
    }

    /// The array behind `in`.
    fn is_in(&mut self) {
        if self.token() != lex::NAME {
            return self.unexpected();
        }
        let name = self.lexer.text.clone();
        let (kind, operand) = self.named(&name);
        self.next();
        self.emit(IN, kind, operand);
    }

    /// Makes of the code from `start` on, if it is but an expression between slashes, the expression itself.
    fn as_regex(&mut self, start: usize) {
        if let Some((_, n)) = self.last(MATCH_RECORD) {
            if self.program.code.len() == start + 1 {
                self.program.code.pop();
                self.emit(REGEX, 0, n);
            }
        }
    }

    /// Takes back the loading of a place.
    #[inline(never)]
    fn take_place(&mut self) -> Option<(u32, usize)> {
        let place = self.last(LOAD)?;
        self.program.code.pop();
        self.fresh = 0;
        Some(place)
    }

    /// What `getline` reads to: the record if nothing is given.
    fn place_to_read(&mut self) -> (u32, usize) {
        if self.token() != mark(b"$") && self.token() != lex::NAME {
            return (RECORD, 0);
        }
        self.primary();
        self.take_place().unwrap_or((RECORD, 0))
    }

    /// An operand with the operators of one operand, and assignments to it.
    #[inline(never)]
    fn unary(&mut self) {
        const MINUS: u32 = mark(b"-");
        const PLUS_MARK: u32 = mark(b"+");
        const BANG: u32 = mark(b"!");
        const MORE: u32 = mark(b"++");
        const LESS: u32 = mark(b"--");
        let token = self.token();
        match token {
            MINUS | PLUS_MARK | BANG => {
                self.next();
                self.expr(POWER);
                let op = match token {
                    MINUS => NEGATE,
                    BANG => NOT,
                    _ => PLUS,
                };
                self.emit(op, 0, 0);
            }
            MORE | LESS => {
                self.next();
                self.down();
                self.primary();
                self.depth -= 1;
                let Some((kind, operand)) = self.take_place() else { return self.unexpected() };
                self.constant(Cell::Number(1.0));
                self.emit(MODIFY + (token == LESS) as u32, kind, operand);
            }
            _ => {
                self.primary();
                self.postfix();
            }
        }
    }

    /// An assignment, `++` or `--` behind a place.
    #[inline(never)]
    fn postfix(&mut self) {
        let token = self.token();
        let counts = token == mark(b"++") || token == mark(b"--");
        let assigns = ASSIGNMENTS.iter().find(|a| a.0 as u32 == token);
        if !(counts || assigns.is_some() || token == mark(b"=")) {
            return;
        }
        let Some((kind, operand)) = self.last(LOAD) else { return };
        self.take_place();
        self.next();
        if counts {
            self.constant(Cell::Number(1.0));
            self.emit(if token == mark(b"++") { POST_ADD } else { POST_SUB }, kind, operand);
            return;
        }
        self.newlines();
        self.expr(TERNARY);
        match assigns {
            Some(a) => self.emit(MODIFY + a.1 as u32, kind, operand),
            None => self.emit(STORE, kind, operand),
        };
    }

    #[inline(never)]
    fn primary(&mut self) {
        const DOLLAR: u32 = mark(b"$");
        const OPEN: u32 = mark(b"(");
        const SLASH: u32 = mark(b"/");
        const SLASH_IS: u32 = mark(b"/=");
        const GETLINES: u32 = keyword(b"getline");
        let token = self.token();
        match token {
            lex::NUMBER => {
                self.constant(Cell::Number(self.lexer.number));
                self.next();
            }
            lex::TEXT => {
                let text = Cell::of(&self.lexer.text);
                self.constant(text);
                self.next();
            }
            SLASH | SLASH_IS => {
                if !self.lexer.expression() {
                    return self.fail(b"Expression without an end");
                }
                let text = self.lexer.text.clone();
                match super::regex::compile(&text) {
                    Ok(regex) => {
                        self.program.regexes.push((text, regex));
                        self.emit(MATCH_RECORD, 0, self.program.regexes.len() - 1);
                    }
                    Err(why) => return self.fail(why),
                }
                self.next();
            }
            DOLLAR => {
                self.next();
                self.down();
                if [mark(b"++"), mark(b"--"), mark(b"-"), mark(b"+"), mark(b"!")].contains(&self.token()) {
                    self.unary();
                } else {
                    self.primary();
                }
                self.depth -= 1;
                self.emit(LOAD, FIELD, 0);
            }
            lex::NAME => {
                let name = self.lexer.text.clone();
                let (kind, operand) = self.named(&name);
                self.next();
                if self.take(mark(b"[")) {
                    self.subscript();
                    self.emit(LOAD, ELEMENT + kind, operand);
                } else {
                    self.emit(LOAD, kind, operand);
                }
            }
            OPEN => self.group(),
            GETLINES => {
                self.next();
                let (kind, operand) = self.place_to_read();
                let from_file = self.take(mark(b"<"));
                if from_file {
                    self.down();
                    self.unary();
                    self.depth -= 1;
                }
                self.emit(if from_file { GETLINE_FILE } else { GETLINE }, kind, operand);
            }
            lex::CALL => {
                let name = self.lexer.text.buf();
                self.call(&name);
            }
            _ if (lex::FUNCTION..lex::END).contains(&token) => self.builtin(token - lex::FUNCTION),
            _ => self.unexpected(),
        }
    }

    /// What stands in parentheses.
    fn group(&mut self) {
        let at = self.lexer.start;
        self.next();
        if self.token() == mark(b")") {
            return self.fail(b"Empty sequence");
        }
        let print_at = core::mem::replace(&mut self.print_at, usize::MAX);
        let before = core::mem::replace(&mut self.no_greater, false);
        let n = self.list_up_to(mark(b")"));
        self.no_greater = before;
        if n > 1 {
            if self.take(keyword(b"in")) {
                self.emit(JOIN, 0, n);
                self.is_in();
            } else if at == print_at {
                self.list = n;
            } else {
                self.unexpected();
            }
        }
    }

    fn call(&mut self, name: &[u8]) {
        let f = self.called(name);
        let at = self.lexer.start;
        self.next();
        self.next();
        let before = core::mem::replace(&mut self.no_greater, false);
        let mut n = 0;
        self.newlines();
        if !self.take(mark(b")")) {
            loop {
                self.newlines();
                let start = self.program.code.len();
                self.expr(0);
                if let Some((kind @ (GLOBAL | LOCAL), operand)) = self.last(LOAD) {
                    if self.program.code.len() == start + 1 {
                        self.take_place();
                        self.emit(LOAD_ARGUMENT, kind, operand);
                    }
                }
                n += 1;
                self.newlines();
                if !self.take(mark(b",")) {
                    break;
                }
            }
            self.expect(mark(b")"));
        }
        self.no_greater = before;
        self.program.places.push((self.program.code.len(), at));
        self.emit(CALL, 0, f);
        // How many arguments, for the call.
        self.emit(POP, 0, n);
        self.fresh = 0;
    }

    /// A call of function `f` of the language.
    fn builtin(&mut self, f: u32) {
        const LENGTH: u32 = 0;
        const SPLIT: u32 = keyword(b"split") - lex::FUNCTION;
        const SUB_WORD: u32 = keyword(b"sub") - lex::FUNCTION;
        const GSUB: u32 = keyword(b"gsub") - lex::FUNCTION;
        const MATCH_WORD: u32 = keyword(b"match") - lex::FUNCTION;
        self.next();
        let mut n = 0u32;
        let before = core::mem::replace(&mut self.no_greater, false);
        let mut place = None;
        if self.take(mark(b"(")) {
            self.newlines();
            if !self.take(mark(b")")) {
                loop {
                    self.newlines();
                    let start = self.program.code.len();
                    self.expr(0);
                    match (f, n) {
                        (SUB_WORD | GSUB, 0) | (SPLIT, 2) | (MATCH_WORD, 1) => self.as_regex(start),
                        (SPLIT, 1) | (LENGTH, 0) => {
                            if let Some((kind @ (GLOBAL | LOCAL), operand)) = self.last(LOAD) {
                                self.take_place();
                                self.emit(if f == SPLIT { LOAD_ARRAY } else { LOAD_ARGUMENT }, kind, operand);
                            } else if f == SPLIT {
                                return self.unexpected();
                            }
                        }
                        (SUB_WORD | GSUB, 2) => place = Some(self.take_place().unwrap_or((VALUE, 0))),
                        _ => {}
                    }
                    n += 1;
                    self.newlines();
                    if !self.take(mark(b",")) {
                        break;
                    }
                }
                self.expect(mark(b")"));
            }
        } else if f != LENGTH {
            return self.unexpected();
        }
        self.no_greater = before;
        let counts = ARGUMENTS.get(f as usize).copied().unwrap_or(0) as u32;
        if n < counts >> 4 {
            return self.fail(b"Too few arguments");
        }
        if n > counts & 15 && counts & 15 != 15 || n >= 1 << 12 {
            return self.fail(b"Too many arguments");
        }
        if matches!(f, SUB_WORD | GSUB) {
            let (kind, operand) = place.unwrap_or((RECORD, 0));
            self.emit(SUBSTITUTE + (f == GSUB) as u32, kind, operand);
        } else {
            self.emit(BUILTIN, 0, (f << 12 | n) as usize);
        }
    }
}
