//! Many jobs in one boot of a guest where mote is all there is: scripts that mote's shell runs there, one after the other, and
//! what each printed. The guest's clock counts instructions and skips what is slept, so that a batch takes the same
//! time in the guest whatever the host does meanwhile.

use crate::{out, project, Guest, Options, GUESTS};
use build_rootfs::compile::compile_program;
use build_rootfs::syscalls::of_program;
use build_rootfs::target::Target;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// QEMU's guest executes an instruction every 16 ns of its time, and its time goes on when it sleeps.
pub const CLOCK: [&str; 2] = ["-icount", "shift=4,sleep=off"];
/// How long the console may be silent: a job's time passes faster than the clock on the wall, as a rule.
const SILENCE: Duration = Duration::from_secs(600);
/// Bytes that no job prints: they lead the lines that tell of jobs.
const MARK: char = '\u{1e}';

/// Runs what `/jobs` names: a line each of name, folder, limit in seconds, `alone` with its options,
/// and words of the command. A job runs in a
/// session of its own, whose first process group ends with it.
const DRIVER: &str = r#"
mount -t proc proc /proc
# On a root that cannot be written to, jobs run in copies of their folders.
bring() {
    mkdir -p "$2"
    for file in "$1"/*; do
        if [ -d "$file" ]; then
            bring "$file" "$2/${file##*/}"
        else
            cat "$file" >"$2/${file##*/}"
            [ -x "$file" ] && chmod 755 "$2/${file##*/}"
        fi
    done
}
copies=
[ -w /tmp ] || { mount -t ramfs ramfs /tmp; copies=/tmp/copies; }
export PATH=/bin:/sbin:/usr/bin:/usr/sbin:/tools HOME=/tmp TMPDIR=/tmp THIS_SH=/bin/sh SHELL=/bin/sh
. /settings
while IFS='|' read -r name dir limit alone words; do
    if [ -z "$dir" ]; then
        dir=/tmp/room
    elif [ -n "$copies" ]; then
        [ -d "$copies/$dir" ] || bring "$dir" "$copies/$dir"
        dir=$copies/$dir
    fi
    [ -d "$dir" ] || mkdir "$dir"
    cd "$dir"
    $alone $words </dev/null >/tmp/out 2>&1 &
    job=$!
    sleep $limit &
    clock=$!
    wait -n $job $clock
    status=$?
    if kill $clock 2>/dev/null; then
        wait $clock 2>/dev/null
    else
        status=late
    fi
    kill -9 -$job 2>/dev/null
    wait 2>/dev/null
    cd /
    printf '\036job %s\n' "$name"
    cat /tmp/out
    printf '\036end %s\n' $status
    rm -rf /tmp/room
done </jobs 2>/tmp/driver
printf '\036all\n'
cat /tmp/driver
printf '\036done\n'
"#;

/// Scripts in place of programs that need none of their own.
const SCRIPTS: &[(&str, &str)] = &[
    ("basename", "echo \"${1##*/}\""),
    ("busybox", "case $1 in find) exec \"$@\" ;; *) exec /bin/mote \"$@\" ;; esac"),
    ("expr", "case $2 in [-+]) echo $(($1 $2 $3)) ;; *) echo \"expr: $2: not known\" >&2; exit 2 ;; esac"),
    ("hush", "exec /bin/sh \"$@\""),
    ("id", "echo 0"),
    ("sync", ":"),
    ("tty", "exit 1"),
    // The driver has a time limit of its own.
    ("timeout", "shift; exec \"$@\""),
    ("usleep", "while [ ${#1} -lt 7 ]; do set -- 0$1; done; exec sleep ${1%??????}.${1#${1%??????}}"),
    ("which", "IFS=:; for dir in $PATH; do [ -x \"$dir/$1\" ] && { echo \"$dir/$1\"; exit; }; done; exit 1"),
];

/// Names of the program `tools`.
const TOOLS: &[&str] = &[
    "alone", "chmod", "cmp", "date", "dd", "diff", "egrep", "env", "find", "grep", "head", "hexdump", "ln",
    "md5sum", "mkfifo", "mknod", "od", "printenv", "readlink", "realpath", "recho", "rmdir", "sed", "sort",
    "stat", "tail", "take", "tee", "touch", "tr", "wc", "xxd", "yes", "zecho",
];

/// What a job printed, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// stdout and stderr, as they came.
    pub output: Vec<u8>,
    /// `None`: it ran out of time and was killed.
    pub status: Option<u8>,
}

/// Files for a guest, and jobs.
pub struct Batch {
    dir: tempfile::TempDir,
    config: String,
    files: usize,
    jobs: String,
    settings: String,
    /// Their names, in order.
    names: Vec<String>,
}

impl Default for Batch {
    fn default() -> Batch {
        Batch::new()
    }
}

impl Batch {
    /// Without jobs.
    pub fn new() -> Batch {
        let mut config = String::from("inittab = [\"::sysinit:/bin/sh /driver\", \"::askfirst:-/bin/sh\"]\n");
        for (name, to) in [("fd", "/proc/self/fd"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("stdin", "fd/0")]
        {
            writeln!(config, "[[symlink]]\npath = \"/dev/{name}\"\ntarget = \"{to}\"").unwrap();
        }
        for (name, minor) in [("zero", 5), ("full", 7)] {
            writeln!(config, "[[node]]\npath = \"/dev/{name}\"\nkind = \"char\"\nmajor = 1\nminor = {minor}")
                .unwrap();
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (jobs, settings) = (String::new(), String::new());
        let mut batch = Batch { dir, config, files: 0, jobs, settings, names: Vec::new() };
        batch.file("driver", DRIVER);
        for (name, text) in SCRIPTS {
            batch.program(&format!("tools/{name}"), format!("#!/bin/sh\n{text}\n"));
        }
        batch
    }

    fn put(&mut self, path: &str, content: &[u8], mode: &str) {
        let source = self.dir.path().join(self.files.to_string());
        self.files += 1;
        fs::write(&source, content).expect("a file of the batch");
        let source = source.display();
        writeln!(self.config, "[[file]]\npath = \"/{path}\"\nsource = \"{source}\"\nmode = \"{mode}\"")
            .unwrap();
    }

    /// A file in the guest.
    pub fn file(&mut self, path: &str, content: impl AsRef<[u8]>) {
        self.put(path, content.as_ref(), "644");
    }

    /// A file that can be executed.
    pub fn program(&mut self, path: &str, content: impl AsRef<[u8]>) {
        self.put(path, content.as_ref(), "755");
    }

    /// A line of shell text before all jobs.
    pub fn setting(&mut self, line: &str) {
        self.settings += line;
        self.settings.push('\n');
    }

    /// A job: the command `words` in the folder `dir`, in a new one if that is empty; at most `limit` seconds of the
    /// guest's.
    pub fn job(&mut self, name: &str, dir: &str, limit: u32, words: &str) {
        self.add(name, dir, limit, "alone", words);
    }

    /// As [`Batch::job`], with the console as its terminal.
    pub fn job_at_terminal(&mut self, name: &str, dir: &str, limit: u32, words: &str) {
        self.add(name, dir, limit, "alone -t", words);
    }

    fn add(&mut self, name: &str, dir: &str, limit: u32, alone: &str, words: &str) {
        writeln!(self.jobs, "{name}|{dir}|{limit}|{alone}|{words}").unwrap();
        self.names.push(name.to_string());
    }

    /// Boots a guest of `target`, its programs linked by the way `link` if the target has ways; lets it run all jobs,
    /// and tells what they printed, by name.
    pub fn run(&self, name: &str, target: &str, link: Option<&str>) -> BTreeMap<String, Told> {
        self.run_on(name, target, link, None)
    }

    /// As [`Batch::run`], with the target's kernel `kernel`.
    pub fn run_on(
        &self,
        name: &str,
        target: &str,
        link: Option<&str>,
        kernel: Option<&str>,
    ) -> BTreeMap<String, Told> {
        let loaded = Target::load(project(), target);
        let loaded = loaded.and_then(|loaded| match link {
            Some(link) => loaded.with_way(link),
            None => Ok(loaded),
        });
        let loaded = loaded.unwrap_or_else(|e| panic!("{e}"));
        let named = format!("{target}-{}", link.unwrap_or("static"));
        let dir = out().join(format!("tools-{named}"));
        fs::create_dir_all(&dir).expect("the folder of tools");
        let tools =
            compile_program(project(), &loaded, ("tools", "tools"), &dir).unwrap_or_else(|e| panic!("{e}"));
        let mut config = self.config.clone();
        let calls = of_program(&tools.ir).unwrap_or_else(|e| panic!("{e}"));
        assert!(calls.unknown.is_empty(), "{:?}", calls.unknown);
        for tool in TOOLS {
            self.also(&mut config, &format!("tools/{tool}"), &tools.file);
            // Fitted kernels want to know: in machine code the numbers are not seen.
            writeln!(config, "calls = {:?}", calls.names.iter().collect::<Vec<_>>()).unwrap();
        }
        for (path, text) in [("jobs", &self.jobs), ("settings", &self.settings)] {
            let file = self.dir.path().join(path);
            fs::write(&file, text).expect("a file of the batch");
            self.also(&mut config, path, &file);
        }
        let options = Options {
            target: Some(target.into()),
            applets: Some(GUESTS.into()),
            config: Some(config),
            ram: Some("16M".into()),
            link: link.map(String::from),
            kernel: kernel.map(String::from),
            qemu: CLOCK.map(String::from).into(),
            ..Options::default()
        };
        let mut guest = Guest::boot(&format!("{name}-{named}"), &options);
        let mut all = BTreeMap::new();
        for name in &self.names {
            guest.expect_within(&format!("{MARK}job {name}\r\n"), SILENCE);
            let output = guest.expect_bytes(&format!("{MARK}end "), SILENCE);
            let status = guest.expect_within("\r\n", SILENCE);
            let told = Told { output: without_returns(&output), status: status.parse().ok() };
            assert!(all.insert(name.clone(), told).is_none(), "two jobs are called {name}");
        }
        guest.expect_within(&format!("{MARK}all\r\n"), SILENCE);
        let complaints = guest.expect_within(&format!("{MARK}done\r\n"), SILENCE);
        assert!(complaints.is_empty(), "the driver says: {complaints}");
        all
    }

    fn also(&self, config: &mut String, path: &str, source: &Path) {
        let source = source.display();
        writeln!(config, "[[file]]\npath = \"/{path}\"\nsource = \"{source}\"\nmode = \"755\"").unwrap();
    }
}

/// The terminal puts a carriage return before each newline: undone.
fn without_returns(bytes: &[u8]) -> Vec<u8> {
    let end = |n: &usize| bytes[*n] != b'\r' || bytes.get(n + 1) != Some(&b'\n');
    (0..bytes.len()).filter(end).map(|n| bytes[n]).collect()
}
