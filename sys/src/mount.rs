//! Mounting (`man 2 mount`, `man 2 umount2`).

use crate::{done, sys3, sys6, Result, ZStr};
pub use linux_raw_sys::general::{
    MNT_DETACH, MNT_EXPIRE, MNT_FORCE, MS_BIND, MS_DIRSYNC, MS_I_VERSION, MS_LAZYTIME, MS_MANDLOCK, MS_MOVE,
    MS_NOATIME, MS_NODEV, MS_NODIRATIME, MS_NOEXEC, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_RELATIME,
    MS_REMOUNT, MS_SHARED, MS_SILENT, MS_SLAVE, MS_STRICTATIME, MS_SYNCHRONOUS, MS_UNBINDABLE,
    UMOUNT_NOFOLLOW,
};

/// `man 2 mount`; flags are MS_…, `data` is what the file system itself understands.
#[inline(never)]
pub fn mount(source: ZStr, target: ZStr, fstype: ZStr, flags: u32, data: Option<ZStr>) -> Result<()> {
    let data = data.map_or(core::ptr::null(), |d| d.as_ptr());
    // SAFETY: all strings are NUL-terminated.
    done(unsafe { sys6!(__NR_mount, source.as_ptr(), target.as_ptr(), fstype.as_ptr(), flags, data) })
}

/// `man 2 umount2`.
#[inline(always)]
pub fn umount2(target: ZStr, flags: u32) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_umount2, target.as_ptr(), flags) })
}

/// Takes the next field off a line of fstab, /proc/mounts or /proc/swaps (`man 5 fstab`). It ends at a blank, a tab or a
/// newline, whose place its NUL takes, so a field with no byte behind it is not found. `\ooo` becomes the byte that
/// it stands for. `None` at the end of the line.
#[inline(never)]
pub fn field<'a>(line: &mut &'a mut [u8]) -> Option<ZStr<'a>> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n');
    let l = core::mem::take(line);
    let start = l.iter().position(|b| !blank(b))?;
    let l = l.get_mut(start..)?;
    let end = l.iter().position(blank)?;
    let (f, rest) = l.split_at_mut_checked(end + 1)?;
    *line = rest;
    let (mut from, mut to) = (0, 0);
    while let Some(&b) = f.get(from).filter(|_| from < end) {
        from += 1;
        let mut byte = b;
        if b == b'\\' {
            if let Some(&[x @ b'0'..=b'3', y @ b'0'..=b'7', z @ b'0'..=b'7']) = f.get(from..from + 3) {
                byte = (x & 3) << 6 | (y & 7) << 3 | z & 7;
                from += 3;
            }
        }
        *f.get_mut(to)? = byte;
        to += 1;
    }
    let f = f.get_mut(..to + 1)?;
    *f.last_mut()? = 0;
    ZStr::from_bytes_with_nul(f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_line() {
        let mut text = *b" /dev/a\\040b\\134\t/x\\09 \\101 \\end";
        let mut line = &mut text[..];
        assert_eq!(field(&mut line).unwrap().bytes(), b"/dev/a b\\");
        assert_eq!(field(&mut line).unwrap().bytes(), b"/x\\09");
        assert_eq!(field(&mut line).unwrap().bytes(), b"A");
        assert!(field(&mut line).is_none()); // nothing behind it that could become the NUL
        assert!(field(&mut &mut { *b" \n" }[..]).is_none());
        assert!(field(&mut &mut [][..]).is_none());
    }
}
