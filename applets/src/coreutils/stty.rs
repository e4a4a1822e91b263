//! stty: tell or change the settings of a terminal (POSIX.1-2024 stty; BusyBox coreutils/stty.c).
//!
//! Differences from BusyBox: none of the words lcase, crt, dec, decctlq, litout and drain.

use sys::fs::{self, Fd};
use sys::tty::{self, Termios};
use sys::zstr::{cut, position_in};
use sys::{num, Cx, ZStr};

applet! {
    name: stty,
    dir: "/bin",
    class: NoExec,
    parse: Args,
    usage: "\
[-F DEVICE] [-a | -g | SETTING...]

Print or change the settings of the terminal that standard input is, or of DEVICE.

    -a, --all  Print all settings
    -g, --save  Print them as a word that stty takes back
    -F, --file DEVICE  Use DEVICE

SETTING is, with - before it to turn it off: one of the names that -a shows; raw
cooked cbreak nl sane ek evenp parity oddp pass8; or KEY CHARACTER (^C, ^-, a
number), min N, time N, rows N, cols N, line N, size, speed, ispeed N, ospeed N, or
a speed.
",
}

// Names by the number of their bit; a field has at most 16 of them.
static NAMES: [&[u8]; 4] = [
    b"ignbrk brkint ignpar parmrk inpck istrip inlcr igncr icrnl iuclc ixon ixany ixoff imaxbel iutf8",
    b"opost olcuc onlcr ocrnl onocr onlret ofill ofdel",
    b". . . . . . cstopb cread parenb parodd hupcl clocal",
    b"isig icanon xcase echo echoe echok echonl noflsh tostop echoctl echoprt echoke flusho . pendin iexten",
];
/// Names of the keys by their places in `cc`.
static KEYS: &[u8] =
    b"intr quit erase kill eof time min swtch start stop susp eol rprnt discard werase lnext eol2";
/// What they are after `sane`.
static SANE: [u8; 17] = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0];
/// Delays of the output: name, place of the lowest bit, and the highest value.
static DELAYS: [(&[u8], u32, u32); 6] =
    [(b"nl", 8, 1), (b"cr", 9, 3), (b"tab", 11, 3), (b"bs", 13, 1), (b"vt", 14, 1), (b"ff", 15, 1)];
/// Speeds by their codes, those beyond 38400 in the upper half.
static SPEEDS: [u32; 31] = [
    0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115_200,
    230_400, 460_800, 500_000, 576_000, 921_600, 1_000_000, 1_152_000, 1_500_000, 2_000_000, 2_500_000,
    3_000_000, 3_500_000, 4_000_000,
];

/// The bits of a speed's code, and of that of the input where it is another one.
const CBAUD: u32 = 0o10017;
const CIBAUD: u32 = CBAUD << 16;
const CRTSCTS: u32 = 1 << 31;
const CSIZE: u32 = 0o60;

/// The four words of flags.
fn flags(t: &mut Termios) -> [&mut u32; 4] {
    [&mut t.iflag, &mut t.oflag, &mut t.cflag, &mut t.lflag]
}

/// The code of the speed `text`.
fn code(text: &[u8]) -> Option<u32> {
    let n = num::parse_u32(text)?;
    let place = SPEEDS.iter().position(|&s| s == n)? as u32;
    Some(if place < 16 { place } else { 0o10001 + place - 16 })
}

fn speed(t: &Termios) -> u32 {
    let code = t.cflag & CBAUD;
    let place = if code < 16 { code } else { (code & 15) + 15 };
    SPEEDS.get(place as usize).copied().unwrap_or(0)
}

/// A key: a character, `^C`, `^-` or `undef` for none, or a number.
fn key(text: &[u8]) -> Option<u8> {
    match *text {
        [c] if !c.is_ascii_digit() => Some(c),
        [b'^', b'-'] => Some(0),
        [b'^', b'?'] => Some(127),
        [b'^', c] => Some(c & 31),
        _ if text == b"undef" => Some(0),
        _ => u8::try_from(num::parse_u32(text)?).ok(),
    }
}

/// Turns settings on or off by a list of words, each perhaps behind `-`.
fn words(t: &mut Termios, mut list: &[u8]) {
    while !list.is_empty() {
        let word = cut(&mut list, b' ');
        let name = word.strip_prefix(b"-").unwrap_or(word);
        flag(t, name, name.len() == word.len());
    }
}

/// Turns the setting `name` on or off; no if there is none.
#[inline(never)]
fn flag(t: &mut Termios, name: &[u8], on: bool) -> bool {
    let mut change = None;
    for (n, list) in NAMES.iter().enumerate() {
        if let Some(bit) = position_in(list, b' ', name).filter(|_| name.len() > 1) {
            change = Some((n, 1u32 << bit, 1u32 << bit));
        }
    }
    if let ([b'c', b's', c @ b'5'..=b'8'], true) = (name, on) {
        change = Some((2, CSIZE, u32::from(*c - b'5') << 4));
    }
    if name == b"crtscts" {
        change = Some((2, CRTSCTS, CRTSCTS));
    }
    for (delay, shift, most) in DELAYS {
        let n = name.strip_prefix(delay).and_then(num::parse_u32).filter(|n| on && *n <= most);
        if let Some(n) = n {
            change = Some((1, most << shift, n << shift));
        }
    }
    let Some((n, mask, set)) = change else { return false };
    for (k, field) in flags(t).into_iter().enumerate() {
        if k == n {
            *field = *field & !mask | if on { set } else { 0 };
        }
    }
    true
}

/// Sets what one word stands for that is no name of a flag; no if it is none.
#[inline(never)]
fn combination(t: &mut Termios, name: &[u8], on: bool) -> bool {
    let keys = &mut t.cc;
    match (name, on) {
        (b"sane", true) => {
            for (key, sane) in keys.iter_mut().zip(SANE) {
                *key = sane;
            }
            words(t, b"-ignbrk brkint -inlcr -igncr icrnl -iuclc ixon -ixany -ixoff imaxbel opost -olcuc onlcr -ocrnl \
-onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0 cread isig icanon -xcase echo echoe echok -echonl -noflsh -tostop \
echoctl -echoprt echoke -flusho iexten");
        }
        (b"raw", true) | (b"cooked", false) => {
            (keys[tty::VMIN], keys[tty::VTIME]) = (1, 0);
            t.iflag = 0;
            words(t, b"-opost -isig -icanon -xcase -iexten");
        }
        (b"raw", false) | (b"cooked", true) => {
            (keys[tty::VEOF], keys[11]) = (4, 0);
            words(t, b"brkint ignpar icrnl ixon opost isig icanon iexten");
        }
        (b"cbreak", _) => {
            flag(t, b"icanon", !on);
        }
        (b"nl", true) => words(t, b"-icrnl -onlcr"),
        (b"nl", false) => words(t, b"icrnl -inlcr -igncr onlcr -ocrnl -onlret"),
        (b"ek", true) => (keys[tty::VERASE], keys[tty::VKILL]) = (127, 21),
        (b"evenp" | b"parity", true) => words(t, b"parenb -parodd cs7"),
        (b"oddp", true) => words(t, b"parenb parodd cs7"),
        (b"evenp" | b"parity" | b"oddp", false) => words(t, b"-parenb cs8"),
        (b"pass8", true) => words(t, b"-parenb -istrip cs8"),
        (b"pass8", false) => words(t, b"parenb istrip cs7"),
        (b"tabs", _) => {
            flag(t, if on { b"tab0" } else { b"tab3" }, true);
        }
        _ => return false,
    }
    true
}

/// Reads what -g prints.
fn saved(text: &[u8]) -> Option<Termios> {
    let mut t = Termios::default();
    let mut rest = text;
    for field in flags(&mut t) {
        *field = u32::try_from(num::parse(cut(&mut rest, b':'), 16)?).ok()?;
    }
    for key in &mut t.cc {
        *key = u8::try_from(num::parse(cut(&mut rest, b':'), 16)?).ok()?;
    }
    rest.is_empty().then_some(t)
}

/// Prints the settings: all, or those that `sane` would change.
fn show(cx: &mut Cx, t: &mut Termios, device: Fd, all: bool) {
    cx.out.bytes(b"speed ");
    cx.out.dec(speed(t) as u64);
    cx.out.bytes(b" baud;");
    if let (true, Ok((rows, columns))) = (all, tty::size(device)) {
        cx.out.bytes(b" rows ");
        cx.out.dec(rows as u64);
        cx.out.bytes(b"; columns ");
        cx.out.dec(columns as u64);
        cx.out.byte(b';');
    }
    cx.out.bytes(b" line = ");
    cx.out.dec(t.line as u64);
    cx.out.bytes(b";\n");
    let mut names = KEYS;
    for (n, (key, sane)) in t.cc.into_iter().zip(SANE).enumerate() {
        let name = cut(&mut names, b' ');
        if !all && key == sane {
            continue;
        }
        cx.out.bytes(name);
        cx.out.bytes(b" = ");
        match key {
            _ if n == tty::VMIN || n == tty::VTIME => cx.out.dec(key as u64),
            0 => cx.out.bytes(b"<undef>"),
            1..=31 | 127 => cx.out.bytes(&[b'^', key ^ 64]),
            _ => cx.out.masked(&[key]),
        }
        cx.out.bytes(b"; ");
    }
    cx.out.byte(b'\n');
    let mut sane = *t;
    combination(&mut sane, b"sane", true);
    let (sane, size) = (flags(&mut sane).map(|f| *f), t.cflag >> 4 & 3);
    let hardware = t.cflag & CRTSCTS != 0;
    for ((field, list), sane) in flags(t).into_iter().zip(NAMES).zip(sane) {
        let (mut bit, mut rest) = (1, list);
        while !rest.is_empty() {
            let name = cut(&mut rest, b' ');
            if name.len() > 1 && (all || (*field ^ sane) & bit != 0) {
                if *field & bit == 0 {
                    cx.out.byte(b'-');
                }
                cx.out.bytes(name);
                cx.out.byte(b' ');
            }
            bit <<= 1;
        }
    }
    if all {
        cx.out.bytes(&[b'c', b's', b'5' + size as u8, b' ']);
        cx.out.bytes(if hardware { b"crtscts" } else { b"-crtscts" });
    }
    cx.out.byte(b'\n');
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let mut args = &*core::mem::take(&mut cx.args);
    let mut device = Fd::STDIN;
    let mut name = ZStr::new(c"standard input");
    let (mut all, mut save) = (false, false);
    // Options are few, and -echo and its kin look like more of them.
    while let [first, rest @ ..] = args {
        let file = first.strip_prefix(b"-F").or(first.strip_prefix(b"--file="));
        if let Some(file) = file {
            args = rest;
            name = file;
            if file.is_empty() {
                let [file, rest @ ..] = args else { return cx.misuse(b"missing DEVICE") };
                (name, args) = (*file, rest);
            }
            // Not to wait for a carrier.
            device = match fs::open(name, fs::O_RDONLY | fs::O_NONBLOCK | fs::O_NOCTTY | fs::O_CLOEXEC, 0) {
                Ok(f) => f.into_fd(),
                Err(why) => {
                    cx.fail_on(name, why);
                    return 1;
                }
            };
        } else if first.is(b"-a") || first.is(b"--all") {
            (all, args) = (true, rest);
        } else if first.is(b"-g") || first.is(b"--save") {
            (save, args) = (true, rest);
        } else {
            break;
        }
    }
    if (all || save) && !args.is_empty() || all && save {
        return cx.misuse(b"extra operand");
    }
    let done = match tty::get(device) {
        Ok(mut t) if args.is_empty() => {
            if save {
                for field in flags(&mut t) {
                    cx.out.number(*field as u64, 16, 0, b' ');
                    cx.out.byte(b':');
                }
                for (n, key) in t.cc.iter().enumerate() {
                    cx.out.number(*key as u64, 16, 0, b' ');
                    cx.out.byte(if n + 1 < t.cc.len() { b':' } else { b'\n' });
                }
            } else {
                show(cx, &mut t, device, all);
            }
            Ok(())
        }
        Ok(t) => change(cx, t, device, args),
        Err(why) => Err(why),
    };
    if let Err(why) = done {
        cx.fail_on(name, why);
    }
    cx.status
}

/// Makes the settings `args`, all or none of them.
#[inline(never)]
fn change(cx: &mut Cx, mut t: Termios, device: Fd, mut args: &[ZStr<'static>]) -> sys::Result<()> {
    let old = t;
    let (mut rows, mut columns) = tty::size(device).unwrap_or((0, 0));
    let mut resize = false;
    while let [first, rest @ ..] = args {
        args = rest;
        let word = first.bytes();
        let (name, on) = match word.strip_prefix(b"-") {
            Some(name) => (name, false),
            None => (word, true),
        };
        if flag(&mut t, name, on) || combination(&mut t, name, on) {
            continue;
        }
        if let Some(code) = code(word) {
            t.cflag = t.cflag & !(CBAUD | CIBAUD) | code;
            continue;
        }
        if let Some(line) = saved(word) {
            t = Termios { line: t.line, ..line };
            continue;
        }
        match word {
            b"size" => {
                cx.out.dec(rows as u64);
                cx.out.byte(b' ');
                cx.out.dec(columns as u64);
                cx.out.byte(b'\n');
                continue;
            }
            b"speed" => {
                cx.out.dec(speed(&t) as u64);
                cx.out.byte(b'\n');
                continue;
            }
            _ => {}
        }
        // What is left has an argument.
        let place = position_in(KEYS, b' ', word);
        let value = args.first().map_or(&b""[..], |a| a.bytes());
        args = args.get(1..).unwrap_or_default();
        let n = num::parse_u32(value);
        let short = n.and_then(|n| u16::try_from(n).ok());
        let known = match (word, short) {
            (b"min" | b"time", None) => false,
            (b"rows", Some(n)) => {
                (rows, resize) = (n, true);
                true
            }
            (b"cols" | b"columns", Some(n)) => {
                (columns, resize) = (n, true);
                true
            }
            (b"line", Some(n @ 0..=255)) => {
                t.line = n as u8;
                true
            }
            (b"ispeed" | b"ospeed", _) => {
                code(value).map(|c| t.cflag = t.cflag & !(CBAUD | CIBAUD) | c).is_some()
            }
            _ => match place.and_then(|at| Some((t.cc.get_mut(at)?, key(value)?))) {
                Some((slot, key)) => {
                    *slot = key;
                    true
                }
                None => false,
            },
        };
        if !known {
            cx.error(word, b"invalid setting");
            return Ok(());
        }
    }
    if resize {
        tty::set_size(device, rows, columns)?;
    }
    if t != old {
        tty::set(device, &t, true)?;
    }
    Ok(())
}
