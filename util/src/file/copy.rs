//! Copies of file trees with all that belongs to them, for mv between file systems.

use super::directory;
use super::id::{id, same, Id};
use super::walk::{walk, Step, Walk};
use sys::fs::{self, Fd, Owned, Statx, Timestamp};
use sys::time::Timespec;
use sys::{process, Buf, Cx, Errno, List, ZStr};

/// A copy that is being made.
struct Copy<'a> {
    /// Path of the copy's root.
    root: &'a mut Buf,
    /// Length of the original's path.
    operand: usize,
    /// The copy of the directory that the walk is in, unless that is where `root` starts from.
    dir: Option<Owned>,
    /// Files with several links that were met: which, and where their copy's path starts in `paths`.
    links: List<(Id, usize)>,
    paths: Buf,
}

/// Copies the tree at `operand` to `root`, which must not exist: data with their holes, modes, owners,
/// times, symbolic links, devices, fifos, and hard links within the tree. Reports what goes wrong; is the
/// copy complete? What cannot be kept of owner, mode or times is told and is no failure (POSIX, mv 6).
///
/// The caller has set the umask to 0.
pub fn tree(cx: &mut Cx, operand: ZStr, is_dir: bool, root: &mut Buf) -> bool {
    // Slashes behind it belong to what follows.
    let length = operand.bytes().iter().rposition(|&b| b != b'/').map_or(0, |n| n + 1);
    let mut copy = Copy { root, operand: length, dir: None, links: List::new(), paths: Buf::new() };
    let before = core::mem::take(&mut cx.status);
    walk(cx, operand, is_dir, &mut |w, step| match copy.step(w, step) {
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

impl Copy<'_> {
    /// Where the copy of the entry is: a directory, and a name for calls that start there.
    #[inline(never)]
    fn target<'t>(&'t mut self, w: &'t mut Walk) -> (Fd, ZStr<'t>) {
        match &self.dir {
            Some(d) if w.depth > 0 => (**d, w.name()),
            _ => (Fd::CWD, self.root.z()),
        }
    }

    fn step(&mut self, w: &mut Walk, step: Step) -> Result<(), Errno> {
        match step {
            Step::File => self.file(w),
            Step::Enter => {
                let (dir, name) = self.target(w);
                self.dir = Some(directory::make(dir, name)?);
                Ok(())
            }
            Step::Leave => self.leave(w),
            Step::Unreadable(e) => self.leave(w).and(Err(e)),
        }
    }

    fn leave(&mut self, w: &mut Walk) -> Result<(), Errno> {
        let Some(copy) = self.dir.take() else { return Ok(()) };
        // While we may still go there.
        let flags = fs::O_RDONLY | fs::O_DIRECTORY | fs::O_CLOEXEC;
        self.dir = Some(fs::openat(*copy, ZStr::new(c".."), flags, 0)?);
        match &w.stat() {
            Ok(s) => finish(w, *copy, s),
            Err(e) => return Err(*e),
        }
        Ok(())
    }

    fn file(&mut self, w: &mut Walk) -> Result<(), Errno> {
        let s = &w.stat();
        let s = match s {
            Ok(s) => s,
            Err(e) => return Err(*e),
        };
        if s.stx_nlink > 1 && self.link(w, s) {
            return Ok(());
        }
        match fs::kind(s) {
            fs::S_IFREG => return self.regular(w, s),
            fs::S_IFLNK => self.symlink(w)?,
            _ => {
                let (dir, name) = self.target(w);
                let mode = s.stx_mode as u32 & !0o6000;
                fs::mknodat(dir, name, mode, fs::makedev(s.stx_rdev_major, s.stx_rdev_minor))?;
            }
        }
        let (dir, name) = self.target(w);
        let made = fs::openat(dir, name, fs::O_PATH | fs::O_NOFOLLOW | fs::O_CLOEXEC, 0)?;
        // Somebody may have put another file there meanwhile.
        if !fs::fstat(*made).is_ok_and(|now| fs::kind(&now) == fs::kind(s)) {
            return Err(Errno::ESTALE);
        }
        finish(w, *made, s);
        Ok(())
    }

    #[inline(never)]
    fn symlink(&mut self, w: &mut Walk) -> Result<(), Errno> {
        let mut text = [0; fs::PATH + 1];
        let from = w.dir;
        // Linux has no longer ones; so a NUL follows.
        fs::readlinkat(from, w.name(), text.get_mut(..fs::PATH).unwrap_or_default())?;
        let text = ZStr::from_bytes_with_nul(&text).unwrap_or(ZStr::new(c""));
        let (dir, name) = self.target(w);
        fs::symlinkat(text, dir, name)
    }

    /// Links to the copy of a file that was met before under another name; if there is none or it cannot be
    /// done, the file is copied.
    #[inline(never)]
    fn link(&mut self, w: &mut Walk, s: &Statx) -> bool {
        let this = id(s);
        for &(known, start) in &self.links {
            if known == this {
                let old = self.paths.get(start..).and_then(ZStr::from_bytes_with_nul);
                return match (old, &self.dir) {
                    (Some(old), Some(d)) => fs::linkat(Fd::CWD, old, **d, w.name(), 0).is_ok(),
                    _ => false,
                };
            }
        }
        self.links.push((this, self.paths.len()));
        self.paths.extend_from_slice(self.root);
        self.paths.extend_from_slice(w.path.get(self.operand..).unwrap_or_default());
        self.paths.push(0);
        false
    }

    #[inline(never)]
    fn regular(&mut self, w: &mut Walk, s: &Statx) -> Result<(), Errno> {
        let dir = w.dir;
        let flags = fs::O_RDONLY | fs::O_NOFOLLOW | fs::O_NONBLOCK | fs::O_CLOEXEC;
        let from = fs::openat(dir, w.name(), flags, 0)?;
        let (dir, name) = self.target(w);
        let to = fs::openat(dir, name, fs::O_WRONLY | fs::O_CREAT | fs::O_EXCL | fs::O_CLOEXEC, 0o600)?;
        data(*from, *to, s.stx_size)?;
        // Nobody may have changed it meanwhile: the original goes when the copy is done.
        let unchanged = fs::fstat(*from).is_ok_and(|now| {
            let (a, b) = (&now.stx_mtime, &s.stx_mtime);
            same(&now, s) && now.stx_size == s.stx_size && a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec
        });
        if !unchanged {
            return Err(Errno::EBUSY);
        }
        finish(w, *to, s);
        // Some file systems tell of a full disk only here.
        fs::close(to.into_fd())
    }
}

/// Gives the copy, which is open, its owner, mode and times. The owner first, for a change of it takes set-ID bits away,
/// and who is not its owner shall not have them.
#[inline(never)]
fn finish(w: &mut Walk, copy: Fd, s: &Statx) {
    let itself = ZStr::new(c"");
    let mut mode = s.stx_mode as u32 & 0o7777;
    let mut done = fs::fchownat(copy, itself, s.stx_uid, s.stx_gid, fs::AT_EMPTY_PATH);
    if done.is_err() {
        mode &= 0o1777;
        if process::geteuid() != 0 {
            done = Ok(());
        }
    }
    // Links have none, and what else is no file with data was made with its own.
    if matches!(fs::kind(s), fs::S_IFREG | fs::S_IFDIR) {
        done = done.and(fs::fchmod(copy, mode));
    }
    let time = |t: &Timestamp| Timespec { sec: t.tv_sec, nsec: t.tv_nsec as i64 };
    let times = [time(&s.stx_atime), time(&s.stx_mtime)];
    done = done.and(fs::utimensat(copy, itself, &times, fs::AT_EMPTY_PATH));
    if let Err(e) = done {
        let status = w.cx.status;
        w.fail(e);
        w.cx.status = status;
    }
}

const BUF: usize = if cfg!(mote_nommu) { 2048 } else { 32768 };

/// Copies the `size` bytes of `from` to `to`, an empty file; where `from` has holes, `to` gets them.
#[inline(never)]
fn data(from: Fd, to: Fd, size: u64) -> Result<(), Errno> {
    let mut buf = [0; BUF];
    let mut at = 0;
    while at < size as i64 {
        at = match seek(from, at, fs::SEEK_DATA) {
            // Nothing but a hole is left.
            n if n == -(Errno::ENXIO.number() as i64) => break,
            n => n,
        };
        let end = seek(from, at, fs::SEEK_HOLE);
        if seek(from, at, fs::SEEK_SET) | seek(to, at, fs::SEEK_SET) | end < 0 {
            return Err(Errno::EIO);
        }
        while at < end {
            let room = (end - at).min(BUF as i64) as usize;
            let n = fs::read(from, buf.get_mut(..room).unwrap_or_default())?;
            if n == 0 {
                // Shorter than it was.
                return Err(Errno::EBUSY);
            }
            fs::write_all(to, buf.get(..n).unwrap_or_default())?;
            at += n as i64;
        }
    }
    fs::ftruncate(to, size)
}

/// `lseek` with a negative error number, which takes registers where a `Result` takes memory.
#[inline(never)]
fn seek(f: Fd, at: i64, whence: u32) -> i64 {
    match fs::lseek(f, at, whence) {
        Ok(n) => n as i64,
        Err(e) => -(e.number() as i64),
    }
}
