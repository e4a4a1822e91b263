//! uptime: tell how long the machine has been up (BusyBox procps/uptime.c; -s as in procps).
//!
//! Differences from BusyBox: -s; nothing of users, of whom no file tells.

use sys::time::{now, CLOCK_REALTIME};
use sys::zstr::cut;
use sys::{system, Buf, Cx, ZStr};
use util::file::read;
use util::text::number;
use util::time::strftime::{strftime, Stamp};
use util::time::tz;

applet! {
    name: uptime,
    dir: "/usr/bin",
    class: NoExec,
    operands: "0",
    usage: "\
[-s]

Print the time, how long the machine has been up, and its load in the last 1, 5 and
15 minutes.

    -s, --since  Only since when it has been up
",
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let up = system::uptime();
    let mut sec = now(CLOCK_REALTIME).sec;
    let mut line = Buf::new();
    if cx.has(opt!("s")) {
        sec -= up as i64;
    }
    let at = Stamp { sec, nsec: 0, ahead: tz::offset(cx.env(b"TZ"), sec) };
    if cx.has(opt!("s")) {
        strftime(&mut line, b"%F %T", &at);
    } else {
        strftime(&mut line, b" %T up ", &at);
        let minutes = (up as u32) / 60;
        let (days, hours) = (minutes / 1440, minutes / 60 % 24);
        if days > 0 {
            number::push(&mut line, days as u64, 1);
            line.extend_from_slice(if days == 1 { b" day, " } else { b" days, " });
        }
        if hours > 0 {
            if hours < 10 {
                line.push(b' ');
            }
            number::push(&mut line, hours as u64, 1);
            line.push(b':');
            number::push(&mut line, (minutes % 60) as u64, 2);
        } else {
            number::push(&mut line, (minutes % 60) as u64, 1);
            line.extend_from_slice(b" min");
        }
        line.extend_from_slice(b",  load average:");
        let loads = match read::file(ZStr::new(c"/proc/loadavg")) {
            Ok(loads) => loads,
            Err(why) => {
                cx.fail(b"/proc/loadavg", why);
                return 1;
            }
        };
        let mut rest = &loads[..];
        for n in 0..3 {
            line.extend_from_slice(if n > 0 { b", " } else { b" " });
            line.extend_from_slice(cut(&mut rest, b' '));
        }
    }
    line.push(b'\n');
    cx.out.bytes(&line);
    0
}
