//! Options from an applet's one declaration.
//!
//! The build turns the option lines of the usage text into a *spec*: for each option, in order, its letter
//! (or `\x01` when it has only a long name), `:` when it takes an argument, `?` when its long form may
//! take one, and the long name in parentheses; then groups of letters of which the last one given wins,
//! each behind a `|`. `ls` starts `1aA…w:(width)\x01?(color)` and ends `|1Clx`. Option number *n* is bit
//! *n* of the set.
//!
//! Syntax: POSIX.1-2024, Base Definitions 12.2, with long options as GNU has them.

use crate::zstr::position;
use crate::ZStr;

/// Most options of an applet that take arguments. One more does not compile.
pub const SLOTS: usize = 16;

/// Bit of one option in `spec`; `name` is a letter or `--long`. For constants: an unknown name does not
/// compile.
pub const fn bit(spec: &[u8], name: &[u8]) -> u64 {
    let (mut i, mut n) = (0, 0u32);
    while i < spec.len() && spec[i] != b'|' {
        let letter = spec[i];
        let mut long = 0..0;
        i += 1;
        while i < spec.len() && (spec[i] == b':' || spec[i] == b'?' || spec[i] == b'(') {
            if spec[i] == b'(' {
                long.start = i + 1;
                while spec[i] != b')' {
                    i += 1;
                }
                long.end = i;
            }
            i += 1;
        }
        if name.len() == 1 && name[0] == letter {
            return 1 << n;
        }
        if name.len() > 2 && name[0] == b'-' && name[1] == b'-' && name.len() - 2 == long.end - long.start {
            let mut k = 0;
            while k < name.len() - 2 && name[k + 2] == spec[long.start + k] {
                k += 1;
            }
            if k == name.len() - 2 {
                return 1 << n;
            }
        }
        n += 1;
    }
    panic!("no such option in the usage text")
}

/// Bits of several letters (`"vAe"`) or of one long option (`"--full-time"`).
pub const fn bits(spec: &[u8], names: &[u8]) -> u64 {
    if names.len() > 2 && names[0] == b'-' && names[1] == b'-' {
        return bit(spec, names);
    }
    let (mut i, mut all) = (0, 0);
    while i < names.len() {
        all |= bit(spec, &[names[i]]);
        i += 1;
    }
    all
}

/// Position of a single option's bit among the options that take an argument.
pub const fn slot(spec: &[u8], name: &[u8]) -> usize {
    let want = bit(spec, name);
    let (mut i, mut n, mut found) = (0, 0u32, 0);
    while i < spec.len() && 1u64 << n != want {
        i += 1;
        let mut arg = false;
        while i < spec.len() && (spec[i] == b':' || spec[i] == b'?' || spec[i] == b'(') {
            arg |= spec[i] != b'(';
            if spec[i] == b'(' {
                while spec[i] != b')' {
                    i += 1;
                }
            }
            i += 1;
        }
        if arg {
            found += 1;
        }
        n += 1;
    }
    assert!(found < SLOTS, "too many options with arguments");
    found
}

/// One option's entry in the spec, at run time.
struct Entry<'s> {
    letter: u8,
    takes: u8, // b':', b'?' or 0
    long: &'s [u8],
}

/// Takes the next entry off `spec`; `None` at its end or at the groups.
fn entry<'s>(spec: &mut &'s [u8]) -> Option<Entry<'s>> {
    let (&letter, mut rest) = spec.split_first()?;
    if letter == b'|' {
        return None;
    }
    let mut e = Entry { letter, takes: 0, long: &[] };
    while let Some((&c, tail)) = rest.split_first() {
        match c {
            b':' | b'?' => {
                e.takes = c;
                rest = tail;
            }
            b'(' => {
                let n = position(tail, b')').unwrap_or(tail.len());
                e.long = tail.get(..n).unwrap_or(&[]);
                rest = tail.get(n + 1..).unwrap_or(&[]);
            }
            _ => break,
        }
    }
    *spec = rest;
    Some(e)
}

/// Bit *n* of a set, without the 64-bit shift that 32-bit machines do by a library routine.
#[inline(never)]
pub fn nth_bit(n: u32) -> u64 {
    let word = 1u32.wrapping_shl(n);
    if n < 32 {
        word as u64
    } else {
        (word as u64) << 32
    }
}

/// What is wrong with an argument vector.
pub enum Wrong<'a> {
    /// Text of the option as the user wrote it, one letter or the long form; not known.
    Unknown(&'a [u8]),
    /// Known, but its argument is missing.
    NoArgument(&'a [u8]),
    /// A long option that takes no argument was given one.
    Extra(&'a [u8]),
}

/// One option found.
pub struct Found<'a> {
    /// Its number, counted from 0 in the spec.
    pub number: u32,
    /// Its position among those that may take an argument, if it does.
    pub slot: usize,
    /// May it take an argument?
    pub takes: bool,
    /// Its letter, 1 if it has none.
    pub letter: u8,
    /// Its argument, if it has one.
    pub value: Option<ZStr<'a>>,
}

/// Walks an argument vector (without the name in front) option by option.
pub struct Walk<'w, 'a> {
    args: &'w mut [ZStr<'a>],
    spec: &'static [u8],
    read: usize,
    kept: usize,
    cluster: Option<ZStr<'a>>,
    mix: bool,
}

impl<'w, 'a> Walk<'w, 'a> {
    /// `mix`: options may follow operands, as people type them; otherwise the first operand ends them
    /// (POSIX guideline 9).
    pub fn new(args: &'w mut [ZStr<'a>], spec: &'static [u8], mix: bool) -> Walk<'w, 'a> {
        Walk { args, spec, read: 0, kept: 0, cluster: None, mix }
    }

    fn take(&mut self) -> Option<ZStr<'a>> {
        let a = self.args.get(self.read).copied();
        self.read += 1;
        a
    }

    fn keep(&mut self, a: ZStr<'a>) {
        if let Some(slot) = self.args.get_mut(self.kept) {
            *slot = a;
            self.kept += 1;
        }
    }

    /// The next option; `None` when there are no more.
    #[inline(never)]
    #[allow(clippy::should_implement_trait)] // its items borrow nothing, but an error ends the walk
    pub fn next(&mut self) -> Option<Result<Found<'a>, Wrong<'a>>> {
        loop {
            if let Some(c) = self.cluster.take() {
                if !c.is_empty() {
                    return Some(self.short(c));
                }
            }
            let a = self.take()?;
            match a.strip_prefix(b"-") {
                Some(rest) if !rest.is_empty() => match rest.strip_prefix(b"-") {
                    Some(long) if long.is_empty() => return None,
                    Some(long) => return Some(self.long(a, long)),
                    None => self.cluster = Some(rest),
                },
                _ if self.mix => self.keep(a),
                _ => {
                    self.read -= 1;
                    return None;
                }
            }
        }
    }

    /// The argument of a short option that need not have one, glued to its letter; call it before the next `next`.
    pub fn glued(&mut self) -> Option<ZStr<'a>> {
        self.cluster.take().filter(|rest| !rest.is_empty())
    }

    fn short(&mut self, c: ZStr<'a>) -> Result<Found<'a>, Wrong<'a>> {
        let mut spec = self.spec;
        let mut f = Found { number: 0, slot: 0, takes: false, letter: c.first(), value: None };
        let (text, rest) = (c.bytes().get(..1).unwrap_or(&[]), c.rest());
        while let Some(e) = entry(&mut spec) {
            f.takes = e.takes != 0;
            if e.letter == f.letter && f.letter != 1 {
                if e.takes == b':' {
                    f.value = if rest.is_empty() { self.take() } else { Some(rest) };
                    if f.value.is_none() {
                        return Err(Wrong::NoArgument(text));
                    }
                } else {
                    self.cluster = Some(rest);
                }
                return Ok(f);
            }
            f.number += 1;
            f.slot += f.takes as usize;
        }
        // Who knows it nevertheless goes on behind it, as head does with -15.
        self.cluster = Some(rest);
        Err(Wrong::Unknown(text))
    }

    fn long(&mut self, whole: ZStr<'a>, name: ZStr<'a>) -> Result<Found<'a>, Wrong<'a>> {
        let mut spec = self.spec;
        let mut f = Found { number: 0, slot: 0, takes: false, letter: 0, value: None };
        while let Some(e) = entry(&mut spec) {
            f.takes = e.takes != 0;
            let rest = if e.long.is_empty() { None } else { name.strip_prefix(e.long) };
            if let Some(rest) = rest {
                f.letter = e.letter;
                if rest.first() == b'=' {
                    f.value = Some(rest.rest());
                }
                if rest.is_empty() && e.takes == b':' {
                    f.value = self.take();
                    if f.value.is_none() {
                        return Err(Wrong::NoArgument(whole.bytes()));
                    }
                }
                if f.value.is_some() && !f.takes {
                    return Err(Wrong::Extra(whole.bytes()));
                }
                if rest.is_empty() || f.value.is_some() {
                    return Ok(f);
                }
            }
            f.number += 1;
            f.slot += f.takes as usize;
        }
        Err(Wrong::Unknown(whole.bytes()))
    }

    /// The operands: those passed over and all that is left. Call it when `next` has given `None`.
    pub fn operands(mut self) -> &'w mut [ZStr<'a>] {
        while let Some(a) = self.take() {
            self.keep(a);
        }
        let n = self.kept;
        self.args.get_mut(..n).unwrap_or_default()
    }
}

/// Bits of the other letters in the groups that `letter` is in: the last one given wins.
pub fn rivals(spec: &'static [u8], letter: u8) -> u64 {
    let mut all = 0;
    let mut groups = spec;
    while let Some(at) = position(groups, b'|') {
        groups = groups.get(at + 1..).unwrap_or(&[]);
        let end = position(groups, b'|').unwrap_or(groups.len());
        let group = groups.get(..end).unwrap_or(&[]);
        if position(group, letter).is_none() {
            continue;
        }
        let (mut s, mut n) = (spec, 0);
        while let Some(e) = entry(&mut s) {
            if e.letter != letter && position(group, e.letter).is_some() {
                all |= nth_bit(n);
            }
            n += 1;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &[u8] = b"ab:(bee)\x01(full-time)c\x01?(color)|ac";

    fn walk(args: &[&'static core::ffi::CStr], mix: bool) -> (String, Vec<&'static [u8]>) {
        let mut v: Vec<ZStr> = args.iter().map(|a| ZStr::new(a)).collect();
        let mut w = Walk::new(&mut v, SPEC, mix);
        let mut s = String::new();
        while let Some(r) = w.next() {
            match r {
                Ok(f) => {
                    s += &f.number.to_string();
                    if let Some(v) = f.value {
                        s += &format!("={}@{}", String::from_utf8_lossy(v.bytes()), f.slot);
                    }
                }
                Err(Wrong::Unknown(t)) => return (s + "?" + core::str::from_utf8(t).unwrap(), vec![]),
                Err(Wrong::NoArgument(t)) => return (s + "!" + core::str::from_utf8(t).unwrap(), vec![]),
                Err(Wrong::Extra(t)) => return (s + "+" + core::str::from_utf8(t).unwrap(), vec![]),
            }
            s.push(' ');
        }
        (s, w.operands().iter().map(|z| z.bytes()).collect())
    }

    #[test]
    fn constants_find_bits_and_slots() {
        const { assert!(bit(SPEC, b"a") == 1 && bit(SPEC, b"c") == 8 && bit(SPEC, b"--color") == 16) };
        const { assert!(bits(SPEC, b"ac") == 9 && bits(SPEC, b"--full-time") == 4) };
        const { assert!(slot(SPEC, b"b") == 0 && slot(SPEC, b"--color") == 1) };
    }

    #[test]
    fn clusters_arguments_and_operands() {
        assert_eq!(walk(&[c"-acb", c"x", c"y"], true), ("0 3 1=x@0 ".into(), vec![&b"y"[..]]));
        assert_eq!(walk(&[c"-bx", c"-", c"-a"], true), ("1=x@0 0 ".into(), vec![&b"-"[..]]));
        assert_eq!(walk(&[c"y", c"-a"], false), ("".into(), vec![&b"y"[..], b"-a"]));
        assert_eq!(walk(&[c"y", c"-a", c"--", c"-c"], true), ("0 ".into(), vec![&b"y"[..], b"-c"]));
    }

    #[test]
    fn long_options() {
        assert_eq!(
            walk(&[c"--bee", c"x", c"--bee=y", c"--color", c"--color=z"], true).0,
            "1=x@0 1=y@0 4 4=z@1 "
        );
        assert_eq!(walk(&[c"--full-time=1"], true).0, "+--full-time=1");
        assert_eq!(walk(&[c"--ful"], true).0, "?--ful");
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(walk(&[c"-az"], true).0, "0 ?z");
        assert_eq!(walk(&[c"-b"], true).0, "!b");
        assert_eq!(walk(&[c"--bee"], true).0, "!--bee");
        assert_eq!(walk(&[c"-\x01"], true).0, "?\x01");
    }

    #[test]
    fn rivals_of_a_letter() {
        assert_eq!(rivals(SPEC, b'a'), 8);
        assert_eq!(rivals(SPEC, b'c'), 1);
        assert_eq!(rivals(SPEC, b'b'), 0);
    }
}
