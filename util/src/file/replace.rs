//! Atomic replacement: whoever opens a file sees the old one or the new one, whole, after a crash too.

use crate::text::number;
use sys::fs::{self, Fd};
use sys::{process, Buf, Errno};

/// Writes the file `path` anew: `fill` writes it beside the old one, under the name with a dot and our process ID behind
/// it; then it goes to the disk (`man 2 fsync`) and takes the place (`man 2 rename`). `mode` is that of the new file,
/// less the umask. What somebody else has put under that name is neither followed nor written to. After an error the old
/// file is as it was, and nothing lies beside it.
pub fn replace(path: &Buf, mode: u32, fill: &mut dyn FnMut(Fd) -> Result<(), Errno>) -> Result<(), Errno> {
    let mut beside = path.clone();
    beside.push(b'.');
    number::push(&mut beside, process::getpid() as u64, 0);
    let beside = beside.z();
    let flags = fs::O_WRONLY | fs::O_CREAT | fs::O_EXCL | fs::O_NOFOLLOW | fs::O_CLOEXEC;
    // A process that had our number may have ended in the midst of it. If there is none, that says opening.
    let _ = fs::unlinkat(Fd::CWD, beside, 0);
    let file = fs::open(beside, flags, mode)?;
    let done = fill(*file)
        .and_then(|()| fs::fsync(*file))
        .and_then(|()| fs::renameat2(Fd::CWD, beside, Fd::CWD, path.z(), 0));
    if done.is_err() {
        // The error that is told already is the one that counts.
        let _ = fs::unlinkat(Fd::CWD, beside, 0);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{symlink, PermissionsExt};
    use sys::ToBuf;

    #[test]
    fn the_old_file_or_the_new_one() {
        let dir = std::env::temp_dir().join(format!("mote-replace-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (file, foreign) = (dir.join("file"), dir.join("foreign"));
        let path = file.to_str().unwrap().as_bytes().buf();
        let names = || std::fs::read_dir(&dir).unwrap().count();

        replace(&path, 0o600, &mut |f| fs::write_all(f, b"one")).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"one");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(), 1);

        // An error leaves all as it was.
        let failed = replace(&path, 0o600, &mut |f| fs::write_all(f, b"two").and(Err(Errno::ENOSPC)));
        assert_eq!(failed, Err(Errno::ENOSPC));
        assert_eq!((std::fs::read(&file).unwrap(), names()), (b"one".to_vec(), 1));

        // A link under the name that we write to leads nobody astray.
        std::fs::write(&foreign, "foreign").unwrap();
        symlink(&foreign, format!("{}.{}", file.display(), std::process::id())).unwrap();
        replace(&path, 0o600, &mut |f| fs::write_all(f, b"three")).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"three");
        assert!(!std::fs::symlink_metadata(&file).unwrap().is_symlink());
        assert_eq!(std::fs::read(&foreign).unwrap(), b"foreign");
        std::fs::remove_dir_all(&dir).unwrap();

        // Where nothing can be made, `fill` is not called.
        assert_eq!(replace(&path, 0o600, &mut |_| unreachable!()), Err(Errno::ENOENT));
    }
}
