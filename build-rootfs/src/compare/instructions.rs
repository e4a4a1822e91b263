//! How many instructions lie between the first one of the first process and the point where the shell reads
//! at its prompt. QEMU counts: with `-icount shift=0` guest time is one nanosecond for each.

use super::gdb::{connect, Gdb, Width};
use super::guest::Guest;
use crate::error::{Context, Error, Result};
use crate::qemu::System;
use object::Object;
use serde_json::{json, Value};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Where the board has a counter of guest time, and how many of its ticks are a second (ARM DUI 0225,
/// SYS_24MHZ).
const COUNTER: (&str, u64) = ("0x1000005c", 24_000_000);
const LIMIT: Duration = Duration::from_secs(60);
/// What a shell that wants its next line calls in the kernel.
const READS: [&str; 2] = ["n_tty_read", "n_tty_poll"];
/// How often a process may read the terminal before there is a prompt.
const READS_BEFORE: usize = 50;

/// Counts, to within 42 instructions: `binary` is the first process of `system`, `map` the kernel's symbols.
///
/// # Errors
/// QEMU does not do as it is told, or there is no prompt.
pub fn to_prompt(system: &System, binary: &[u8], map: &str) -> Result<u64> {
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let (gdb, qmp) = (scratch.path().join("gdb"), scratch.path().join("qmp"));
    let mut qemu = system.piped(&[]);
    qemu.args(["-icount", "shift=0,sleep=off", "-S"]);
    qemu.arg("-gdb").arg(format!("unix:{},server=on,wait=off", gdb.display()));
    qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", qmp.display()));
    let mut guest = Guest::start(qemu)?;
    let mut monitor = Monitor::open(&qmp)?;
    let mut gdb = Gdb::open(&gdb, LIMIT)?;

    let (entry, width) = entry(binary)?;
    gdb.break_at(entry, width)?;
    gdb.run().map_err(|error| error.within("the first process"))?;
    let begun = monitor.ticks()?;
    gdb.forget(entry, width)?;
    for name in READS {
        gdb.break_at(symbol(map, name)?, Width::Four)?;
    }
    for _ in 0..READS_BEFORE {
        gdb.run().map_err(|error| error.within("the prompt"))?;
        if guest.shows_prompt(Duration::from_millis(200)) {
            return Ok(instructions(begun, monitor.ticks()?));
        }
    }
    Err(Error::new(format!("something reads the terminal, but without a prompt:\n{}", guest.tail())))
}

/// Between two readings of the counter, which has 32 bits.
fn instructions(begun: u32, ended: u32) -> u64 {
    u64::from(ended.wrapping_sub(begun)) * 1_000_000_000 / COUNTER.1
}

/// Where a program starts, and how its code is written.
fn entry(binary: &[u8]) -> Result<(u64, Width)> {
    let elf = object::File::parse(binary).context("the first process")?;
    let entry = elf.entry();
    Ok(if entry & 1 == 1 { (entry & !1, Width::Two) } else { (entry, Width::Four) })
}

fn symbol(map: &str, name: &str) -> Result<u64> {
    let line = map.lines().find(|line| line.split(' ').nth(2) == Some(name));
    let address = line.and_then(|line| u64::from_str_radix(line.split(' ').next()?, 16).ok());
    address.ok_or_else(|| Error::new(format!("System.map: no symbol {name}")))
}

/// QEMU's monitor, in its protocol for machines.
struct Monitor {
    stream: UnixStream,
    lines: BufReader<UnixStream>,
}

impl Monitor {
    fn open(path: &Path) -> Result<Monitor> {
        let stream = connect(path, LIMIT)?;
        let lines = BufReader::new(stream.try_clone().context(path.display())?);
        let mut monitor = Monitor { stream, lines };
        monitor.ask(&json!({"execute": "qmp_capabilities"}))?;
        Ok(monitor)
    }

    fn ask(&mut self, what: &Value) -> Result<Value> {
        self.stream.write_all(format!("{what}\n").as_bytes()).context("QEMU's monitor")?;
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).context("QEMU's monitor")? == 0 {
                return Err(Error::new("QEMU's monitor has gone"));
            }
            let answer: Value = serde_json::from_str(&line).context("QEMU's monitor")?;
            if let Some(result) = answer.get("return") {
                return Ok(result.clone());
            }
            if let Some(error) = answer.get("error") {
                return Err(Error::new(format!("QEMU's monitor: {error}")));
            }
        }
    }

    /// The board's counter, read while the guest stands still.
    fn ticks(&mut self) -> Result<u32> {
        let line = format!("xp /1xw {}", COUNTER.0);
        let said =
            self.ask(&json!({"execute": "human-monitor-command", "arguments": {"command-line": line}}))?;
        let text = said.as_str().unwrap_or_default();
        ticks(text).ok_or_else(|| Error::new(format!("QEMU's monitor: `{}` is no counter", text.trim())))
    }
}

/// `000000001000005c: 0x0012d687`.
fn ticks(text: &str) -> Option<u32> {
    u32::from_str_radix(text.split_once(": 0x")?.1.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_become_instructions() {
        assert_eq!(ticks("000000001000005c: 0x0012d687\r\n"), Some(0x12d687));
        assert_eq!(ticks("unknown command"), None);
        assert_eq!(instructions(100, 124), 1000);
        assert_eq!(instructions(u32::MAX, 23), 1000);
    }

    #[test]
    fn symbols_are_found_by_their_whole_name() {
        let map = "c0000010 t n_tty_read_x\nc0000020 t n_tty_read\n";
        assert_eq!(symbol(map, "n_tty_read").unwrap(), 0xc000_0020);
        assert!(symbol(map, "n_tty_poll").is_err());
    }
}
