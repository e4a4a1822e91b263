//! The report: figures, and holes with a reason where there is no figure.

use super::plan::{Peer, Set};
use super::size::Bytes;
use crate::census::Census;
use crate::error::{Error, Result};
use crate::peers::cross::{Abi, Flavour, Shell};
use serde::{Deserialize, Serialize};

/// The reason starts with this when a part was not requested and has not been measured before.
pub const LEFT_OUT: &str = "left out";

/// The outcome of a measurement: a figure, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome<T> {
    /// The figure.
    Value(T),
    /// A hole: this run failed to measure it.
    Hole {
        /// The reason.
        hole: String,
    },
    /// The program cannot do the task. This is a result, not a failure of the run.
    Unsupported {
        /// What the program does instead.
        #[serde(rename = "cannot")]
        instead: String,
    },
}

impl<T> Outcome<T> {
    /// Makes a hole.
    pub fn hole(reason: impl Into<String>) -> Outcome<T> {
        Outcome::Hole { hole: reason.into() }
    }

    /// The value of `result`, or a hole. The reason is the first line of the error and the last line of the output of
    /// the program that failed.
    pub fn of(result: Result<T>) -> Outcome<T> {
        match result {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::hole(reason(&error)),
        }
    }

    /// The outcome of a program that cannot do the task.
    pub fn unsupported(instead: impl Into<String>) -> Outcome<T> {
        Outcome::Unsupported { instead: instead.into() }
    }

    /// The figure, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Outcome::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The reason, if it is a hole.
    pub fn hole_reason(&self) -> Option<&str> {
        match self {
            Outcome::Hole { hole } => Some(hole),
            _ => None,
        }
    }

    /// What the program does instead, if it cannot do the task.
    pub fn unsupported_reason(&self) -> Option<&str> {
        match self {
            Outcome::Unsupported { instead } => Some(instead),
            _ => None,
        }
    }
}

/// An error in one line.
pub fn reason(error: &Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("build-rootfs: ").unwrap_or(&text);
    let text = text.split("\n  fix: ").next().unwrap_or(text);
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let line = match rest.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(last) => format!("{} {}", first.trim_end(), last.trim()),
        None => first.trim_end_matches(':').to_string(),
    };
    without_folders(&line)
}

/// Replaces absolute paths by their last names: paths of this machine do not belong in the report.
fn without_folders(line: &str) -> String {
    let in_path = |c: char| !c.is_whitespace() && !"'\"`(),:;=<>".contains(c);
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('/') {
        let (before, path) = rest.split_at(at);
        let (path, after) = path.split_at(path.find(|c| !in_path(c)).unwrap_or(path.len()));
        // After the name of a folder it is no absolute path; after `http:` it is no path of this machine.
        let word = before.rsplit(|c| !in_path(c)).next().unwrap_or_default();
        let absolute = (word.is_empty() || word == "-L" || word == "-I") && !path.starts_with("//");
        let name = path.trim_end_matches('/').rsplit('/').next().filter(|name| !name.is_empty());
        out += before;
        out += if absolute { name.unwrap_or(path) } else { path };
        rest = after;
    }
    out + rest
}

/// The machine and the versions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Setting {
    /// The day, as `2026-01-31`.
    pub date: String,
    /// mote's commit, with `+` when the checkout has more.
    pub commit: String,
    /// The command that made the report.
    pub command: String,
    /// The parts of the report: when they were measured, and how long that took.
    pub took: Vec<PartRun>,
    /// Names and versions of the machine, the compilers and QEMU.
    pub versions: Vec<(String, String)>,
    /// The peers' sources.
    pub sources: Vec<Source>,
}

/// When a part was measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartRun {
    /// The part.
    pub part: String,
    /// mote's commit.
    pub commit: String,
    /// The day.
    pub date: String,
    /// How long it took, the builds that were not there yet included, in seconds.
    pub seconds: u64,
}

/// A source archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Source {
    /// The name of the project.
    pub name: String,
    /// The release.
    pub version: String,
    /// The archive.
    pub archive: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// The bytes of one binary.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SizeRow {
    /// The name of the program.
    pub who: String,
    /// The peer; none for mote.
    pub peer: Option<Peer>,
    /// The set of applets.
    pub set: Set,
    /// The peer's shell.
    pub shell: Option<Shell>,
    /// How much of each applet; mote has no choice.
    pub flavour: Option<Flavour>,
    /// The machine code and C library; mote has Thumb code and none.
    pub abi: Option<Abi>,
    /// Whether it was optimised as a whole by `-flto`, where that was smaller.
    pub lto: Option<bool>,
    /// Applets of the set that it lacks.
    pub lacking: Vec<String>,
    /// Its options.
    pub config: Vec<String>,
    /// The figures.
    pub bytes: Outcome<Bytes>,
}

/// A C program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FloorRow {
    /// Its name.
    pub program: String,
    /// The machine code and C library; always static.
    pub abi: Abi,
    /// The figures.
    pub bytes: Outcome<Bytes>,
}

/// The bytes that an applet adds to the set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MarginalRow {
    /// Its name.
    pub applet: String,
    /// For each program, the bytes of text and data that it saves without the applet.
    pub bytes: Vec<(String, Outcome<i64>)>,
}

/// The needs of one system in QEMU.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GuestRow {
    /// The name of the program.
    pub who: String,
    /// The set of applets.
    pub set: Set,
    /// The smallest RAM to a working prompt, in KiB.
    pub ram_kib: Outcome<u32>,
    /// `MemFree` at the prompt, in KiB; none where the set has no `cat` to read it with.
    pub free_kib: Option<Outcome<u64>>,
    /// Instructions from the first process's first to the prompt.
    pub instructions: Outcome<u64>,
}

/// A task on this machine.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SpeedRow {
    /// The task.
    pub task: String,
    /// The unit of the figures.
    pub unit: String,
    /// The figure of each program.
    pub figures: Vec<(String, Outcome<f64>)>,
}

/// A system, and where its RAM is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemoryRow {
    /// The target and the kernel's name.
    pub kernel: String,
    /// Whose binary: `mote` or the peer's name.
    pub who: String,
    /// The smallest RAM for a prompt, in KiB.
    pub prompt_kib: Outcome<u32>,
    /// The same for a prompt, 200 programs and a pipeline of three.
    pub spawns_kib: Outcome<u32>,
    /// Every page of that RAM at the end of the workload.
    pub census: Outcome<Census>,
}

/// A system without an MMU, of mote's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NommuRow {
    /// The set of applets.
    pub set: Set,
    /// The way to link.
    pub link: String,
    /// Bytes of the binary.
    pub bytes: Outcome<u64>,
    /// With the root file system in flash.
    pub romfs: InPlace,
    /// With the root file system unpacked into RAM.
    pub initramfs: InPlace,
}

/// A root file system in one place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InPlace {
    /// Its bytes.
    pub bytes: Outcome<u64>,
    /// The smallest RAM to a working prompt, in KiB; none where there is no prompt.
    pub ram_kib: Option<Outcome<u32>>,
}

/// A test-suite.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SuiteRow {
    /// Its name.
    pub suite: String,
    /// For each program, how many cases passed.
    pub passed: Vec<(String, Outcome<usize>)>,
    /// How many of them there are.
    pub cases: usize,
}

/// A part of mote, for the map.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// `applet`, `crate`, `shared` or `file`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its bytes in the file.
    pub bytes: u64,
}

/// Everything.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Report {
    /// The machine and the versions.
    pub setting: Setting,
    /// Bytes by build, mote's among them.
    pub sizes: Vec<SizeRow>,
    /// C programs.
    pub floors: Vec<FloorRow>,
    /// What each applet adds.
    pub marginals: Vec<MarginalRow>,
    /// Systems in QEMU.
    pub guests: Vec<GuestRow>,
    /// Tasks of the shells on this machine.
    pub speed: Vec<SpeedRow>,
    /// Tasks of the tools on this machine.
    pub tools: Vec<SpeedRow>,
    /// Systems without an MMU.
    pub nommu: Vec<NommuRow>,
    /// Where the RAM of systems is.
    #[serde(default)]
    pub memory: Vec<MemoryRow>,
    /// Test-suites.
    pub suites: Vec<SuiteRow>,
    /// mote by crate and applet.
    pub parts: Vec<Part>,
    /// Parts of the report that are left out as a whole: the part and the reason.
    pub left_out: Vec<(String, String)>,
}

/// A program without a figure, the reason, and the tasks.
pub type TasksWithoutFigure<'a> = (&'a str, &'a str, Vec<&'a str>);

impl Report {
    /// Adds all rows of `other`.
    pub fn add(&mut self, other: Report) {
        self.sizes.extend(other.sizes);
        self.floors.extend(other.floors);
        self.marginals.extend(other.marginals);
        self.guests.extend(other.guests);
        self.speed.extend(other.speed);
        self.tools.extend(other.tools);
        self.nommu.extend(other.nommu);
        self.memory.extend(other.memory);
        self.suites.extend(other.suites);
        self.parts.extend(other.parts);
        self.left_out.extend(other.left_out);
    }

    /// Whether a selected part or the binary of a peer is missing. A task that a program cannot do does not count.
    pub fn incomplete(&self) -> bool {
        self.left_out.iter().any(|(_, why)| !why.starts_with(LEFT_OUT))
            || self.sizes.iter().any(|row| row.bytes.hole_reason().is_some())
    }

    /// The holes among the tasks, by program and reason.
    fn speed_holes(&self) -> Vec<TasksWithoutFigure<'_>> {
        self.tasks_without_figure(Outcome::hole_reason)
    }

    /// The tasks that programs cannot do, by program and what it does instead.
    pub fn unsupported_tasks(&self) -> Vec<TasksWithoutFigure<'_>> {
        self.tasks_without_figure(Outcome::unsupported_reason)
    }

    fn tasks_without_figure(
        &self,
        why: impl Fn(&Outcome<f64>) -> Option<&str>,
    ) -> Vec<TasksWithoutFigure<'_>> {
        let mut tasks_without_figure: Vec<TasksWithoutFigure> = Vec::new();
        for row in self.speed.iter().chain(&self.tools) {
            let lacking = row.figures.iter().filter_map(|(who, figure)| Some((who.as_str(), why(figure)?)));
            let task = row.task.split(':').next().unwrap_or_default();
            for (who, why) in lacking {
                match tasks_without_figure.iter_mut().find(|lack| (lack.0, lack.1) == (who, why)) {
                    Some((_, _, tasks)) if tasks.contains(&task) => {}
                    Some((_, _, tasks)) => tasks.push(task),
                    None => tasks_without_figure.push((who, why, vec![task])),
                }
            }
        }
        tasks_without_figure
    }

    /// Every hole: where it is, and the reason.
    pub fn holes(&self) -> Vec<(String, String)> {
        let mut holes = self.left_out.clone();
        let mut add = |place: String, why: Option<&str>| {
            holes.extend(why.map(|why| (place, why.to_string())));
        };
        for row in &self.sizes {
            add(format!("bytes, {}, {}, {}", row.set.name(), row.who, abi(row.abi)), row.bytes.hole_reason());
        }
        for row in &self.floors {
            add(format!("bytes of {} in C, {}", row.program, abi(Some(row.abi))), row.bytes.hole_reason());
        }
        for row in &self.marginals {
            for (who, bytes) in &row.bytes {
                add(format!("marginal bytes of {}, {who}", row.applet), bytes.hole_reason());
            }
        }
        for row in &self.guests {
            let place = |what: &str| format!("{what}, {}, {}", row.set.name(), row.who);
            add(place("smallest RAM"), row.ram_kib.hole_reason());
            add(place("free memory"), row.free_kib.as_ref().and_then(Outcome::hole_reason));
            add(place("instructions to the prompt"), row.instructions.hole_reason());
        }
        for (who, why, tasks) in self.speed_holes() {
            add(format!("{}, {who}", tasks.join("; ")), Some(why));
        }
        for row in &self.memory {
            add(format!("RAM, {}, {}", row.kernel, row.who), row.spawns_kib.hole_reason());
        }
        for row in &self.nommu {
            let place = |what: &str| format!("{what}, {}, linked as {}", row.set.name(), row.link);
            add(place("bytes without an MMU"), row.bytes.hole_reason());
            for (name, at) in [("romfs", &row.romfs), ("initramfs", &row.initramfs)] {
                add(place(&format!("bytes of the {name}")), at.bytes.hole_reason());
                add(
                    place(&format!("smallest RAM with {name}")),
                    at.ram_kib.as_ref().and_then(Outcome::hole_reason),
                );
            }
        }
        for row in &self.suites {
            for (who, passed) in &row.passed {
                add(format!("{}, {who}", row.suite), passed.hole_reason());
            }
        }
        holes
    }
}

/// `Thumb, static musl`.
pub fn abi(abi: Option<Abi>) -> String {
    use crate::peers::cross::{Code, Libc};
    let Some(abi) = abi else { return "Thumb, no C library".to_string() };
    let code = match abi.code {
        Code::Thumb => "Thumb",
        Code::Arm => "ARM",
    };
    let libc = match abi.libc {
        Libc::Musl => "static musl",
        Libc::Glibc => "dynamic glibc",
    };
    format!("{code}, {libc}")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::peers::cross::{Code, Libc};

    fn bytes(n: u64) -> Bytes {
        Bytes {
            stripped: n + 200,
            sstripped: n,
            text: n - 100,
            gzip: n * 3 / 4,
            xz: n * 2 / 3,
            ..Bytes::default()
        }
    }

    /// A small report with everything in it, holes among it.
    pub(crate) fn sample() -> Report {
        let size = |who: &str, peer, set, abi, found: Outcome<Bytes>| SizeRow {
            who: who.into(),
            peer,
            set,
            shell: peer.map(|_| Shell::Hush),
            flavour: peer.map(|_| Flavour::Rich),
            abi,
            lto: peer.map(|_| true),
            lacking: if set == Set::Base { vec!["depmod".into()] } else { Vec::new() },
            config: peer.map_or(Vec::new(), |_| vec!["HUSH".into(), "LFS".into()]),
            bytes: found,
        };
        let (main, arm) = (Some(Abi::MAIN), Some(Abi { code: Code::Arm, libc: Libc::Musl }));
        let two = |a: i64| {
            vec![("mote".to_string(), Outcome::Value(a)), ("BusyBox".to_string(), Outcome::hole("no source"))]
        };
        Report {
            setting: Setting {
                date: "2026-01-31".into(),
                commit: "0123456789ab".into(),
                command: "cargo rootfs compare".into(),
                took: vec![PartRun {
                    part: "speed".into(),
                    commit: "0123456789ab".into(),
                    date: "2026-01-30".into(),
                    seconds: 125,
                }],
                versions: vec![("C compiler".into(), "gcc 12".into())],
                sources: vec![Source {
                    name: "busybox".into(),
                    version: "1.35.0".into(),
                    archive: "b.tar".into(),
                    sha256: "ab".into(),
                }],
            },
            sizes: vec![
                size("mote", None, Set::Shell, None, Outcome::Value(bytes(80_000))),
                size(
                    "BusyBox, hush, rich",
                    Some(Peer::BusyBox),
                    Set::Shell,
                    main,
                    Outcome::Value(bytes(144_000)),
                ),
                size(
                    "BusyBox, hush, rich",
                    Some(Peer::BusyBox),
                    Set::Shell,
                    arm,
                    Outcome::Value(bytes(205_000)),
                ),
                size("mote", None, Set::Base, None, Outcome::Value(bytes(150_000))),
                size(
                    "Toybox, rich",
                    Some(Peer::Toybox),
                    Set::Base,
                    main,
                    Outcome::hole("it does | not compile"),
                ),
            ],
            floors: vec![FloorRow {
                program: "hello".into(),
                abi: Abi::MAIN,
                bytes: Outcome::Value(bytes(6_520)),
            }],
            marginals: vec![MarginalRow { applet: "cat".into(), bytes: two(431) }],
            guests: vec![GuestRow {
                who: "mote".into(),
                set: Set::Seed,
                ram_kib: Outcome::Value(2_300),
                free_kib: Some(Outcome::Value(5_000)),
                instructions: Outcome::hole("no prompt"),
            }],
            speed: vec![SpeedRow {
                task: "start".into(),
                unit: "instructions".into(),
                figures: vec![
                    ("mote".into(), Outcome::Value(10_000.0)),
                    ("dash".into(), Outcome::Value(200_000.0)),
                ],
            }],
            tools: vec![SpeedRow {
                task: "ls -l".into(),
                unit: "ms".into(),
                figures: vec![
                    ("mote".into(), Outcome::Value(3.0)),
                    ("BusyBox".into(), Outcome::unsupported("it hangs")),
                ],
            }],
            memory: Vec::new(),
            nommu: vec![NommuRow {
                set: Set::Seed,
                link: "shared".into(),
                bytes: Outcome::Value(140_000),
                romfs: InPlace { bytes: Outcome::Value(144_000), ram_kib: Some(Outcome::Value(432)) },
                initramfs: InPlace { bytes: Outcome::Value(143_000), ram_kib: None },
            }],
            suites: vec![SuiteRow {
                suite: "hush_test".into(),
                passed: vec![("mote".into(), Outcome::Value(360)), ("hush".into(), Outcome::Value(366))],
                cases: 379,
            }],
            parts: vec![
                Part { kind: "crate".into(), name: "sh".into(), bytes: 60_000 },
                Part { kind: "applet".into(), name: "ls".into(), bytes: 9_000 },
            ],
            left_out: Vec::new(),
        }
    }

    #[test]
    fn every_hole_is_told() {
        let holes = sample().holes();
        let places: Vec<&str> = holes.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(
            places,
            [
                "bytes, base, Toybox, rich, Thumb, static musl",
                "marginal bytes of cat, BusyBox",
                "instructions to the prompt, seed, mote"
            ]
        );
    }

    #[test]
    fn a_missing_binary_or_part_is_a_failure() {
        let mut report = sample();
        assert!(report.incomplete());
        report.sizes.retain(|row| row.bytes.value().is_some());
        report.left_out.push(("speed".into(), "left out by --quick".into()));
        assert!(!report.incomplete());
        report.left_out.push(("speed".into(), "no valgrind".into()));
        assert!(report.incomplete());
    }

    #[test]
    fn tasks_with_one_reason_are_one_hole() {
        let mut report = sample();
        let row = |task: &str, why: &str| SpeedRow {
            task: task.into(),
            unit: "ms".into(),
            figures: vec![("toysh".into(), Outcome::hole(why))],
        };
        report.speed = vec![row("loop: x", "a"), row("loop: x", "a"), row("fork", "a"), row("start: y", "b")];
        let holes = report.holes();
        let told = |place: &str, why: &str| holes.contains(&(place.to_string(), why.to_string()));
        assert!(told("loop; fork, toysh", "a") && told("start, toysh", "b"), "{holes:?}");
    }

    #[test]
    fn paths_of_this_machine_are_not_told() {
        let failed = Error::new("/work/a b/sh: exit status: 1: cannot read /x/y, and not a/b or /");
        assert_eq!(reason(&failed), "a b/sh: exit status: 1: cannot read y, and not a/b or /");
        let said = |text: &str| reason(&Error::new(text));
        assert_eq!(said("make: Leaving directory '/tmp/x/tree'"), "make: Leaving directory 'tree'");
        assert_eq!(said("-L/a/b/lib --prefix=/r/c (/u/d.a(e.o)): f"), "-Llib --prefix=c (d.a(e.o)): f");
        assert_eq!(said("x:/a/b/: http://deb.org/c"), "x:b: http://deb.org/c");
    }

    #[test]
    fn errors_become_holes_in_one_line() {
        let failed: Outcome<u32> = Outcome::of(Err(Error::new("make: exit 2; its last lines:\nx").fix("y")));
        assert_eq!(failed.hole_reason(), Some("make: exit 2; its last lines: x"));
        assert_eq!(Outcome::of(Ok(7)).value(), Some(&7));
        assert_eq!(serde_json::to_string(&failed).unwrap(), r#"{"hole":"make: exit 2; its last lines: x"}"#);
        assert_eq!(serde_json::to_string(&Outcome::Value(7)).unwrap(), "7");
        let cannot = Outcome::<u32>::unsupported("it hangs");
        assert_eq!((cannot.hole_reason(), cannot.unsupported_reason()), (None, Some("it hangs")));
        let again: Outcome<u32> = serde_json::from_str(&serde_json::to_string(&cannot).unwrap()).unwrap();
        assert_eq!(again, cannot);
    }
}
