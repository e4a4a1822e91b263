//! mount: attach file systems (BusyBox util-linux/mount.c; `man 8 mount`).
//!
//! Differences from BusyBox: a set-uid binary serves `owner` and `group`, too, binds nothing for others than root, and
//! mounts for them a file only if they may open it; of `user`, `users`, `owner`, `group` and `nouser` the last one counts.

use options::{Options, ACTIONS, GROUP, OWNER, PROPAGATION, USER, USERS};
use sys::buf::concat;
use sys::fs::{self, Fd};
use sys::mount::{MS_BIND, MS_MOVE, MS_RDONLY, MS_REC, MS_REMOUNT, MS_SILENT};
use sys::opts::{Walk, Wrong};
use sys::zstr::cut;
use sys::{caller, out, process, signal, Buf, Cx, Errno, List, ToBuf, ZStr};
use util::file::fstab::{self, Line};
use util::file::mounted;
use util::file::read;

mod loopdev;
pub(crate) mod options;
pub(crate) mod tag;

applet! {
    name: mount,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    setuid: Checks,
    usage: "\
[-afinrsvw] [-t TYPE] [-o LIST] [DEVICE | -L LABEL | -U ID] [DIR]

Mount the file system on DEVICE at DIR. If one of them is missing, it is taken
from /etc/fstab; without both, list what is mounted.

    -a          All in /etc/fstab that are not marked noauto
    -t TYPE     Its type, or several with commas to try. With -a or to list:
                only these; no in front: all but these
    -o LIST     Options with commas; --OPTION is the same as -o OPTION
    -r          As -o ro
    -w          As -o rw, and never read-only instead
    -T FILE     Use FILE, not /etc/fstab
    -O OPTIONS  With -a only what has all of these; no in front: does not have
    -L LABEL    DEVICE is LABEL=LABEL
    -U ID       DEVICE is UUID=ID
    -i          Call no helper /sbin/mount.TYPE
    -f          Dry run
    -n          Ignored
    -s          Have a helper ignore options that it does not know
    -v          Print what is done

OPTIONS: ro rw [no]suid [no]dev [no]exec [a]sync dirsync [no]atime
[no]diratime [no]relatime [no]strictatime [no]lazytime [no]iversion [no]mand
[no]symfollow silent loud loop; [r]bind move remount; [r]shared [r]private
[r]slave [r]unbindable; noauto nofail user in fstab; all others are given to
the file system. DEVICE may be LABEL=NAME or UUID=ID. If it is a file, a loop
device is used; a directory is bound.
",
}

/// What the command line says.
struct Order<'r, 'c> {
    cx: &'r mut Cx<'c>,
    opts: u32,
    types: Option<ZStr<'static>>,
    table: ZStr<'static>,
    wanted: Option<ZStr<'static>>,
    extra: Buf,
    /// DEVICE from -L or -U.
    tag: Buf,
}

impl Order<'_, '_> {
    fn has(&self, bits: u64) -> bool {
        self.opts & bits as u32 != 0
    }

    fn add(&mut self, option: &[u8]) {
        self.extra.push(b',');
        self.extra.extend_from_slice(option);
    }
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let table = ZStr::new(c"/etc/fstab");
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, true);
    let mut o = Order { cx, opts: 0, types: None, table, wanted: None, extra: Buf::new(), tag: Buf::new() };
    while let Some(step) = walk.next() {
        match step {
            Err(Wrong::Unknown([b'-', b'-', option @ ..])) => o.add(option),
            Err(w) => return o.cx.wrong(w),
            Ok(f) => {
                o.opts |= sys::opts::nth_bit(f.number) as u32;
                match (f.letter, f.value) {
                    (b't', v) => o.types = v,
                    (b'O', v) => o.wanted = v,
                    (b'T', Some(v)) => o.table = v,
                    (b'o', Some(v)) => o.add(v.bytes()),
                    (b'L', Some(v)) => o.tag = concat(&[b"LABEL=", v.bytes()]),
                    (b'U', Some(v)) => o.tag = concat(&[b"UUID=", v.bytes()]),
                    (b'r', _) => o.add(b"ro"),
                    (b'w', _) => o.add(b"rw"),
                    _ => {}
                }
            }
        }
    }
    let args = walk.operands();
    let plain = o.opts & !opt!("v") as u32 == 0 && o.extra.is_empty() && args.len() == 1;
    caller::keep_for(plain);
    let tag = core::mem::take(&mut o.tag);
    match *args {
        [] if !tag.is_empty() => by_table(&mut o, tag.z()),
        [dir] if !tag.is_empty() => {
            let kind = o.types.unwrap_or(ZStr::new(c"auto"));
            attach(&mut o, &Line { device: tag.z(), dir, kind, options: ZStr::new(c"") });
        }
        [] if o.has(opt!("a")) => all(&mut o),
        [] => list(&mut o),
        _ if o.has(opt!("a")) => return o.cx.misuse(b"-a takes no operand"),
        [one] => by_table(&mut o, one),
        [device, dir] => {
            let kind = o.types.unwrap_or(ZStr::new(c"auto"));
            attach(&mut o, &Line { device, dir, kind, options: ZStr::new(c"") });
        }
        _ => return o.cx.misuse(b"extra operand"),
    }
    o.cx.status
}

/// Reads a table; says so if that fails.
#[inline(never)]
fn read(cx: &mut Cx, path: ZStr) -> Option<Buf> {
    match read::file(path) {
        Ok(text) => Some(text),
        Err(e) => {
            cx.fail_on(path, e);
            None
        }
    }
}

/// Tells what is mounted.
#[inline(never)]
fn list(o: &mut Order) {
    let Some(mut text) = read(o.cx, ZStr::new(fstab::MOUNTS)) else { return };
    for l in &fstab::lines(&mut text) {
        if fstab::meant(o.types, l.kind) {
            tell(o, l);
            o.cx.out.bytes(b" (");
            o.cx.out.shown(l.options.bytes());
            o.cx.out.bytes(b")\n");
        }
    }
}

#[inline(never)]
fn tell(o: &mut Order, l: &Line) {
    for part in &[l.device, ZStr::new(c" on "), l.dir, ZStr::new(c" type "), l.kind] {
        o.cx.out.shown(part.bytes());
    }
}

/// Mounts all that the table has and the kernel has not.
#[inline(never)]
fn all(o: &mut Order) {
    let Some(mut text) = read(o.cx, o.table) else { return };
    // Without /proc nobody knows; what is there already is then refused as busy.
    let mut mounted = match read::file_if_there(ZStr::new(fstab::MOUNTS)) {
        Ok(text) => text,
        Err(e) => return o.cx.fail_on(ZStr::new(fstab::MOUNTS), e),
    };
    let mounted = fstab::lines(&mut mounted);
    for l in &fstab::lines(&mut text) {
        let options = l.options.bytes();
        let wanted = o.wanted.is_none_or(|w| options::has_all(options, w.bytes()));
        let skip = options::has(options, b"noauto") || options::has(b"swap,ignore", l.kind.bytes());
        if skip || !wanted || !fstab::meant(o.types, l.kind) {
            continue;
        }
        // Of a file and of a directory the kernel tells another device.
        let other = matches!(kind(l.device), fs::S_IFDIR | fs::S_IFREG);
        let (device, dir) = (l.device.bytes(), fstab::canonical(l.dir));
        if !mounted.iter().any(|m| m.dir.is(&dir) && (other || m.device.is(device))) {
            attach(o, l);
        }
    }
}

/// `mount DIR` or `mount DEVICE`: the rest from a table.
#[inline(never)]
fn by_table(o: &mut Order, name: ZStr) {
    let mut said = Options::new(0);
    said.add(&o.extra);
    let bare =
        Line { device: ZStr::new(c"none"), dir: name, kind: ZStr::new(c"none"), options: ZStr::new(c"") };
    if said.flags & PROPAGATION != 0 && said.flags & (MS_REMOUNT | MS_BIND | MS_MOVE) == 0 {
        return attach(o, &bare);
    }
    // What is mounted tells how to mount it again.
    let again = said.flags & MS_REMOUNT != 0;
    let table = if again { ZStr::new(fstab::MOUNTS) } else { o.table };
    let mut text = match read::file(table) {
        Err(Errno::ENOENT) if again => return attach(o, &bare),
        Err(e) => return o.cx.fail_on(table, e),
        Ok(text) => text,
    };
    let path = fstab::canonical(name);
    let lines = fstab::lines(&mut text);
    // By directory, by device, by what a link in the table leads to. The last one lies on top.
    for pass in 0..3 {
        for l in lines.iter().rev() {
            let real;
            let known = match pass {
                0 => l.dir,
                1 => l.device,
                _ => {
                    real = fstab::canonical(l.dir);
                    real.z()
                }
            };
            if known.is(&path) || known.is(name.bytes()) {
                return attach(o, l);
            }
        }
    }
    o.cx.error(name.bytes(), &concat(&[b"not in ", table.bytes()]));
}

/// Mounts `l`, with what the command line adds.
#[inline(never)]
fn attach(o: &mut Order, l: &Line) {
    let mut p = Options::new(MS_SILENT);
    p.add(l.options.bytes());
    p.add(&o.extra);
    let found = tag::resolve(l.device);
    let device = found.as_ref().map_or(l.device, |path| path.z());
    let r = match &found {
        Err(e) => Err(*e),
        Ok(_) => {
            let l = Line { device, ..*l };
            if caller::is_other() {
                for_caller(o, &l, &mut p)
            } else {
                perform(o, &l, &mut p)
            }
        }
    };
    if let Err(e) = r {
        // Whatever the kernel found first: the device decides. What is no path cannot be missing.
        let missing = found.is_err() || (device.first() == b'/' && kind(device) == 0);
        let forgiven = missing && options::has(l.options.bytes(), b"nofail");
        let twice = e == Errno::EBUSY && o.has(opt!("a"));
        if !forgiven && !twice {
            o.cx.fail(&concat(&[l.device.bytes(), b" on ", l.dir.bytes()]), e);
        }
    }
}

/// Mounts what the table allows a caller to who is not root: on the directory that it names, in which we are then, so
/// that nobody puts a link in its place.
#[inline(never)]
fn for_caller(o: &mut Order, l: &Line, p: &mut Options) -> Result<(), Errno> {
    let may = match p.who {
        USER | USERS => true,
        OWNER | GROUP => {
            let s = fs::stat(l.device)?;
            if p.who == OWNER {
                s.stx_uid == process::getuid()
            } else {
                caller::is_in(s.stx_gid)
            }
        }
        _ => false,
    };
    if !may || p.flags & ACTIONS != 0 {
        return Err(Errno::EPERM);
    }
    if fs::is_mount(&mounted::enter(l.dir)?) {
        return Err(Errno::EBUSY);
    }
    perform(o, l, p)
}

/// Writes down who may unmount it besides root.
#[inline(never)]
fn note(o: &mut Order, l: &Line, p: &Options) {
    let other = caller::is_other();
    if !other && p.who != USERS {
        return;
    }
    let made = fs::open_without_links(l.dir).and_then(|root| {
        let path = mounted::record(&fs::fstat(*root)?)?;
        let make = |path: ZStr, mode| fs::mkdirat(Fd::CWD, path, mode);
        // If the first fails, so does the second.
        let _ = make(ZStr::new(c"/run/mount"), 0o755);
        if p.who == USERS {
            return make(path.z(), mounted::EVERYBODY);
        }
        make(path.z(), 0o700)?;
        fs::fchownat(Fd::CWD, path.z(), process::getuid(), u32::MAX, 0)
    });
    if let Some(e) = made.err().filter(|_| other) {
        o.cx.fail_on(ZStr::new(c"/run/mount"), e);
    }
}

/// Type of the file at `path`; 0 if there is none.
#[inline(never)]
fn kind(path: ZStr) -> u32 {
    fs::stat(path).map_or(0, |s| fs::kind(&s))
}

/// Finds out what to do: bind, or mount as one of several types, or that by a loop device.
#[inline(never)]
fn perform(o: &mut Order, l: &Line, p: &mut Options) -> Result<(), Errno> {
    let acts = p.flags & ACTIONS != 0;
    let auto = l.kind.is(b"auto") || (acts && l.kind.is(b"none"));
    let from = kind(l.device);
    let alike = matches!(from, fs::S_IFDIR | fs::S_IFREG) && from == kind(l.dir);
    if auto && !acts && alike && !caller::is_other() {
        p.flags |= MS_BIND;
    }
    let acts = p.flags & ACTIONS != 0;
    // Types to try, as a comma list.
    let names = if auto && !acts { candidates()? } else { l.kind.bytes().buf() };
    if acts || !p.on_loop || o.has(opt!("f")) {
        match tries(o, l, p, &names) {
            Err(Errno::ENOTBLK) if from == fs::S_IFREG => {}
            r => return r,
        }
    }
    let (device, _held) = loopdev::set_up(l.device, p.flags & MS_RDONLY != 0)?;
    tries(o, &Line { device: device.z(), ..*l }, p, &names)
}

/// Tries one type after the other. A file system may call a device that holds another one bad, busy or
/// write-protected; of several reasons the first is told that knows more than that it is not this type.
#[inline(never)]
fn tries(o: &mut Order, l: &Line, p: &Options, mut names: &[u8]) -> Result<(), Errno> {
    let mut why = Errno::EINVAL;
    while !names.is_empty() {
        let kind = cut(&mut names, b',').buf();
        match one(o, &Line { kind: kind.z(), ..*l }, p) {
            Ok(()) => return Ok(()),
            Err(e) if e != Errno::EINVAL && matches!(why, Errno::EINVAL | Errno::ENODEV) => why = e,
            Err(_) => {}
        }
    }
    Err(why)
}

/// Types that live on block devices, from /etc/filesystems, and from /proc/filesystems if that is missing or
/// has a line `*`; a comma list.
#[inline(never)]
fn candidates() -> Result<Buf, Errno> {
    let mut names = Buf::new();
    let etc = read::file(ZStr::new(c"/etc/filesystems"));
    if etc.is_err() || types(&mut names, &etc.unwrap_or_default()) {
        types(&mut names, &read::file(ZStr::new(c"/proc/filesystems"))?);
    }
    Ok(names)
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
                names.push(b',');
            }
        }
    }
    star
}

/// One try with one type: helper, mount, what a bind and a propagation need besides.
#[inline(never)]
fn one(o: &mut Order, l: &Line, p: &Options) -> Result<(), Errno> {
    if !o.has(opt!("f")) {
        if p.flags & ACTIONS == 0 && !o.has(opt!("i")) {
            let path = concat(&[b"/sbin/mount.", l.kind.bytes()]);
            if fs::access(path.z(), fs::X_OK).is_ok() {
                return help(o, path.z(), l);
            }
        }
        by_kernel(o, l, p)?;
        note(o, l, p);
    }
    if o.has(opt!("v")) {
        tell(o, l);
        o.cx.out.byte(b'\n');
    }
    Ok(())
}

fn by_kernel(o: &mut Order, l: &Line, p: &Options) -> Result<(), Errno> {
    let none = ZStr::new(c"");
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
        try_mount(o, l, first, &p.data)?;
        let how = flags & !(MS_REC | MS_BIND | MS_MOVE | MS_SILENT);
        if act == MS_BIND && how != 0 {
            let flags = kept(l, o)? | how;
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
fn kept(l: &Line, o: &Order) -> Result<u32, Errno> {
    let mut p = Options::new(0);
    let path = fstab::canonical(l.dir);
    // Without /proc there is nothing to keep.
    let mut text = read::file_if_there(ZStr::new(fstab::MOUNTS))?;
    let known = !text.is_empty();
    match fstab::lines(&mut text).iter().rev().find(|m| m.dir.is(&path)) {
        Some(m) => p.add(m.options.bytes()),
        None if known => return Err(Errno::ENOENT),
        None => {}
    }
    p.add(l.options.bytes());
    p.add(&o.extra);
    Ok(p.flags)
}

/// What the child of [`help`] runs.
struct Helper<'p> {
    path: ZStr<'p>,
    argv: *const *const u8,
    envp: *const *const u8,
}

fn child(h: &mut Helper) -> Errno {
    // With the rights of the caller: it need not be made for more.
    caller::give_up();
    // SAFETY: the strings and the array end as exec wants it.
    unsafe { process::execve(h.path, h.argv, h.envp) }
}

/// Has `path` mount: `mount.TYPE DEVICE DIR -nsv -o OPTIONS`. It says itself why it cannot.
#[inline(never)]
fn help(o: &mut Order, path: ZStr, l: &Line) -> Result<(), Errno> {
    let mut letters = b"-".buf();
    // Their bits follow each other.
    const { assert!(opt!("s") == 2 * opt!("n") && opt!("v") == 4 * opt!("n")) };
    let mut bit = opt!("n");
    for &letter in b"nsv" {
        if o.has(bit) {
            letters.push(letter);
        }
        bit *= 2;
    }
    let list = concat(&[l.options.bytes(), &o.extra]);
    let list = if list.first() == Some(&b',') { list.z().rest() } else { list.z() };
    let mut argv = List::from_iter([path.as_ptr(), l.device.as_ptr(), l.dir.as_ptr()]);
    if letters.len() > 1 {
        argv.push(letters.z().as_ptr());
    }
    if !list.is_empty() {
        argv.push(c"-o".as_ptr() as *const u8);
        argv.push(list.as_ptr());
    }
    argv.push(core::ptr::null());
    let mut h = Helper { path, argv: argv.as_ptr(), envp: o.cx.envp.as_ptr() };
    // Otherwise the kernel would not tell how it ended.
    let _ = signal::action(signal::SIGCHLD, signal::Action::DEFAULT);
    let status = process::wait(process::spawn(&mut h, child)?)?;
    if status.exited() != Some(0) {
        o.cx.error(path.bytes(), b"failed");
    }
    Ok(())
}

/// Mounts, read-only where the device allows no more.
#[inline(never)]
fn try_mount(o: &mut Order, l: &Line, flags: u32, data: &Buf) -> Result<(), Errno> {
    let (mut how, mut dir) = (flags, l.dir);
    if caller::is_other() {
        // Elsewhere others may put links: it has to be a file, which they may open themselves.
        if l.device.first() == b'/' && l.device.strip_prefix(b"/dev/").is_none() {
            return Err(Errno::ENOTBLK);
        }
        dir = ZStr::new(c".");
    }
    loop {
        let r = sys::mount::mount(l.device, dir, l.kind, how, Some(data.z()).filter(|d| !d.is_empty()));
        let protected = matches!(r, Err(Errno::EACCES | Errno::EROFS)) && !o.has(opt!("w"));
        if protected && how & (MS_RDONLY | MS_BIND | MS_MOVE) == 0 {
            how |= MS_RDONLY;
            continue;
        }
        if how != flags && r.is_ok() {
            let name = o.cx.name.bytes();
            out::complain(&[name, b": ", l.device.bytes(), b": write-protected, mounted read-only"]);
        }
        return r;
    }
}
