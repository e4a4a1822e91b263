//! Counts the instructions from the first one of the first process until the shell reads at its prompt. QEMU counts
//! them while it records a run (`-icount …,rr=record`), and its monitor shows the count.

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

const LIMIT: Duration = Duration::from_secs(60);
/// The kernel functions in which a shell reads its next line.
const READS: [&str; 2] = ["n_tty_read", "n_tty_poll"];
/// How often the terminal may be read before there is a prompt.
const READS_BEFORE: usize = 50;

/// Counts the instructions. `binary` is the first process of `system`, `map` the kernel's System.map.
///
/// # Errors
/// QEMU fails, or there is no prompt.
pub fn to_prompt(system: &System, binary: &[u8], map: &str) -> Result<u64> {
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let (gdb, qmp) = (scratch.path().join("gdb"), scratch.path().join("qmp"));
    let mut qemu = system.piped(&[]);
    let record = scratch.path().join("record");
    qemu.arg("-icount").arg(format!("shift=0,sleep=off,rr=record,rrfile={}", record.display())).arg("-S");
    qemu.arg("-gdb").arg(format!("unix:{},server=on,wait=off", gdb.display()));
    qemu.arg("-qmp").arg(format!("unix:{},server=on,wait=off", qmp.display()));
    let mut guest = Guest::start(qemu)?;
    let mut monitor = Monitor::open(&qmp)?;
    let mut gdb = Gdb::open(&gdb, LIMIT)?;

    let (entry, width) = entry(binary)?;
    gdb.break_at(entry, width)?;
    gdb.run().map_err(|error| error.within("the first process"))?;
    let begun = monitor.count()?;
    gdb.forget(entry, width)?;
    let reads = READS.iter().map(|name| symbol(map, name)).collect::<Result<Vec<u64>>>()?;
    for _ in 0..READS_BEFORE {
        reads.iter().try_for_each(|address| gdb.break_at(*address, Width::Four))?;
        gdb.run().map_err(|error| error.within("the prompt"))?;
        if guest.shows_prompt(Duration::from_millis(200)) {
            return Ok(monitor.count()?.saturating_sub(begun));
        }
        // The guest can only continue after the breakpoint is removed.
        reads.iter().try_for_each(|address| gdb.forget(*address, Width::Four))?;
        gdb.step()?;
    }
    Err(Error::new(format!("something reads the terminal, but without a prompt:\n{}", guest.tail())))
}

/// The address where a program starts, and the instruction set of its code.
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

    /// The instructions since the machine was switched on.
    fn count(&mut self) -> Result<u64> {
        let said = self.ask(&json!({"execute": "query-replay"}))?;
        let count = said.get("icount").and_then(Value::as_u64);
        count.ok_or_else(|| Error::new(format!("QEMU's monitor: no count in `{said}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_found_by_their_whole_name() {
        let map = "c0000010 t n_tty_read_x\nc0000020 t n_tty_read\n";
        assert_eq!(symbol(map, "n_tty_read").unwrap(), 0xc000_0020);
        assert!(symbol(map, "n_tty_poll").is_err());
    }
}
