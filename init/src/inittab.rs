//! `/etc/inittab`: lines `tty:runlevels:action:process`, as BusyBox reads them (its `examples/inittab`).
//!
//! The texts of all entries are in one fixed buffer, one behind the other. When an entry goes, those behind its text
//! move down. So nothing is allocated, and the file is read again without a second copy.

use crate::console::say;
use crate::text::put;
use sys::zstr::{position, position_in};
use sys::{num, ZStr};

/// Bytes for the texts of all entries and one line being read.
pub(crate) const TEXT: usize = if cfg!(mote_nommu) { 1536 } else { 4096 };
/// Number of entries.
pub(crate) const MAX: usize = if cfg!(mote_nommu) { 24 } else { 64 };

/// Value of [`Entry::action`]: an entry that the file does not have any more. The others say what an entry is for.
pub(crate) const GONE: u8 = 0;
/// Runs first; the next one starts when it has ended.
pub(crate) const SYSINIT: u8 = 1;
/// Runs after those of SYSINIT; the next one starts when it has ended.
#[allow(dead_code)] // it is the stage behind SYSINIT
pub(crate) const WAIT: u8 = 2;
/// Runs after those of WAIT, all at once.
pub(crate) const ONCE: u8 = 3;
/// Is started again whenever it ends.
pub(crate) const RESPAWN: u8 = 4;
/// As RESPAWN, but each start waits for Enter.
pub(crate) const ASKFIRST: u8 = 5;
/// Runs on Ctrl-Alt-Del.
pub(crate) const CTRLALTDEL: u8 = 6;
/// Runs before the machine goes down.
pub(crate) const SHUTDOWN: u8 = 7;
/// Takes the place of process 1 on SIGQUIT.
pub(crate) const RESTART: u8 = 8;

/// Bit of an action, while a file is read again: the new file has not had this entry so far.
const STALE: u8 = 0x80;

static ACTIONS: &[u8] = b"sysinit\0wait\0once\0respawn\0askfirst\0ctrlaltdel\0shutdown\0restart";

/// The table without a file. It need not unmount: that is done anyway when the machine goes down.
pub(crate) static DEFAULT: &[u8] = b"::sysinit:/etc/init.d/rcS\n::askfirst:-/bin/sh\n\
tty2::askfirst:-/bin/sh\ntty3::askfirst:-/bin/sh\ntty4::askfirst:-/bin/sh\n\
::ctrlaltdel:reboot\n::restart:/sbin/init\n";

/// Stands between the terminal and the command in an entry's text, so that a shell can run `exec COMMAND` without a copy.
const GLUE: &[u8; 6] = b"\0exec ";

/// One entry.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// One of the constants above.
    pub(crate) action: u8,
    /// Did the command start with `-`? The text is without it.
    pub(crate) dash: bool,
    /// Was it started in this pass over entries that run once?
    pub(crate) done: bool,
    /// How many times in a row it has ended too soon.
    pub(crate) fast: u8,
    at: u16,
    len: u16,
    /// Process ID while it runs, else 0.
    pub(crate) pid: i32,
    /// Second of the monotonic clock: when it was started or, if it does not run, when it may be started.
    pub(crate) time: u32,
}

const NONE: Entry = Entry { action: GONE, dash: false, done: false, fast: 0, at: 0, len: 0, pid: 0, time: 0 };

/// All entries.
// The arrays are last, since they are large: one load instruction reaches the other fields.
#[repr(C)]
pub(crate) struct Table {
    used: usize,
    count: usize,
    // The line being read: its length behind `used`, its number, and whether it is too long.
    len: usize,
    line: u32,
    long: bool,
    /// Is it the default table? A machine may lack some of what it names.
    pub(crate) default: bool,
    entries: [Entry; MAX],
    text: [u8; TEXT],
}

impl Table {
    pub(crate) const fn new() -> Table {
        Table {
            text: [0; TEXT],
            used: 0,
            entries: [NONE; MAX],
            count: 0,
            default: false,
            len: 0,
            line: 0,
            long: false,
        }
    }

    /// The entries in the order of the file.
    #[inline(never)]
    pub(crate) fn entries(&mut self) -> &mut [Entry] {
        self.entries.get_mut(..self.count).unwrap_or_default()
    }

    /// The buffer for another use. The entries are gone then.
    pub(crate) fn reuse(&mut self) -> &mut [u8; TEXT] {
        self.count = 0;
        &mut self.text
    }

    /// An entry's terminal, empty if it is init's own, and its command as `exec COMMAND`.
    pub(crate) fn texts(&self, e: &Entry) -> Option<(ZStr<'_>, ZStr<'_>)> {
        let all = part(&self.text, e.at, e.len);
        let tty = ZStr::from_bytes_with_nul(all)?;
        Some((tty, ZStr::from_bytes_with_nul(all.get(tty.len() + 1..)?)?))
    }

    /// Begins to read a file. [`Table::finish`] drops the entries that it does not have.
    pub(crate) fn begin(&mut self) {
        self.entries().iter_mut().for_each(|e| e.action |= STALE);
        self.line = 1;
    }

    /// Takes the next piece of the file.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        for &b in piece {
            if b == b'\n' {
                self.end_line();
            } else if let Some(slot) = self.text.get_mut(self.used + self.len) {
                *slot = b;
                self.len += 1;
            } else {
                self.long = true;
            }
        }
    }

    /// Ends the reading. If the `whole` file could be read, entries that it does not have are dropped. Those that still
    /// run are kept until they end, so that they are not started twice if a later file has them again.
    pub(crate) fn finish(&mut self, whole: bool) {
        // A backslash that ends the file joins the line with nothing.
        if whole {
            self.end_line();
            while self.len != 0 {
                self.end_line();
            }
        }
        for e in self.entries().iter_mut().filter(|e| e.action & STALE != 0) {
            e.action = if whole { GONE } else { e.action & !STALE };
        }
        self.len = 0;
        self.long = false;
        let mut n = self.count;
        while n > 0 {
            n -= 1;
            if self.entries().get(n).is_some_and(|e| e.action == GONE && e.pid == 0) {
                self.remove(n);
            }
        }
    }

    fn end_line(&mut self) {
        let (_, free) = self.text.split_at_mut_checked(self.used).unwrap_or_default();
        let line = free.get_mut(..self.len).unwrap_or_default();
        if !self.long && line.last() == Some(&b'\\') {
            self.len -= 1;
            self.line += 1;
            return;
        }
        let mut e = NONE;
        let wrong = match parse(line, &mut e) {
            _ if self.long => true,
            Some(true) => !self.enter(&mut e),
            says => says.is_none(),
        };
        if wrong {
            let mut b = [0; 64];
            let n = num::digits(&mut b, self.line as u64, 10);
            let why: &[u8] =
                if self.long { b": too long" } else { b": not ID::ACTION:PROCESS, or one too many" };
            say(b"/etc/inittab: line ", n, why);
        }
        self.len = 0;
        self.long = false;
        self.line += 1;
    }

    /// Adds the entry whose text is behind `used`. If the former file had it, it stays what it is. False if there is no
    /// room.
    fn enter(&mut self, e: &mut Entry) -> bool {
        e.at = self.used as u16;
        let text = part(&self.text, e.at, e.len);
        let known = self.entries.get(..self.count).unwrap_or_default();
        let same = known
            .iter()
            .position(|o| o.action & STALE != 0 && o.dash == e.dash && part(&self.text, o.at, o.len) == text);
        match same {
            Some(n) => {
                let old = self.take(n);
                (e.at, e.done, e.pid) = (old.at, old.done, old.pid);
                // A changed file is a reason to try again at once.
                if e.pid != 0 {
                    e.time = old.time;
                }
            }
            None if self.count == MAX => return false,
            None => self.used += e.len as usize,
        }
        if let Some(slot) = self.entries.get_mut(self.count) {
            *slot = *e;
            self.count += 1;
        }
        true
    }

    /// Removes and returns entry `n`. Its text stays.
    #[inline(never)]
    fn take(&mut self, n: usize) -> Entry {
        let mut out = NONE;
        let mut at = self.count;
        // From the end, each entry takes its successor's value.
        while at > n {
            at -= 1;
            if let Some(slot) = self.entries.get_mut(at) {
                core::mem::swap(slot, &mut out);
            }
        }
        self.count -= 1;
        out
    }

    fn remove(&mut self, n: usize) {
        let e = self.take(n);
        pull(&mut self.text, (e.at + e.len) as usize, e.at as usize);
        self.used -= e.len as usize;
        for o in self.entries().iter_mut().filter(|o| o.at > e.at) {
            o.at -= e.len;
        }
    }
}

/// `len` bytes of the buffer from `at` on.
#[inline(never)]
fn part(text: &[u8; TEXT], at: u16, len: u16) -> &[u8] {
    text.get(at as usize..(at + len) as usize).unwrap_or_default()
}

/// Moves all bytes from `from` on to `to`, which is before it; returns how far.
#[inline(never)]
pub(crate) fn pull(buf: &mut [u8], mut from: usize, mut to: usize) -> usize {
    let far = from - to;
    while let Some(&b) = buf.get(from) {
        if let Some(slot) = buf.get_mut(to) {
            *slot = b;
        }
        to += 1;
        from += 1;
    }
    far
}

/// Turns a line into an entry's text: terminal, [`GLUE`], command, NUL. The rest of it goes to `e`. `false` is a line
/// without an entry, `None` a wrong one. A `#` at the start of a word begins a comment; a NUL ends the line as well.
#[inline(never)]
fn parse(line: &mut [u8], e: &mut Entry) -> Option<bool> {
    let mut end = 0;
    let mut blank = true;
    for (i, &b) in line.iter().enumerate() {
        if b == 0 || b == b'#' && blank {
            break;
        }
        blank = matches!(b, b' ' | b'\t' | b'\r');
        if !blank {
            end = i + 1;
        }
    }
    if end == 0 {
        return Some(false);
    }
    let tty = colon(line, 0)?;
    let levels = colon(line, tty + 1)?;
    let third = colon(line, levels + 1)?;
    let name = line.get(levels + 1..third)?;
    e.action = position_in(ACTIONS, 0, name)? as u8 + 1;
    e.dash = line.get(third + 1) == Some(&b'-');
    let start = third + 1 + e.dash as usize;
    if start >= end {
        return None;
    }
    // There is room for the glue: an action has four letters or more, and there were two colons.
    let command = tty + GLUE.len();
    pull(line, start, command);
    put(line, tty, GLUE);
    let len = command + end - start + 1;
    put(line, len - 1, b"\0");
    e.len = len as u16;
    Some(true)
}

/// Where the next colon from `from` on stands.
#[inline(never)]
fn colon(line: &[u8], from: usize) -> Option<usize> {
    position(line.get(from..).unwrap_or_default(), b':').map(|n| from + n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(t: &mut Table) -> Vec<String> {
        let all: Vec<Entry> = t.entries().to_vec();
        all.iter()
            .map(|e| {
                let (tty, command) = t.texts(e).unwrap();
                let s = |z: ZStr| String::from_utf8(z.bytes().to_vec()).unwrap();
                format!("{}{}|{}|{}", e.action, if e.dash { "-" } else { "" }, s(tty), s(command))
            })
            .collect()
    }

    fn read(t: &mut Table, text: &str) -> Vec<String> {
        t.begin();
        t.feed(text.as_bytes());
        t.finish(true);
        show(t)
    }

    #[test]
    fn lines_become_entries() {
        let mut t = Table::new();
        let text = "# comment\n\n  # another\n::sysinit:/etc/rc a\ntty1::askfirst:-/bin/sh # why\n\
                    /dev/ttyS0:345:respawn:getty 9600 ttyS0\r\nx::restart:a:b#c";
        assert_eq!(
            read(&mut t, text),
            [
                "1||exec /etc/rc a",
                "5-|tty1|exec /bin/sh",
                "4|/dev/ttyS0|exec getty 9600 ttyS0",
                "8|x|exec a:b#c"
            ]
        );
    }

    #[test]
    fn long_lines_go_on() {
        assert_eq!(read(&mut Table::new(), "::on\\\nce:a\\\n b\n"), ["3||exec a b"]);
        assert_eq!(read(&mut Table::new(), "::once:a\\"), ["3||exec a"]);
    }

    #[test]
    fn bad_lines_are_left_out() {
        let mut t = Table::new();
        assert_eq!(
            read(&mut t, "::sysinit\n:::x\n::nope:x\n::once:\n::once:-\nabc\n::wait:w\n"),
            ["2||exec w"]
        );
        let long = format!("::once:{}\n::once:b\n", "a".repeat(TEXT));
        assert_eq!(read(&mut t, &long), ["3||exec b"]);
        assert_eq!(read(&mut t, "a\0b::once:c\n::once:d\0e\n"), ["3||exec d"]);
        let many: String = (0..MAX + 3).map(|i| format!("::once:{i}\n")).collect();
        assert_eq!(read(&mut Table::new(), &many).len(), MAX);
    }

    #[test]
    fn a_second_file_keeps_what_runs() {
        let mut t = Table::new();
        read(&mut t, "::respawn:a\n::respawn:bb\nt::respawn:a\n::once:c\n");
        for (i, e) in t.entries().iter_mut().enumerate() {
            (e.pid, e.fast, e.time) = (i as i32 + 1, 3, 7);
        }
        t.entries()[3].pid = 0;
        // bb goes but still runs, c is gone, the order changes, one changes its action.
        assert_eq!(
            read(&mut t, "t::respawn:a\n::once:a\n::wait:new\n"),
            ["0||exec bb", "4|t|exec a", "3||exec a", "2||exec new"]
        );
        let all: Vec<(i32, u8, u32)> = t.entries().iter().map(|e| (e.pid, e.fast, e.time)).collect();
        assert_eq!(all, [(2, 3, 7), (3, 0, 7), (1, 0, 7), (0, 0, 0)]);
        // bb has ended and is forgotten; equal lines are two entries.
        t.entries()[0].pid = 0;
        assert_eq!(read(&mut t, "::once:a\n::once:a\n"), ["0|t|exec a", "3||exec a", "3||exec a"]);
        t.entries()[0].pid = 0;
        assert_eq!(read(&mut t, ""), ["0||exec a"]);
        t.entries()[0].pid = 0;
        assert!(read(&mut t, "").is_empty());
        assert_eq!(t.used, 0);
    }

    #[test]
    fn a_file_that_breaks_off_drops_nothing() {
        let mut t = Table::new();
        read(&mut t, "::respawn:a\n::respawn:b\n");
        t.begin();
        t.feed(b"::once:c\n::respawn:b\n::once:d");
        t.finish(false);
        assert_eq!(show(&mut t), ["4||exec a", "3||exec c", "4||exec b"]);
        assert_eq!(read(&mut t, "::once:e\n"), ["3||exec e"]);
        t.begin();
        t.feed("f".repeat(TEXT).as_bytes());
        t.finish(false);
        assert_eq!(read(&mut t, "::once:g\n"), ["3||exec g"]);
    }

    #[test]
    fn any_bytes_are_survived() {
        let mut seed = 1u32;
        let mut t = Table::new();
        for _ in 0..20_000 {
            let mut piece = [0; 16];
            for b in &mut piece {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *b = b"::::\n\\-# aonce:wait:\0t"[(seed >> 16) as usize % 22];
            }
            t.feed(&piece);
            if seed % 7 == 0 {
                t.finish(true);
                t.begin();
                let all = t.entries().to_vec();
                assert!(all.iter().all(|e| t.texts(e).is_some()));
            }
        }
    }
}
