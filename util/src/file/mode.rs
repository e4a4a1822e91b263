//! File modes from and to text (POSIX.1-2024 chmod, EXTENDED DESCRIPTION; ls, STDOUT).

use crate::text::take;
use sys::fs::{S_IFDIR, S_IFMT};
use sys::num;

/// What the mode text `text` makes of the mode `old`: octal digits or symbolic clauses. `umask` counts
/// where a clause names nobody; the type in `old` decides about `X`. `None` when it is no mode.
pub fn parse(text: &[u8], old: u32, umask: u32) -> Option<u32> {
    if let Some(n) = num::parse(text, 8) {
        return (n < 0o10000).then_some(n as u32);
    }
    let mut mode = old & 0o7777;
    let t = &mut &*text;
    loop {
        // Bits of those named: u has set-user-ID, g set-group-ID, o nothing special, a and nobody also sticky.
        let mut who = 0;
        while let Some(n) = take(t, b"ugoa") {
            who |= match n {
                0 => 0o4700,
                1 => 0o2070,
                2 => 0o7,
                _ => 0o7777,
            };
        }
        let mask = if who == 0 { !umask & 0o7777 } else { who };
        let mut op = take(t, b"+-=")?;
        loop {
            let mut bits = 0;
            while let Some(n) = take(t, b"rwxstugoX") {
                bits |= match n {
                    0..=2 => 0o444 >> n,
                    3 => 0o6000,
                    4 => 0o1000,
                    5..=7 => (mode >> (3 * (7 - n)) & 7) * 0o111,
                    _ if old & S_IFMT == S_IFDIR || mode & 0o111 != 0 => 0o111,
                    _ => 0,
                };
            }
            bits &= mask;
            mode = match op {
                0 => mode | bits,
                1 => mode & !bits,
                // What is not named stays, and a directory's set-ID bits where only octal text tells them.
                _ => mode & !(if who == 0 { 0o7777 } else { who } & !special(old)) | bits,
            };
            match take(t, b"+-=,") {
                None => return t.is_empty().then_some(mode),
                Some(3) => break,
                Some(n) => op = n,
            }
        }
    }
}

/// Set-ID bits that `=` leaves alone, as GNU and BusyBox do: those of directories.
fn special(old: u32) -> u32 {
    if old & S_IFMT == S_IFDIR {
        0o6000
    } else {
        0
    }
}

/// The ten characters of `ls -l`: `drwxr-xr-x`.
#[inline(never)]
pub fn string(mode: u32) -> [u8; 10] {
    // By the four bits of the type.
    let kind = b"-pc-d-b---l-s---"[(mode >> 12 & 15) as usize];
    let mut text = *b"?rwxrwxrwx";
    let (mut bit, mut special) = (0o1000, 0o4000);
    for c in &mut text {
        let execute = *c == b'x';
        let on = mode & bit != 0;
        if !on {
            *c = b'-';
        }
        if execute {
            if mode & special != 0 {
                // A capital where the execute bit beneath is missing.
                *c = if special == 0o1000 { b't' } else { b's' } - 32 * !on as u8;
            }
            special >>= 1;
        }
        bit >>= 1;
    }
    text[0] = kind;
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::fs::{S_IFBLK, S_IFCHR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK};

    #[test]
    fn octal() {
        assert_eq!(parse(b"755", 0, 0), Some(0o755));
        assert_eq!(parse(b"07777", 0, 0), Some(0o7777));
        assert_eq!(parse(b"10000", 0, 0), None);
        assert_eq!(parse(b"8", 0, 0), None);
        assert_eq!(parse(b"", 0, 0), None);
    }

    #[test]
    fn symbolic() {
        let p = |t: &str| parse(t.as_bytes(), 0o640, 0o022);
        assert_eq!(p("u+x"), Some(0o740));
        assert_eq!(p("a=rwx"), Some(0o777));
        assert_eq!(p("+w"), Some(0o640));
        assert_eq!(p("=rw"), Some(0o644));
        assert_eq!(p("go="), Some(0o600));
        assert_eq!(p("g=u,o=g"), Some(0o666));
        assert_eq!(p("u=rwx,g-r+w"), Some(0o720));
        assert_eq!(p("u+s,+t"), Some(0o5640));
        assert_eq!(p("a+X"), Some(0o640));
        assert_eq!(p("ugo+t"), Some(0o640));
        assert_eq!(p("a+t"), Some(0o1640));
        assert_eq!(p("a+st,=r"), Some(0o444));
        assert_eq!(p("u+x,a+X"), Some(0o751));
        assert_eq!(parse(b"a+X", S_IFDIR | 0o600, 0), Some(0o711));
        assert_eq!(parse(b"g=rx", S_IFDIR | 0o2700, 0), Some(0o2750));
        assert_eq!(parse(b"g=rx", 0o2700, 0), Some(0o750));
        for wrong in ["u", "x", "u+q", "u+x,", ",u+x", "ux", "+-,"] {
            assert_eq!(p(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn strings() {
        assert_eq!(&string(S_IFDIR | 0o755), b"drwxr-xr-x");
        assert_eq!(&string(0o100644), b"-rw-r--r--");
        assert_eq!(&string(S_IFDIR | 0o1777), b"drwxrwxrwt");
        assert_eq!(&string(0o106644), b"-rwSr-Sr--");
        assert_eq!(&string(0o104755 | 0o1000), b"-rwsr-xr-t");
        for (kind, letter) in [
            (S_IFLNK, b'l'),
            (S_IFREG, b'-'),
            (S_IFCHR, b'c'),
            (S_IFBLK, b'b'),
            (S_IFIFO, b'p'),
            (S_IFSOCK, b's'),
            (0, b'-'),
        ] {
            assert_eq!(string(kind)[0], letter);
        }
    }
}
