//! halt, poweroff and reboot in a PID namespace, beside BusyBox's: what they ask of the kernel, what process 1 gets.

use build_rootfs::cache::Cache;
use build_rootfs::peers::native;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tests::fresh;

/// Process 1: tells which signals come. $1 the folder of programs, $2 the one for results, then the command.
const FIRST: &str = r#"
mount -t tmpfs log /var/log || exit 9
[ -e "$2"/wtmp ] && cp "$2"/wtmp /var/log/wtmp
for signal in HUP INT QUIT USR1 USR2 PWR TERM; do trap "echo $signal" $signal; done
PATH=$1:$PATH; dir=$2; shift 2
strace -qq -o "$dir"/trace -e trace=sync,kill,reboot "$@" 2>"$dir"/err
echo status $?
cat /var/log/wtmp >"$dir"/wtmp 2>"$dir"/none || rm "$dir"/wtmp
"#;

/// Bytes of a record (`man 5 utmp`).
const RECORD: usize = 384;

/// What happened, and how long it took.
struct Seen {
    text: String,
    took: Duration,
}

/// Runs `command` with the programs in `bin`. The user namespace sees to it that this machine cannot be meant.
fn run(bin: &Path, dir: &Path, command: &str) -> Seen {
    let start = Instant::now();
    let mut unshare = fresh("unshare");
    unshare.args(["-rmpf", "--mount-proc", "sh", "-c", FIRST, "sh"]).args([bin, dir]);
    unshare.args(command.split(' ')).env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let out = unshare.output().expect("unshare of Debian's util-linux");
    let trace = fs::read_to_string(dir.join("trace")).expect("strace: `cargo rootfs setup` installs it");
    // The kernel may kill strace before it has the result.
    let calls: String =
        trace.lines().map(|line| format!("{}\n", line.split(')').next().unwrap_or(line))).collect();
    let text = format!(
        "{}{calls}ended by signal {:?}\n{}",
        String::from_utf8_lossy(&out.stdout),
        out.status.signal(),
        String::from_utf8_lossy(&out.stderr)
    );
    Seen { text, took: start.elapsed() }
}

fn links(dir: &Path, to: &Path) -> PathBuf {
    fs::create_dir(dir).unwrap();
    for name in ["halt", "poweroff", "reboot"] {
        symlink(to, dir.join(name)).unwrap();
    }
    dir.to_path_buf()
}

fn programs(dir: &Path) -> [PathBuf; 2] {
    let busybox = Cache::open().and_then(|cache| native::busybox(&cache)).unwrap_or_else(|e| panic!("{e}"));
    [links(&dir.join("mote"), &tests::mote("x86_64", "base")), links(&dir.join("busybox"), &busybox.binary)]
}

#[test]
fn they_do_as_busyboxs() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let [mote, busybox] = programs(dir);
    for (options, signals) in
        [("", true), (" -n", true), (" -f", false), (" -n -f", false), (" -nf", false), (" -d 1 -f", false)]
    {
        for (name, signal) in [("halt", "USR1"), ("poweroff", "USR2"), ("reboot", "TERM")] {
            let command = format!("{name}{options}");
            let ours = run(&mote, dir, &command);
            assert_eq!(ours.text, run(&busybox, dir, &command).text, "{command}");
            assert_eq!(
                ours.text.contains(&format!("{signal}\nstatus 0\n")),
                signals,
                "{command}: {}",
                ours.text
            );
            assert_eq!(ours.text.contains("reboot("), !signals, "{command}");
            assert_eq!(ours.text.contains("sync("), !options.contains('n'), "{command}");
            assert!(ours.took >= Duration::from_secs(1) || !options.contains("-d"), "{command}");
        }
    }
}

#[test]
fn a_record_is_written_to_a_log_that_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let records = programs(dir).map(|bin| {
        fs::write(dir.join("wtmp"), [7; RECORD]).unwrap();
        let seen = run(&bin, dir, "reboot -w");
        assert!(seen.text.starts_with("status 0\n") && !seen.text.contains('('), "{}", seen.text);
        let mut log = fs::read(dir.join("wtmp")).unwrap();
        // The time, in seconds.
        let time = &mut log[RECORD + 340..RECORD + 344];
        let seconds = u32::from_le_bytes(time.try_into().unwrap());
        time.fill(0);
        (seconds, log)
    });
    let [(time, ours), (later, theirs)] = records;
    assert_eq!(ours, theirs);
    assert!(ours.len() == 2 * RECORD && ours[..RECORD] == [7; RECORD]);
    assert!(later - time < 60);
    // No log is made where none is; only -w, which has nothing else to do, says so.
    fs::remove_file(dir.join("wtmp")).unwrap();
    let bin = dir.join("mote");
    assert!(run(&bin, dir, "halt").text.starts_with("USR1\nstatus 0\n"));
    assert!(run(&bin, dir, "halt -w").text.starts_with("status 1\n") && !dir.join("wtmp").exists());
    assert_eq!(
        fs::read_to_string(dir.join("err")).unwrap(),
        "halt: /var/log/wtmp: No such file or directory\n"
    );
}

#[test]
fn mistakes_do_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let [mote, _] = programs(dir);
    for command in ["halt now", "reboot -d x", "reboot -d", "poweroff -z"] {
        let seen = run(&mote, dir, command).text;
        assert!(seen.starts_with("status 1\n") && !seen.contains('('), "{command}: {seen}");
        assert_eq!(fs::read_to_string(dir.join("err")).unwrap().lines().count(), 1, "{command}");
    }
}
