//! The syntax tree: one string of bytes, read from front to back.
//!
//! The parser writes a tree, and `run` walks it. It holds no pointers and is freed as a whole. A length stands in front of
//! whatever may be skipped. A cursor is a slice that reaches to the end of the tree, so the length of the slice tells
//! where in the tree it is.
//!
//! ```text
//! LIST     = u24 length, item…, 0             item  = 1, 5 (the last) or 2 (async), PIPELINE, (1 and | 2 or, PIPELINE)…, 0
//! PIPELINE = flags, NODE, with MULTI (1 or, for `|&`, 2, NODE)… 0
//! NODE     = op, u24 length of all behind it, u24 start and end of its text, body
//!            (the nothing behind a lone `!` has no text: its end is not behind its start)
//! SIMPLE   = flags, (WORD | AWORD word)…, (REDIR…)…, (ASSIGN word)…, 0
//! others   = (REDIR …)…, 0, and then by op:
//!   GROUP, SUBSHELL LIST;  IF LIST LIST (1 LIST LIST)… (2 LIST | 0);  WHILE, UNTIL LIST LIST
//!   FOR name 0, (2 | (WORD word)… 0), LIST;  CASE word (1 (WORD word)… 0 LIST end)… 0
//!   FUNCTION name 0 NODE;  ARITHMETIC word;  CONDITION (WORD word)… 0;  COUNT word word word LIST
//! REDIR    = REDIR, op, fd or (NAMED, name 0), word or u24 number of a here-document
//! word     = bytes and the marks below, 0
//! ```

use alloc::rc::Rc;
use sys::Buf;
use util::text::{after, part};

/// Ends a word.
pub(crate) const END: u8 = 0;
/// The next byte is quoted.
pub(crate) const ESC: u8 = 1;
/// Quoting begins or ends.
pub(crate) const QUOTE: u8 = 2;
/// Parameter: operator, name, `=`, and what the operator needs.
pub(crate) const VAR: u8 = 3;
/// Command substitution: LIST.
pub(crate) const CMD: u8 = 4;
/// Arithmetic: word.
pub(crate) const ARITH: u8 = 5;
/// Tilde prefix: login name, 0.
pub(crate) const TILDE: u8 = 6;
/// Process substitution, `<(…)` and `>(…)`: LIST.
pub(crate) const READ: u8 = 7;
pub(crate) const WRITE: u8 = 8;

/// Name of the parameter `_` in a tree.
pub(crate) const LAST: u8 = b'&';

/// Operators of VAR.
pub(crate) mod op {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const MINUS: u8 = 1;
    pub(crate) const ASSIGN: u8 = 2;
    pub(crate) const ERROR: u8 = 3;
    pub(crate) const PLUS: u8 = 4;
    pub(crate) const PREFIX: u8 = 5;
    pub(crate) const PREFIX_LONG: u8 = 6;
    pub(crate) const SUFFIX: u8 = 7;
    pub(crate) const SUFFIX_LONG: u8 = 8;
    pub(crate) const LENGTH: u8 = 9;
    /// Two words: offset, length (missing without SECOND).
    pub(crate) const SUBSTRING: u8 = 10;
    /// Two words: pattern, replacement. The next three are its variants `//`, `/#`, `/%`.
    pub(crate) const REPLACE: u8 = 11;
    pub(crate) const BAD: u8 = 15;
    /// Flag: empty counts as unset.
    pub(crate) const COLON: u8 = 16;
    /// Flag of SUBSTRING: there is a length. Of NAMES: `@`, not `*`.
    pub(crate) const SECOND: u8 = 32;
    /// Flag: the parameter's value is the name of the one that is meant.
    pub(crate) const INDIRECT: u8 = 64;
    // With COLON, what knows no colon means something else:
    /// The names that start so, `${!name*}`.
    pub(crate) const NAMES: u8 = NONE | COLON;
    /// Capitals: of the first character. The next three are `^^`, `,` and `,,`.
    pub(crate) const UPPER: u8 = PREFIX | COLON;
    pub(crate) const LOWER: u8 = SUFFIX | COLON;
    /// In quotes, `${x@Q}`.
    pub(crate) const QUOTED: u8 = LENGTH | COLON;
}

/// What stands in a simple command or in front of a compound one.
pub(crate) const WORD: u8 = 1;
pub(crate) const ASSIGN: u8 = 2;
pub(crate) const REDIR: u8 = 3;
/// An assignment as the argument of `export` and its kin.
pub(crate) const AWORD: u8 = 4;

/// Commands.
pub(crate) const SIMPLE: u8 = 1;
pub(crate) const GROUP: u8 = 2;
pub(crate) const SUBSHELL: u8 = 3;
pub(crate) const IF: u8 = 4;
pub(crate) const WHILE: u8 = 5;
pub(crate) const UNTIL: u8 = 6;
pub(crate) const FOR: u8 = 7;
pub(crate) const CASE: u8 = 8;
pub(crate) const FUNCTION: u8 = 9;
pub(crate) const ARITHMETIC: u8 = 10;
pub(crate) const CONDITION: u8 = 11;
pub(crate) const COUNT: u8 = 12;

/// Pipeline flags.
pub(crate) const NEGATED: u8 = 1;
pub(crate) const MULTI: u8 = 2;

/// Flag of a simple command: its expansions cannot change the shell, so they may run outside a subshell.
pub(crate) const PURE: u8 = 1;

/// Redirections.
pub(crate) mod redir {
    /// In place of the descriptor: none is given, or the variable that gets it.
    pub(crate) const USUAL: u8 = 255;
    pub(crate) const NAMED: u8 = 254;
    pub(crate) const IN: u8 = 16;
    pub(crate) const OUT: u8 = 17;
    pub(crate) const APPEND: u8 = 18;
    pub(crate) const HERE: u8 = 19;
    pub(crate) const HERE_TABS: u8 = 20;
    pub(crate) const STRING: u8 = 21;
    pub(crate) const DUP_IN: u8 = 22;
    pub(crate) const DUP_OUT: u8 = 23;
    pub(crate) const READ_WRITE: u8 = 24;
    pub(crate) const BOTH: u8 = 26;
    pub(crate) const BOTH_APPEND: u8 = 27;
}

/// One complete command.
#[derive(Default)]
pub(crate) struct Tree {
    /// A LIST, then the here-documents: u24 number, u24 length and word each.
    pub(crate) code: Buf,
    /// Where the here-documents start.
    pub(crate) docs: usize,
    /// The source text; in it backquotes became `$NUL…NUL`.
    pub(crate) text: Buf,
    /// Line number of its first line.
    pub(crate) line: u32,
}

impl Tree {
    /// The line in which the text at `at` stands.
    pub(crate) fn line_of(&self, at: usize) -> u32 {
        let before = part(&self.text, 0, at);
        self.line + newlines(before)
    }

    /// Here-document number `n`.
    pub(crate) fn doc(&self, n: usize) -> &[u8] {
        let mut rest = after(&self.code, self.docs);
        while !rest.is_empty() {
            let number = u24(&mut rest);
            let text = counted(&mut rest);
            if number == n {
                return text;
            }
        }
        rest
    }
}

/// A function: a node in a tree that it keeps alive.
pub(crate) struct Func {
    pub(crate) tree: Rc<Tree>,
    pub(crate) at: usize,
}

/// How many lines end in `text`.
#[inline(never)]
pub(crate) fn newlines(text: &[u8]) -> u32 {
    let mut n = 0;
    for &c in text {
        n += (c == b'\n') as u32;
    }
    n
}

/// Takes a byte; 0 at the end. To be inlined where speed matters.
#[inline(always)]
pub(crate) fn next(c: &mut &[u8]) -> u8 {
    match c.split_first() {
        Some((&b, rest)) => {
            *c = rest;
            b
        }
        None => 0,
    }
}

/// As [`next`], called.
#[inline(always)]
pub(crate) fn byte(c: &mut &[u8]) -> u8 {
    byte_wide(c) as u8
}

// The compiler sees what the word holds, and does not mask it as it would a byte.
#[inline(never)]
fn byte_wide(c: &mut &[u8]) -> u32 {
    next(c) as u32
}

/// Takes `text` if it stands here.
#[inline(never)]
pub(crate) fn take(c: &mut &[u8], text: &[u8]) -> bool {
    let rest = c.strip_prefix(text);
    if let Some(rest) = rest {
        *c = rest;
    }
    rest.is_some()
}

/// Takes a byte if it is `tag`.
#[inline(never)]
pub(crate) fn tagged(c: &mut &[u8], tag: u8) -> bool {
    let is = c.first() == Some(&tag);
    if is {
        byte(c);
    }
    is
}

/// Takes a number of three bytes.
#[inline(never)]
pub(crate) fn u24(c: &mut &[u8]) -> usize {
    match *c {
        [a, b, d, rest @ ..] => {
            *c = rest;
            *a as usize | (*b as usize) << 8 | (*d as usize) << 16
        }
        _ => 0,
    }
}

/// Appends a number of three bytes.
#[inline(never)]
pub(crate) fn push_u24(to: &mut Buf, n: usize) {
    to.extend_from_slice(&[n as u8, (n >> 8) as u8, (n >> 16) as u8]);
}

/// Passes over a counted part and gives a cursor at its start.
pub(crate) fn counted<'t>(c: &mut &'t [u8]) -> &'t [u8] {
    let n = u24(c);
    let at = *c;
    *c = after(c, n);
    at
}

/// Takes the bytes up to `end`, which is passed.
pub(crate) fn until<'t>(c: &mut &'t [u8], end: u8) -> &'t [u8] {
    let all = *c;
    let n = all.iter().position(|&b| b == end).unwrap_or(all.len());
    *c = after(all, n + 1);
    part(all, 0, n)
}

/// Passes over a byte of a word or a whole expansion; its first byte.
#[inline(always)]
pub(crate) fn step(c: &mut &[u8]) -> u8 {
    step_wide(c) as u8
}

#[inline(never)]
fn step_wide(c: &mut &[u8]) -> u32 {
    let first = byte(c);
    match first {
        ESC => {
            byte(c);
        }
        VAR => {
            let o = byte(c) & 15;
            until(c, b'=');
            if !matches!(o, op::NONE | op::LENGTH | op::BAD) {
                skip_word(c);
                if o >= op::SUBSTRING {
                    skip_word(c);
                }
            }
        }
        CMD | READ | WRITE => {
            counted(c);
        }
        ARITH | TILDE => skip_word(c),
        _ => {}
    }
    first as u32
}

/// Passes over a word.
#[inline(never)]
pub(crate) fn skip_word(c: &mut &[u8]) {
    while step(c) != END {}
}
