//! Tools that make and change files.

use crate::Call;
use sys::fs::{self, Fd};
use sys::{num, Buf, Errno, ToBuf, ZStr};

/// Runs `work` on every operand; 1 if it fails for one.
fn each(call: &Call, operands: &[ZStr], mut work: impl FnMut(ZStr) -> sys::Result<()>) -> u8 {
    let mut status = 0;
    for &path in operands {
        if let Err(why) = work(path) {
            status = call.fail(path.bytes(), why);
        }
    }
    status
}

/// `chmod MODE FILE…`; a mode may begin with `-`.
pub(crate) fn chmod(call: &mut Call) -> u8 {
    let Some((wanted, files)) = call.args.split_first() else { return call.unknown() };
    let mask = fs::umask(0);
    each(call, files, |path| {
        let old = fs::stat(path)?.stx_mode as u32;
        let new = util::file::mode::parse(wanted.bytes(), old, mask).ok_or(Errno::EINVAL)?;
        fs::fchmodat(Fd::CWD, path, new)
    })
}

/// `touch [-d YEAR-…] FILE…`: of a date only that there is one counts, and the time becomes 0.
pub(crate) fn touch(call: &mut Call) -> u8 {
    let (options, mut files) = call.options();
    if options == b"d" {
        files = files.get(1..).unwrap_or_default();
    } else if !options.is_empty() {
        return call.unknown();
    }
    let old = [sys::time::Timespec::default(); 2];
    each(call, files, |path| {
        if fs::stat(path).is_err() {
            drop(fs::open(path, fs::O_WRONLY | fs::O_CREAT, 0o666)?);
        }
        let now = [sys::time::now(sys::time::CLOCK_REALTIME); 2];
        fs::utimensat(Fd::CWD, path, if options.is_empty() { &now } else { &old }, 0)
    })
}

/// `ln [-s] FILE NAME`.
pub(crate) fn ln(call: &mut Call) -> u8 {
    let (options, operands) = call.options();
    let ([from, to], b"" | b"s") = (operands, &options[..]) else { return call.unknown() };
    // In a directory it has the file's own name.
    let mut path: Buf = to.bytes().buf();
    if fs::stat(*to).is_ok_and(|s| fs::kind(&s) == fs::S_IFDIR) {
        path.push(b'/');
        path.extend_from_slice(from.base().bytes());
    }
    let made = match options.is_empty() {
        true => fs::linkat(Fd::CWD, *from, Fd::CWD, path.z(), 0),
        false => fs::symlinkat(*from, Fd::CWD, path.z()),
    };
    made.map_or_else(|why| call.fail(&path, why), |()| 0)
}

/// `mkfifo FILE…`.
pub(crate) fn mkfifo(call: &mut Call) -> u8 {
    each(call, call.args, |path| fs::mknodat(Fd::CWD, path, fs::S_IFIFO | 0o666, 0))
}

/// `mknod FILE b|c MAJOR MINOR`.
pub(crate) fn mknod(call: &mut Call) -> u8 {
    let [path, kind, major, minor] = call.args else { return call.unknown() };
    let kind = if kind.is(b"b") { fs::S_IFBLK } else { fs::S_IFCHR };
    let number = |text: &ZStr| num::parse_u32(text.bytes()).unwrap_or_default();
    let made = fs::mknodat(Fd::CWD, *path, kind | 0o666, fs::makedev(number(major), number(minor)));
    made.map_or_else(|why| call.fail(path.bytes(), why), |()| 0)
}

/// `rmdir DIR…`.
pub(crate) fn rmdir(call: &mut Call) -> u8 {
    each(call, call.args, |path| fs::unlinkat(Fd::CWD, path, fs::AT_REMOVEDIR))
}

/// `readlink [-f] FILE`.
pub(crate) fn readlink(call: &mut Call) -> u8 {
    let (options, operands) = call.options();
    let [path] = operands else { return call.unknown() };
    match &options[..] {
        b"f" => real(call, *path),
        b"" => told(call, fs::readlinkat(Fd::CWD, *path, &mut [0; fs::PATH]).map(|to| to.buf())),
        _ => call.unknown(),
    }
}

/// `realpath FILE`.
pub(crate) fn realpath(call: &mut Call) -> u8 {
    match call.args {
        [path] => real(call, *path),
        _ => call.unknown(),
    }
}

fn real(call: &mut Call, path: ZStr) -> u8 {
    // The kernel knows the name of what is open.
    let name = fs::open(path, fs::O_PATH, 0).and_then(|fd| {
        let mut link: Buf = b"/proc/self/fd/".buf();
        link.extend_from_slice(num::digits(&mut [0; 64], fd.0 as u64, 10));
        fs::readlinkat(Fd::CWD, link.z(), &mut [0; fs::PATH]).map(|to| to.buf())
    });
    told(call, name)
}

fn told(call: &mut Call, name: sys::Result<Buf>) -> u8 {
    match name {
        Ok(name) => {
            call.out.bytes(&name);
            call.out.byte(b'\n');
            0
        }
        // As readlink(1), without a word.
        Err(_) => 1,
    }
}

/// `stat -c %a|%i|%s|%h FILE…`.
pub(crate) fn stat(call: &mut Call) -> u8 {
    let [option, format, files @ ..] = call.args else { return call.unknown() };
    let (b"-c", [b'%', what @ (b'a' | b'i' | b's' | b'h')]) = (option.bytes(), format.bytes()) else {
        return call.unknown();
    };
    let mut status = 0;
    for file in files {
        match fs::lstat(*file) {
            Ok(s) => {
                match what {
                    b'a' => call.out.number(s.stx_mode as u64 & 0o7777, 8, 0, b' '),
                    b'i' => call.out.dec(s.stx_ino),
                    b's' => call.out.dec(s.stx_size),
                    _ => call.out.dec(s.stx_nlink as u64),
                }
                call.out.byte(b'\n');
            }
            Err(why) => status = call.fail(file.bytes(), why),
        }
    }
    status
}

/// `find DIR`: the directory and what is in it, no deeper.
pub(crate) fn find(call: &mut Call) -> u8 {
    let [path] = call.args else { return call.unknown() };
    let mut dir = match fs::Dir::open(Fd::CWD, *path, 0) {
        Ok(dir) => dir,
        Err(why) => return call.fail(path.bytes(), why),
    };
    call.out.z(*path);
    call.out.byte(b'\n');
    loop {
        match dir.next() {
            Ok(Some(entry)) if entry.name.is(b".") || entry.name.is(b"..") => {}
            Ok(Some(entry)) => {
                call.out.z(*path);
                call.out.byte(b'/');
                call.out.z(entry.name);
                call.out.byte(b'\n');
            }
            Ok(None) => return 0,
            Err(why) => return call.fail(path.bytes(), why),
        }
    }
}

/// `dd if=/dev/zero of=FILE seek=N[k] count=1`: a file with a block of zeros there, and nothing before it.
pub(crate) fn dd(call: &mut Call) -> u8 {
    let (mut file, mut blocks, mut from) = (None, 0, false);
    for arg in call.args {
        if let Some(name) = arg.strip_prefix(b"of=") {
            file = Some(name);
        } else if let Some(seek) = arg.strip_prefix(b"seek=") {
            let (digits, unit) = match seek.bytes() {
                [digits @ .., b'k'] => (digits, 1024),
                digits => (digits, 1),
            };
            blocks += num::parse(digits, 10).unwrap_or_default() * unit;
        } else if arg.is(b"if=/dev/zero") {
            from = true;
        } else if !arg.is(b"count=1") {
            return call.unknown();
        }
    }
    let Some(file) = file.filter(|_| from) else { return call.unknown() };
    // Not by ftruncate: without an MMU a file that grows by it takes all its room at once, in one piece.
    let made = fs::open(file, fs::O_WRONLY | fs::O_CREAT | fs::O_TRUNC, 0o666).and_then(|fd| {
        fs::lseek(*fd, blocks as i64 * 512, fs::SEEK_SET)?;
        fs::write_all(*fd, &[0; 512])
    });
    made.map_or_else(|why| call.fail(file.bytes(), why), |()| 0)
}
