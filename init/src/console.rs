//! The console: finds it, opens it, and gives it usual settings.

use crate::inittab::put;
use sys::fs::{self, Fd};
use sys::time::Timespec;
use sys::zstr::cut;
use sys::{env, out, tty, Errno, Result, ZStr};

/// `VT_OPENQRY` (`man 2 ioctl_console`): works on virtual terminals only.
const VT_OPENQRY: u32 = 0x5600;
const F_GETFL: u32 = 3;
const F_SETFL: u32 = 4;

/// Makes `f` standard input, output and error, blocking.
pub(crate) fn take(f: Fd) -> Result<()> {
    fs::fcntl(f, F_SETFL, 0)?;
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
    if first && (0..3).all(|n| fs::fcntl(Fd(n), F_GETFL, 0).is_ok()) {
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
    let mut n = 0u32;
    // SAFETY: the request writes one int.
    unsafe { fs::ioctl(f, VT_OPENQRY, &mut n) }.is_err()
}

/// Gives the terminal its usual settings, whatever a program has left (`man 3 termios`). Speed and framing stay.
pub(crate) fn sane(f: Fd) {
    let Ok(mut t) = tty::get(f) else { return };
    // VINTR VQUIT VERASE VKILL VEOF VTIME VMIN VSWTC VSTART VSTOP VSUSP.
    let keys = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26];
    put(&mut t.cc, 0, &keys);
    t.line = 0;
    t.cflag &= 0o10017 | 0o60 | 0o100 | 0o400 | 0o1000 | 0o20000000000; // CBAUD CSIZE CSTOPB PARENB PARODD CRTSCTS
    t.cflag |= 0o200 | 0o2000 | 0o4000; // CREAD HUPCL CLOCAL
    t.iflag = 0o400 | 0o2000 | 0o10000; // ICRNL IXON IXOFF
    t.oflag = 0o1 | 0o4; // OPOST ONLCR
    t.lflag = 0o1 | 0o2 | 0o10 | 0o20 | 0o40 | 0o1000 | 0o4000 | 0o100000; // ISIG ICANON ECHO* IEXTEN
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
    !cfg!(test) && fs::poll(Fd::STDERR, fs::POLLOUT, Some(Timespec::default())) == Ok(true)
}
