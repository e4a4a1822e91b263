//! Builtins about names: `alias export local readonly set unalias unset`.

use crate::expand::fields::Fields;
use crate::options::write_assignment;
use crate::parse::lexer::name_len;
use crate::vars::{Sym, DYNAMIC, EXPORT, READONLY};
use crate::{Done, Shell, R};
use sys::ToBuf;

/// `name` and `value` of an argument `name=value`.
fn parts(arg: &[u8]) -> (&[u8], Option<&[u8]>) {
    let n = arg.iter().position(|&c| c == b'=').unwrap_or(arg.len());
    (arg.get(..n).unwrap_or(&[]), arg.get(n + 1..))
}

/// IFS and OPTIND stay special; the other variables lose their meaning when they are unset (POSIX 2.5.3).
fn lasting(s: &Sym) -> u8 {
    if matches!(s.name(), [b'I', ..] | [b'O', ..]) {
        s.flags & DYNAMIC
    } else {
        0
    }
}

impl Shell<'_> {
    /// A name that is none: an error of the running builtin.
    pub(crate) fn name<'f>(&mut self, name: &'f [u8]) -> R<&'f [u8]> {
        if name.is_empty() || name_len(name) != name.len() {
            return self.refuse(c"%: bad variable name", name);
        }
        Ok(name)
    }

    /// Number of the variable before the `=` or `+=` of an argument.
    fn declared(&mut self, name: &[u8]) -> R<usize> {
        let name = self.name(name.strip_suffix(b"+").unwrap_or(name))?;
        Ok(self.vars.intern(name))
    }

    /// Writes the variables that have `flag`, by name.
    fn list_variables(&mut self, before: &[u8], flag: u8) {
        let names = self.names(b"", flag);
        for k in 0..names.len() {
            let name = names.get(k);
            if let Some(s) = self.vars.syms.get(self.vars.find(name)) {
                write_assignment(self.out, before, name, s.value());
            }
        }
    }

    pub(crate) fn unset_variable(&mut self, name: &[u8]) -> Done {
        let i = self.vars.lookup(name);
        let Some(s) = self.vars.syms.get_mut(i) else { return Ok(()) };
        if s.flags & READONLY != 0 {
            return self.readonly(i);
        }
        s.text.truncate(s.name);
        s.flags = lasting(s);
        self.vars.changed(i);
        Ok(())
    }
}

/// `export [-pn] [NAME[=VALUE]]…`, `readonly [-p] [NAME[=VALUE]]…`.
pub(crate) fn export(sh: &mut Shell, f: &Fields) -> R<u32> {
    let (before, flag): (&[u8], u8) =
        if f.z(0).first() == b'e' { (b"export ", EXPORT) } else { (b"readonly ", READONLY) };
    let (set, i) = sh.letters(f, b"pn")?.parts();
    if f.len() <= i {
        sh.list_variables(before, flag);
        return Ok(0);
    }
    for k in i..f.len() {
        let (name, value) = parts(f.get(k));
        let n = sh.declared(name)?;
        if let Some(v) = value {
            sh.assign_part(n, name, v)?;
        }
        if let Some(s) = sh.vars.syms.get_mut(n) {
            s.flags = if set & 2 != 0 { s.flags & !flag } else { s.flags | flag };
        }
    }
    Ok(0)
}

/// `local NAME[=VALUE]…`.
pub(crate) fn local(sh: &mut Shell, f: &Fields) -> R<u32> {
    if sh.depth == 0 {
        return sh.refuse(c"not in a function", b"");
    }
    for k in 1..f.len() {
        let (name, value) = parts(f.get(k));
        let n = sh.declared(name)?;
        let frame = sh.frame;
        let again = sh.locals.iter().skip(frame).any(|l| l.0 == n);
        if !again {
            sh.save_local(n);
            if let Some(s) = sh.vars.syms.get_mut(n) {
                let kept = lasting(s);
                s.flags &= !DYNAMIC | kept;
            }
        }
        match value {
            Some(v) => sh.assign_part(n, name, v)?,
            None if again => {}
            None => {
                if let Some(s) = sh.vars.syms.get_mut(n).filter(|s| s.flags & READONLY == 0) {
                    s.text.truncate(s.name);
                }
            }
        }
    }
    Ok(0)
}

/// `unset [-fv] NAME…`.
pub(crate) fn unset(sh: &mut Shell, f: &Fields) -> R<u32> {
    let (set, i) = sh.letters(f, b"fv")?.parts();
    for k in i..f.len() {
        let name = f.get(k);
        if set & 1 == 0 {
            sh.name(name)?;
            sh.unset_variable(name)?;
        } else {
            let i = sh.vars.find(name);
            if let Some(s) = sh.vars.syms.get_mut(i) {
                s.func = None;
            }
        }
    }
    Ok(0)
}

/// `set [OPTION]… [--] [ARG]…`.
pub(crate) fn set(sh: &mut Shell, f: &Fields) -> R<u32> {
    if f.len() < 2 {
        sh.list_variables(b"", 0);
        return Ok(0);
    }
    let args = f.all();
    let n = sh.read_options(args.get(1..).unwrap_or(&[]), &mut |_| false)? as usize;
    if f.len() > n + 1 || f.is(n, b"--") {
        sh.set_params(f, n + 1);
        sh.option_place = 0;
    }
    Ok(0)
}

/// `alias [NAME[=VALUE]]…`.
pub(crate) fn alias(sh: &mut Shell, f: &Fields) -> R<u32> {
    let mut status = 0;
    if f.len() < 2 {
        for (name, value) in &sh.aliases {
            show_alias(sh.out, name, value);
        }
    }
    for k in 1..f.len() {
        let (name, value) = parts(f.get(k));
        let at = sh.aliases.iter().position(|a| *a.0 >= *name).unwrap_or(sh.aliases.len());
        let found = sh.aliases.get(at).filter(|a| a.0 == name);
        match (value, found) {
            (Some(v), found) => {
                if found.is_some() {
                    sh.aliases.remove(at);
                }
                sh.aliases.insert(at, (name.buf(), v.buf()));
            }
            (None, Some(a)) => show_alias(sh.out, name, &a.1),
            (None, None) => status = sh.bad(c"%: not found", name),
        }
    }
    Ok(status)
}

fn show_alias(out: &mut sys::Out, name: &[u8], value: &[u8]) {
    write_assignment(out, b"", name, Some(value));
}

/// `unalias -a`, `unalias NAME…`.
pub(crate) fn unalias(sh: &mut Shell, f: &Fields) -> R<u32> {
    let (all, i) = sh.letters(f, b"a")?.parts();
    if all != 0 {
        sh.aliases.clear();
    }
    let mut status = 0;
    for k in i..f.len() {
        match sh.aliases.iter().position(|a| a.0 == f.get(k)) {
            Some(n) => drop(sh.aliases.remove(n)),
            None => status = sh.bad(c"%: not found", f.get(k)),
        }
    }
    Ok(status)
}
