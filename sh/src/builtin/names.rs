//! Builtins about names: `alias export local readonly set unalias unset`.

use crate::expand::fields::Fields;
use crate::feature::BASH;
use crate::flow::FlowResult;
use crate::shell::Shell;
use crate::vars::table::{EXPORT, READONLY};
use sys::{Buf, Out};
use util::text::part;
use util::text::quote::quote_always;

/// `name` and `value` of an argument `name=value`.
fn parts(arg: &[u8]) -> (&[u8], Option<&[u8]>) {
    let n = arg.iter().position(|&c| c == b'=').unwrap_or(arg.len());
    (part(arg, 0, n), arg.get(n + 1..))
}

impl Shell<'_> {
    /// Number of the variable before the `=` or `+=` of an argument.
    fn declared(&mut self, name: &[u8]) -> FlowResult<usize> {
        let name = self.name(name.strip_suffix(b"+").filter(|_| BASH).unwrap_or(name))?;
        Ok(self.vars.intern(name))
    }

    /// Writes the variables that have `flag`, by name.
    pub(crate) fn list_variables(&mut self, before: &[u8], flag: u8) {
        let names = self.names(b"", flag);
        for k in 0..names.len() {
            let name = names.get(k);
            if let Some(s) = self.vars.get(self.vars.find(name)) {
                write_assignment(self.out, before, name, s.value());
            }
        }
    }
}

/// Writes `name=value` so that the shell can read it again.
pub(crate) fn write_assignment(out: &mut Out, before: &[u8], name: &[u8], value: Option<&[u8]>) {
    out.bytes(before);
    out.bytes(name);
    if let Some(v) = value {
        out.byte(b'=');
        write_quoted(out, v);
    }
    out.byte(b'\n');
}

/// Writes `v` as [`quote_always`] has it.
#[inline(never)]
pub(crate) fn write_quoted(out: &mut Out, v: &[u8]) {
    let mut q = Buf::new();
    quote_always(v, &mut q);
    out.bytes(&q);
}

/// `export [-pn] [NAME[=VALUE]]…`, `readonly [-p] [NAME[=VALUE]]…`.
pub(crate) fn export(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
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
        if set & 2 != 0 {
            sh.vars.clear_flags(n, flag);
        } else {
            sh.vars.set_flags(n, flag);
        }
    }
    Ok(0)
}

/// `local NAME[=VALUE]…`.
pub(crate) fn local(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    if sh.nesting.functions() == 0 {
        return sh.refuse(c"not in a function", b"");
    }
    for k in 1..f.len() {
        let (name, value) = parts(f.get(k));
        let n = sh.declared(name)?;
        let again = sh.locals.of_function().iter().any(|l| l.0 == n);
        if !again {
            sh.save_local(n);
            sh.vars.make_local(n);
        }
        match value {
            Some(v) => sh.assign_part(n, name, v)?,
            None if again => {}
            None => sh.vars.clear(n),
        }
    }
    Ok(0)
}

/// `unset [-fv] NAME…`.
pub(crate) fn unset(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (set, i) = sh.letters(f, b"fv")?.parts();
    for k in i..f.len() {
        let name = f.get(k);
        if set & 1 == 0 {
            sh.name(name)?;
            sh.unset_variable(name)?;
        } else {
            let i = sh.vars.find(name);
            sh.vars.set_function(i, None);
        }
    }
    Ok(0)
}

/// `alias [NAME[=VALUE]]…`.
pub(crate) fn alias(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let mut status = 0;
    if f.len() < 2 {
        for (name, value) in sh.aliases.iter() {
            show_alias(sh.out, name, value);
        }
    }
    for k in 1..f.len() {
        let (name, value) = parts(f.get(k));
        match (value, sh.aliases.get(name)) {
            (Some(v), _) => sh.aliases.set(name, v),
            (None, Some(a)) => show_alias(sh.out, name, a),
            (None, None) => status = sh.bad(c"%: not found", name),
        }
    }
    Ok(status)
}

fn show_alias(out: &mut sys::Out, name: &[u8], value: &[u8]) {
    write_assignment(out, b"", name, Some(value));
}

/// `unalias -a`, `unalias NAME…`.
pub(crate) fn unalias(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (all, i) = sh.letters(f, b"a")?.parts();
    if all != 0 {
        sh.aliases.clear();
    }
    let mut status = 0;
    for k in i..f.len() {
        if !sh.aliases.remove(f.get(k)) {
            status = sh.bad(c"%: not found", f.get(k));
        }
    }
    Ok(status)
}
