//! Measures the speed of tasks on this machine: instructions with callgrind, and elapsed time.

use super::builds::Builds;
use super::report::{reason, Outcome, Report, SpeedRow};
use crate::bench::list::{Counter, Run, ToolBenchmark, BENCHMARKS, TOOLS};
use crate::bench::measure::{self, clean};
use crate::bench::subject::{link, Subject, Subjects};
use crate::bench::tools::{Stage, Tools};
use crate::bench::ROUNDS;
use crate::error::{Context, Error, Result};
use crate::peers::native;
use crate::progress::Step;
use rustix::process::{kill_process, setrlimit, Pid, Resource, Rlimit, Signal};
use std::fs;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a shell is started for one time.
const STARTS: usize = 200;
/// The benchmarks of `cargo rootfs bench` that are also measured here.
const SHELL: [&str; 3] = ["loop", "string", "function"];
/// A program that takes longer than this never ends.
const LIMIT: Duration = Duration::from_secs(60);
/// A loop of three turns, and its time limit. A shell that does not leave the loop is not measured on loops.
const LOOP: (&str, Duration) = ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done", Duration::from_secs(5));
const MOST_MEMORY: u64 = 1 << 30;

/// Measures the tasks of the shells and of the tools.
///
/// # Errors
/// mote does not compile, or its links cannot be made.
pub fn all(builds: &Builds) -> Result<Report> {
    let dir = builds.project.out().join("compare/speed");
    let Subjects { mut all, tiny } = Subjects::find(builds.project, Some("mote,dash,ash,hush,bash"))?;
    let mut tools = Vec::new();
    for (name, shell) in [("mote", "mote"), ("BusyBox", "ash")] {
        let sh = all.iter().find(|subject| subject.name == shell).map(|subject| &subject.sh);
        if let Some(binary) = sh.and_then(|sh| fs::read_link(sh).ok()) {
            tools.push(Tools::of(&dir, name, &binary)?);
        }
    }
    let toybox = native::toybox(&builds.cache).and_then(|built| {
        all.push(Subject { name: "toysh", sh: link(&dir, "toysh", "sh", &built.binary)?, cat: None });
        Tools::of(&dir, "Toybox", &built.binary)
    });
    let lost = toybox.as_ref().err().map(reason);
    tools.extend(toybox);
    tools.push(Tools { name: "Debian", dir: "/usr/bin".into() });
    let mut report = Report {
        speed: shells(&all, &tiny),
        tools: TOOLS.iter().map(|benchmark| of_tools(&tools, benchmark)).collect(),
        ..Report::default()
    };
    if let Some(why) = lost {
        let hole = |who: &str| (who.to_string(), Outcome::hole(&why));
        report.speed.iter_mut().for_each(|row| row.figures.push(hole("toysh")));
        report.tools.iter_mut().for_each(|row| row.figures.push(hole("Toybox")));
    }
    Ok(report)
}

/// The rows of the shells: first time, then instructions of those that ended.
fn shells(all: &[Subject], tiny: &Path) -> Vec<SpeedRow> {
    let names: Vec<&str> = all.iter().map(|shell| shell.name).collect();
    let lost: Vec<Option<String>> = all.iter().map(loop_failure).collect();
    let clock = |task: &str, script: &str, times: usize| {
        let script = script.replace("TRUE", &tiny.to_string_lossy());
        row(&names, task, "ms", ROUNDS, |at| match &lost[at] {
            Some(how) if script.contains("while") => Outcome::unsupported(how),
            _ => Outcome::of(wall(&all[at].sh, &["-c", &script], times, LIMIT)),
        })
    };
    let by = |task: &str, run: Run, counter: Counter, clocked: Option<&SpeedRow>| {
        row(&names, task, counter.unit(), 1, |at| {
            let figure = clocked.and_then(|row| row.figures.get(at)).map(|(_, figure)| figure);
            match figure.filter(|figure| figure.value().is_none()) {
                Some(lack) => lack.clone(),
                None => Outcome::of(
                    measure::once(&all[at], run, counter, tiny)
                        .and_then(|value| value.ok_or_else(|| Error::new("it has no such program"))),
                ),
            }
        })
    };
    let mut rows = Vec::new();
    let start = clock("start: sh -c :, 200 times", ":", STARTS);
    rows.push(by("start: sh -c :", Run::Script(":"), Counter::Instructions, Some(&start)));
    rows.push(start);
    for benchmark in BENCHMARKS.iter().filter(|benchmark| SHELL.contains(&benchmark.name)) {
        let Run::Script(script) = benchmark.run else { continue };
        let task = format!("{}: {}", benchmark.name, benchmark.what);
        let clocked = clock(&task, script, 1);
        rows.push(by(&task, benchmark.run, benchmark.counter, Some(&clocked)));
        rows.push(clocked);
    }
    let forks = "i=0; while [ $i -lt 2000 ]; do TRUE; i=$((i+1)); done";
    rows.push(clock("fork and exec of a tiny program, 2,000 times", forks, 1));
    rows.push(by("private dirty memory of a shell that waits", Run::Fifo, Counter::PrivateMemory, None));
    rows
}

/// How a shell fails that cannot run loops; none if it can.
fn loop_failure(shell: &Subject) -> Option<String> {
    let (script, limit) = LOOP;
    let why = wall(&shell.sh, &["-c", script], 1, limit).err()?;
    Some(format!("it does not come out of a `while` loop of three turns: {}", reason(&why)))
}

/// One of `cargo rootfs bench`'s tasks of the tools.
fn of_tools(all: &[Tools], benchmark: &ToolBenchmark) -> SpeedRow {
    let ToolBenchmark { what, work, counter, .. } = *benchmark;
    let names: Vec<&str> = all.iter().map(|tools| tools.name).collect();
    let rounds = if counter == Counter::Time { ROUNDS } else { 1 };
    let mut stage = Stage::of(work);
    row(&names, what, counter.unit(), rounds, |at| match &mut stage {
        Ok(stage) => Outcome::of(stage.once(&all[at], counter)),
        Err(error) => Outcome::hole(reason(error)),
    })
}

/// One row: the least figure of each program in `rounds` rounds.
fn row(
    names: &[&str],
    task: &str,
    unit: &str,
    rounds: usize,
    mut measure: impl FnMut(usize) -> Outcome<f64>,
) -> SpeedRow {
    let step = Step::start(format!("{task}, {unit}"));
    let mut best: Vec<Option<Outcome<f64>>> = vec![None; names.len()];
    for round in 1..=rounds {
        for (at, (name, best)) in names.iter().zip(&mut best).enumerate() {
            step.line(&format!("{name}, round {round} of {rounds}"));
            *best = Some(match best.take() {
                Some(lack @ (Outcome::Hole { .. } | Outcome::Unsupported { .. })) => lack,
                Some(Outcome::Value(old)) => match measure(at) {
                    Outcome::Value(new) => Outcome::Value(old.min(new)),
                    lack => lack,
                },
                None => measure(at),
            });
        }
    }
    step.done();
    let figures = names
        .iter()
        .zip(best)
        .map(|(name, best)| (name.to_string(), best.unwrap_or_else(|| Outcome::hole("not measured"))));
    SpeedRow { task: task.to_string(), unit: unit.to_string(), figures: figures.collect() }
}

/// Milliseconds that `times` runs of a program take, one after the other, each within `limit`; its output is
/// read through a pipe.
fn wall(program: &Path, arguments: &[&str], times: usize, limit: Duration) -> Result<f64> {
    let start = Instant::now();
    let mut buffer = vec![0; 1 << 16];
    for _ in 0..times {
        let mut command = clean(program);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        bound_memory(&mut command);
        let mut child = command.spawn().context(program.display())?;
        let watch = Watchdog::start(&child, limit);
        if let Some(mut output) = child.stdout.take() {
            while output.read(&mut buffer).context(program.display())? > 0 {}
        }
        let status = child.wait().context(program.display())?;
        let late = watch.late();
        if late {
            return Err(Error::new(format!("not done after {} s", limit.as_secs())));
        }
        if !status.success() {
            return Err(Error::new(status.to_string()));
        }
    }
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// A program that never ends may use up all memory: limit it.
fn bound_memory(command: &mut Command) {
    let bound = || {
        let limit = Rlimit { current: Some(MOST_MEMORY), maximum: Some(MOST_MEMORY) };
        setrlimit(Resource::As, limit).map_err(Into::into)
    };
    // SAFETY: the closure makes one system call: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(bound) };
}

/// Kills a child that takes too long, which ends its output.
struct Watchdog {
    stop: mpsc::Sender<()>,
    watcher: JoinHandle<bool>,
}

impl Watchdog {
    fn start(child: &Child, limit: Duration) -> Watchdog {
        let (stop, stopped) = mpsc::channel();
        let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let watcher = thread::spawn(move || {
            let late = stopped.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
            if let (true, Some(child)) = (late, child) {
                // It may have just ended by itself.
                let _ = kill_process(child, Signal::KILL);
            }
            late
        });
        Watchdog { stop, watcher }
    }

    /// Ends the watch; whether the child was killed.
    fn late(self) -> bool {
        drop(self.stop);
        self.watcher.join().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_runs_and_failures_are_told() {
        let sh = Path::new("/bin/sh");
        assert!(wall(sh, &["-c", "echo x; sleep 0.05"], 2, LIMIT).unwrap() >= 100.0);
        assert!(wall(sh, &["-c", "exit 3"], 1, LIMIT).unwrap_err().to_string().contains("3"));
        assert!(wall(sh, &["-c", "x=x; while :; do x=$x$x; done"], 1, LIMIT).is_err());
    }

    #[test]
    fn a_shell_without_loops_is_told() {
        let shell = |sh: &str| Subject { name: "a", sh: sh.into(), cat: None };
        assert_eq!(loop_failure(&shell("/bin/sh")), None);
        let how = loop_failure(&shell("/bin/false")).unwrap();
        assert!(how.contains("`while`") && how.ends_with("exit status: 1"), "{how}");
        let rows = shells(&[shell("/bin/false")], Path::new("/bin/true"));
        let lacks = |figure: &Outcome<f64>| figure.value().is_none();
        assert!(rows.iter().all(|row| row.figures.len() == 1 && lacks(&row.figures[0].1)), "{rows:?}");
        assert!(
            rows[2].figures[0].1.unsupported_reason().is_some()
                && rows[0].figures[0].1.hole_reason().is_some()
        );
    }

    #[test]
    fn what_never_ends_is_killed() {
        let mut sleep = crate::process::command("sleep");
        let mut child = sleep.arg("100").spawn().unwrap();
        let watch = Watchdog::start(&child, Duration::from_millis(50));
        assert!(!child.wait().unwrap().success());
        assert!(watch.late());
    }

    #[test]
    fn the_least_counts_and_a_failure_is_a_hole() {
        let mut turn = 10.0;
        let row = row(&["a", "b"], "t", "ms", 3, |at| {
            turn -= 1.0;
            if at == 0 {
                Outcome::Value(turn)
            } else {
                Outcome::hole("no ls")
            }
        });
        assert_eq!(row.figures[0].1.value(), Some(&6.0));
        assert_eq!(row.figures[1].1.hole_reason(), Some("no ls"));
    }

    #[test]
    fn a_tool_that_fails_is_a_hole_and_the_others_go_on() {
        use crate::bench::list::{Bound, Work};
        let empty = tempfile::tempdir().unwrap();
        let all =
            [Tools { name: "a", dir: empty.path().into() }, Tools { name: "b", dir: "/usr/bin".into() }];
        let (work, bound) = (Work::Remove(3), Bound::OfBest(1.0));
        let benchmark = ToolBenchmark { name: "rm", what: "rm", work, counter: Counter::Time, bound };
        let row = of_tools(&all, &benchmark);
        assert!(row.figures[0].1.hole_reason().is_some() && row.figures[1].1.value() > Some(&0.0), "{row:?}");
    }
}
