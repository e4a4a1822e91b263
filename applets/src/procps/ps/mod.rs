//! ps: tell what runs (POSIX.1-2024 ps; BusyBox procps/ps.c for the default columns).
//!
//! Differences from BusyBox: the options of POSIX and the letters of BSD, and more columns.

use columns::Column;
use sys::applet::HELP;
use sys::fs::{self, Dir, Fd};
use sys::opts::Walk;
use sys::zstr::{cut, position, position_in};
use sys::{num, system, time, tty, Buf, Cx, Errno, List, ZStr};
use util::login::accounts::{Names, GROUP, PASSWD};
use util::proc::stat::{load, path, terminal, Process, HZ};
use util::proc::stat::{
    FLAGS, NICE, PGRP, PPID, PRIORITY, RSS, SESSION, START, STIME, THREADS, TPGID, TTY, UTIME, VSIZE,
};
use util::text::number;
use util::time::calendar::civil;
use util::time::strftime::{strftime, Stamp};
use util::time::tz;

mod columns;

applet! {
    name: ps,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-AadeflTw] [-o COLUMNS] [-pstgGuU LIST]... [aefluwxT] [PID]...

List all processes: PID, user, processor time and command.

    -A          All processes (default)
    -e          As -A
    -a          All on a terminal but session leaders
    -d          All but session leaders
    -p LIST     These PIDs; without -p, too
    -s LIST     In these sessions
    -t LIST     On these terminals
    -u LIST     Of these users, by name or number
    -U LIST     Of these real users
    -g LIST     In these sessions, or of these groups, by name
    -G LIST     Of these real groups
    -f          Full format
    -l          Long format
    -o COLUMNS  These columns, with commas; NAME=HEADER sets a header
    -T          Threads too
    -w          132 bytes a line instead of the terminal's width; -ww all

Letters without - are the same, but a and x are all processes, u shows the
columns of BSD.

Columns: user ruser group rgroup uid ruid gid rgid comm args pid tid ppid pgid
sid tty vsz rss sz stat s nice pri time etime stime pcpu c f wchan addr
",
}

/// The options that take lists, each with the kind of a column that has what the list is of.
static LISTS: [[u8; 2]; 11] =
    [*b"pp", *b"sS", *b"ty", *b"uu", *b"ui", *b"Ur", *b"UU", *b"gS", *b"gg", *b"Gq", *b"GJ"];

/// What to show, and where the values come from that are no process's own.
struct Ps<'a> {
    columns: List<Column<'a>>,
    // Which processes: those that one of these wants, or all.
    on_terminal: bool,
    no_leaders: bool,
    all: bool,
    /// Letter and text of each -p and its kin, and a NUL.
    lists: Buf,
    threads: bool,
    wide: u8,
    preset: u8,
    /// Bytes of a line that are shown.
    width: usize,
    /// 1 until one is shown: the status of procps and Toybox when nothing is.
    none: u8,
    proc: Fd,
    users: Names,
    groups: Names,
    uptime: u32,
    now: i64,
    tz: i32,
    line: Buf,
    value: Buf,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let now = time::now(time::CLOCK_REALTIME).sec;
    let mut o = Ps {
        columns: List::new(),
        on_terminal: false,
        no_leaders: false,
        all: false,
        lists: Buf::new(),
        threads: false,
        wide: 0,
        preset: 0,
        width: usize::MAX,
        none: 1,
        proc: Fd::CWD,
        users: Names::new(ZStr::new(PASSWD)),
        groups: Names::new(ZStr::new(GROUP)),
        uptime: system::uptime() as u32,
        now,
        tz: tz::offset(cx.env(b"TZ"), now),
        line: Buf::new(),
        value: Buf::new(),
    };
    let mut walk = Walk::new(core::mem::take(&mut cx.args), SPEC, true);
    while let Some(step) = walk.next() {
        match step {
            Err(w) => return cx.wrong(w),
            Ok(f) => match (f.letter, f.value) {
                (b'o', Some(list)) => {
                    if let Err(name) = columns::add(&mut o.columns, list.bytes(), false) {
                        cx.error(name, if HELP { b"no such column (see --help)" } else { b"no such column" });
                        return 1;
                    }
                }
                (letter, Some(list)) => o.select(letter, list),
                (b'a', _) => o.on_terminal = true,
                (b'd', _) => o.no_leaders = true,
                (letter, _) => o.letter(letter),
            },
        }
    }
    for word in walk.operands() {
        if word.first().is_ascii_digit() {
            o.select(b'p', *word);
            continue;
        }
        for &b in word.bytes() {
            if position(b"aefluwxT", b).is_none() {
                cx.error(
                    word.bytes(),
                    if HELP { b"unknown operand (see --help)" } else { b"unknown operand" },
                );
                return 1;
            }
            o.letter(b);
        }
    }
    if o.columns.is_empty() {
        let list: &[u8] = match o.preset {
            b'f' => b"user=UID,pid,ppid,c,stime,tty,time,args=CMD",
            b'l' => b"f,s,uid,pid,ppid,c,pri,ni,addr,sz,wchan,tty,time,comm=CMD",
            b'u' => b"user,pid,pcpu,vsz,rss,tty,stat,start=START,time,args",
            _ if o.threads => b"pid,tid,user,time,args",
            _ => b"pid,user,time,args",
        };
        // Its names are known.
        let _ = columns::add(&mut o.columns, list, true);
    }
    o.set_width(cx);
    if let Err(e) = o.scan(cx, Fd::CWD, ZStr::new(c"/proc"), 0) {
        cx.fail(b"/proc", e);
    }
    let none = o.none;
    // The process ends here or soon: its memory goes with it.
    core::mem::forget(o);
    cx.status | none
}

impl Ps<'_> {
    fn letter(&mut self, letter: u8) {
        match letter {
            b'f' | b'l' | b'u' => self.preset = letter,
            b'T' => self.threads = true,
            b'w' => self.wide += 1,
            _ => self.all = true,
        }
    }

    /// Notes the list of -p or one of its kin: words with commas or blanks between them.
    #[inline(never)]
    fn select(&mut self, letter: u8, list: ZStr) {
        self.lists.push(letter);
        self.lists.extend(list.bytes().iter().map(|&b| if b == b' ' { b',' } else { b }));
        self.lists.push(0);
    }

    /// Is this process to be shown?
    #[inline(never)]
    fn wants(&mut self, p: &Process) -> bool {
        let leader = p.field(SESSION) as u32 == p.pid;
        let mut any = self.all
            || self.no_leaders && !leader
            || self.on_terminal && !leader && p.field(TTY) != 0
            || !(self.no_leaders || self.on_terminal || !self.lists.is_empty());
        // By what the columns show.
        let mut value = core::mem::take(&mut self.value);
        let lists = core::mem::take(&mut self.lists);
        let mut rest = &lists[..];
        while let [letter, list @ ..] = cut(&mut rest, 0) {
            for [of, kind] in &LISTS {
                if of == letter && !any {
                    value.clear();
                    put(&mut value, *kind, p, self);
                    any = position_in(list, b',', &value).is_some();
                }
            }
        }
        self.lists = lists;
        self.value = value;
        any
    }

    /// No terminal cuts what goes elsewhere.
    fn set_width(&mut self, cx: &Cx) {
        if let Ok((_, columns)) = tty::size(cx.out.fd()) {
            self.width = match (self.wide, columns) {
                (0, 0) => 80,
                (0, n) => n as usize,
                (1, _) => 132,
                _ => usize::MAX,
            };
        }
    }

    /// Shows the processes of /proc, or with `group` the threads of that process in its folder `task`.
    #[inline(never)]
    fn scan(&mut self, cx: &mut Cx, at: Fd, folder: ZStr, group: u32) -> Result<(), Errno> {
        let mut dir = Dir::open(at, folder, 0)?;
        let at = dir.fd();
        if group == 0 {
            self.proc = at;
            // A folder that is not the kernel's tells nothing, and that is no answer.
            fs::statx(at, ZStr::new(c"self"), 0)?;
            self.header(cx);
        }
        while let Some(e) = dir.next()? {
            self.entry(cx, at, e.name.bytes(), group);
        }
        Ok(())
    }

    #[inline(never)]
    fn header(&mut self, cx: &mut Cx) {
        if self.columns.iter().any(|c| !c.header.is_empty()) {
            for (i, c) in self.columns.iter().enumerate() {
                cell(&mut self.line, c, c.header, i + 1 == self.columns.len());
            }
            flush_line(cx, &mut self.line, self.width);
        }
    }

    /// One entry of such a folder.
    #[inline(never)]
    fn entry(&mut self, cx: &mut Cx, at: Fd, name: &[u8], group: u32) {
        let Some(tid) = num::parse_u32(name) else { return };
        let mut p = match load(at, name) {
            Ok(p) => p,
            Err(e) => return unread(cx, name, e),
        };
        p.tid = tid;
        p.pid = if group == 0 { tid } else { group };
        if group == 0 && !self.wants(&p) {
            return;
        }
        if group == 0 && self.threads {
            if let Err(e) = self.scan(cx, at, path(name, b"task").z(), tid) {
                unread(cx, name, e);
            }
        } else {
            self.show(cx, &p);
        }
    }

    #[inline(never)]
    fn show(&mut self, cx: &mut Cx, p: &Process) {
        self.none = 0;
        let mut value = core::mem::take(&mut self.value);
        let columns = core::mem::take(&mut self.columns);
        for (i, c) in columns.iter().enumerate() {
            value.clear();
            put(&mut value, c.kind, p, self);
            cell(&mut self.line, c, &value, i + 1 == columns.len());
        }
        self.columns = columns;
        self.value = value;
        flush_line(cx, &mut self.line, self.width);
        if let Some(e) = p.failed.get() {
            unread(cx, &p.comm, e);
        }
    }
}

/// Reports what could not be read of a process. Whoever ends while we look is not there, and some may not be
/// looked at: that is no error.
#[inline(never)]
fn unread(cx: &mut Cx, name: &[u8], why: Errno) {
    if !matches!(why, Errno::ENOENT | Errno::ESRCH | Errno::EACCES | Errno::EPERM) {
        cx.fail(name, why);
    }
}

#[inline(never)]
fn flush_line(cx: &mut Cx, line: &mut Buf, width: usize) {
    // A name may hold anything, and must not end a line.
    line.iter_mut().filter(|b| **b < 32 || **b == 127).for_each(|b| *b = b'?');
    cx.out.shown(line.get(..width).unwrap_or(line));
    cx.out.byte(b'\n');
    line.clear();
}

/// Appends one value, a blank in front unless it is the first.
fn cell(line: &mut Buf, c: &Column, value: &[u8], last: bool) {
    if !line.is_empty() {
        line.push(b' ');
    }
    let pad = c.width.saturating_sub(value.len());
    let end = line.len() + pad;
    if c.right {
        line.pad(end, b' ');
    }
    line.extend_from_slice(value);
    if !c.right && !last {
        line.pad(end + value.len(), b' ');
    }
}

/// Appends `sec` seconds as `[dd-]hh:mm:ss`; without hours if there are none and `short`.
fn clock(out: &mut Buf, sec: u32, short: bool) {
    let (days, hours) = (sec / 86_400, sec / 3600 % 24);
    if days > 0 {
        number::push(out, days as u64, 2);
        out.push(b'-');
    }
    if !short || sec >= 3600 {
        number::push(out, hours as u64, 2);
        out.push(b':');
    }
    number::push(out, (sec / 60 % 60) as u64, 2);
    out.push(b':');
    number::push(out, (sec % 60) as u64, 2);
}

/// Appends the value of one column.
#[inline(never)]
fn put(out: &mut Buf, kind: u8, p: &Process, s: &mut Ps) {
    let seconds = |ticks: u64| num::div_rem(ticks, HZ).0 as u32;
    let age = s.uptime.saturating_sub(seconds(p.field(START)));
    let ticks = (p.field(UTIME) + p.field(STIME)) as u32;
    // Tenths of a percent of the time since its start.
    let share = ticks.saturating_mul(10) / age.max(1);
    let n = match kind {
        b'u' => return out.extend_from_slice(s.users.name(p.uid)),
        b'g' => return out.extend_from_slice(s.groups.name(p.gid)),
        b'r' => return out.extend_from_slice(s.users.name(real(p, s.proc, b"Uid:\t"))),
        b'q' => return out.extend_from_slice(s.groups.name(real(p, s.proc, b"Gid:\t"))),
        b'n' => return out.extend_from_slice(&p.comm),
        b'a' => return command(out, p, s.proc),
        b'y' => return terminal(out, p.field(TTY) as u32),
        b'x' => return status(out, p),
        b's' => return out.push(p.state),
        b'T' => return clock(out, seconds(ticks as u64), false),
        b'E' => return clock(out, age, true),
        b'B' => return start(out, s, age),
        b'w' => return waits_in(out, p, s.proc),
        b'A' => return out.push(b'-'),
        b'%' => {
            number::push(out, (share / 10) as u64, 1);
            out.push(b'.');
            (share % 10) as u64
        }
        b'N' => {
            let nice = p.field(NICE) as i32;
            if nice < 0 {
                out.push(b'-');
            }
            nice.unsigned_abs() as u64
        }
        b'O' => (p.field(PRIORITY) as i32 + 60).unsigned_abs() as u64,
        b'U' => real(p, s.proc, b"Uid:\t") as u64,
        b'J' => real(p, s.proc, b"Gid:\t") as u64,
        b'i' => p.uid as u64,
        b'j' => p.gid as u64,
        b'p' => p.pid as u64,
        b't' => p.tid as u64,
        b'P' => p.field(PPID),
        b'G' => p.field(PGRP),
        b'S' => p.field(SESSION),
        b'v' => p.field(VSIZE) >> 10,
        b'R' => p.field(RSS) << 2,
        b'z' => p.field(VSIZE) >> 12,
        b'c' => (share / 10) as u64,
        // As others show it: forked without exec 1, used root's rights 4.
        _ => p.field(FLAGS) >> 6 & 7,
    };
    number::push(out, n, 1);
}

/// Calls `read` for `PID/file`; nothing if that fails, which [`Process::failed`] tells then.
#[inline(never)]
fn file<'b>(p: &Process, proc: Fd, name: &[u8], buf: &'b mut [u8]) -> &'b [u8] {
    let mut digits = [0; 64];
    let at = path(num::digits(&mut digits, p.pid as u64, 10), name);
    match fs::read_start(proc, at.z(), buf) {
        Ok(text) => text,
        Err(e) => {
            p.failed.set(Some(e));
            &[]
        }
    }
}

/// The real user or group from `status`: the first number behind `tag`.
#[inline(never)]
fn real(p: &Process, proc: Fd, tag: &[u8]) -> u32 {
    let mut buf = [0; 1024];
    let text = file(p, proc, b"status", &mut buf);
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((n, _)) = cut(&mut rest, b'\n').strip_prefix(tag).and_then(|l| num::prefix(l, 10)) {
            return n as u32;
        }
    }
    p.uid
}

/// The command line, behind the name in braces where that is another, as of an applet that runs in a fork of the
/// shell or of a script; the name in brackets for kernel threads and the dead.
#[inline(never)]
fn command(out: &mut Buf, p: &Process, proc: Fd) {
    let mut buf = [0; if cfg!(mote_nommu) { 1024 } else { 2048 }];
    let text = file(p, proc, b"cmdline", &mut buf);
    match text.iter().rposition(|&b| b != 0) {
        Some(end) => {
            let first = text.split(|&b| b == 0).next().unwrap_or(text);
            let base = first.rsplit(|&b| b == b'/').next().unwrap_or(first);
            if !base.strip_prefix(b"-").unwrap_or(base).starts_with(&p.comm) {
                out.push(b'{');
                out.extend_from_slice(&p.comm);
                out.extend_from_slice(b"} ");
            }
            out.extend(text.iter().take(end + 1).map(|&b| if b == 0 { b' ' } else { b }));
        }
        None => {
            out.push(b'[');
            out.extend_from_slice(&p.comm);
            out.push(b']');
        }
    }
}

/// State, then `<` or `N` for the niceness, `s` for a session leader, `l` with threads, `+` in the foreground.
#[inline(never)]
fn status(out: &mut Buf, p: &Process) {
    let nice = p.field(NICE) as i32;
    let marks = [
        (nice < 0, b'<'),
        (nice > 0, b'N'),
        (p.field(SESSION) as u32 == p.pid, b's'),
        (p.field(THREADS) > 1, b'l'),
        (p.field(TPGID) == p.field(PGRP), b'+'),
    ];
    out.push(p.state);
    out.extend(marks.iter().filter(|m| m.0).map(|m| m.1));
}

/// When it was started: the time of the day, or the day if that was another one.
#[inline(never)]
fn start(out: &mut Buf, s: &Ps, age: u32) {
    let at = Stamp { sec: s.now - age as i64, nsec: 0, ahead: s.tz };
    let day = |sec: i64| civil(sec + s.tz as i64).day;
    let today = age < 86_400 && day(at.sec) == day(s.now);
    strftime(out, if today { b"%R" } else { b"%b%d" }, &at);
}

/// The kernel function that it waits in.
#[inline(never)]
fn waits_in(out: &mut Buf, p: &Process, proc: Fd) {
    let mut buf = [0; 64];
    match file(p, proc, b"wchan", &mut buf) {
        b"" | b"0" => out.push(b'-'),
        name => out.extend_from_slice(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(f: &dyn Fn(&mut Buf)) -> String {
        let mut b = Buf::new();
        f(&mut b);
        String::from_utf8(b.to_vec()).unwrap()
    }

    #[test]
    fn nothing_to_show_is_told_by_the_status() {
        use crate::call;
        assert_eq!(call(&["ps", "-o", "pid=", "-p", "1"]), (0, "    1\n".into()));
        assert_eq!(call(&["ps", "-o", "pid=", "-p", "999999999"]), (1, String::new()));
    }

    #[test]
    fn clocks() {
        assert_eq!(text(&|b| clock(b, 0, false)), "00:00:00");
        assert_eq!(text(&|b| clock(b, 0, true)), "00:00");
        assert_eq!(text(&|b| clock(b, 3_725, true)), "01:02:05");
        assert_eq!(text(&|b| clock(b, 100 * 86_400 + 5, true)), "100-00:00:05");
    }

    #[test]
    fn cells_are_aligned() {
        let mut all = List::new();
        columns::add(&mut all, b"pid,user,args", false).unwrap();
        let line = text(&|b| {
            cell(b, &all[0], b"7", false);
            cell(b, &all[1], b"root", false);
            cell(b, &all[2], b"x", true);
        });
        assert_eq!(line, "    7 root     x");
    }
}
