//! QEMU's control socket (QEMU Machine Protocol).

use crate::error::{Context, Error, Result};
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long an answer may take: it only catches a hang.
const LIMIT: Duration = Duration::from_secs(120);

struct Qmp(BufReader<UnixStream>);

impl Qmp {
    fn open(socket: &Path) -> Result<Qmp> {
        let stream = UnixStream::connect(socket).context(socket.display())?;
        stream.set_read_timeout(Some(LIMIT)).context(socket.display())?;
        let mut qmp = Qmp(BufReader::new(stream));
        qmp.line()?;
        qmp.ask("qmp_capabilities", json!({}))?;
        Ok(qmp)
    }

    fn line(&mut self) -> Result<Value> {
        let mut line = String::new();
        match self.0.read_line(&mut line).context("QEMU's control socket")? {
            0 => Err(Error::new("QEMU has ended")),
            _ => serde_json::from_str(&line).context("QEMU's control socket"),
        }
    }

    /// Gives an order and waits until it is done. Events in between are of no interest.
    fn ask(&mut self, order: &str, arguments: Value) -> Result<()> {
        let text = json!({ "execute": order, "arguments": arguments }).to_string();
        self.0.get_mut().write_all(text.as_bytes()).context("QEMU's control socket")?;
        loop {
            let answer = self.line()?;
            if answer.get("return").is_some() {
                return Ok(());
            }
            if let Some(error) = answer.get("error") {
                return Err(Error::new(format!("QEMU: {order}: {}", error["desc"])));
            }
        }
    }
}

/// Stops the guest, saves `size` bytes of its memory from the physical `address` on as `file`, and lets it go on.
///
/// # Errors
/// QEMU does not answer, or cannot write the file.
pub fn save_memory(socket: &Path, address: u32, size: u64, file: &Path) -> Result<()> {
    let mut qmp = Qmp::open(socket)?;
    qmp.ask("stop", json!({}))?;
    qmp.ask("pmemsave", json!({ "val": address, "size": size, "filename": file.display().to_string() }))?;
    qmp.ask("cont", json!({}))
}
