//! Commands from files: vfork and exec (POSIX 2.9.1.4).

use crate::expand::fields::Fields;
use crate::flow::FlowResult;
use crate::jobs::job::Job;
use crate::options::opt;
use crate::run::redir::Plan;
use crate::run::resolve::{Kind, OWN_PATH};
use crate::shell::Shell;
use crate::vars::table::DEFAULT_PATH;
use sys::fs::{self, Fd};
use sys::zstr::cut;
use sys::{process, Buf, Errno, List, ToBuf, ZStr};

/// What a vfork child needs, prepared before.
struct Launch<'l, 'a> {
    sh: &'l mut Shell<'a>,
    argv: List<*const u8>,
    envp: List<*const u8>,
    /// Paths to try, NUL-terminated each.
    paths: Buf,
    /// The shell itself, for scripts without `#!`.
    shell: Buf,
    plan: &'l Plan,
    group: Option<i32>,
    foreground: bool,
    /// The pipe of a substitution.
    output: Option<(Fd, Fd)>,
}

/// The child's part: writes to descriptors, its own frames and `argv` only, and does not come back.
fn launch(l: &mut Launch) -> Errno {
    if let Some(g) = l.group {
        l.sh.enter_group(g, l.foreground);
    }
    l.sh.default_signals();
    if let Some((_, write)) = l.output {
        crate::descriptors::move_fd(write, 1);
    }
    if !l.sh.redirect_child(l.plan) {
        process::exit(1);
    }
    l.exec()
}

/// Becomes the first of the files `paths`, NUL-terminated each, that is there; the last error. Allocates
/// nothing.
///
/// # Safety
/// As for [`process::execve`].
pub(crate) unsafe fn exec_first(mut paths: &[u8], argv: *const *const u8, envp: *const *const u8) -> Errno {
    let mut why = Errno::ENOENT;
    while let Some(n) = paths.iter().position(|&c| c == 0) {
        let (path, rest) = paths.split_at(n + 1);
        paths = rest;
        if let Some(z) = ZStr::from_bytes_with_nul(path) {
            // SAFETY: by contract.
            why = unsafe { process::execve(z, argv, envp) };
            if !matches!(why, Errno::ENOENT | Errno::ENOTDIR) {
                break;
            }
        }
    }
    why
}

impl Launch<'_, '_> {
    /// Tries all paths; allocates nothing.
    pub(crate) fn exec(&mut self) -> ! {
        let mut why = Errno::ENOENT;
        // SAFETY: argv[0] is kept free for a shell's name, the command's own vector starts behind it.
        let (argv, name) = unsafe { (self.argv.as_ptr().add(1), ZStr::from_ptr(self.argv[1])) };
        let mut rest = &self.paths[..];
        while let Some(n) = rest.iter().position(|&c| c == 0) {
            let (path, tail) = rest.split_at(n + 1);
            rest = tail;
            let Some(z) = ZStr::from_bytes_with_nul(path) else { break };
            // SAFETY: both vectors are NULL-terminated and their strings NUL-terminated.
            let e = unsafe { process::execve(z, argv, self.envp.as_ptr()) };
            match e {
                Errno::ENOENT | Errno::ENOTDIR => {}
                Errno::ENOEXEC => {
                    // A script without `#!` is for us.
                    if let [first, second, ..] = &mut self.argv[..] {
                        (*first, *second) = (c"sh".as_ptr() as *const u8, z.as_ptr());
                    }
                    if crate::jobs::task::REEXEC {
                        // SAFETY: as above.
                        unsafe { exec_first(&self.shell, self.argv.as_ptr(), self.envp.as_ptr()) };
                    } else if let Some(shell) = ZStr::from_bytes_with_nul(&self.shell) {
                        // SAFETY: as above.
                        unsafe { process::execve(shell, self.argv.as_ptr(), self.envp.as_ptr()) };
                    }
                    why = e;
                    break;
                }
                e => why = e,
            }
        }
        if why == Errno::ENOENT {
            self.sh.complain(c"%: not found", name.bytes());
            process::exit(127)
        }
        self.sh.complain_of(c"%", name.bytes(), why);
        process::exit(126)
    }
}

impl Shell<'_> {
    /// Files that `name` may be, NUL-terminated each.
    pub(crate) fn candidates(&mut self, name: &[u8]) -> Buf {
        let mut all = Buf::new();
        if name.is_empty() || util::text::has(name, b'/') {
            all.extend_from_slice(name);
            all.push(0);
            return all;
        }
        let path = match self.get(b"PATH") {
            Some(p) => p,
            None => DEFAULT_PATH,
        };
        for dir in path.split(|&c| c == b':') {
            all.extend_from_slice(dir);
            if !dir.is_empty() {
                all.push(b'/');
            }
            all.extend_from_slice(name);
            all.push(0);
        }
        all
    }

    /// The shell's own file.
    pub(crate) fn own_path(&mut self) -> Buf {
        if crate::jobs::task::REEXEC {
            return self.own_paths();
        }
        OWN_PATH.to_bytes_with_nul().buf()
    }

    /// Runs a command from a file; with `last`, in place of the shell.
    pub(crate) fn external(&mut self, f: &Fields, plan: &Plan, last: bool) -> FlowResult {
        if !last {
            self.separate()?;
        }
        let mut output = None;
        if self.capture.is_active() {
            match self.new_pipe() {
                Ok(pipe) => output = Some(pipe),
                failed => return self.gather(Job::new(Buf::new()), failed, false),
            }
        }
        let mut argv = List::new();
        argv.push(core::ptr::null());
        (0..f.len()).for_each(|i| argv.push(f.z(i).as_ptr()));
        argv.push(core::ptr::null());
        if let (Some(z), Some(slot)) = (plan.argv0, argv.get_mut(1)) {
            *slot = z.as_ptr();
        }
        let own = crate::jobs::task::REEXEC
            && plan.argv0.is_none()
            && matches!(self.resolve(f.get(0), false), Kind::Applet(_));
        let paths = if own { self.own_path() } else { self.candidates(f.get(0)) };
        let monitor = self.opts.has(opt::MONITOR);
        let shell = self.own_path();
        let envp = self.vars.environment();
        let replace = last && output.is_none() && !self.has_exit_trap();
        let mut l =
            Launch { sh: self, argv, envp, paths, shell, plan, group: None, foreground: true, output };
        if replace {
            l.sh.default_signals();
            if !l.sh.redirect_child(plan) {
                process::exit(1);
            }
            l.exec()
        }
        if monitor {
            l.group = Some(0);
        }
        let child = if crate::jobs::task::REEXEC || monitor || output.is_some() {
            process::spawn(&mut l, launch)
        } else {
            process::spawn_and_wait(&mut l, launch)
        };
        drop(l);
        let mut job = Job::new(self.command_text());
        job.hidden = output.is_some();
        match child {
            Ok(pid) => self.started(&mut job, pid),
            Err(e) => self.complain_of(c"can't fork", b"", e),
        }
        match output {
            Some(pipe) => self.gather(job, Ok(pipe), child.is_ok()),
            None if child.is_ok() => Ok(self.foreground(job)?),
            None => self.fail(2),
        }
    }

    /// Runs `f` as a file in place of the shell, whatever else has its name (`exec`), called `argv0` if told.
    pub(crate) fn replace(&mut self, f: &Fields, argv0: Option<ZStr<'static>>) -> FlowResult {
        let mut plan = Plan::default();
        plan.argv0 = argv0;
        self.external(f, &plan, true)
    }

    /// Path of the file that `name` would run or, if it is a script for `.`, of the one to be read: by PATH,
    /// not necessarily executable.
    pub(crate) fn search(&mut self, name: &[u8], script: bool) -> Option<Buf> {
        let all = self.candidates(name);
        let mut rest = &all[..];
        while !rest.is_empty() {
            let p = cut(&mut rest, 0).buf();
            let kind = fs::stat(p.z()).map_or(0, |s| fs::kind(&s));
            let (right, mode) =
                if script { (kind != fs::S_IFDIR, fs::R_OK) } else { (kind == fs::S_IFREG, fs::X_OK) };
            if right && fs::access(p.z(), mode).is_ok() {
                return Some(p);
            }
        }
        None
    }
}
