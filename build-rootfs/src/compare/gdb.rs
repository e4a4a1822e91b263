//! The part of GDB's remote protocol that stops a guest at an address (GDB manual, appendix E).

use crate::error::{Context, Error, Result};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bytes of an instruction: of ARM code, and of Thumb code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Thumb code.
    Two = 2,
    /// ARM code.
    Four = 4,
}

/// A connection to QEMU's stub.
pub struct Gdb {
    stream: UnixStream,
}

/// Connects to the socket at `path`, which QEMU may be about to make.
///
/// # Errors
/// It is not there within `limit`.
pub fn connect(path: &Path, limit: Duration) -> Result<UnixStream> {
    let start = Instant::now();
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => {
                stream.set_read_timeout(Some(limit)).context(path.display())?;
                return Ok(stream);
            }
            Err(why) if start.elapsed() > limit => return Err(why).context(path.display()),
            Err(_) => sleep(Duration::from_millis(20)),
        }
    }
}

impl Gdb {
    /// Connects to the guest, which then waits.
    ///
    /// # Errors
    /// The stub is not there within `limit`.
    pub fn open(path: &Path, limit: Duration) -> Result<Gdb> {
        Ok(Gdb { stream: connect(path, limit)? })
    }

    /// Sets a breakpoint.
    ///
    /// # Errors
    /// The stub refuses.
    pub fn break_at(&mut self, address: u64, width: Width) -> Result<()> {
        self.ask(&format!("Z1,{address:x},{}", width as u8)).and_then(expect_ok)
    }

    /// Takes a breakpoint away.
    ///
    /// # Errors
    /// The stub refuses.
    pub fn forget(&mut self, address: u64, width: Width) -> Result<()> {
        self.ask(&format!("z1,{address:x},{}", width as u8)).and_then(expect_ok)
    }

    /// Lets the guest run to the next breakpoint.
    ///
    /// # Errors
    /// It does not come there in time, or ends.
    pub fn run(&mut self) -> Result<()> {
        stopped(&self.ask("c")?)
    }

    /// Lets the guest execute one instruction.
    ///
    /// # Errors
    /// It ends.
    pub fn step(&mut self) -> Result<()> {
        stopped(&self.ask("s")?)
    }

    fn ask(&mut self, text: &str) -> Result<String> {
        self.stream.write_all(packet(text).as_bytes()).context("QEMU's gdb stub")?;
        let answer = answer(&mut self.stream)?;
        self.stream.write_all(b"+").context("QEMU's gdb stub")?;
        Ok(answer)
    }
}

fn stopped(answer: &str) -> Result<()> {
    match answer.starts_with('T') || answer.starts_with('S') {
        true => Ok(()),
        false => Err(Error::new(format!("the guest did not come to a breakpoint: `{answer}`"))),
    }
}

fn expect_ok(answer: String) -> Result<()> {
    match answer.as_str() {
        "OK" => Ok(()),
        other => Err(Error::new(format!("QEMU's gdb stub says `{other}`"))),
    }
}

fn packet(text: &str) -> String {
    let sum = text.bytes().fold(0u8, u8::wrapping_add);
    format!("${text}#{sum:02x}")
}

/// The next packet; acknowledgements before it are skipped.
fn answer(stream: &mut impl Read) -> Result<String> {
    let mut byte = [0];
    let mut next = || stream.read_exact(&mut byte).context("QEMU's gdb stub").map(|()| byte[0]);
    while next()? != b'$' {}
    let mut text = Vec::new();
    loop {
        match next()? {
            b'#' => break,
            other => text.push(other),
        }
    }
    // Skip the checksum: the socket is reliable.
    next()?;
    next()?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_have_their_sum() {
        assert_eq!(packet("c"), "$c#63");
        assert_eq!(packet("Z1,100d8,4"), format!("$Z1,100d8,4#{:02x}", sum("Z1,100d8,4")));
        assert_eq!(answer(&mut &b"+$T05thread:01;#07"[..]).unwrap(), "T05thread:01;");
        assert!(answer(&mut &b"+$T05"[..]).is_err());
    }

    fn sum(text: &str) -> u8 {
        text.bytes().fold(0, u8::wrapping_add)
    }
}
