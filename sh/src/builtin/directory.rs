//! `cd`, `pwd`, `umask`.

use crate::fields::Fields;
use crate::vars::EXPORT;
use crate::{Shell, R};
use sys::fs;
use sys::{Buf, ToBuf};

/// `path` from directory `from`, without `.` and `..` (POSIX cd, step 8).
fn logical(from: &[u8], path: &[u8]) -> Buf {
    let mut out = Buf::new();
    let both = [if path.starts_with(b"/") { &b""[..] } else { from }, path];
    for part in both.iter().flat_map(|p| p.split(|&c| c == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                let n = out.iter().rposition(|&c| c == b'/').unwrap_or(0);
                out.truncate(n);
            }
            _ => {
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
fn physical() -> Buf {
    let mut b = [0; 4096];
    fs::getcwd(&mut b).unwrap_or(b"").buf()
}

/// `cd [-LP] [DIR]`.
pub(crate) fn cd(sh: &mut Shell, f: &Fields) -> R<u32> {
    let (set, i) = sh.letters(f, b"PLe")?;
    let mut show = false;
    let dir = match f.get(i) {
        b"-" => {
            show = true;
            sh.get(b"OLDPWD").map(|v| v.buf())
        }
        b"" if f.len() <= i => sh.get(b"HOME").map(|v| v.buf()),
        d => Some(d.buf()),
    };
    let Some(dir) = dir else {
        return sh.bad(b"", if show { b"OLDPWD not set" } else { b"HOME not set" });
    };
    let old = sh.get(b"PWD").unwrap_or(b"").buf();
    let mut tries = alloc::vec::Vec::new();
    if !dir.starts_with(b"/") && !dir.starts_with(b".") {
        for p in sh.get(b"CDPATH").unwrap_or(b"").split(|&c| c == b':').filter(|p| !p.is_empty()) {
            let mut t = p.buf();
            t.push(b'/');
            t.extend_from_slice(&dir);
            tries.push(t);
        }
    }
    let named = tries.len();
    tries.push(dir.clone());
    for (k, t) in tries.iter_mut().enumerate() {
        let full = logical(&old, t);
        let done = if set & 1 == 0 && old.starts_with(b"/") {
            let full = full.clone();
            // A path that is too long, or has a `..` behind a link that is gone, may still work as it is.
            fs::chdir(full.z()).or_else(|e| if k < named { Err(e) } else { fs::chdir(t.z()) })
        } else {
            fs::chdir(t.z())
        };
        match done {
            Ok(()) => {
                let new = if set & 1 == 0 && old.starts_with(b"/") { full } else { physical() };
                sh.set_exported(b"OLDPWD", &old)?;
                sh.set_exported(b"PWD", &new)?;
                if show || k < named {
                    sh.out.bytes(&new);
                    sh.out.byte(b'\n');
                }
                return Ok(0);
            }
            Err(e) if k == named => {
                sh.complain_of(&[b"can't cd to ", &dir], e);
            }
            Err(_) => {}
        }
    }
    Ok(1)
}

/// `pwd [-LP]`.
pub(crate) fn pwd(sh: &mut Shell, f: &Fields) -> R<u32> {
    let (set, _) = sh.letters(f, b"PL")?;
    let dir = if set & 1 != 0 { physical() } else { sh.get(b"PWD").unwrap_or(b"").buf() };
    sh.out.bytes(&dir);
    sh.out.byte(b'\n');
    Ok(0)
}

impl Shell<'_> {
    fn set_exported(&mut self, name: &[u8], value: &[u8]) -> R {
        let i = self.vars.intern(name);
        self.assign_sym(i, value)?;
        if let Some(s) = self.vars.syms.get_mut(i) {
            s.flags |= EXPORT;
        }
        Ok(())
    }
}

/// `umask [-S] [MASK]`.
pub(crate) fn umask(sh: &mut Shell, f: &Fields) -> R<u32> {
    let (mut symbolic, mut i) = (false, 1);
    if crate::eq(f.get(1), b"-S") {
        symbolic = true;
        i = 2;
    }
    let old = fs::umask(0);
    fs::umask(old);
    if f.len() <= i {
        if symbolic {
            for (k, who) in [(6, b'u'), (3, b'g'), (0, b'o')] {
                sh.out.bytes(&[who, b'=']);
                for (bit, c) in [(4, b'r'), (2, b'w'), (1, b'x')] {
                    if old >> k & bit == 0 {
                        sh.out.byte(c);
                    }
                }
                sh.out.byte(if k == 0 { b'\n' } else { b',' });
            }
        } else {
            sh.out.number(old as u64, 8, 4, b'0');
            sh.out.byte(b'\n');
        }
        return Ok(0);
    }
    let text = f.get(i);
    let new = match sys::num::parse(text, 8) {
        Some(n) if n <= 0o777 => n as u32,
        _ => match permissions(text, !old & 0o777) {
            Some(n) => !n & 0o777,
            None => return sh.bad(b"illegal mode", text),
        },
    };
    fs::umask(new);
    Ok(0)
}

/// Symbolic mode `text` applied to `mode`, without types and special bits.
fn permissions(text: &[u8], mut mode: u32) -> Option<u32> {
    for clause in text.split(|&c| c == b',') {
        let mut who = 0;
        let mut rest = clause;
        while let [c, tail @ ..] = rest {
            who |= match c {
                b'u' => 0o700,
                b'g' => 0o070,
                b'o' => 0o007,
                b'a' => 0o777,
                _ => break,
            };
            rest = tail;
        }
        if who == 0 {
            who = 0o777;
        }
        if rest.is_empty() {
            return None;
        }
        while let [op @ (b'+' | b'-' | b'='), tail @ ..] = rest {
            rest = tail;
            let mut bits = 0;
            while let [c, tail @ ..] = rest {
                bits |= match c {
                    b'r' => 0o444,
                    b'w' => 0o222,
                    b'x' | b'X' => 0o111,
                    b'u' => (mode >> 6 & 7) * 0o111,
                    b'g' => (mode >> 3 & 7) * 0o111,
                    b'o' => (mode & 7) * 0o111,
                    b's' | b't' => 0,
                    _ => break,
                };
                rest = tail;
            }
            bits &= who;
            mode = match op {
                b'+' => mode | bits,
                b'-' => mode & !bits,
                _ => mode & !who | bits,
            };
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(mode)
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
    fn symbolic_masks() {
        assert_eq!(permissions(b"u=rwx,g=,o=", 0o755), Some(0o700));
        assert_eq!(permissions(b"g+w", 0o755), Some(0o775));
        assert_eq!(permissions(b"a-x", 0o755), Some(0o644));
        assert_eq!(permissions(b"go=u", 0o700), Some(0o777));
        assert_eq!(permissions(b"u?x", 0o755), None);
        assert_eq!(permissions(b"", 0o755), None);
    }
}
