//! logger: write to the system log (POSIX.1-2024 logger; BusyBox sysklogd/logger.c; -f and -i as in util-linux).

use sys::fs::{self, Fd, Owned};
use sys::time::{now, CLOCK_REALTIME};
use sys::zstr::position_in;
use sys::{num, process, system, Buf, Cx, ToBuf, ZStr};
use util::login::accounts::{Names, PASSWD};
use util::text::lines::Lines;
use util::text::number;
use util::time::strftime::{strftime, Stamp};
use util::time::tz;

applet! {
    name: logger,
    dir: "/usr/bin",
    class: NoExec,
    usage: "\
[-is] [-f FILE] [-p PRIORITY] [-t TAG] [MESSAGE]...

Write MESSAGE, or each line of standard input, to the system log: to /dev/log, or to
the kernel's log if nobody listens there.

    -f, --file FILE  Each line of FILE
    -i  With the number of this process
    -p, --priority PRIORITY  FACILITY.LEVEL, both by name or number (user.notice)
    -s, --stderr  To standard error, too
    -t, --tag TAG  Whose message it is (the user's name)
",
}

static FACILITIES: &[u8] = b"kern,user,mail,daemon,auth,syslog,lpr,news,uucp,cron,authpriv,ftp,,,,,\
local0,local1,local2,local3,local4,local5,local6,local7";
static LEVELS: &[u8] = b"emerg,alert,crit,err,warning,notice,info,debug,panic,error,warn";

/// The number of a priority.
fn priority(text: &[u8]) -> Option<u32> {
    let (mut facility, mut level) = (1, text);
    if let Some(dot) = sys::zstr::position(text, b'.') {
        let (name, rest) = text.split_at_checked(dot)?;
        level = rest.get(1..)?;
        let named = position_in(FACILITIES, b',', name).map(|n| n as u32);
        facility = named.or(num::parse_u32(name)).filter(|&n| n < 24)?;
    }
    // The last three are old names for the first, the fourth and the fifth.
    let level = match position_in(LEVELS, b',', level) {
        Some(8) => 0,
        Some(n @ 9..) => n as u32 - 6,
        Some(n) => n as u32,
        None => num::parse_u32(level).filter(|&n| n < 8)?,
    };
    Some(facility << 3 | level)
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let words = &*core::mem::take(&mut cx.args);
    let Some(pri) = priority(cx.value(slot!("p")).map_or(b"user.notice", |p| p.bytes())) else {
        return cx.misuse(b"invalid priority");
    };
    let mut tag = match cx.value(slot!("t")) {
        Some(tag) => tag.bytes().buf(),
        None => Names::new(ZStr::new(PASSWD)).name(process::geteuid()).buf(),
    };
    if cx.has(opt!("i")) {
        tag.push(b'[');
        number::push(&mut tag, process::getpid() as u64, 1);
        tag.push(b']');
    }
    tag.extend_from_slice(b": ");
    // What takes its place is the log.
    let shown = match fs::dup_above(Fd::STDERR, 3) {
        Ok(fd) => fd,
        Err(why) => {
            cx.fail(b"standard error", why);
            return 1;
        }
    };
    let source = match cx.value(slot!("f")) {
        Some(file) => match fs::open_read(file) {
            Ok(f) => f,
            Err(why) => {
                cx.fail_on(file, why);
                return 1;
            }
        },
        None => Owned::new(Fd::STDIN),
    };
    let logged = system::log_errors();
    let mut failed = logged.err();
    let mut send = |cx: &Cx, text: &[u8]| {
        let sec = now(CLOCK_REALTIME).sec;
        let at = Stamp { sec, nsec: 0, ahead: tz::offset(cx.env(b"TZ"), sec) };
        let mut line = b"<".buf();
        number::push(&mut line, pri as u64, 1);
        line.push(b'>');
        strftime(&mut line, b"%b %e %T ", &at);
        line.extend_from_slice(&tag);
        line.extend_from_slice(text);
        if failed.is_none() {
            failed = fs::write(Fd::STDERR, &line).err();
        }
        if cx.has(opt!("s")) {
            let mut line: Buf = tag.clone();
            line.extend_from_slice(text);
            line.push(b'\n');
            failed = failed.or(fs::write_all(shown, &line).err());
        }
    };
    if words.is_empty() || cx.value(slot!("f")).is_some() {
        let mut lines = Lines::new(source, b'\n');
        while lines.read() {
            if !lines.line.is_empty() {
                send(cx, &lines.line);
            }
        }
        let why = lines.why;
        failed = failed.or(why);
    } else {
        let mut text = Buf::new();
        for (n, word) in words.iter().enumerate() {
            if n > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(word.bytes());
        }
        send(cx, &text);
        // Standard input is not ours to close.
        source.into_fd();
    }
    let _ = fs::dup3(shown, Fd::STDERR, 0);
    if let Some(why) = failed {
        cx.fail(b"cannot log", why);
    }
    cx.status
}
