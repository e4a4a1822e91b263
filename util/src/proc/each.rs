//! All processes of /proc, one after the other, for who looks for some of them by name (`man 5 proc`).

use super::stat::{load, path, Process};
use sys::fs::{self, Dir, Fd};
use sys::{num, Errno, ZStr};

/// Bytes of a command line that are looked at.
const LINE: usize = if cfg!(mote_nommu) { 512 } else { 2048 };

/// Calls `with` for each process and its command line, in which NULs end the words, by their numbers.
#[inline(never)]
pub fn each(with: &mut dyn FnMut(&Process, &[u8])) -> Result<(), Errno> {
    let mut dir = Dir::open(Fd::CWD, ZStr::new(c"/proc"), 0)?;
    let proc = dir.fd();
    // A folder that is not the kernel's tells nothing, and that is no answer.
    fs::statx(proc, ZStr::new(c"self"), 0)?;
    while let Some(e) = dir.next()? {
        let folder = e.name.bytes();
        let Some(pid) = num::parse_u32(folder) else { continue };
        let mut line = [0; LINE];
        let read = load(proc, folder)
            .and_then(|p| Ok((p, fs::read_start(proc, path(folder, b"cmdline").z(), &mut line)?)));
        match read {
            Ok((mut p, line)) => {
                (p.pid, p.tid) = (pid, pid);
                with(&p, line);
            }
            // It has ended, or it may not be looked at.
            Err(Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM) => {}
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

/// What follows the last slash.
fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|&b| b == b'/').next().unwrap_or_default()
}

/// Has a process with this name and command line the name `wanted`: its own, which the kernel cuts after 15 bytes, or
/// that of its file or, with `scripts`, of its script? A path is that of its file (BusyBox `find_pid_by_name`).
#[inline(never)]
pub fn is_named(comm: &[u8], line: &[u8], wanted: &[u8], scripts: bool) -> bool {
    let mut words = line.split(|&b| b == 0);
    let first = words.next().unwrap_or_default();
    let first = first.strip_prefix(b"-").unwrap_or(first);
    let second = words.next().unwrap_or_default();
    let cut = comm.len() == 15 && wanted.starts_with(comm);
    let is = comm == wanted
        || first == wanted
        || base(first) == wanted
        || (scripts || cut) && base(second) == wanted;
    is && !wanted.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let named = |comm: &str, line: &str, wanted: &str, scripts| {
            is_named(comm.as_bytes(), line.as_bytes(), wanted.as_bytes(), scripts)
        };
        assert!(named("sh", "-sh\0", "sh", false) && named("x", "/bin/sh\0-c\0", "sh", false));
        assert!(named("x", "/bin/sh\0", "/bin/sh", false) && !named("x", "/bin/sh\0", "/sbin/sh", false));
        assert!(named("a-name-of-many-", "sh\0./a-name-of-many-bytes\0", "a-name-of-many-bytes", false));
        assert!(named("x", "sh\0./s\0", "s", true) && !named("x", "sh\0./s\0", "s", false));
        assert!(!named("kthreadd", "", "", true));
    }

    #[test]
    fn we_are_among_them() {
        let (own, mut seen, mut last) = (sys::process::getpid(), false, 0);
        each(&mut |p, line| {
            assert!(p.pid > last);
            last = p.pid;
            seen |= p.pid == own && !line.is_empty();
        })
        .unwrap();
        assert!(seen);
    }
}
