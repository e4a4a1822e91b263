//! Booting a built system in QEMU.

pub mod console;
pub mod interactive;
pub mod run;

use crate::error::Error;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// The exit status if the guest does not start or does not end in time.
pub const FAILED: u8 = 125;
/// How long a guest may take until its first output, unless the user says otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// How often the tool checks the guest.
const POLL: Duration = Duration::from_millis(50);

/// Set when the user or the system wants the tool to end.
struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    fn watch() -> std::io::Result<Interrupt> {
        let flag = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, flag.clone())?;
        }
        Ok(Interrupt(flag))
    }

    fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

fn interrupted() -> Error {
    Error::new("interrupted").status(130)
}

/// Ends QEMU.
fn end(qemu: &mut Child) {
    // Both fail only when it has ended by itself.
    let _ = qemu.kill();
    let _ = qemu.wait();
}

/// The error of a guest that failed, with the last lines of its console and the fix.
fn failure(why: &str, console: &[u8], qemu: &str, ram: &str) -> Error {
    let tail = console::last_lines(console, 20);
    let shown = if tail.is_empty() {
        "the console stayed empty".into()
    } else {
        format!("the end of its console:\n{tail}")
    };
    let said = if qemu.trim().is_empty() { String::new() } else { format!("\n  QEMU said: {}", qemu.trim()) };
    let fix = match () {
        () if !console::panicked(console) => {
            format!("give it more RAM than {ram} (--ram) or more time (--timeout)")
        }
        () if console::out_of_memory(console) => format!("give it more RAM than {ram} (--ram)"),
        () => "see the console above for the reason: the first process must start and never end".to_string(),
    };
    Error::new(format!("boot: {why}; {shown}{said}")).fix(fix).status(FAILED)
}
