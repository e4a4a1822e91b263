//! Loop devices: a file as a block device (`man 4 loop`).

use sys::fs::{self, Fd};
use sys::{num, Buf, Errno, ZStr};

const LOOP_CTL_GET_FREE: u32 = 0x4c82;
const LOOP_CONFIGURE: u32 = 0x4c0a;
const LO_FLAGS_READ_ONLY: u32 = 1;
const LO_FLAGS_AUTOCLEAR: u32 = 4;

/// `struct loop_config` (`linux/loop.h`): descriptor, block size, `struct loop_info64`, reserved.
#[repr(C)]
struct Config {
    fd: u32,
    block: u32,
    numbers: [u64; 5],
    // number, encryption type and key size, flags
    info: [u32; 4],
    name: [u8; 64],
    rest: [u8; 64 + 32 + 16 + 64],
}

const _: () = assert!(core::mem::size_of::<Config>() == 304);

/// Makes `file` a loop device that frees itself when it is no longer used: its path, NUL-terminated, and
/// its descriptor, which must stay open until it is mounted. Read-only if `ro` or if the file is.
pub(crate) fn set_up(file: ZStr, ro: bool) -> Result<(Buf, fs::Owned), Errno> {
    let open = |path: ZStr| {
        let write = fs::openat(Fd::CWD, path, fs::O_RDWR | fs::O_CLOEXEC, 0);
        match write {
            Err(Errno::EACCES | Errno::EROFS) => fs::openat(Fd::CWD, path, fs::O_RDONLY | fs::O_CLOEXEC, 0),
            r => r,
        }
    };
    let mut read_only = ro;
    let back = match fs::openat(Fd::CWD, file, if ro { fs::O_RDONLY } else { fs::O_RDWR } | fs::O_CLOEXEC, 0) {
        Err(Errno::EACCES | Errno::EROFS) => {
            read_only = true;
            fs::openat(Fd::CWD, file, fs::O_RDONLY | fs::O_CLOEXEC, 0)?
        }
        r => r?,
    };
    let control = open(ZStr::new(c"/dev/loop-control"))?;
    loop {
        // SAFETY: the request takes no argument.
        let n = unsafe { fs::ioctl(*control, LOOP_CTL_GET_FREE, core::ptr::null_mut::<u8>()) }?;
        let mut path: Buf = b"/dev/loop".to_vec();
        let mut digits = [0; 64];
        path.extend_from_slice(num::digits(&mut digits, n as u64, 10));
        path.push(0);
        let device = open(ZStr::from_bytes_with_nul(&path).ok_or(Errno::EINVAL)?)?;
        let flags = LO_FLAGS_AUTOCLEAR | if read_only { LO_FLAGS_READ_ONLY } else { 0 };
        let mut c = Config {
            fd: back.0 as u32,
            block: 0,
            numbers: [0; 5],
            info: [0, 0, 0, flags],
            name: [0; 64],
            rest: [0; 176],
        };
        c.name.iter_mut().take(63).zip(file.bytes()).for_each(|(slot, &b)| *slot = b);
        // SAFETY: a whole struct loop_config.
        match unsafe { fs::ioctl(*device, LOOP_CONFIGURE, &mut c) } {
            Ok(_) => return Ok((path, device)),
            // Somebody else was faster.
            Err(Errno::EBUSY) => {}
            Err(e) => return Err(e),
        }
    }
}
