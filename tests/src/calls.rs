//! Holds programs to the lists of system calls that `cargo rootfs syscalls` shows: strace tells what they call, and a
//! call that is not in the list of the program whose process makes it is a mistake of the list.
//!
//! A filter in the kernel could not do so: what a process starts inherits it, but a list ends with exec.

use crate::project;
use build_rootfs::syscalls::{ByApplet, MULTICALL};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

/// By this path a mote starts itself.
const ITSELF: &str = "/proc/self/exe";

/// strace's options for a trace of each process in `dir`.
pub fn options(dir: &Path) -> Vec<String> {
    let to = dir.join("trace").to_string_lossy().into_owned();
    // Paths must be whole.
    ["-ff", "-s", "4096", "-e", "signal=none", "-o", &to].map(String::from).to_vec()
}

/// What has been seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// For each applet that has run by exec the calls that it has made.
    pub calls: BTreeMap<String, BTreeSet<String>>,
    /// Calls that are not in the list of who made them: one line each.
    pub outside: BTreeSet<String>,
}

impl Seen {
    /// Reads the traces in `dir`. Only programs below `ours` are held to `lists`: the machine's own are not, nor are
    /// scripts that have an applet's name.
    ///
    /// # Errors
    /// A trace cannot be read.
    pub fn read(dir: &Path, lists: &ByApplet, ours: &Path) -> std::io::Result<Seen> {
        let mut traces = BTreeMap::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let pid = path.extension().and_then(|end| end.to_str()?.parse::<u32>().ok());
            if let Some(pid) = pid {
                traces.insert(pid, String::from_utf8_lossy(&fs::read(&path)?).into_owned());
            }
        }
        let mut seen = Seen::default();
        // Who has a process from its parent; those without one here were started by strace, or in another namespace.
        let mut children: BTreeMap<u32, Option<String>> = BTreeMap::new();
        let mut waiting: Vec<u32> = traces.keys().copied().collect();
        let started: BTreeSet<u32> =
            traces.values().flat_map(|trace| trace.lines().filter_map(child)).collect();
        waiting.retain(|pid| !started.contains(pid));
        while let Some(pid) = waiting.pop() {
            let Some(trace) = traces.remove(&pid) else { continue };
            let mut program = children.remove(&pid).flatten();
            for line in trace.lines() {
                let Some(call) = line.split_once('(').map(|(call, _)| call) else { continue };
                // Too new for Debian 12's strace.
                let call = if call == "syscall_0x1c4" { "fchmodat2" } else { call };
                if let (Some(list), Some(name)) =
                    (program.as_ref().and_then(|name| lists.get(name)), &program)
                {
                    if !list.names.contains(call) && list.unknown.is_empty() {
                        seen.outside.insert(format!("{name}: {line}"));
                    }
                    seen.calls.entry(name.clone()).or_default().insert(call.to_string());
                }
                if let Some(next) = child(line) {
                    children.insert(next, program.clone());
                    waiting.push(next);
                }
                if let Some(next) = executed(line) {
                    program = applet(&next, lists, ours);
                }
            }
        }
        Ok(seen)
    }
}

/// The process that a line starts.
fn child(line: &str) -> Option<u32> {
    let starts = ["fork(", "vfork(", "clone(", "clone3("].iter().any(|call| line.starts_with(call));
    starts.then(|| line.rsplit_once(" = ")?.1.trim().parse().ok())?
}

/// The path and the arguments of a line that has become another program.
fn executed(line: &str) -> Option<Vec<String>> {
    let rest = line.strip_prefix("execve(").filter(|_| line.ends_with(" = 0"))?;
    let list = rest.rsplit_once("], ")?.0;
    let mut words = Vec::new();
    let mut parts = list.split('"');
    parts.next()?;
    while let Some(word) = parts.next() {
        words.push(word.to_string());
        parts.next();
    }
    Some(words)
}

/// Each name of an applet, and the name of its declaration.
static ALIASES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let decls =
        declaration::read_all(&project().root().join("applets/src")).unwrap_or_else(|why| panic!("{why}"));
    let names =
        decls.iter().flat_map(|decl| decl.names.iter().map(|name| (name.clone(), decl.name().to_string())));
    names.collect()
});

/// The applet that these words (a path, then the arguments) start; none if they start another program.
fn applet(words: &[String], lists: &ByApplet, ours: &Path) -> Option<String> {
    let path = Path::new(words.first()?);
    if path != Path::new(ITSELF) && !path.starts_with(ours) {
        return None;
    }
    let base =
        |word: &String| word.rsplit('/').next().unwrap_or_default().trim_start_matches('-').to_string();
    let names = words.iter().skip(1).map(base);
    let name = names.into_iter().find(|name| !name.starts_with(MULTICALL))?;
    let name = ALIASES.get(&name).cloned().unwrap_or(name);
    Some(if lists.contains_key(&name) { name } else { MULTICALL.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use build_rootfs::syscalls::Calls;

    #[test]
    fn each_process_is_held_to_the_list_of_its_program() {
        let dir = tempfile::tempdir().unwrap();
        let list = |names: &[&str]| Calls {
            names: names.iter().map(|name| name.to_string()).collect(),
            ..Calls::default()
        };
        let lists = ByApplet::from([
            ("sh".to_string(), list(&["fork", "execve", "read"])),
            ("cat".to_string(), list(&["read"])),
        ]);
        let root = "execve(\"/usr/bin/timeout\", [\"timeout\"], 0x1 /* 2 vars */) = 0\nptrace(1) = 0\n\
            execve(\"/x/sh\", [\"sh\", \"-c\"], 0x1 /* 2 vars */) = 0\nfork() = 12\nread(0, \"fork()\", 6) = 6\n";
        fs::write(dir.path().join("trace.20"), root).unwrap();
        fs::write(dir.path().join("trace.13"), "execve(\"/y/cat\", [\"cat\"], 0x1) = 0\nmmap() = 0\n")
            .unwrap();
        let one = "read(0) = 0\nexecve(\"/y/cat\", [\"cat\"], 0x1 /* 1 var */) = -1 ENOENT\n\
            execve(\"/x/cat\", [\"cat\"], 0x1 /* 1 var */) = 0\nread(0) = 0\nwrite(1, \"x\", 1) = 1\n\
            +++ exited with 0 +++\n";
        fs::write(dir.path().join("trace.12"), one).unwrap();
        let seen = Seen::read(dir.path(), &lists, Path::new("/x")).unwrap();
        assert_eq!(seen.outside.into_iter().collect::<Vec<_>>(), ["cat: write(1, \"x\", 1) = 1"]);
        assert_eq!(seen.calls["sh"].len(), 3);
    }
}
