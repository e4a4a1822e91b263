//! Whole files in memory.

use sys::fs::{self, Fd};
use sys::{Buf, Errno, ZStr};

/// Bytes that are read at once.
const SIZE: usize = if cfg!(mote_nommu) { 512 } else { 1024 };

/// Appends all that comes from `f` up to its end (`man 2 read`). After an error `out` holds what came before it; an
/// interrupt at a prompt is one (EINTR).
#[inline(never)]
pub fn to_end(f: Fd, out: &mut Buf) -> Result<(), Errno> {
    let mut b = [0; SIZE];
    loop {
        match fs::read_once(f, &mut b) {
            Ok(0) => return Ok(()),
            Ok(n) => out.extend_from_slice(b.get(..n).unwrap_or_default()),
            Err(Errno::EINTR) if !sys::caught::interrupted() => {}
            Err(why) => return Err(why),
        }
    }
}

/// The whole file at `path`.
pub fn file(path: ZStr) -> Result<Buf, Errno> {
    let f = fs::open_read(path)?;
    let mut text = Buf::new();
    to_end(*f, &mut text)?;
    Ok(text)
}

/// As [`file`]; empty if there is no such file.
#[inline(never)]
pub fn file_if_there(path: ZStr) -> Result<Buf, Errno> {
    match file(path) {
        Err(Errno::ENOENT) => Ok(Buf::new()),
        r => r,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_any_size() {
        let path = std::env::temp_dir().join(format!("mote-read-{}", std::process::id()));
        let z = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        for size in [0, 1, SIZE - 1, SIZE, SIZE + 1, 5 * SIZE] {
            let text: Vec<u8> = (0..size).map(|n| n as u8).collect();
            std::fs::write(&path, &text).unwrap();
            assert_eq!(file(ZStr::new(&z)).unwrap()[..], text, "{size}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(file(ZStr::new(&z)), Err(Errno::ENOENT));
        assert_eq!(file_if_there(ZStr::new(&z)), Ok(Buf::new()));
        assert_eq!(file_if_there(ZStr::new(c"/")), Err(Errno::EISDIR));
    }
}
