//! One program of a test-suite: in a session of its own, with a time limit, its output bounded.

use build_rootfs::error::{Context, Result};
use rustix::process::{kill_process, kill_process_group, Pid, Signal};
use std::fs::{self, File};
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Output beyond this is cut off.
const MOST_OUTPUT: u64 = 1 << 20;
/// How long the children of a program that has ended may go on writing.
const GRACE: Duration = Duration::from_secs(3);

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    /// stdout and stderr, as they came.
    pub output: Vec<u8>,
    /// `None`: it ran out of time and was killed.
    pub status: Option<ExitStatus>,
}

/// Runs `command`, which [`crate::fresh`] has made, for at most `limit`, with its stdout and stderr in one pipe, then ends what is left of its session's first process group; when time has run out, all
/// its descendants and everything in its session.
///
/// # Errors
/// It cannot be started.
pub fn run(command: &mut Command, limit: Duration) -> Result<Finished> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).context(&name)?;
    let again = writer.try_clone().context(&name)?;
    let child = command.stdin(Stdio::null()).stdout(writer).stderr(again).spawn().context(&name)?;
    // The command holds the pipe's writing ends: without them gone the reading below never ends.
    command.stdout(Stdio::null()).stderr(Stdio::null());

    let (send, chunks) = mpsc::channel();
    thread::spawn(move || pass_on(File::from(reader), &send));
    Ok(collect(child, &chunks, Instant::now() + limit))
}

fn pass_on(reader: File, to: &mpsc::Sender<Vec<u8>>) {
    let mut reader = reader.take(MOST_OUTPUT);
    loop {
        let mut chunk = vec![0; 4096];
        match reader.read(&mut chunk) {
            Ok(n @ 1..) => {
                chunk.truncate(n);
                if to.send(chunk).is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

fn collect(mut child: Child, chunks: &mpsc::Receiver<Vec<u8>>, deadline: Instant) -> Finished {
    let mut output = Vec::new();
    let (mut end, mut status, mut open) = (deadline, None, true);
    while (open || status.is_none()) && Instant::now() < end {
        if open {
            match chunks.recv_timeout(Duration::from_millis(if status.is_some() { 20 } else { 5 })) {
                Ok(chunk) => output.extend(chunk),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => open = false,
            }
        } else {
            thread::sleep(Duration::from_millis(1));
        }
        if status.is_none() {
            status = child.try_wait().unwrap_or_default();
            if status.is_some() {
                end = Instant::now() + GRACE;
            }
        }
    }
    if status.is_none() {
        kill_family(child.id());
    }
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // There may be nothing left of it.
        let _ = kill_process_group(group, Signal::KILL);
    }
    if status.is_none() {
        let _ = child.wait();
    }
    output.extend(chunks.try_iter().flatten());
    Finished { output, status }
}

/// Jobs of a shell have process groups of their own, and `script` has a session of its own; the leader has
/// not been waited for, so the number of the session is still its. The parents stop first: a child whose
/// parent has ended belongs to nobody, and one that forks meanwhile is found the next time.
fn kill_family(leader: u32) {
    let mut family = vec![leader];
    loop {
        let known = family.len();
        let all = processes();
        for process in &all {
            let belongs = process.session == leader || family.contains(&process.parent);
            if belongs && !family.contains(&process.pid) {
                family.push(process.pid);
            }
        }
        signal(&family, Signal::STOP);
        if family.len() == known {
            break;
        }
    }
    signal(&family, Signal::KILL);
}

fn signal(processes: &[u32], signal: Signal) {
    for pid in processes.iter().filter_map(|pid| Pid::from_raw(i32::try_from(*pid).ok()?)) {
        // It may have ended by itself.
        let _ = kill_process(pid, signal);
    }
}

/// What the kernel tells of a process.
struct Process {
    pid: u32,
    parent: u32,
    session: u32,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let process = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // Behind the name, which may hold anything: state, parent, group, session.
        let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(1).map(|field| field.parse().ok());
        Some(Process { pid, parent: fields.next()??, session: fields.nth(1)?? })
    };
    entries.filter_map(process).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fresh;

    fn shell(script: &str, limit: u64) -> Finished {
        run(fresh("sh").args(["-c", script]), Duration::from_millis(limit)).unwrap()
    }

    #[test]
    fn output_and_status() {
        let done = shell("echo out; echo err >&2; exit 3", 5000);
        assert_eq!(done.output, b"out\nerr\n");
        assert_eq!(done.status.unwrap().code(), Some(3));
    }

    #[test]
    fn late_output_of_children_counts() {
        assert_eq!(shell("(sleep 0.2; echo late) & echo first", 5000).output, b"first\nlate\n");
    }

    #[test]
    fn time_runs_out() {
        let start = Instant::now();
        assert!(shell("echo x; sleep 60; echo y", 200).status.is_none());
        assert!(start.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn jobs_of_their_own_groups_end_too() {
        let done = shell("set -m; sleep 61 & echo $!; sleep 60", 300);
        let text = String::from_utf8_lossy(&done.output);
        let job = text.lines().find_map(|line| line.trim().parse::<u32>().ok()).unwrap();
        gone(job);
    }

    fn gone(pid: u32) {
        let start = Instant::now();
        let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        while !state().is_empty() && !state().contains(") Z") {
            assert!(start.elapsed() < Duration::from_secs(5));
            thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn sessions_of_their_own_end_too() {
        let done = shell("setsid sh -c 'sleep 62 & echo $!; wait' & echo; sleep 60", 300);
        let text = String::from_utf8_lossy(&done.output);
        let job = text.lines().find_map(|line| line.trim().parse::<u32>().ok()).unwrap();
        gone(job);
    }

    #[test]
    fn output_is_bounded() {
        let done = shell("yes", 60_000);
        assert_eq!(done.output.len() as u64, MOST_OUTPUT);
    }

    #[test]
    fn no_descriptor_leaks_in() {
        let done = shell("ls /proc/$$/fd", 5000);
        assert_eq!(done.output, b"0\n1\n2\n");
    }
}
