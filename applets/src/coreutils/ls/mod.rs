//! ls: list files (POSIX.1-2024 ls; colours, sorting and times as BusyBox, Toybox and GNU have them).
//!
//! Differences from BusyBox: -m, -f, -g, -o, -k, -b, -q, -N, -U and -Z; all characters that the terminal can show
//! are shown, not only the first 768.

mod show;

use core::cell::Cell;
use sys::buf::concat;
use sys::fs::{self, Dir, Fd, Statx};
use sys::zstr::position_in;
use sys::{num, sort, time, tty, Buf, Cx, Errno, List, ZStr};
use util::file::id::{id, Id};
use util::login::accounts::{Names, GROUP, PASSWD};
use util::term::mask::{self, Odd};
use util::text::version::{extension, version};

applet! {
    name: ls,
    dir: "/bin",
    class: NoExec,
    numbers: "w=0..4294967294",
    last_wins: "lCxm 1Cxm tSXvU cu HL bN hk aA",
    usage: "\
[-1AaCxdFfpgHhiklLmnobNqrRsStcuUvXZ] [-w COLS] [FILE]...

List FILEs and the contents of directories, or of the current one.

    -1  One per line (default unless on a terminal)
    -C  In columns
    -x  In columns, sorted across
    -m  Separated by commas
    -l  Long: mode, links, owner, group, size, time; -ll as --full-time
    -g  Long without owner
    -o  Long without group
    -n  Long with numbers of owner and group
    --full-time  Long with full time
    -a  Names that start with . too
    -A  As -a without . and ..
    -d  Directories themselves, not their contents
    -R  Subdirectories too
    -L  Follow links
    -H  Follow links that are a FILE
    -F  Mark types: / directory * program @ link = socket | fifo
    -p  Mark directories
    -i  Inode numbers
    -s  Space used
    -h  Sizes as 1K 2.3M 4G
    -k  Not -h; space in units of 1K
    -Z  Security context
    -t  Sort by time
    -S  Sort by size
    -X  Sort by extension
    -v  Sort by version
    -U  Do not sort
    -f  As -aU
    -r  Reverse order
    -c  Time of last change of status
    -u  Time of last access
    --group-directories-first  Directories before files
    -b  Escape nonprinting characters
    -q  Show them as ? (default on a terminal)
    -N  Show them as they are
    -w COLS  Width of the screen
    --color[=WHEN]  Colours: always, auto (default), never
",
}

/// A file to list.
#[derive(Default)]
struct Item {
    /// What it is sorted by before its name, the greater the earlier.
    key: i64,
    sec: i64,
    nsec: u32,
    /// Where its name starts in [`Listing::names`].
    name: u32,
    /// Columns of the name with its mark.
    width: Cell<u32>,
    mode: u32,
    links: u32,
    uid: u32,
    gid: u32,
    major: u32,
    minor: u32,
    size: u64,
    blocks: u64,
    inode: u64,
}

impl Item {
    fn is_dir(&self) -> bool {
        self.is(fs::S_IFDIR)
    }

    fn is(&self, kind: u32) -> bool {
        self.mode & fs::S_IFMT == kind
    }
}

/// Files to list together.
struct Listing {
    /// What their names start from, and its path; empty for operands.
    dir: Fd,
    path: Buf,
    items: List<Item>,
    /// NUL-terminated, one behind the other.
    names: Buf,
    /// Which items are shown, in their order.
    order: List<u32>,
}

impl Listing {
    fn new(dir: Fd, path: Buf) -> Listing {
        Listing { dir, path, items: List::new(), names: Buf::new(), order: List::new() }
    }

    #[inline(never)]
    fn name(&self, i: &Item) -> ZStr<'_> {
        self.names.get(i.name as usize..).and_then(ZStr::from_bytes_with_nul).unwrap_or(ZStr::new(c""))
    }

    /// The path of a file in it.
    #[inline(never)]
    fn path(&self, name: ZStr) -> Buf {
        let slash: &[u8] = match self.path.last() {
            None | Some(b'/') => b"",
            _ => b"/",
        };
        concat(&[&self.path, slash, name.bytes()])
    }

    /// The item that is shown as number `n`.
    #[inline(never)]
    fn item(&self, n: usize) -> Option<&Item> {
        self.items.get(*self.order.get(n)? as usize)
    }
}

// What is asked for most stands first: Thumb-1 reaches it by one instruction.
#[repr(C)]
struct Ls<'l, 'c> {
    text: Buf,
    cx: &'l mut Cx<'c>,
    opts: u64,
    /// Is there need of the status of files?
    status: bool,
    color: bool,
    /// Has something been written that a blank line must part from the next directory?
    begun: bool,
    odd: Odd,
    /// Bits of the cells shown, and their widths in the list being shown.
    cells: u32,
    widths: [u32; show::CELLS],
    /// Columns of the screen.
    screen: u32,
    now: i64,
    zone: Option<ZStr<'static>>,
    users: Names,
    groups: Names,
    /// Paths of directories to list, the next one last, and how deep below the operand they are.
    pending: List<(Buf, usize)>,
    /// With -RL, the directories above: a link to one of them is a loop.
    above: List<Id>,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let terminal = tty::is(cx.out.fd());
    let mut opts = cx.opts;
    if cx.twice & opt!("l") != 0 {
        opts |= opt!("--full-time");
    }
    if opts & (opt!("gno") | opt!("--full-time")) != 0 {
        opts = opts & !opt!("Cxm") | opt!("l");
    }
    if terminal && opts & opt!("1Cxml") == 0 {
        opts |= opt!("C");
    }
    if opts & opt!("f") != 0 {
        opts |= opt!("aU");
    }
    if opts & opt!("cu") != 0 && opts & opt!("ltSXvU") == 0 {
        opts |= opt!("t");
    }
    let mut odd = Odd::Raw;
    if opts & opt!("q") != 0 || terminal && opts & opt!("N") == 0 {
        odd = Odd::Mark;
    }
    if opts & opt!("b") != 0 {
        odd = Odd::Escape;
    }
    let screen = columns(cx);
    let mut color = terminal && cx.env(b"TERM").is_some_and(|t| !t.is(b"dumb"));
    if opts & opt!("--color") != 0 {
        let when = cx.value(slot!("--color")).map_or(&b"always"[..], ZStr::bytes);
        match position_in(b"auto,always,never", b',', when) {
            None => return cx.misuse(b"invalid --color"),
            Some(0) => {}
            Some(n) => color = n == 1,
        }
    }
    let mut ls = Ls {
        opts,
        cells: show::cells(opts),
        widths: [0; show::CELLS],
        status: true,
        color,
        odd,
        screen,
        now: time::now(time::CLOCK_REALTIME).sec,
        zone: cx.env(b"TZ"),
        users: Names::new(ZStr::new(PASSWD)),
        groups: Names::new(ZStr::new(GROUP)),
        begun: false,
        pending: List::new(),
        above: List::new(),
        text: Buf::new(),
        cx,
    };
    ls.operands();
    let status = ls.cx.status;
    // The process ends now: to give back its memory would be code for nothing.
    core::mem::forget(ls);
    status
}

/// The width of the screen: as -w, COLUMNS or the terminal says, else 80.
fn columns(cx: &Cx) -> u32 {
    if let Some(n) = cx.number(slot!("w")) {
        // 0 is no limit.
        return (n as u32).wrapping_sub(1).min(1 << 30).wrapping_add(1);
    }
    let mut width = cx.env(b"COLUMNS").and_then(|c| num::parse_u32(c.bytes())).unwrap_or(0);
    if width == 0 {
        width = tty::size(cx.out.fd()).map_or(0, |s| s.1 as u32);
    }
    if width == 0 {
        80
    } else {
        width
    }
}

impl Ls<'_, '_> {
    fn has(&self, bits: u64) -> bool {
        self.opts & bits != 0
    }

    fn operands(&mut self) {
        let dot = [ZStr::new(c".")];
        let args = core::mem::take(&mut self.cx.args);
        let args = if args.is_empty() { &dot[..] } else { args };
        let mut list = Listing::new(Fd::CWD, Buf::new());
        for &a in args {
            self.add(&mut list, a, 0, 0);
        }
        self.status = self.color || self.has(opt!("FislLtS"));
        self.sort(&mut list);
        if !self.has(opt!("d")) {
            self.push_directories(&list, 0);
            let Listing { items, order, .. } = &mut list;
            let mut files = 0;
            for at in 0..order.len() {
                let n = *order.get(at).unwrap_or(&0);
                if let (false, Some(slot)) =
                    (items.get(n as usize).is_some_and(Item::is_dir), order.get_mut(files))
                {
                    *slot = n;
                    files += 1;
                }
            }
            order.truncate(files);
        }
        self.show(&list);
        let titles = args.len() > 1 || self.has(opt!("R"));
        while let Some((path, depth)) = self.pending.pop() {
            if self.cx.out.failed() {
                break;
            }
            self.directory(path, depth, titles);
        }
    }

    /// Remembers the directories of `list` to be listed, in its order.
    #[inline(never)]
    fn push_directories(&mut self, list: &Listing, depth: usize) {
        let mut n = list.order.len();
        while n > 0 {
            n -= 1;
            let Some(i) = list.item(n) else { continue };
            let name = list.name(i);
            if i.is_dir() && (depth == 0 || !(name.is(b".") || name.is(b".."))) {
                self.pending.push((list.path(name), depth));
            }
        }
    }

    #[inline(never)]
    fn directory(&mut self, path: Buf, depth: usize, titles: bool) {
        let opened = Dir::open(Fd::CWD, path.z(), 0);
        let mut dir = match opened {
            Ok(d) => d,
            Err(e) => return self.cx.fail(&path, e),
        };
        if self.has(opt!("L")) && self.looped(dir.fd(), depth) {
            return self.cx.fail(&path, Errno::ELOOP);
        }
        if titles {
            self.text.clear();
            if core::mem::replace(&mut self.begun, true) {
                self.text.push(b'\n');
            }
            mask::show(&path, self.odd, &mut self.text);
            self.text.extend_from_slice(b":\n");
            self.cx.out.bytes(&self.text);
        }
        let mut list = Listing::new(dir.fd(), path);
        if self.has(opt!("a")) {
            self.add(&mut list, ZStr::new(c"."), 0, 0);
            self.add(&mut list, ZStr::new(c".."), 0, 0);
        }
        loop {
            match dir.next() {
                Ok(Some(e)) => {
                    if e.name.first() != b'.' || self.has(opt!("aA")) {
                        self.add(&mut list, e.name, e.kind as u32, e.ino);
                    }
                }
                Ok(None) => break,
                Err(e) => {
                    self.cx.fail(&list.path, e);
                    break;
                }
            }
        }
        if self.has(opt!("ls")) {
            self.total(&list);
        }
        self.sort(&mut list);
        self.show(&list);
        if self.has(opt!("R")) {
            self.push_directories(&list, depth + 1);
        }
    }

    /// Is `dir`, at this depth, one of the directories above it?
    #[inline(never)]
    fn looped(&mut self, dir: Fd, depth: usize) -> bool {
        self.above.truncate(depth);
        let r = fs::fstat(dir);
        let Ok(s) = &r else { return false };
        let this = id(s);
        let found = self.above.contains(&this);
        self.above.push(this);
        found
    }

    /// Adds a file to `list`; what the directory tells of its type (DT_…, 0 for unknown) and inode may do.
    #[inline(never)]
    fn add(&mut self, list: &mut Listing, name: ZStr, kind: u32, inode: u64) {
        let mut item = Item { mode: kind << 12, inode, name: list.names.len() as u32, ..Item::default() };
        if self.status || kind == 0 {
            match &self.stat(list, name) {
                Ok(s) => self.fill(&mut item, s),
                Err(e) => return self.cx.fail(&list.path(name), *e),
            }
        }
        list.names.extend_from_slice(name.bytes());
        list.names.push(0);
        list.items.push(item);
    }

    #[inline(never)]
    fn fill(&self, item: &mut Item, s: &Statx) {
        let mut t = &s.stx_mtime;
        if self.has(opt!("c")) {
            t = &s.stx_ctime;
        }
        if self.has(opt!("u")) {
            t = &s.stx_atime;
        }
        item.sec = t.tv_sec;
        item.nsec = t.tv_nsec;
        item.size = s.stx_size;
        item.blocks = s.stx_blocks;
        item.inode = s.stx_ino;
        item.mode = s.stx_mode as u32;
        item.links = s.stx_nlink;
        item.uid = s.stx_uid;
        item.gid = s.stx_gid;
        item.major = s.stx_rdev_major;
        item.minor = s.stx_rdev_minor;
        if self.has(opt!("S")) {
            item.key = s.stx_size as i64;
        }
        if self.has(opt!("t")) {
            // Seconds have 34 bits here: until the year 2242.
            item.key = t.tv_sec << 30 | t.tv_nsec as i64;
        }
    }

    /// Status of a file, links followed as the options say. A link that leads nowhere is listed itself.
    fn stat(&self, list: &Listing, name: ZStr) -> Result<Statx, Errno> {
        let operand = list.path.is_empty();
        let always = self.has(opt!("L")) || operand && self.has(opt!("H"));
        if always || operand && !self.has(opt!("dFl")) {
            let r = fs::statx(list.dir, name, 0);
            let shown = match &r {
                Ok(s) => always || fs::kind(s) == fs::S_IFDIR,
                Err(e) => !matches!(*e, Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP | Errno::EACCES),
            };
            if shown {
                return r;
            }
        }
        fs::statx(list.dir, name, fs::AT_SYMLINK_NOFOLLOW)
    }

    /// Puts the items in the order in which to show them.
    #[inline(never)]
    fn sort(&self, list: &mut Listing) {
        let mut order: List<u32> = (0..list.items.len() as u32).collect();
        if !self.has(opt!("U")) {
            sort::sort(
                &mut order,
                &mut |a, b| match (list.items.get(a as usize), list.items.get(b as usize)) {
                    (Some(a), Some(b)) => self.before(list, a, b),
                    _ => false,
                },
            );
        }
        list.order = order;
    }

    fn before(&self, list: &Listing, a: &Item, b: &Item) -> bool {
        if self.has(opt!("--group-directories-first")) && a.is_dir() != b.is_dir() {
            return a.is_dir();
        }
        let mut order = b.key.cmp(&a.key);
        if order.is_eq() {
            let (x, y) = (list.name(a), list.name(b));
            if self.has(opt!("X")) {
                order = extension(x).order(extension(y));
            }
            if self.has(opt!("v")) {
                order = version(x.bytes(), y.bytes());
            }
            if order.is_eq() {
                order = x.order(y);
            }
        }
        if self.has(opt!("r")) {
            order = order.reverse();
        }
        order.is_lt()
    }
}
