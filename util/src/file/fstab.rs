//! Tables of file systems: /etc/fstab and /proc/self/mounts (`man 5 fstab`).

use sys::buf::concat;
use sys::fs::{self, Fd};
use sys::mount::field;
use sys::zstr::cut;
use sys::{caller, num, Buf, List, ToBuf, ZStr};

/// What the kernel says is mounted.
pub static MOUNTS: &core::ffi::CStr = c"/proc/self/mounts";

/// One line of a table.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// What is mounted: a device, or what stands for one.
    pub device: ZStr<'a>,
    /// Where.
    pub dir: ZStr<'a>,
    /// The file system's type.
    pub kind: ZStr<'a>,
    /// With commas between them.
    pub options: ZStr<'a>,
}

/// The lines of a table that name a device and a directory at least.
#[inline(never)]
pub fn lines(text: &mut Buf) -> List<Line<'_>> {
    let mut all = List::new();
    // So that each field has a byte behind it.
    text.push(b'\n');
    for line in text.split_inclusive_mut(|&b| b == b'\n') {
        // A device may begin with `#`, which is written as a code.
        if line.iter().find(|b| !matches!(b, b' ' | b'\t')) == Some(&b'#') {
            continue;
        }
        let mut rest = line;
        let Some(device) = field(&mut rest) else { continue };
        let Some(dir) = field(&mut rest) else { continue };
        let kind = field(&mut rest).unwrap_or(ZStr::new(c"auto"));
        let options = field(&mut rest).unwrap_or(ZStr::new(c"defaults"));
        all.push(Line { device, dir, kind, options });
    }
    all
}

/// Is `name` in the comma list? A list that starts with `no` is one of those that are not meant.
#[inline(never)]
pub fn meant(list: Option<ZStr>, name: ZStr) -> bool {
    let Some(list) = list else { return true };
    let bare = list.strip_prefix(b"no");
    let not = bare.is_some();
    let mut rest = bare.unwrap_or(list).bytes();
    while !rest.is_empty() {
        let word = cut(&mut rest, b',');
        if name.is(word) || (not && name.is(word.strip_prefix(b"no").unwrap_or(word))) {
            return !not;
        }
    }
    not
}

/// The path `start` with the number `n` behind it.
#[inline(never)]
pub fn numbered(start: &[u8], n: u32) -> Buf {
    let mut digits = [0; 64];
    concat(&[start, num::digits(&mut digits, n as u64, 10)])
}

/// The path without links and dots, as the kernel knows it; without /proc as it is. What the caller must not see is not
/// looked for.
#[inline(never)]
pub fn canonical(path: ZStr) -> Buf {
    let mut out = path.bytes().buf();
    if let Ok(f) = caller::open(path, fs::O_PATH | fs::O_CLOEXEC, 0) {
        let link = numbered(b"/proc/self/fd/", f.0 as u32);
        let mut to = Buf::new();
        to.pad(4096, 0);
        if let Ok(to) = fs::readlinkat(Fd::CWD, link.z(), &mut to) {
            out.clear();
            out.extend_from_slice(to);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::ToBuf;

    #[test]
    fn lines_of_a_table() {
        let mut t =
            b" # comment\n\n/dev/a\\040b /x ext2 ro,noauto 0 0\nproc\t/proc proc\nshort\n\\043c /y\n".buf();
        let show: Vec<String> = lines(&mut t)
            .iter()
            .map(|l| {
                [l.device, l.dir, l.kind, l.options]
                    .map(|z| String::from_utf8_lossy(z.bytes()).into_owned())
                    .join("|")
            })
            .collect();
        assert_eq!(show, ["/dev/a b|/x|ext2|ro,noauto", "proc|/proc|proc|defaults", "#c|/y|auto|defaults"]);
    }

    #[test]
    fn lists_of_types() {
        let m = |l: &'static core::ffi::CStr, n: &'static core::ffi::CStr| {
            meant(Some(ZStr::new(l)), ZStr::new(n))
        };
        assert!(m(c"ext2,vfat", c"vfat") && !m(c"ext2,vfat", c"proc"));
        assert!(!m(c"noext2,vfat", c"vfat") && m(c"noext2,vfat", c"proc"));
        assert!(!m(c"noext2,novfat", c"vfat") && !m(c"ext", c"ext2"));
        assert!(meant(None, ZStr::new(c"x")));
    }
}
