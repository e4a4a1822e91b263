//! The console: finds it, opens it, and gives it usual settings.

use crate::text::put;
use sys::fs::{self, Fd};
use sys::zstr::cut;
use sys::{env, out, tty, Errno, Result, ZStr};

/// Makes `f` standard input, output and error, blocking.
pub(crate) fn take(f: Fd) -> Result<()> {
    fs::fcntl(f, fs::F_SETFL, 0)?;
    for n in 0..3 {
        if f != Fd(n) {
            fs::dup3(f, Fd(n), 0)?;
        }
    }
    if f.0 > 2 {
        let _ = fs::close(f);
    }
    Ok(())
}

#[inline(never)]
fn take_path(path: ZStr, flags: u32) -> bool {
    // Without O_NONBLOCK, open waits for the carrier of a modem line. Process 1 must not get a controlling terminal.
    match fs::open(path, flags | fs::O_NONBLOCK | fs::O_NOCTTY, 0) {
        Ok(f) => take(f.into_fd()).is_ok(),
        Err(_) => false,
    }
}

/// Makes the console descriptors 0, 1 and 2. It is the device named by `CONSOLE` or `console` in the environment; or,
/// at the `first` time, what the kernel or a container has opened; or /dev/console or the device behind it. False if
/// there is none; then the descriptors are open on something else, /dev/null if possible.
#[inline(never)]
pub(crate) fn open(envp: env::Envp, first: bool) -> bool {
    let named = env::get(envp, b"CONSOLE").or_else(|| env::get(envp, b"console"));
    if named.is_some_and(|path| take_path(path, fs::O_RDWR)) {
        return true;
    }
    if first && (0..3).all(|n| fs::fcntl(Fd(n), fs::F_GETFL, 0).is_ok()) {
        return true;
    }
    take_path(ZStr::new(c"/dev/console"), fs::O_RDWR) || active() || {
        // Otherwise the next file that is opened would become one of the three.
        let _ = take_path(ZStr::new(c"/dev/null"), fs::O_RDWR) || take_path(ZStr::new(c"/"), fs::O_RDONLY);
        false
    }
}

/// Opens the device behind /dev/console: the last one in sysfs's list.
#[inline(never)]
fn active() -> bool {
    let mut text = [0; 64];
    let file = ZStr::new(c"/sys/class/tty/console/active");
    let mut text = fs::read_start(Fd::CWD, file, &mut text).unwrap_or_default();
    let mut names = cut(&mut text, b'\n');
    let mut name = names;
    while !names.is_empty() {
        name = cut(&mut names, b' ');
    }
    let mut path = [0; 72];
    let n = put(&mut path, 0, b"/dev/");
    put(&mut path, n, name);
    ZStr::from_bytes_with_nul(&path).is_some_and(|path| take_path(path, fs::O_RDWR))
}

/// Is it a serial line rather than a virtual terminal?
pub(crate) fn serial(f: Fd) -> bool {
    !tty::is_virtual(f)
}

/// The keys of a terminal: `^C`, `^\\`, DEL, `^U`, `^D`, `^Q`, `^S`, `^Z`; a read waits for one byte.
static KEYS: [u8; tty::VSUSP + 1] = {
    let mut keys = [0; tty::VSUSP + 1];
    keys[tty::VINTR] = b'C' & 31;
    keys[tty::VQUIT] = b'\\' & 31;
    keys[tty::VERASE] = 127;
    keys[tty::VKILL] = b'U' & 31;
    keys[tty::VEOF] = b'D' & 31;
    keys[tty::VMIN] = 1;
    keys[tty::VSTART] = b'Q' & 31;
    keys[tty::VSTOP] = b'S' & 31;
    keys[tty::VSUSP] = b'Z' & 31;
    keys
};

/// Usual settings whatever a program left behind (`man 3 termios`); speed and framing stay.
pub(crate) fn sane(f: Fd) {
    let Ok(mut t) = tty::get(f) else { return };
    put(&mut t.cc, 0, &KEYS);
    t.line = 0;
    t.cflag &= tty::CBAUD | tty::CSIZE | tty::CSTOPB | tty::PARENB | tty::PARODD | tty::CRTSCTS;
    t.cflag |= tty::CREAD | tty::HUPCL | tty::CLOCAL;
    t.iflag = tty::ICRNL | tty::IXON | tty::IXOFF;
    t.oflag = tty::OPOST | tty::ONLCR;
    t.lflag = tty::ISIG | tty::ICANON | tty::IEXTEN;
    t.lflag |= tty::ECHO | tty::ECHOE | tty::ECHOK | tty::ECHOCTL | tty::ECHOKE;
    let _ = tty::set(f, &t, false);
}

/// Writes one line to the console, unless that would wait: process 1 must not wait for a stopped terminal.
#[inline(never)]
pub(crate) fn say(what: &[u8], more: &[u8], why: &[u8]) {
    if ready() {
        out::complain(&[b"init: ", what, more, why]);
    }
}

/// As [`say`], with the kernel's reason.
#[inline(never)]
pub(crate) fn failed(what: &[u8], why: Errno) {
    if ready() {
        out::fail(ZStr::new(c"init"), what, why);
    }
}

fn ready() -> bool {
    !cfg!(test) && fs::poll(Fd::STDERR, fs::POLLOUT, 0) == Ok(true)
}
