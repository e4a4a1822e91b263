//! What the applets for kernel modules share: names, parameters, loading and removing.

use sys::fs;
use sys::module::{finit_module, MODULE_INIT_COMPRESSED_FILE};
use sys::zstr::{cut, position};
use sys::{Buf, Errno, ToBuf, ZStr};

/// What stands in front of the first dot of the last part of a path: in a module's path, its name.
#[inline(never)]
pub(crate) fn stem(path: &[u8]) -> &[u8] {
    let start = path.iter().rposition(|&b| b == b'/').map_or(0, |n| n + 1);
    let base = path.get(start..).unwrap_or_default();
    base.get(..position(base, b'.').unwrap_or(base.len())).unwrap_or_default()
}

/// Makes `_` of each `-` in names and patterns, as the kernel has its names; ranges in brackets stay.
#[inline(never)]
pub(crate) fn fold(name: &mut [u8]) {
    let mut inside = false;
    for b in name {
        match *b {
            b'[' => inside = true,
            // A bracket that is open ends with its pattern.
            b']' | ..=b' ' => inside = false,
            b'-' if !inside => *b = b'_',
            _ => {}
        }
    }
}

/// A copy after [`fold`].
#[inline(never)]
pub(crate) fn folded(name: &[u8]) -> Buf {
    let mut out = name.buf();
    fold(&mut out);
    out
}

/// The kernel's name of the module that is called `name` or lies at that path.
#[inline(never)]
pub(crate) fn canonical(name: &[u8]) -> Buf {
    folded(stem(name))
}

/// Is `name` the kernel's name of the module that is called `path` or lies there?
#[inline(never)]
pub(crate) fn is_of(path: &[u8], name: &Buf) -> bool {
    canonical(path) == **name
}

/// Takes the next word off `rest`; empty at the end.
#[inline(never)]
pub(crate) fn word<'t>(rest: &mut &'t [u8]) -> &'t [u8] {
    let mut text = *rest;
    while let [0..=b' ', tail @ ..] = text {
        text = tail;
    }
    let n = text.iter().position(|&b| b <= b' ').unwrap_or(text.len());
    let (word, tail) = text.split_at_checked(n).unwrap_or_default();
    *rest = tail;
    word
}

/// The parameters in `args` as the kernel wants them: divided by blanks, values with blanks in quotes.
#[inline(never)]
pub(crate) fn parameters(args: &[ZStr]) -> Buf {
    let mut out = Buf::new();
    for arg in args {
        if !out.is_empty() {
            out.push(b' ');
        }
        let start = out.len();
        let mut value = arg.bytes();
        out.extend_from_slice(value);
        let name = cut(&mut value, b'=');
        if position(value, b' ').is_some() && position(value, b'"').is_none() {
            out.insert(start + name.len() + 1, b'"');
            out.push(b'"');
        }
    }
    out
}

const UNKNOWN: Errno = Errno::beyond(0);
const FORMAT: Errno = Errno::beyond(1);
const PACKED: Errno = Errno::beyond(2);

/// Loads the module at `path`; EEXIST if it is loaded already. [`why_not_loaded`] has words for other errors.
#[inline(never)]
pub(crate) fn load(path: ZStr, params: ZStr) -> Result<(), Errno> {
    let file = fs::open_read(path)?;
    // The first byte of gzip, xz and zstd; of anything else the kernel itself says that it is no module.
    let mut first = [0];
    fs::read(*file, &mut first)?;
    let packed = matches!(first, [0x1f | 0xfd | 0x28]);
    let flags = if packed { MODULE_INIT_COMPRESSED_FILE } else { 0 };
    finit_module(*file, params, flags).map_err(|e| match e {
        Errno::ENOENT => UNKNOWN,
        Errno::ENOEXEC => FORMAT,
        Errno::EOPNOTSUPP | Errno::EINVAL if packed => PACKED,
        e => e,
    })
}

/// Why [`load`] failed, where the kernel's words mislead.
pub(crate) fn why_not_loaded(e: Errno) -> &'static [u8] {
    match e {
        Errno::EEXIST => b"already loaded",
        UNKNOWN => b"unknown symbol or parameter, see dmesg",
        FORMAT => b"not a module for this kernel",
        PACKED => b"compressed in a way that this kernel cannot read",
        _ => b"",
    }
}

/// Why a module was not removed, where the kernel's words mislead.
pub(crate) fn why_not_removed(e: Errno) -> &'static [u8] {
    match e {
        Errno::ENOENT => b"not loaded",
        Errno::EAGAIN => b"in use",
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_paths() {
        assert_eq!(canonical(b"kernel/a.b/snd-hda.ko.xz"), b"snd_hda");
        assert_eq!(canonical(b"x"), b"x");
        assert_eq!(canonical(b"dir/"), b"");
        let mut pattern = *b"of:N-a[0-9-]T-*";
        fold(&mut pattern);
        assert_eq!(&pattern, b"of:N_a[0-9-]T_*");
    }

    #[test]
    fn words_of_a_line() {
        let mut rest = &b" a\t b "[..];
        assert_eq!((word(&mut rest), word(&mut rest), word(&mut rest)), (&b"a"[..], &b"b"[..], &b""[..]));
    }

    #[test]
    fn values_with_blanks_are_quoted() {
        let args = [c"a=1", c"b=x y", c"flag", c"c=\"p q\"", c"d e"].map(ZStr::new);
        assert_eq!(parameters(&args), b"a=1 b=\"x y\" flag c=\"p q\" d e");
        assert_eq!(parameters(&[]), b"");
    }
}
