//! Job control: what a person at a terminal starts, stops, resumes and kills.

use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::time::{Duration, Instant};
use tests::{applet_dir, controlled, fresh};

/// A shell at a terminal that can do nothing, so that lines come without an editor.
struct Session {
    child: Child,
    terminal: File,
    output: Receiver<Vec<u8>>,
    seen: String,
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
        let child = command.spawn().unwrap();
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
        let mut s = Session { child, terminal, output, seen: String::new() };
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
    s.say("\x1a", "[1]+  Stopped");
    s.say("echo st $?\n", "\nst 148\n");
    s.say("jobs\n", "\n[1]+  Stopped");
    s.say("bg\n", "\n[1] sh -c");
    s.say("jobs\n", "\n[1]+  Running");
    s.terminal.write_all(b"fg\n").unwrap();
    s.wait("exec sleep");
    s.say("\x03", "^C");
    s.say("echo st $?\n", "\nst 130\n");
    s.say("jobs; echo none\n", "\nnone\n");
}

fn pipelines_stop_and_die_as_one(mut s: Session) {
    s.run(&format!("{SLEEP} | cat"));
    s.say("\x1a", "[1]+  Stopped");
    s.say("kill %1; sleep 0.5\n", "[1]+  Terminated");
    s.say("jobs; echo none\n", "\nnone\n");
}

fn the_end_of_a_background_job_is_told(mut s: Session) {
    s.say("sleep 0.2 & \n", "[1] ");
    s.say("wait; echo waited\n", "\nwaited\n");
    s.say("sleep 0.5 &\n", "[1] ");
    s.say("sleep 1\n", "[1]+  Done");
}

fn notify_tells_at_once(mut s: Session) {
    s.say("set -b; sleep 0.3 &\n", "[1] ");
    // No key is pressed.
    s.wait("[1]+  Done");
    // Nor does a command in the foreground keep it back.
    s.terminal.write_all(b"sleep 0.3 & sleep 1; echo la''ter\n").unwrap();
    s.wait("[1]+  Done");
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
}
