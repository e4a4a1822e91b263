//! touch: set times of files, and make them (POSIX.1-2024 touch; -h as GNU and BusyBox have it).

use sys::fs::{self, Fd, Timestamp};
use sys::time::{self, Timespec};
use sys::{Cx, Errno, ZStr};
use util::time::parse::{parse, STRING, TOUCH};

applet! {
    name: touch,
    dir: "/bin",
    class: NoFork,
    operands: "1..",
    usage: "\
[-acfhm] [-r FILE | -t TIME | -d TIME] FILE...

Set the times of last access and modification of the FILEs to now, and make
those that are missing; - is standard output.

    -a  Access only
    -m  Modification only
    -c, --no-create  Make no files
    -h, --no-dereference  Links themselves, not what they lead to; makes no files
    -r, --reference FILE  The times that FILE has
    -t TIME  [[CC]YY]MMDDhhmm[.ss]
    -d, --date TIME  A time as date -d takes it, such as '2026-12-01 12:30' or @SECONDS
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
    }
    let now = time::now(time::CLOCK_REALTIME).sec;
    for (text, formats) in [(cx.value(slot!("t")), TOUCH), (cx.value(slot!("d")), STRING)] {
        let Some(text) = text else { continue };
        match parse(text.bytes(), formats, now, cx.env(b"TZ")) {
            Some(time) => times = [time; 2],
            None => return cx.misuse(b"invalid TIME"),
        }
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
