//! Measures the tools: mote's, BusyBox's and Toybox's.

use super::list::{Counter, ToolBenchmark, Work, TOOLS};
use super::measure::{clean, instructions, wall};
use super::subject::{link, NATIVE};
use super::{evaluate, Figure, Row, ROUNDS};
use crate::applets::{Catalogue, DEFAULT_SET};
use crate::cache::Cache;
use crate::compile::compile;
use crate::error::{Context, Error, Result};
use crate::peers::native;
use crate::process::command;
use crate::progress::Step;
use crate::project::Project;
use crate::target::Target;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::TempDir;

/// A multicall binary.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The name of the implementation.
    pub name: &'static str,
    /// A folder with links to it, called as its applets are.
    pub dir: PathBuf,
}

impl Work {
    /// The applet, and its arguments when it works in `place`.
    fn command(self, place: &Path) -> (&'static str, Vec<String>) {
        let place = place.display().to_string();
        match self {
            Work::List(_) => ("ls", vec!["-l".into(), place]),
            Work::Remove(_) => ("rm", vec!["-r".into(), place]),
            Work::Processes(_) => ("ps", Vec::new()),
            Work::CatFile(_) => ("cat", vec![place]),
            Work::CatPipe(_) => ("cat", Vec::new()),
        }
    }

    /// Whether the input must be prepared again for each run.
    fn consumes(self) -> bool {
        matches!(self, Work::Remove(_))
    }
}

/// Builds mote and its peers.
///
/// # Errors
/// One of them does not compile.
pub fn find(project: &Project) -> Result<Vec<Tools>> {
    let dir = project.out().join("bench");
    let (catalogue, target, cache) =
        (Catalogue::load(project)?, Target::load(project, NATIVE)?, Cache::open()?);
    let mote = compile(project, &target, &catalogue.resolve(DEFAULT_SET)?, &dir.join(DEFAULT_SET))?.file;
    let peers = [("BusyBox", native::busybox(&cache)?.binary), ("Toybox", native::toybox(&cache)?.binary)];
    [("mote", mote)].into_iter().chain(peers).map(|(name, binary)| Tools::of(&dir, name, &binary)).collect()
}

impl Tools {
    /// Those of the multicall program `binary`, with links in `dir`.
    ///
    /// # Errors
    /// The links cannot be made.
    pub(crate) fn of(dir: &Path, name: &'static str, binary: &Path) -> Result<Tools> {
        for applet in ["ls", "rm", "ps", "cat"] {
            link(dir, name, applet, binary)?;
        }
        Ok(Tools { name, dir: dir.join(format!("{name}-bin")) })
    }
}

/// Runs the benchmarks whose names hold `filter`.
///
/// # Errors
/// A measurement failed, or there is no room for what it needs.
pub fn run(all: &[Tools], filter: Option<&str>) -> Result<Vec<Row>> {
    let chosen = TOOLS.iter().filter(|b| filter.is_none_or(|part| b.name.contains(part)));
    chosen.map(|benchmark| row(all, benchmark).map_err(|error| error.within(benchmark.name))).collect()
}

fn row(all: &[Tools], benchmark: &ToolBenchmark) -> Result<Row> {
    let step = Step::start(format!("{}: {}", benchmark.name, benchmark.what));
    let ToolBenchmark { name, what, work, counter, bound } = *benchmark;
    let rounds = if counter == Counter::Time { ROUNDS } else { 1 };
    let mut measured: Vec<Vec<f64>> = vec![Vec::new(); all.len()];
    let mut stage = Stage::of(work)?;
    for round in 1..=rounds {
        for (tools, figures) in all.iter().zip(&mut measured) {
            step.line(&format!("{}, round {round} of {rounds}", tools.name));
            figures.push(stage.once(tools, counter).map_err(|e| e.within(tools.name))?);
        }
    }
    step.done();
    let values = measured.into_iter().map(|figures| counter.of_rounds(figures.into_iter()));
    let figures = all.iter().zip(values).map(|(tools, value)| Figure { shell: tools.name, value }).collect();
    Ok(evaluate(name, what, counter, Some(bound), figures))
}

/// The work of a benchmark and its input, for one tool after the other.
pub(crate) struct Stage {
    work: Work,
    scene: Scene,
    used: bool,
}

impl Stage {
    /// Prepares `work`.
    ///
    /// # Errors
    /// There is no room for what it needs.
    pub(crate) fn of(work: Work) -> Result<Stage> {
        Ok(Stage { work, scene: Scene::of(work)?, used: false })
    }

    /// Measures `tools` once.
    ///
    /// # Errors
    /// The tool fails or cannot be measured, or there is no room for what it needs.
    pub(crate) fn once(&mut self, tools: &Tools, counter: Counter) -> Result<f64> {
        if std::mem::replace(&mut self.used, self.work.consumes()) {
            self.scene = Scene::of(self.work)?;
        }
        let (work, place) = (self.work, &self.scene.place);
        let (applet, arguments) = work.command(place);
        let program = tools.dir.join(applet);
        let figure = match counter {
            Counter::Instructions => instructions(&program, &arguments)?,
            Counter::Time => {
                let feed = if let Work::CatPipe(bytes) = work { bytes } else { 0 };
                wall(clean(&program).args(&arguments), feed)?
            }
            _ => return Err(Error::new("tools are measured by instructions and by the clock")),
        };
        if work.consumes() && place.exists() {
            return Err(Error::new(format!("{applet} left {} behind", place.display())));
        }
        Ok(figure)
    }
}

/// The input of a benchmark; dropping it removes the files.
struct Scene {
    place: PathBuf,
    processes: Vec<Child>,
    _dir: TempDir,
}

impl Scene {
    fn of(work: Work) -> Result<Scene> {
        // In memory, if that is possible: it is not the disk that is measured.
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let dir = dir.context("a temporary folder")?;
        let mut scene = Scene { place: dir.path().join("place"), processes: Vec::new(), _dir: dir };
        let place = &scene.place;
        match work {
            Work::List(files) | Work::Remove(files) => {
                fs::create_dir(place).context(place.display())?;
                for n in 0..files {
                    // Not in the order of their names.
                    let file = place.join(format!("file{:05}", n * 7919 % files));
                    File::create(&file).context(file.display())?;
                }
            }
            Work::Processes(count) => {
                for _ in 0..count {
                    let mut sleep = command("sleep");
                    let sleep = sleep.arg("1000").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
                    scene.processes.push(sleep.context("sleep")?);
                }
            }
            // A hole, which takes no room.
            Work::CatFile(bytes) => {
                File::create(place).and_then(|file| file.set_len(bytes)).context(place.display())?
            }
            Work::CatPipe(_) => {}
        }
        Ok(scene)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // One that has ended by itself is as good.
            let _ = process.kill().and_then(|()| process.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_own_tools_are_measured() {
        let all = [Tools { name: "mote", dir: "/bin".into() }, Tools { name: "BusyBox", dir: "/bin".into() }];
        for work in [Work::List(10), Work::Remove(10), Work::CatFile(1 << 20), Work::CatPipe(1 << 20)] {
            let mut benchmark = TOOLS[0];
            (benchmark.work, benchmark.counter) = (work, Counter::Time);
            let row = row(&all, &benchmark).unwrap();
            assert!(row.figures.iter().all(|figure| figure.value > Some(0.0)), "{row:?}");
        }
    }

    #[test]
    fn processes_come_and_go() {
        let scene = Scene::of(Work::Processes(3)).unwrap();
        let pids: Vec<u32> = scene.processes.iter().map(Child::id).collect();
        let alive = |pid: &u32| Path::new(&format!("/proc/{pid}")).exists();
        assert_eq!(pids.iter().filter(|pid| alive(pid)).count(), 3);
        drop(scene);
        assert_eq!(pids.iter().filter(|pid| alive(pid)).count(), 0);
    }
}
