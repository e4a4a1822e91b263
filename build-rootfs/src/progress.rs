//! Shows the progress of long steps with elapsed time: a spinner on a terminal, plain lines elsewhere. Everything
//! goes to stderr; stdout has only results. A step of less than a second prints nothing.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{mpsc, Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a step prints a line when there is no terminal.
const HEARTBEAT: Duration = Duration::from_secs(30);
const QUIET: Duration = Duration::from_secs(1);

/// A running step. Dropping it without [`Step::done`] clears its line; the error message follows.
pub struct Step {
    name: String,
    start: Instant,
    view: View,
}

enum View {
    Bar(ProgressBar),
    Plain { last: Arc<Mutex<String>>, stop: Option<mpsc::Sender<()>>, ticker: Option<JoinHandle<()>> },
}

impl Step {
    /// Starts a step and its clock.
    pub fn start(name: impl Into<String>) -> Step {
        let name = name.into();
        let view = if std::io::stderr().is_terminal() { bar(&name) } else { plain(&name) };
        Step { name, start: Instant::now(), view }
    }

    /// Shows the last line of output of the running program.
    pub fn line(&self, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        match &self.view {
            View::Bar(bar) => bar.set_message(text.to_string()),
            View::Plain { last, .. } => {
                if let Ok(mut last) = last.lock() {
                    *last = text.to_string();
                }
            }
        }
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Ends the step. Prints its time if it took a while.
    pub fn done(mut self) {
        self.clear();
        if self.elapsed() >= QUIET {
            eprintln!("{} ({})", self.name, seconds(self.elapsed()));
        }
    }

    fn clear(&mut self) {
        match &mut self.view {
            View::Bar(bar) => bar.finish_and_clear(),
            View::Plain { stop, ticker, .. } => {
                drop(stop.take());
                if let Some(ticker) = ticker.take() {
                    // A panic of the ticker changes nothing here.
                    let _ = ticker.join();
                }
            }
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.clear();
    }
}

fn bar(name: &str) -> View {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg:.dim}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.set_prefix(name.to_string());
    bar.enable_steady_tick(Duration::from_millis(120));
    View::Bar(bar)
}

fn plain(name: &str) -> View {
    let (stop, stopped) = mpsc::channel();
    let last = Arc::new(Mutex::new(String::new()));
    let (name, lines, start) = (name.to_string(), last.clone(), Instant::now());
    let ticker = thread::spawn(move || {
        let mut wait = QUIET;
        while stopped.recv_timeout(wait) == Err(mpsc::RecvTimeoutError::Timeout) {
            let line = lines.lock().map(|line| line.clone()).unwrap_or_default();
            let colon = if line.is_empty() { "" } else { ": " };
            eprintln!("{name} … {}{colon}{line}", seconds(start.elapsed()));
            wait = HEARTBEAT;
        }
    });
    View::Plain { last, stop: Some(stop), ticker: Some(ticker) }
}

/// Formats a time: `0.4 s`, `12 s`, `3 min 05 s`.
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    match whole {
        0..=9 => format!("{:.1} s", time.as_secs_f64()),
        10..=119 => format!("{whole} s"),
        _ => format!("{} min {:02} s", whole / 60, whole % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(12)), "12 s");
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
    }
}
