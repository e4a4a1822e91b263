//! The table of traps, and what the shell does with each signal (POSIX 2.12, trap).

use crate::jobs::signals;
use sys::signal::{self, Action, How};
use sys::{Buf, List, ToBuf};

/// Traps: signal, or 0 for EXIT, and action.
pub(crate) struct Traps {
    list: List<(u8, Buf)>,
    /// Those of the shell that this is a subshell of, to be listed.
    inherited: List<(u8, Buf)>,
    /// What the shell has set for itself, as an interactive one and one with job control have: a bit for each signal.
    own: u32,
    /// Status and depth of functions at which a trap's action runs.
    running: Option<(u8, u32)>,
    /// Are commands to ignore SIGCHLD? The shell itself never does: the kernel would tell it nothing of its children.
    no_children: bool,
    /// The signals that were blocked when the shell started, and are so for commands.
    blocked: signal::Set,
}

impl Traps {
    /// None is set; from here on the shell can wait for children and receives all signals.
    #[inline(always)]
    pub(crate) fn new() -> Traps {
        Traps {
            list: List::new(),
            inherited: List::new(),
            own: 0,
            running: None,
            no_children: signal::action(signal::SIGCHLD, Action::DEFAULT) == Ok(Action::IGNORE),
            blocked: signal::mask(How::Set, 0),
        }
    }

    /// Signals of an interactive shell.
    #[inline(always)]
    pub(crate) fn handle_signals(&mut self) {
        self.ignore(1 << signal::SIGQUIT | 1 << signal::SIGTERM, true);
        self.own |= 1 << signal::SIGINT;
        let _ = signal::action(signal::SIGINT, signals::catch());
    }

    /// Has the shell set this signal for itself?
    pub(crate) fn owns(&self, sig: u32) -> bool {
        sig < 32 && self.own >> sig & 1 != 0
    }

    /// The shell begins to ignore `signals`, a bit each, for itself, or ceases to. What has a trap stays as it is.
    #[inline(never)]
    pub(crate) fn ignore(&mut self, signals: u32, on: bool) {
        self.own ^= (self.own ^ if on { !0 } else { 0 }) & signals;
        for s in (1..32).filter(|s| signals >> s & 1 != 0) {
            if self.get(s as u8).is_none() {
                let _ = signal::action(s, if on { Action::IGNORE } else { Action::DEFAULT });
            }
        }
    }

    /// Text of the trap for `sig`.
    #[inline(always)]
    pub(crate) fn get(&self, sig: u8) -> Option<&Buf> {
        self.list.iter().find(|t| t.0 == sig).map(|t| &t.1)
    }

    /// Sets or, with `None`, removes a trap. Signals that were ignored when the shell started stay so, unless it is
    /// interactive; with `notify` the end of a child is noted.
    #[inline(always)]
    pub(crate) fn set(&mut self, sig: u8, text: Option<&[u8]>, notify: bool) {
        let at = self.list.iter().position(|t| t.0 >= sig).unwrap_or(self.list.len());
        let known = self.list.get(at).is_some_and(|t| t.0 == sig);
        let child = sig as u32 == signal::SIGCHLD;
        let owns = self.owns(sig as u32);
        if !known
            && !owns
            && !self.owns(signal::SIGINT)
            && (child && self.no_children || signal::query(sig as u32) == Ok(Action::IGNORE))
        {
            return;
        }
        self.inherited.clear();
        if known {
            self.list.remove(at);
        }
        if child {
            self.no_children = text == Some(&[]);
        }
        let action = match text {
            None if owns && sig as u32 != signal::SIGINT => Action::IGNORE,
            None if owns || child && notify => signals::catch(),
            Some([]) if !child => Action::IGNORE,
            None | Some([]) => Action::DEFAULT,
            Some(_) => signals::catch(),
        };
        if sig != 0 {
            let _ = signal::action(sig as u32, action);
        }
        if let Some(t) = text {
            self.list.insert(at, (sig, t.buf()));
        }
    }

    /// The first signal with a trap that has come.
    #[inline(never)]
    pub(crate) fn pending(&self) -> Option<u32> {
        self.list.iter().map(|t| t.0 as u32).find(|&s| s != 0 && signals::has_come(s))
    }

    /// Sets signals as a subshell should find them, or a `command`; allocates nothing.
    #[inline(always)]
    pub(crate) fn set_default(&self, command: bool) {
        sys::signal::drop_handlers();
        if command {
            if self.no_children {
                let _ = signal::action(signal::SIGCHLD, Action::IGNORE);
            }
            signal::mask(How::Set, self.blocked);
        }
        for s in 1..32 {
            if self.owns(s) && self.get(s as u8).is_none() {
                let _ = signal::action(s, Action::DEFAULT);
            }
        }
    }

    /// In a subshell: traps are gone, ignored signals stay ignored. `trap` still lists the parent's.
    #[inline(always)]
    pub(crate) fn enter_subshell(&mut self) {
        self.own = 0;
        while signals::take().is_some() {}
        if self.list.is_empty() {
            return;
        }
        self.inherited = core::mem::take(&mut self.list);
        for t in self.inherited.iter().filter(|t| t.0 != 0 && t.1.is_empty()) {
            self.list.push((t.0, Buf::new()));
        }
    }

    /// Before `exec`: only what is ignored stays.
    pub(crate) fn drop_actions(&mut self) {
        self.list.retain(|t| t.1.is_empty());
    }

    /// Is there an action that is still to be run, that of EXIT perhaps?
    #[inline(always)]
    pub(crate) fn any(&self) -> bool {
        self.list.iter().any(|t| !t.1.is_empty())
    }

    /// What `trap` lists.
    pub(crate) fn listed(&self) -> &List<(u8, Buf)> {
        if self.list.is_empty() {
            &self.inherited
        } else {
            &self.list
        }
    }

    /// Status and depth of functions at which a trap's action runs.
    pub(crate) fn running(&self) -> Option<(u8, u32)> {
        self.running
    }

    /// Sets what [`Traps::running`] gives; what it was.
    #[inline(always)]
    pub(crate) fn set_running(&mut self, now: Option<(u8, u32)>) -> Option<(u8, u32)> {
        core::mem::replace(&mut self.running, now)
    }

    /// Both lists, for a subshell that is started by exec.
    pub(crate) fn lists_mut(&mut self) -> [&mut List<(u8, Buf)>; 2] {
        [&mut self.list, &mut self.inherited]
    }
}
