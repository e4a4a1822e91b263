//! A booted guest, driven through its serial console.

use crate::host::{out, project};
use build_rootfs::boot::console;
use build_rootfs::build::{self, Plan};
use build_rootfs::config::Root;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

/// How long the console may be silent while something is expected: only a guest that hangs is, on a busy machine, too.
const SILENCE: Duration = Duration::from_secs(300);

/// What to boot.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// As the tool's option `--applets`.
    pub applets: Option<String>,
    /// The text of a `rootfs.toml`.
    pub config: Option<String>,
    /// As the tool's option `--ram`.
    pub ram: Option<String>,
    /// As the tool's option `--root`.
    pub root: Option<Root>,
    /// As the tool's option `--link`.
    pub link: Option<String>,
    /// As the tool's option `--kernel`.
    pub kernel: Option<String>,
    /// As the tool's option `--board`.
    pub board: Option<String>,
    /// The target; without it the default one.
    pub target: Option<String>,
    /// More arguments for QEMU.
    pub qemu: Vec<String>,
}

/// A running guest. When the test panics, the console's log stays in `target/rootfs/logs/NAME.log`.
pub struct Guest {
    name: String,
    qemu: Child,
    keyboard: ChildStdin,
    console: Receiver<Vec<u8>>,
    seen: Vec<u8>,
    /// Up to where `expect` has consumed.
    at: usize,
}

impl Guest {
    /// Builds and boots; `name` is the test's.
    pub fn boot(name: &str, options: &Options) -> Guest {
        let dir = out().join(format!("guest-{name}"));
        fs::create_dir_all(&dir).expect("the guest's folder");
        let config = options.config.as_ref().map(|text| {
            let file = dir.join("given.toml");
            fs::write(&file, text).expect("the guest's rootfs.toml");
            file
        });
        let more = &options.qemu;
        let options = build::Options {
            target: options.target.clone(),
            applets: options.applets.clone(),
            config,
            out: Some(dir),
            ram: options.ram.clone(),
            link: options.link.clone(),
            root: options.root,
            kernel: options.kernel.clone(),
            board: options.board.clone(),
        };
        let plan = Plan::new(project(), &options).unwrap_or_else(|e| panic!("{e}"));
        let outputs = plan.build(project()).unwrap_or_else(|e| panic!("{e}"));
        let system = outputs.system.expect("a target that boots");
        let mut command = system.piped(&[]);
        command.args(more);
        Guest::start(name, command)
    }

    /// Starts `command`, which has the guest's console on its stdin and stdout.
    pub fn start(name: &str, mut command: Command) -> Guest {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut qemu = command.spawn().expect("QEMU starts");
        let keyboard = qemu.stdin.take().expect("a pipe");
        let console = console::read(qemu.stdout.take().expect("a pipe"));
        Guest { name: name.to_string(), qemu, keyboard, console, seen: Vec::new(), at: 0 }
    }

    /// Types `text`, which has its line ends as `\n`.
    pub fn send(&mut self, text: &str) {
        self.keyboard
            .write_all(text.as_bytes())
            .and_then(|()| self.keyboard.flush())
            .expect("the guest reads");
    }

    /// Waits until `text` shows; returns what came before it since the last call. Panics when the console
    /// is silent for too long, or the guest ends.
    pub fn expect(&mut self, text: &str) -> String {
        self.expect_within(text, SILENCE)
    }

    /// As [`Guest::expect`], with another time-out for silence.
    pub fn expect_within(&mut self, text: &str, silence: Duration) -> String {
        String::from_utf8_lossy(&self.expect_bytes(text, silence)).into_owned()
    }

    /// As [`Guest::expect_within`], of bytes that need be no text.
    pub fn expect_bytes(&mut self, text: &str, silence: Duration) -> Vec<u8> {
        // Of what was looked through before, only an end that the text may begin in is looked at again.
        let mut from = self.at;
        loop {
            if let Some(found) = console::find(&self.seen[from..], text.as_bytes()) {
                let before = self.seen[self.at..from + found].to_vec();
                self.at = from + found + text.len();
                return before;
            }
            from = self.at.max(self.seen.len().saturating_sub(text.len()));
            match self.console.recv_timeout(silence) {
                Ok(bytes) => self.seen.extend(bytes),
                Err(why) => panic!(
                    "`{text}` did not show ({why}); the console ended:\n{}",
                    console::last_lines(&self.seen, 30)
                ),
            }
        }
    }

    /// Waits until all of `texts` have shown, in whatever order.
    pub fn expect_all(&mut self, texts: &[&str]) {
        let start = self.at;
        let mut end = start;
        for text in texts {
            self.at = start;
            self.expect(text);
            end = end.max(self.at);
        }
        self.at = end;
    }

    /// Types a command line and returns what it prints, between its echo and the next prompt `prompt`.
    pub fn command(&mut self, line: &str, prompt: &str) -> String {
        self.send(&format!("{line}\n"));
        self.expect("\n");
        self.expect(prompt).replace('\r', "")
    }

    /// Waits for the guest's end; returns QEMU's status.
    pub fn wait_for_end(&mut self, within: Duration) -> i32 {
        let start = Instant::now();
        while start.elapsed() < within {
            while let Ok(bytes) = self.console.try_recv() {
                self.seen.extend(bytes);
            }
            if let Some(status) = self.qemu.try_wait().expect("QEMU's status") {
                return status.code().unwrap_or(-1);
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the guest did not end; the console ended:\n{}", console::last_lines(&self.seen, 30));
    }

    /// Everything that the console has shown.
    pub fn console(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    fn keep_log(&self) -> std::io::Result<PathBuf> {
        let dir = project().out().join("logs");
        fs::create_dir_all(&dir)?;
        let file = dir.join(format!("{}.log", self.name));
        fs::write(&file, &self.seen)?;
        Ok(file)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        if thread::panicking() {
            match self.keep_log() {
                Ok(file) => eprintln!("the console's log: {}", file.display()),
                Err(why) => eprintln!("the console's log could not be kept: {why}"),
            }
        }
    }
}
