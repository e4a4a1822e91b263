//! Faults in system calls: `strace -e inject=…` makes the n-th call of each kind fail, for each kind and each n
//! that a command has, and the outcome is judged.
//!
//! Whatever fails: the applet ends, not by a signal of its own making; it never gives status 0 with work
//! undone; it says why; and what it must keep is kept.

use crate::place::{held, Kept, Place, Prepare, FOLDERS, KEPT};
use crate::scene::{Scene, SCENES};
use build_rootfs::error::{nearest, Error};
use libtest_mimic::Trial;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::applet;
use tests::spec::{FaultLine, Named, Spec};

/// What an applet does in the test, and what must hold.
#[derive(Debug)]
pub(crate) struct Workload {
    /// The applet and its arguments; `THERE` is a folder on another file system.
    words: String,
    /// What it finds.
    pub(crate) prepare: Prepare,
    /// What must be so after any fault, whatever the status.
    kept: Kept,
    /// Where it runs.
    scene: &'static Scene,
}

/// Names that `tests/applets/NAME.txt` may use, and what they stand for.
pub(crate) type Table<T> = &'static [(&'static str, T)];

/// Tries a kind of faults, and panics at what is wrong.
type Kind = fn(&Workload);

/// Kinds of faults that every command gets.
const ALWAYS: Table<Kind> = &[("faults", faults), ("full", full)];

/// Those that a line asks for with `@also`.
const ALSO: Table<Kind> = &[("kills", kills), ("short_writes", short_writes)];

/// The fault lines of a file, each with its kinds.
pub(crate) fn trials(spec: &Spec) -> build_rootfs::error::Result<Vec<Trial>> {
    let mut trials = Vec::new();
    for line in &spec.faults {
        let workload = Arc::new(Workload::new(spec, line)?);
        let mut kinds = ALWAYS.to_vec();
        for named in &line.kinds {
            kinds.push((&named.name, *find(spec, named, "kind of faults", ALSO)?));
        }
        for (kind, run) in kinds {
            let workload = workload.clone();
            let run = move || {
                run(&workload);
                Ok(())
            };
            trials.push(Trial::test(format!("{}::{kind}::{}", spec.applet, line.name), run));
        }
    }
    Ok(trials)
}

/// What `named` stands for in a table of `what`.
fn find<T>(spec: &Spec, named: &Named, what: &str, table: Table<T>) -> Result<&'static T, Error> {
    let found = table.iter().find(|(name, _)| *name == named.name);
    found.map(|(_, found)| found).ok_or_else(|| {
        let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
        let near = nearest(&named.name, names.iter().copied());
        let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        let fix = format!("{hint}There are: {}", names.join(", "));
        spec.mistake(named.line, format!("unknown {what} `{}`", named.name), fix)
    })
}

/// Kinds of calls that cannot fail, as they are used here.
const SURE: &[&str] = &["clock_gettime", "exit_group", "geteuid", "umask"];

/// Kinds of calls that may fail without a word: they only ask about a terminal. In a scene of its own an applet
/// has no terminal to ask about.
const IDLE: &[&str] = &["ioctl"];

/// Kinds of calls whose failure is told but leaves mv's status alone (POSIX, mv, step 6): what was moved keeps
/// its content, not its owner, mode or times.
const TOLD: &[&str] = &["fchownat", "fchmodat", "utimensat"];

/// The errors that a kind of call is given.
fn errors(call: &str) -> &'static [&'static str] {
    match call {
        "write" | "sendfile" | "ftruncate" => &["ENOSPC", "EIO", "EINTR"],
        "read" | "getdents64" | "close" => &["EIO", "EINTR"],
        "openat" => &["EMFILE", "EIO", "EINTR"],
        "mmap" | "brk" | "mremap" => &["ENOMEM"],
        "mkdirat" | "mknodat" | "symlinkat" | "linkat" | "renameat2" => &["ENOSPC", "EIO"],
        _ => &["EIO"],
    }
}

/// How a run ended.
struct Done {
    status: ExitStatus,
    out: String,
    err: String,
    /// What the scene tells.
    after: String,
}

/// Longest time for one run, on a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(60);

impl Workload {
    fn new(spec: &Spec, line: &FaultLine) -> Result<Workload, Error> {
        let folder = line.folder.as_ref().map(|named| find(spec, named, "folder", FOLDERS));
        let scene = line.scene.as_ref().map(|named| find(spec, named, "scene", SCENES));
        let kept = line.keeps.as_ref().map(|named| find(spec, named, "thing to keep", KEPT));
        Ok(Workload {
            words: line.words.clone(),
            prepare: *folder.unwrap_or(Ok(&FOLDERS[0].1))?,
            kept: *kept.unwrap_or(Ok(&KEPT[0].1))?,
            scene: scene.unwrap_or(Ok(&SCENES[0].1))?,
        })
    }

    /// The command, under strace with `options` if there are any; a scene tells into the file `after`.
    fn command(&self, place: &Place, options: &[String], after: &Path) -> Command {
        let here = place.here.path().to_string_lossy().into_owned();
        let mut words = self.words.split(' ');
        let program = applet("x86_64", words.next().expect("an applet"));
        let mut line: Vec<String> = Vec::new();
        if !options.is_empty() {
            line.extend(["strace".to_string(), "-qq".to_string()]);
            for pretend in self.scene.pretend.split_whitespace() {
                line.extend(["-e".to_string(), format!("inject={pretend}")]);
            }
            line.extend(options.iter().cloned());
            line.push("--".into());
        }
        line.push(program.get_program().to_string_lossy().into_owned());
        line.extend(words.map(|word| word.replace("THERE", &place.there.path().to_string_lossy())));
        let mut command = if self.scene.setup.is_empty() {
            Command::new(&line[0])
        } else {
            let text = |script: &str| script.replace("HERE", &here);
            let script = format!(
                "{{ set -e; {}; set +e; }} >/dev/null 2>\"$0.err\" </dev/null || exit 99; \
                 \"$@\"; status=$?; {{ {}; }} >\"$0\" 2>&1; exit $status",
                text(self.scene.setup),
                text(if self.scene.after.is_empty() { ":" } else { self.scene.after })
            );
            let mut shell = Command::new("unshare");
            if !rustix::process::geteuid().is_root() {
                shell.arg("--map-root-user");
            }
            shell.args(["--mount", "--net", "--", "/bin/sh", "-c", &script]).arg(after).arg(&line[0]);
            shell
        };
        command.args(&line[1..]);
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.current_dir(place.here.path()).stdin(Stdio::null());
        command
    }
}

/// Runs a workload in `place` under strace with `options`.
fn run(workload: &Workload, place: &Place, options: &[String]) -> Done {
    let captured = tempfile::tempdir().expect("a folder");
    let after = captured.path().join("after");
    let mut command = workload.command(place, options, &after);
    // To files: a pipe could fill up, and nobody would read while we wait.
    let file = |name: &str| fs::File::create(captured.path().join(name)).expect("a file");
    command.stdout(file("out")).stderr(file("err"));
    let mut child = command.spawn().expect("strace starts: `cargo rootfs setup` installs it");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("`{}` hangs with {options:?}", workload.words);
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let read = |name: &str| fs::read(captured.path().join(name)).expect("what was written");
    // Each place has a name of its own.
    let here = place.here.path().to_string_lossy().into_owned();
    let text = |name: &str| String::from_utf8_lossy(&read(name)).replace(&here, "HERE");
    assert_ne!(status.code(), Some(99), "the scene of `{}`: {}", workload.words, text("after.err"));
    let scene = !workload.scene.setup.is_empty();
    Done {
        status,
        out: text("out"),
        err: text("err"),
        after: if scene { text("after") } else { String::new() },
    }
}

/// How often a workload makes each kind of call, after the exec.
fn calls(workload: &Workload) -> (BTreeMap<String, usize>, Place, Done) {
    let place = Place::new(workload);
    let log = tempfile::NamedTempFile::new().expect("a file");
    let done = run(workload, &place, &["-o".into(), log.path().to_string_lossy().into_owned()]);
    assert!(done.status.success() && done.err.is_empty(), "`{}`: {}", workload.words, done.err);
    let mut calls = BTreeMap::new();
    for line in fs::read_to_string(log.path()).expect("strace's log").lines() {
        let name = line.split('(').next().expect("a name");
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.starts_with("exec") {
            *calls.entry(name.to_string()).or_insert(0) += 1;
        }
    }
    for call in SURE {
        calls.remove(*call);
    }
    assert!(!calls.is_empty(), "`{}`: strace shows no calls", workload.words);
    (calls, place, done)
}

/// The numbers of calls to try out of `count`: all of a few; of many the first, the last, and some between.
fn numbers(count: usize) -> BTreeSet<usize> {
    (1..=count).filter(|n| *n <= 8 || *n + 4 > count || n % (count / 12 + 1) == 0).collect()
}

/// Runs a workload with every fault, and judges.
fn faults(workload: &Workload) {
    let words = &workload.words;
    let (calls, place, good) = calls(workload);
    let expected = place.content();
    let bare = workload.scene.setup.is_empty();
    let mut wrong = Vec::new();
    for (call, &count) in &calls {
        for (n, error) in numbers(count).into_iter().flat_map(|n| errors(call).iter().map(move |e| (n, e))) {
            let place = Place::new(workload);
            let fault = format!("{call}:error={error}:when={n}");
            let done = run(workload, &place, &quiet(&format!("inject={fault}")));
            let content = place.content();
            let lost = (workload.kept)(&place).err();
            let same = done.after == good.after
                && if TOLD.contains(&call.as_str()) && !done.err.is_empty() {
                    held(&content) == held(&expected)
                } else {
                    content == expected
                };
            let verdict = match (done.status.code(), lost) {
                (_, Some(lost)) => Some(lost),
                (None, _) => Some(format!("ended by {:?}", done.status.signal())),
                // The shell's way to tell of a signal.
                (Some(128..), _) => Some(format!("ended with {}", done.status)),
                (Some(0), _) if !same || done.out != good.out => Some("status 0, but work undone".into()),
                (Some(0), _) => None,
                // What could not be said cannot be read.
                (Some(_), _) if done.err.is_empty() && call != "write" => Some("fails without a word".into()),
                (Some(_), _) if bare && IDLE.contains(&call.as_str()) => Some("fails for nothing".into()),
                // The call is to be made again.
                (Some(_), _) if *error == "EINTR" && ["read", "write"].contains(&call.as_str()) => {
                    Some("gives up for a signal".into())
                }
                (Some(_), _) => None,
            };
            if let Some(verdict) = verdict {
                let after = if done.after == good.after { "" } else { &done.after };
                wrong.push(format!("{fault}: {verdict}; {}\n{after}", done.err.trim_end()));
            }
        }
    }
    assert!(wrong.is_empty(), "`{words}`:\n{}", wrong.join("\n"));
}

/// Kills a workload at each of its calls: what must be kept is kept.
fn kills(workload: &Workload) {
    let words = &workload.words;
    let (calls, ..) = calls(workload);
    for (call, &count) in &calls {
        for n in numbers(count) {
            let place = Place::new(workload);
            let fault = format!("inject={call}:signal=KILL:when={n}");
            let done = run(workload, &place, &quiet(&fault));
            assert!(!done.status.success(), "`{words}` with {fault} is not killed");
            if let Err(lost) = (workload.kept)(&place) {
                panic!("`{words}` with {fault}: {lost}");
            }
        }
    }
}

/// strace's options for an injection of which nothing is shown.
fn quiet(expression: &str) -> Vec<String> {
    ["-o", "/dev/null", "-e", expression].map(String::from).to_vec()
}

/// Writes that are cut short and then fail: files of 20 KB at most (`ulimit -f`, in units of 512 bytes).
fn short_writes(workload: &Workload) {
    let words = &workload.words;
    let place = Place::new(workload);
    let before = place.content();
    let Output { status, stderr, .. } = limited(workload, &place);
    assert!(!status.success() && !stderr.is_empty(), "`{words}`: {status}");
    (workload.kept)(&place).unwrap_or_else(|lost| panic!("`{words}`: {lost}"));
    let after = place.content();
    assert_eq!(after[0].get("one"), before[0].get("one"));
    assert!(after[1].keys().all(|name| !name.starts_with('.')), "a part is left behind: {after:?}");
}

fn limited(workload: &Workload, place: &Place) -> Output {
    let mut words = workload.words.split(' ');
    let program = applet("x86_64", words.next().expect("an applet"));
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 40; exec \"$0\" \"$@\""]).arg(program.get_program());
    shell.args(words.map(|word| word.replace("THERE", &place.there.path().to_string_lossy())));
    shell.current_dir(place.here.path()).output().expect("sh")
}

/// Output that cannot be written is a failure.
fn full(workload: &Workload) {
    let good = calls(workload).2;
    let place = Place::new(workload);
    let after = tempfile::tempdir().expect("a folder");
    // What this kernel cannot do needs strace.
    let options =
        if workload.scene.pretend.is_empty() { Vec::new() } else { vec!["-o".into(), "/dev/null".into()] };
    let mut program = workload.command(&place, &options, &after.path().join("after"));
    program.stdout(fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full"));
    let done = program.output().expect("it starts");
    assert_eq!(done.status.success(), good.out.is_empty(), "`{}`: {}", workload.words, done.status);
    assert_eq!(done.stderr.is_empty(), good.out.is_empty(), "`{}`", workload.words);
}
