//! Faults in system calls: `strace -e inject=…` makes the n-th call of each kind fail, for each kind and each n
//! that a command has, and the outcome is judged.
//!
//! Whatever fails: the applet ends, not by a signal of its own making; it never gives status 0 with work
//! undone; it says why; and what it must keep is kept.

use crate::odd::{odd, Surroundings};
use crate::place::{held, Kept, Place, Prepare, FOLDERS, KEPT};
use crate::races::races;
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
use tests::calls::{options, Seen};
use tests::spec::{FaultLine, Named, Spec};
use tests::{applet, calls_of, mote, out, ALL};

/// What an applet does in the test, and what must hold.
#[derive(Debug)]
pub(crate) struct Workload {
    /// The applet and its arguments; `THERE` is a folder on another file system.
    pub(crate) words: String,
    /// What it finds.
    pub(crate) prepare: Prepare,
    /// What must be so after any fault, whatever the status.
    pub(crate) kept: Kept,
    /// Where it runs.
    pub(crate) scene: &'static Scene,
    /// The file that is its standard input; nothing without one.
    pub(crate) input: Option<String>,
}

/// Names that `tests/applets/NAME.txt` may use, and what they stand for.
pub(crate) type Table<T> = &'static [(&'static str, T)];

/// Tries a kind of faults, and panics at what is wrong.
type Kind = fn(&Workload);

/// Kinds of faults that every command gets.
const ALWAYS: Table<Kind> =
    &[("calls", listed), ("faults", faults), ("lasting", lasting), ("full", full), ("odd", odd)];

/// Those that a line asks for with `@also`.
const ALSO: Table<Kind> =
    &[("kills", kills), ("short_writes", short_writes), ("short_values", short_values), ("races", races)];

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
const SURE: &[&str] = &[
    "clock_gettime",
    "dup3",
    "exit_group",
    "geteuid",
    "getgid",
    "getegid",
    "getpriority",
    "getuid",
    "umask",
    "uname",
];

/// Kinds of calls that may fail without a word: they only ask about a terminal. In a scene of its own an applet
/// has no terminal to ask about.
const IDLE: &[&str] = &["ioctl"];

/// Kinds of calls whose failure is told but leaves mv's status alone (POSIX, mv, step 6): what was moved keeps
/// its content, not its owner, mode or times.
const TOLD: &[&str] = &["fchownat", "fchmod", "utimensat"];

/// The errors that a kind of call is given.
fn errors(call: &str) -> &'static [&'static str] {
    match call {
        "write" | "sendfile" | "ftruncate" => &["ENOSPC", "EIO", "EINTR", "EDQUOT"],
        "read" | "getdents64" | "close" => &["EIO", "EINTR", "ESTALE"],
        "openat" => &["EMFILE", "ENFILE", "EIO", "EINTR", "ESTALE"],
        "mmap" | "brk" | "mremap" => &["ENOMEM"],
        "mkdirat" | "mknodat" | "symlinkat" | "linkat" | "renameat2" => &["ENOSPC", "EIO", "EDQUOT"],
        "fork" | "vfork" | "clone" | "clone3" => &["EAGAIN", "ENOMEM"],
        "wait4" | "waitid" => &["EINTR"],
        _ => &["EIO"],
    }
}

/// How a run ended.
pub(crate) struct Done {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
    /// What the scene tells.
    pub(crate) after: String,
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
            input: line.input.clone(),
        })
    }

    /// The command, in odd surroundings and under strace with `options` if there are any; a scene tells into the file
    /// `after`.
    fn command(
        &self,
        place: &Place,
        odd: Option<&Surroundings>,
        options: &[String],
        after: &Path,
    ) -> Command {
        let here = place.here.path().to_string_lossy().into_owned();
        let mut words = self.words.split(' ');
        let name = words.next().expect("an applet");
        // What `--install` makes links to has one path only.
        let program = if name == "mote" { Command::new(mote("x86_64", ALL)) } else { applet("x86_64", name) };
        let mut line: Vec<String> = odd.map_or(Vec::new(), Surroundings::words);
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
            // Processes of its own, too: some commands signal all of them.
            let apart = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
            shell.args(apart).args(["--", "/bin/sh", "-c", &script]).arg(after).arg(&line[0]);
            shell
        };
        command.args(&line[1..]);
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.current_dir(place.here.path()).stdin(Stdio::null());
        if let Some(input) = &self.input {
            command.stdin(std::fs::File::open(place.here(input)).expect("the input"));
        }
        command
    }
}

/// Runs a workload in `place` under strace with `options`.
fn run(workload: &Workload, place: &Place, options: &[String]) -> Done {
    run_in(workload, place, None, options, || {})
}

/// As [`run`], in odd surroundings, and calls `meanwhile` when it has started.
pub(crate) fn run_in(
    workload: &Workload,
    place: &Place,
    odd: Option<&Surroundings>,
    options: &[String],
    meanwhile: impl FnOnce(),
) -> Done {
    let captured = tempfile::tempdir().expect("a folder");
    let after = captured.path().join("after");
    let mut command = workload.command(place, odd, options, &after);
    // To files: a pipe could fill up, and nobody would read while we wait.
    let file = |name: &str| fs::File::create(captured.path().join(name)).expect("a file");
    command.stdout(file("out")).stderr(file("err"));
    let mut child = command.spawn().expect("strace starts: `cargo rootfs setup` installs it");
    let start = Instant::now();
    meanwhile();
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

/// What a workload calls is in the list of its applet.
fn listed(workload: &Workload) {
    let traces = tempfile::tempdir().expect("a folder");
    let place = Place::new(workload);
    run(workload, &place, &options(traces.path()));
    let seen = Seen::read(traces.path(), &calls_of("x86_64", ALL), &out()).expect("traces");
    assert!(!seen.calls.is_empty(), "no trace of `{}`", workload.words);
    assert!(seen.outside.is_empty(), "`{}`: calls beyond its list: {:#?}", workload.words, seen.outside);
}

/// How often a workload makes each kind of call, after the exec.
pub(crate) fn calls(workload: &Workload) -> (BTreeMap<String, usize>, Place, Done) {
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
    // strace leaves open what it does not let be closed, which the kernel never does: the end of a pipe would not come.
    if ["fork", "vfork", "clone"].iter().any(|call| calls.contains_key(*call)) {
        calls.remove("close");
    }
    assert!(!calls.is_empty(), "`{}`: strace shows no calls", workload.words);
    (calls, place, done)
}

/// The numbers of calls to try out of `count`: all of a few; of many the first, the last, and some between.
pub(crate) fn numbers(count: usize) -> BTreeSet<usize> {
    (1..=count).filter(|n| *n <= 8 || *n + 4 > count || n % (count / 12 + 1) == 0).collect()
}

/// Runs a workload with every fault.
fn faults(workload: &Workload) {
    let each = |call: &str, n| errors(call).iter().map(move |error| (n, *error)).collect();
    judge(workload, "", |call, count| {
        numbers(count).into_iter().flat_map(|n| -> Vec<_> { each(call, n) }).collect()
    });
}

/// Runs a workload with faults that last: from some call on, every later one of the kind fails as well. An interruption
/// does not last.
fn lasting(workload: &Workload) {
    judge(workload, "+", |call, count| {
        let from = BTreeSet::from([1, 2.min(count), count.div_ceil(2), count]);
        let errors = errors(call).iter().filter(|error| **error != "EINTR").take(1);
        errors.flat_map(|error| from.iter().map(move |&n| (n, *error))).collect()
    });
}

/// Runs a workload with the faults that `each` gives for a call and how often it is made, and judges. `lasts` is what
/// strace has behind the number of a call.
fn judge(workload: &Workload, lasts: &str, each: impl Fn(&str, usize) -> Vec<(usize, &'static str)>) {
    let words = &workload.words;
    let (calls, place, good) = calls(workload);
    let expected = place.content();
    let bare = workload.scene.setup.is_empty();
    let mut wrong = Vec::new();
    for (call, &count) in &calls {
        for (n, error) in each(call, count) {
            let place = Place::new(workload);
            let fault = format!("{call}:error={error}:when={n}{lasts}");
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
                (Some(129..), _) => Some(format!("ended with {}", done.status)),
                (Some(0), _) if !same || done.out != good.out => Some("status 0, but work undone".into()),
                (Some(0), _) => None,
                // What could not be said cannot be read.
                (Some(_), _) if done.err.is_empty() && call != "write" => Some("fails without a word".into()),
                (Some(_), _) if bare && IDLE.contains(&call.as_str()) => Some("fails for nothing".into()),
                // The call is to be made again.
                (Some(_), _) if error == "EINTR" && ["read", "write"].contains(&call.as_str()) => {
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

/// Writes that take one byte each, or none: what is left is written, and what does not get on is a failure. strace
/// writes nothing, and tells the command so.
fn short_values(workload: &Workload) {
    let (_, place, good) = calls(workload);
    let log = tempfile::NamedTempFile::new().expect("a file");
    let tried = |value: &str| {
        let options = ["-o", &log.path().to_string_lossy(), "-e", &format!("inject=write:retval={value}")];
        run(workload, &Place::new(workload), &options.map(String::from))
    };
    let done = tried("1");
    let written = fs::read_to_string(log.path()).expect("strace's log");
    let writes = written.lines().filter(|line| line.starts_with("write(1,")).count();
    let length = good.out.replace("HERE", &place.here.path().to_string_lossy()).len();
    assert_eq!((done.status.code(), writes), (Some(0), length), "`{}`", workload.words);
    assert!(!tried("0").status.success(), "`{}`: nothing is written, and it says nothing", workload.words);
}

/// Output that cannot be written is a failure.
fn full(workload: &Workload) {
    let good = calls(workload).2;
    let place = Place::new(workload);
    let after = tempfile::tempdir().expect("a folder");
    // What this kernel cannot do needs strace.
    let options =
        if workload.scene.pretend.is_empty() { Vec::new() } else { vec!["-o".into(), "/dev/null".into()] };
    let mut program = workload.command(&place, None, &options, &after.path().join("after"));
    program.stdout(fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full"));
    let done = program.output().expect("it starts");
    assert_eq!(done.status.success(), good.out.is_empty(), "`{}`: {}", workload.words, done.status);
    assert_eq!(done.stderr.is_empty(), good.out.is_empty(), "`{}`", workload.words);
}
