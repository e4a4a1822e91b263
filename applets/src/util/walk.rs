//! Walks a file tree of any depth, with paths of any length, and without being led astray by links.
//!
//! It never holds more than two descriptors and needs no stack: each directory is read to its end, files
//! are visited on the spot, names of subdirectories wait in one buffer. The way back up is `..`, and must
//! lead to the directory that we came from.

use alloc::vec::Vec;
use sys::fs::{self, Dir, Fd, Owned, Statx};
use sys::zstr::ZBuf;
use sys::{Buf, Cx, Errno, ZStr};

/// What a visit is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Anything but a directory.
    File,
    /// A directory, before its entries; answer `false` to pass over it.
    Enter,
    /// A directory, after its entries.
    Leave,
    /// A directory that was entered in vain: it cannot be opened. No `Leave` follows.
    Unreadable(Errno),
}

/// Where the walk is.
pub(crate) struct At {
    /// Path of the entry as the user would write it; of any length, so only for messages.
    pub(crate) path: Buf,
    /// The directory that the entry is in.
    pub(crate) dir: Fd,
    /// How many directories the entry is below the operand.
    pub(crate) depth: usize,
    name: usize,
}

impl At {
    /// The entry's name, for calls that start at `dir`.
    #[inline(never)]
    pub(crate) fn name(&mut self) -> ZStr<'_> {
        let n = self.name;
        self.path.z().skip(n)
    }

    /// The entry's own status, links not followed.
    #[inline(never)]
    pub(crate) fn stat(&mut self) -> Result<Statx, Errno> {
        let dir = self.dir;
        fs::statx(dir, self.name(), fs::AT_SYMLINK_NOFOLLOW)
    }

    #[inline(never)]
    fn descend(&mut self, name: &[u8]) {
        if self.path.last() != Some(&b'/') {
            self.path.push(b'/');
        }
        self.name = self.path.len();
        self.path.extend_from_slice(name);
    }
}

/// What is called for each entry; what it answers counts for [`Step::Enter`] only.
pub(crate) type Visit<'v> = dyn FnMut(&mut Cx, &mut At, Step) -> bool + 'v;

/// A directory that the walk is in or below.
struct Level {
    id: Option<(u64, u32, u32)>,
    path: usize,
    name: usize,
    pending: usize,
}

/// Are these the same file?
#[inline(never)]
pub(crate) fn same(a: &Statx, b: &Statx) -> bool {
    a.stx_ino == b.stx_ino && a.stx_dev_major == b.stx_dev_major && a.stx_dev_minor == b.stx_dev_minor
}

/// Walks the tree at `operand`, whose own type is told: files before directories, directories before and
/// after their entries. Links are entries, never followed (but an operand that ends in `/` is what it
/// leads to). What cannot be read is reported, and the walk goes on.
#[inline(never)]
pub(crate) fn walk(cx: &mut Cx, operand: ZStr, is_dir: bool, visit: &mut Visit) {
    let mut at = At { path: operand.bytes().to_vec(), dir: Fd::CWD, depth: 0, name: 0 };
    if !is_dir {
        visit(cx, &mut at, Step::File);
        return;
    }
    let mut pending = Buf::new();
    let mut levels: Vec<Level> = Vec::new();
    let mut current: Option<Owned> = enter(cx, &mut at, &mut pending, &mut levels, visit);
    while let (Some(dir), Some(level)) = (&current, levels.last()) {
        at.dir = **dir;
        at.depth = levels.len();
        at.path.truncate(level.path);
        if pending.len() > level.pending {
            pending.pop();
            let start = pending.iter().rposition(|&b| b == 0).map_or(0, |n| n + 1);
            at.descend(pending.get(start..).unwrap_or(&[]));
            pending.truncate(start);
            if let Some(child) = enter(cx, &mut at, &mut pending, &mut levels, visit) {
                current = Some(child);
            }
            continue;
        }
        at.name = level.name;
        levels.pop();
        at.depth = levels.len();
        current = match levels.last() {
            None => None,
            Some(parent) => match up(**dir, parent) {
                Ok(fd) => Some(fd),
                Err(e) => return cx.fail(&at.path, e),
            },
        };
        at.dir = current.as_deref().copied().unwrap_or(Fd::CWD);
        visit(cx, &mut at, Step::Leave);
    }
}

/// The parent of `dir`, if it is the one that we came from: while we were below, somebody may have moved
/// the directory elsewhere.
fn up(dir: Fd, parent: &Level) -> Result<Owned, Errno> {
    let fd = fs::openat(dir, ZStr::new(c".."), fs::O_RDONLY | fs::O_DIRECTORY | fs::O_CLOEXEC, 0)?;
    if id(*fd) == parent.id {
        Ok(fd)
    } else {
        Err(Errno::ESTALE)
    }
}

/// Inode and device of an open file; fstat has no reason to fail.
#[inline(never)]
fn id(fd: Fd) -> Option<(u64, u32, u32)> {
    fs::fstat(fd).ok().map(|s| (s.stx_ino, s.stx_dev_major, s.stx_dev_minor))
}

/// Enters a directory: visits its files, and lists its subdirectories in `pending`.
#[inline(never)]
fn enter(
    cx: &mut Cx,
    at: &mut At,
    pending: &mut Buf,
    levels: &mut Vec<Level>,
    visit: &mut Visit,
) -> Option<Owned> {
    if !visit(cx, at, Step::Enter) {
        return None;
    }
    let flags = fs::O_RDONLY | fs::O_DIRECTORY | fs::O_NOFOLLOW | fs::O_NONBLOCK | fs::O_CLOEXEC;
    let parent = at.dir;
    let fd = match fs::openat(parent, at.name(), flags, 0) {
        Ok(fd) => fd,
        Err(e) => {
            visit(cx, at, Step::Unreadable(e));
            return None;
        }
    };
    levels.push(Level { id: id(*fd), path: at.path.len(), name: at.name, pending: pending.len() });
    let mut dir = Dir::new(fd);
    let length = at.path.len();
    at.dir = dir.fd();
    at.depth = levels.len();
    loop {
        let entry = match dir.next() {
            Ok(Some(e)) => e,
            Ok(None) => break,
            Err(e) => {
                cx.fail(&at.path, e);
                break;
            }
        };
        at.descend(entry.name.bytes());
        let mut kind = entry.kind as u32;
        if kind == 0 {
            // The file system does not tell. What cannot be asked is a file, and the visit meets the error.
            kind = at.stat().map_or(0, |s| fs::kind(&s) >> 12);
        }
        if kind << 12 == fs::S_IFDIR {
            pending.extend_from_slice(entry.name.bytes());
            pending.push(0);
        } else {
            visit(cx, at, Step::File);
        }
        at.path.truncate(length);
    }
    Some(dir.into_fd())
}
