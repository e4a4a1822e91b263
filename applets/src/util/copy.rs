//! Copies of file trees with all that belongs to them, for mv between file systems.

use super::walk::{same, walk, At, Step};
use alloc::vec::Vec;
use sys::fs::{self, Fd, Owned, Statx};
use sys::time::Timespec;
use sys::zstr::ZBuf;
use sys::{process, Buf, Cx, Errno, ZStr};

/// A copy that is being made.
struct Copy<'a> {
    /// Path of the copy's root.
    root: &'a mut Buf,
    /// Length of the original's path.
    operand: usize,
    /// The copy of the directory that the walk is in, unless that is where `root` starts from.
    dir: Option<Owned>,
    /// Files with several links that were met: which, and where their copy's path starts in `paths`.
    links: Vec<(Statx, usize)>,
    paths: Buf,
}

/// Copies the tree at `operand` to `root`, which must not exist: data with their holes, modes, owners,
/// times, symbolic links, devices, fifos, and hard links within the tree. Reports what goes wrong; is the
/// copy complete? What cannot be kept of owner, mode or times is told and is no failure (POSIX, mv 6).
///
/// The caller has set the umask to 0.
pub(crate) fn tree(cx: &mut Cx, operand: ZStr, is_dir: bool, root: &mut Buf) -> bool {
    let mut copy = Copy { root, operand: operand.len(), dir: None, links: Vec::new(), paths: Buf::new() };
    let before = core::mem::take(&mut cx.status);
    let mut failed = false;
    walk(cx, operand, is_dir, &mut |cx, at, step| {
        let done = match step {
            Step::File => copy.file(cx, at),
            Step::Enter => copy.enter(at),
            Step::Leave => copy.leave(cx, at),
            Step::Unreadable(e) => copy.leave(cx, at).and(Err(e)),
        };
        if let Err(e) = done {
            cx.fail(&at.path, e);
            failed = true;
        }
        done.is_ok()
    });
    // The walk itself reports too what it cannot read.
    failed |= cx.status != 0;
    cx.status |= before;
    !failed
}

impl Copy<'_> {
    /// Where the copy of the entry is: a directory, and a name for calls that start there.
    fn target<'t>(&'t mut self, at: &'t mut At) -> (Fd, ZStr<'t>) {
        match &self.dir {
            Some(d) if at.depth > 0 => (**d, at.name()),
            _ => (Fd::CWD, self.root.z()),
        }
    }

    fn enter(&mut self, at: &mut At) -> Result<(), Errno> {
        let (dir, name) = self.target(at);
        fs::mkdirat(dir, name, 0o700)?;
        self.dir =
            Some(fs::openat(dir, name, fs::O_RDONLY | fs::O_DIRECTORY | fs::O_NOFOLLOW | fs::O_CLOEXEC, 0)?);
        Ok(())
    }

    fn leave(&mut self, cx: &mut Cx, at: &mut At) -> Result<(), Errno> {
        if let Some(d) = &self.dir {
            self.dir =
                Some(fs::openat(**d, ZStr::new(c".."), fs::O_RDONLY | fs::O_DIRECTORY | fs::O_CLOEXEC, 0)?);
        }
        let s = at.stat()?;
        self.finish(cx, at, &s);
        Ok(())
    }

    fn file(&mut self, cx: &mut Cx, at: &mut At) -> Result<(), Errno> {
        let s = at.stat()?;
        if s.stx_nlink > 1 && self.link(at, &s) {
            return Ok(());
        }
        let from = at.dir;
        match fs::kind(&s) {
            fs::S_IFREG => self.regular(at, &s)?,
            fs::S_IFLNK => {
                let mut text = [0; 4096];
                let n = fs::readlinkat(from, at.name(), &mut text)?.len();
                // A text that fills the buffer would have no room for the NUL behind it.
                let text =
                    text.get(..n + 1).and_then(ZStr::from_bytes_with_nul).ok_or(Errno::ENAMETOOLONG)?;
                let (dir, name) = self.target(at);
                fs::symlinkat(text, dir, name)?;
            }
            _ => {
                let (dir, name) = self.target(at);
                fs::mknodat(dir, name, s.stx_mode as u32, fs::makedev(s.stx_rdev_major, s.stx_rdev_minor))?;
            }
        }
        self.finish(cx, at, &s);
        Ok(())
    }

    /// Links to the copy of a file that was met before under another name; if there is none or it cannot be
    /// done, the file is copied.
    fn link(&mut self, at: &mut At, s: &Statx) -> bool {
        let start = self.links.iter().find(|(known, _)| same(known, s)).map(|l| l.1);
        if let Some(old) = start.and_then(|n| self.paths.get(n..)).and_then(ZStr::from_bytes_with_nul) {
            let (dir, name) = match &self.dir {
                Some(d) => (**d, at.name()),
                None => return false,
            };
            return fs::linkat(Fd::CWD, old, dir, name, 0).is_ok();
        }
        self.links.push((*s, self.paths.len()));
        self.paths.extend_from_slice(self.root);
        self.paths.extend_from_slice(at.path.get(self.operand..).unwrap_or(&[]));
        self.paths.push(0);
        false
    }

    fn regular(&mut self, at: &mut At, s: &Statx) -> Result<(), Errno> {
        let dir = at.dir;
        let flags = fs::O_RDONLY | fs::O_NOFOLLOW | fs::O_NONBLOCK | fs::O_CLOEXEC;
        let from = fs::openat(dir, at.name(), flags, 0)?;
        let (dir, name) = self.target(at);
        let to = fs::openat(dir, name, fs::O_WRONLY | fs::O_CREAT | fs::O_EXCL | fs::O_CLOEXEC, 0o600)?;
        data(*from, *to, s.stx_size)?;
        // Nobody may have changed it meanwhile: the original goes when the copy is done.
        let now = fs::fstat(*from)?;
        let time = |s: &Statx| (s.stx_size, s.stx_mtime.tv_sec, s.stx_mtime.tv_nsec);
        if !same(&now, s) || time(&now) != time(s) {
            return Err(Errno::EBUSY);
        }
        // Some file systems tell of a full disk only here.
        fs::close(to.into_fd())
    }

    /// Gives the copy its owner, mode and times. The owner first, for a change of it takes set-ID bits away.
    fn finish(&mut self, cx: &mut Cx, at: &mut At, s: &Statx) {
        let (dir, name) = self.target(at);
        let nofollow = fs::AT_SYMLINK_NOFOLLOW;
        let mut mode = s.stx_mode as u32 & 0o7777;
        let mut done = fs::fchownat(dir, name, s.stx_uid, s.stx_gid, nofollow);
        if done.is_err() {
            mode &= 0o1777;
            if process::geteuid() != 0 {
                done = Ok(());
            }
        }
        if fs::kind(s) != fs::S_IFLNK {
            done = done.and(fs::fchmodat(dir, name, mode));
        }
        let times = [&s.stx_atime, &s.stx_mtime].map(|t| Timespec { sec: t.tv_sec, nsec: t.tv_nsec as i64 });
        done = done.and(fs::utimensat(dir, name, &times, nofollow));
        if let Err(e) = done {
            let status = cx.status;
            cx.fail(&at.path, e);
            cx.status = status;
        }
    }
}

const BUF: usize = if cfg!(mote_nommu) { 2048 } else { 32768 };

/// Copies the `size` bytes of `from` to `to`, an empty file; where `from` has holes, `to` gets them.
fn data(from: Fd, to: Fd, size: u64) -> Result<(), Errno> {
    let mut buf = [0; BUF];
    let mut at = 0;
    while at < size {
        let mut end = size;
        match fs::lseek(from, at as i64, fs::SEEK_DATA) {
            Ok(start) => {
                at = start;
                end = fs::lseek(from, at as i64, fs::SEEK_HOLE)?;
            }
            // Nothing but a hole is left.
            Err(Errno::ENXIO) => break,
            // The file system knows no holes.
            Err(_) => {}
        }
        fs::lseek(from, at as i64, fs::SEEK_SET)?;
        fs::lseek(to, at as i64, fs::SEEK_SET)?;
        while at < end {
            let room = (end - at).min(BUF as u64) as usize;
            let n = fs::read(from, buf.get_mut(..room).unwrap_or_default())?;
            if n == 0 {
                // Shorter than it was.
                return Err(Errno::EBUSY);
            }
            fs::write_all(to, buf.get(..n).unwrap_or(&[]))?;
            at += n as u64;
        }
    }
    fs::ftruncate(to, size)
}
