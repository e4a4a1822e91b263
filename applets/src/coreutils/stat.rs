//! stat: the status of files and file systems (GNU, BusyBox and Toybox stat).
//!
//! Differences from BusyBox: %m, %w and %W; a number of digits behind the seconds of %W, %X, %Y and %Z.

use sys::fs::{self, Fd, Statfs, Statx, Timestamp};
use sys::zstr::position;
use sys::{num, Buf, Cx, Errno, ToBuf, ZStr};
use util::file::mode;
use util::file::path::{canonical, Missing};
use util::login::accounts::{Names, GROUP, PASSWD};
use util::text::number;
use util::time::strftime::{strftime, Stamp};
use util::time::tz;

applet! {
    name: stat,
    dir: "/bin",
    class: NoExec,
    operands: "1..",
    usage: "\
[-fLt] [-c FORMAT] FILE...

Print the status of the FILEs.

    -c, --format FORMAT  As FORMAT says, with a newline
    -f, --file-system  Of the file systems that they are on
    -L, --dereference  Follow links
    -t, --terse  All on one line

Of files:
  %a %A permissions, %b blocks of %B bytes, %d %D device, %f mode in hexadecimal,
  %F type, %g %G group, %h links, %i inode, %m mount point, %n %N name, %o size
  for reading, %s size, %t %T device number, %u %U owner, %w %W birth, %x %X
  access, %y %Y modification, %z %Z change of status
Of file systems:
  %a free to users, %b blocks, %c inodes, %d free inodes, %f free blocks, %i ID,
  %l longest name, %n name, %s %S size of a block, %t %T type
",
}

static FILE: &[u8] = b"  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n\
Device: %Dh/%dd\tInode: %-10i  Links: %h\nAccess: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n\
Access: %x\nModify: %y\nChange: %z";
static DEVICE: &[u8] = b"  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n\
Device: %Dh/%dd\tInode: %-10i  Links: %-5h Device type: %t,%T\nAccess: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n\
Access: %x\nModify: %y\nChange: %z";
static TERSE: &[u8] = b"%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o";
static SYSTEM: &[u8] =
    b"  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\nBlock size: %-10s Fundamental block size: %S\n\
Blocks: Total: %-10b Free: %-10f Available: %a\nInodes: Total: %-10c Free: %d";
static SYSTEM_TERSE: &[u8] = b"%n %i %l %t %s %S %b %f %a %c %d";

/// What is told of.
enum What {
    File(Statx),
    System(Statfs),
}

/// What is needed to tell what letters stand for.
struct Letters<'l> {
    users: Names,
    groups: Names,
    zone: Option<ZStr<'static>>,
    name: ZStr<'l>,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let files = core::mem::take(&mut cx.args);
    let mut letters = Letters {
        users: Names::new(ZStr::new(PASSWD)),
        groups: Names::new(ZStr::new(GROUP)),
        zone: cx.env(b"TZ"),
        name: ZStr::new(c""),
    };
    for &file in files.iter() {
        letters.name = file;
        let what = if cx.has(opt!("f")) {
            fs::statfs(file).map(What::System)
        } else {
            let flags = if cx.has(opt!("L")) { 0 } else { fs::AT_SYMLINK_NOFOLLOW };
            let status = if file.is(b"-") { fs::fstat(Fd::STDIN) } else { fs::statx(Fd::CWD, file, flags) };
            status.map(What::File)
        };
        let what = match what {
            Ok(what) => what,
            Err(e) => {
                cx.fail_on(file, e);
                continue;
            }
        };
        let terse = cx.has(opt!("t"));
        let format = match (cx.value(slot!("c")), &what) {
            (Some(format), _) => format.bytes(),
            (None, What::File(_)) if terse => TERSE,
            (None, What::System(_)) if terse => SYSTEM_TERSE,
            (None, What::System(_)) => SYSTEM,
            (None, What::File(s)) => match fs::kind(s) {
                fs::S_IFBLK | fs::S_IFCHR => DEVICE,
                _ => FILE,
            },
        };
        let mut line = Buf::new();
        letters.format(format, &what, &mut line);
        line.push(b'\n');
        cx.out.bytes(&line);
    }
    cx.status
}

impl Letters<'_> {
    #[inline(never)]
    fn format(&mut self, mut format: &[u8], what: &What, line: &mut Buf) {
        while let [c, rest @ ..] = format {
            format = rest;
            if *c != b'%' || rest.is_empty() {
                line.push(*c);
                continue;
            }
            let mut flags = 0;
            while let Some(n) = util::text::take(&mut format, b"-0") {
                flags |= 1 << n;
            }
            let mut number = || match num::prefix(format, 10) {
                Some((n, rest)) => {
                    format = rest;
                    Some(n.min(4096) as usize)
                }
                None => None,
            };
            let width = number().unwrap_or(0);
            let mut precision = None;
            if let [b'.', rest @ ..] = format {
                format = rest;
                precision = Some(match num::prefix(format, 10) {
                    Some((n, rest)) => {
                        format = rest;
                        n as usize
                    }
                    None => 9,
                });
            }
            let Some((&letter, rest)) = format.split_first() else {
                line.push(b'%');
                return;
            };
            format = rest;
            let mut text = Buf::new();
            let known = match what {
                What::File(s) => self.of_file(letter, s, precision, &mut text),
                What::System(s) => self.of_system(letter, s, &mut text),
            };
            if known.is_none() {
                text.push(if letter == b'%' { b'%' } else { b'?' });
            }
            if flags & 1 != 0 {
                let end = line.len() + width;
                line.extend_from_slice(&text);
                line.pad(end, b' ');
            } else {
                let end = line.len() + width.saturating_sub(text.len());
                line.pad(end, if flags & 2 != 0 { b'0' } else { b' ' });
                line.extend_from_slice(&text);
            }
        }
    }

    #[inline(never)]
    fn of_file(&mut self, letter: u8, s: &Statx, precision: Option<usize>, text: &mut Buf) -> Option<()> {
        let mode = s.stx_mode as u32;
        let device = fs::makedev(s.stx_dev_major, s.stx_dev_minor) as u64;
        let (n, base) = match letter {
            b'a' => (mode as u64 & 0o7777, 8),
            b'b' => (s.stx_blocks, 10),
            b'B' => (512, 10),
            b'd' => (device, 10),
            b'D' => (device, 16),
            b'f' => (mode as u64, 16),
            b'g' => (s.stx_gid as u64, 10),
            b'h' => (s.stx_nlink as u64, 10),
            b'i' => (s.stx_ino, 10),
            b'o' => (s.stx_blksize as u64, 10),
            b's' => (s.stx_size, 10),
            b't' => (s.stx_rdev_major as u64, 16),
            b'T' => (s.stx_rdev_minor as u64, 16),
            b'u' => (s.stx_uid as u64, 10),
            b'A' => {
                text.extend_from_slice(&mode::string(mode));
                return Some(());
            }
            b'F' => {
                let kind: &[u8] = match fs::kind(s) {
                    fs::S_IFDIR => b"directory",
                    fs::S_IFLNK => b"symbolic link",
                    fs::S_IFBLK => b"block special file",
                    fs::S_IFCHR => b"character special file",
                    fs::S_IFIFO => b"fifo",
                    fs::S_IFSOCK => b"socket",
                    _ if s.stx_size == 0 => b"regular empty file",
                    _ => b"regular file",
                };
                text.extend_from_slice(kind);
                return Some(());
            }
            b'G' => {
                text.extend_from_slice(self.groups.name(s.stx_gid));
                return Some(());
            }
            b'U' => {
                text.extend_from_slice(self.users.name(s.stx_uid));
                return Some(());
            }
            b'm' => {
                text.extend_from_slice(&mount_point(self.name).unwrap_or_else(|_| b"?".buf()));
                return Some(());
            }
            b'n' => {
                text.extend_from_slice(self.name.bytes());
                return Some(());
            }
            b'N' => {
                self.quoted(s, text);
                return Some(());
            }
            _ => return self.time(letter, s, precision, text),
        };
        put(text, n, base);
        Some(())
    }

    /// The name; of a link also where it leads.
    fn quoted(&self, s: &Statx, text: &mut Buf) {
        if fs::kind(s) != fs::S_IFLNK {
            text.extend_from_slice(self.name.bytes());
            return;
        }
        let mut to = [0; fs::PATH];
        let to = fs::readlinkat(Fd::CWD, self.name, &mut to).unwrap_or_default();
        text.extend_from_slice(&util::file::target::arrow(self.name, to));
    }

    fn time(&self, letter: u8, s: &Statx, precision: Option<usize>, text: &mut Buf) -> Option<()> {
        let n = position(b"wxyz", letter | 32)?;
        let t: &Timestamp = match n {
            0 => &s.stx_btime,
            1 => &s.stx_atime,
            2 => &s.stx_mtime,
            _ => &s.stx_ctime,
        };
        let known = n > 0 || fs::has_birth(s);
        if letter & 32 == 0 {
            number::push_signed(text, if known { t.tv_sec } else { 0 });
            if let Some(digits) = precision.filter(|&d| d > 0) {
                let mut part = Buf::new();
                number::push(&mut part, t.tv_nsec as u64, 9);
                part.truncate(digits);
                part.pad(digits.min(30), b'0');
                text.push(b'.');
                text.extend_from_slice(&part);
            }
        } else if known {
            let ahead = tz::offset(self.zone, t.tv_sec);
            strftime(text, b"%Y-%m-%d %H:%M:%S.%N %z", &Stamp { sec: t.tv_sec, nsec: t.tv_nsec, ahead });
        } else {
            text.push(b'-');
        }
        Some(())
    }

    #[inline(never)]
    fn of_system(&mut self, letter: u8, s: &Statfs, text: &mut Buf) -> Option<()> {
        let n = match letter {
            b'a' => s.f_bavail,
            b'b' => s.f_blocks,
            b'c' => s.f_files,
            b'd' => s.f_ffree,
            b'f' => s.f_bfree,
            b'l' => s.f_namelen as _,
            b's' => s.f_bsize as _,
            b'S' => fs::fragment(s) as _,
            b'i' | b't' => {
                put(text, if letter == b'i' { fs::volume_id(s) } else { s.f_type as u32 as u64 }, 16);
                return Some(());
            }
            b'n' => {
                text.extend_from_slice(self.name.bytes());
                return Some(());
            }
            b'T' => {
                text.extend_from_slice(system_name(s.f_type as u32));
                return Some(());
            }
            _ => return None,
        };
        put(text, n as u64, 10);
        Some(())
    }
}

fn put(text: &mut Buf, n: u64, base: u32) {
    let mut digits = [0; 64];
    text.extend_from_slice(num::digits(&mut digits, n, base));
}

/// Types of file systems, by the numbers of [`NAMES`] (`man 2 statfs`).
static TYPES: [u32; 20] = [
    0xef53,
    0x0102_1994,
    0x9fa0,
    0x6265_6572,
    0x8584_58f6,
    0x6969,
    0x4d44,
    0x794c_7630,
    0x7371_7368,
    0x5846_5342,
    0x9123_683e,
    0xf2f5_2010,
    0x2405_1905,
    0x72b6,
    0x6367_7270,
    0x1cd1,
    0x9660,
    0x7275,
    0x28cd_3d45,
    0x6462_6720,
];
static NAMES: &[u8] =
    b"ext2/ext3,tmpfs,proc,sysfs,ramfs,nfs,msdos,overlayfs,squashfs,xfs,btrfs,f2fs,ubifs,jffs2,\
cgroup2fs,devpts,isofs,romfs,cramfs,debugfs";

fn system_name(kind: u32) -> &'static [u8] {
    let n = TYPES.iter().position(|&t| t == kind);
    n.and_then(|n| NAMES.split(|&b| b == b',').nth(n)).unwrap_or(b"UNKNOWN")
}

/// Where the file system is mounted that the file is on.
fn mount_point(file: ZStr) -> Result<Buf, Errno> {
    let mut path = canonical(file.bytes(), Missing::None, false)?;
    while path.len() > 1 && !fs::is_mount(&fs::lstat(path.z())?) {
        let end = path.iter().rposition(|&b| b == b'/').unwrap_or(0);
        path.truncate(end.max(1));
    }
    Ok(path)
}
