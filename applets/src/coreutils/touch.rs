//! touch: set times of files, and make them (POSIX.1-2024 touch; -h as GNU and BusyBox have it).

use sys::fs::{self, Fd, Timestamp};
use sys::time::{self, Timespec};
use sys::{num, Cx, Errno, ZStr};
use util::time::calendar::{civil, month_start, seconds, Civil};
use util::time::tz;

applet! {
    name: touch,
    dir: "/bin",
    class: NoFork,
    operands: "1..",
    usage: "\
[-acfhm] [-r FILE | -t TIME] FILE...

Set the times of last access and modification of the FILEs to now, and make
those that are missing; - is standard output.

    -a  Access only
    -m  Modification only
    -c, --no-create  Make no files
    -h, --no-dereference  Links themselves, not what they lead to; makes no files
    -r, --reference FILE  The times that FILE has
    -t TIME  [[CC]YY]MMDDhhmm[.ss]
    -f  Ignored
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut times = [fs::NOW; 2];
    if let Some(file) = cx.value(slot!("r")) {
        let flags = if cx.has(opt!("h")) { fs::AT_SYMLINK_NOFOLLOW } else { 0 };
        match fs::statx(Fd::CWD, file, flags) {
            Ok(s) => times = [spec(&s.stx_atime), spec(&s.stx_mtime)],
            Err(e) => {
                cx.fail_on(file, e);
                return 1;
            }
        }
    } else if let Some(text) = cx.value(slot!("t")) {
        let Some(sec) = digits(text.bytes(), cx.env(b"TZ")) else {
            return cx.misuse(b"invalid TIME");
        };
        times = [Timespec { sec, nsec: 0 }; 2];
    }
    if cx.has(opt!("a")) != cx.has(opt!("m")) {
        times[cx.has(opt!("a")) as usize] = fs::OMIT;
    }
    let files = core::mem::take(&mut cx.args);
    for &file in files.iter() {
        if let Err(e) = one(cx, file, &times) {
            cx.fail_on(file, e);
        }
    }
    cx.status
}

fn spec(t: &Timestamp) -> Timespec {
    Timespec { sec: t.tv_sec, nsec: t.tv_nsec as i64 }
}

#[inline(never)]
fn one(cx: &Cx, file: ZStr, times: &[Timespec; 2]) -> Result<(), Errno> {
    let mut flags = 0;
    if cx.has(opt!("h")) {
        flags = fs::AT_SYMLINK_NOFOLLOW;
    }
    if file.is(b"-") {
        return fs::utimensat(cx.out.fd(), ZStr::new(c""), times, fs::AT_EMPTY_PATH);
    }
    match fs::utimensat(Fd::CWD, file, times, flags) {
        Err(Errno::ENOENT) if cx.has(opt!("ch")) => {
            return if cx.has(opt!("c")) { Ok(()) } else { Err(Errno::ENOENT) }
        }
        Err(Errno::ENOENT) => {}
        r => return r,
    }
    let flags = fs::O_WRONLY | fs::O_CREAT | fs::O_NONBLOCK | fs::O_NOCTTY | fs::O_CLOEXEC;
    let made = fs::open(file, flags, 0o666)?;
    fs::utimensat(*made, ZStr::new(c""), times, fs::AT_EMPTY_PATH)
}

/// The time that `[[CC]YY]MMDDhhmm[.ss]` is in the time zone `zone`.
fn digits(text: &[u8], zone: Option<ZStr>) -> Option<i64> {
    let (date, second) = match text.split_at_checked(text.len().wrapping_sub(3)) {
        Some((date, [b'.', second @ ..])) => (date, pair(second)?),
        _ => (text, 0),
    };
    let at = |n: usize| pair(date.get(n..n + 2)?);
    let start = date.len().checked_sub(8)?;
    let year = match start {
        0 => {
            let now = time::now(time::CLOCK_REALTIME).sec;
            civil(now + tz::offset(zone, now) as i64).year
        }
        2 => {
            let year = at(0)? as i32;
            year + if year < 69 { 2000 } else { 1900 }
        }
        4 => at(0)? as i32 * 100 + at(2)? as i32,
        _ => return None,
    };
    let (month, day, hour, minute) = (at(start)?, at(start + 2)?, at(start + 4)?, at(start + 6)?);
    let days = |month: u32| month_start(year, month as i32);
    if !(1..=12).contains(&month) || day == 0 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    if day as i32 > days(month + 1) - days(month) {
        return None;
    }
    let local = seconds(&Civil { year, month, day, hour, minute, second, weekday: 0 });
    let guess = local - tz::offset(zone, local) as i64;
    Some(local - tz::offset(zone, guess) as i64)
}

fn pair(text: &[u8]) -> Option<u32> {
    num::parse_u32(text).filter(|_| text.len() == 2)
}
