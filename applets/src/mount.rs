//! mount: attach file systems (BusyBox util-linux/mount.c; `man 8 mount`).

use crate::util::fstab::{self, Line};
use options::{Options, ACTIONS, PROPAGATION};
use sys::fs;
use sys::mount::{MS_BIND, MS_MOVE, MS_RDONLY, MS_REC, MS_REMOUNT, MS_SILENT};
use sys::opts::{Walk, Wrong};
use sys::zstr::cut;
use sys::{out, process, Buf, ToBuf, Cx, Errno, ZStr};

#[path = "mount/loopdev.rs"]
mod loopdev;
#[path = "mount/options.rs"]
mod options;
#[path = "mount/tag.rs"]
mod tag;

applet! {
    name: mount,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-afinrvw] [-t TYPE] [-o OPTIONS] [DEVICE] [DIR]

Attach the file system on DEVICE to DIR. With one of the two, what is missing
is taken from /etc/fstab; with none, tell what is mounted.

    -a          All in /etc/fstab that are not marked noauto
    -t TYPE     Its type; several with commas are tried. With -a, or to tell
                what is mounted: only these; no in front: all but these
    -o OPTIONS  A comma list; --OPTION is the same as -o OPTION
    -r          As -o ro
    -w          As -o rw
    -T FILE     Instead of /etc/fstab
    -O OPTIONS  With -a only what has all of these; no in front: does not have
    -i          Call no helper /sbin/mount.TYPE
    -f          Do all but the mount itself
    -n          Do not write /etc/mtab, which mount never does
    -v          Tell what is done

OPTIONS: ro rw [no]suid [no]dev [no]exec [a]sync dirsync [no]atime
[no]diratime [no]relatime [no]strictatime [no]lazytime [no]iversion [no]mand
[no]symfollow silent loud loop; [r]bind move remount; [r]shared [r]private
[r]slave [r]unbindable; noauto nofail in fstab; all others are given to the
file system. DEVICE may be LABEL=NAME or UUID=ID. A file for a directory takes
a loop device, a directory for a directory is bound.
",
}

/// What the command line says.
struct Order {
    opts: u64,
    types: Option<ZStr<'static>>,
    table: ZStr<'static>,
    wanted: Option<ZStr<'static>>,
    extra: Buf,
}

impl Order {
    fn has(&self, bits: u64) -> bool {
        self.opts & bits != 0
    }

    fn add(&mut self, option: &[u8]) {
        self.extra.push(b',');
        self.extra.extend_from_slice(option);
    }
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let table = ZStr::new(c"/etc/fstab");
    let mut o = Order { opts: 0, types: None, table, wanted: None, extra: Buf::new() };
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            Err(Wrong::Unknown([b'-', b'-', option @ ..])) => o.add(option),
            Err(w) => return cx.wrong(w),
            Ok(f) => {
                o.opts |= sys::opts::nth_bit(f.number);
                match (f.letter, f.value) {
                    (b't', v) => o.types = v,
                    (b'O', v) => o.wanted = v,
                    (b'T', Some(v)) => o.table = v,
                    (b'o', Some(v)) => o.add(v.bytes()),
                    (b'r', _) => o.add(b"ro"),
                    (b'w', _) => o.add(b"rw"),
                    _ => {}
                }
            }
        }
    }
    let args = walk.operands();
    match *args {
        [] if o.has(opt!("a")) => all(cx, &o),
        [] => list(cx, &o),
        _ if o.has(opt!("a")) => return cx.misuse(b"-a takes no operand"),
        [one] => by_table(cx, &o, one),
        [device, dir] => {
            let kind = o.types.unwrap_or(ZStr::new(c"auto"));
            attach(cx, &o, &Line { device, dir, kind, options: ZStr::new(c"") });
        }
        _ => return cx.misuse(b"extra operand"),
    }
    cx.status
}

/// Reads a table; says so if that fails.
fn read(cx: &mut Cx, path: ZStr) -> Option<Buf> {
    match fstab::read(path) {
        Ok(text) => Some(text),
        Err(e) => {
            cx.fail(path.bytes(), e);
            None
        }
    }
}

/// Tells what is mounted.
#[inline(never)]
fn list(cx: &mut Cx, o: &Order) {
    let Some(mut text) = read(cx, ZStr::new(fstab::MOUNTS)) else { return };
    for l in fstab::lines(&mut text).iter().filter(|l| fstab::meant(o.types, l.kind)) {
        tell(cx, l, l.kind);
        cx.out.bytes(b" (");
        cx.out.z(l.options);
        cx.out.bytes(b")\n");
    }
}

fn tell(cx: &mut Cx, l: &Line, kind: ZStr) {
    for (before, what) in [(&b""[..], l.device), (b" on ", l.dir), (b" type ", kind)] {
        cx.out.bytes(before);
        cx.out.z(what);
    }
}

/// Mounts all that the table has and the kernel has not.
#[inline(never)]
fn all(cx: &mut Cx, o: &Order) {
    let Some(mut text) = read(cx, o.table) else { return };
    // Without /proc nobody knows; what is there already is then refused as busy.
    let mut mounted = fstab::read(ZStr::new(fstab::MOUNTS)).unwrap_or_default();
    let mounted = fstab::lines(&mut mounted);
    for l in fstab::lines(&mut text) {
        let options = l.options.bytes();
        let wanted = o.wanted.is_none_or(|w| options::has_all(options, w.bytes()));
        let skip = options::has(options, b"noauto") || l.kind.is(b"swap") || l.kind.is(b"ignore");
        if skip || !wanted || !fstab::meant(o.types, l.kind) {
            continue;
        }
        let there = mounted.iter().any(|m| m.dir.is(l.dir.bytes()) && m.device.is(l.device.bytes()));
        if !there {
            attach(cx, o, &l);
        }
    }
}

/// `mount DIR` or `mount DEVICE`: the rest from a table.
#[inline(never)]
fn by_table(cx: &mut Cx, o: &Order, name: ZStr) {
    let mut said = Options { flags: 0, data: Buf::new(), on_loop: false };
    said.add(&o.extra);
    let bare =
        Line { device: ZStr::new(c"none"), dir: name, kind: ZStr::new(c"none"), options: ZStr::new(c"") };
    if said.flags & PROPAGATION != 0 && said.flags & (MS_REMOUNT | MS_BIND | MS_MOVE) == 0 {
        return attach(cx, o, &bare);
    }
    // What is mounted tells how to mount it again.
    let again = said.flags & MS_REMOUNT != 0;
    let table = if again { ZStr::new(fstab::MOUNTS) } else { o.table };
    let mut text = match fstab::read(table) {
        Err(_) if again => return attach(cx, o, &bare),
        Err(e) => return cx.fail(table.bytes(), e),
        Ok(text) => text,
    };
    let path = fstab::canonical(name);
    let lines = fstab::lines(&mut text);
    let is = |z: ZStr| z.is(&path) || z.is(name.bytes());
    // The last one lies on top.
    match lines.iter().rev().find(|l| is(l.dir)).or_else(|| lines.iter().rev().find(|l| is(l.device))) {
        Some(l) => attach(cx, o, l),
        None => {
            let mut why = b"not in ".buf();
            why.extend_from_slice(table.bytes());
            cx.error(name.bytes(), &why);
        }
    }
}

/// Mounts `l`, with what the command line adds.
#[inline(never)]
fn attach(cx: &mut Cx, o: &Order, l: &Line) {
    let mut p = Options { flags: MS_SILENT, data: Buf::new(), on_loop: false };
    p.add(l.options.bytes());
    p.add(&o.extra);
    if let Err(e) = perform(cx, o, l, p) {
        // Whatever the kernel found first: the device decides.
        let missing = fs::stat(l.device).is_err() && options::has(l.options.bytes(), b"nofail");
        let twice = e == Errno::EBUSY && o.has(opt!("a"));
        if !missing && !twice {
            let mut what = l.device.bytes().buf();
            what.extend_from_slice(b" on ");
            what.extend_from_slice(l.dir.bytes());
            cx.fail(&what, e);
        }
    }
}

#[inline(never)]
fn perform(cx: &mut Cx, o: &Order, l: &Line, mut p: Options) -> Result<(), Errno> {
    let mut found = tag::resolve(l.device)?;
    let mut device = found.as_mut().map_or(l.device, |path| path.z());
    // Types to try, NUL-terminated.
    let mut names = Buf::new();
    let auto = l.kind.is(b"auto") || (l.kind.is(b"none") && p.flags & ACTIONS != 0);
    let mut held: Option<(Buf, fs::Owned)> = None;
    if p.flags & ACTIONS == 0 {
        let is = |path, kind| fs::stat(path).is_ok_and(|s| fs::kind(&s) == kind);
        if auto && [fs::S_IFDIR, fs::S_IFREG].iter().any(|&k| is(device, k) && is(l.dir, k)) {
            p.flags |= MS_BIND;
        } else if (p.on_loop || (auto && is(device, fs::S_IFREG))) && !o.has(opt!("f")) {
            held = Some(loopdev::set_up(device, p.flags & MS_RDONLY != 0)?);
        }
    }
    if let Some(path) = held.as_ref().and_then(|(path, _)| ZStr::from_bytes_with_nul(path)) {
        device = path;
    }
    if auto && p.flags & ACTIONS == 0 {
        candidates(&mut names)?;
    } else {
        names.extend_from_slice(l.kind.bytes());
        names.iter_mut().filter(|b| **b == b',').for_each(|b| *b = 0);
        names.push(0);
    }
    // EINVAL is what a file system says to a device that holds another one: then the next may know it. The
    // reason of the one that knew more is told.
    let mut why = Errno::EINVAL;
    let mut rest = &names[..];
    while let Some(kind) = ZStr::from_bytes_with_nul(rest) {
        cut(&mut rest, 0);
        match one(cx, o, &Line { device, kind, ..*l }, &mut p) {
            Err(e @ (Errno::EINVAL | Errno::ENODEV)) => why = if why == Errno::EINVAL { e } else { why },
            r => return r,
        }
    }
    Err(why)
}

/// Types that live on block devices, from /etc/filesystems, and from /proc/filesystems if that is missing or
/// has a line `*`; NUL-terminated.
#[inline(never)]
fn candidates(names: &mut Buf) -> Result<(), Errno> {
    let mut more = true;
    let etc = fstab::read(ZStr::new(c"/etc/filesystems"));
    if let Ok(text) = &etc {
        more = types(names, text);
    }
    if more {
        types(names, &fstab::read(ZStr::new(c"/proc/filesystems"))?);
    }
    Ok(())
}

/// Adds the types of one file; was there a `*`?
#[inline(never)]
fn types(names: &mut Buf, text: &[u8]) -> bool {
    let mut star = false;
    let mut rest = text;
    while !rest.is_empty() {
        let line = cut(&mut rest, b'\n');
        match line.trim_ascii() {
            b"*" => star = true,
            [] | [b'#', ..] | [b'n', b'o', b'd', b'e', b'v', ..] => {}
            name => {
                names.extend_from_slice(name);
                names.push(0);
            }
        }
    }
    star
}

/// One try with one type: helper, mount, what a bind and a propagation need besides.
#[inline(never)]
fn one(cx: &mut Cx, o: &Order, l: &Line, p: &mut Options) -> Result<(), Errno> {
    if o.has(opt!("v")) {
        tell(cx, l, l.kind);
        cx.out.byte(b'\n');
    }
    if o.has(opt!("f")) {
        return Ok(());
    }
    let none = ZStr::new(c"");
    if p.flags & ACTIONS == 0 && !o.has(opt!("i")) {
        let mut path: Buf = b"/sbin/mount.".buf();
        path.extend_from_slice(l.kind.bytes());
        let path = path.z();
        if fs::access(path, 1).is_ok() {
            let mut list = l.options.bytes().buf();
            list.extend_from_slice(&o.extra);
            let list = list.z();
            let list = if list.first() == b',' { list.skip(1) } else { list };
            return help(cx, path, l, list);
        }
    }
    let flags = p.flags & !PROPAGATION;
    let only =
        p.flags & PROPAGATION != 0 && flags & (MS_BIND | MS_MOVE | MS_REMOUNT) == 0 && l.device.is(b"none");
    if !only {
        let act = flags & (MS_BIND | MS_MOVE | MS_REMOUNT);
        // The kernel takes no other flags with a bind or a move.
        let first = match act {
            MS_BIND | MS_MOVE => flags & (MS_BIND | MS_MOVE | MS_REC),
            _ => flags & !MS_REC,
        };
        try_mount(cx, l, first, &mut p.data)?;
        let how = flags & !(MS_REC | MS_BIND | MS_MOVE | MS_SILENT);
        if act == MS_BIND && how != 0 {
            let flags = kept(l, o) | how;
            sys::mount::mount(
                none,
                l.dir,
                none,
                flags & !(MS_REC | MS_MOVE | PROPAGATION) | MS_BIND | MS_REMOUNT,
                None,
            )?;
        }
    }
    if p.flags & PROPAGATION != 0 {
        let rec = p.flags & MS_REC;
        sys::mount::mount(none, l.dir, none, p.flags & PROPAGATION | rec, None)?;
    }
    Ok(())
}

/// The flags that the mount on `l.dir` has, changed as the options say: a bind that becomes read-only must
/// not lose its nosuid.
#[inline(never)]
fn kept(l: &Line, o: &Order) -> u32 {
    let mut p = Options { flags: 0, data: Buf::new(), on_loop: false };
    let path = fstab::canonical(l.dir);
    // Without /proc there is nothing to keep.
    let mut text = fstab::read(ZStr::new(fstab::MOUNTS)).unwrap_or_default();
    if let Some(m) = fstab::lines(&mut text).iter().rev().find(|m| m.dir.is(&path)) {
        p.add(m.options.bytes());
    }
    p.add(l.options.bytes());
    p.add(&o.extra);
    p.flags
}

/// What the child of [`help`] runs.
struct Helper {
    argv: [*const u8; 6],
    envp: *const *const u8,
    why: Option<Errno>,
}

extern "C" fn child(arg: *mut ()) -> ! {
    // SAFETY: `help` gives a Helper that it does not touch before we are gone; its strings and the array end
    // as exec wants it.
    unsafe {
        let h = &mut *(arg as *mut Helper);
        let [path, ..] = h.argv;
        h.why = Some(process::execve(ZStr::from_ptr(path), h.argv.as_ptr(), h.envp));
    }
    process::exit(1)
}

/// Has `path` mount: `mount.TYPE DEVICE DIR -o OPTIONS`. It says itself why it cannot.
#[inline(never)]
fn help(cx: &mut Cx, path: ZStr, l: &Line, list: ZStr) -> Result<(), Errno> {
    let words = [path, l.device, l.dir, ZStr::new(c"-o"), list].map(ZStr::as_ptr);
    let [a, b, c, d, e] = words;
    let d = if list.is_empty() { core::ptr::null() } else { d };
    let mut h = Helper { argv: [a, b, c, d, e, core::ptr::null()], envp: cx.envp, why: None };
    // SAFETY: `child` ends in exec or exit and changes only `h`.
    let pid = unsafe { process::vfork(child, &mut h as *mut Helper as *mut ()) }?;
    let status = loop {
        match process::wait4(pid, 0) {
            Err(Errno::EINTR) => {}
            r => break r?.1,
        }
    };
    if let Some(why) = h.why {
        return Err(why);
    }
    if status.exited() != Some(0) {
        cx.error(path.bytes(), b"failed");
    }
    Ok(())
}

/// Mounts, read-only where the device allows no more.
#[inline(never)]
fn try_mount(cx: &mut Cx, l: &Line, flags: u32, data: &mut Buf) -> Result<(), Errno> {
    let mut r = Ok(());
    for read_only in [0, MS_RDONLY] {
        let data = Some(data.z()).filter(|d| !d.is_empty());
        r = sys::mount::mount(l.device, l.dir, l.kind, flags | read_only, data);
        match r {
            Err(Errno::EACCES | Errno::EROFS) if flags & (MS_RDONLY | MS_BIND | MS_MOVE) == 0 => {}
            _ => {
                if read_only != 0 && r.is_ok() {
                    out::complain(&[
                        cx.name.bytes(),
                        b": ",
                        l.device.bytes(),
                        b": write-protected, mounted read-only",
                    ]);
                }
                break;
            }
        }
    }
    r
}
