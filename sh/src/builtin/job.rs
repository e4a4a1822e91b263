//! Builtins about processes: `bg fg jobs kill times wait`.

use crate::expand::fields::Fields;
use crate::feature::{BASH, JOBS};
use crate::flow::{Flow, FlowResult};
use crate::jobs::job::State;
use crate::options::opt;
use crate::shell::Shell;
use sys::{process, signal};

/// `jobs [-lp] [JOB]…`.
#[cfg(feature = "jobs")]
pub(crate) fn jobs(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (set, i) = sh.letters(f, b"lp")?.parts();
    sh.reap(false);
    let mut status = 0;
    // A subshell can tell what it was made amid of, and no more.
    let outer = sh.jobs.is_empty();
    if outer {
        sh.jobs.swap_outer();
    }
    let all = f.len() <= i;
    for k in if all { 0..sh.jobs.len() } else { i..f.len() } {
        let n = if all { Some(k) } else { sh.jobs.find(f.get(k)) };
        let Some(n) = n else {
            status = sh.bad(c"%: no such job", f.get(k));
            continue;
        };
        if set & 2 != 0 {
            let pid = sh.jobs.get(n).map_or(0, |j| j.leader());
            sh.out.dec(pid as u64);
        } else {
            let line = sh.job_line(n, set & 1 != 0);
            sh.out.bytes(&line);
        }
        sh.out.byte(b'\n');
    }
    sh.forget_done(true);
    if outer {
        sh.jobs.swap_outer();
    }
    Ok(status)
}

/// `fg [JOB]`, `bg [JOB]…`.
#[cfg(feature = "jobs")]
pub(crate) fn fg(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let foreground = f.z(0).first() == b'f';
    let mut k = 1;
    loop {
        let spec = if f.len() > k { f.get(k) } else { b"%%" };
        sh.reap(false);
        match sh.jobs.find(spec) {
            Some(i) if !sh.opts.has(opt::MONITOR) || sh.jobs.get(i).is_some_and(|j| j.group == 0) => {
                return Ok(sh.bad(c"%: no job control", spec))
            }
            Some(i) => sh.resume(i, foreground)?,
            None if f.len() > k => return Ok(sh.bad(c"%: no such job", spec)),
            None => return Ok(sh.bad(c"no such job", b"")),
        }
        k += 1;
        if foreground || k >= f.len() {
            return Ok(sh.status as u32);
        }
    }
}

/// `kill [-s SIGNAL | -SIGNAL] PID…`, `kill -l [STATUS]…`.
pub(crate) fn kill(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    // A child that has ended is not there any more.
    sh.reap(false);
    // SAFETY: the fields stay as they are until `run` has returned.
    let mut args = unsafe { f.all() };
    let Some((&mut name, args)) = args.split_first_mut() else { return Ok(1) };
    let jobs = &mut sh.jobs;
    let mut cx = sys::Cx::raw(name, args, sh.out, sh.envp, sh.table);
    let status = util::command::kill::run(&mut cx, &mut |spec, sig| {
        let job = jobs.find(spec).and_then(|i| jobs.get_mut(i))?;
        let r = job.kill(sig);
        // What is stopped can only die when it goes on.
        if matches!(sig, signal::SIGHUP | signal::SIGTERM) {
            let _ = job.kill(signal::SIGCONT);
        }
        // What follows waits for its end then, not for the stop that was.
        if matches!(sig, signal::SIGHUP | signal::SIGKILL | signal::SIGTERM | signal::SIGCONT) {
            job.resume();
        }
        Some(r)
    });
    Ok(status as u32)
}

/// `times`.
pub(crate) fn times(sh: &mut Shell, _: &Fields) -> FlowResult<u32> {
    let t = process::times();
    for (i, &ticks) in t.iter().enumerate() {
        let s = ticks as u32 / 100;
        sh.out.dec((s / 60) as u64);
        sh.out.byte(b'm');
        sh.out.dec((s % 60) as u64);
        sh.out.byte(b'.');
        sh.out.number((ticks as u32 % 100 * 10) as u64, 10, 3, b'0');
        sh.out.bytes(if i % 2 == 0 { b"s " } else { b"s\n" });
    }
    Ok(0)
}

/// `wait [-n] [JOB|PID]…`.
pub(crate) fn wait(sh: &mut Shell, f: &Fields) -> FlowResult<u32> {
    let (any, i) = sh.letters(f, if BASH { b"n" } else { b"" })?.parts();
    let mut status = 0;
    // What was stopped may have gone on.
    sh.reap(false);
    if f.len() <= i {
        loop {
            sh.reap(false);
            if BASH && any != 0 {
                if let Some(n) = sh.jobs.in_state(State::Done) {
                    return Ok(sh.jobs.remove(n).map_or(0, |j| j.status(false)) as u32);
                }
                if sh.jobs.is_empty() {
                    return Ok(127);
                }
            } else {
                sh.forget_done(false);
            }
            if !crate::jobs::signals::pending() && sh.jobs.in_state(State::Running).is_none() {
                return Ok(0);
            }
            if let Some(s) = sh.wait_more()? {
                return Ok(s as u32);
            }
        }
    }
    // With `-n` all are looked at before one is waited for, else one after the other.
    let (mut k, mut running) = (i, false);
    loop {
        if k < f.len() {
            let spec = f.get(k);
            match sh.jobs.find(spec).and_then(|n| Some((n, sh.jobs.get(n)?))) {
                Some((_, j)) if j.state() == State::Running => running = true,
                Some((n, j)) => {
                    status = j.status(sh.opts.has(opt::PIPEFAIL));
                    if j.state() == State::Done {
                        if !j.reported {
                            sh.tell_signal(j.word());
                        }
                        sh.jobs.remove(n);
                    }
                    if BASH && any != 0 {
                        return Ok(status as u32);
                    }
                }
                None if (!JOBS || spec.first() != Some(&b'%')) && sys::num::parse_u32(spec).is_none() => {
                    return sh.refuse(c"%: Illegal number", spec);
                }
                None => status = 127,
            }
            if any != 0 || !running {
                k += 1;
                continue;
            }
        } else if running {
            k = i;
        } else {
            return Ok(status as u32);
        }
        running = false;
        if let Some(s) = sh.wait_more()? {
            return Ok(s as u32);
        }
    }
}

impl Shell<'_> {
    /// Forgets the jobs that are done; with `reported` those only of which the user knows it.
    #[inline(never)]
    pub(crate) fn forget_done(&mut self, reported: bool) {
        let mut n = 0;
        while let Some(j) = self.jobs.get(n) {
            if j.state() == State::Done && (j.reported || !reported) {
                self.jobs.remove(n);
            } else {
                n += 1;
            }
        }
    }

    /// Waits until a child changes; a status if a signal with a trap came instead.
    #[inline(always)]
    fn wait_more(&mut self) -> FlowResult<Option<u8>> {
        if !crate::jobs::signals::pending() && self.reap(true) {
            return Ok(None);
        }
        if let Some(s) = self.traps.pending() {
            self.run_traps()?;
            return Ok(Some(128 + s as u8));
        }
        if crate::jobs::signals::pending() {
            match self.run_traps() {
                Err(Flow::Fail) => return Err(Flow::Fail),
                r => r?,
            }
        }
        Ok(None)
    }
}
