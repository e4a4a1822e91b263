//! Error numbers and their text.

use crate::Out;
use core::num::NonZeroU32;

/// A system call's error number (`man 3 errno`); the names are constants of this type.
// A whole word, so that a `Result` is passed in registers; never 0, so that one without a value takes one register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Errno(NonZeroU32);

/// What a call of the kernel gives.
pub type Result<T> = core::result::Result<T, Errno>;

macro_rules! errnos {
    ($($name:ident)*) => { $(
        #[allow(missing_docs)]
        pub const $name: Errno = match NonZeroU32::new(linux_raw_sys::errno::$name as u32) {
            Some(n) => Errno(n),
            None => panic!(),
        };
    )* };
}

impl Errno {
    errnos! {
        EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY
        EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK
        EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOSYS ENOTEMPTY ELOOP ENODATA EOVERFLOW EOPNOTSUPP EAFNOSUPPORT
        EADDRNOTAVAIL ETIMEDOUT ESTALE
    }

    /// The error of a system call that returned `r`, which is −4095 to −1.
    pub(crate) fn of(r: isize) -> Errno {
        debug_assert!((-4095..0).contains(&r));
        // SAFETY: it is not 0, since the kernel returns no other negative value but addresses (`man 2 syscall`).
        Errno(unsafe { NonZeroU32::new_unchecked(-r as u32) })
    }

    /// Number `n` of the errors that an applet has of its own; the kernel's end at 4095.
    pub const fn beyond(n: u8) -> Errno {
        // SAFETY: not 0.
        Errno(unsafe { NonZeroU32::new_unchecked(4096 + n as u32) })
    }

    /// The number.
    pub fn number(self) -> u32 {
        self.0.get()
    }

    /// Writes the text that `strerror` (POSIX) has for it.
    #[inline(never)]
    pub fn write(self, out: &mut Out) {
        let mut bit = 0;
        // The number less that of the text being read: 0 when the text is found.
        let mut left = self.number();
        // 0 if a number comes next, else what is added to a code to make a letter.
        let mut case = 0;
        loop {
            // SAFETY: the last text is for every number, so the loop ends at its end, which is within the bytes.
            let pair = unsafe { [*PACKED.get_unchecked(bit >> 3), *PACKED.get_unchecked((bit >> 3) + 1)] };
            let code = u16::from_le_bytes(pair) as u32 >> (bit & 7) & 31;
            bit += 5;
            if case == 0 {
                left = if code == 0 { 0 } else { left.wrapping_sub(code) };
                case = 0x40;
            } else if code == 0 {
                if left == 0 {
                    return;
                }
                case = 0;
            } else if code > BLANK {
                case = (code & 3) << 5;
            } else if left == 0 {
                out.byte(if code == BLANK { b' ' } else { (case + code) as u8 });
                case = 0x60;
            }
        }
    }
}

// For each error the difference of its number to the one before, and its text. The texts are the C library's, which
// scripts compare with. The last one is for all other numbers.
const TEXTS: &[u8] = b"\
\x01Operation not permitted\0\
\x01No such file or directory\0\
\x01No such process\0\
\x01Interrupted system call\0\
\x01I/O error\0\
\x01No such device or address\0\
\x01Argument list too long\0\
\x01Exec format error\0\
\x01Bad file descriptor\0\
\x01No child processes\0\
\x01Resource temporarily unavailable\0\
\x01Out of memory\0\
\x01Permission denied\0\
\x01Bad address\0\
\x01Block device required\0\
\x01Device or resource busy\0\
\x01File exists\0\
\x01Invalid cross-device link\0\
\x01No such device\0\
\x01Not a directory\0\
\x01Is a directory\0\
\x01Invalid argument\0\
\x01Too many open files in system\0\
\x01Too many open files\0\
\x01Inappropriate ioctl for device\0\
\x01Text file busy\0\
\x01File too large\0\
\x01No space left on device\0\
\x01Illegal seek\0\
\x01Read-only file system\0\
\x01Too many links\0\
\x01Broken pipe\0\
\x01Numerical argument out of domain\0\
\x01Numerical result out of range\0\
\x02File name too long\0\
\x02Function not implemented\0\
\x01Directory not empty\0\
\x01Too many levels of symbolic links\0\
\x15No data available\0\
\x0eValue too large for data type\0\
\x14Operation not supported\0\
\x0fConnection timed out\0\
\x06Stale file handle\0\
\x01Structure needs cleaning\0\
\x05Disk quota exceeded\0\
\x01No medium found\0\
\x00Unknown error\0";

/// Codes that are not letters: a blank; the next code is a sign; the next code is a capital letter.
const BLANK: u32 = 27;
const SIGN: u32 = 29;
const CAPITAL: u32 = 30;

/// [`TEXTS`] in codes of five bits, from the low end of each byte on: the number, then letters by their place in the
/// alphabet, the first of them a capital, then 0.
static PACKED: [u8; packed(&mut [0; TEXTS.len()])] = {
    let mut all = [0; TEXTS.len()];
    packed(&mut all);
    let mut p = [0; packed(&mut [0; TEXTS.len()])];
    let mut i = 0;
    while i < p.len() {
        p[i] = all[i];
        i += 1;
    }
    p
};

/// Packs the texts into `to`. The number of bytes, one more included, which may be read but is not used.
const fn packed(to: &mut [u8; TEXTS.len()]) -> usize {
    let (mut bit, mut i) = (0, 0);
    // Place in the text: 0 is the number, 1 the first letter.
    let mut place = 0;
    while i < TEXTS.len() {
        let c = TEXTS[i] as u32;
        let mut code = c & 31;
        if place > 1 {
            code = match TEXTS[i] {
                b' ' => BLANK,
                b'-' | b'/' => SIGN | code << 5,
                b'A'..=b'Z' => CAPITAL | code << 5,
                _ => code,
            };
        }
        place = if c == 0 && place > 0 { 0 } else { place + 1 };
        loop {
            to[bit / 8] |= ((code & 31) << (bit % 8)) as u8;
            to[bit / 8 + 1] |= ((code & 31) << (bit % 8) >> 8) as u8;
            bit += 5;
            code >>= 5;
            if code == 0 {
                break;
            }
        }
        i += 1;
    }
    bit.div_ceil(8) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: u32) -> Vec<u8> {
        let mut out = Out::memory();
        Errno::of(-(number as isize)).write(&mut out);
        out.take().to_vec()
    }

    #[test]
    fn every_text_is_found_by_its_number() {
        assert_eq!(text(Errno::EPERM.number()), b"Operation not permitted");
        assert_eq!(text(Errno::EIO.number()), b"I/O error");
        assert_eq!(text(Errno::ENOMEM.number()), b"Out of memory");
        assert_eq!(text(Errno::EXDEV.number()), b"Invalid cross-device link");
        assert_eq!(text(Errno::ENAMETOOLONG.number()), b"File name too long");
        assert_eq!(text(Errno::ELOOP.number()), b"Too many levels of symbolic links");
        assert_eq!(text(0x7b), b"No medium found");
    }

    #[test]
    fn all_texts_are_packed() {
        let (mut number, mut rest) = (0, TEXTS);
        while let [step, tail @ ..] = rest {
            number = if *step == 0 { 4000 } else { number + *step as u32 };
            let end = tail.iter().position(|&c| c == 0).unwrap();
            assert_eq!(text(number), tail[..end]);
            rest = &tail[end + 1..];
        }
        assert_eq!(number, 4000);
        for unknown in [35, 37, 41, 60, 124] {
            assert_eq!(text(unknown), b"Unknown error");
        }
    }
}
