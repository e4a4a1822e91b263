//! The code that a program becomes: words of an operation (8 bits), a kind or a count (4) and an operand (20).
//!
//! Operands stand on a stack. What an assignment goes to is told by a kind and an operand; the number of a field or the
//! subscript of an element stands on the stack, below what is assigned.

use super::cell::Cell;
use sys::{Buf, List};
use util::text::regex::Regex;

// Kinds of places.
pub(super) const GLOBAL: u32 = 0;
pub(super) const LOCAL: u32 = 1;
pub(super) const FIELD: u32 = 2;
/// An element of a global array.
pub(super) const ELEMENT: u32 = 4;
/// An element of an argument.
pub(super) const LOCAL_ELEMENT: u32 = 5;
/// A value that is no place: what is assigned to it is lost.
pub(super) const VALUE: u32 = 6;
/// All of the record.
pub(super) const RECORD: u32 = 7;
/// Added to a kind: the value that was assigned is not wanted.
pub(super) const DISCARD: u32 = 8;

macro_rules! operations {
    ($($name:ident)*) => { operations!(@ 0u32, $($name)*); };
    (@ $n:expr, $name:ident $($rest:ident)*) => {
        #[allow(dead_code)] // some stand for what follows the one before
        pub(super) const $name: u32 = $n;
        operations!(@ $n + 1, $($rest)*);
    };
    (@ $n:expr,) => {};
}
operations! {
    CONST LOAD LOAD_ARGUMENT LOAD_ARRAY REGEX STORE
    // With the numbers of the arithmetic operations.
    MODIFY MODIFY_1 MODIFY_2 MODIFY_3 MODIFY_4 MODIFY_5 POST_ADD POST_SUB
    ADD SUB MUL DIV MOD POW
    LT LE NE EQ GT GE
    CONCAT MATCH NO_MATCH MATCH_RECORD NOT NEGATE PLUS TRUTH
    JUMP JUMP_FALSE JUMP_TRUE AND OR
    IN JOIN POP
    GETLINE GETLINE_FILE GETLINE_COMMAND
    PRINT PRINTF BUILTIN CALL RETURN NEXT NEXTFILE EXIT
    DELETE DELETE_ALL FOR_IN FOR_NEXT FOR_END SUBSTITUTE SUBSTITUTE_ALL
}

/// A word of code.
pub(super) fn word(op: u32, kind: u32, operand: usize) -> u32 {
    op | kind << 8 | (operand as u32) << 12
}

/// A function of the program.
#[derive(Default)]
pub(super) struct Function {
    pub(super) name: Buf,
    pub(super) entry: usize,
    pub(super) parameters: usize,
    pub(super) defined: bool,
}

/// A compiled program.
#[derive(Default)]
pub(super) struct Program {
    pub(super) code: List<u32>,
    pub(super) constants: List<Cell>,
    pub(super) regexes: List<(Buf, Regex)>,
    /// The names of the global variables; those of [`SPECIAL`] first.
    pub(super) names: List<Buf>,
    pub(super) functions: List<Function>,
    /// Where statements start: in the code, in the text.
    pub(super) places: List<(usize, usize)>,
    /// Where to start: BEGIN, the rules, END. `usize::MAX`: nowhere.
    pub(super) starts: [usize; 3],
    /// The text, and where its files start: where, and the file's name.
    pub(super) text: Buf,
    pub(super) files: List<(usize, Buf)>,
}

/// Variables that awk itself uses, in the order of the numbers below.
pub(super) static SPECIAL: &[u8] =
    b"NF NR FNR FS OFS ORS RS SUBSEP CONVFMT OFMT FILENAME RSTART RLENGTH ENVIRON ARGC ARGV ERRNO";
pub(super) const NF: usize = 0;
pub(super) const NR: usize = 1;
pub(super) const FNR: usize = 2;
pub(super) const FS: usize = 3;
pub(super) const OFS: usize = 4;
pub(super) const ORS: usize = 5;
pub(super) const RS: usize = 6;
pub(super) const SUBSEP: usize = 7;
pub(super) const CONVFMT: usize = 8;
pub(super) const OFMT: usize = 9;
pub(super) const FILENAME: usize = 10;
pub(super) const RSTART: usize = 11;
pub(super) const RLENGTH: usize = 12;
pub(super) const ENVIRON: usize = 13;
pub(super) const ARGC: usize = 14;
pub(super) const ARGV: usize = 15;
pub(super) const ERRNO: usize = 16;

impl Program {
    /// The number of global variable `name`, made if there is none.
    #[inline(never)]
    pub(super) fn variable(&mut self, name: &[u8]) -> usize {
        for (n, known) in self.names.iter().enumerate() {
            if *known == name {
                return n;
            }
        }
        self.names.push(sys::ToBuf::buf(name));
        self.names.len() - 1
    }

    /// The file and the line of byte `at` of the text.
    #[inline(never)]
    pub(super) fn line(&self, at: usize) -> (&[u8], u32) {
        let mut from = 0;
        let mut name = &b"cmd. line"[..];
        for (start, file) in &self.files {
            if *start <= at {
                (from, name) = (*start, file);
            }
        }
        let newlines = util::text::part(&self.text, from, at).iter().filter(|c| **c == b'\n').count();
        (name, newlines as u32 + 1)
    }
}
