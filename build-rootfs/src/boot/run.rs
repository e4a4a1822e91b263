//! Runs one command in a booted guest: its output on our stdout, its status as ours.

use super::console::{self, panicked, Extractor};
use super::{end, failure, interrupted, Interrupt, POLL};
use crate::build::{Outputs, Plan};
use crate::config::Root;
use crate::cpio::{self, Entry, Kind};
use crate::error::{Context, Error, Result};
use crate::image::Image;
use crate::qemu::System;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

const WRAPPER: &str = "/.mote/run";
const COMMAND: &str = "/.mote/command";
/// How long the guest may take to end after the command has.
const GRACE: Duration = Duration::from_secs(3);

/// A command to run in the guest.
#[derive(Debug)]
pub struct Run<'a> {
    /// Text for the guest's `/bin/sh`.
    pub command: &'a str,
    /// How long the guest may take until the command begins.
    pub timeout: Duration,
    /// A file that also gets the whole output of the console.
    pub log: Option<&'a Path>,
}

/// Boots `outputs`, runs the command, and writes its output to `sink`. Returns the command's status.
///
/// # Errors
/// The image has no shell, QEMU fails, or the guest does not come as far as the command or not to its end.
pub fn run(plan: &Plan, outputs: &Outputs, what: &Run<'_>, sink: &mut dyn Write) -> Result<u8> {
    let system = outputs.system.as_ref().ok_or_else(|| Error::new("this target has no kernel to boot"))?;
    let image = plan.image(Vec::new())?;
    if !image.has("/bin/sh") {
        return Err(Error::new("boot --run: the image has no /bin/sh").fix("add `sh` to the applets"));
    }
    let mark = mark();
    let reboots = image.has("/sbin/reboot") || image.has("/bin/reboot");
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let mut system = system.clone();
    let files = files(what.command, &mark, reboots);
    system.initramfs = match system.root {
        Root::Initramfs => overlaid(&system.initramfs, scratch.path(), &files)?,
        root => {
            let mote = fs::read(&outputs.mote).context(outputs.mote.display())?;
            rebuilt(plan.image(mote)?, root, scratch.path(), files)?
        }
    };
    // Kernel messages, except for a panic, must not appear in the output.
    system.cmdline += " loglevel=1";
    if system.flash.is_some() {
        system.kernel = scratch.path().join("system.elf");
    }
    system.link(arguments(&system))?;
    let log = what.log.map(|file| File::create(file).context(file.display())).transpose()?;
    let guest = Guest::start(&system, scratch.path())?;
    guest.follow(what, Extractor::new(&mark), sink, log, reboots)
}

/// The arguments of the first process. init needs none: it reads the inittab.
fn arguments(system: &System) -> &'static [&'static str] {
    if system.first_program.is_some() {
        &[WRAPPER]
    } else {
        &[]
    }
}

/// The files that the image needs to run a command, by path.
fn files(command: &str, mark: &str, reboots: bool) -> [(&'static str, Entry); 4] {
    let leave = if reboots { "reboot -f\n" } else { "" };
    let wrapper =
        format!("echo '{mark} begin'\nTERM=dumb /bin/sh {COMMAND} </dev/null\necho '{mark} end '$?\n{leave}");
    let text = |text: String| Entry::new(Kind::File(text.into_bytes()), 0o644);
    [
        ("/.mote", Entry::new(Kind::Dir, 0o755)),
        (COMMAND, text(format!("{command}\n"))),
        (WRAPPER, text(wrapper)),
        ("/etc/inittab", text(format!("::sysinit:/bin/sh {WRAPPER}\n"))),
    ]
}

/// The initramfs with a second archive appended. The kernel unpacks both.
fn overlaid(initramfs: &Path, dir: &Path, files: &[(&'static str, Entry)]) -> Result<PathBuf> {
    let mut bytes = fs::read(initramfs).context(initramfs.display())?;
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(cpio::archive(files.iter().map(|(path, entry)| (path.trim_start_matches('/'), entry))));
    let file = dir.join("initramfs");
    fs::write(&file, bytes).context(file.display())?;
    Ok(file)
}

/// The image with the files in it, as a file system for flash.
fn rebuilt(mut image: Image, root: Root, dir: &Path, files: [(&'static str, Entry); 4]) -> Result<PathBuf> {
    for (path, entry) in files {
        image.replace(path, entry)?;
    }
    let file = dir.join("root");
    fs::write(&file, image.in_flash(root)?).context(file.display())?;
    Ok(file)
}

/// A unique word, which no command prints by chance.
fn mark() -> String {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    format!("mote-run-{:x}-{:x}", std::process::id(), time.as_nanos())
}

struct Guest {
    qemu: Child,
    console: Receiver<Vec<u8>>,
    stderr: PathBuf,
    ram: String,
    interrupt: Interrupt,
}

impl Guest {
    fn start(system: &System, dir: &Path) -> Result<Guest> {
        let interrupt = Interrupt::watch().context("signals")?;
        let mut command = system.piped(arguments(system));
        let stderr = dir.join("stderr");
        let errors = File::create(&stderr).context(stderr.display())?;
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn();
        let mut qemu = started.map_err(|why| {
            Error::new(format!("{}: cannot be started: {why}", system.emulator))
                .fix("run `cargo rootfs setup`")
        })?;
        let stdout = qemu.stdout.take().ok_or_else(|| Error::new("QEMU has no output"))?;
        Ok(Guest { qemu, console: console::read(stdout), stderr, ram: system.ram.clone(), interrupt })
    }

    fn follow(
        mut self,
        what: &Run<'_>,
        mut extractor: Extractor,
        sink: &mut dyn Write,
        mut log: Option<File>,
        reboots: bool,
    ) -> Result<u8> {
        let (start, mut seen) = (Instant::now(), Vec::new());
        let why = loop {
            match self.console.recv_timeout(POLL) {
                Ok(bytes) => {
                    if let Some(log) = &mut log {
                        log.write_all(&bytes).context("the log")?;
                    }
                    let output = extractor.feed(&bytes);
                    sink.write_all(&output).and_then(|()| sink.flush()).context("stdout")?;
                    if let Some(status) = extractor.status() {
                        self.wait_for_end(reboots, log);
                        return Ok(status);
                    }
                    remember(&mut seen, &bytes);
                }
                Err(RecvTimeoutError::Timeout) if panicked(&seen) => break "the kernel panicked",
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) if panicked(&seen) => break "the kernel panicked",
                Err(RecvTimeoutError::Disconnected) => break "QEMU ended before the command did",
            }
            if self.interrupt.came() {
                return Err(interrupted());
            }
            if !extractor.begun() && start.elapsed() > what.timeout {
                break "the guest did not come as far as the command in time";
            }
        };
        end(&mut self.qemu);
        Err(failure(why, &seen, &fs::read_to_string(&self.stderr).unwrap_or_default(), &self.ram))
    }

    /// Waits for the guest to end by itself, if it is going to, and logs its output meanwhile.
    fn wait_for_end(&mut self, reboots: bool, mut log: Option<File>) {
        let start = Instant::now();
        while reboots && start.elapsed() < GRACE && !self.interrupt.came() {
            match self.console.recv_timeout(POLL) {
                // The result is known: a log that cannot be written any more does not change it.
                Ok(bytes) => drop(log.as_mut().map(|log| log.write_all(&bytes))),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        end(&mut self.qemu);
    }
}

/// Keeps the end of the console for messages.
fn remember(seen: &mut Vec<u8>, bytes: &[u8]) {
    const KEEP: usize = 1 << 16;
    seen.extend_from_slice(bytes);
    if seen.len() > 2 * KEEP {
        seen.drain(..seen.len() - KEEP);
    }
}
