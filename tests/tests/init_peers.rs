//! init as process 1 of a PID namespace, beside BusyBox's: the same inittab leads to the same log.

use build_rootfs::cache::Cache;
use build_rootfs::peers::native;
use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use tests::conformance::parallel;
use tests::fresh;

/// $1 the folder of init, $2 that of the case, $3 that of programs for /sbin; then init's arguments. A plain file
/// takes the part of the console, and terminals are files, too: they say what was written to them.
const START: &str = r#"
set -e
dir=$1 case=$2
mount -t tmpfs dev /mnt
touch /mnt/ttyA /mnt/ttyB
for name in null zero; do touch /mnt/$name; mount --bind /dev/$name /mnt/$name; done
mount --move /mnt /dev
mount -t tmpfs etc /etc
[ ! -e "$2"/inittab ] || cp "$2"/inittab /etc
cp "$2"/console /etc/console
mount -t tmpfs sbin /sbin
cp "$3"/* /sbin
export CONSOLE=/etc/console LOG="$2"/log
shift 3
exec env -i CONSOLE=/etc/console LOG="$LOG" EXTRA=kept "$dir"/init "$@"
"#;

/// `say` writes to the log, `show` the words it was started with, `off` ends the case, `end` says something before,
/// `tell` writes what the terminals got.
const PROGRAMS: [(&str, &str); 5] = [
    ("say", "echo \"$@\" >>$LOG"),
    ("show", "tr '\\0' '|' </proc/$$/cmdline >>$LOG; echo >>$LOG"),
    ("end", "say \"$@\"; off"),
    ("off", "kill -USR2 1; sleep 20"),
    ("tell", "for tty in A B; do sed s/^/$tty:/ /dev/tty$tty; done >>$LOG"),
];

/// A case: its name, the arguments of init, what is typed on the console, the inittab.
struct Case(&'static str, &'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    Case(
        "actions in their order, whatever the file's",
        "",
        "",
        "::shutdown:say shutdown 1\n::respawn:off\n::once:say once\n::ctrlaltdel:say never\n::restart:say never\n\
         ::wait:/bin/sh -c 'sleep 0.3; say wait 1'\n::sysinit:/bin/sh -c 'sleep 0.3; say sysinit 1'\n\
         ::wait:say wait 2\n::sysinit:say sysinit 2\n::shutdown:say shutdown 2\n",
    ),
    Case(
        "surroundings",
        "",
        "",
        "::sysinit:/bin/sh -c 'env | sort | grep -v ^_ >>$LOG; pwd >>$LOG; umask >>$LOG; trap >>$LOG'\n\
         ::sysinit:/bin/sh -c 'grep -E \"^Sig(Blk|Ign|Cgt)\" /proc/self/status >>$LOG; ls /proc/self/fd >>$LOG'\n\
         ::sysinit:/bin/sh -c 'cut -d \" \" -f 4-6 /proc/self/stat | sed s/[2-9][0-9]*/n/g >>$LOG'\n::once:off\n",
    ),
    Case(
        "words and the shell",
        "",
        "",
        "::sysinit:show a  b\tc   \n::sysinit:/sbin/show $LOGNAME \"x  y\" 'z' >/dev/null\n::sysinit:show a;say b\n\
         ::sysinit:-/bin/sh /sbin/show\n::sysinit:-/bin/sh /sbin/show \"q  r\"\n::sysinit:- show x\n\
         ::sysinit:show a:b:c::d\n::sysinit:show - -- -x ~\n::once:off\n",
    ),
    Case(
        "terminals",
        "",
        "",
        "ttyA::sysinit:/bin/sh -c 'echo one; echo two >&2'\n/dev/ttyB::sysinit:echo three\nttyX::sysinit:say never\n\
         ttyA::wait:/bin/sh -c 'readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 >>$LOG'\n\
         null::wait:/bin/sh -c 'readlink /proc/self/fd/0 >>$LOG'\n::wait:tell\n::once:off\n",
    ),
    Case(
        "lines that are none",
        "",
        "",
        "# comment\n\n::sysinit:say a # why\n  # blanks\n::sysinit\nsysinit:say no\n:sysinit:say no\n::nope:say no\n\
         ::SYSINIT:say no\n::sysinit :say no\n::sysinit:\n:::say no\nx:y:z:say no\n:12345:sysinit:say levels\n\
         ::sysinit:say last\n::once:off",
    ),
    Case("no file", "", "PAD\noff\n", "-"),
    Case("single", "single", "say $RUNLEVEL; off\n", "::sysinit:say never\n::respawn:off\n"),
    Case("-s", "-s", "say $RUNLEVEL; off\n", "::sysinit:say never\n::respawn:off\n"),
    Case("1", "1 more", "say $RUNLEVEL; off\n", "::sysinit:say never\n::respawn:off\n"),
    Case("another argument", "3", "", "::sysinit:/bin/sh -c 'say $RUNLEVEL'\n::once:off\n"),
    Case("askfirst", "", "PAD\nsay never\n", "::askfirst:end asked\n::shutdown:say bye\n"),
    Case(
        "ctrlaltdel, and on",
        "",
        "",
        "::once:/bin/sh -c 'sleep 0.5; kill -INT 1; sleep 2; off'\n::ctrlaltdel:/bin/sh -c 'sleep 0.3; say first'\n\
         ::ctrlaltdel:say second\n::respawn:sleep 50\n::shutdown:say down\n",
    ),
    Case(
        "restart",
        "",
        "",
        "::once:/bin/sh -c 'sleep 0.5; kill -QUIT 1; sleep 50'\n::shutdown:say down\n\
         ::restart:/bin/sh -c 'say restarted as $$; ls /proc/ | grep -c ^[0-9] >>$LOG'\n::restart:say never\n",
    ),
    Case("no restart", "", "", "::once:/bin/sh -c 'kill -QUIT 1; sleep 1; say on; off'\n::shutdown:say down\n"),
    Case(
        "reload",
        "",
        "",
        "::once:/bin/sh -c 'printf \"::wait:say late\\n::shutdown:say new\\n::respawn:end more\\n\" \
         >/etc/inittab; kill -HUP 1'\n::shutdown:say old\n",
    ),
    Case(
        "a reload keeps what runs",
        "",
        "",
        "::respawn:/bin/sh -c 'say start; exec sleep 50'\n::once:/bin/sh -c 'sleep 1; cat /etc/inittab /etc/inittab \
         >/etc/more; grep respawn /etc/inittab >/etc/new; echo ::respawn:off >>/etc/new; mv /etc/new /etc/inittab; \
         kill -HUP 1; sleep 50'\n",
    ),
    Case(
        "a pause",
        "",
        "",
        "::respawn:/bin/sh -c 'say start; sleep 1; [ ! -e /etc/seen ] || sleep 50; touch /etc/seen'\n\
         ::once:/bin/sh -c 'sleep 0.5; kill -TSTP 1; sleep 2; say paused; kill -CONT 1; sleep 2; off'\n",
    ),
    Case(
        "who does not heed SIGTERM",
        "",
        "",
        "::once:/bin/sh -c 'trap \"say TERM\" TERM; while :; do sleep 0.1; done'\n::once:/bin/sh -c 'sleep 1; off'\n",
    ),
    Case("SIGUSR1", "", "", "::once:/bin/sh -c 'kill -USR1 1; sleep 50'\n::shutdown:say down\n"),
    Case("SIGPWR", "", "", "::once:/bin/sh -c 'kill -PWR 1; sleep 50'\n::shutdown:say down\n"),
    Case("SIGTERM", "", "", "::once:/bin/sh -c 'kill -TERM 1; sleep 50'\n::shutdown:say down\n"),
    Case("orphans", "", "", "::sysinit:/bin/sh -c '(sleep 0.2 &) ; exit'\n::wait:/bin/sh -c 'sleep 1; \
         grep -l Z.*zombie /proc/[0-9]*/status >>$LOG; say none'\n::once:off\n"),
    Case("a command that is not there", "", "", "::sysinit:/nowhere/x\n::sysinit:nowhere\n::wait:say on\n::once:off\n"),
];

/// The log, and how it ended.
fn run(init: &Path, dir: &Path, programs: &Path, case: &Case) -> String {
    let Case(name, args, console, inittab) = case;
    fs::create_dir_all(dir).unwrap();
    // All share one offset in the console, and a message overwrites what is read next. Those about terminals that are
    // not there come while the line before the commands is read: it is long enough that they fall into it.
    fs::write(dir.join("console"), console.replace("PAD", &"-".repeat(60_000))).unwrap();
    fs::write(dir.join("log"), "").unwrap();
    if *inittab != "-" {
        fs::write(dir.join("inittab"), inittab).unwrap();
    }
    let mut command = fresh("timeout");
    // The user namespace sees to it that this machine cannot be meant.
    command.args(["-s", "KILL", "30", "unshare", "-rmpf", "--mount-proc", "sh", "-c", START, "sh"]);
    command.args([init, dir, programs]).args(args.split_whitespace());
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let out = command.output().expect("unshare of Debian's util-linux");
    let log = fs::read_to_string(dir.join("log")).unwrap();
    assert!(out.status.code() != Some(1), "{name}: {}", String::from_utf8_lossy(&out.stderr));
    format!("{log}ended by {:?} {:?}\n", out.status.signal(), out.status.code())
}

#[test]
fn the_same_happens_as_with_busybox() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    let busybox = Cache::open().and_then(|cache| native::busybox(&cache)).unwrap_or_else(|e| panic!("{e}"));
    let programs = dir.join("sbin");
    fs::create_dir(&programs).unwrap();
    for (name, text) in PROGRAMS {
        fs::write(programs.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(programs.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let inits = [("mote", tests::mote("x86_64", "base")), ("busybox", busybox.binary)].map(|(name, file)| {
        let bin = dir.join(name);
        fs::create_dir(&bin).unwrap();
        symlink(file, bin.join("init")).unwrap();
        bin
    });
    let places: Vec<usize> = (0..CASES.len()).collect();
    let wrong = parallel::map(&places, |n| {
        let case = &CASES[*n];
        // One place, since paths are in the log.
        let place = dir.join(n.to_string());
        let [ours, mut theirs] = inits.each_ref().map(|init| run(init, &place, &programs, case));
        // On a slow machine BusyBox may overwrite a console that is a file before it is read, and then waits.
        for _ in 0..2 {
            if theirs.contains("Some(9)") {
                theirs = run(&inits[1], &place, &programs, case);
            }
        }
        let same = ours == theirs && !ours.contains("never") && !ours.contains("Some(9)");
        Ok(if same { String::new() } else { format!("=== {}\n{ours}--- busybox\n{theirs}", case.0) })
    });
    let wrong: Vec<_> =
        wrong.unwrap_or_else(|e| panic!("{e}")).into_iter().filter(|w| !w.is_empty()).collect();
    assert!(wrong.is_empty(), "{}\n{} differ", wrong.join("\n"), wrong.len());
}
