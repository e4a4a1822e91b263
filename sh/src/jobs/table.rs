//! The table of jobs.

use crate::jobs::job::{signal_text, Job, State};
use alloc::boxed::Box;
use sys::process::Status;
use sys::{Buf, List};

/// The jobs of a shell, those that were started or stopped last behind the others.
pub(crate) struct Jobs {
    list: List<Box<Job>>,
    /// Those of the shell that this is a subshell of.
    outer: List<Box<Job>>,
    /// `$!`, 0 before there is one.
    last: i32,
}

impl Jobs {
    #[inline(always)]
    pub(crate) fn new() -> Jobs {
        Jobs { list: List::new(), outer: List::new(), last: 0 }
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

    #[inline(always)]
    pub(crate) fn remove(&mut self, i: usize) -> Option<Box<Job>> {
        self.list.remove(i)
    }

    /// Enters a job; its place.
    #[inline(always)]
    pub(crate) fn add(&mut self, mut job: Box<Job>) -> usize {
        if job.id == 0 {
            job.id = self.list.iter().map(|j| j.id).max().unwrap_or(0) + 1;
        }
        self.list.push(job);
        self.list.len() - 1
    }

    /// The job that `%…` (or a process ID) means.
    #[inline(always)]
    pub(crate) fn find(&self, spec: &[u8]) -> Option<usize> {
        find(&self.list, spec)
    }

    /// The first job that is done.
    #[inline(never)]
    pub(crate) fn first_done(&self) -> Option<usize> {
        let mut n = 0;
        while self.list.get(n)?.state() != State::Done {
            n += 1;
        }
        Some(n)
    }

    #[inline(always)]
    pub(crate) fn any_running(&self) -> bool {
        self.list.iter().any(|j| j.state() == State::Running)
    }

    /// Takes note of what became of process `pid`.
    #[inline(always)]
    pub(crate) fn note(&mut self, pid: i32, status: Status) {
        for j in &mut self.list {
            if j.note(pid, status) {
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
        let n = self.list.len();
        let Some(j) = self.list.get_mut(i) else { return out };
        j.reported = true;
        out.push(b'[');
        crate::decimal::push_decimal(j.id as i64, &mut out);
        out.push(b']');
        out.push(if i + 1 == n {
            b'+'
        } else if i + 2 == n {
            b'-'
        } else {
            b' '
        });
        out.extend_from_slice(b"  ");
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
                    _ => out.extend_from_slice(b"Stopped"),
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
    let n = jobs.len();
    let name = match spec {
        [b'%', rest @ ..] => rest,
        _ => {
            let pid = sys::num::parse_u32(spec)? as i32;
            return jobs.iter().position(|j| j.has(pid));
        }
    };
    match name {
        b"" | b"+" | b"%" => n.checked_sub(1),
        b"-" => n.checked_sub(2).or(n.checked_sub(1)),
        [b'?', part @ ..] if !part.is_empty() => {
            jobs.iter().position(|j| util::text::find(&j.text, part).is_some())
        }
        _ => match sys::num::parse_u32(name) {
            Some(id) => jobs.iter().position(|j| j.id as u32 == id),
            None => jobs.iter().position(|j| j.text.starts_with(name)),
        },
    }
}
