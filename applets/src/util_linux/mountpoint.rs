//! mountpoint: tell whether something is mounted on a directory (BusyBox util-linux/mountpoint.c).

use sys::{fs, Cx, ZStr};
use util::file::{fstab, read};

applet! {
    name: mountpoint,
    dir: "/bin",
    class: NoFork,
    operands: "1",
    usage: "\
[-q] {[-dn] DIR | -x DEVICE}

Status 0 if a file system is mounted on DIR, else 1.

    -q, --quiet  Print nothing
    -d, --fs-devno  Print the number of its device, MAJOR:MINOR
    -n  Print its device and DIR
    -x, --devno  Print the number of the block device DEVICE
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let Some(dir) = cx.arg(0) else { return 1 };
    let device = cx.has(opt!("x"));
    let quiet = cx.has(opt!("q"));
    let s = match if device { fs::stat(dir) } else { fs::lstat(dir) } {
        Ok(s) => s,
        Err(why) => {
            if !quiet {
                cx.fail_on(dir, why);
            }
            return 1;
        }
    };
    let kind = fs::kind(&s);
    if kind != if device { fs::S_IFBLK } else { fs::S_IFDIR } {
        if !quiet {
            cx.error(dir.bytes(), if device { b"not a block device" } else { b"not a directory" });
        }
        return 1;
    }
    if device {
        numbers(cx, s.stx_rdev_major, s.stx_rdev_minor);
        return 0;
    }
    let mounted = fs::is_mount(&s);
    if cx.has(opt!("d")) {
        numbers(cx, s.stx_dev_major, s.stx_dev_minor);
    }
    if cx.has(opt!("n")) {
        let path = fstab::canonical(dir);
        let mut text = match read::file(ZStr::new(fstab::MOUNTS)) {
            Ok(text) => text,
            Err(why) => {
                cx.fail(fstab::MOUNTS.to_bytes(), why);
                return 1;
            }
        };
        let lines = fstab::lines(&mut text);
        let device =
            lines.iter().rev().find(|l| l.dir.is(&path)).map_or(&b"UNKNOWN"[..], |l| l.device.bytes());
        cx.out.shown(device);
        cx.out.byte(b' ');
        cx.out.shown(dir.bytes());
        cx.out.byte(b'\n');
    }
    if !quiet && !cx.has(opt!("dn")) {
        cx.out.shown(dir.bytes());
        cx.out.bytes(if mounted { b" is a mountpoint\n" } else { b" is not a mountpoint\n" });
    }
    !mounted as u8
}

fn numbers(cx: &mut Cx, major: u32, minor: u32) {
    cx.out.dec(major as u64);
    cx.out.byte(b':');
    cx.out.dec(minor as u64);
    cx.out.byte(b'\n');
}
