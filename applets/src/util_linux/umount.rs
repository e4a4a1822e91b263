//! umount: detach file systems (BusyBox util-linux/umount.c; `man 8 umount`).
//!
//! Differences from BusyBox: a set-uid binary lets users unmount what they have mounted, as util-linux does.

use sys::fs::{self, Fd};
use sys::mount::{mount, umount2, MNT_DETACH, MNT_FORCE, MS_RDONLY, MS_REMOUNT, UMOUNT_NOFOLLOW};
use sys::{caller, loopdev, out, process, Cx, Errno, ToBuf, ZStr};
use util::file::fstab::{self, Line};
use util::file::mounted;
use util::file::read;

applet! {
    name: umount,
    dir: "/bin",
    class: NoExec,
    setuid: Checks,
    usage: "\
[-acdfilnrv] [-t TYPES] [DIR | DEVICE]...

Unmount file systems, by their directory or device.

    -a        All that are mounted, the last one first
    -t TYPES  With -a only these, with commas; no in front: all but these
    -r        Make it read-only if it is busy
    -l        Lazy: detach it now, end it when it is no longer busy
    -f        Force, even if its server does not answer
    -d        Free its loop device too
    -c        Do not resolve symbolic links in the operands
    -i        Ignored
    -n        Ignored
    -v        Print what is done
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let all = cx.has(opt!("a"));
    if args.is_empty() != all {
        return cx.misuse(if all { b"-a takes no operand" } else { b"missing operand" });
    }
    let plain = cx.opts & !opt!("v") == 0 && args.len() == 1;
    caller::keep_for(plain);
    let table = ZStr::new(fstab::MOUNTS);
    let mut text = match read::file(table) {
        Err(e) if all => {
            cx.fail_on(table, e);
            return 1;
        }
        // Without a table, directories are all that can be named.
        r => r.unwrap_or_default(),
    };
    let lines = fstab::lines(&mut text);
    if all {
        let types = cx.value(slot!("t"));
        for l in lines.iter().rev().filter(|l| fstab::meant(types, l.kind)) {
            one(cx, l);
        }
    }
    for &arg in args.iter() {
        let path = if cx.has(opt!("c")) { arg.bytes().buf() } else { fstab::canonical(arg) };
        let top = |dir: ZStr| lines.iter().rfind(|l| l.dir.is(dir.bytes()));
        if let Some(l) = top(path.z()) {
            one(cx, l);
            continue;
        }
        let mut known = false;
        for l in lines.iter().rev() {
            if l.device.is(&path) || l.device.is(arg.bytes()) {
                known = true;
                // The kernel goes by the directory: it would take what lies on top.
                match top(l.dir) {
                    Some(t) if !t.device.is(l.device.bytes()) => cx.fail_on(l.dir, Errno::EBUSY),
                    _ => one(cx, l),
                }
            }
        }
        if !known {
            one(cx, &Line { device: ZStr::new(c""), dir: arg, kind: arg, options: arg });
        }
    }
    cx.status
}

/// Detaches one file system as the options say.
fn one(cx: &mut Cx, l: &Line) {
    // The table has no links: one that is there now has just been put there.
    let mut flags = if !l.device.is_empty() { UMOUNT_NOFOLLOW } else { 0 };
    if cx.has(opt!("f")) {
        flags |= MNT_FORCE;
    }
    if cx.has(opt!("l")) {
        flags |= MNT_DETACH;
    }
    let done = if caller::is_other() { for_caller(l) } else { umount2(l.dir, flags) };
    match done {
        Ok(()) => {
            if cx.has(opt!("v")) {
                cx.out.shown(l.dir.bytes());
                cx.out.bytes(b" unmounted\n");
            }
            if cx.has(opt!("d")) && l.device.strip_prefix(b"/dev/loop").is_some() {
                let freed = fs::open_read(l.device).and_then(|f| loopdev::clear(*f));
                // ENXIO: it was set up to free itself.
                if let Some(e) = freed.err().filter(|e| *e != Errno::ENXIO) {
                    cx.fail_on(l.device, e);
                }
            }
        }
        Err(Errno::EBUSY)
            if cx.has(opt!("r"))
                && mount(l.device, l.dir, ZStr::new(c""), MS_REMOUNT | MS_RDONLY, None).is_ok() =>
        {
            out::complain(&[cx.name.bytes(), b": ", l.dir.bytes(), b": busy, now read-only"]);
        }
        Err(e) => cx.fail_on(l.dir, e),
    }
}

/// Unmounts for a caller who is not root, if it is written down that he may. From the directory that the mount point is
/// in: so nobody puts a link into its path, and the mount point itself cannot be moved.
#[inline(never)]
fn for_caller(l: &Line) -> Result<(), Errno> {
    let root = mounted::enter(l.dir)?;
    let record = mounted::record(&root)?;
    let may = |r: &fs::Statx| r.stx_uid == process::getuid() || r.stx_mode as u32 & 0o1000 != 0;
    if !fs::is_mount(&root) || !fs::lstat(record.z()).is_ok_and(|r| may(&r)) {
        return Err(Errno::EPERM);
    }
    fs::chdir(ZStr::new(c".."))?;
    umount2(l.dir.base(), UMOUNT_NOFOLLOW)?;
    // It is of no use any more, and does no harm.
    let _ = fs::unlinkat(Fd::CWD, record.z(), fs::AT_REMOVEDIR);
    Ok(())
}
