//! New directories that get what cannot be told to `mkdir`: by their descriptors, so that nobody else's file does, whatever
//! is put under their names meanwhile.

use sys::fs::{self, Dir, Fd, Owned};
use sys::{Errno, ZStr};

/// Makes a directory that only its owner may enter, and opens it; `name` ends in no slash. The caller has set the umask
/// to 0.
#[inline(never)]
pub fn make(at: Fd, name: ZStr) -> Result<Owned, Errno> {
    fs::mkdirat(at, name, 0o700)?;
    open(at, name)
}

/// Opens the directory that has just been made, or none.
#[inline(never)]
pub fn open(at: Fd, name: ZStr) -> Result<Owned, Errno> {
    let mut dir = Dir::open(at, name, fs::O_NOFOLLOW)?;
    // One with something in it has taken the place of ours.
    match dir.next()? {
        None => Ok(dir.into_fd()),
        Some(_) => Err(Errno::ESTALE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn directories_are_made_once_and_for_their_owner() {
        let path = std::env::temp_dir().join(format!("mote-directory-{}", std::process::id()));
        let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        let made = make(Fd::CWD, ZStr::new(&name)).unwrap();
        fs::fchmod(*made, 0o2750).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o2750);
        assert_eq!(make(Fd::CWD, ZStr::new(&name)).unwrap_err(), Errno::EEXIST);
        std::fs::remove_dir(&path).unwrap();
    }
}
