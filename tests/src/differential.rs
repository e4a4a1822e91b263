//! The same script in several shells: what each prints, its status, and the smallest script on which one
//! of them stands alone.

use crate::fresh;
use rustix::event::{poll, PollFd, PollFlags, Timespec};
use rustix::process::{kill_process_group, pidfd_open, Pid, PidfdFlags, Signal};
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Seconds, of which a script takes the hundredth part: who is still at work then hangs, on a busy machine, too.
const PATIENCE: i64 = 60;

/// What a script did.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Outcome {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Exit status; −1 a signal's victim, −2 still at work after all patience.
    pub status: i32,
}

/// The shells: two that know what is right, one that should.
pub struct Shells {
    /// Debian's dash.
    pub dash: PathBuf,
    /// bash, run with `--posix`.
    pub bash: PathBuf,
    /// The one under test.
    pub mote: PathBuf,
}

/// Answers of the three.
pub struct Answers {
    /// dash's and bash's.
    pub known: Outcome,
    /// mote's.
    pub mote: Outcome,
}

impl Shells {
    /// Runs `script` below `place`: the answers when dash and bash agree.
    ///
    /// # Errors
    /// The working directory cannot be made, or a shell not be started.
    pub fn ask(&self, script: &str, place: &Path) -> io::Result<Option<Answers>> {
        let known = run(fresh(&self.dash), script, place)?;
        let mut bash = fresh(&self.bash);
        bash.arg("--posix");
        if run(bash, script, place)? != known || known.status < 0 {
            return Ok(None);
        }
        let mut mote = fresh(&self.mote);
        mote.arg0("sh");
        Ok(Some(Answers { known, mote: run(mote, script, place)? }))
    }

    /// Does mote stand alone?
    pub fn differs(&self, script: &str, place: &Path) -> bool {
        self.ask(script, place).is_ok_and(|answers| answers.is_some_and(|a| a.known != a.mote))
    }

    /// The smallest script left of `script`, of which lines and then words are taken away as long as mote
    /// stands alone. Lines with `kill` stay whole: they must not hit somebody else.
    pub fn minimise(&self, prologue: &str, script: &str, place: &Path) -> String {
        let still = |text: &str| self.differs(&format!("{prologue}{text}"), place);
        let mut lines: Vec<String> = script.split_inclusive('\n').map(str::to_string).collect();
        shrink(&mut lines, &|lines| still(&lines.concat()));
        let mut pieces = Vec::new();
        for line in lines {
            if line.contains("kill") {
                pieces.push(line);
            } else {
                pieces.extend(line.split_inclusive([' ', ';', '"', '}', ')']).map(str::to_string));
            }
        }
        shrink(&mut pieces, &|pieces| still(&pieces.concat()));
        pieces.concat()
    }
}

/// Takes away runs of pieces, long ones first, as long as `still` holds of the rest.
fn shrink(pieces: &mut Vec<String>, still: &dyn Fn(&[String]) -> bool) {
    let mut size = pieces.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        let before = pieces.len();
        while at < pieces.len() {
            let mut rest = pieces.clone();
            rest.drain(at..(at + size).min(pieces.len()));
            if still(&rest) {
                *pieces = rest;
            } else {
                at += size;
            }
        }
        if size > 1 || pieces.len() == before {
            size /= 2;
        }
    }
}

fn run(mut shell: Command, script: &str, place: &Path) -> io::Result<Outcome> {
    // Its own: what a script leaves running may still write into it.
    let home = tempfile::tempdir_in(place)?;
    let (dir, output) = (home.path().join("w"), home.path().join("out"));
    fixture(&dir)?;
    shell.args(["-c", script]).current_dir(&dir).env_clear().envs([
        ("PATH", "/usr/bin:/bin"),
        ("HOME", "/home/me"),
        ("LC_ALL", "C"),
    ]);
    shell.stdin(Stdio::null()).stdout(File::create(&output)?).stderr(Stdio::null());
    let mut child = shell.spawn()?;
    let pid = Pid::from_raw(child.id() as i32).ok_or_else(|| io::Error::other("no process"))?;
    let ended = ends(pid)?;
    // It and all that it left running; most often nobody is there any more.
    let _ = kill_process_group(pid, Signal::KILL);
    let status = child.wait()?.code().unwrap_or(-1);
    let status = if ended { status } else { -2 };
    Ok(Outcome { stdout: fs::read(&output)?, status })
}

/// The working directory of a script: some files to find.
fn fixture(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir.join("d"))?;
    for name in ["a1", "a2", "b.c", "x y", ".h", "d/e1", "d/e2"] {
        File::create(dir.join(name))?;
    }
    fs::write(dir.join("t1"), "one two  three\n  four\\\nfive\n")?;
    fs::write(dir.join("t2"), "x:y\n")
}

/// Waits for the end of a process; false if it does not come.
fn ends(pid: Pid) -> io::Result<bool> {
    let fd = pidfd_open(pid, PidfdFlags::empty())?;
    let patience = Timespec { tv_sec: PATIENCE, tv_nsec: 0 };
    Ok(poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&patience))? > 0)
}
