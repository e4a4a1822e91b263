//! The file `stat` of a process or thread (`man 5 proc_pid_stat`).

use crate::text::number;
use core::cell::Cell;
use sys::fs::{self, Fd, Statx};
use sys::zstr::cut;
use sys::{num, Buf, Errno, ToBuf};

/// Ticks a second in /proc (USER_HZ), on all processors that we know.
pub const HZ: u32 = 100;

// Fields of `stat` as counted there, less 4: the numbers behind the state.
/// Parent process.
pub const PPID: usize = 0;
/// Process group.
pub const PGRP: usize = 1;
/// Session.
pub const SESSION: usize = 2;
/// Device number of the controlling terminal, for [`terminal`].
pub const TTY: usize = 3;
/// Process group in the terminal's foreground.
pub const TPGID: usize = 4;
/// The kernel's PF_… flags.
pub const FLAGS: usize = 5;
/// Processor time in user mode, ticks.
pub const UTIME: usize = 10;
/// Processor time in the kernel, ticks.
pub const STIME: usize = 11;
/// The kernel's priority.
pub const PRIORITY: usize = 14;
/// Niceness.
pub const NICE: usize = 15;
/// Number of threads.
pub const THREADS: usize = 16;
/// When it started, ticks since boot.
pub const START: usize = 18;
/// Virtual memory, bytes.
pub const VSIZE: usize = 19;
/// Resident memory, pages.
pub const RSS: usize = 20;
const FIELDS: usize = 21;

/// A process or a thread.
pub struct Process {
    /// The process. [`load`] leaves it 0: the caller knows it.
    pub pid: u32,
    /// The thread, the same without threads.
    pub tid: u32,
    /// Name of the program, 15 bytes at most.
    pub comm: Buf,
    /// R, S, D, Z, T …
    pub state: u8,
    /// The numbers behind the state; negative ones as two's complement.
    pub numbers: [u64; FIELDS],
    /// Effective user, the owner of its folder.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// Why something more could not be read.
    pub failed: Cell<Option<Errno>>,
}

impl Process {
    /// One of the numbers of `stat`, by the names above.
    pub fn field(&self, field: usize) -> u64 {
        self.numbers.get(field).copied().unwrap_or(0)
    }
}

/// `NAME/file` for calls relative to /proc.
pub fn path(folder: &[u8], file: &[u8]) -> Buf {
    let mut p = folder.buf();
    p.push(b'/');
    p.extend_from_slice(file);
    p
}

/// The process or thread whose folder in `dir` is `folder`. An error when it has ended.
#[inline(never)]
pub fn load(dir: Fd, folder: &[u8]) -> Result<Process, Errno> {
    let mut buf = [0; 512];
    let f = fs::openat(dir, path(folder, b"stat").z(), fs::O_RDONLY | fs::O_CLOEXEC, 0)?;
    let n = fs::read(*f, &mut buf)?;
    let owner: Statx = fs::fstat(*f)?;
    let mut p = parse(buf.get(..n).unwrap_or_default()).ok_or(Errno::EIO)?;
    (p.uid, p.gid) = (owner.stx_uid, owner.stx_gid);
    Ok(p)
}

/// Reads the text of a `stat` file. The name may hold blanks and parentheses: it ends at the last one.
#[inline(never)]
pub(crate) fn parse(text: &[u8]) -> Option<Process> {
    let open = text.iter().position(|&b| b == b'(')?;
    let close = text.iter().rposition(|&b| b == b')')?;
    let comm = text.get(open + 1..close)?.buf();
    let rest = text.get(close + 2..)?;
    let (&state, rest) = rest.split_first()?;
    let mut p = Process {
        pid: 0,
        tid: 0,
        comm,
        state,
        numbers: [0; FIELDS],
        uid: 0,
        gid: 0,
        failed: Cell::new(None),
    };
    let mut rest = rest.get(1..)?;
    for slot in &mut p.numbers {
        let word = cut(&mut rest, b' ');
        let digits = word.strip_prefix(b"-").unwrap_or(word);
        let n = num::prefix(digits, 10)?.0;
        *slot = if digits.len() < word.len() { n.wrapping_neg() } else { n };
    }
    Some(p)
}

/// Appends the name of the terminal with this device number: `tty1`, `ttyS0`, `pts/3`; `?` for none.
#[inline(never)]
pub fn terminal(out: &mut Buf, dev: u32) {
    let (major, minor) = (dev >> 8 & 0xfff, dev & 0xff | dev >> 12 & 0xfff00);
    let (name, n): (&[u8], u32) = match major {
        0 => (b"?", u32::MAX),
        4 if minor < 64 => (b"tty", minor),
        4 => (b"ttyS", minor - 64),
        5 if minor == 1 => (b"console", u32::MAX),
        136..=143 => (b"pts/", (major - 136) << 20 | minor),
        204 if minor >= 64 => (b"ttyAMA", minor - 64),
        _ => {
            number::push(out, major as u64, 1);
            (b",", minor)
        }
    };
    out.extend_from_slice(name);
    if n != u32::MAX {
        number::push(out, n as u64, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sys::ZStr;

    #[test]
    fn odd_names_do_not_shift_the_fields() {
        let p = parse(b"12 (a) b (c) S 1 2 3 34816 -1 4194560 0 0 0 0 7 8 0 0 20 -5 1 0 999 8192 3 1844")
            .unwrap();
        assert_eq!((&p.comm[..], p.state), (&b"a) b (c"[..], b'S'));
        assert_eq!(p.numbers[..5], [1, 2, 3, 34816, u64::MAX]);
        assert_eq!((p.field(UTIME), p.field(NICE) as i64, p.field(START), p.field(RSS)), (7, -5, 999, 3));
        assert!(parse(b"12 (a").is_none() && parse(b"").is_none() && parse(b"1 (a)").is_none());
    }

    #[test]
    fn terminals() {
        let t = |d| {
            let mut b = Buf::new();
            terminal(&mut b, d);
            String::from_utf8(b.to_vec()).unwrap()
        };
        assert_eq!(t(0), "?");
        assert_eq!(t(0x401), "tty1");
        assert_eq!(t(0x440), "ttyS0");
        assert_eq!(t(0x8803), "pts/3");
        assert_eq!(t(204 << 8 | 64), "ttyAMA0");
        assert_eq!(t(0x501), "console");
        assert_eq!(t(229 << 8), "229,0");
    }

    #[test]
    fn ourselves() {
        let proc = fs::open(ZStr::new(c"/proc"), fs::O_PATH, 0).unwrap();
        let p = load(*proc, b"self").unwrap();
        assert!(matches!(p.state, b'R' | b'S'));
        assert_eq!(p.uid, sys::process::geteuid());
        assert!(load(*proc, b"0").is_err());
    }
}
