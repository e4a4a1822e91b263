//! The machine as a whole: name, log, reboot, memory.

use crate::{check, done, fs, net, sys3, sys6, Fd, Result, ZStr};
use linux_raw_sys::general;

/// `man 2 uname`: six NUL-terminated fields of 65 bytes.
pub struct Utsname([u8; 6 * 65]);

impl Utsname {
    /// Field *n*: 0 system, 1 node, 2 release, 3 version, 4 machine, 5 domain.
    pub fn field(&self, n: usize) -> &[u8] {
        let f = self.0.get(n * 65..).unwrap_or(&[]);
        f.split(|&b| b == 0).next().unwrap_or(&[])
    }
}

/// `man 2 uname`.
#[inline(never)]
pub fn uname() -> Utsname {
    let mut u = Utsname([0; 6 * 65]);
    // SAFETY: the kernel's new_utsname is six fields of 65 bytes. It cannot fail.
    unsafe { sys3!(__NR_uname, &mut u as *mut Utsname) };
    u
}

/// `man 2 sethostname`.
pub fn sethostname(name: &[u8]) -> Result<()> {
    // SAFETY: the kernel reads name.len() bytes.
    done(unsafe { sys3!(__NR_sethostname, name.as_ptr(), name.len()) })
}

/// Fills `buf` with bytes that nobody can guess (`man 2 getrandom`), as far as the kernel has some at once: how many.
pub fn random(buf: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most buf.len() bytes.
    check(unsafe { sys3!(__NR_getrandom, buf.as_mut_ptr(), buf.len(), general::GRND_NONBLOCK) })
}

/// `man 2 syslog`: command, buffer, result.
pub fn syslog(command: u32, buf: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes at most buf.len() bytes.
    check(unsafe { sys3!(__NR_syslog, command, buf.as_mut_ptr(), buf.len()) })
}

/// `man 2 syslog` for commands whose last argument is a plain number (console level).
pub fn syslog_number(command: u32, n: usize) -> Result<usize> {
    // SAFETY: these commands read no memory.
    check(unsafe { sys3!(__NR_syslog, command, 0, n) })
}

/// Makes standard error the system log: /dev/log with a datagram for each message (`man 3 syslog`), or the kernel's log
/// if nobody listens there.
pub fn log_errors() -> Result<()> {
    /// As much of a `struct sockaddr_un` as is used.
    #[repr(C)]
    struct Address {
        family: u16,
        path: [u8; 8],
    }
    static ADDRESS: Address = Address { family: net::AF_UNIX as u16, path: *b"/dev/log" };
    let log = net::socket(net::AF_UNIX, net::SOCK_DGRAM, 0)?;
    // SAFETY: the kernel reads a whole Address.
    match done(unsafe { sys3!(__NR_connect, log.0, &ADDRESS as *const Address, size_of::<Address>()) }) {
        Ok(()) => fs::dup3(*log, Fd::STDERR, 0),
        Err(_) => fs::dup3(*fs::open(ZStr::new(c"/dev/kmsg"), fs::O_WRONLY, 0)?, Fd::STDERR, 0),
    }
}

/// What `reboot` does (`man 2 reboot`).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Reboot {
    /// Restarts the machine.
    Restart = general::LINUX_REBOOT_CMD_RESTART,
    /// Stops it.
    Halt = general::LINUX_REBOOT_CMD_HALT,
    /// Switches the power off.
    PowerOff = general::LINUX_REBOOT_CMD_POWER_OFF,
    /// Ctrl-Alt-Del restarts at once.
    CadOn = general::LINUX_REBOOT_CMD_CAD_ON,
    /// Ctrl-Alt-Del sends SIGINT to process 1.
    CadOff = general::LINUX_REBOOT_CMD_CAD_OFF,
}

/// `man 2 reboot`. Does not sync by itself.
pub fn reboot(what: Reboot) -> Result<()> {
    // SAFETY: no memory is involved without LINUX_REBOOT_CMD_RESTART2.
    done(unsafe {
        sys6!(__NR_reboot, general::LINUX_REBOOT_MAGIC1, general::LINUX_REBOOT_MAGIC2, what as u32, 0)
    })
}

/// `man 2 sync`.
pub fn sync() {
    // SAFETY: no memory is involved; it cannot fail.
    unsafe { sys3!(__NR_sync) };
}

/// `man 2 swapoff`.
pub fn swapoff(path: ZStr) -> Result<()> {
    // SAFETY: the path is NUL-terminated.
    done(unsafe { sys3!(__NR_swapoff, path.as_ptr()) })
}

/// Seconds since boot (`man 2 sysinfo`).
pub fn uptime() -> u64 {
    let mut si = [0usize; 32];
    // SAFETY: struct sysinfo is smaller than that on all processors, uptime its first word.
    unsafe { sys3!(__NR_sysinfo, si.as_mut_ptr()) };
    si[0] as u64
}
