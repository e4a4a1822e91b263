//! Measures one run of one program.

use super::list::{Counter, Run};
use super::subject::Subject;
use crate::error::{Context, Error, Result};
use crate::process::{command, which};
use nix::sys::resource::{getrusage, UsageWho};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// How long a shell may take until it waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes that go through a pipe at a time.
const CHUNK: usize = 1 << 16;

/// Measures `subject` once; none when it has no such program.
///
/// # Errors
/// A program cannot be started or fails, or its figure cannot be read.
pub fn once(subject: &Subject, run: Run, counter: Counter, tiny: &Path) -> Result<Option<f64>> {
    let (program, arguments) = match run {
        Run::Script(script) => {
            let script = script.replace("TRUE", &tiny.to_string_lossy());
            (&subject.sh, vec!["-c".to_string(), script])
        }
        Run::Fifo => (&subject.sh, Vec::new()),
        Run::Cat => match &subject.cat {
            Some(cat) => (cat, vec!["/dev/null".to_string()]),
            None => return Ok(None),
        },
    };
    let figure = match counter {
        Counter::Instructions => instructions(program, &arguments),
        Counter::ProcessorTime => processor_time(program, &arguments),
        Counter::SystemCalls => system_calls(program, &arguments),
        Counter::PrivateMemory => private_memory(program),
        Counter::Time => wall(clean(program).args(&arguments), 0),
    };
    figure.map(Some).map_err(|error| error.within(subject.name))
}

/// A command with a fixed environment, which is the same for all measurements: its size costs instructions and
/// memory.
pub(crate) fn clean(program: &Path) -> Command {
    let mut command = command(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/").current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs a measuring tool to its end and returns its stderr.
fn tool(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::piped()).output().context(&name)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(Error::new(format!("{name}: {}: {}", output.status, said.trim())));
    }
    Ok(said)
}

/// Instructions of one run in user mode.
///
/// # Errors
/// The program or valgrind fails.
pub(crate) fn instructions(program: &Path, arguments: &[String]) -> Result<f64> {
    let mut valgrind = clean(&find_program("valgrind")?);
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(arguments);
    let said = tool(&mut valgrind)?;
    collected(&said).ok_or_else(|| Error::new(format!("valgrind: no figure in its output: {}", said.trim())))
}

/// The figure in callgrind's closing lines.
fn collected(said: &str) -> Option<f64> {
    said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok())
}

fn system_calls(program: &Path, arguments: &[String]) -> Result<f64> {
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let trace = scratch.path().join("trace");
    let mut strace = clean(&find_program("strace")?);
    strace.arg("-f").arg("-o").arg(&trace).arg(program).args(arguments);
    tool(&mut strace)?;
    let text = fs::read_to_string(&trace).context(trace.display())?;
    Ok(calls(&text) as f64)
}

/// The calls in a trace, each counted where it starts.
fn calls(trace: &str) -> usize {
    let starts = |line: &&str| {
        let call = line.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let name = call.split('(').next().unwrap_or_default();
        name.len() < call.len() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    trace.lines().filter(starts).count()
}

/// The elapsed milliseconds of one run. The output is read from a pipe, and the input is a pipe with `feed` bytes.
///
/// # Errors
/// The program cannot be started, or fails.
pub(crate) fn wall(command: &mut Command, feed: u64) -> Result<f64> {
    let name = command.get_program().to_string_lossy().into_owned();
    if feed > 0 {
        command.stdin(Stdio::piped());
    }
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().context(&name)?;
    let feeder = child.stdin.take().map(|pipe| thread::spawn(move || write_zeros(pipe, feed)));
    let mut buffer = vec![0; CHUNK];
    if let Some(mut output) = child.stdout.take() {
        while output.read(&mut buffer).context(&name)? > 0 {}
    }
    let status = child.wait().context(&name)?;
    let took = start.elapsed();
    if let Some(Err(why)) = feeder.and_then(|feeder| feeder.join().ok()) {
        return Err(why).context(&name);
    }
    if !status.success() {
        return Err(Error::new(format!("{name}: {status}")));
    }
    Ok(took.as_secs_f64() * 1e3)
}

/// Writes `bytes` bytes, a multiple of [`CHUNK`], into a pipe.
fn write_zeros(mut pipe: impl Write, bytes: u64) -> std::io::Result<()> {
    let chunk = vec![0; CHUNK];
    (0..bytes / CHUNK as u64).try_for_each(|_| pipe.write_all(&chunk))
}

fn processor_time(program: &Path, arguments: &[String]) -> Result<f64> {
    let before = children_time()?;
    tool(clean(program).args(arguments))?;
    Ok(children_time()? - before)
}

/// The processor time of all ended children and their children, in milliseconds.
fn children_time() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).context("getrusage")?;
    let ms = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 * 1e3 + t.tv_usec() as f64 / 1e3;
    Ok(ms(usage.user_time()) + ms(usage.system_time()))
}

fn private_memory(program: &Path) -> Result<f64> {
    // A file just written is dirty in the cache, and counts as dirty where it is mapped.
    File::open(program).and_then(|file| file.sync_all()).context(program.display())?;
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let fifo = scratch.path().join("f");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).context("mkfifo")?;
    // For reading and writing: this does not wait, and keeps the shell from reading the end.
    let hold = File::options().read(true).write(true).open(&fifo).context(fifo.display())?;
    let mut shell = clean(program).arg(&fifo).stderr(Stdio::null()).spawn().context(program.display())?;
    let figure = settled_memory(shell.id());
    drop(hold);
    let killed = shell.kill().and_then(|()| shell.wait());
    let figure = figure?;
    killed.context(program.display())?;
    Ok(figure)
}

/// The private dirty memory of `pid`, after it waits and the figure no longer changes.
fn settled_memory(pid: u32) -> Result<f64> {
    let start = Instant::now();
    let mut last = (0, None);
    while start.elapsed() < PATIENCE {
        sleep(Duration::from_millis(20));
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the shell")?;
        let waits = stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'));
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("the shell")?;
        let now = dirty(&rollup).filter(|_| waits);
        last = if now.is_some() && now == last.1 { (last.0 + 1, now) } else { (0, now) };
        if let (5.., Some(figure)) = last {
            return Ok(figure);
        }
    }
    Err(Error::new("the shell does not wait at the fifo"))
}

fn dirty(rollup: &str) -> Option<f64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Private_Dirty:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn find_program(program: &str) -> Result<std::path::PathBuf> {
    which(program)
        .ok_or_else(|| Error::new(format!("{program}: not installed")).fix("run `cargo rootfs setup`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read() {
        assert_eq!(collected("==1== x\n==1== Collected : 14064\n==1==\n"), Some(14064.0));
        assert_eq!(collected("==1== nothing\n"), None);
        assert_eq!(dirty("Rss:  8 kB\nPrivate_Dirty:        12 kB\n"), Some(12.0));
    }

    #[test]
    fn calls_are_counted_once() {
        let trace = "7 execve(\"x\", [\"x\"], 0x7 /* 3 vars */) = 0\n7 vfork( <unfinished ...>\n\
                     8 exit_group(0) = ?\n7 <... vfork resumed>) = 8\n8 +++ exited with 0 +++\n\
                     7 --- SIGCHLD {si_signo=SIGCHLD} ---\n7 wait4(-1, 0x7, 0, NULL) = 8\n";
        assert_eq!(calls(trace), 4);
    }

    #[test]
    fn the_clock_sees_what_goes_through() {
        let sh = |script| {
            let mut sh = clean(Path::new("/bin/sh"));
            sh.args(["-c", script]);
            sh
        };
        assert!(wall(&mut sh("sleep 0.05; [ $(wc -c) = 1048576 ] && echo x"), 1 << 20).unwrap() >= 50.0);
        assert!(wall(&mut sh("exit 3"), 0).unwrap_err().to_string().contains("3"));
        assert!(wall(&mut sh("exit 0"), 1 << 20).unwrap_err().to_string().contains("Broken pipe"));
    }

    #[test]
    fn processor_time_of_children_is_seen() {
        let script = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done".to_string();
        assert!(processor_time(Path::new("/bin/sh"), &["-c".into(), script]).unwrap() > 5.0);
    }
}
