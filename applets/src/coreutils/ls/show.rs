//! ls: how the files are shown.

use super::{Item, Listing, Ls, SPEC};
use sys::fs;
use sys::{List, ZStr};
use util::file::mode;
use util::term::mask;
use util::text::{number, size};
use util::time::strftime::{strftime, Stamp};
use util::time::tz;

/// Cells in front of a name, in their order; bits of [`Ls::cells`].
const INODE: usize = 0;
const BLOCKS: usize = 1;
const MODE: usize = 2;
const LINKS: usize = 3;
const OWNER: usize = 4;
const GROUP: usize = 5;
const CONTEXT: usize = 6;
const SIZE: usize = 7;
const DATE: usize = 8;
pub(super) const CELLS: usize = 9;
/// Those aligned on the right.
const RIGHT: u32 = 1 << INODE | 1 << BLOCKS | 1 << LINKS | 1 << SIZE;

/// The cells that the options ask for.
pub(super) fn cells(opts: u64) -> u32 {
    let mut cells = 0;
    if opts & opt!("l") != 0 {
        cells = 1 << MODE | 1 << LINKS | 1 << OWNER | 1 << GROUP | 1 << SIZE | 1 << DATE;
    }
    if opts & opt!("g") != 0 {
        cells -= 1 << OWNER;
    }
    if opts & opt!("o") != 0 {
        cells -= 1 << GROUP;
    }
    if opts & opt!("i") != 0 {
        cells |= 1 << INODE;
    }
    if opts & opt!("s") != 0 {
        cells |= 1 << BLOCKS;
    }
    if opts & opt!("Z") != 0 {
        cells |= 1 << CONTEXT;
    }
    cells
}

/// How many parts of `size` hold `n`, which is not 0.
#[inline(never)]
fn parts(n: usize, size: usize) -> usize {
    (n - 1) / size + 1
}

impl Ls<'_, '_> {
    /// The line that tells the space used by all files of a directory.
    pub(super) fn total(&mut self, list: &Listing) {
        let mut sum = 0;
        for i in &list.items {
            sum += i.blocks;
        }
        self.text.clear();
        self.text.extend_from_slice(b"total ");
        self.blocks(sum);
        self.text.push(b'\n');
        self.cx.out.bytes(&self.text);
    }

    /// Shows the items of `list`.
    #[inline(never)]
    pub(super) fn show(&mut self, list: &Listing) {
        let n = list.order.len();
        if n == 0 {
            return;
        }
        self.begun = true;
        let cells = self.measure(list);
        let mut columns = 1;
        let mut widths: List<u32> = List::new();
        if self.has(opt!("Cx")) {
            columns = self.fit(list, cells, &mut widths);
        }
        let commas = self.has(opt!("m"));
        if commas {
            columns = n;
        }
        let rows = parts(n, columns);
        for row in 0..rows {
            let (mut at, step) = if self.has(opt!("x")) { (row * columns, 1) } else { (row, rows) };
            let mut gap = 0;
            // Columns taken so far, where commas part the names.
            let mut taken = 0;
            for column in 0..columns {
                let Some(i) = list.item(at) else { break };
                let width = cells + i.width.get();
                self.cx.out.fill(b' ', gap);
                taken += width;
                if commas && column > 0 {
                    taken += 2;
                    let mut comma = b", ";
                    if taken >= self.screen {
                        comma = b",\n";
                        taken = width;
                    }
                    self.cx.out.bytes(comma);
                }
                self.item(list, i);
                gap = widths.get(column).map_or(0, |w| w + 2).saturating_sub(width) as usize;
                at += step;
            }
            self.cx.out.byte(b'\n');
        }
    }

    /// Finds out how wide cells and names are; the columns that all cells take.
    fn measure(&mut self, list: &Listing) -> u32 {
        self.widths = [0; CELLS];
        for n in 0..list.order.len() {
            let Some(i) = list.item(n) else { continue };
            for k in 0..DATE {
                if self.cells >> k & 1 != 0 {
                    self.cell(list, i, k);
                    let width = self.text.len() as u32;
                    if let Some(w) = self.widths.get_mut(k) {
                        *w = width.max(*w);
                    }
                }
            }
            if self.has(opt!("Cxm")) {
                self.text.clear();
                let width = mask::show(list.name(i).bytes(), self.odd, &mut self.text);
                i.width.set(width as u32 + (self.mark(i.mode) != 0) as u32);
            }
        }
        let mut sum = 0;
        for (k, w) in self.widths.iter().enumerate() {
            sum += w + (self.cells >> k & 1);
        }
        sum
    }

    /// As many columns as fit, two blanks between them, and their widths.
    fn fit(&self, list: &Listing, cells: u32, widths: &mut List<u32>) -> usize {
        let n = list.order.len();
        let across = self.has(opt!("x"));
        let mut columns = n.min(self.screen as usize / 3 + 1);
        loop {
            let rows = parts(n, columns);
            if !across {
                columns = parts(n, rows);
            }
            widths.clear();
            (0..columns).for_each(|_| widths.push(0));
            // A full line would make some terminals begin a new one; but two columns may fill it.
            let mut line = 2 * (columns as u32 - 1) + (columns > 2) as u32;
            for at in 0..n {
                let column = if across { at % columns } else { at / rows };
                let width = cells + list.item(at).map_or(0, |i| i.width.get());
                if let Some(w) = widths.get_mut(column) {
                    if *w < width {
                        line += width - *w;
                        *w = width;
                    }
                }
                if line > self.screen {
                    break;
                }
            }
            if line <= self.screen || columns == 1 {
                return columns;
            }
            columns -= 1;
        }
    }

    /// Writes an item: its cells, its name, and what a link holds.
    #[inline(never)]
    fn item(&mut self, list: &Listing, i: &Item) {
        for k in 0..CELLS {
            if self.cells >> k & 1 == 0 {
                continue;
            }
            self.cell(list, i, k);
            let width = *self.widths.get(k).unwrap_or(&0) as usize;
            if RIGHT >> k & 1 != 0 {
                self.cx.out.right(&self.text, width);
            } else {
                self.cx.out.left(&self.text, width);
            }
            self.cx.out.byte(b' ');
        }
        let name = list.name(i);
        self.name(name.bytes(), i.mode);
        if self.has(opt!("l")) && i.is(fs::S_IFLNK) {
            self.target(list, name);
        }
    }

    #[inline(never)]
    fn target(&mut self, list: &Listing, name: ZStr) {
        let mut target = [0; fs::PATH];
        match fs::readlinkat(list.dir, name, &mut target) {
            Ok(t) => {
                // The mark is that of the file it leads to.
                let mode = fs::statx(list.dir, name, 0).map_or(0, |s| s.stx_mode as u32);
                self.cx.out.bytes(b" -> ");
                self.name(t, mode);
            }
            Err(e) => self.cx.fail(&list.path(name), e),
        }
    }

    /// Writes a name with its colour and its mark.
    fn name(&mut self, name: &[u8], mode: u32) {
        self.text.clear();
        // By type, bits 12 to 15 of the mode; programs are green.
        let mut digit = *b"033040300060050".get(mode as usize >> 12).unwrap_or(&b'0');
        if digit == b'0' && mode & 0o111 != 0 {
            digit = b'2';
        }
        let color = self.color && digit != b'0';
        if color {
            self.text.extend_from_slice(b"\x1b[1;3");
            self.text.extend_from_slice(&[digit, b'm']);
        }
        mask::show(name, self.odd, &mut self.text);
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
    #[inline(never)]
    fn mark(&self, mode: u32) -> u8 {
        let kind = mode & fs::S_IFMT;
        if kind == fs::S_IFDIR && self.has(opt!("pF")) {
            return b'/';
        }
        if !self.has(opt!("F")) {
            return 0;
        }
        match kind {
            fs::S_IFREG if mode & 0o111 != 0 => b'*',
            // In a long list the link's target is seen, and marked.
            fs::S_IFLNK if !self.has(opt!("l")) => b'@',
            fs::S_IFSOCK => b'=',
            fs::S_IFIFO => b'|',
            _ => 0,
        }
    }

    /// Puts the text of cell `k` into `self.text`.
    #[inline(never)]
    fn cell(&mut self, list: &Listing, i: &Item, k: usize) {
        self.text.clear();
        let mut n = i.links as u64;
        match k {
            INODE => n = i.inode,
            BLOCKS => return self.blocks(i.blocks),
            MODE => return self.text.extend_from_slice(&mode::string(i.mode)),
            LINKS => {}
            OWNER | GROUP => {
                let (names, id) =
                    if k == OWNER { (&mut self.users, i.uid) } else { (&mut self.groups, i.gid) };
                if self.opts & opt!("n") == 0 {
                    return self.text.extend_from_slice(names.name(id));
                }
                n = id as u64;
            }
            CONTEXT => return self.context(list, i),
            SIZE => {
                if !i.is(fs::S_IFCHR) && !i.is(fs::S_IFBLK) {
                    return self.size(i.size);
                }
                number::push(&mut self.text, i.major as u64, 0);
                self.text.extend_from_slice(b", ");
                n = i.minor as u64;
            }
            _ => return self.date(i),
        }
        number::push(&mut self.text, n, 0);
    }

    fn context(&mut self, list: &Listing, i: &Item) {
        let mut value = [0; 256];
        let path = list.path(list.name(i));
        let context = fs::lgetxattr(path.z(), ZStr::new(c"security.selinux"), &mut value).unwrap_or(b"?");
        self.text.extend_from_slice(context.strip_suffix(b"\0").unwrap_or(context));
    }

    fn blocks(&mut self, blocks: u64) {
        if self.has(opt!("h")) {
            self.size(blocks << 9);
        } else {
            number::push(&mut self.text, (blocks + 1) >> 1, 0);
        }
    }

    #[inline(never)]
    fn size(&mut self, bytes: u64) {
        if self.has(opt!("h")) {
            let mut text = [0; 8];
            let n = size::human(bytes, &mut text);
            self.text.extend_from_slice(text.get(..n).unwrap_or_default());
        } else {
            number::push(&mut self.text, bytes, 0);
        }
    }

    fn date(&mut self, i: &Item) {
        let ahead = tz::offset(self.zone, i.sec);
        let mut pattern: &[u8] = b"%b %e %R";
        // Half a year back the time of day gives way to the year.
        if i.sec > self.now || i.sec < self.now - 15_778_476 {
            pattern = b"%b %e  %Y";
        }
        if self.has(opt!("--full-time")) {
            pattern = b"%F %T.%N %z";
        }
        strftime(&mut self.text, pattern, &Stamp { sec: i.sec, nsec: i.nsec, ahead });
    }
}
