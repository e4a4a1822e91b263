//! du: space that trees of files take (POSIX.1-2024 du; -b, -c, -d, -h, -l and -m as GNU and BusyBox have them).

use sys::fs::{self, Statx};
use sys::{Buf, Cx, Errno, List, ZStr};
use util::file::id::id;
use util::file::seen::Seen;
use util::file::walk::{walk_as, Step, Walk, FOLLOW, FOLLOW_OPERAND};
use util::text::{number, size};

applet! {
    name: du,
    dir: "/usr/bin",
    class: NoExec,
    numbers: "d=0..",
    last_wins: "hkmb HL sd",
    usage: "\
[-HLabchklmsx] [-d N] [FILE]...

Print the space that the FILEs, or the working directory, and the directories
in them take.

    -a      All files, not only directories
    -s      The FILEs only
    -d N    Not deeper than N directories
    -c      The sum of all, too
    -h      Sizes as 1K 2.3M 4G
    -k      In units of 1024 bytes (default)
    -m      Of 1M
    -b      Bytes of contents, not of space
    -l      Count a file with several links each time
    -x      Stay on the FILE's file system
    -H      Follow a link that is a FILE
    -L      Follow all links
",
}

struct Du {
    seen: Seen,
    /// What the directories above the entry have taken so far: blocks of 512 bytes, or bytes.
    sums: List<u64>,
    total: u64,
    depth: usize,
    device: (u32, u32),
    how: u32,
    /// The shift from blocks or bytes to units; 64: as people read it.
    shift: u32,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut how = 0;
    if cx.has(opt!("L")) {
        how = FOLLOW | FOLLOW_OPERAND;
    } else if cx.has(opt!("H")) {
        how = FOLLOW_OPERAND;
    }
    let mut depth = usize::MAX;
    if cx.has(opt!("s")) {
        depth = 0;
    } else if let Some(n) = cx.number(slot!("d")).filter(|_| cx.has(opt!("d"))) {
        depth = n as usize;
    }
    let mut shift = if cx.env(b"POSIXLY_CORRECT").is_some() { 0 } else { 1 };
    if cx.has(opt!("k")) {
        shift = 1;
    } else if cx.has(opt!("m")) {
        shift = 11;
    } else if cx.has(opt!("h")) {
        shift = 64;
    } else if cx.has(opt!("b")) {
        shift = 0;
    }
    let mut d = Du { seen: Seen::new(), sums: List::new(), total: 0, depth, device: (0, 0), how, shift };
    let dot = [ZStr::new(c".")];
    let files = core::mem::take(&mut cx.args);
    for &file in if files.is_empty() { &dot[..] } else { files } {
        let flags = if how == 0 { fs::AT_SYMLINK_NOFOLLOW } else { 0 };
        match &fs::statx(fs::Fd::CWD, file, flags) {
            Ok(s) => {
                d.device = (s.stx_dev_major, s.stx_dev_minor);
                d.sums.clear();
                walk_as(cx, file, fs::kind(s) == fs::S_IFDIR, how, &mut |w, step| d.step(w, step));
            }
            Err(e) => cx.fail_on(file, *e),
        }
    }
    if cx.has(opt!("c")) {
        d.print(cx, d.total, b"total");
    }
    cx.status
}

impl Du {
    fn step(&mut self, w: &mut Walk, step: Step) -> bool {
        match step {
            Step::File | Step::Enter => {
                let s = match &self.stat(w) {
                    Ok(s) => *s,
                    Err(e) => {
                        w.fail(*e);
                        return false;
                    }
                };
                if w.cx.has(opt!("x")) && (s.stx_dev_major, s.stx_dev_minor) != self.device {
                    return false;
                }
                if s.stx_nlink > 1 && !w.cx.has(opt!("l")) && !self.seen.add(id(&s)) {
                    return false;
                }
                let own = if w.cx.has(opt!("b")) { s.stx_size } else { s.stx_blocks };
                if step == Step::Enter {
                    self.sums.push(own);
                    return true;
                }
                self.ends(w, own, w.cx.has(opt!("a")) || w.depth == 0);
            }
            Step::Leave | Step::Unreadable(_) => {
                if let Step::Unreadable(e) = step {
                    w.fail(e);
                }
                let sum = self.sums.pop().unwrap_or(0);
                self.ends(w, sum, true);
            }
        }
        true
    }

    /// The entry's sum is known: it counts for the directory above.
    fn ends(&mut self, w: &mut Walk, sum: u64, shown: bool) {
        if shown && w.depth <= self.depth {
            self.print(w.cx, sum, &w.path);
        }
        match self.sums.last_mut() {
            Some(above) => *above += sum,
            None => self.total += sum,
        }
    }

    /// The status, links followed where that is asked for.
    #[inline(never)]
    fn stat(&self, w: &mut Walk) -> Result<Statx, Errno> {
        if self.how & FOLLOW != 0 || self.how & FOLLOW_OPERAND != 0 && w.depth == 0 {
            let dir = w.dir;
            return fs::statx(dir, w.name(), 0);
        }
        w.stat()
    }

    #[inline(never)]
    fn print(&self, cx: &mut Cx, sum: u64, path: &[u8]) {
        let bytes = cx.has(opt!("b"));
        let mut text = Buf::new();
        if self.shift == 64 {
            let mut human = [0; 8];
            let n = size::human(if bytes { sum } else { sum << 9 }, &mut human);
            text.extend_from_slice(human.get(..n).unwrap_or_default());
        } else {
            // Units that are begun count.
            let shift = if bytes && self.shift > 0 { self.shift + 9 } else { self.shift };
            number::push(&mut text, (sum + (1u64 << shift) - 1) >> shift, 0);
        }
        cx.out.bytes(&text);
        cx.out.byte(b'\t');
        cx.out.shown(path);
        cx.out.byte(b'\n');
    }
}
