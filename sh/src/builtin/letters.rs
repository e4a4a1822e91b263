//! Options of builtins, as letters (POSIX XBD 12.2), and their messages.

use crate::expand::fields::Fields;
use crate::flow::FlowResult;
use crate::shell::Shell;
use core::ffi::CStr;
use sys::zstr::position;
use sys::ZStr;

/// Options of a builtin while they are read.
pub(crate) struct Letters<'f> {
    f: &'f Fields,
    /// Those that there are, a `:` behind those that take an argument.
    known: &'static [u8],
    /// Those given: bits by their place in `known`.
    set: u32,
    /// Number of the next argument: in the end, of the first operand.
    pub(crate) next: usize,
    rest: ZStr<'f>,
    /// Argument of the one read last.
    pub(crate) value: ZStr<'f>,
}

impl Letters<'_> {
    #[inline(never)]
    pub(crate) fn new<'f>(f: &'f Fields, known: &'static [u8]) -> Letters<'f> {
        Letters { f, known, set: 0, next: 1, rest: crate::shell::NOTHING, value: crate::shell::NOTHING }
    }
}

/// What options a builtin was given, in one word.
pub(crate) struct Given(u32);

impl Given {
    /// The set of their places among those known, and the number of the first operand.
    #[inline(always)]
    pub(crate) fn parts(self) -> (u32, usize) {
        (self.0 & 0xff, (self.0 >> 8) as usize)
    }
}

impl Shell<'_> {
    /// A message of the running builtin, as [`Shell::complain`]; the status.
    #[inline(always)]
    pub(crate) fn bad(&mut self, text: &'static CStr, what: &[u8]) -> u32 {
        self.complain(text, what);
        1
    }

    /// Reads the options of a builtin: those in `known`, as letters.
    pub(crate) fn letters(&mut self, f: &Fields, known: &'static [u8]) -> FlowResult<Given> {
        let mut l = Letters::new(f, known);
        while self.letter(&mut l)? != 0 {}
        Ok(Given((l.next as u32) << 8 | l.set))
    }

    /// The next option of a builtin, 0 when there are no more.
    #[inline(never)]
    pub(crate) fn letter(&mut self, l: &mut Letters) -> FlowResult<u32> {
        let mut rest = l.rest;
        if rest.is_empty() {
            rest = match l.f.z(l.next).strip_prefix(b"-") {
                // A number is no option.
                Some(rest) if !rest.is_empty() && !rest.first().is_ascii_digit() => rest,
                _ => return Ok(0),
            };
            l.next += 1;
            if rest.is(b"-") {
                return Ok(0);
            }
        }
        let c = rest.first();
        rest = rest.rest();
        let Some(n) = position(l.known, c).filter(|_| c != b':') else {
            return self.refuse(c"illegal option -%", &[c]);
        };
        // Of `-L` and `-P` the last one counts.
        l.set = if c == b'L' { 0 } else { l.set | 1 << n };
        if l.known.get(n + 1) == Some(&b':') {
            l.value = rest;
            if rest.is_empty() {
                if l.f.len() <= l.next {
                    return self.refuse(c"option needs an argument", b"");
                }
                l.value = l.f.z(l.next);
                l.next += 1;
            }
            rest = crate::shell::NOTHING;
        }
        l.rest = rest;
        Ok(c as u32)
    }
}
