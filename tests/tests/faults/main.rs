//! Faults in system calls: `strace -e inject=…` makes the n-th call of each kind fail, for each kind and each n
//! that a workload has, and the outcome is judged.
//!
//! Whatever fails: the applet ends, not by a signal of its own making; it never gives status 0 with work
//! undone; it says why; and what a workload must keep is kept. To have another applet tested, add a line to
//! [`WORKLOADS`].

mod place;

use place::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use tests::applet;

/// What an applet does in the test, and what must hold.
struct Workload {
    /// The applet and its arguments; `THERE` is a folder on another file system.
    words: &'static str,
    /// What it finds.
    prepare: fn(&Place),
    /// What must be so after any fault, whatever the status.
    kept: fn(&Place) -> Result<(), String>,
    /// Where it runs.
    scene: Scene,
}

/// Surroundings of its own: namespaces of mounts and of the network, in which it may do everything. All texts
/// are empty for an applet that needs none. `HERE` is the folder that it works in.
struct Scene {
    /// A script that goes before.
    setup: &'static str,
    /// A script that tells what has come of it.
    after: &'static str,
    /// strace's expressions for calls that this machine's kernel cannot do, and that succeed here.
    pretend: &'static str,
}

/// The machine as it is.
const BARE: Scene = Scene { setup: "", after: "", pretend: "" };

/// Mounts, told without numbers; what nobody else sees any more must be free.
const MOUNTS: Scene = Scene {
    setup: "mkdir a b; mount -t tmpfs -o size=64k,nosuid one a; echo text >a/file",
    after: "while read n p d root dir rest; do case $dir in */[ab]) echo $root ${dir##*/} ${rest%%/dev/loop*};; esac; \
        done </proc/self/mountinfo; cat a/* b/*; cat /sys/block/loop*/loop/backing_file 2>/dev/null | grep HERE",
    pretend: "",
};

/// A network card with a peer.
const NETWORK: Scene = Scene {
    // Without addresses that the kernel makes up, and without what it sends for them.
    setup: "ip link add dummy0 type veth peer name peer0; ip link set lo up; \
        ip link set dummy0 address 02:00:00:00:00:07 addrgenmode none; \
        ip link set peer0 address 02:00:00:00:00:08 addrgenmode none up",
    after: "ip -o addr show dev dummy0; ip -o link show dev dummy0 | sed 's/ qdisc.*link/ link/'",
    pretend: "",
};

/// Modules go in and out without a word.
const MODULES: Scene =
    Scene { setup: ":", after: "", pretend: "finit_module:retval=0 delete_module:retval=0" };

/// A list of modules.
const PROC: Scene = Scene { setup: "mount --bind HERE/proc /proc", after: "", pretend: "" };

/// The table. Each workload also stands in a test below, so that they run side by side.
const WORKLOADS: &[Workload] = &[
    Workload { words: "cat one two", prepare: files, kept: nothing, scene: BARE },
    Workload { words: "cat -n one two", prepare: files, kept: nothing, scene: BARE },
    Workload { words: "dmesg", prepare: empty, kept: nothing, scene: BARE },
    Workload { words: "dmesg -S", prepare: empty, kept: nothing, scene: BARE },
    Workload { words: "ls -lnR .", prepare: tree, kept: nothing, scene: BARE },
    Workload { words: "ls -C .", prepare: files, kept: nothing, scene: BARE },
    Workload { words: "mkdir -p -m 2750 a/b/c", prepare: empty, kept: nothing, scene: BARE },
    Workload { words: "mkdir a b", prepare: empty, kept: nothing, scene: BARE },
    Workload { words: "mv -f one there", prepare: files, kept: one_is_somewhere, scene: BARE },
    Workload { words: "mv -f one THERE/one", prepare: files, kept: one_is_whole, scene: BARE },
    Workload { words: "mv -f one two THERE", prepare: old_there, kept: old_or_new, scene: BARE },
    Workload { words: "mv -f tree THERE/tree", prepare: tree, kept: tree_is_whole, scene: BARE },
    Workload { words: "rm -f one two", prepare: files, kept: bystander, scene: BARE },
    Workload { words: "rm -r tree", prepare: tree, kept: bystander, scene: BARE },
    Workload { words: "ps -o pid,args -p 1", prepare: empty, kept: nothing, scene: BARE },
    Workload {
        words: "mount -t tmpfs -o size=64k,nosuid two b",
        prepare: empty,
        kept: nothing,
        scene: MOUNTS,
    },
    Workload { words: "mount -a -T fstab", prepare: fstab, kept: nothing, scene: MOUNTS },
    Workload { words: "mount b -T fstab", prepare: fstab, kept: nothing, scene: MOUNTS },
    Workload { words: "mount -t tmpfs", prepare: empty, kept: nothing, scene: MOUNTS },
    Workload { words: "mount a b", prepare: empty, kept: nothing, scene: MOUNTS },
    Workload { words: "mount -o bind,ro,noexec a b", prepare: empty, kept: nothing, scene: MOUNTS },
    Workload { words: "mount -o remount,ro,noexec a", prepare: empty, kept: nothing, scene: MOUNTS },
    Workload { words: "mount --make-rshared a", prepare: empty, kept: nothing, scene: MOUNTS },
    Workload { words: "mount -t ext2 image b", prepare: image, kept: nothing, scene: MOUNTS },
    Workload { words: "umount a", prepare: empty, kept: nothing, scene: MOUNTS },
    Workload { words: "umount one", prepare: empty, kept: nothing, scene: MOUNTS },
    Workload { words: "ifconfig", prepare: empty, kept: nothing, scene: NETWORK },
    Workload { words: "ifconfig dummy0", prepare: empty, kept: nothing, scene: NETWORK },
    Workload {
        words: "ifconfig dummy0 10.1.2.3 netmask 255.255.255.0 mtu 1400 up",
        prepare: empty,
        kept: nothing,
        scene: NETWORK,
    },
    Workload {
        words: "ifconfig dummy0 add 2001:db8::7/64 hw ether 02:00:00:00:00:09",
        prepare: empty,
        kept: nothing,
        scene: NETWORK,
    },
    Workload { words: "modprobe -v -d . one p=1", prepare: modules, kept: nothing, scene: MODULES },
    Workload { words: "modprobe -r -v -d . one", prepare: modules, kept: nothing, scene: MODULES },
    Workload { words: "insmod one.ko p=1", prepare: modules, kept: nothing, scene: MODULES },
    Workload { words: "rmmod one two", prepare: modules, kept: nothing, scene: MODULES },
    Workload { words: "lsmod", prepare: modules, kept: nothing, scene: PROC },
    Workload { words: "depmod -b . 1.2.3", prepare: modules, kept: whole_tables, scene: BARE },
];

/// Kinds of calls that cannot fail, as they are used here.
const SURE: &[&str] = &["clock_gettime", "exit_group", "geteuid", "umask"];

/// Kinds of calls that may fail without a word: they only ask about a terminal. In a scene of its own an applet
/// has no terminal to ask about.
const IDLE: &[&str] = &["ioctl"];

/// Kinds of calls whose failure is told but leaves mv's status alone (POSIX, mv, step 6): what was moved keeps
/// its content, not its owner, mode or times.
const TOLD: &[&str] = &["fchownat", "fchmodat", "utimensat"];

/// The errors that a kind of call is given.
fn errors(call: &str) -> &'static [&'static str] {
    match call {
        "write" | "sendfile" | "ftruncate" => &["ENOSPC", "EIO", "EINTR"],
        "read" | "getdents64" | "close" => &["EIO", "EINTR"],
        "openat" => &["EMFILE", "EIO", "EINTR"],
        "mmap" | "brk" | "mremap" => &["ENOMEM"],
        "mkdirat" | "mknodat" | "symlinkat" | "linkat" | "renameat2" => &["ENOSPC", "EIO"],
        _ => &["EIO"],
    }
}

/// How a run ended.
struct Done {
    status: ExitStatus,
    out: String,
    err: String,
    /// What the scene tells.
    after: String,
}

/// Longest time for one run, on a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(60);

impl Workload {
    /// The command, under strace with `options` if there are any; a scene tells into the file `after`.
    fn command(&self, place: &Place, options: &[String], after: &Path) -> Command {
        let here = place.here.path().to_string_lossy().into_owned();
        let mut words = self.words.split(' ');
        let program = applet("x86_64", words.next().expect("an applet"));
        let mut line: Vec<String> = Vec::new();
        if !options.is_empty() {
            line.extend(["strace".to_string(), "-qq".to_string()]);
            for pretend in self.scene.pretend.split_whitespace() {
                line.extend(["-e".to_string(), format!("inject={pretend}")]);
            }
            line.extend(options.iter().cloned());
            line.push("--".into());
        }
        line.push(program.get_program().to_string_lossy().into_owned());
        line.extend(words.map(|word| word.replace("THERE", &place.there.path().to_string_lossy())));
        let mut command = if self.scene.setup.is_empty() {
            Command::new(&line[0])
        } else {
            let text = |script: &str| script.replace("HERE", &here);
            let script = format!(
                "{{ set -e; {}; set +e; }} >/dev/null 2>\"$0.err\" </dev/null || exit 99; \
                 \"$@\"; status=$?; {{ {}; }} >\"$0\" 2>&1; exit $status",
                text(self.scene.setup),
                text(if self.scene.after.is_empty() { ":" } else { self.scene.after })
            );
            let mut shell = Command::new("unshare");
            if !rustix::process::geteuid().is_root() {
                shell.arg("--map-root-user");
            }
            shell.args(["--mount", "--net", "--", "/bin/sh", "-c", &script]).arg(after).arg(&line[0]);
            shell
        };
        command.args(&line[1..]);
        for (name, value) in program.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command.current_dir(place.here.path()).stdin(Stdio::null());
        command
    }
}

/// Runs a workload in `place` under strace with `options`.
fn run(workload: &Workload, place: &Place, options: &[String]) -> Done {
    let captured = tempfile::tempdir().expect("a folder");
    let after = captured.path().join("after");
    let mut command = workload.command(place, options, &after);
    // To files: a pipe could fill up, and nobody would read while we wait.
    let file = |name: &str| fs::File::create(captured.path().join(name)).expect("a file");
    command.stdout(file("out")).stderr(file("err"));
    let mut child = command.spawn().expect("strace starts: `cargo rootfs setup` installs it");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if start.elapsed() > LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("`{}` hangs with {options:?}", workload.words);
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let read = |name: &str| fs::read(captured.path().join(name)).expect("what was written");
    // Each place has a name of its own.
    let here = place.here.path().to_string_lossy().into_owned();
    let text = |name: &str| String::from_utf8_lossy(&read(name)).replace(&here, "HERE");
    assert_ne!(status.code(), Some(99), "the scene of `{}`: {}", workload.words, text("after.err"));
    let scene = !workload.scene.setup.is_empty();
    Done {
        status,
        out: text("out"),
        err: text("err"),
        after: if scene { text("after") } else { String::new() },
    }
}

/// How often a workload makes each kind of call, after the exec.
fn calls(workload: &Workload) -> (BTreeMap<String, usize>, Place, Done) {
    let place = Place::new(workload);
    let log = tempfile::NamedTempFile::new().expect("a file");
    let done = run(workload, &place, &["-o".into(), log.path().to_string_lossy().into_owned()]);
    assert!(done.status.success() && done.err.is_empty(), "`{}`: {}", workload.words, done.err);
    let mut calls = BTreeMap::new();
    for line in fs::read_to_string(log.path()).expect("strace's log").lines() {
        let name = line.split('(').next().expect("a name");
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.starts_with("exec") {
            *calls.entry(name.to_string()).or_insert(0) += 1;
        }
    }
    for call in SURE {
        calls.remove(*call);
    }
    assert!(!calls.is_empty(), "`{}`: strace shows no calls", workload.words);
    (calls, place, done)
}

/// The numbers of calls to try out of `count`: all of a few; of many the first, the last, and some between.
fn numbers(count: usize) -> BTreeSet<usize> {
    (1..=count).filter(|n| *n <= 8 || *n + 4 > count || n % (count / 12 + 1) == 0).collect()
}

/// Runs a workload with every fault, and judges.
fn faults(words: &str) {
    let workload = WORKLOADS.iter().find(|w| w.words == words).expect("a workload");
    let (calls, place, good) = calls(workload);
    let expected = place.content();
    let bare = workload.scene.setup.is_empty();
    let mut wrong = Vec::new();
    for (call, &count) in &calls {
        for (n, error) in numbers(count).into_iter().flat_map(|n| errors(call).iter().map(move |e| (n, e))) {
            let place = Place::new(workload);
            let fault = format!("{call}:error={error}:when={n}");
            let done = run(workload, &place, &quiet(&format!("inject={fault}")));
            let content = place.content();
            let lost = (workload.kept)(&place).err();
            let same = done.after == good.after
                && if TOLD.contains(&call.as_str()) && !done.err.is_empty() {
                    held(&content) == held(&expected)
                } else {
                    content == expected
                };
            let verdict = match (done.status.code(), lost) {
                (_, Some(lost)) => Some(lost),
                (None, _) => Some(format!("ended by {:?}", done.status.signal())),
                // The shell's way to tell of a signal.
                (Some(128..), _) => Some(format!("ended with {}", done.status)),
                (Some(0), _) if !same || done.out != good.out => Some("status 0, but work undone".into()),
                (Some(0), _) => None,
                // What could not be said cannot be read.
                (Some(_), _) if done.err.is_empty() && call != "write" => Some("fails without a word".into()),
                (Some(_), _) if bare && IDLE.contains(&call.as_str()) => Some("fails for nothing".into()),
                // The call is to be made again.
                (Some(_), _) if *error == "EINTR" && ["read", "write"].contains(&call.as_str()) => {
                    Some("gives up for a signal".into())
                }
                (Some(_), _) => None,
            };
            if let Some(verdict) = verdict {
                let after = if done.after == good.after { "" } else { &done.after };
                wrong.push(format!("{fault}: {verdict}; {}\n{after}", done.err.trim_end()));
            }
        }
    }
    assert!(wrong.is_empty(), "`{words}`:\n{}", wrong.join("\n"));
}

/// Kills a workload at each of its calls: what must be kept is kept.
fn kills(words: &str) {
    let workload = WORKLOADS.iter().find(|w| w.words == words).expect("a workload");
    let (calls, ..) = calls(workload);
    for (call, &count) in &calls {
        for n in numbers(count) {
            let place = Place::new(workload);
            let fault = format!("inject={call}:signal=KILL:when={n}");
            let done = run(workload, &place, &quiet(&fault));
            assert!(!done.status.success(), "`{words}` with {fault} is not killed");
            if let Err(lost) = (workload.kept)(&place) {
                panic!("`{words}` with {fault}: {lost}");
            }
        }
    }
}

/// strace's options for an injection of which nothing is shown.
fn quiet(expression: &str) -> Vec<String> {
    ["-o", "/dev/null", "-e", expression].map(String::from).to_vec()
}

/// One test a workload, for they run side by side.
macro_rules! faults {
    ($($name:ident: $words:literal,)*) => {
        $(#[test]
        fn $name() {
            faults($words);
        })*

        #[test]
        fn every_workload_is_tested() {
            let tested: Vec<&str> = vec![$($words),*];
            for workload in WORKLOADS {
                assert!(tested.contains(&workload.words), "`{}` stands in no test", workload.words);
            }
        }
    };
}

faults! {
    cat_survives_faults: "cat one two",
    cat_with_numbers_survives_faults: "cat -n one two",
    dmesg_survives_faults: "dmesg",
    dmesg_by_system_call_survives_faults: "dmesg -S",
    ls_survives_faults: "ls -lnR .",
    ls_in_columns_survives_faults: "ls -C .",
    mkdir_with_parents_survives_faults: "mkdir -p -m 2750 a/b/c",
    mkdir_survives_faults: "mkdir a b",
    mv_within_a_file_system_survives_faults: "mv -f one there",
    mv_of_a_file_survives_faults: "mv -f one THERE/one",
    mv_over_old_files_survives_faults: "mv -f one two THERE",
    mv_of_a_tree_survives_faults: "mv -f tree THERE/tree",
    rm_survives_faults: "rm -f one two",
    rm_of_a_tree_survives_faults: "rm -r tree",
    ps_survives_faults: "ps -o pid,args -p 1",
    mount_survives_faults: "mount -t tmpfs -o size=64k,nosuid two b",
    mount_of_all_survives_faults: "mount -a -T fstab",
    mount_by_a_table_survives_faults: "mount b -T fstab",
    mount_that_lists_survives_faults: "mount -t tmpfs",
    mount_that_binds_survives_faults: "mount a b",
    mount_that_binds_read_only_survives_faults: "mount -o bind,ro,noexec a b",
    mount_once_more_survives_faults: "mount -o remount,ro,noexec a",
    mount_and_propagation_survive_faults: "mount --make-rshared a",
    mount_of_an_image_survives_faults: "mount -t ext2 image b",
    umount_survives_faults: "umount a",
    umount_by_device_survives_faults: "umount one",
    ifconfig_survives_faults: "ifconfig",
    ifconfig_of_one_survives_faults: "ifconfig dummy0",
    ifconfig_that_sets_survives_faults: "ifconfig dummy0 10.1.2.3 netmask 255.255.255.0 mtu 1400 up",
    ifconfig_with_ipv6_survives_faults: "ifconfig dummy0 add 2001:db8::7/64 hw ether 02:00:00:00:00:09",
    modprobe_survives_faults: "modprobe -v -d . one p=1",
    modprobe_that_removes_survives_faults: "modprobe -r -v -d . one",
    insmod_survives_faults: "insmod one.ko p=1",
    rmmod_survives_faults: "rmmod one two",
    lsmod_survives_faults: "lsmod",
    depmod_survives_faults: "depmod -b . 1.2.3",
}

#[test]
fn mv_loses_nothing_when_it_is_killed() {
    kills("mv -f one two THERE");
    kills("mv -f tree THERE/tree");
}

/// Writes that are cut short and then fail: files of 20 KB at most (`ulimit -f`, in units of 512 bytes).
#[test]
fn a_short_write_is_no_copy() {
    let workload = |words: &str| WORKLOADS.iter().find(|w| w.words == words).expect("a workload");
    for words in ["mv -f one THERE/one", "mv -f one two THERE", "mv -f tree THERE/tree"] {
        let workload = workload(words);
        let place = Place::new(workload);
        let before = place.content();
        let Output { status, stderr, .. } = limited(workload, &place);
        assert!(!status.success() && !stderr.is_empty(), "`{words}`: {status}");
        (workload.kept)(&place).unwrap_or_else(|lost| panic!("`{words}`: {lost}"));
        let after = place.content();
        assert_eq!(after[0].get("one"), before[0].get("one"));
        assert!(after[1].keys().all(|name| !name.starts_with('.')), "a part is left behind: {after:?}");
    }
}

fn limited(workload: &Workload, place: &Place) -> Output {
    let mut words = workload.words.split(' ');
    let program = applet("x86_64", words.next().expect("an applet"));
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 40; exec \"$0\" \"$@\""]).arg(program.get_program());
    shell.args(words.map(|word| word.replace("THERE", &place.there.path().to_string_lossy())));
    shell.current_dir(place.here.path()).output().expect("sh")
}

#[test]
fn output_that_cannot_be_written_is_a_failure() {
    for workload in WORKLOADS {
        let good = calls(workload).2;
        let place = Place::new(workload);
        let after = tempfile::tempdir().expect("a folder");
        // What this kernel cannot do needs strace.
        let options = if workload.scene.pretend.is_empty() {
            Vec::new()
        } else {
            vec!["-o".into(), "/dev/null".into()]
        };
        let mut program = workload.command(&place, &options, &after.path().join("after"));
        program.stdout(fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full"));
        let done = program.output().expect("it starts");
        assert_eq!(done.status.success(), good.out.is_empty(), "`{}`: {}", workload.words, done.status);
        assert_eq!(done.stderr.is_empty(), good.out.is_empty(), "`{}`", workload.words);
    }
}
