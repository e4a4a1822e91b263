//! Gathers the speed of tasks on this machine: instructions by callgrind, and time by the clock.

use super::builds::Workshop;
use super::report::{reason, Found, SpeedRow};
use crate::bench::list::{Counter, Run, BENCHMARKS};
use crate::bench::measure::{self, clean};
use crate::bench::subject::{link, Subject, Subjects};
use crate::error::{Context, Error, Result};
use crate::peers::native;
use crate::progress::Step;
use rustix::process::{kill_process, setrlimit, Pid, Resource, Rlimit, Signal};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Rounds of a time; everybody has a turn in each, and the least counts.
const ROUNDS: usize = 5;
/// How often a shell starts while the clock runs.
const STARTS: usize = 200;
/// Benchmarks of the shell that are taken over, with what is counted there.
const SHELL: [&str; 3] = ["loop", "string", "function"];
/// Nothing here takes so long, unless it never ends.
const LIMIT: Duration = Duration::from_secs(60);
/// A loop of three turns, and how long it may take: who does not come out of it has no figures of loops.
const LOOP: (&str, Duration) = ("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done", Duration::from_secs(5));
const MOST_MEMORY: u64 = 1 << 30;
const FILES: usize = 10_000;
const BIG: u64 = 1 << 30;

/// A program with its `ls` and `cat`.
struct Tools {
    shell: Subject,
    ls: Option<PathBuf>,
}

/// Measures everybody.
///
/// # Errors
/// mote does not compile, or there is no room for the files that are read.
pub fn all(shop: &Workshop) -> Result<Vec<SpeedRow>> {
    let dir = shop.project.out().join("compare/speed");
    let subjects = Subjects::find(shop.project, Some("mote,dash,ash,hush,bash"))?;
    let tiny = subjects.tiny;
    let mut all: Vec<Tools> = subjects
        .all
        .into_iter()
        .map(|shell| {
            let own = matches!(shell.name, "mote" | "ash" | "hush");
            let ls = shell.cat.as_ref().and_then(|cat| {
                let real = if own { fs::read_link(cat).ok()? } else { return crate::process::which("ls") };
                link(&dir, shell.name, "ls", &real).ok()
            });
            Tools { shell, ls }
        })
        .collect();
    let toybox = native::toybox(&shop.cache);
    let toybox = toybox.and_then(|built| tools(&dir, "toysh", &built.binary));
    if let Ok(toybox) = &toybox {
        all.push(Tools { shell: toybox.shell.clone(), ls: toybox.ls.clone() });
    }
    let mut rows = shells(&all, &tiny);
    rows.extend(files(&all)?);
    if let Err(error) = toybox {
        let why = reason(&error);
        rows.iter_mut().for_each(|row| row.figures.push(("toysh".into(), Found::hole(&why))));
    }
    Ok(rows)
}

fn tools(dir: &Path, name: &'static str, binary: &Path) -> Result<Tools> {
    let shell =
        Subject { name, sh: link(dir, name, "sh", binary)?, cat: Some(link(dir, name, "cat", binary)?) };
    Ok(Tools { shell, ls: Some(link(dir, name, "ls", binary)?) })
}

/// What the shells do: by the clock first, then instructions, of those that came to an end.
fn shells(all: &[Tools], tiny: &Path) -> Vec<SpeedRow> {
    let all: Vec<&Tools> = all.iter().collect();
    let lost: Vec<(&str, String)> =
        all.iter().filter_map(|tools| Some((tools.shell.name, lost_in_loops(tools)?))).collect();
    let clock = |task: &str, script: &str, times: usize| {
        let script = script.replace("TRUE", &tiny.to_string_lossy());
        row(&all, task, "ms", ROUNDS, |tools| {
            let why = lost.iter().find(|(name, _)| *name == tools.shell.name && script.contains("while"));
            match why {
                Some((_, why)) => Err(Error::new(why)),
                None => wall(&tools.shell.sh, &["-c", &script], times, LIMIT),
            }
        })
    };
    let by = |task: &str, run: Run, counter: Counter, clocked: Option<&SpeedRow>| {
        row(&all, task, counter.unit(), 1, |tools| {
            let figures = clocked.iter().flat_map(|row| &row.figures);
            let own = figures.filter(|(who, _)| who == tools.shell.name).find_map(|(_, found)| found.why());
            if let Some(why) = own {
                return Err(Error::new(why));
            }
            let value = measure::once(&tools.shell, run, counter, tiny)?;
            value.ok_or_else(|| Error::new("it has no such program"))
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

/// Why a shell cannot run scripts with loops, if it cannot.
fn lost_in_loops(tools: &Tools) -> Option<String> {
    let (script, limit) = LOOP;
    let why = wall(&tools.shell.sh, &["-c", script], 1, limit).err()?;
    Some(format!("it does not come out of a `while` loop of three turns: {}", reason(&why)))
}

/// What `ls` and `cat` do.
fn files(all: &[Tools]) -> Result<Vec<SpeedRow>> {
    let place = tempfile::tempdir().context("a temporary folder")?;
    let many = place.path().join("many");
    fs::create_dir(&many).context(many.display())?;
    for n in 0..FILES {
        let file = many.join(format!("file{:05}", n * 7919 % FILES));
        File::create(&file).context(file.display())?;
    }
    let big = place.path().join("big");
    File::create(&big).and_then(|file| file.set_len(BIG)).context(big.display())?;
    let (many, big) = (many.display().to_string(), big.display().to_string());
    // dash has neither.
    let ls: Vec<&Tools> = all.iter().filter(|tools| tools.ls.is_some()).collect();
    let cat: Vec<&Tools> = all.iter().filter(|tools| tools.shell.cat.is_some()).collect();
    let there = |program: &Option<PathBuf>| program.clone().ok_or_else(|| Error::new("it has none"));
    Ok(vec![
        row(&ls, "ls -l of 10,000 files", "instructions", 1, |tools| {
            measure::instructions(&there(&tools.ls)?, &["-l".to_string(), many.clone()])
        }),
        row(&ls, "ls -l of 10,000 files", "ms", ROUNDS, |tools| {
            wall(&there(&tools.ls)?, &["-l", &many], 1, LIMIT)
        }),
        row(&cat, "cat of 1 GiB into a pipe", "ms", ROUNDS, |tools| {
            wall(&there(&tools.shell.cat)?, &[&big], 1, LIMIT)
        }),
    ])
}

/// One row: everybody's least figure of `rounds`.
fn row(
    all: &[&Tools],
    task: &str,
    unit: &str,
    rounds: usize,
    measure: impl Fn(&Tools) -> Result<f64>,
) -> SpeedRow {
    let step = Step::start(format!("{task}, {unit}"));
    let mut best: Vec<Option<Result<f64>>> = all.iter().map(|_| None).collect();
    for round in 1..=rounds {
        for (tools, best) in all.iter().zip(&mut best) {
            step.line(&format!("{}, round {round} of {rounds}", tools.shell.name));
            *best = match best.take() {
                Some(Err(why)) => Some(Err(why)),
                Some(Ok(old)) => Some(measure(tools).map(|new| old.min(new))),
                None => Some(measure(tools)),
            };
        }
    }
    step.done();
    let figures = all.iter().zip(best).map(|(tools, best)| {
        let figure = best.unwrap_or_else(|| Err(Error::new("not measured")));
        (tools.shell.name.to_string(), Found::of(figure))
    });
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
        let watch = Watch::over(&child, limit);
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

/// What never ends may eat all memory, too.
fn bound_memory(command: &mut Command) {
    let bound = || {
        let limit = Rlimit { current: Some(MOST_MEMORY), maximum: Some(MOST_MEMORY) };
        setrlimit(Resource::As, limit).map_err(Into::into)
    };
    // SAFETY: the closure makes one system call: it neither allocates nor takes a lock.
    unsafe { command.pre_exec(bound) };
}

/// Kills a child that takes too long, which ends its output.
struct Watch {
    stop: mpsc::Sender<()>,
    watcher: JoinHandle<bool>,
}

impl Watch {
    fn over(child: &Child, limit: Duration) -> Watch {
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
        Watch { stop, watcher }
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
        let tools = |sh: &str| Tools { shell: Subject { name: "a", sh: sh.into(), cat: None }, ls: None };
        assert_eq!(lost_in_loops(&tools("/bin/sh")), None);
        let why = lost_in_loops(&tools("/bin/false")).unwrap();
        assert!(why.contains("`while`") && why.ends_with("exit status: 1"), "{why}");
    }

    #[test]
    fn what_never_ends_is_killed() {
        let mut sleep = crate::process::command("sleep");
        let mut child = sleep.arg("100").spawn().unwrap();
        let watch = Watch::over(&child, Duration::from_millis(50));
        assert!(!child.wait().unwrap().success());
        assert!(watch.late());
    }

    #[test]
    fn the_least_counts_and_a_failure_is_a_hole() {
        let shell = |name| Subject { name, sh: "/bin/sh".into(), cat: None };
        let all = [Tools { shell: shell("a"), ls: None }, Tools { shell: shell("b"), ls: None }];
        let turn = std::cell::Cell::new(10.0);
        let row = row(&all.iter().collect::<Vec<_>>(), "t", "ms", 3, |tools| {
            turn.set(turn.get() - 1.0);
            if tools.shell.name == "a" {
                Ok(turn.get())
            } else {
                Err(Error::new("no ls"))
            }
        });
        assert_eq!(row.figures[0].1.is(), Some(&6.0));
        assert_eq!(row.figures[1].1.why(), Some("no ls"));
    }
}
