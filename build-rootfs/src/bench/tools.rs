//! Measures the tools: mote's, BusyBox's and Toybox's.

use super::list::{Content, Counter, ToolBenchmark, Work, TOOLS};
use super::measure::{clean, instructions, wall};
use super::subject::{link, NATIVE};
use super::{evaluate, Figure, Row, ROUNDS};
use crate::applets::Catalogue;
use crate::cache::Cache;
use crate::compile::compile;
use crate::error::{Context, Error, Result};
use crate::peers::native;
use crate::process::command;
use crate::progress::Step;
use crate::project::Project;
use crate::target::Target;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use tempfile::TempDir;

/// The set that mote is measured with.
const SET: &str = "tools";

/// A multicall binary.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The name of the implementation.
    pub name: &'static str,
    /// A folder with links to it, called as its applets are.
    pub dir: PathBuf,
}

impl Work {
    /// The arguments of the applet when it works in `place`.
    fn arguments(self, place: &Path) -> Vec<String> {
        let place = place.display().to_string();
        let words = |words: &[&str]| words.iter().map(|word| word.to_string()).collect::<Vec<_>>();
        match self {
            Work::List(_) => vec!["-l".into(), place],
            Work::Remove(_) => vec!["-r".into(), place],
            Work::CatFile(_) => vec![place],
            Work::Processes(_) | Work::CatPipe(_) => Vec::new(),
            Work::File(_, options, _) => [words(options), vec![place]].concat(),
            Work::Input(_, options, _) => words(options),
            Work::Copy(_) => vec![place.clone(), format!("{place}.copy")],
            // Options of find stand behind its folder, those of du may.
            Work::Tree(_, options, _) => [vec![place], words(options)].concat(),
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
    let mote = compile(project, &target, &catalogue.resolve(SET)?, &dir.join(SET))?.file;
    let peers = [("BusyBox", native::busybox(&cache)?.binary), ("Toybox", native::toybox(&cache)?.binary)];
    [("mote", mote)].into_iter().chain(peers).map(|(name, binary)| Tools::of(&dir, name, &binary)).collect()
}

impl Tools {
    /// Those of the multicall program `binary`, with links in `dir`.
    ///
    /// # Errors
    /// The links cannot be made.
    pub(crate) fn of(dir: &Path, name: &'static str, binary: &Path) -> Result<Tools> {
        for benchmark in TOOLS {
            link(dir, name, benchmark.work.applet(), binary)?;
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
        let (applet, arguments) = (work.applet(), work.arguments(place));
        let program = tools.dir.join(applet);
        let figure = match counter {
            Counter::Instructions => instructions(&program, &arguments)?,
            Counter::Time => {
                let feed = if let Work::CatPipe(bytes) = work { bytes } else { 0 };
                let mut program = clean(&program);
                if let Work::Input(..) = work {
                    program.stdin(File::open(place).context(place.display())?);
                }
                wall(program.args(&arguments), feed)?
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
            Work::File(_, _, content) | Work::Input(_, _, content) | Work::Copy(content) => {
                content.write(place).context(place.display())?
            }
            Work::Tree(_, _, files) => {
                for n in 0..100 * files {
                    let folder = place.join(format!("folder{:02}", n % 100));
                    if n < 100 {
                        fs::create_dir_all(&folder).context(folder.display())?;
                    }
                    let file = folder.join(format!("file{n:06}"));
                    File::create(&file).context(file.display())?;
                }
            }
        }
        Ok(scene)
    }
}

impl Content {
    /// Writes the file `place`.
    fn write(self, place: &Path) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(place)?);
        match self {
            Content::Log(bytes) => {
                let (mut n, mut written) = (0u64, 0);
                while written < bytes {
                    let (code, page) = ([200, 200, 200, 304, 404][n as usize % 5], n * 7919 % 1000);
                    let line =
                        format!("10.0.{}.{} {n} {code} GET page{page:x}/{} text\n", n % 7, n % 251, n % 10);
                    file.write_all(line.as_bytes())?;
                    written += line.len() as u64;
                    n += 1;
                }
            }
            Content::Numbers(lines) => {
                for n in 0..lines {
                    writeln!(file, "{}", n * 7919 % lines)?;
                }
            }
            Content::Words(bytes) => {
                let (mut n, mut written) = (0u64, 0);
                while written < bytes {
                    let line = format!("word{}\n", n / 5);
                    file.write_all(line.as_bytes())?;
                    written += line.len() as u64;
                    n += 1;
                }
            }
            Content::Letters(bytes) => {
                file.write_all(&vec![b'a'; bytes as usize])?;
                file.write_all(b"c\n")?;
            }
            Content::Hole(bytes) => file.get_ref().set_len(bytes)?,
        }
        file.flush()
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
        for work in [
            Work::List(10),
            Work::Remove(10),
            Work::CatFile(1 << 20),
            Work::CatPipe(1 << 20),
            Work::File("grep", &["-c", "GET"], Content::Log(1 << 10)),
            Work::Input("tr", &["a", "b"], Content::Words(1 << 10)),
            Work::Copy(Content::Hole(1 << 10)),
            Work::Tree("ls", &[], 2),
        ] {
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
