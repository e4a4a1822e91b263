//! Error numbers and their text.

use crate::zstr::Texts;

/// A system call's error number (`man 3 errno`); the names are constants of this type.
/// A whole word, so that results of calls travel in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Errno(pub u32);

/// What a call of the kernel gives.
pub type Result<T> = core::result::Result<T, Errno>;

macro_rules! errnos {
    ($($name:ident)*) => { $(
        #[allow(missing_docs)]
        pub const $name: Errno = Errno(linux_raw_sys::errno::$name as u32);
    )* };
}

impl Errno {
    errnos! {
        EPERM ENOENT ESRCH EINTR EIO ENXIO E2BIG ENOEXEC EBADF ECHILD EAGAIN ENOMEM EACCES EFAULT ENOTBLK EBUSY
        EEXIST EXDEV ENODEV ENOTDIR EISDIR EINVAL ENFILE EMFILE ENOTTY ETXTBSY EFBIG ENOSPC ESPIPE EROFS EMLINK
        EPIPE EDOM ERANGE EDEADLK ENAMETOOLONG ENOSYS ENOTEMPTY ELOOP ENODATA EOVERFLOW EOPNOTSUPP EAFNOSUPPORT
        EADDRNOTAVAIL ETIMEDOUT ESTALE
    }

    /// The text that `strerror` (POSIX) has for it.
    pub fn text(self) -> &'static [u8] {
        for t in Texts::new(TEXTS) {
            if let [nr, text @ ..] = t {
                if *nr as u32 == self.0 {
                    return text;
                }
            }
        }
        b"Unknown error"
    }
}

// Number, text, NUL; one blob needs no pointers. The texts are the C library's, which scripts compare with.
static TEXTS: &[u8] = b"\
\x01Operation not permitted\0\
\x02No such file or directory\0\
\x03No such process\0\
\x04Interrupted system call\0\
\x05I/O error\0\
\x06No such device or address\0\
\x07Argument list too long\0\
\x08Exec format error\0\
\x09Bad file descriptor\0\
\x0aNo child processes\0\
\x0bResource temporarily unavailable\0\
\x0cOut of memory\0\
\x0dPermission denied\0\
\x0eBad address\0\
\x0fBlock device required\0\
\x10Device or resource busy\0\
\x11File exists\0\
\x12Invalid cross-device link\0\
\x13No such device\0\
\x14Not a directory\0\
\x15Is a directory\0\
\x16Invalid argument\0\
\x17Too many open files in system\0\
\x18Too many open files\0\
\x19Inappropriate ioctl for device\0\
\x1aText file busy\0\
\x1bFile too large\0\
\x1cNo space left on device\0\
\x1dIllegal seek\0\
\x1eRead-only file system\0\
\x1fToo many links\0\
\x20Broken pipe\0\
\x21Numerical argument out of domain\0\
\x22Numerical result out of range\0\
\x24File name too long\0\
\x26Function not implemented\0\
\x27Directory not empty\0\
\x28Too many levels of symbolic links\0\
\x3dNo data available\0\
\x4bValue too large for data type\0\
\x5fOperation not supported\0\
\x6eConnection timed out\0\
\x74Stale file handle\0\
\x75Structure needs cleaning\0\
\x7aDisk quota exceeded\0\
\x7bNo medium found\0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_by_its_number() {
        assert_eq!(Errno::EPERM.text(), b"Operation not permitted");
        assert_eq!(Errno::ELOOP.text(), b"Too many levels of symbolic links");
        assert_eq!(Errno(0x7b).text(), b"No medium found");
        assert_eq!(Errno(4000).text(), b"Unknown error");
    }
}
