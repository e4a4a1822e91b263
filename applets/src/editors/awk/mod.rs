//! awk: a language for texts of records and fields (POSIX.1-2024 awk; BusyBox editors/awk.c for the functions beyond it).
//!
//! Differences from BusyBox: a syntax error has status 2; numbers are exact beyond 64 bits.

mod array;
mod builtin;
mod cell;
mod characters;
mod code;
mod expr;
mod fields;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;
mod io;
mod lex;
mod math;
mod parse;
mod record;
mod regex;
mod run;
mod stream;

use cell::Cell;
use code::{Program, ARGC, ARGV, ENVIRON, FS, GLOBAL};
use parse::Parser;
use run::{Awk, EXITED, FATAL, NEXT_FILE};
use sys::opts::Walk;
use sys::text::Text;
use sys::{Buf, Cx, ToBuf, ZStr};
use util::file::read;

applet! {
    name: awk,
    dir: "/usr/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-F SEPARATOR] [-v NAME=VALUE]... [-f FILE | -e TEXT | PROGRAM] [FILE | NAME=VALUE]...

Run the awk PROGRAM on the records of the FILEs; - or no FILE is standard input.

    -F SEPARATOR  What divides fields: FS; t is a tab
    -v NAME=VALUE  Assign before the program begins
    -f FILE  Read the program from FILE; may be repeated
    -e TEXT  The program is TEXT; may be repeated
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut p = Parser::default();
    let mut separator = None;
    let mut assignments: sys::List<ZStr> = sys::List::new();
    let mut given = false;
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, false);
    while let Some(step) = walk.next() {
        let found = match step {
            Ok(found) => found,
            Err(wrong) => {
                cx.wrong(wrong);
                return 2;
            }
        };
        let Some(value) = found.value else { continue };
        match found.letter {
            b'F' => separator = Some(value),
            b'v' => assignments.push(value),
            letter => {
                given = true;
                let mut text = value.bytes().buf();
                if letter == b'f' {
                    p.program.files.push((p.lexer.program.len(), value.bytes().buf()));
                    let mut program = Buf::new();
                    let done = match value.is(b"-") {
                        true => read::to_end(sys::Fd::STDIN, &mut program),
                        false => read::file(value).map(|all| program = all),
                    };
                    if let Err(why) = done {
                        cx.fail_on(value, why);
                        return 2;
                    }
                    text = program;
                } else if !p.program.files.is_empty() {
                    p.program.files.push((p.lexer.program.len(), b"cmd. line".buf()));
                }
                p.lexer.program.extend_from_slice(&text);
                p.lexer.program.push(b'\n');
            }
        }
    }
    let mut operands = &*walk.operands();
    if !given {
        let [program, rest @ ..] = operands else {
            cx.misuse(b"missing program");
            return 2;
        };
        p.lexer.program.extend_from_slice(program.bytes());
        operands = rest;
    }
    p.program();
    p.program.text = core::mem::take(&mut p.lexer.program);
    if !p.wrong.is_empty() {
        let (file, line) = p.program.line(p.wrong_at);
        run::complain(cx, file, line, p.wrong);
        return 2;
    }
    let program = core::mem::take(&mut p.program);
    work(cx, program, separator, &assignments, operands)
}

/// Runs the program; its status.
#[inline(never)]
fn work(cx: &mut Cx, program: Program, fs: Option<ZStr>, assignments: &[ZStr], operands: &[ZStr]) -> u8 {
    let mut awk = Awk::new(cx, program);
    awk.start(fs, assignments, operands);
    awk.all()
}

impl Awk<'_, '_> {
    /// Sets the variables that the environment and the command line set.
    fn start(&mut self, separator: Option<ZStr>, assignments: &[ZStr], operands: &[ZStr]) {
        for string in self.cx.envp {
            let mut value = string.bytes();
            let name = sys::zstr::cut(&mut value, b'=');
            self.set_element(ENVIRON, name, Cell::input(value));
        }
        self.set_element(ARGV, b"0", Cell::of(b"awk"));
        for (n, operand) in operands.iter().enumerate() {
            let mut digits = [0; 64];
            let key = sys::num::digits(&mut digits, n as u64 + 1, 10);
            self.set_element(ARGV, key, Cell::input(operand.bytes()));
        }
        self.set_global(ARGC, Cell::Number(operands.len() as f64 + 1.0));
        if let Some(text) = separator {
            let mut fs = Buf::new();
            lex::unescape(if text.is(b"t") { b"\t" } else { text.bytes() }, &mut fs);
            self.set_global(FS, Cell::of(&fs));
        }
        for text in assignments {
            if !self.assign(text.bytes()) {
                self.cx.error(text.bytes(), b"not an assignment");
                return self.stop();
            }
        }
    }

    fn set_element(&mut self, array: usize, key: &[u8], value: Cell) {
        if let Some(array) = self.array(GLOBAL, array).and_then(|n| self.arrays.get_mut(n)) {
            *array.at(&Text::of(&[key])) = value;
        }
    }

    /// Runs all parts of the program; its status.
    #[inline(never)]
    fn all(&mut self) -> u8 {
        let [begin, rules, end] = self.program.starts;
        let mut how = if self.leaving == FATAL { FATAL } else { self.run(begin) };
        if how != EXITED && how != FATAL && (rules != usize::MAX || end != usize::MAX) {
            while let Some(text) = self.read_main() {
                self.set_record(&text);
                how = self.run(rules);
                if how == EXITED || how == FATAL {
                    break;
                }
                if how == NEXT_FILE {
                    if let Some(stream) = self.main.take() {
                        let _ = stream.close();
                    }
                }
            }
        }
        if self.leaving != FATAL {
            self.run(end);
        }
        let fatal = self.leaving == FATAL;
        self.close(None);
        if fatal || self.leaving == FATAL {
            return self.status.max(1);
        }
        self.status
    }
}
