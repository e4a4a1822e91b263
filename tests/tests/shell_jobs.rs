//! Job control: what a person at a terminal starts, stops, resumes and kills.

use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::{applet_dir, controlled, fresh};

/// A shell at a terminal that can do nothing, so that lines come without an editor.
struct Session {
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    seen: String,
    /// A folder of its own, `$D`.
    _folder: TempDir,
}

impl Session {
    fn start(target: &str) -> Session {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let stdio = || Stdio::from(slave.try_clone().unwrap());
        let mut command = fresh(applet_dir(target).join("sh"));
        controlled(&mut command);
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "dumb").env("PS1", "> ");
        let folder = tempfile::tempdir().unwrap();
        let child = command.env("D", folder.path()).spawn().unwrap();
        drop((command, slave));
        let terminal = File::from(master);
        let mut reader = terminal.try_clone().unwrap();
        let (to, output) = channel();
        std::thread::spawn(move || {
            let mut b = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut b) {
                if to.send(b[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut s = Session { child, terminal, output, seen: String::new(), _folder: folder };
        s.wait("> ");
        s
    }

    /// Waits for `text` in the output behind what was waited for before.
    #[track_caller]
    fn wait(&mut self, text: &str) {
        let end = Instant::now() + Duration::from_secs(300);
        loop {
            if let Some(at) = self.seen.find(text) {
                self.seen.drain(..at + text.len());
                return;
            }
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(b) => self.seen += &String::from_utf8_lossy(&b).replace('\r', ""),
                Err(_) => panic!("no {text:?} in {:?}", self.seen),
            }
        }
    }

    /// Types, and waits for `answer` and a new prompt.
    #[track_caller]
    fn say(&mut self, keys: &str, answer: &str) {
        self.terminal.write_all(keys.as_bytes()).unwrap();
        self.wait(answer);
        self.wait("> ");
    }

    /// Starts a foreground command that says `ready` when it runs.
    #[track_caller]
    fn run(&mut self, command: &str) {
        self.terminal.write_all(format!("{command}\n").as_bytes()).unwrap();
        self.wait("\nready\n");
    }

    /// Waits until all processes of the terminal sleep, but for `busy` of them.
    #[track_caller]
    fn settle(&self, busy: usize) {
        let session = self.child.id().to_string();
        let end = Instant::now() + Duration::from_secs(300);
        let mut asleep = 0;
        // Twice, since processes are looked at one after the other.
        while asleep < 2 {
            assert!(Instant::now() < end, "something does not come to rest");
            std::thread::sleep(Duration::from_millis(1));
            let awake = fs::read_dir("/proc").unwrap().filter_map(|entry| {
                let text = fs::read_to_string(entry.unwrap().path().join("stat")).ok()?;
                let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
                (fields[3] == session && !"SZT".contains(fields[0])).then_some(())
            });
            asleep = if awake.count() == busy { asleep + 1 } else { 0 };
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SLEEP: &str = "sh -c 'echo ready; exec sleep 1000'";

fn stop_resume_interrupt(mut s: Session) {
    s.run(SLEEP);
    s.say("\x1a", "[1] + Stopped (SIGTSTP)");
    s.say("echo st $?\n", "\nst 148\n");
    s.say("jobs\n", "\n[1] + Stopped");
    s.say("bg\n", "\n[1] sh -c");
    s.say("jobs\n", "\n[1] + Running");
    s.terminal.write_all(b"fg\n").unwrap();
    s.wait("exec sleep");
    s.say("\x03", "^C");
    s.say("echo st $?\n", "\nst 130\n");
    s.say("jobs; echo none\n", "\nnone\n");
}

fn pipelines_stop_and_die_as_one(mut s: Session) {
    s.run(&format!("{SLEEP} | cat"));
    s.say("\x1a", "[1] + Stopped");
    s.say("kill %1; sleep 0.5\n", "[1] + Terminated");
    s.say("jobs; echo none\n", "\nnone\n");
}

fn the_end_of_a_background_job_is_told(mut s: Session) {
    s.say("sleep 0.2 & \n", "[1] ");
    s.say("wait; echo waited\n", "\nwaited\n");
    s.say("sleep 0.5 &\n", "[1] ");
    s.say("sleep 1\n", "[1] + Done");
}

fn notify_tells_at_once(mut s: Session) {
    s.say("set -b; sleep 0.3 &\n", "[1] ");
    // No key is pressed.
    s.wait("[1] + Done");
    // Nor does a command in the foreground keep it back.
    s.terminal.write_all(b"sleep 0.3 & sleep 1; echo la''ter\n").unwrap();
    s.wait("[1] + Done");
    s.wait("\nlater\n> ");
    s.say("set +b; case $- in *b*) echo on;; *) echo o''ff;; esac\n", "\noff\n");
}

fn an_interrupt_ends_a_loop_and_not_the_shell(mut s: Session) {
    s.terminal.write_all(b"echo rea''dy; while :; do :; done\n").unwrap();
    s.wait("\nready\n");
    s.say("\x03", "");
    s.say("echo st $?\n", "\nst 130\n");
    s.run(&format!("f() {{ {SLEEP}; echo not; }}; f; echo no"));
    s.say("\x03", "^C");
    s.say("echo here\n", "here\n");
    assert!(!s.seen.contains("not"), "{}", s.seen);
}

fn errors_leave_the_shell_and_exit_ends_it(mut s: Session) {
    s.say("echo ${x?bad}\n", "sh: x: bad");
    s.say("if then\n", "syntax error");
    s.say("readonly r=1; r=2\n", "read only");
    s.say(". /no/such\n", "can't open");
    s.say("fg %7\n", "no such job");
    s.terminal.write_all(b"exit 7\n").unwrap();
    assert_eq!(s.child.wait().unwrap().code(), Some(7));
}

const STOP: &str = "sh -c 'kill -s STOP $$; echo went on'";

fn an_interrupt_takes_no_command_away(mut s: Session) {
    s.say("cd /; mkfifo \"$D\"/fifo\n", "");
    for waits in [
        "x=$(echo rea''dy >&2; sleep 1000)",
        "echo $(echo rea''dy >&2; sleep 1000; :) not",
        "echo $(echo rea''dy >&2; while :; do :; done) not",
        "x=$(echo rea''dy >&2; sleep 1000); echo not",
        "echo rea''dy; : <\"$D\"/fifo; echo not",
        "sleep 1000 & echo rea''dy; wait $!",
        "echo rea''dy; wait",
        "eval 'sh -c \"echo rea\"\"dy; sleep 1000\"'; echo not",
        "command eval 'sh -c \"echo rea\"\"dy; sleep 1000\"'; echo not",
        "(echo rea''dy; sleep 1000; echo not); echo not",
        "echo rea''dy | (cat; sleep 1000; echo not); echo not",
    ] {
        s.terminal.write_all(format!("{waits}\n").as_bytes()).unwrap();
        s.wait("\nready\n");
        s.settle(waits.contains("while").into());
        s.say("\x03", "");
        s.say("cd /usr; echo st$?:$PWD\n", "\nst0:/usr\n");
        s.say("cd /\n", "");
        assert!(!s.seen.contains("\nnot"), "{waits}: {}", s.seen);
    }
    s.say("kill %1\n", "");
    s.terminal.write_all(b"x=$(echo rea''dy >&2; sleep 1000)\n").unwrap();
    s.wait("\nready\n");
    s.say("\x03", "");
    s.say("echo st$?\n", "\nst130\n");
    s.say("trap 'echo tr''ap' INT\n", "");
    s.terminal.write_all(b"x=$(echo rea''dy >&2; sleep 1000)\n").unwrap();
    s.wait("\nready\n");
    s.say("\x03", "trap\n");
}

fn the_last_part_of_a_pipeline_is_its_number(mut s: Session) {
    s.say("cd \"$D\"; echo 1 | sh -c 'echo $$ >n; exec sleep 1000' & n=$!\n", "");
    s.say("until [ -s n ]; do sleep .1; done; [ $n = $(cat n) ]; echo same $?\n", "\nsame 0\n");
    s.say("rm n; kill $n; wait $n; echo st $?\n", "\nst 143\n");
    s.say("f() { return 7; }; true | f & wait $!; echo st $?\n", "\nst 7\n");
    s.say("true | (exit 3) & wait $!; echo st $?\n", "\nst 3\n");
    s.say("! true | (exit 3) & wait $!; echo st $?\n", "\nst 0\n");
    s.say("true | (exit 3) || false & wait $!; echo st $?\n", "\nst 1\n");
    s.say("cat | sleep 1000 &\n", "[1] ");
    s.say("jobs -p >n; ps -o pgid= -p $! | tr -d ' ' | cmp - n; echo same $?\n", "\nsame 0\n");
    s.say("rm n; set -o pipefail; kill %1; wait %1; echo st $?\n", "\nst 143\n");
    // A job that is stopped when it is killed is waited for to its end.
    let wait = "cat & until jobs %% | grep -q Stop; do :; done; kill -s $s %%; wait %%; r=$r.$?";
    s.say(
        &format!("r=; for s in HUP KILL TERM HUP KILL TERM; do {wait}; done; echo \"$r\"\n"),
        "\n.129.137.143.129.137.143\n",
    );
}

fn a_stopped_job_is_the_current_one(mut s: Session) {
    s.say("set +b; sleep 1001 &\n", "[1] ");
    s.say(&format!("{STOP}\n"), "[2] + Stopped (SIGSTOP)       sh -c");
    s.say(&format!("{STOP}; echo not\n"), "[3] + Stopped");
    s.say("sleep 1002 &\n", "[4] ");
    s.say("jobs\n", "\n[1]   Running                 sleep 1001\n[2] - Stopped (SIGSTOP)       sh -c");
    s.say("jobs %% %sleep %-\n", "\n[3] + Stopped (SIGSTOP)       sh -c 'kill -s STOP $$; echo went on'\n");
    s.say(
        "jobs -l %1 | sed \"s/ $(jobs -p %1) / pid /\"\n",
        "\n[1]   pid Running                 sleep 1001\n",
    );
    s.say("fg >/dev/null; echo st $?\n", "\nwent on\nst 0\n");
    s.say("fg\n", "\nsh -c 'kill -s STOP $$; echo went on'\nwent on\n");
    s.say("jobs\n", "\n[1] - Running                 sleep 1001\n[4] + Running                 sleep 1002\n");
    s.say("kill %sleep; echo st $?\n", "\nst 1\n");
    s.say("kill -s STOP %1; kill -s STOP %1; kill %1 %4; wait; jobs; echo no''ne\n", "\nnone\n");
    assert!(!s.seen.contains("\nnot"), "{}", s.seen);
}

fn stopped_jobs_are_not_left_without_a_word(mut s: Session) {
    s.say(&format!("{STOP}\n"), "[1] + Stopped");
    s.say("exit 3\n", "stopped jobs");
    s.terminal.write_all(b"exit 4\n").unwrap();
    assert_eq!(s.child.wait().unwrap().code(), Some(4));
}

fn signals_of_job_control_can_be_trapped(mut s: Session) {
    s.say("trap 'echo got it' TSTP TTIN TTOU TERM QUIT\n", "");
    for signal in ["TSTP", "TTIN", "TTOU", "TERM", "QUIT"] {
        s.say(&format!("kill -s {signal} $$\n"), "\ngot it\n");
    }
    s.say("trap - TSTP TTIN TTOU TERM QUIT\n", "");
    s.say("for s in TSTP TTIN TTOU TERM QUIT; do kill -s $s $$; done; echo al''ive\n", "\nalive\n");
    s.say(
        "sh -mc 'trap \"echo caught\" TSTP; kill -s TSTP $$; trap - TSTP; kill -s TSTP $$; echo st $?'\n",
        "\ncaught\nst 0\n",
    );
    let ignored = "sed -n s/SigIgn:.//p /proc/self/status";
    s.say(
        &format!("{ignored}; ({ignored}; :); set +m; {ignored}; x=$({ignored}; :); echo $x; set -m\n"),
        &"\n0000000000000000".repeat(4),
    );
    s.say("trap '' TSTP; set +m; set -m\n", "");
    s.say(&format!("{ignored}\n"), "\n0000000000080000\n");
}

/// Each of these in a shell that forks, and in one that starts subshells by vfork and exec.
macro_rules! both_ways {
    ($($name:ident)*) => {
        mod forking {
            $(#[test] fn $name() { super::$name(super::Session::start("x86_64")); })*
        }
        mod without_fork {
            $(#[test] fn $name() { super::$name(super::Session::start("x86_64+nommu")); })*
        }
    };
}
both_ways! {
    stop_resume_interrupt
    pipelines_stop_and_die_as_one
    the_end_of_a_background_job_is_told
    notify_tells_at_once
    an_interrupt_ends_a_loop_and_not_the_shell
    errors_leave_the_shell_and_exit_ends_it
    an_interrupt_takes_no_command_away
    the_last_part_of_a_pipeline_is_its_number
    a_stopped_job_is_the_current_one
    stopped_jobs_are_not_left_without_a_word
    signals_of_job_control_can_be_trapped
}
