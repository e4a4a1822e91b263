//! Cases on the machine that tests.

use build_rootfs::process::{command, output, which};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::LazyLock;
use tests::spec::{Case, Machine, Spec};
use tests::{applet_dir, emulated_dir, fresh};

/// Seconds after which a case hangs, on a machine that does other things too.
const LIMIT: &str = "120";

/// What a case is run by: standard error goes where standard output goes.
const SCRIPT: &str = "umask 022; exec 2>&1; . \"$CASE\"";

/// The cases of a file that run here.
pub(crate) fn trials(spec: &Spec) -> Vec<Trial> {
    let root = rustix::process::geteuid().is_root();
    let mut trials = Vec::new();
    for (machine, target, behind) in
        [(Machine::Native, "x86_64", ""), (Machine::User, "armv5te", "::armv5te")]
    {
        for case in spec.cases.iter().filter(|case| case.machines.contains(&machine)) {
            let (name, case) = (format!("{}{behind}", case.name), case.clone());
            let ignored = case.root && !root;
            let at = format!("{}:{}", spec.file.display(), case.line);
            let run = move || match run(target, &case)? {
                Some(why) => Err(Failed::from(format!("{at}: {why}"))),
                None => Ok(()),
            };
            trials.push(Trial::test(name, run).with_ignored_flag(ignored));
        }
    }
    trials
}

/// What is wrong with a case, if anything is.
fn run(target: &str, case: &Case) -> std::io::Result<Option<String>> {
    // The folders for PATH, made once.
    static NATIVE: LazyLock<PathBuf> = LazyLock::new(|| applet_dir("x86_64"));
    static EMULATED: LazyLock<PathBuf> = LazyLock::new(|| emulated_dir("armv5te"));
    let dir = if target == "x86_64" { &*NATIVE } else { &*EMULATED };
    let room = tempfile::tempdir()?;
    let at = |name: &str| room.path().join(name);
    fs::write(at("case"), &case.script)?;
    fs::create_dir(at("room"))?;
    let mut words = apart().to_vec();
    words.extend([program("timeout"), LIMIT.into(), dir.join("sh"), "-c".into(), SCRIPT.into()]);
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
