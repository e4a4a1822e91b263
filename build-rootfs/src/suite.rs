//! `cargo rootfs test`: every check, each as a step with its time, and a closing summary.

use crate::applets::Catalogue;
use crate::checks::machinery;
use crate::compile::compile;
use crate::error::{Context, Error, Result};
use crate::ledger::budgets::Budgets;
use crate::ledger::snapshot::Snapshot;
use crate::ledger::Ledger;
use crate::process::command;
use crate::progress::{seconds, TOOK};
use crate::project::Project;
use crate::setup::{install, needs};
use crate::target::{Purpose, Target};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Sets whose binaries are checked, when they exist: the smallest, the shell, the comparison's, everything.
const CHECKED: &[&str] = &["true", "sh", "seed", "base"];

/// Programs panic as tests do, which have to unwind: so cargo compiles everything once for both.
pub(crate) const UNWIND: &str = "profile.dev.panic='unwind'";
/// Of all crates.
const EDITION: &str = "2021";

/// Runs everything, or with a filter only the tests whose names hold it; returns the exit status.
///
/// # Errors
/// Something needed is missing and cannot be installed. Failures of steps are told in the summary.
pub fn run(project: &Project, filter: Option<&str>) -> Result<u8> {
    let targets = all_targets(project)?;
    for target in &targets {
        install(&needs(target, &[Purpose::Mote, Purpose::Kernel, Purpose::Boot, Purpose::Test]))?;
    }
    let took = tempfile::NamedTempFile::new().context("a temporary file")?;
    let mut suite = Suite::new(project, took.path());
    match filter {
        Some(filter) => suite.cargo_test(&["--workspace"], Some(filter))?,
        None => suite.everything(&targets)?,
    }
    if suite.passed + suite.failed == 0 {
        let filter = filter.unwrap_or_default();
        return Err(Error::new(format!("no test's name holds `{filter}`"))
            .fix("`cargo test --workspace -- --list` lists the names"));
    }
    Ok(suite.summary())
}

fn all_targets(project: &Project) -> Result<Vec<Target>> {
    Target::names(project)?.iter().map(|name| Target::load(project, name)).collect()
}

struct Suite<'a> {
    project: &'a Project,
    /// Steps of the tests add to it how long they took.
    took: &'a Path,
    steps: Vec<(String, Duration, bool)>,
    /// Programs of tests.
    programs: Vec<(String, Duration)>,
    /// How long cargo compiled them.
    compiled: Duration,
    passed: usize,
    failed: usize,
    /// The tests that failed, and passed when they were asked once more.
    second: Vec<String>,
}

impl<'a> Suite<'a> {
    fn new(project: &'a Project, took: &'a Path) -> Suite<'a> {
        Suite {
            project,
            took,
            steps: Vec::new(),
            programs: Vec::new(),
            compiled: Duration::ZERO,
            passed: 0,
            failed: 0,
            second: Vec::new(),
        }
    }

    fn everything(&mut self, targets: &[Target]) -> Result<()> {
        let project = self.project;
        self.step("formatting", || check_formatting(project))?;
        self.cargo("lints", &["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])?;
        // Both runs choose the same packages: otherwise cargo would compile what they share twice.
        self.cargo_test(&["--workspace", "--lib", "--bins"], None)?;
        for target in targets {
            self.step(&format!("binaries for {}", target.name), || check_binaries(project, target))?;
        }
        self.cargo_test(&["--workspace", "--test", "*"], None)
    }

    /// Runs a step that is one test by itself.
    fn step(&mut self, name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
        println!("\n== {name}");
        let start = Instant::now();
        let result = work();
        if let Err(error) = &result {
            println!("{error}");
        }
        self.note(name, start, usize::from(result.is_ok()), usize::from(result.is_err()));
        Ok(())
    }

    fn cargo(&mut self, name: &str, arguments: &[&str]) -> Result<()> {
        let project = self.project;
        self.step(name, || {
            let command = arguments[0];
            let there = host_cargo(project).args([command, "--version"]).output().context("cargo")?;
            if !there.status.success() {
                return Err(Error::new(format!("cargo {command}: this toolchain does not have it"))
                    .fix("rustup component add rustfmt clippy"));
            }
            match host_cargo(project).args(arguments).status().context("cargo")? {
                status if status.success() => Ok(()),
                status => Err(Error::new(format!("cargo {command}: {status}"))),
            }
        })
    }

    /// Runs `cargo test`. What fails is asked once more, one test after the other, when nothing else runs. It stays
    /// a failure, but the summary tells what passed then: a race, or a guest that had too little of a busy machine.
    fn cargo_test(&mut self, which: &[&str], filter: Option<&str>) -> Result<()> {
        let name = format!("cargo test {}", which.join(" "));
        println!("\n== {name}");
        let start = Instant::now();
        let first = self.cargo_tests(which, filter.as_slice())?;
        let (passed, failed) = (first.passed, first.failed);
        if failed > 0 && failed == first.names.len() {
            println!("\n== once more, alone: {}", first.names.join(" "));
            let alone = ["--exact", "--test-threads=1"].into_iter();
            let again: Vec<&str> = alone.chain(first.names.iter().map(String::as_str)).collect();
            let second = self.cargo_tests(which, &again)?;
            if second.failed == 0 && second.passed >= failed {
                self.second.extend(first.names);
            }
        }
        self.note(&name, start, passed, failed);
        Ok(())
    }

    /// Runs `cargo test` with arguments for the tests, shows its output and counts its tests.
    fn cargo_tests(&mut self, which: &[&str], arguments: &[&str]) -> Result<Tests> {
        let mut cargo = host_cargo(self.project);
        cargo.args(["test", "--config", UNWIND]).args(which).arg("--no-fail-fast").arg("--").args(arguments);
        // cargo names on stderr what it runs, and the tests tell on stdout what came of them: in one pipe they keep their
        // order.
        let (reader, writer) = rustix::pipe::pipe().context("a pipe")?;
        cargo.stderr(writer.try_clone().context("a pipe")?).stdout(writer).env(TOOK, self.took);
        let start = Instant::now();
        let mut child = cargo.spawn().context("cargo")?;
        drop(cargo);
        let mut tests = Tests::default();
        for line in BufReader::new(fs::File::from(reader)).split(b'\n') {
            let line = String::from_utf8_lossy(&line.context("cargo test")?).into_owned();
            if tests.read(&line) && tests.compiled.is_zero() {
                tests.compiled = start.elapsed();
            }
            writeln!(std::io::stdout(), "{line}").context("stdout")?;
        }
        // A crate that does not compile has no closing line, yet is a failure.
        if !child.wait().context("cargo")?.success() {
            tests.failed = tests.failed.max(1);
        }
        self.compiled += tests.compiled;
        self.programs.append(&mut tests.programs);
        Ok(tests)
    }

    fn note(&mut self, name: &str, start: Instant, passed: usize, failed: usize) {
        self.passed += passed;
        self.failed += failed;
        self.steps.push((name.to_string(), start.elapsed(), failed == 0));
    }

    fn summary(&self) -> u8 {
        println!("\n== summary");
        for (name, time, good) in &self.steps {
            println!("{}  {:>12}  {name}", if *good { "ok    " } else { "FAILED" }, seconds(*time));
        }
        self.tell_times();
        for name in &self.second {
            println!("FLAKY   {name}: failed, then passed alone");
        }
        println!("{} passed, {} failed", self.passed, self.failed);
        u8::from(self.failed > 0)
    }

    /// Where the minutes went: programs of tests, and what tests built and waited for.
    fn tell_times(&self) {
        let compiled = ("compiling the tests".to_string(), self.compiled);
        table("time of cargo test", self.programs.iter().cloned().chain([compiled]));
        // It is of use only while it is read here: damage is no failure of the tests.
        let text = fs::read_to_string(self.took).unwrap_or_default();
        table("of that, steps of tests, some at the same time", steps(&text));
    }
}

/// Prints what took a second or more, the longest first.
fn table(title: &str, times: impl IntoIterator<Item = (String, Duration)>) {
    let mut times: Vec<_> = times.into_iter().filter(|(_, time)| *time >= Duration::from_secs(1)).collect();
    times.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    if !times.is_empty() {
        println!("\n{title}:");
    }
    for (name, time) in times {
        println!("{:>12}  {name}", seconds(time));
    }
}

/// The steps' names with how often and how long they ran, from the lines of [`TOOK`].
fn steps(text: &str) -> impl Iterator<Item = (String, Duration)> {
    let mut sums: BTreeMap<&str, (usize, Duration)> = BTreeMap::new();
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    for (time, name) in lines.filter_map(|(time, name)| Some((time.parse().ok()?, name))) {
        let sum = sums.entry(name).or_default();
        *sum = (sum.0 + 1, sum.1 + Duration::from_millis(time));
    }
    let sums: Vec<_> =
        sums.into_iter().map(|(name, (times, sum))| (format!("{name}, {times} times"), sum)).collect();
    sums.into_iter()
}

/// Every Rust file that git knows is as rustfmt writes it: those too that no crate's modules lead to.
fn check_formatting(project: &Project) -> Result<()> {
    let git = command("git")
        .args(["ls-files", "-z", "*.rs"])
        .current_dir(project.root())
        .output()
        .context("git")?;
    let files = String::from_utf8_lossy(&git.stdout).into_owned();
    let files: Vec<&str> = files.split_terminator('\0').collect();
    if !git.status.success() || files.is_empty() {
        return Err(Error::new("git does not list the Rust files").fix("run it in a checkout by git"));
    }
    let mut rustfmt = command("rustfmt");
    rustfmt.args(["--check", "--edition", EDITION]).args(files).current_dir(project.root());
    match rustfmt.status().context("rustfmt")? {
        status if status.success() => Ok(()),
        status => Err(Error::new(format!("rustfmt: {status}"))
            .fix(format!("git ls-files -z '*.rs' | xargs -0 rustfmt --edition {EDITION}"))),
    }
}

/// The cargo that runs us, with the environment as the user has it.
pub(crate) fn host_cargo(project: &Project) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(project.root()).stdin(Stdio::null());
    crate::process::die_with_us(&mut cargo);
    cargo
}

/// What libtest said of the tests that it ran.
#[derive(Debug, Default)]
struct Tests {
    passed: usize,
    failed: usize,
    /// Of the tests that failed.
    names: Vec<String>,
    /// The program that runs.
    running: String,
    /// The programs that have run.
    programs: Vec<(String, Duration)>,
    /// What came before the first of them.
    compiled: Duration,
}

impl Tests {
    /// Reads a line; whether it says that a program of tests starts.
    fn read(&mut self, line: &str) -> bool {
        if let Some((passed, failed)) = closing_line(line) {
            self.passed += passed;
            self.failed += failed;
            let time =
                line.rsplit_once("finished in ").and_then(|(_, time)| time.strip_suffix('s')?.parse().ok());
            let name = std::mem::take(&mut self.running);
            self.programs.extend(time.map(|time| (name, Duration::from_secs_f64(time))));
        }
        let running = line.trim_start().strip_prefix("Running ");
        if let Some((name, _)) = running.and_then(|what| what.split_once(" (")) {
            self.running = name.to_string();
        }
        let name = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"));
        // Another harness than libtest fills names up with blanks.
        self.names.extend(name.map(|name| name.trim_end().to_string()));
        running.is_some()
    }
}

/// Passed and failed tests from libtest's closing line.
fn closing_line(line: &str) -> Option<(usize, usize)> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let number = |what: &str| {
        let part = counts.split(';').find(|part| part.trim().ends_with(what))?;
        part.trim().split(' ').next()?.parse().ok()
    };
    Some((number("passed")?, number("failed")?))
}

/// Compiles the target's binaries, looks for what must not be in them, and holds them to their budgets.
fn check_binaries(project: &Project, target: &Target) -> Result<()> {
    let catalogue = Catalogue::load(project)?;
    let known: Vec<&str> = catalogue.sets().into_iter().chain(catalogue.names()).collect();
    let budgets = Budgets::load(target)?;
    let checked = CHECKED.iter().copied().filter(|list| known.contains(list));
    let mut lists: Vec<&str> = checked.collect();
    lists.extend(budgets.iter().flat_map(|budgets| budgets.set.keys()).map(String::as_str));
    lists.sort_unstable();
    lists.dedup();
    let mut measured = Vec::new();
    for list in lists {
        let scratch = tempfile::tempdir().context("a temporary folder")?;
        let applets = catalogue.resolve(list)?;
        let binary = compile(project, target, &applets, scratch.path())?;
        let twin = fs::read(&binary.twin).context(binary.twin.display())?;
        let found = machinery(&twin).map_err(Error::new)?;
        if !found.is_empty() {
            let shown = found.iter().take(20).map(|what| format!("    {what}\n")).collect::<String>();
            return Err(Error::new(format!(
                "mote ({list}) for {}: what must not be in it:\n{}",
                target.name,
                shown.trim_end()
            ))
            .fix("avoid core::fmt, and unwrap of a result whose error has it"));
        }
        let size = binary.file.metadata().context(binary.file.display())?.len();
        println!("{list}: {size} bytes, no core::fmt");
        measured.push((list.to_string(), Ledger::read(&binary.twin, &applets)?));
    }
    match budgets {
        Some(budgets) => check_budgets(&budgets, &measured, &Snapshot::load(project, &target.name)?),
        None => Ok(()),
    }
}

fn check_budgets(budgets: &Budgets, measured: &[(String, Ledger)], saved: &Snapshot) -> Result<()> {
    let report = budgets.check(measured, Some(saved));
    println!("\n{}", report.text.trim_end());
    match report.broken {
        0 => Ok(()),
        broken => Err(Error::new(format!("{}: {broken} budgets are broken", saved.target)).fix(format!(
            "make it smaller; if it is worth its bytes, raise the budget in targets/{}/budgets.toml and say why",
            saved.target
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(closing_line(line), Some((12, 3)));
        assert_eq!(closing_line("test x ... ok"), None);
    }

    #[test]
    fn what_failed_is_known_by_name() {
        let mut tests = Tests::default();
        let lines = [
            "     Running tests/a.rs (target/debug/deps/a-1)",
            "test a::x ... ok",
            "test a::y ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; finished in 2.50s",
        ];
        assert_eq!(lines.map(|line| tests.read(line)), [true, false, false, false]);
        assert_eq!((tests.passed, tests.failed, tests.names), (1, 1, vec!["a::y".to_string()]));
        assert_eq!(tests.programs, [("tests/a.rs".to_string(), Duration::from_millis(2500))]);
    }

    #[test]
    fn times_of_steps_are_summed() {
        let found: Vec<_> = steps("1000\tkernel\n500\tmote\n250\tkernel\nnothing\n").collect();
        let time = |name: &str, time| (name.to_string(), Duration::from_millis(time));
        assert_eq!(found, [time("kernel, 2 times", 1250), time("mote, 1 times", 500)]);
    }

    #[test]
    fn summary_tells_failures() {
        let project = Project::find().unwrap();
        let mut suite = Suite::new(&project, Path::new("/dev/null"));
        suite.step("good", || Ok(())).unwrap();
        assert_eq!(suite.summary(), 0);
        suite.step("bad", || Err(Error::new("x"))).unwrap();
        assert_eq!((suite.passed, suite.failed, suite.summary()), (1, 1, 1));
    }
}
