//! Builtins: the table of them, and those that are short. `man 1p` names them all.

mod command;
mod directory;
mod fc;
mod flow;
mod job;
mod names;
mod read;

pub mod ulimit;

use crate::expand::fields::Fields;
use crate::{Shell, R};
use core::ffi::CStr;
use sys::zstr::position;
use sys::{Buf, Cx, Out, ZStr};
use util::command::{echo, printf, test};
use util::text::quote::quote_always;

/// A builtin gets its name and arguments; its value is the exit status, a word for the sake of registers.
type Builtin = fn(&mut Shell, &Fields) -> R<u32>;

/// Names, in the order of [`TABLE`]: special builtins first, those that [`is_pure`] knows together.
pub(crate) const NAMES: &[u8] = b".\0eval\0exec\0export\0readonly\0set\0shift\0times\0trap\0unset\0\
:\0break\0continue\0exit\0return\0true\0false\0[\0test\0echo\0printf\0let\0local\0command\0type\0pwd\0\
cd\0read\0wait\0kill\0umask\0getopts\0alias\0unalias\0jobs\0fg\0bg\0hash\0ulimit\0source\0fc";

/// Number of special builtins.
pub(crate) const SPECIAL: usize = 15;

static TABLE: [Builtin; 41] = [
    flow::dot,
    flow::eval,
    flow::exec,
    names::export,
    names::export,
    names::set,
    flow::shift,
    job::times,
    flow::trap,
    names::unset,
    flow::yes,
    flow::leave_loop,
    flow::leave_loop,
    flow::exit,
    flow::exit,
    flow::yes,
    flow::no,
    external,
    external,
    external,
    external,
    flow::let_,
    names::local,
    command::command,
    command::type_,
    directory::pwd,
    directory::cd,
    read::read,
    job::wait,
    job::kill,
    directory::umask,
    flow::getopts,
    names::alias,
    names::unalias,
    job::jobs,
    job::fg,
    job::fg,
    command::hash,
    external,
    flow::dot,
    fc::fc,
];

/// Those that are written as applets.
static APPLETS: [fn(&mut Cx) -> u8; 5] = [test::run, test::run, echo::run, printf::run, ulimit::run];

/// Number of the builtin with this name.
pub(crate) fn find(name: &[u8]) -> Option<usize> {
    crate::parse::parser::index(NAMES, name)
}

pub(crate) fn run(sh: &mut Shell, n: usize, f: &Fields) -> R<u32> {
    match TABLE.get(n) {
        Some(b) => b(sh, f),
        None => Ok(127),
    }
}

/// Does builtin `n` change nothing of the shell but variables, and write by `Shell::out` alone? Or leave
/// what runs, no more. Then it needs no subshell.
pub(crate) fn is_pure(n: usize) -> bool {
    // From `:` to `pwd`.
    (10..26).contains(&n)
}

/// Runs a builtin that is an applet.
fn external(sh: &mut Shell, f: &Fields) -> R<u32> {
    let i = b"[tepu".iter().position(|&c| c == f.z(0).first()).unwrap_or(0);
    let mut args = f.all();
    let Some((&mut name, args)) = args.split_first_mut() else { return Ok(1) };
    let mut cx = Cx::raw(name, args, sh.out, sh.envp, sh.table);
    Ok(match APPLETS.get(i) {
        Some(run) => run(&mut cx) as u32,
        None => 127,
    })
}

/// Appends `v` quoted, so that the shell reads it as the same string.
#[inline(never)]
pub(crate) fn quote(v: &[u8], out: &mut Buf) {
    if crate::parse::parser::is_reserved(v) {
        quote_always(v, out);
    } else {
        util::text::quote::quote(v, out);
    }
}

/// Writes `v` as [`quote_always`] has it.
#[inline(never)]
pub(crate) fn write_quoted(out: &mut Out, v: &[u8]) {
    let mut q = Buf::new();
    quote_always(v, &mut q);
    out.bytes(&q);
}

impl Shell<'_> {
    /// A message of the running builtin, as [`Shell::complain`]; the status.
    #[inline(always)]
    fn bad(&mut self, text: &'static CStr, what: &[u8]) -> u32 {
        self.complain(text, what);
        1
    }

    /// Reads the options of a builtin: those in `known`, as letters.
    fn letters(&mut self, f: &Fields, known: &'static [u8]) -> R<Given> {
        let mut l = Letters::new(f, known);
        while self.letter(&mut l)? != 0 {}
        Ok(Given((l.next as u32) << 8 | l.set))
    }

    /// The next option of a builtin, 0 when there are no more.
    #[inline(never)]
    fn letter(&mut self, l: &mut Letters) -> R<u32> {
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
        rest = rest.skip(1);
        let Some(n) = position(l.known, c).filter(|_| c != b':') else {
            return self.refuse(c"illegal option -%", &[c]);
        };
        l.set |= 1 << n;
        if l.known.get(n + 1) == Some(&b':') {
            l.value = rest;
            if rest.is_empty() {
                if l.f.len() <= l.next {
                    return self.refuse(c"option requires an argument", b"");
                }
                l.value = l.f.z(l.next);
                l.next += 1;
            }
            rest = crate::NOTHING;
        }
        l.rest = rest;
        Ok(c as u32)
    }
}

/// Options of a builtin while they are read.
struct Letters<'f> {
    f: &'f Fields,
    /// Those that there are, a `:` behind those that take an argument.
    known: &'static [u8],
    /// Those given: bits by their place in `known`.
    set: u32,
    /// Number of the next argument: in the end, of the first operand.
    next: usize,
    rest: ZStr<'static>,
    /// Argument of the one read last.
    value: ZStr<'static>,
}

impl Letters<'_> {
    #[inline(never)]
    fn new<'f>(f: &'f Fields, known: &'static [u8]) -> Letters<'f> {
        Letters { f, known, set: 0, next: 1, rest: crate::NOTHING, value: crate::NOTHING }
    }
}

/// What options a builtin was given, in one word.
struct Given(u32);

impl Given {
    /// The set of their places among those known, and the number of the first operand.
    #[inline(always)]
    fn parts(self) -> (u32, usize) {
        (self.0 & 0xff, (self.0 >> 8) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_builtin() {
        assert_eq!(NAMES.split(|&c| c == 0).count(), TABLE.len());
        assert_eq!(find(b"return"), Some(SPECIAL - 1));
        let pure = (0..TABLE.len()).filter(|&n| is_pure(n)).count();
        assert!(pure == 16 && [&b":"[..], b"pwd"].iter().all(|name| find(name).is_some_and(is_pure)));
        assert_eq!(find(b"nosuch"), None);
    }

    #[test]
    fn reserved_words_are_quoted() {
        let mut out = Buf::new();
        quote(b"if", &mut out);
        quote(b"fi_", &mut out);
        assert_eq!(out, b"'if'fi_");
    }
}
