//! date: tell or set the time (POSIX.1-2024 date; BusyBox coreutils/date.c for -D, -I, -R and the forms of TIME).
//!
//! Differences from BusyBox: zones behind a TIME in more forms, and the dates of HTTP and of date itself.

use sys::opts::Walk;
use sys::time::{self, Timespec, CLOCK_REALTIME};
use sys::{fs, Buf, Cx, ZStr};
use util::text::{number, take};
use util::time::calendar::{civil, year_day};
use util::time::strftime::{strftime, Stamp};
use util::time::{parse, tz};

applet! {
    name: date,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-uR] [-I[SPEC]] [-d TIME | -r FILE | -s TIME] [-D FORMAT] [+FORMAT] [TIME]

Print the time, or set it to TIME: MMDDhhmm[[CC]YY][.ss] or a form of -s.

    -d, --date TIME  Print TIME instead of now
    -s, --set TIME  Set the time
    -D FORMAT  Read TIME of -d and -s by FORMAT, as strptime
    -r, --reference FILE  Print when FILE was last changed
    -u, --utc  UTC instead of the zone TZ
    -R, --rfc-2822  As in mail: Thu, 02 Jul 2026 03:04:05 +0200
    -I, --iso-8601[=SPEC]  As in ISO 8601; SPEC is date (default), hours,
                 minutes, seconds or ns

TIME is hh:mm[:ss], MM.DD-hh:mm[:ss], YYYY.MM.DD-hh:mm[:ss], YYYY-MM-DD
[hh[:mm[:ss]]], [[YY]YY]MMDDhhmm[.ss] or @SECONDS; Z or +hh:mm may follow.
",
}

/// By the first letter of a SPEC of -I.
static ISO: [(u8, &[u8]); 5] =
    [(b'd', b"%F"), (b'h', b"%FT%H%:z"), (b'm', b"%FT%H:%M%:z"), (b's', b"%FT%T%:z"), (b'n', b"%FT%T,%N%:z")];

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let mut format: &[u8] = b"%a %b %e %T %Z %Y";
    // A short option whose argument need not be there is none of the engine's.
    for a in args.iter_mut() {
        if let Some(spec) = a.strip_prefix(b"-I").filter(|spec| !spec.is_empty()) {
            match iso(spec) {
                Some(f) => format = f,
                None => return cx.misuse(b"invalid SPEC"),
            }
            *a = ZStr::new(c"-");
        }
    }
    let (mut date, mut set, mut form, mut file) = (None, None, None, None);
    let mut tz = cx.env(b"TZ");
    let mut walk = Walk::new(args, SPEC, true);
    while let Some(step) = walk.next() {
        let f = match step {
            Ok(f) => f,
            Err(w) => return cx.wrong(w),
        };
        match f.letter {
            b'd' => date = f.value,
            b's' => set = f.value,
            b'D' => form = f.value,
            b'r' => file = f.value,
            b'u' => tz = None,
            b'R' => format = b"%a, %d %b %Y %T %z",
            _ => match iso(f.value.unwrap_or(ZStr::new(c"d"))) {
                Some(f) => format = f,
                None => return cx.misuse(b"invalid SPEC"),
            },
        }
    }
    let mut formats = parse::STRING;
    for a in walk.operands() {
        if let Some(f) = a.strip_prefix(b"+") {
            format = f.bytes();
        } else if a.is(b"-") {
        } else if date.or(set).is_some() {
            return cx.misuse(b"extra operand");
        } else {
            set = Some(*a);
            if a.bytes().iter().all(|b| b.is_ascii_digit() || *b == b'.') {
                formats = parse::OPERAND;
            }
        }
    }
    let mut at = time::now(CLOCK_REALTIME);
    if let Some(file) = file {
        match fs::stat(file) {
            Ok(s) => at = Timespec { sec: s.stx_mtime.tv_sec, nsec: s.stx_mtime.tv_nsec as i64 },
            Err(why) => {
                cx.fail_on(file, why);
                return 1;
            }
        }
    }
    if let Some(text) = date.or(set) {
        let formats = form.map_or(formats, |f| f.bytes());
        let read = if form.is_some() { parse::one } else { parse::parse };
        let Some(t) = read(text.bytes(), formats, at.sec, tz) else {
            cx.error(text.bytes(), b"invalid date");
            return 1;
        };
        at = t;
        if date.is_none() {
            if let Err(why) = time::set(&at) {
                cx.fail(b"cannot set the time", why);
            }
        }
    }
    let stamp = Stamp { sec: at.sec, nsec: at.nsec as u32, ahead: tz::offset(tz, at.sec) };
    let mut line = Buf::new();
    write(&mut line, format, &stamp, tz::name_at(tz, at.sec));
    line.push(b'\n');
    cx.out.bytes(&line);
    cx.status
}

/// The format that a SPEC of -I stands for.
fn iso(spec: ZStr) -> Option<&'static [u8]> {
    ISO.iter().find(|(letter, _)| *letter == spec.first()).map(|(_, format)| *format)
}

/// Appends the time as `format` says: as strftime, and what only `date` has.
#[inline(never)]
fn write(line: &mut Buf, mut format: &[u8], at: &Stamp, zone: &[u8]) {
    let t = civil(at.sec + at.ahead as i64);
    let day = year_day(&t) as u32;
    let monday = (t.weekday + 6) % 7;
    while let [c, rest @ ..] = format {
        format = rest;
        if *c != b'%' || rest.is_empty() {
            line.push(*c);
            continue;
        }
        let flag = take(&mut format, b"-_:");
        let mut width = 0;
        while let Some(digit) = take(&mut format, b"0123456789") {
            width = (width * 10 + digit).min(9);
        }
        let Some((&letter, rest)) = format.split_first() else { continue };
        format = rest;
        let start = line.len();
        // The Thursday of the week tells its year.
        let thursday = civil(at.sec + at.ahead as i64 + 86_400 * (3 - monday as i64));
        let (n, least) = match letter {
            b'Z' => {
                line.extend_from_slice(zone);
                continue;
            }
            b'N' => {
                number::push(line, at.nsec as u64, 9);
                line.truncate(start + if width == 0 { 9 } else { width });
                continue;
            }
            b'r' => {
                strftime(line, b"%I:%M:%S %p", at);
                continue;
            }
            b'P' => {
                line.extend_from_slice(if t.hour < 12 { b"am" } else { b"pm" });
                continue;
            }
            b'C' => (t.year as u32 / 100, 2),
            b'U' => ((day + 7 - t.weekday) / 7, 2),
            b'W' => ((day + 7 - monday) / 7, 2),
            b'V' => (year_day(&thursday) as u32 / 7 + 1, 2),
            b'G' => (thursday.year as u32, 4),
            b'g' => (thursday.year as u32 % 100, 2),
            b'k' => (t.hour, 1),
            b'l' => (if t.hour % 12 == 0 { 12 } else { t.hour % 12 }, 1),
            _ => {
                strftime(line, &[b'%', if letter == b'h' { b'b' } else { letter }], at);
                if flag == Some(2) && letter == b'z' {
                    line.insert(start + 3, b':');
                }
                (0, 0)
            }
        };
        if least > 0 {
            if least == 1 && n < 10 {
                line.push(b' ');
            }
            number::push(line, n as u64, least);
        }
        // Without what fills it up, or with blanks for zeros.
        let mut k = start;
        while flag.is_some_and(|f| f < 2) && k + 1 < line.len() && matches!(line.get(k), Some(b'0' | b' ')) {
            if flag == Some(0) {
                line.remove(k);
            } else {
                line.replace(k, 1, b" ");
                k += 1;
            }
        }
    }
}
