//! ls: list files (POSIX.1-2024 ls; colours, sorting and times as BusyBox, Toybox and GNU have them).

use crate::util::mode;
use crate::util::name::{self, Odd};
use crate::util::users::Names;
use alloc::vec::Vec;
use core::cmp::Ordering;
use sys::fs::{self, Dir, Fd, Statx};
use sys::zstr::ZBuf;
use sys::{num, sort, time, tty, zone, Buf, Cx, Errno, ZStr};

applet! {
    name: ls,
    dir: "/bin",
    class: NoExec,
    last_wins: "lCxm 1Cxm tSXvUf cu HL bqN hk",
    usage: "\
[-1AaCxdFfpgHhiklLmnobNqrRsStcuUvXZ] [-w COLS] [FILE]...

List the FILEs, and what directories among them hold; . if there is none.

    -1  One per line, as when the output is no terminal
    -C  In columns, as on a terminal
    -x  In columns, sorted across
    -m  Separated by commas
    -l  Long: mode, links, owner, group, size, time; -ll as --full-time
    -g  Long without owner
    -o  Long without group
    -n  Long with numbers of owner and group
    --full-time  Long with full date, time and zone
    -a, --all  Names that start with . too
    -A, --almost-all  As -a without . and ..
    -d, --directory  Directories themselves, not what they hold
    -R, --recursive  Directories in directories too
    -L  Follow links
    -H  Follow links that are a FILE
    -F, --classify  Mark directories /, programs *, links @, sockets =, fifos |
    -p  Mark directories /
    -i, --inode  Inode number
    -s, --size  Space used
    -h, --human-readable  Sizes as 1K 2.3M 4G
    -k  Sizes not as -h; space is in units of 1024 bytes
    -Z, --context  Security context
    -t  Sort by time, newest first
    -S  Sort by size, biggest first
    -X  Sort by extension
    -v  Sort numbers in names by value
    -U  Do not sort
    -f  As -aU
    -r, --reverse  Sort the other way round
    -c  Time of last change of status
    -u  Time of last access
    --group-directories-first  Directories before files
    -b, --escape  Escape odd characters in names
    -q, --hide-control-chars  Show ? for them, as on a terminal
    -N, --literal  Show them
    -w, --width COLS  Width of the screen
    --color[=WHEN]  Colours: always, auto (the default), never
",
}

/// Cells in front of a name, in their order; bits of [`Ls::cells`].
const INODE: u32 = 0;
const BLOCKS: u32 = 1;
const MODE: u32 = 2;
const LINKS: u32 = 3;
const OWNER: u32 = 4;
const GROUP: u32 = 5;
const CONTEXT: u32 = 6;
const SIZE: u32 = 7;
const DATE: u32 = 8;
const ALL: usize = 9;
/// Those aligned on the right.
const RIGHT: u32 = 1 << INODE | 1 << BLOCKS | 1 << LINKS | 1 << SIZE;

/// A file to list.
#[derive(Default)]
struct Item {
    /// Where its name starts in [`List::names`].
    name: u32,
    /// Columns of the name with its mark.
    width: u32,
    mode: u32,
    links: u32,
    uid: u32,
    gid: u32,
    major: u32,
    minor: u32,
    nsec: u32,
    sec: i64,
    size: u64,
    blocks: u64,
    inode: u64,
}

/// Files to list together.
struct List {
    /// What their names start from, and its path; empty for operands.
    dir: Fd,
    path: Buf,
    items: Vec<Item>,
    /// NUL-terminated, one behind the other.
    names: Buf,
}

impl List {
    fn new(dir: Fd, path: Buf) -> List {
        List { dir, path, items: Vec::new(), names: Buf::new() }
    }

    fn name(&self, i: &Item) -> ZStr<'_> {
        self.names.get(i.name as usize..).and_then(ZStr::from_bytes_with_nul).unwrap_or(ZStr::new(c""))
    }

    /// The path of a name in it.
    fn path(&self, name: &[u8]) -> Buf {
        let mut path = self.path.clone();
        if path.last().is_some_and(|&b| b != b'/') {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        path
    }
}

struct Ls<'l, 'c> {
    cx: &'l mut Cx<'c>,
    /// Bits of the cells shown, and their widths in the list being shown.
    cells: u32,
    widths: [usize; ALL],
    /// Is there need of the status of files in directories?
    status: bool,
    color: bool,
    odd: Odd,
    /// Columns of the screen.
    screen: usize,
    now: i64,
    zone: Option<ZStr<'static>>,
    users: Names,
    groups: Names,
    /// Has something been written that a blank line must part from the next directory?
    begun: bool,
    /// Paths of directories to list, the next one last, and how deep below the operand they are.
    pending: Vec<(Buf, usize)>,
    /// With -RL, the directories above: a link among them is a loop.
    above: Vec<Statx>,
    text: Buf,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let terminal = cx.out.fd() != Fd(-1) && tty::is(cx.out.fd());
    if terminal && !cx.has(opt!("1Cxmlgno") | opt!("--full-time")) {
        cx.opts |= opt!("C");
    }
    if cx.twice & opt!("l") != 0 {
        cx.opts |= opt!("--full-time");
    }
    if cx.has(opt!("gno") | opt!("--full-time")) {
        cx.opts |= opt!("l");
    }
    if cx.has(opt!("f")) {
        cx.opts |= opt!("aU");
    }
    if cx.has(opt!("cu")) && !cx.has(opt!("ltSXvU")) {
        cx.opts |= opt!("t");
    }
    let screen = match cx.value(slot!("w")) {
        Some(w) => match num::parse_u32(w.bytes()) {
            Some(0) => usize::MAX,
            Some(n) => n as usize,
            None => return cx.misuse(b"invalid width"),
        },
        None => columns(cx),
    };
    let color = match cx.value(slot!("--color")).map(|w| w.bytes()) {
        Some(b"always") => true,
        Some(b"never") => false,
        None if cx.has(opt!("--color")) => true,
        None | Some(b"auto") => terminal && cx.env(b"TERM").is_some_and(|t| !t.is_empty() && !t.is(b"dumb")),
        Some(_) => return cx.misuse(b"--color is always, auto or never"),
    };
    let mut ls = Ls {
        cells: cells(cx),
        widths: [0; ALL],
        status: color || cx.has(opt!("FislLtS")),
        color,
        odd: match () {
            _ if cx.has(opt!("b")) => Odd::Escape,
            _ if cx.has(opt!("q")) || terminal && !cx.has(opt!("N")) => Odd::Mark,
            _ => Odd::Raw,
        },
        screen,
        now: time::now(time::CLOCK_REALTIME).sec,
        zone: cx.env(b"TZ"),
        users: Names::new(ZStr::new(c"/etc/passwd")),
        groups: Names::new(ZStr::new(c"/etc/group")),
        begun: false,
        pending: Vec::new(),
        above: Vec::new(),
        text: Buf::new(),
        cx,
    };
    ls.operands();
    cx.status
}

/// The width of the screen.
fn columns(cx: &Cx) -> usize {
    let env = cx.env(b"COLUMNS").and_then(|c| num::parse_u32(c.bytes())).unwrap_or(0);
    let tty = tty::size(cx.out.fd()).map_or(0, |s| s.1 as u32);
    [env, tty].into_iter().find(|&n| n > 0).unwrap_or(80) as usize
}

/// The cells that the options ask for.
fn cells(cx: &Cx) -> u32 {
    let mut cells = 0;
    let mut cell = |on, bits| {
        if on {
            cells |= bits;
        }
    };
    let long = cx.has(opt!("l"));
    cell(cx.has(opt!("i")), 1 << INODE);
    cell(cx.has(opt!("s")), 1 << BLOCKS);
    cell(cx.has(opt!("Z")), 1 << CONTEXT);
    cell(long, 1 << MODE | 1 << LINKS | 1 << SIZE | 1 << DATE);
    cell(long && !cx.has(opt!("g")), 1 << OWNER);
    cell(long && !cx.has(opt!("o")), 1 << GROUP);
    cells
}

impl Ls<'_, '_> {
    fn operands(&mut self) {
        let dot = [ZStr::new(c".")];
        let args = core::mem::take(&mut self.cx.args);
        let args = if args.is_empty() { &dot[..] } else { args };
        let mut list = List::new(Fd::CWD, Buf::new());
        let status = core::mem::replace(&mut self.status, true);
        for &a in args {
            self.add(&mut list, a, 0, 0);
        }
        self.status = status;
        let mut order = self.sorted(&list);
        if !self.cx.has(opt!("d")) {
            self.push_directories(&list, &order, 0);
            order.retain(|&n| list.items.get(n as usize).is_some_and(|i| !is_dir(i.mode)));
        }
        self.show(&mut list, &order);
        let titles = args.len() > 1 || self.cx.has(opt!("R"));
        while let Some((path, depth)) = self.pending.pop() {
            if self.cx.out.failed() {
                break;
            }
            self.directory(path, depth, titles);
        }
    }

    /// Remembers the directories of `list` to be listed, in `order`.
    fn push_directories(&mut self, list: &List, order: &[u32], depth: usize) {
        for i in order.iter().rev().filter_map(|&n| list.items.get(n as usize)) {
            let name = list.name(i);
            if is_dir(i.mode) && (depth == 0 || !(name.is(b".") || name.is(b".."))) {
                self.pending.push((list.path(name.bytes()), depth));
            }
        }
    }

    fn directory(&mut self, mut path: Buf, depth: usize, titles: bool) {
        let mut dir = match Dir::open(Fd::CWD, path.z(), 0) {
            Ok(d) => d,
            Err(e) => return self.cx.fail(&path, e),
        };
        if self.cx.has(opt!("R")) && self.cx.has(opt!("L")) && self.looped(dir.fd(), depth) {
            return self.cx.fail(&path, Errno::ELOOP);
        }
        if titles {
            if core::mem::replace(&mut self.begun, true) {
                self.cx.out.byte(b'\n');
            }
            self.text.clear();
            name::show(&path, self.odd, &mut self.text);
            self.text.extend_from_slice(b":\n");
            self.cx.out.bytes(&self.text);
        }
        let mut list = List::new(dir.fd(), path);
        if self.cx.has(opt!("a")) {
            self.add(&mut list, ZStr::new(c"."), 0, 0);
            self.add(&mut list, ZStr::new(c".."), 0, 0);
        }
        loop {
            match dir.next() {
                Ok(Some(e)) if e.name.first() == b'.' && !self.cx.has(opt!("aA")) => {}
                Ok(Some(e)) => self.add(&mut list, e.name, e.kind as u32, e.ino),
                Ok(None) => break,
                Err(e) => {
                    self.cx.fail(&list.path, e);
                    break;
                }
            }
        }
        if self.cx.has(opt!("ls")) {
            let sum = list.items.iter().fold(0, |sum, i| sum + i.blocks);
            self.text.clear();
            self.blocks(sum);
            self.cx.out.bytes(b"total ");
            self.cx.out.bytes(&self.text);
            self.cx.out.byte(b'\n');
        }
        let order = self.sorted(&list);
        self.show(&mut list, &order);
        if self.cx.has(opt!("R")) {
            self.push_directories(&list, &order, depth + 1);
        }
    }

    /// Is `dir`, at this depth, one of the directories above it?
    fn looped(&mut self, dir: Fd, depth: usize) -> bool {
        self.above.truncate(depth);
        let Ok(s) = fs::fstat(dir) else { return false };
        let found = self.above.iter().any(|a| crate::util::walk::same(a, &s));
        self.above.push(s);
        found
    }

    /// Adds a file to `list`; what the directory tells of its type (DT_…, 0 for unknown) and inode may do.
    fn add(&mut self, list: &mut List, name: ZStr, kind: u32, inode: u64) {
        let mut item = Item { mode: kind << 12, inode, ..Item::default() };
        if self.status || kind == 0 {
            let s = match self.stat(list, name) {
                Ok(s) => s,
                Err(e) => return self.cx.fail(&list.path(name.bytes()), e),
            };
            let t = match () {
                _ if self.cx.has(opt!("c")) => s.stx_ctime,
                _ if self.cx.has(opt!("u")) => s.stx_atime,
                _ => s.stx_mtime,
            };
            item = Item {
                mode: s.stx_mode as u32,
                links: s.stx_nlink,
                uid: s.stx_uid,
                gid: s.stx_gid,
                major: s.stx_rdev_major,
                minor: s.stx_rdev_minor,
                nsec: t.tv_nsec,
                sec: t.tv_sec,
                size: s.stx_size,
                blocks: s.stx_blocks,
                inode: s.stx_ino,
                ..item
            };
        }
        item.name = list.names.len() as u32;
        list.names.extend_from_slice(name.bytes());
        list.names.push(0);
        list.items.push(item);
    }

    /// Status of a file, links followed as the options say. A link that leads nowhere is listed itself.
    fn stat(&self, list: &List, name: ZStr) -> Result<Statx, Errno> {
        let operand = list.path.is_empty();
        let always = self.cx.has(opt!("L")) || operand && self.cx.has(opt!("H"));
        if always || operand && !self.cx.has(opt!("dFl")) {
            if let Ok(s) = fs::statx(list.dir, name, 0) {
                if always || is_dir(s.stx_mode as u32) {
                    return Ok(s);
                }
            }
        }
        fs::statx(list.dir, name, fs::AT_SYMLINK_NOFOLLOW)
    }

    /// The order in which to show the items.
    fn sorted(&self, list: &List) -> Vec<u32> {
        let mut order: Vec<u32> = (0..list.items.len() as u32).collect();
        if !self.cx.has(opt!("U")) {
            sort::sort(&mut order, &mut |a, b| {
                match (list.items.get(a as usize), list.items.get(b as usize)) {
                    (Some(a), Some(b)) => self.before(list, a, b),
                    _ => false,
                }
            });
        }
        order
    }

    fn before(&self, list: &List, a: &Item, b: &Item) -> bool {
        let cx = &*self.cx;
        if cx.has(opt!("--group-directories-first")) && is_dir(a.mode) != is_dir(b.mode) {
            return is_dir(a.mode);
        }
        let (x, y) = (list.name(a).bytes(), list.name(b).bytes());
        let mut order = match () {
            _ if cx.has(opt!("t")) => (b.sec, b.nsec).cmp(&(a.sec, a.nsec)),
            _ if cx.has(opt!("S")) => b.size.cmp(&a.size),
            _ if cx.has(opt!("X")) => name::extension(x).cmp(name::extension(y)),
            _ if cx.has(opt!("v")) => name::version(x, y),
            _ => Ordering::Equal,
        };
        if order.is_eq() {
            order = x.cmp(y);
        }
        if cx.has(opt!("r")) {
            order = order.reverse();
        }
        order.is_lt()
    }

    /// Shows the items of `list` that `order` names.
    fn show(&mut self, list: &mut List, order: &[u32]) {
        if order.is_empty() {
            return;
        }
        self.begun = true;
        self.measure(list, order);
        if self.cx.has(opt!("l")) || !self.cx.has(opt!("Cxm")) {
            for i in order.iter().filter_map(|&n| list.items.get(n as usize)) {
                self.item(list, i);
                self.cx.out.byte(b'\n');
            }
        } else if self.cx.has(opt!("m")) {
            self.commas(list, order);
        } else {
            self.columns(list, order);
        }
    }

    /// Finds out how wide cells and names are.
    fn measure(&mut self, list: &mut List, order: &[u32]) {
        self.widths = [0; ALL];
        let cells = self.cells;
        for &n in order {
            let Some(i) = list.items.get(n as usize) else { continue };
            if !self.cx.has(opt!("m")) {
                for k in (0..DATE).filter(|k| cells >> k & 1 != 0) {
                    self.cell(list, i, k);
                    let width = self.text.len();
                    if let Some(w) = self.widths.get_mut(k as usize) {
                        *w = width.max(*w);
                    }
                }
            }
            if !self.cx.has(opt!("l")) && self.cx.has(opt!("Cxm")) {
                self.text.clear();
                let width = name::show(list.name(i).bytes(), self.odd, &mut self.text);
                let width = width + (self.mark(i.mode) != 0) as usize;
                if let Some(i) = list.items.get_mut(n as usize) {
                    i.width = width as u32;
                }
            }
        }
    }

    fn commas(&mut self, list: &List, order: &[u32]) {
        let mut at = 0;
        for (n, i) in order.iter().filter_map(|&n| list.items.get(n as usize)).enumerate() {
            let width = self.whole(i);
            if n > 0 {
                self.cx.out.byte(b',');
                if at + width + 2 < self.screen {
                    self.cx.out.byte(b' ');
                    at += 2;
                } else {
                    self.cx.out.byte(b'\n');
                    at = 0;
                }
            }
            at += width;
            self.item(list, i);
        }
        self.cx.out.byte(b'\n');
    }

    /// Columns that an item takes with its cells.
    fn whole(&self, i: &Item) -> usize {
        let cells = (0..DATE).filter(|k| self.cells >> k & 1 != 0);
        cells.fold(i.width as usize, |sum, k| sum + 1 + self.widths.get(k as usize).unwrap_or(&0))
    }

    fn columns(&mut self, list: &List, order: &[u32]) {
        let n = order.len();
        let across = self.cx.has(opt!("x"));
        let item = |at: usize| order.get(at).and_then(|&k| list.items.get(k as usize));
        // As many columns as fit, two blanks between them.
        let mut columns = n.min(self.screen / 3 + 1);
        let mut widths: Vec<usize> = Vec::new();
        let rows = loop {
            let rows = n.div_ceil(columns);
            columns = n.div_ceil(rows);
            widths.clear();
            widths.resize(columns, 0);
            // A full line would make some terminals begin a new one; but two columns may fill it.
            let mut line = 2 * (columns - 1) + (columns > 2) as usize;
            for at in 0..n {
                let column = if across { at % columns } else { at / rows };
                let width = item(at).map_or(0, |i| self.whole(i));
                if let Some(w) = widths.get_mut(column).filter(|w| **w < width) {
                    line += width - *w;
                    *w = width;
                }
                if line > self.screen {
                    break;
                }
            }
            if line <= self.screen || columns == 1 {
                break rows;
            }
            columns -= 1;
        };
        for row in 0..rows {
            let mut gap = 0;
            for (column, width) in widths.iter().enumerate() {
                let Some(i) = item(if across { row * columns + column } else { column * rows + row }) else {
                    break;
                };
                self.cx.out.fill(b' ', gap);
                self.item(list, i);
                gap = 2 + width - self.whole(i);
            }
            self.cx.out.byte(b'\n');
        }
    }

    /// Writes an item: its cells, its name, and what a link holds.
    fn item(&mut self, list: &List, i: &Item) {
        let cells = self.cells;
        for k in (0..=DATE).filter(|k| cells >> k & 1 != 0) {
            self.cell(list, i, k);
            let width = self.widths.get(k as usize).copied().unwrap_or(0);
            if RIGHT >> k & 1 != 0 {
                self.cx.out.right(&self.text, width);
            } else {
                self.cx.out.left(&self.text, width);
            }
            self.cx.out.byte(b' ');
        }
        let name = list.name(i);
        self.name(name.bytes(), i.mode);
        if self.cx.has(opt!("l")) && i.mode & fs::S_IFMT == fs::S_IFLNK {
            let mut target = [0; 4096];
            match fs::readlinkat(list.dir, name, &mut target) {
                Ok(t) => {
                    // The mark is that of the file it leads to.
                    let mode = fs::statx(list.dir, name, 0).map_or(0, |s| s.stx_mode as u32);
                    self.cx.out.bytes(b" -> ");
                    self.name(t, mode);
                }
                Err(e) => self.cx.fail(&list.path(name.bytes()), e),
            }
        }
    }

    /// Writes a name with its colour and its mark.
    fn name(&mut self, name: &[u8], mode: u32) {
        self.text.clear();
        // By type, bits 12 to 15 of the mode; programs are green.
        let mut digit = *b"033040300060050".get(mode as usize >> 12).unwrap_or(&b'0');
        if mode & fs::S_IFMT == fs::S_IFREG && mode & 0o111 != 0 {
            digit = b'2';
        }
        let color = self.color && digit != b'0';
        if color {
            self.text.extend_from_slice(&[27, b'[', b'1', b';', b'3', digit, b'm']);
        }
        name::show(name, self.odd, &mut self.text);
        if color {
            self.text.extend_from_slice(b"\x1b[m");
        }
        let mark = self.mark(mode);
        if mark != 0 {
            self.text.push(mark);
        }
        self.cx.out.bytes(&self.text);
    }

    /// The character behind a name that tells its type, or 0.
    fn mark(&self, mode: u32) -> u8 {
        let all = self.cx.has(opt!("F"));
        match mode & fs::S_IFMT {
            fs::S_IFDIR if all || self.cx.has(opt!("p")) => b'/',
            _ if !all => 0,
            fs::S_IFREG if mode & 0o111 != 0 => b'*',
            // In a long list the link's target is seen, and marked.
            fs::S_IFLNK if !self.cx.has(opt!("l")) => b'@',
            fs::S_IFSOCK => b'=',
            fs::S_IFIFO => b'|',
            _ => 0,
        }
    }

    /// Puts the text of cell `k` into `self.text`.
    #[inline(never)]
    fn cell(&mut self, list: &List, i: &Item, k: u32) {
        self.text.clear();
        match k {
            INODE => self.number(i.inode, 0),
            BLOCKS => self.blocks(i.blocks),
            MODE => self.text.extend_from_slice(&mode::string(i.mode)),
            LINKS => self.number(i.links as u64, 0),
            OWNER | GROUP => {
                let (names, id) = if k == OWNER { (&mut self.users, i.uid) } else { (&mut self.groups, i.gid) };
                if self.cx.has(opt!("n")) {
                    self.number(id as u64, 0);
                } else {
                    self.text.extend_from_slice(names.name(id));
                }
            }
            CONTEXT => {
                let mut value = [0; 256];
                let mut path = list.path(list.name(i).bytes());
                let context = fs::lgetxattr(path.z(), ZStr::new(c"security.selinux"), &mut value);
                let context = context.unwrap_or(b"?");
                self.text.extend_from_slice(context.strip_suffix(b"\0").unwrap_or(context));
            }
            SIZE => match i.mode & fs::S_IFMT {
                fs::S_IFCHR | fs::S_IFBLK => {
                    self.number(i.major as u64, 0);
                    self.text.extend_from_slice(b", ");
                    let before = self.text.len();
                    self.number(i.minor as u64, 0);
                    let pad = 3usize.saturating_sub(self.text.len() - before);
                    for _ in 0..pad {
                        self.text.insert(before, b' ');
                    }
                }
                _ => self.size(i.size),
            },
            _ => self.date(i),
        }
    }

    /// Appends `n`, at least `width` digits of it, to `self.text`.
    #[inline(never)]
    fn number(&mut self, n: u64, width: usize) {
        let mut digits = [0; 64];
        let digits = num::digits(&mut digits, n, 10);
        for _ in digits.len()..width {
            self.text.push(b'0');
        }
        self.text.extend_from_slice(digits);
    }

    fn blocks(&mut self, blocks: u64) {
        if self.cx.has(opt!("h")) {
            self.size(blocks << 9);
        } else {
            self.number(blocks.div_ceil(2), 0);
        }
    }

    fn size(&mut self, bytes: u64) {
        if self.cx.has(opt!("h")) {
            let mut text = [0; 8];
            let n = num::human(bytes, &mut text);
            self.text.extend_from_slice(text.get(..n).unwrap_or(&[]));
        } else {
            self.number(bytes, 0);
        }
    }

    fn date(&mut self, i: &Item) {
        let ahead = zone::offset(self.zone, i.sec);
        let t = time::civil(i.sec + ahead as i64);
        let year = t.year.max(0) as u64;
        let two = |ls: &mut Self, mark, n: u32| {
            ls.text.push(mark);
            ls.number(n as u64, 2);
        };
        if self.cx.has(opt!("--full-time")) {
            self.number(year, 4);
            two(self, b'-', t.month);
            two(self, b'-', t.day);
            two(self, b' ', t.hour);
            two(self, b':', t.minute);
            two(self, b':', t.second);
            self.text.push(b'.');
            self.number(i.nsec as u64, 9);
            self.text.push(b' ');
            let minutes = ahead.unsigned_abs() / 60;
            two(self, if ahead < 0 { b'-' } else { b'+' }, minutes / 60);
            self.number(minutes as u64 % 60, 2);
            return;
        }
        let name = b"JanFebMarAprMayJunJulAugSepOctNovDec".chunks(3).nth(t.month as usize - 1);
        self.text.extend_from_slice(name.unwrap_or(b"?"));
        self.text.push(b' ');
        if t.day < 10 {
            self.text.push(b' ');
        }
        self.number(t.day as u64, 0);
        // Half a year back the time of day gives way to the year.
        if i.sec > self.now || i.sec < self.now - 15_778_476 {
            self.text.extend_from_slice(b"  ");
            self.number(year, 4);
        } else {
            two(self, b' ', t.hour);
            two(self, b':', t.minute);
        }
    }
}

fn is_dir(mode: u32) -> bool {
    mode & fs::S_IFMT == fs::S_IFDIR
}
