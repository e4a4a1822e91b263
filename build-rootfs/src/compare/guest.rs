//! A running guest whose console is a serial line.

use crate::boot::console::{self, last_lines, panicked};
use crate::error::{Context, Error, Result};
use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The ends of the prompts of root and of other users.
const PROMPTS: [&[u8]; 2] = [b"# ", b"$ "];

/// A running guest. Dropping it ends QEMU.
pub struct Guest {
    qemu: Child,
    keyboard: ChildStdin,
    console: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

/// The result of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The condition is met.
    There,
    /// The guest gave up: the kernel panicked, or QEMU ended.
    Ended,
    /// The time is over.
    TimeOut,
}

impl Guest {
    /// Starts QEMU, which has the guest's console on its stdin and stdout.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(mut qemu: Command) -> Result<Guest> {
        qemu.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut qemu = qemu.spawn().map_err(|why| {
            Error::new(format!("QEMU: cannot be started: {why}")).fix("run `cargo rootfs setup`")
        })?;
        let pipes = qemu.stdin.take().zip(qemu.stdout.take());
        let (keyboard, stdout) = pipes.ok_or_else(|| Error::new("QEMU has no console"))?;
        Ok(Guest { qemu, keyboard, console: console::read(stdout), seen: Vec::new() })
    }

    /// Types `text`.
    ///
    /// # Errors
    /// QEMU has gone.
    pub fn send(&mut self, text: &str) -> Result<()> {
        self.keyboard.write_all(text.as_bytes()).and_then(|()| self.keyboard.flush()).context("the guest")
    }

    /// Waits until the output of the console passes `test`.
    pub fn wait(&mut self, limit: Duration, test: impl Fn(&[u8]) -> bool) -> Wait {
        let start = Instant::now();
        loop {
            if test(&self.seen) {
                return Wait::There;
            }
            let left = limit.saturating_sub(start.elapsed());
            match self.console.recv_timeout(left) {
                Ok(bytes) => self.seen.extend(bytes),
                Err(RecvTimeoutError::Timeout) => return Wait::TimeOut,
                Err(RecvTimeoutError::Disconnected) => return Wait::Ended,
            }
            if panicked(&self.seen) {
                return Wait::Ended;
            }
        }
    }

    /// Waits for a prompt at the end of the console.
    pub fn prompt(&mut self, limit: Duration) -> Wait {
        self.wait(limit, at_prompt)
    }

    /// Types a command line at a prompt. Returns its output up to the next prompt.
    ///
    /// # Errors
    /// The guest does not come back in time.
    pub fn command(&mut self, line: &str, limit: Duration) -> Result<String> {
        let start = self.seen.len();
        self.send(&format!("{line}\n"))?;
        let done = self.wait(limit, |seen| seen[start..].contains(&b'\n') && at_prompt(seen));
        let text = String::from_utf8_lossy(&self.seen[start..]).replace('\r', "");
        match done {
            Wait::There => Ok(text.split_once('\n').map_or(String::new(), |(_, rest)| rest.to_string())),
            how => Err(Error::new(format!("`{line}`: {how:?}; the end of the console:\n{}", self.tail()))),
        }
    }

    /// The end of the console, for messages.
    pub fn tail(&self) -> String {
        last_lines(&self.seen, 12)
    }

    /// Reads the console for `time`. Returns whether a prompt is at its end.
    pub fn shows_prompt(&mut self, time: Duration) -> bool {
        self.prompt(time) == Wait::There
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

fn at_prompt(seen: &[u8]) -> bool {
    // Line editors may ask the terminal for the cursor's position, or clear the rest of the screen.
    let mut end = seen;
    while let Some(escape) = end.windows(2).rposition(|pair| pair == b"\x1b[") {
        let sequence = &end[escape + 2..];
        match sequence.iter().position(u8::is_ascii_alphabetic) {
            Some(last) if last + 1 == sequence.len() => end = &end[..escape],
            _ => break,
        }
    }
    PROMPTS.iter().any(|prompt| end.ends_with(prompt))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_recognised() {
        assert!(at_prompt(b"Linux\r\n/ # ") && at_prompt(b"# \x1b[6n") && at_prompt(b"# \x1b[J\x1b[K"));
        assert!(!at_prompt(b"# ls") && !at_prompt(b"") && !at_prompt(b"# \x1b[6"));
    }

    #[test]
    fn a_program_stands_in_for_a_guest() {
        let mut shell = crate::process::command("sh");
        shell.args(["-c", "printf '# '; read x; echo \"$x\"; echo got; printf '# '; read x"]);
        let mut guest = Guest::start(shell).unwrap();
        assert_eq!(guest.prompt(Duration::from_secs(10)), Wait::There);
        assert_eq!(guest.command("hi", Duration::from_secs(10)).unwrap(), "got\n# ");
        guest.send("end\n").unwrap();
        assert_eq!(guest.wait(Duration::from_secs(10), |_| false), Wait::Ended);
    }
}
