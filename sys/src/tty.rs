//! Terminals (`man 2 ioctl_tty`, `man 3 termios`).

use crate::fs::ioctl;
use crate::{Fd, Result};
use linux_raw_sys::general;
use linux_raw_sys::ioctl::{
    TCGETS, TCSETS, TCSETSW, TIOCGPGRP, TIOCGWINSZ, TIOCNOTTY, TIOCSCTTY, TIOCSPGRP, TIOCSWINSZ, VT_OPENQRY,
};

pub use linux_raw_sys::general::{
    CBAUD, CLOCAL, CREAD, CRTSCTS, CSIZE, CSTOPB, ECHO, ECHOCTL, ECHOE, ECHOK, ECHOKE, HUPCL, ICANON, ICRNL,
    IEXTEN, IGNCR, INLCR, ISIG, ISTRIP, IXOFF, IXON, ONLCR, OPOST, PARENB, PARODD,
};

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident)*) => { $($(#[$doc])* pub const $name: usize = general::$name as usize;)* };
}
places! {
    /// Place in `cc`: the key that sends SIGINT.
    VINTR
    /// Place in `cc`: the key that sends SIGQUIT.
    VQUIT
    /// Place in `cc`: the key that takes back a character.
    VERASE
    /// Place in `cc`: the key that takes back the line.
    VKILL
    /// Place in `cc`: the key that ends a file.
    VEOF
    /// Place in `cc`: how long a read waits, in tenths of a second.
    VTIME
    /// Place in `cc`: how many bytes a read waits for.
    VMIN
    /// Place in `cc`: the key after which output goes on.
    VSTART
    /// Place in `cc`: the key that stops output.
    VSTOP
    /// Place in `cc`: the key that sends SIGTSTP.
    VSUSP
}

/// Terminal settings, the kernel's `struct termios` (19 control characters on both processors).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
#[allow(missing_docs)]
pub struct Termios {
    pub iflag: u32,
    pub oflag: u32,
    pub cflag: u32,
    pub lflag: u32,
    pub line: u8,
    pub cc: [u8; 19],
}

/// `tcgetattr`; fails with ENOTTY on anything but a terminal.
pub fn get(f: Fd) -> Result<Termios> {
    let mut t = Termios::default();
    // SAFETY: room for a struct termios.
    unsafe { ioctl(f, TCGETS, &mut t) }?;
    Ok(t)
}

/// `tcsetattr`, after pending output when `drain`.
pub fn set(f: Fd, t: &Termios, drain: bool) -> Result<()> {
    let mut t = *t;
    // SAFETY: a whole struct termios.
    unsafe { ioctl(f, if drain { TCSETSW } else { TCSETS }, &mut t) }.map(|_| ())
}

/// `isatty`.
pub fn is(f: Fd) -> bool {
    get(f).is_ok()
}

/// Rows and columns; 0 if the terminal does not know.
pub fn size(f: Fd) -> Result<(u16, u16)> {
    let mut w = [0u16; 4];
    // SAFETY: struct winsize is four u16.
    unsafe { ioctl(f, TIOCGWINSZ, &mut w) }?;
    Ok((w[0], w[1]))
}

/// Sets rows and columns (TIOCSWINSZ).
pub fn set_size(f: Fd, rows: u16, columns: u16) -> Result<()> {
    let mut w = [rows, columns, 0, 0];
    // SAFETY: struct winsize is four u16.
    unsafe { ioctl(f, TIOCSWINSZ, &mut w) }.map(|_| ())
}

/// `tcgetpgrp`: the foreground process group.
pub fn foreground(f: Fd) -> Result<i32> {
    let mut p = 0i32;
    // SAFETY: room for a pid_t.
    unsafe { ioctl(f, TIOCGPGRP, &mut p) }?;
    Ok(p)
}

/// `tcsetpgrp`.
pub fn set_foreground(f: Fd, group: i32) -> Result<()> {
    let mut p = group;
    // SAFETY: a pid_t is read.
    unsafe { ioctl(f, TIOCSPGRP, &mut p) }.map(|_| ())
}

/// Makes `f` the controlling terminal of our session; with `steal`, which is for root, even if another session has it.
pub fn make_controlling(f: Fd, steal: bool) -> Result<()> {
    // SAFETY: the argument is a number, not an address.
    unsafe { ioctl(f, TIOCSCTTY, steal as usize as *mut u8) }.map(|_| ())
}

/// Gives up the controlling terminal.
pub fn give_up_controlling(f: Fd) -> Result<()> {
    // SAFETY: no argument.
    unsafe { ioctl(f, TIOCNOTTY, core::ptr::null_mut::<u8>()) }.map(|_| ())
}

/// Is it a virtual terminal, with a screen and keys of this machine (VT_OPENQRY, `man 2 ioctl_console`)?
pub fn is_virtual(f: Fd) -> bool {
    let mut n = 0u32;
    // SAFETY: the request writes one int, or nothing where the terminal is none of these.
    unsafe { ioctl(f, VT_OPENQRY, &mut n) }.is_ok()
}
