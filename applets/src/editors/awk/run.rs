//! Runs the code of an awk program: a machine with a stack of values.

use super::array::Array;
use super::cell::{self, Cell};
use super::code::*;
use super::math;
use super::record::Record;
use super::stream::Stream;
use sys::text::Text;
use sys::{out, Buf, Cx, List};
use util::text::regex::{Regex, Span};

/// A call of a function of the program.
struct Frame {
    back: usize,
    base: usize,
    parameters: usize,
    loops: usize,
}

/// A `for … in` that goes on: the keys, and how many have been taken.
pub(super) struct Loop {
    keys: List<Text>,
    taken: usize,
}

// How a run of code ended.
const AT_END: u32 = 0;
pub(super) const NEXT_RECORD: u32 = 1;
pub(super) const NEXT_FILE: u32 = 2;
pub(super) const EXITED: u32 = 3;
pub(super) const FATAL: u32 = 4;

/// The bit of a place on the stack, see [`Cell::Place`].
const ON_STACK: u32 = 1 << 31;
/// Expressions that are kept beside those of the program.
const KEPT: usize = 16;
/// Fields of a record, at most.
const MOST_FIELDS: f64 = 1e8;

/// A program at work.
pub(super) struct Awk<'c, 'o> {
    pub(super) cx: &'c mut Cx<'o>,
    pub(super) program: Program,
    pub(super) stack: List<Cell>,
    pub(super) globals: List<Cell>,
    pub(super) arrays: List<Array>,
    free_arrays: List<usize>,
    frames: List<Frame>,
    loops: List<Loop>,
    pub(super) record: Record,
    /// The first is standard output.
    pub(super) streams: List<Stream>,
    /// What is read without `getline <`, and the number of the next operand.
    pub(super) main: Option<Stream>,
    pub(super) operand: usize,
    pub(super) any_file: bool,
    pc: usize,
    base: usize,
    pub(super) leaving: u32,
    pub(super) status: u8,
    literal: usize,
    newest: usize,
    pub(super) spans: List<Span>,
    pub(super) seed: f64,
    pub(super) random: u64,
    pub(super) is_tty: bool,
}

impl<'c, 'o> Awk<'c, 'o> {
    pub(super) fn new(cx: &'c mut Cx<'o>, program: Program) -> Awk<'c, 'o> {
        let fd = cx.out.fd();
        let literal = program.regexes.len();
        let mut new = Awk {
            is_tty: sys::tty::is(fd),
            cx,
            program,
            stack: List::new(),
            globals: List::new(),
            arrays: List::new(),
            free_arrays: List::new(),
            frames: List::new(),
            loops: List::new(),
            record: Record::default(),
            streams: List::new(),
            main: None,
            operand: 1,
            any_file: false,
            pc: 0,
            base: 0,
            leaving: AT_END,
            status: 0,
            literal,
            newest: 0,
            spans: List::new(),
            seed: 0.0,
            random: 0,
        };
        new.streams.push(Stream::new(b'>', b"/dev/stdout", fd));
        let defaults = [
            (FS, &b" "[..]),
            (OFS, b" "),
            (ORS, b"\n"),
            (RS, b"\n"),
            (SUBSEP, b"\x1c"),
            (CONVFMT, b"%.6g"),
            (OFMT, b"%.6g"),
        ];
        for (n, text) in defaults {
            new.set_global(n, Cell::of(text));
        }
        for n in [NF, NR, FNR] {
            new.set_global(n, Cell::Number(0.0));
        }
        new
    }

    /// Tells what is wrong, and ends the program.
    #[inline(never)]
    pub(super) fn fatal(&mut self, what: &[u8]) {
        // First what came before.
        self.flush_all();
        let mut at = 0;
        for (code, text) in &self.program.places {
            if *code >= self.pc {
                break;
            }
            at = *text;
        }
        let (file, line) = self.program.line(at);
        complain(self.cx, file, line, what);
        self.stop();
    }

    /// Ends the program with status 2.
    pub(super) fn stop(&mut self) {
        self.status = 2;
        self.leave(FATAL);
    }

    pub(super) fn leave(&mut self, how: u32) {
        self.leaving = how;
        self.pc = usize::MAX;
    }

    /// A place among the global variables.
    #[inline(never)]
    fn global(&mut self, n: usize) -> &mut Cell {
        while self.globals.len() <= n {
            self.globals.push(Cell::Nothing);
        }
        match self.globals.get_mut(n) {
            Some(cell) => cell,
            None => sys::process::exit(2),
        }
    }

    pub(super) fn set_global(&mut self, n: usize, value: Cell) {
        *self.global(n) = value;
    }

    /// The text of a variable of awk itself.
    #[inline(never)]
    pub(super) fn special(&self, n: usize) -> Text {
        let format = match self.globals.get(CONVFMT) {
            Some(Cell::Text(t) | Cell::Input(t)) => t.clone(),
            _ => Text::new(),
        };
        self.globals.get(n).map_or_else(Text::new, |v| v.text(&format))
    }

    /// The text of `value`, as CONVFMT has numbers.
    #[inline(never)]
    pub(super) fn text(&self, value: &Cell) -> Text {
        match value {
            Cell::Text(t) | Cell::Input(t) => t.clone(),
            _ => value.text(&self.special(CONVFMT)),
        }
    }

    pub(super) fn pop(&mut self) -> Cell {
        self.stack.pop().unwrap_or_default()
    }

    pub(super) fn push(&mut self, value: Cell) {
        self.stack.push(value);
    }

    /// The variable at a place; of kind GLOBAL or LOCAL.
    #[inline(never)]
    fn variable(&mut self, kind: u32, operand: usize) -> &mut Cell {
        if kind & 1 == LOCAL {
            let at = self.base + operand;
            if at < self.stack.len() {
                if let Some(cell) = self.stack.get_mut(at) {
                    return cell;
                }
            }
            sys::process::exit(2);
        }
        self.global(operand)
    }

    /// The number of the array that a variable is; it becomes one, if it was never set.
    #[inline(never)]
    pub(super) fn array(&mut self, kind: u32, operand: usize) -> Option<usize> {
        let mut place =
            if kind & 1 == LOCAL { ON_STACK | (self.base + operand) as u32 } else { operand as u32 };
        loop {
            let cell = match place & ON_STACK {
                0 => self.global(place as usize),
                _ => self.stack.get_mut((place & !ON_STACK) as usize)?,
            };
            match cell {
                Cell::Array(n) => return Some(*n),
                Cell::Place(p) => place = *p,
                Cell::Nothing => break,
                _ => {
                    self.fatal(b"Scalar used as an array");
                    return None;
                }
            }
        }
        let n = match self.free_arrays.pop() {
            Some(n) => n,
            None => {
                self.arrays.push(Array::default());
                self.arrays.len() - 1
            }
        };
        if let Some(array) = self.arrays.get_mut(n) {
            array.owner = place;
        }
        let cell = match place & ON_STACK {
            0 => self.global(place as usize),
            _ => self.stack.get_mut((place & !ON_STACK) as usize)?,
        };
        *cell = Cell::Array(n);
        Some(n)
    }

    /// The value at a place; `key` is a subscript or the number of a field.
    #[inline(never)]
    pub(super) fn load(&mut self, kind: u32, operand: usize, key: &Cell) -> Cell {
        match kind {
            FIELD => {
                let n = self.field_number(key);
                self.field(n)
            }
            RECORD => self.field(0),
            VALUE => key.clone(),
            ELEMENT | LOCAL_ELEMENT => self.element(kind, operand, key).cloned().unwrap_or_default(),
            _ => {
                if kind == GLOBAL && operand == NF {
                    self.split_record();
                }
                let value = self.variable(kind, operand).clone();
                match value {
                    Cell::Array(_) => self.fatal(b"Array used as a scalar"),
                    Cell::Place(_) => {}
                    value => return value,
                }
                Cell::Nothing
            }
        }
    }

    fn field_number(&mut self, key: &Cell) -> usize {
        let n = key.number();
        if n < 0.0 || n.is_nan() {
            self.fatal(b"Access to negative field");
        } else if n > MOST_FIELDS {
            self.fatal(b"Too many fields");
        } else {
            return cell::whole(n) as usize;
        }
        0
    }

    fn element(&mut self, kind: u32, operand: usize, key: &Cell) -> Option<&mut Cell> {
        let n = self.array(kind, operand)?;
        let key = self.text(key);
        Some(self.arrays.get_mut(n)?.at(&key))
    }

    /// Assigns to a place.
    #[inline(never)]
    pub(super) fn store(&mut self, kind: u32, operand: usize, key: &Cell, value: Cell) {
        match kind & !DISCARD {
            FIELD => {
                let n = self.field_number(key);
                if self.leaving == AT_END {
                    self.set_field(n, value);
                }
            }
            RECORD => self.set_field(0, value),
            VALUE => {}
            kind @ (ELEMENT | LOCAL_ELEMENT) => {
                if let Some(cell) = self.element(kind, operand, key) {
                    *cell = value;
                }
            }
            kind => {
                if kind == GLOBAL && operand <= FS {
                    if operand == NF {
                        let n = self.field_number(&value);
                        if self.leaving == AT_END {
                            self.set_fields(n);
                        }
                        return;
                    }
                    // The record is divided as it was when it was read.
                    if operand == FS {
                        self.split_record();
                    }
                }
                let cell = self.variable(kind, operand);
                if let Cell::Array(_) = cell {
                    return self.fatal(b"Array used as a scalar");
                }
                *cell = value;
            }
        }
    }

    /// The number of the compiled expression that `value` is.
    #[inline(never)]
    pub(super) fn regex(&mut self, value: &Cell) -> usize {
        if let Cell::Regex(n) = value {
            return *n;
        }
        let text = self.text(value);
        let known = self.program.regexes.iter().skip(self.literal).position(|(t, _)| **t == *text);
        if let Some(n) = known {
            return self.literal + n;
        }
        match super::regex::compile(&text) {
            Ok(regex) => {
                let new = (sys::ToBuf::buf(&*text), regex);
                if self.program.regexes.len() < self.literal + KEPT {
                    self.program.regexes.push(new);
                    return self.program.regexes.len() - 1;
                }
                self.newest = (self.newest + 1) % KEPT;
                let n = self.literal + self.newest;
                if let Some(old) = self.program.regexes.get_mut(n) {
                    *old = new;
                }
                n
            }
            Err(why) => {
                let mut what = sys::ToBuf::buf(why);
                what.extend_from_slice(b": ");
                what.extend_from_slice(&text);
                self.fatal(&what);
                usize::MAX
            }
        }
    }

    pub(super) fn expression(&self, n: usize) -> Option<&Regex> {
        self.program.regexes.get(n).map(|(_, regex)| regex)
    }

    fn matches(&mut self, text: &[u8], n: usize) -> bool {
        self.expression(n).is_some_and(|regex| regex.find(text, 0, &mut []))
    }

    #[inline(never)]
    fn arithmetic(&mut self, op: u32, a: f64, b: f64) -> f64 {
        match op {
            0 => a + b,
            1 => a - b,
            2 => a * b,
            5 => math::pow(a, b),
            _ if b == 0.0 => {
                self.fatal(b"Division by zero");
                0.0
            }
            3 => a / b,
            _ => math::fmod(a, b),
        }
    }

    #[inline(never)]
    fn compare(&mut self, a: &Cell, b: &Cell) -> Option<core::cmp::Ordering> {
        if let (Some(a), Some(b)) = (a.numeric(), b.numeric()) {
            return a.partial_cmp(&b);
        }
        let (a, b) = (self.text(a), self.text(b));
        Some((*a).cmp(&*b))
    }

    /// Takes the key of a place off the stack, if it has one.
    pub(super) fn key(&mut self, kind: u32) -> Cell {
        match kind & !DISCARD {
            FIELD | ELEMENT | LOCAL_ELEMENT | VALUE => self.pop(),
            _ => Cell::Nothing,
        }
    }

    /// Runs the code from `start` on; how it ended.
    pub(super) fn run(&mut self, start: usize) -> u32 {
        self.pc = start;
        self.leaving = AT_END;
        while let Some(&word) = self.program.code.get(self.pc) {
            self.pc += 1;
            self.step(word & 255, word >> 8 & 15, (word >> 12) as usize);
        }
        self.stack.clear();
        self.frames.clear();
        self.loops.clear();
        self.base = 0;
        self.leaving
    }

    #[inline(never)]
    fn step(&mut self, op: u32, kind: u32, operand: usize) {
        match op {
            CONST => {
                let value = self.program.constants.get(operand).cloned().unwrap_or_default();
                self.push(value);
            }
            LOAD => {
                let key = self.key(kind);
                let value = self.load(kind, operand, &key);
                self.push(value);
            }
            STORE => {
                let value = self.pop();
                let key = self.key(kind);
                if kind & DISCARD == 0 {
                    self.push(value.clone());
                }
                self.store(kind, operand, &key, value);
            }
            MODIFY..=POST_SUB => self.modify(op - MODIFY, kind, operand),
            ADD..=POW => {
                let b = self.pop().number();
                let a = self.pop().number();
                let value = self.arithmetic(op - ADD, a, b);
                self.push(Cell::Number(value));
            }
            LT..=GE => {
                let (b, a) = (self.pop(), self.pop());
                use core::cmp::Ordering::*;
                let order = self.compare(&a, &b);
                let is = match op {
                    LT => order == Some(Less),
                    LE => matches!(order, Some(Less | Equal)),
                    NE => order != Some(Equal),
                    EQ => order == Some(Equal),
                    GT => order == Some(Greater),
                    _ => matches!(order, Some(Greater | Equal)),
                };
                self.push(Cell::Number(is as u32 as f64));
            }
            CONCAT => {
                let format = self.special(CONVFMT);
                let from = self.stack.len().saturating_sub(operand);
                let mut all = Buf::new();
                for cell in self.stack.get(from..).unwrap_or_default() {
                    cell.append(&mut all, &format);
                }
                self.stack.truncate(from);
                self.push(Cell::of(&all));
            }
            MATCH | NO_MATCH => {
                let expression = self.pop();
                let value = self.pop();
                let text = self.text(&value);
                let n = self.regex(&expression);
                let is = self.matches(&text, n) == (op == MATCH);
                self.push(Cell::Number(is as u32 as f64));
            }
            MATCH_RECORD => {
                let text = self.record_text();
                let is = self.matches(&text, operand);
                self.push(Cell::Number(is as u32 as f64));
            }
            REGEX => self.push(Cell::Regex(operand)),
            NOT | TRUTH => {
                let is = self.pop().truth() == (op == TRUTH);
                self.push(Cell::Number(is as u32 as f64));
            }
            NEGATE | PLUS => {
                let n = self.pop().number();
                self.push(Cell::Number(if op == NEGATE { -n } else { n }));
            }
            JUMP => self.pc = operand,
            JUMP_FALSE | JUMP_TRUE => {
                if self.pop().truth() == (op == JUMP_TRUE) {
                    self.pc = operand;
                }
            }
            AND | OR => {
                if self.pop().truth() == (op == OR) {
                    self.push(Cell::Number((op == OR) as u32 as f64));
                    self.pc = operand;
                }
            }
            POP => {
                self.pop();
            }
            _ => self.other(op, kind, operand),
        }
    }

    /// Changes a place by an arithmetic operation (0 to 5) or, for its old value, by adding or subtracting (6, 7).
    #[inline(never)]
    fn modify(&mut self, change: u32, kind: u32, operand: usize) {
        let by = self.pop().number();
        let key = self.key(kind);
        let place = kind & !DISCARD;
        let old = self.load(place, operand, &key).number();
        let new = self.arithmetic(if change > 5 { change - 6 } else { change }, old, by);
        if kind & DISCARD == 0 {
            self.push(Cell::Number(if change > 5 { old } else { new }));
        }
        if self.leaving == AT_END {
            self.store(place, operand, &key, Cell::Number(new));
        }
    }

    #[inline(never)]
    fn other(&mut self, op: u32, kind: u32, operand: usize) {
        match op {
            LOAD_ARGUMENT => {
                let place =
                    if kind == LOCAL { ON_STACK | (self.base + operand) as u32 } else { operand as u32 };
                if kind == GLOBAL && operand == NF {
                    self.split_record();
                }
                let value = match self.variable(kind, operand) {
                    Cell::Nothing => Cell::Place(place),
                    other => other.clone(),
                };
                self.push(value);
            }
            LOAD_ARRAY => {
                let n = self.array(kind, operand);
                self.push(Cell::Array(n.unwrap_or(usize::MAX)));
            }
            IN => {
                let key = self.pop();
                let key = self.text(&key);
                let n = self.array(kind, operand).unwrap_or(usize::MAX);
                let is = self.arrays.get(n).is_some_and(|a| a.has(&key));
                self.push(Cell::Number(is as u32 as f64));
            }
            JOIN => {
                let (format, between) = (self.special(CONVFMT), self.special(SUBSEP));
                let from = self.stack.len().saturating_sub(operand);
                let mut all = Buf::new();
                for (n, cell) in self.stack.get(from..).unwrap_or_default().iter().enumerate() {
                    if n > 0 {
                        all.extend_from_slice(&between);
                    }
                    cell.append(&mut all, &format);
                }
                self.stack.truncate(from);
                self.push(Cell::of(&all));
            }
            DELETE | DELETE_ALL => {
                let key = if op == DELETE { self.pop() } else { Cell::Nothing };
                let key = self.text(&key);
                let n = self.array(kind, operand).unwrap_or(usize::MAX);
                if let Some(array) = self.arrays.get_mut(n) {
                    if op == DELETE {
                        array.delete(&key);
                    } else {
                        array.clear();
                    }
                }
            }
            FOR_IN => {
                let n = self.array(kind, operand).unwrap_or(usize::MAX);
                let keys = self.arrays.get(n).map_or_else(List::new, |a| a.keys());
                self.loops.push(Loop { keys, taken: 0 });
            }
            FOR_NEXT => {
                let key = self.loops.last_mut().and_then(|l| {
                    l.taken += 1;
                    l.keys.get(l.taken - 1).cloned()
                });
                match key {
                    Some(key) => self.push(Cell::Text(key)),
                    None => self.pc = operand,
                }
            }
            FOR_END => {
                self.loops.pop();
            }
            CALL => self.call(operand),
            RETURN => self.back(),
            NEXT => self.leave(NEXT_RECORD),
            NEXTFILE => self.leave(NEXT_FILE),
            EXIT => {
                if kind != 0 {
                    self.status = cell::whole(self.pop().number()) as u8;
                }
                self.leave(EXITED);
            }
            PRINT | PRINTF => self.print(op, kind, operand),
            GETLINE | GETLINE_FILE | GETLINE_COMMAND => self.getline(op, kind, operand),
            SUBSTITUTE | SUBSTITUTE_ALL => self.substitute(op == SUBSTITUTE_ALL, kind, operand),
            _ => self.builtin(operand >> 12, operand & 0xfff),
        }
    }

    fn call(&mut self, f: usize) {
        let given = self.program.code.get(self.pc).map_or(0, |word| (word >> 12) as usize);
        let Some(f) = self.program.functions.get(f).filter(|f| f.defined) else {
            return self.fatal(b"Call to undefined function");
        };
        let (entry, parameters) = (f.entry, f.parameters);
        let base = self.stack.len().saturating_sub(given);
        self.stack.truncate(base + parameters);
        while self.stack.len() < base + parameters {
            self.push(Cell::Nothing);
        }
        self.frames.push(Frame { back: self.pc + 1, base: self.base, parameters, loops: self.loops.len() });
        self.base = base;
        self.pc = entry;
    }

    fn back(&mut self) {
        let value = self.pop();
        let Some(frame) = self.frames.pop() else { return self.leave(AT_END) };
        for at in self.base..self.base + frame.parameters {
            if let Some(&Cell::Array(n)) = self.stack.get(at) {
                if let Some(array) = self.arrays.get_mut(n) {
                    if array.owner == ON_STACK | at as u32 {
                        array.clear();
                        self.free_arrays.push(n);
                    }
                }
            }
        }
        self.stack.truncate(self.base);
        self.loops.truncate(frame.loops);
        (self.base, self.pc) = (frame.base, frame.back);
        self.push(value);
    }
}

/// Tells a mistake in line `line` of `file`.
#[inline(never)]
pub(super) fn complain(cx: &mut Cx, file: &[u8], line: u32, what: &[u8]) {
    let mut digits = [0; 64];
    let line = sys::num::digits(&mut digits, line as u64, 10);
    out::complain(&[cx.name.bytes(), b": ", file, b":", line, b": ", what]);
}
