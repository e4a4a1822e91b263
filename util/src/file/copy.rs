//! Copies of files and file trees, with all that belongs to them if it is asked for: for cp, and for mv between file
//! systems.

mod data;

use super::directory;
use super::id::{id, same, Id};
use super::path::join;
use super::target::arrow;
use super::walk::{walk, walk_as, Step, Walk, FOLLOW, FOLLOW_OPERAND};
use super::{ask, attribute};
use data::data;
use sys::fs::{self, Fd, Owned, Statx, Timestamp};
use sys::time::Timespec;
use sys::{process, Buf, Cx, Errno, List, ToBuf, ZStr};

/// What is kept: permissions with set-ID and sticky bits.
pub const MODE: u32 = 1 << 4;
/// Owner and group.
pub const OWNER: u32 = 1 << 5;
/// Times of access and modification.
pub const TIMES: u32 = 1 << 6;
/// Hard links among what is copied.
pub const LINKS: u32 = 1 << 7;
/// Extended attributes, where both file systems have them.
pub const ATTRIBUTES: u32 = 1 << 8;
/// What cannot be opened is removed.
pub const FORCE: u32 = 1 << 9;
/// What is there is removed first.
pub const REMOVE: u32 = 1 << 10;
/// What is there stays.
pub const KEEP: u32 = 1 << 11;
/// Asks before something is replaced.
pub const ASK: u32 = 1 << 12;
/// What is not older stays.
pub const UPDATE: u32 = 1 << 13;
/// Hard links instead of copies.
pub const HARD: u32 = 1 << 14;
/// Symbolic links instead of copies.
pub const SYMBOLIC: u32 = 1 << 15;
/// Tells each copy on standard output.
pub const VERBOSE: u32 = 1 << 16;
/// Stays on the file system of the operand.
pub const ONE_SYSTEM: u32 = 1 << 17;
/// What is in a device or a pipe is copied, not the device or pipe itself.
pub const CONTENTS: u32 = 1 << 19;
/// Something may be there already: for cp. mv makes a new tree, from files that must not change.
const OVER: u32 = 1 << 18;

const SAME: Errno = Errno::beyond(1);
const INSIDE: Errno = Errno::beyond(2);

/// Files with several links that were met: which, and where their copy's path starts in `paths`.
#[derive(Default)]
pub struct Known {
    links: List<(Id, usize)>,
    paths: Buf,
}

/// A copy that is being made.
struct Copy<'a> {
    /// Path of the copy's root.
    root: &'a mut Buf,
    /// Length of the original's path.
    operand: usize,
    /// The copy of the directory that the walk is in, unless that is where `root` starts from.
    dir: Option<Owned>,
    known: &'a mut Known,
    umask: u32,
    /// Is the error about the copy, not about the original?
    at_copy: bool,
    /// Is the directory to be passed over?
    pass: bool,
    /// For each directory above, was it made here?
    made: Buf,
    /// The root of the copy, and the device of the original's.
    top: Option<Id>,
    device: (u32, u32),
}

impl<'a> Copy<'a> {
    fn new(operand: ZStr, root: &'a mut Buf, known: &'a mut Known, umask: u32) -> Copy<'a> {
        // Slashes behind it belong to what follows.
        let operand = operand.bytes().iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
        let (dir, made, top, device) = (None, Buf::new(), None, (0, 0));
        Copy { root, operand, dir, known, umask, at_copy: false, pass: false, made, top, device }
    }
}

/// Copies the tree at `operand` to `root`, which must not exist: data with their holes, modes, owners,
/// times, symbolic links, devices, fifos, and hard links within the tree. Reports what goes wrong; is the
/// copy complete? What cannot be kept of owner, mode or times is told and is no failure (POSIX, mv 6).
///
/// The caller has set the umask to 0.
pub fn tree(cx: &mut Cx, operand: ZStr, is_dir: bool, root: &mut Buf) -> bool {
    let mut known = Known::default();
    let mut copy = Copy::new(operand, root, &mut known, 0);
    let before = core::mem::take(&mut cx.status);
    walk(cx, operand, is_dir, &mut |w, step| match copy.step(w, step, MODE | OWNER | TIMES | LINKS) {
        Ok(()) => true,
        Err(e) => {
            w.fail(e);
            false
        }
    });
    // The walk itself reports too what it cannot read.
    let complete = cx.status == 0;
    cx.status |= before;
    complete
}

/// Copies what is at `operand` to `root`, where something may be, for cp: `how` consists of the constants above and of
/// [`FOLLOW`] and [`FOLLOW_OPERAND`]. Reports what goes wrong.
///
/// The caller has set the umask to 0; it was `umask` before.
pub fn over(
    cx: &mut Cx,
    operand: ZStr,
    is_dir: bool,
    root: &mut Buf,
    how: u32,
    umask: u32,
    known: &mut Known,
) {
    let copy = &mut Copy::new(operand, root, known, umask);
    walk_as(cx, operand, is_dir, how & (FOLLOW | FOLLOW_OPERAND), &mut |w, step| {
        copy.at_copy = false;
        copy.pass = false;
        match copy.step(w, step, how | OVER) {
            Ok(()) => !copy.pass,
            Err(e) => {
                copy.fail(w, e);
                false
            }
        }
    });
}

impl Copy<'_> {
    /// Where the copy of the entry is: a directory, and a name for calls that start there.
    #[inline(never)]
    fn target<'t>(&'t self, w: &'t mut Walk) -> (Fd, ZStr<'t>) {
        match &self.dir {
            Some(d) if w.depth > 0 => (**d, w.name()),
            _ => (Fd::CWD, self.root.z()),
        }
    }

    /// Its path, for messages.
    #[inline(never)]
    fn path(&self, w: &Walk) -> Buf {
        let mut path = self.root.buf();
        if let Some([b'/', rest @ ..]) = w.path.get(self.operand..).filter(|_| w.depth > 0) {
            join(&mut path, rest);
        }
        path
    }

    fn fail(&mut self, w: &mut Walk, e: Errno) {
        let to = self.path(w);
        match e {
            SAME => w.cx.error(&arrow(w.path.z(), &to), b"these are the same file"),
            INSIDE => w.cx.error(&arrow(w.path.z(), &to), b"a directory cannot be copied into itself"),
            e if self.at_copy => w.cx.fail(&to, e),
            e => w.fail(e),
        }
    }

    /// The status of the original, links followed as `how` says.
    #[inline(never)]
    fn stat(&self, w: &mut Walk, how: u32) -> Result<Statx, Errno> {
        if follows(w, how) {
            let dir = w.dir;
            return fs::statx(dir, w.name(), 0);
        }
        w.stat()
    }

    fn step(&mut self, w: &mut Walk, step: Step, how: u32) -> Result<(), Errno> {
        match step {
            Step::File => self.file(w, how),
            Step::Enter if how & OVER != 0 => self.enter(w, how),
            Step::Enter => {
                let (dir, name) = self.target(w);
                self.dir = Some(directory::make(dir, name)?);
                Ok(())
            }
            Step::Leave => self.leave(w, how),
            Step::Unreadable(e) => self.leave(w, how).and(Err(e)),
        }
    }

    /// Makes a directory, or takes the one that is there.
    fn enter(&mut self, w: &mut Walk, how: u32) -> Result<(), Errno> {
        let s = &self.stat(w, how);
        let s = match s {
            Ok(s) => s,
            Err(e) => return Err(*e),
        };
        let operand = w.depth == 0;
        if self.top == Some(id(s)) && !operand {
            return Err(INSIDE);
        }
        let device = (s.stx_dev_major, s.stx_dev_minor);
        self.at_copy = true;
        let (dir, name) = self.target(w);
        let (opened, made) = match directory::make(dir, name) {
            Err(Errno::EEXIST) => {
                let nofollow = if operand { 0 } else { fs::O_NOFOLLOW };
                let flags = fs::O_RDONLY | fs::O_DIRECTORY | fs::O_CLOEXEC | nofollow;
                (fs::openat(dir, name, flags, 0)?, false)
            }
            r => (r?, true),
        };
        if operand {
            let there = fs::fstat(*opened)?;
            if same(&there, s) {
                return Err(SAME);
            }
            self.top = Some(id(&there));
            self.device = device;
        }
        self.told(w, how);
        self.made.push(made as u8);
        self.dir = Some(opened);
        self.pass = how & ONE_SYSTEM != 0 && device != self.device;
        if self.pass {
            return self.leave(w, how);
        }
        Ok(())
    }

    fn leave(&mut self, w: &mut Walk, how: u32) -> Result<(), Errno> {
        let Some(copy) = self.dir.take() else { return Ok(()) };
        if w.depth > 0 {
            // While we may still go there.
            let flags = fs::O_RDONLY | fs::O_DIRECTORY | fs::O_CLOEXEC;
            self.dir = Some(fs::openat(*copy, ZStr::new(c".."), flags, 0)?);
        }
        let made = how & OVER != 0 && self.made.last() == Some(&1);
        self.made.pop();
        match &self.stat(w, how) {
            Ok(s) => {
                if how & ATTRIBUTES != 0 {
                    let dir = w.dir;
                    let flags = fs::O_RDONLY | fs::O_DIRECTORY | fs::O_CLOEXEC;
                    if let Ok(from) = fs::openat(dir, w.name(), flags, 0) {
                        attribute::copy(*from, *copy);
                    }
                }
                self.finish(w, *copy, s, how, made);
            }
            Err(e) => return Err(*e),
        }
        Ok(())
    }

    fn file(&mut self, w: &mut Walk, how: u32) -> Result<(), Errno> {
        let s = &self.stat(w, how);
        let s = match s {
            Ok(s) => s,
            Err(e) => return Err(*e),
        };
        if how & OVER != 0 && !self.clear(w, s, how)? {
            return Ok(());
        }
        if how & (HARD | SYMBOLIC) != 0 {
            self.instead(w, how)?;
        } else if !(how & LINKS != 0 && s.stx_nlink > 1 && self.link(w, s, how)) {
            match fs::kind(s) {
                fs::S_IFREG => self.regular(w, s, how)?,
                // A device or a pipe is read where links are followed, or no tree is copied.
                fs::S_IFBLK | fs::S_IFCHR | fs::S_IFIFO if how & CONTENTS != 0 => self.regular(w, s, how)?,
                _ => self.special(w, s, how)?,
            }
        }
        if how & OVER != 0 {
            self.told(w, how);
        }
        Ok(())
    }

    fn told(&self, w: &mut Walk, how: u32) {
        if how & VERBOSE != 0 {
            let to = self.path(w);
            let line = arrow(w.path.z(), &to);
            w.cx.out.shown(&line);
            w.cx.out.byte(b'\n');
        }
    }

    /// Looks at what is where the copy of `s` is to be, and removes it where it has to go: is the copy to be made?
    #[inline(never)]
    fn clear(&mut self, w: &mut Walk, s: &Statx, how: u32) -> Result<bool, Errno> {
        let operand = w.depth == 0;
        let regular = fs::kind(s) == fs::S_IFREG || how & CONTENTS != 0 && fs::kind(s) != fs::S_IFLNK;
        let through = operand && regular && how & (REMOVE | HARD | SYMBOLIC) == 0;
        let (dir, name) = self.target(w);
        let old = match fs::statx(dir, name, fs::AT_SYMLINK_NOFOLLOW) {
            // What cannot be asked is met again.
            Err(_) => return Ok(true),
            Ok(old) => old,
        };
        let kind = fs::kind(&old);
        let mut to = same(&old, s);
        if kind == fs::S_IFLNK && through {
            to = fs::statx(dir, name, 0).is_ok_and(|to| same(&to, s));
        }
        if to {
            return if how & HARD != 0 { Ok(false) } else { Err(SAME) };
        }
        self.at_copy = true;
        if kind == fs::S_IFDIR {
            return Err(Errno::EISDIR);
        }
        let (new, there) = (&s.stx_mtime, &old.stx_mtime);
        let older = (there.tv_sec, there.tv_nsec) < (new.tv_sec, new.tv_nsec);
        if how & KEEP != 0 || how & UPDATE != 0 && !older {
            return Ok(false);
        }
        if how & ASK != 0 && !ask::yes(w.cx, b"overwrite", &self.path(w)) {
            return Ok(false);
        }
        if how & (HARD | SYMBOLIC) != 0 && how & (FORCE | REMOVE) == 0 {
            return Err(Errno::EEXIST);
        }
        if !(through || regular && kind == fs::S_IFREG && how & REMOVE == 0) || how & (HARD | SYMBOLIC) != 0 {
            let (dir, name) = self.target(w);
            fs::unlinkat(dir, name, 0)?;
        }
        self.at_copy = false;
        Ok(true)
    }

    /// Makes a link instead of a copy.
    #[inline(never)]
    fn instead(&mut self, w: &mut Walk, how: u32) -> Result<(), Errno> {
        let from = w.dir;
        let flags = if follows(w, how) { fs::AT_SYMLINK_FOLLOW } else { 0 };
        let (text, source) = (w.path.buf(), w.name().bytes().buf());
        self.at_copy = how & SYMBOLIC != 0;
        let (dir, name) = self.target(w);
        if how & SYMBOLIC != 0 {
            return fs::symlinkat(text.z(), dir, name);
        }
        fs::linkat(from, source.z(), dir, name, flags)
    }

    /// Makes a link, a device or a pipe like the original.
    fn special(&mut self, w: &mut Walk, s: &Statx, how: u32) -> Result<(), Errno> {
        if fs::kind(s) == fs::S_IFLNK {
            self.symlink(w)?;
        } else {
            let umask = self.umask;
            self.at_copy = true;
            let (dir, name) = self.target(w);
            let mode = s.stx_mode as u32 & !0o6000 & !(if how & MODE != 0 { 0 } else { umask });
            fs::mknodat(dir, name, mode, fs::makedev(s.stx_rdev_major, s.stx_rdev_minor))?;
        }
        let (dir, name) = self.target(w);
        let made = fs::openat(dir, name, fs::O_PATH | fs::O_NOFOLLOW | fs::O_CLOEXEC, 0)?;
        // Somebody may have put another file there meanwhile.
        if !fs::fstat(*made).is_ok_and(|now| fs::kind(&now) == fs::kind(s)) {
            return Err(Errno::ESTALE);
        }
        self.finish(w, *made, s, how, false);
        Ok(())
    }

    #[inline(never)]
    fn symlink(&mut self, w: &mut Walk) -> Result<(), Errno> {
        let mut text = [0; fs::PATH + 1];
        let from = w.dir;
        // Linux has no longer ones; so a NUL follows.
        fs::readlinkat(from, w.name(), text.get_mut(..fs::PATH).unwrap_or_default())?;
        let text = ZStr::from_bytes_with_nul(&text).unwrap_or(ZStr::new(c""));
        self.at_copy = true;
        let (dir, name) = self.target(w);
        fs::symlinkat(text, dir, name)
    }

    /// Links to the copy of a file that was met before under another name; if there is none or it cannot be
    /// done, the file is copied.
    #[inline(never)]
    fn link(&mut self, w: &mut Walk, s: &Statx, how: u32) -> bool {
        let this = id(s);
        for &(known, start) in &self.known.links {
            if known == this {
                let Some(old) = self.known.paths.get(start..).and_then(ZStr::from_bytes_with_nul) else {
                    return false;
                };
                let (dir, name) = self.target(w);
                let mut done = fs::linkat(Fd::CWD, old, dir, name, 0);
                if how & OVER != 0 && done == Err(Errno::EEXIST) && fs::unlinkat(dir, name, 0).is_ok() {
                    done = fs::linkat(Fd::CWD, old, dir, name, 0);
                }
                return done.is_ok();
            }
        }
        self.known.links.push((this, self.known.paths.len()));
        self.known.paths.extend_from_slice(self.root);
        self.known.paths.extend_from_slice(w.path.get(self.operand..).unwrap_or_default());
        self.known.paths.push(0);
        false
    }

    #[inline(never)]
    fn regular(&mut self, w: &mut Walk, s: &Statx, how: u32) -> Result<(), Errno> {
        let dir = w.dir;
        let mut flags = fs::O_RDONLY | fs::O_CLOEXEC;
        if !follows(w, how) {
            flags |= fs::O_NOFOLLOW;
        }
        // A pipe is to be waited for.
        if fs::kind(s) == fs::S_IFREG {
            flags |= fs::O_NONBLOCK;
        }
        let from = fs::openat(dir, w.name(), flags, 0)?;
        let to = self.create(w, s, how)?;
        let is = if how & OVER != 0 { fs::fstat(*to).map_or(0, |s| fs::kind(&s)) } else { fs::S_IFREG };
        let strict = how & OVER == 0;
        data(*from, *to, s, is == fs::S_IFREG, strict, &mut self.at_copy)?;
        // Nobody may have changed it meanwhile: the original goes when the copy is done.
        let unchanged = !strict
            || fs::fstat(*from).is_ok_and(|now| {
                let (a, b) = (&now.stx_mtime, &s.stx_mtime);
                same(&now, s) && now.stx_size == s.stx_size && a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec
            });
        if !unchanged {
            return Err(Errno::EBUSY);
        }
        if how & ATTRIBUTES != 0 {
            attribute::copy(*from, *to);
        }
        self.finish(w, *to, s, how, false);
        self.at_copy = true;
        // Some file systems tell of a full disk only here.
        fs::close(to.into_fd())
    }

    /// Opens a new file for the data, or what is there.
    #[inline(never)]
    fn create(&mut self, w: &mut Walk, s: &Statx, how: u32) -> Result<Owned, Errno> {
        let mut mode = 0o600;
        if how & MODE == 0 {
            mode = s.stx_mode as u32 & 0o777 & !self.umask;
        }
        self.at_copy = true;
        let operand = w.depth == 0;
        let (dir, name) = self.target(w);
        let new = fs::O_WRONLY | fs::O_CREAT | fs::O_EXCL | fs::O_CLOEXEC;
        let mut made = fs::openat(dir, name, new, mode);
        if how & OVER != 0 && matches!(made, Err(Errno::EEXIST)) {
            // The way through a link is open for operands only.
            let nofollow = if operand { 0 } else { fs::O_NOFOLLOW };
            made = fs::openat(dir, name, fs::O_WRONLY | fs::O_NOCTTY | fs::O_CLOEXEC | nofollow, 0);
            if how & FORCE != 0 && made.is_err() && fs::unlinkat(dir, name, 0).is_ok() {
                return fs::openat(dir, name, new, mode);
            }
            if let Ok(file) = &made {
                let there = &fs::fstat(**file)?;
                if same(there, s) {
                    return Err(SAME);
                }
                if fs::kind(there) == fs::S_IFREG {
                    fs::ftruncate(**file, 0)?;
                }
            }
        }
        made
    }

    /// Gives the copy, which is open, its owner, mode and times. The owner first, for a change of it takes set-ID bits away,
    /// and who is not its owner shall not have them. `made`: it is a directory that got a mode for making it only.
    #[inline(never)]
    fn finish(&mut self, w: &mut Walk, copy: Fd, s: &Statx, how: u32, made: bool) {
        let itself = ZStr::new(c"");
        let mut mode = s.stx_mode as u32 & 0o7777;
        let mut done = Ok(());
        if how & OWNER != 0 {
            done = fs::fchownat(copy, itself, s.stx_uid, s.stx_gid, fs::AT_EMPTY_PATH);
            if done.is_err() {
                mode &= 0o1777;
                if process::geteuid() != 0 {
                    done = Ok(());
                }
            }
        }
        // Links have none, and what else is no file with data was made with its own.
        if how & MODE != 0 {
            if matches!(fs::kind(s), fs::S_IFREG | fs::S_IFDIR) {
                done = done.and(fs::fchmod(copy, mode));
            }
        } else if made {
            done = done.and(fs::fchmod(copy, mode & 0o777 & !self.umask));
        }
        if how & TIMES != 0 {
            let time = |t: &Timestamp| Timespec { sec: t.tv_sec, nsec: t.tv_nsec as i64 };
            let times = [time(&s.stx_atime), time(&s.stx_mtime)];
            done = done.and(fs::utimensat(copy, itself, &times, fs::AT_EMPTY_PATH));
        }
        if let Err(e) = done {
            let status = w.cx.status;
            if how & OVER != 0 {
                w.cx.fail(&self.path(w), e);
            } else {
                w.fail(e);
                w.cx.status = status;
            }
        }
    }
}

/// Is the entry followed, if it is a link?
fn follows(w: &Walk, how: u32) -> bool {
    how & FOLLOW != 0 || how & FOLLOW_OPERAND != 0 && w.depth == 0
}
