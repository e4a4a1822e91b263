//! Parameter expansion (POSIX 2.6.2, and the operators of bash that BusyBox ash has).

use crate::decimal::decimal;
use crate::expand::fields::{Fields, OPERAND, PATTERN, QUOTED, SPLIT};
use crate::feature::BASH;
use crate::flow::{Failed, Fallible};
use crate::options::opt;
use crate::parse::tree::{byte, op, skip_word, until, LAST};
use crate::shell::Shell;
use crate::words::{name_char, name_len, name_start};
use sys::{num, Buf, ToBuf};
use util::text::pattern::{self, LONGEST};
use util::text::{after, part};

impl Shell<'_> {
    /// Value of a parameter, in one piece. `None` if it is unset.
    pub(crate) fn value_of(&mut self, name: &[u8]) -> Option<Buf> {
        let mut v = Buf::new();
        match name {
            [c] if !name_char(*c) => {
                let n = match c {
                    b'?' => self.status as i64,
                    b'#' => self.count() as i64,
                    b'$' => self.pid() as i64,
                    b'!' if self.jobs.last() == 0 => return None,
                    b'!' => self.jobs.last() as i64,
                    &LAST => match &self.last {
                        Some(v) => return Some(v.clone()),
                        None => return self.value_of(b"_"),
                    },
                    b'@' | b'*' => {
                        let mut all = Fields::default();
                        self.every(*c == b'*', &mut all, QUOTED);
                        return (self.params.len() > 0).then_some(all.bytes);
                    }
                    _ => {
                        self.opts.letters(&mut v);
                        return Some(v);
                    }
                };
                return Some(decimal(n));
            }
            [c, ..] if c.is_ascii_digit() => match num::parse_u32(name)? as usize {
                0 => v.extend_from_slice(self.arg0.bytes()),
                n => return self.params.get(n - 1).map(|p| p.buf()),
            },
            _ => return self.get(name).map(|v| v.buf()),
        }
        Some(v)
    }

    /// `$@` and `$*`.
    #[inline(never)]
    fn every(&self, star: bool, f: &mut Fields, mode: u32) {
        let (list, first) = self.params.fields();
        self.each(list, star, first, usize::MAX, f, mode);
    }

    /// How many positional parameters there are.
    #[inline(never)]
    fn count(&self) -> usize {
        self.params.len()
    }

    /// Appends `count` of `list` from number `from` on, as `$@` and `$*` have them.
    #[inline(never)]
    fn each(&self, list: &Fields, star: bool, from: usize, count: usize, f: &mut Fields, mode: u32) {
        let last = from.saturating_add(count).min(list.len());
        if from >= last && !star {
            f.nothing = !f.is_open();
        }
        let join = mode & SPLIT == 0 || star && mode & QUOTED != 0;
        for i in from..last {
            if i > from && join {
                if let Some(&c) = self.vars.ifs().first() {
                    f.byte(c, mode | QUOTED);
                }
            } else if i > from && (mode & QUOTED != 0 || f.is_open()) {
                f.end();
            }
            if mode & QUOTED != 0 {
                f.seen = true;
            }
            self.append(f, list.get(i), mode);
        }
    }

    /// Names of variables that begin with `name`, in order: those that are set, or that have `flag`.
    #[inline(never)]
    pub(crate) fn names(&mut self, name: &[u8], flag: u8) -> Fields {
        self.vars.import();
        let mut all = Buf::new();
        for s in self.vars.iter() {
            let wanted = if flag != 0 { s.has(flag) } else { s.value().is_some() };
            if wanted && s.name().starts_with(name) {
                all.extend_from_slice(s.name());
                all.push(0);
            }
        }
        let mut list = Fields::default();
        for name in &sys::sort::texts(&all) {
            list.push(name.bytes());
        }
        list
    }

    #[inline(never)]
    pub(crate) fn parameter(&mut self, c: &mut &[u8], f: &mut Fields, mode: u32) -> Fallible {
        let mut o = byte(c);
        let mut name = until(c, b'=');
        if o == op::NONE && name.first().is_some_and(|&c| name_start(c)) {
            // The usual case, without a copy of the value.
            let i = self.look_up(name);
            let Some(v) = self.vars.value(i) else { return self.unset(name) };
            self.append(f, v, mode);
            return Ok(());
        }
        self.check_depth()?;
        let target;
        if BASH && o & op::INDIRECT != 0 {
            target = self.value_of(name).unwrap_or_default();
            name = &target;
            o &= !op::INDIRECT;
            let special = matches!(name, [c] if util::text::has(b"@*#?-$!", *c));
            let usual = name_len(name) == name.len() && !name.is_empty();
            if !special && !usual && num::parse_u32(name).is_none() {
                o = op::BAD;
            }
        }
        let operator = o & 15;
        if operator == op::BAD {
            // Nobody asks what an unknown `@` would make of what is not set.
            if BASH && o != op::BAD && self.value_of(name).is_none() {
                return Ok(());
            }
            return self.refuse(c"syntax error: bad substitution", b"");
        }
        if BASH && o & !op::SECOND == op::NAMES {
            let list = self.names(name, 0);
            self.each(&list, o == op::NAMES, 0, usize::MAX, f, mode);
            return Ok(());
        }
        let star = name.first() == Some(&b'*');
        let many = star || name.first() == Some(&b'@');
        if many && o == op::NONE {
            self.every(star, f, mode);
            return Ok(());
        }
        let mut v = self.value_of(name);
        if matches!(operator, op::MINUS..=op::PLUS) {
            let usable = match &v {
                Some(v) => o & op::COLON == 0 || !v.is_empty(),
                None => false,
            };
            if usable == (operator == op::PLUS) {
                return match operator {
                    op::ASSIGN => self.default(c, name, f, mode),
                    op::ERROR => self.missing(c, name, o),
                    _ => self.expand(c, f, mode | OPERAND),
                };
            }
            skip_word(c);
            if operator == op::PLUS {
                return Ok(());
            }
            if many {
                self.every(star, f, mode);
                return Ok(());
            }
        }
        if v.is_none() && !many {
            self.unset(name)?;
        }
        match o {
            op::LENGTH => {
                let n = match &v {
                    _ if many => self.count(),
                    Some(v) => self.characters(v),
                    None => 0,
                };
                v = Some(decimal(n as i64));
            }
            _ if BASH && operator == op::SUBSTRING => {
                let (at, n) = self.range(c, o, v.as_ref().map_or(0, |v| self.characters(v)), many)?;
                if many {
                    let (list, first) = self.params.fields();
                    self.each(list, star, first + at, n, f, mode);
                    return Ok(());
                }
                v = v.map(|v| {
                    let from = self.offset(&v, at);
                    let rest = after(&v, from);
                    part(rest, 0, self.offset(rest, n)).buf()
                });
            }
            _ if operator >= op::PREFIX => {
                let p = if BASH && o == op::QUOTED { Buf::new() } else { self.string(c, PATTERN)? };
                let with = if BASH && operator >= op::REPLACE { self.string(c, 0)? } else { Buf::new() };
                if many {
                    let mut list = Fields::default();
                    let (params, first) = self.params.fields();
                    for i in first..params.len() {
                        list.push(&self.strip(o, params.get(i).buf(), &p, &with));
                    }
                    self.each(&list, star, 0, usize::MAX, f, mode);
                    return Ok(());
                }
                v = v.map(|v| self.strip(o, v, &p, &with));
            }
            _ => {}
        }
        self.append(f, &v.unwrap_or_default(), mode);
        Ok(())
    }

    /// An unset parameter was used: an error with `set -u`.
    pub(crate) fn unset(&mut self, name: &[u8]) -> Fallible {
        if !self.opts.has(opt::NOUNSET) {
            return Ok(());
        }
        self.refuse(c"%: parameter not set", name)
    }

    /// `${name=word}`.
    fn default(&mut self, c: &mut &[u8], name: &[u8], f: &mut Fields, mode: u32) -> Fallible {
        let v = self.string(c, mode & QUOTED)?;
        self.name(name).or(Err(Failed))?;
        self.assign(name, &v)?;
        self.append(f, &v, mode);
        Ok(())
    }

    /// `${name?word}`.
    fn missing(&mut self, c: &mut &[u8], name: &[u8], o: u8) -> Fallible {
        let why = self.string(c, QUOTED)?;
        if !why.is_empty() {
            let all = sys::buf::concat(&[name, b": ", &why]);
            return self.refuse(c"%", &all);
        }
        if o & op::COLON != 0 {
            return self.refuse(c"%: parameter not set or null", name);
        }
        self.refuse(c"%: parameter not set", name)
    }

    /// Start and length for `${name:offset:length}` of something `len` long.
    #[inline(never)]
    fn range(&mut self, c: &mut &[u8], o: u8, len: usize, many: bool) -> Fallible<(usize, usize)> {
        let mut at = self.number(c)?;
        let text = self.string(c, QUOTED)?;
        let len = if many { self.count() as i64 } else { len as i64 };
        if at < 0 {
            at += len + many as i64;
            if at < 0 {
                return Ok((0, 0));
            }
        }
        // Parameters count from 1.
        let at = (at - many as i64).clamp(0, len);
        let mut n = len - at;
        if o & op::SECOND != 0 {
            let k = self.arith(&text)?;
            n = if k < 0 { n + k } else { k.min(n) };
        }
        Ok((at as usize, n.max(0) as usize))
    }

    /// Number of characters.
    #[inline(never)]
    fn characters(&self, mut v: &[u8]) -> usize {
        let how = self.vars.how();
        if how & pattern::CHARACTERS == 0 {
            return v.len();
        }
        let mut n = 0;
        while !v.is_empty() {
            n += 1;
            pattern::character(&mut v, how);
        }
        n
    }

    /// `#`, `##`, `%`, `%%`, `^`, `^^`, `,`, `,,`, `@Q` and the four replacements.
    #[inline(never)]
    fn strip(&self, o: u8, mut v: Buf, p: &[u8], with: &[u8]) -> Buf {
        let long = o & 1 == 0;
        let how = self.vars.how() | (long as u32 * LONGEST);
        let cut = |from: usize, to: usize| part(&v, from, to).buf();
        match o {
            op::PREFIX | op::PREFIX_LONG => cut(pattern::prefix(p, &v, how).unwrap_or(0), v.len()),
            op::SUFFIX | op::SUFFIX_LONG => cut(0, pattern::suffix(p, &v, how).unwrap_or(v.len())),
            _ if !BASH => v,
            op::QUOTED => {
                let mut q = Buf::new();
                util::text::quote::quote_always(&v, &mut q);
                q
            }
            _ if o & op::COLON == 0 => self.put_in_place(o - op::REPLACE, v, p, with),
            _ => {
                let most = if long { v.len() } else { 1 };
                let lower = o < op::LOWER;
                for c in v.iter_mut().take(most) {
                    let wanted = c.is_ascii_alphabetic() && c.is_ascii_lowercase() == lower;
                    if wanted && (p.is_empty() || pattern::matches(p, &[*c], 0)) {
                        *c ^= 0x20; // the other case
                    }
                }
                v
            }
        }
    }

    /// Where character number `n` starts.
    #[inline(never)]
    fn offset(&self, v: &[u8], n: usize) -> usize {
        let mut rest = v;
        for _ in 0..n.min(v.len()) {
            pattern::character(&mut rest, self.vars.how());
        }
        v.len() - rest.len()
    }

    /// Kinds: 0 the first match, 1 all, 2 at the start, 3 at the end.
    fn put_in_place(&self, kind: u8, v: Buf, p: &[u8], with: &[u8]) -> Buf {
        let how = self.vars.how() | LONGEST;
        let mut out = Buf::new();
        if p.is_empty() && kind < 2 {
            return v;
        }
        if kind == 3 {
            let Some(at) = pattern::suffix(p, &v, how) else { return v };
            out.extend_from_slice(part(&v, 0, at));
            out.extend_from_slice(with);
            return out;
        }
        let mut rest = &v[..];
        loop {
            let found = pattern::prefix(p, rest, how).filter(|&n| n > 0 || kind == 2 || v.is_empty());
            let n = match found {
                Some(n) => n,
                None if kind == 2 || rest.is_empty() => break,
                None => self.offset(rest, 1),
            };
            out.extend_from_slice(if found.is_some() { with } else { part(rest, 0, n) });
            rest = after(rest, n);
            if rest.is_empty() || found.is_some() && kind != 1 || sys::caught::interrupted() {
                break;
            }
        }
        out.extend_from_slice(rest);
        out
    }
}
