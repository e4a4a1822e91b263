//! `cd`, `pwd`, `umask`.

use crate::expand::fields::Fields;
use crate::flow::FlowResult;
use crate::shell::Shell;
use sys::zstr::cut;
use sys::{fs, Buf, Errno, ToBuf};
use util::file::id::is_here;
use util::file::mode;
use util::text::eq;

/// `path` from directory `from`, without `.` and `..` (POSIX cd, step 8).
fn logical(from: &[u8], path: &[u8]) -> Buf {
    let mut whole = Buf::new();
    if path.first() != Some(&b'/') {
        whole.extend_from_slice(from);
        whole.push(b'/');
    }
    whole.extend_from_slice(path);
    let mut rest = &whole[..];
    let mut out = Buf::new();
    while !rest.is_empty() {
        match cut(&mut rest, b'/') {
            b"" | b"." => {}
            b".." => {
                while !out.is_empty() && out.last() != Some(&b'/') {
                    out.pop();
                }
                out.pop();
            }
            part => {
                out.push(b'/');
                out.extend_from_slice(part);
            }
        }
    }
    if out.is_empty() {
        out.push(b'/');
    }
    out
}

/// The working directory as the kernel knows it.
fn physical() -> sys::Result<Buf> {
    let mut b = [0; fs::PATH];
    Ok(fs::getcwd(&mut b)?.buf())
}

/// PWD, if that is right, as it need not be when a script has set it; else as the kernel knows it. PWD once more if that
/// does not know it either, in a directory that is gone.
#[inline(never)]
fn here(sh: &mut Shell) -> sys::Result<Buf> {
    let told = sh.get(b"PWD").map(|v| v.buf());
    match told {
        Some(told) if is_here(told.z()) => Ok(told),
        told => physical().or_else(|e| told.ok_or(e)),
    }
}

/// Goes to `path`: where that is, as PWD tells it; `old` is PWD, empty for `-P`.
#[inline(never)]
fn go(old: &[u8], path: &Buf) -> sys::Result<Buf> {
    if old.first() == Some(&b'/') {
        let full = logical(old, path);
        if fs::chdir(full.z()).is_ok() {
            return Ok(full);
        }
    }
    // A path that is too long, or has a `..` behind a link that is gone, may still work as it is.
    fs::chdir(path.z())?;
    physical()
}

/// `cd [-LP] [DIR]`.
pub(crate) fn cd(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (set, i) = sh.letters(f, b"PLe")?.parts();
    let dir = f.get(i);
    let mut show = eq(dir, b"-");
    let dir = if show || f.len() <= i {
        let name: &[u8] = if show { b"OLDPWD" } else { b"HOME" };
        match sh.get(name) {
            Some(v) => v.buf(),
            None => {
                sh.complain(c"% not set", name);
                return Ok(1);
            }
        }
    } else {
        dir.buf()
    };
    let old = here(sh).unwrap_or_default();
    let from: &[u8] = if set & 1 == 0 { &old } else { b"" };
    let mut new = Err(Errno::ENOENT);
    // What begins with `/`, `.` or `..` as a name of its own is not looked for.
    let dots = dir.iter().take_while(|b| **b == b'.').count();
    if dots > 2 || !matches!(dir.get(dots), None | Some(b'/')) {
        let path = sh.text_of(b"CDPATH");
        let mut rest = &path[..];
        while new.is_err() && !rest.is_empty() {
            let mut t = cut(&mut rest, b':').buf();
            let far = !t.is_empty();
            if far {
                t.push(b'/');
            }
            t.extend_from_slice(&dir);
            new = go(from, &t);
            show |= far && new.is_ok();
        }
    }
    if new.is_err() {
        new = go(from, &dir);
    }
    match new {
        Ok(new) => {
            sh.set_exported(b"OLDPWD", &old)?;
            sh.set_exported(b"PWD", &new)?;
            if show {
                sh.out.shown(&new);
                sh.out.byte(b'\n');
            }
            Ok(0)
        }
        Err(e) => {
            sh.complain_of(c"can't cd to %", &dir, e);
            Ok(1)
        }
    }
}

/// `pwd [-LP]`.
pub(crate) fn pwd(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (set, _) = sh.letters(f, b"PL")?.parts();
    let dir = if set & 1 == 0 { here(sh) } else { physical() };
    let dir = match dir {
        Ok(dir) => dir,
        Err(e) => {
            sh.complain_of(c"getcwd", b"", e);
            return Ok(1);
        }
    };
    sh.out.shown(&dir);
    sh.out.byte(b'\n');
    Ok(0)
}

impl Shell<'_> {}

/// `umask [-S] [MASK]`.
pub(crate) fn umask(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (symbolic, i) = sh.letters(f, b"S")?.parts();
    let old = fs::umask(0);
    fs::umask(old);
    if f.len() <= i {
        if symbolic != 0 {
            let mut bit = 0o400;
            for &c in b"u=rwx,g=rwx,o=rwx\n" {
                let mut allowed = true;
                if matches!(c, b'r' | b'w' | b'x') {
                    allowed = old & bit == 0;
                    bit >>= 1;
                }
                if allowed {
                    sh.out.byte(c);
                }
            }
        } else {
            sh.out.number(old as u64, 8, 4, b'0');
            sh.out.byte(b'\n');
        }
        return Ok(0);
    }
    let Some(new) = new_mask(f.get(i), old) else { return Ok(sh.bad(c"illegal mode: %", f.get(i))) };
    fs::umask(new);
    Ok(0)
}

/// What `text` makes of the mask `old`: octal digits are the mask, clauses say what is allowed. `None` for what is no
/// mode or has bits beyond 0777: a mask has no place for them.
fn new_mask(text: &[u8], old: u32) -> Option<u32> {
    let n = mode::parse(text, !old & 0o777, 0).filter(|&n| n <= 0o777)?;
    let octal = text.first().is_some_and(|c| c.is_ascii_digit());
    Some(if octal { n } else { !n & 0o777 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_go_away() {
        assert_eq!(logical(b"/a/b", b"../c/./d"), b"/a/c/d");
        assert_eq!(logical(b"/a", b"../../.."), b"/");
        assert_eq!(logical(b"/a", b"//x//y/"), b"/x/y");
        assert_eq!(logical(b"/", b"."), b"/");
    }

    #[test]
    fn masks() {
        assert_eq!(new_mask(b"27", 0o22), Some(0o27));
        assert_eq!(new_mask(b"u=rwx,g=,o=", 0o22), Some(0o077));
        assert_eq!(new_mask(b"g+w", 0o22), Some(0o002));
        assert_eq!(new_mask(b"a-x", 0o22), Some(0o133));
        assert_eq!(new_mask(b"-w", 0o22), Some(0o222));
        assert_eq!(new_mask(b"go=u", 0o77), Some(0));
        for wrong in ["u?x", "", "8", "1000", "a=t", "+t", "u+s", "=rs"] {
            assert_eq!(new_mask(wrong.as_bytes(), 0o22), None, "{wrong}");
        }
    }
}
