//! Cases on the machine that tests.

use build_rootfs::process::{command, output, which};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::LazyLock;
use tests::calls::{options, Seen};
use tests::spec::{Case, Machine, Spec};
use tests::{applet_dir, calls_of, copied_dir, emulated_dir, fresh, out, ALL};

/// Seconds after which a case hangs, on a machine that does other things too.
const LIMIT: &str = "120";

/// What a case is run by: standard error goes where standard output goes.
const SCRIPT: &str = "umask 022; exec 2>&1; . \"$CASE\"";

/// How a case runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// As it is, on x86-64.
    Native,
    /// So, each applet as a program of its own, and what it calls is held to its list.
    Traced,
    /// By a mote without the features that can be left out.
    Lean,
    /// With the ARMv5TE binary.
    Emulated,
}

/// The cases of a file that run here.
pub(crate) fn trials(spec: &Spec) -> Vec<Trial> {
    let root = rustix::process::geteuid().is_root();
    let mut trials = Vec::new();
    for (machine, way, behind) in [
        (Machine::Native, Way::Native, ""),
        (Machine::Native, Way::Traced, "::calls"),
        (Machine::Lean, Way::Lean, "::lean"),
        (Machine::User, Way::Emulated, "::armv5te"),
    ] {
        for case in spec.cases.iter().filter(|case| case.machines.contains(&machine)) {
            let (name, mut case) = (format!("{}{behind}", case.name), case.clone());
            if machine == Machine::Lean {
                // There is no help to point to.
                case.output = case.output.replace(" (see --help)", "");
            }
            let ignored = case.root && !root;
            let at = format!("{}:{}", spec.file.display(), case.line);
            let run = move || match run(way, &case)? {
                Some(why) => Err(Failed::from(format!("{at}: {why}"))),
                None => Ok(()),
            };
            trials.push(Trial::test(name, run).with_ignored_flag(ignored));
        }
    }
    trials
}

/// What is wrong with a case, if anything is.
fn run(way: Way, case: &Case) -> std::io::Result<Option<String>> {
    // The folders for PATH, made once.
    static NATIVE: LazyLock<PathBuf> = LazyLock::new(|| applet_dir("x86_64"));
    static LEAN: LazyLock<PathBuf> = LazyLock::new(|| applet_dir("x86_64+lean"));
    static EMULATED: LazyLock<PathBuf> = LazyLock::new(|| emulated_dir("armv5te"));
    let dir = match way {
        Way::Native | Way::Traced => &*NATIVE,
        Way::Lean => &*LEAN,
        Way::Emulated => &*EMULATED,
    };
    let room = tempfile::tempdir()?;
    let at = |name: &str| room.path().join(name);
    fs::write(at("case"), &case.script)?;
    fs::create_dir(at("room"))?;
    let mut words = apart().to_vec();
    let mut script = SCRIPT.to_string();
    let traces = at("traces");
    if way == Way::Traced {
        fs::create_dir(&traces)?;
        words.push(program("strace"));
        words.extend(options(&traces).into_iter().chain(["-qq".into(), "--".into()]).map(PathBuf::from));
        // Each applet is a program of its own.
        script = format!("PATH={}:$PATH; {SCRIPT}", copied_dir("x86_64").display());
    }
    words.extend([program("timeout"), LIMIT.into(), dir.join("sh"), "-c".into(), script.into()]);
    let mut command = fresh(&words[0]);
    command.args(&words[1..]);
    // From the beginning on: where PATH has changed, what it finds comes before the applets that the shell has itself.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env_clear().env("PATH", format!("{}:{path}", dir.display()));
    command.envs([("HOME", "/tmp"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC0")]);
    command.env("CASE", at("case")).current_dir(at("room"));
    // To a file: the end of a pipe comes only when nobody has it any more.
    let output = fs::File::create(at("output"))?;
    let status = command.stdin(Stdio::null()).stderr(output.try_clone()?).stdout(output).status()?;
    if way == Way::Traced {
        let seen = Seen::read(&traces, &calls_of("x86_64", ALL), &out())?;
        if !seen.calls.contains_key("sh") {
            return Ok(Some(format!("no trace of a shell: {}", fs::read_to_string(at("output"))?)));
        }
        let outside: Vec<String> = seen.outside.into_iter().collect();
        return Ok((!outside.is_empty()).then(|| format!("calls beyond the lists:\n{}", outside.join("\n"))));
    }
    Ok(case.differs(&fs::read(at("output"))?, status.code()))
}

/// The words before a command that has mounts and processes of its own, which end with it: cases mount things, and an
/// applet that signals all processes or halts the machine must not do so here. None where that is not allowed.
fn apart() -> &'static [PathBuf] {
    static WORDS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
        let mut words = vec![program("unshare")];
        if !rustix::process::geteuid().is_root() {
            words.extend(["--user", "--map-current-user"].map(PathBuf::from));
        }
        let options =
            ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
        words.extend(options.map(PathBuf::from));
        let mut probe = command(&words[0]);
        match output(probe.args(&words[1..]).arg("true")) {
            Ok(_) => words,
            Err(_) => Vec::new(),
        }
    });
    &WORDS
}

/// The machine's program `name`: in PATH an applet comes first.
fn program(name: &str) -> PathBuf {
    which(name).unwrap_or_else(|| panic!("no {name}: `cargo rootfs setup` installs what is missing"))
}
