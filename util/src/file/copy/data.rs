//! The data of a file: with its holes, and inside the kernel where that can be.

use sys::fs::{self, Fd, Statx};
use sys::Errno;

const BUF: usize = if cfg!(mote_nommu) { 2048 } else { 32768 };

/// Bytes that the kernel is asked to copy at once.
const CHUNK: i64 = 1 << 26;

/// Copies what is in `from`, whose status is `s`, to `to`, which is empty. If that is a file (`regular`), it gets holes where
/// `from` has some. `strict`: a file that has become shorter meanwhile is an error, EBUSY; otherwise it is copied up to
/// its end, wherever that is now. `at_copy` becomes true if what fails is about `to`.
#[inline(never)]
pub(super) fn data(
    from: Fd,
    to: Fd,
    s: &Statx,
    regular: bool,
    strict: bool,
    at_copy: &mut bool,
) -> Result<(), Errno> {
    let mut buf = [0; BUF];
    let size = s.stx_size as i64;
    let mut at = 0;
    *at_copy = false;
    // Without holes, and without an end that is known before, it is read as it comes.
    let sparse = strict || regular && s.stx_blocks < s.stx_size >> 9;
    while sparse && at < size {
        at = match seek(from, at, fs::SEEK_DATA) {
            // Nothing but a hole is left.
            n if n == -(Errno::ENXIO.number() as i64) => {
                at = size;
                break;
            }
            n => n,
        };
        let end = seek(from, at, fs::SEEK_HOLE);
        if seek(from, at, fs::SEEK_SET) | seek(to, at, fs::SEEK_SET) | end < 0 {
            return Err(Errno::EIO);
        }
        while at < end {
            let n = part(from, to, end - at, &mut buf, at_copy)?;
            if n == 0 {
                // Shorter than it was.
                if strict {
                    return Err(Errno::EBUSY);
                }
                break;
            }
            at += n as i64;
        }
        if at < end {
            break;
        }
    }
    if !strict {
        if sparse && seek(from, at, fs::SEEK_SET) | seek(to, at, fs::SEEK_SET) < 0 {
            return Err(Errno::EIO);
        }
        loop {
            let n = part(from, to, CHUNK, &mut buf, at_copy)?;
            if n == 0 {
                break;
            }
            at += n as i64;
        }
    }
    *at_copy = true;
    if strict {
        return fs::ftruncate(to, s.stx_size);
    }
    if sparse {
        return fs::ftruncate(to, at as u64);
    }
    Ok(())
}

/// Copies some of the next `most` bytes: how many, 0 at the end.
#[inline(never)]
fn part(from: Fd, to: Fd, most: i64, buf: &mut [u8], at_copy: &mut bool) -> Result<usize, Errno> {
    // Any error the way below meets again, and knows whose it is. Files in /proc are empty here.
    if let Ok(n @ 1..) = fs::copy_file_range(from, to, most.min(CHUNK) as usize) {
        return Ok(n);
    }
    let room = most.min(buf.len() as i64) as usize;
    let n = fs::read(from, buf.get_mut(..room).unwrap_or_default())?;
    fs::write_all(to, buf.get(..n).unwrap_or_default()).inspect_err(|_| *at_copy = true)?;
    Ok(n)
}

/// `lseek` with a negative error number, which takes registers where a `Result` takes memory.
#[inline(never)]
fn seek(f: Fd, at: i64, whence: u32) -> i64 {
    match fs::lseek(f, at, whence) {
        Ok(n) => n as i64,
        Err(e) => -(e.number() as i64),
    }
}
