//! Walks a file tree of any depth, with paths of any length, and without being led astray by links.
//!
//! It never holds more than two descriptors, and one more for each link that it has followed, and needs no stack: each directory is read to its end, files
//! are visited on the spot, names of subdirectories wait in one buffer. The way back up is `..`, and must
//! lead to the directory that we came from.

use super::id::{id, Id};
use sys::fs::{self, Dir, Fd, Statx};
use sys::{Buf, Cx, Errno, List, ToBuf, ZStr};

/// What a visit is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Anything but a directory.
    File,
    /// A directory, before its entries; answer `false` to pass over it.
    Enter,
    /// A directory, after its entries.
    Leave,
    /// A directory that was entered in vain: it cannot be opened. No `Leave` follows.
    Unreadable(Errno),
}

/// A walk, and where it is.
pub struct Walk<'w, 'c> {
    /// For messages.
    pub cx: &'w mut Cx<'c>,
    /// Path of the entry as the user would write it; of any length, so only for messages.
    pub path: Buf,
    /// The directory that the entry is in.
    pub dir: Fd,
    /// How many directories the entry is below the operand.
    pub depth: usize,
    /// Its type (S_IF…), as far as the walk knows it, else 0; of a link that is followed to a directory, that one's.
    pub kind: u32,
    /// Set by a visit to end the walk, if it is [`STOPPABLE`].
    pub stop: bool,
    /// Where its name starts in `path`.
    name: usize,
    /// Names of directories to enter, NUL-terminated.
    pending: Buf,
    levels: List<Level>,
}

/// What is called for each entry; what it answers counts for [`Step::Enter`] only.
pub type Visit<'v> = dyn FnMut(&mut Walk, Step) -> bool + 'v;

/// A directory that the walk is in or below.
struct Level {
    id: Option<Id>,
    /// Where a link was followed from.
    back: Option<Fd>,
    path: usize,
    name: usize,
    pending: usize,
}

/// Walks the tree at `operand`, whose own type is told: files before directories, directories before and
/// after their entries. Links are entries, never followed (but an operand that ends in `/` is what it
/// leads to). What cannot be read is reported, and the walk goes on.
pub fn walk(cx: &mut Cx, operand: ZStr, is_dir: bool, visit: &mut Visit) {
    walk_as(cx, operand, is_dir, 0, visit);
}

/// [`walk_as`]: links to directories are followed; one that leads to a directory above it is [`Errno::ELOOP`].
pub const FOLLOW: u32 = 1;
/// [`walk_as`]: the operand is followed.
pub const FOLLOW_OPERAND: u32 = 2;
/// [`walk_as`]: a visit may end the walk.
pub const STOPPABLE: u32 = 4;

/// As [`walk`]; `how` consists of the constants above.
// Where all callers give the same `how`, the compiler leaves out what the others need: so it is handed on, not kept.
#[inline(never)]
pub fn walk_as(cx: &mut Cx, operand: ZStr, is_dir: bool, how: u32, visit: &mut Visit) {
    let mut w = Walk {
        cx,
        path: operand.bytes().buf(),
        dir: Fd::CWD,
        depth: 0,
        kind: fs::S_IFDIR,
        stop: false,
        name: 0,
        pending: Buf::new(),
        levels: List::new(),
    };
    if is_dir {
        w.enter(visit, how);
    } else {
        w.kind = 0;
        visit(&mut w, Step::File);
    }
    while let Some(level) = w.levels.last() {
        if how & STOPPABLE != 0 && w.stop {
            break;
        }
        w.kind = fs::S_IFDIR;
        w.path.truncate(level.path);
        if w.pending.len() > level.pending {
            w.pending.pop();
            let start = w.pending.iter().rposition(|&b| b == 0).map_or(0, |n| n + 1);
            let name = w.pending.split_off(start);
            w.descend(&name);
            w.enter(visit, how);
        } else {
            w.name = level.name;
            if w.leave(how) {
                visit(&mut w, Step::Leave);
            }
        }
    }
}

impl Walk<'_, '_> {
    /// The entry's name, for calls that start at `dir`.
    #[inline(never)]
    pub fn name(&mut self) -> ZStr<'_> {
        let n = self.name;
        self.path.z_from(n)
    }

    /// The entry's own status, links not followed.
    #[inline(never)]
    pub fn stat(&mut self) -> Result<Statx, Errno> {
        let dir = self.dir;
        fs::statx(dir, self.name(), fs::AT_SYMLINK_NOFOLLOW)
    }

    /// Reports what is wrong with the entry.
    #[inline(never)]
    pub fn fail(&mut self, why: Errno) {
        self.cx.fail(&self.path, why);
    }

    #[inline(never)]
    fn descend(&mut self, name: &[u8]) {
        if self.path.last() != Some(&b'/') {
            self.path.push(b'/');
        }
        self.name = self.path.len();
        self.path.extend_from_slice(name);
    }

    /// Makes `dir` the directory that the walk is in.
    fn change(&mut self, dir: Fd) {
        // For the working directory this is EBADF, which does no harm.
        let _ = fs::close(self.dir);
        self.dir = dir;
        self.depth = self.levels.len();
    }

    /// Enters a directory: visits its files, and lists its subdirectories in `pending`.
    #[inline(never)]
    fn enter(&mut self, visit: &mut Visit, how: u32) {
        if !visit(self, Step::Enter) {
            return;
        }
        let mut flags = fs::O_RDONLY | fs::O_DIRECTORY | fs::O_NOFOLLOW | fs::O_NONBLOCK | fs::O_CLOEXEC;
        if how & FOLLOW != 0 || how & FOLLOW_OPERAND != 0 && self.levels.is_empty() {
            flags &= !fs::O_NOFOLLOW;
        }
        let parent = self.dir;
        let fd = match fs::openat(parent, self.name(), flags, 0) {
            Ok(fd) => fd,
            Err(e) => {
                visit(self, Step::Unreadable(e));
                return;
            }
        };
        let path = self.path.len();
        let (id, mut back) = (id_of(*fd), None);
        if how & FOLLOW != 0 {
            if self.levels.iter().any(|above| above.id == id) {
                visit(self, Step::Unreadable(Errno::ELOOP));
                return;
            }
            if self.stat().is_ok_and(|s| fs::kind(&s) == fs::S_IFLNK) {
                back = Some(core::mem::replace(&mut self.dir, Fd(-1)));
            }
        }
        self.levels.push(Level { id, back, path, name: self.name, pending: self.pending.len() });
        self.change(*fd);
        let mut dir = Dir::new(fd);
        loop {
            let entry = match dir.next() {
                Ok(Some(e)) => e,
                Ok(None) => break,
                Err(e) => {
                    self.fail(e);
                    break;
                }
            };
            let name = entry.name.bytes();
            self.descend(name);
            let mut kind = entry.kind as u32;
            if kind == 0 {
                // The file system does not tell. What cannot be asked is a file, and the visit meets the error.
                kind = self.stat().map_or(0, |s| fs::kind(&s) >> 12);
            }
            if how & FOLLOW != 0 && kind << 12 == fs::S_IFLNK {
                let dir = self.dir;
                let to = fs::statx(dir, self.name(), 0);
                if to.is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR) {
                    kind = fs::S_IFDIR >> 12;
                }
            }
            self.kind = kind << 12;
            if self.kind == fs::S_IFDIR {
                self.pending.extend_from_slice(name);
                self.pending.push(0);
            } else {
                visit(self, Step::File);
            }
            self.path.truncate(path);
            if how & STOPPABLE != 0 && self.stop {
                break;
            }
        }
        // It is ours now, until the walk leaves it.
        dir.into_fd().into_fd();
    }

    /// Goes back to the parent, if it is the one that we came from: while we were below, somebody may have
    /// moved the directory elsewhere. Then the walk ends with a report.
    fn leave(&mut self, how: u32) -> bool {
        let left = self.levels.pop();
        if how & FOLLOW != 0 {
            if let Some(back) = left.and_then(|l| l.back) {
                self.change(back);
                return true;
            }
        }
        let mut parent = Fd::CWD;
        if let Some(level) = self.levels.last() {
            let flags = fs::O_RDONLY | fs::O_DIRECTORY | fs::O_CLOEXEC;
            let up = fs::openat(self.dir, ZStr::new(c".."), flags, 0);
            let why = match up {
                Ok(fd) => {
                    parent = fd.into_fd();
                    if id_of(parent) == level.id {
                        None
                    } else {
                        Some(Errno::ESTALE)
                    }
                }
                Err(e) => Some(e),
            };
            if let Some(e) = why {
                self.levels.clear();
                self.fail(e);
                return false;
            }
        }
        self.change(parent);
        true
    }
}

/// Which one an open file is; fstat has no reason to fail.
#[inline(never)]
fn id_of(fd: Fd) -> Option<Id> {
    fs::fstat(fd).ok().map(|s| id(&s))
}
