//! The table of jobs.

use crate::feature::JOBS;
use crate::jobs::job::{signal_text, Job, State};
use alloc::boxed::Box;
use sys::process::Status;
use sys::{signal, Buf, List};

/// The jobs of a shell, by their numbers.
pub(crate) struct Jobs {
    list: List<Box<Job>>,
    /// Those of the shell that this is a subshell of.
    outer: List<Box<Job>>,
    /// `$!`, 0 before there is one.
    last: i32,
    /// The last [`Job::turn`] that was given.
    turn: u32,
    /// Has the user been warned who leaves stopped jobs?
    warned: bool,
}

impl Jobs {
    #[inline(always)]
    pub(crate) fn new() -> Jobs {
        Jobs { list: List::new(), outer: List::new(), last: 0, turn: 0, warned: false }
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Job in place `i`.
    #[inline(always)]
    pub(crate) fn get(&self, i: usize) -> Option<&Job> {
        self.list.get(i).map(|j| &**j)
    }

    /// The same, to change it.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self, i: usize) -> Option<&mut Job> {
        self.list.get_mut(i).map(|j| &mut **j)
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, i: usize) -> Option<Box<Job>> {
        self.list.remove(i)
    }

    /// Enters a job; its place.
    #[inline(always)]
    pub(crate) fn add(&mut self, mut job: Box<Job>) -> usize {
        if job.id == 0 {
            job.id = self.list.last().map_or(0, |j| j.id) + 1;
        }
        self.turn += 1;
        job.turn = self.turn;
        self.warned = false;
        let at = self.list.iter().position(|j| j.id > job.id).unwrap_or(self.list.len());
        self.list.insert(at, job);
        at
    }

    /// The job that `%…` (or a process ID) means.
    #[inline(always)]
    pub(crate) fn find(&self, spec: &[u8]) -> Option<usize> {
        find(&self.list, spec)
    }

    /// The first job in this state.
    #[inline(never)]
    pub(crate) fn in_state(&self, state: State) -> Option<usize> {
        let mut n = 0;
        while self.list.get(n)?.state() != state {
            n += 1;
        }
        Some(n)
    }

    /// Is the user to be warned that there are stopped jobs? Once for each job that comes.
    #[inline(always)]
    pub(crate) fn warns(&mut self) -> bool {
        !self.warned
            && self.in_state(State::Stopped).is_some_and(|_| {
                self.warned = true;
                true
            })
    }

    /// Takes note of what became of process `pid`.
    #[inline(always)]
    pub(crate) fn note(&mut self, pid: i32, status: Status) {
        for j in &mut self.list {
            if j.note(pid, status) {
                if j.state() == State::Stopped {
                    self.turn += 1;
                    j.turn = self.turn;
                }
                return;
            }
        }
    }

    /// There are no children any more: all jobs are over.
    #[inline(always)]
    pub(crate) fn lose(&mut self) {
        self.list.iter_mut().for_each(|j| j.lose());
    }

    /// `$!`, 0 before there is one.
    pub(crate) fn last(&self) -> i32 {
        self.last
    }

    pub(crate) fn set_last(&mut self, pid: i32) {
        self.last = pid;
    }

    /// In a subshell, which has none of its own yet.
    #[inline(always)]
    pub(crate) fn enter_subshell(&mut self) {
        if !self.list.is_empty() {
            self.outer = core::mem::take(&mut self.list);
        }
    }

    /// Exchanges the subshell's jobs for those of its shell, and back.
    #[cfg(feature = "jobs")]
    #[inline(always)]
    pub(crate) fn swap_outer(&mut self) {
        core::mem::swap(&mut self.list, &mut self.outer);
    }

    /// Both lists, for a subshell that is started by exec.
    pub(crate) fn lists_mut(&mut self) -> [&mut List<Box<Job>>; 2] {
        [&mut self.list, &mut self.outer]
    }

    /// One line about job `i`, which the user knows of then.
    #[inline(always)]
    pub(crate) fn line(&mut self, i: usize, pids: bool) -> Buf {
        let mut out = Buf::new();
        let mark = match Some(i) {
            n if n == self.find(b"%") => b'+',
            n if n == self.find(b"%-") => b'-',
            _ => b' ',
        };
        let Some(j) = self.list.get_mut(i) else { return out };
        j.reported = true;
        out.push(b'[');
        crate::decimal::push_decimal(j.id as i64, &mut out);
        out.extend_from_slice(&[b']', b' ', mark, b' ']);
        if pids {
            crate::decimal::push_decimal(j.leader() as i64, &mut out);
            out.push(b' ');
        }
        let start = out.len();
        match j.state() {
            State::Running => out.extend_from_slice(b"Running"),
            _ => {
                let w = j.word();
                match (w.exited(), w.signaled()) {
                    (Some(0), _) => out.extend_from_slice(b"Done"),
                    (Some(n), _) => {
                        out.extend_from_slice(b"Done(");
                        crate::decimal::push_decimal(n as i64, &mut out);
                        out.push(b')');
                    }
                    (_, Some(s)) => out.extend_from_slice(signal_text(s as u32)),
                    _ => {
                        out.extend_from_slice(b"Stopped (SIG");
                        out.extend_from_slice(signal::name(w.stopped().unwrap_or(0) as u32));
                        out.push(b')');
                    }
                }
            }
        }
        while out.len() < start + 24 {
            out.push(b' ');
        }
        out.extend_from_slice(&j.text);
        out
    }
}

/// The job that `%…` (or a process ID) means.
#[inline(never)]
fn find(jobs: &[Box<Job>], spec: &[u8]) -> Option<usize> {
    let (name, of_job) = match spec {
        [b'%', rest @ ..] if JOBS => (rest, true),
        _ => (spec, false),
    };
    let number = sys::num::parse_u32(name);
    if !JOBS {
        return jobs.iter().position(|j| number.is_some_and(|n| j.has(n as i32)));
    }
    let current = first(jobs, NOTHING);
    let before = first(jobs, current);
    let mut found = None;
    for (i, j) in jobs.iter().enumerate() {
        let is = match (name, number) {
            _ if !of_job => number.is_some_and(|n| j.has(n as i32)),
            (b"" | b"+" | b"%", _) => i == current,
            (b"-", _) => i == before || before == NOTHING,
            (_, Some(id)) => j.id == id,
            ([b'?', part @ ..], _) => util::text::find(&j.text, part).is_some(),
            _ => j.text.starts_with(name),
        };
        if is && found.replace(i).is_some() {
            // It may be another.
            return None;
        }
    }
    found
}

/// No job.
const NOTHING: usize = usize::MAX;

/// The current job, or that which becomes it when job `but` is over: one that is stopped before one that runs, the
/// last before others (POSIX.1-2024, jobs).
#[inline(never)]
fn first(jobs: &[Box<Job>], but: usize) -> usize {
    let (mut best, mut top) = (NOTHING, 0);
    for (i, j) in jobs.iter().enumerate() {
        let rank = j.turn | (j.state() as u32) << 30;
        if i != but && rank > top {
            (best, top) = (i, rank);
        }
    }
    best
}
