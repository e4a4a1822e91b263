//! Loop devices: a file as a block device (`man 4 loop`).

use sys::fs;
use sys::{Buf, Errno, ZStr};
use util::file::fstab::numbered;

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

const NO_CONFIG: Config =
    Config { fd: 0, block: 0, numbers: [0; 5], info: [0; 4], name: [0; 64], rest: [0; 176] };

const _: () = assert!(core::mem::size_of::<Config>() == 304);

/// Makes `file` a loop device that frees itself when it is no longer used: its path, and its
/// descriptor, which must stay open until it is mounted. Read-only if `ro` or if the file is.
#[inline(never)]
pub(crate) fn set_up(file: ZStr, ro: bool) -> Result<(Buf, fs::Owned), Errno> {
    let (back, read_only) = open(file, ro)?;
    let (control, _) = open(ZStr::new(c"/dev/loop-control"), true)?;
    loop {
        // SAFETY: the request takes no argument.
        let n = unsafe { fs::ioctl(*control, LOOP_CTL_GET_FREE, core::ptr::null_mut::<u8>()) }?;
        let path = numbered(b"/dev/loop", n as u32);
        let (device, _) = open(path.z(), read_only)?;
        let flags = LO_FLAGS_AUTOCLEAR | if read_only { LO_FLAGS_READ_ONLY } else { 0 };
        let mut c = NO_CONFIG;
        c.fd = back.0 as u32;
        c.info[3] = flags;
        // The NUL behind it stays.
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

/// Opens for reading and writing, or only for reading if `ro` or if there is no other way; and was it the
/// latter?
#[inline(never)]
fn open(path: ZStr, mut ro: bool) -> Result<(fs::Owned, bool), Errno> {
    loop {
        match fs::open(path, if ro { fs::O_RDONLY } else { fs::O_RDWR } | fs::O_CLOEXEC, 0) {
            Err(Errno::EACCES | Errno::EROFS) if !ro => ro = true,
            r => return Ok((r?, ro)),
        }
    }
}
