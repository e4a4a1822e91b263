//! Process 1 in booted guests: every action and every signal, with assertions on the console.

use std::thread::sleep;
use std::time::Duration;
use tests::{Guest, Options};

const PROC: &str = "::sysinit:/bin/mount -t proc proc /proc";
const SHELL: &str = "::respawn:-/bin/sh";
/// Never heeds a signal that can be ignored.
const STUBBORN: &str = "#!/bin/sh\ntrap '' HUP INT TERM\necho stubborn\nwhile :; do sleep 1000; done\n";

/// Boots the set `base` with this inittab; `more` is further text for its rootfs.toml.
fn boot(name: &str, inittab: &[&str], more: &str) -> Guest {
    let config = format!("inittab = {inittab:?}\n{more}");
    Guest::boot(&format!("init-{name}"), &Options { config: Some(config), ..Options::default() })
}

fn script(path: &str, text: &str) -> String {
    format!("[[file]]\npath = {path:?}\nmode = \"755\"\ncontent = {text:?}\n")
}

/// Process IDs of what `ps` shows with this command line.
fn pids(guest: &mut Guest, args: &str) -> Vec<String> {
    let text = guest.command("ps -o pid,args", "# ");
    let lines = text.lines().filter_map(|line| line.trim().split_once(' '));
    lines.filter(|(_, a)| a.trim() == args).map(|(pid, _)| pid.to_string()).collect()
}

/// The one process with this command line, as soon as there is one that is not `old`.
fn pid(guest: &mut Guest, args: &str, old: &str) -> String {
    for _ in 0..50 {
        if let [one] = &pids(guest, args)[..] {
            if one != old {
                return one.clone();
            }
        }
        guest.command("sleep 0.1", "# ");
    }
    panic!("no `{args}` but {old}");
}

fn ends_with(mut guest: Guest, words: &[&str]) {
    for word in words {
        guest.expect(word);
    }
    assert_eq!(guest.wait_for_end(Duration::from_secs(300)), 0);
}

#[test]
fn entries_run_in_their_order_and_surroundings() {
    let inittab = [
        "# a comment",
        PROC,
        "::wait:/bin/sh -c 'sleep 0.2; echo third'",
        "::once:echo fourth $USER", // a shell's work
        SHELL,
        "::sysinit:echo first",
        "nonsense",
        "ttyNO::once:echo never",
        "::sysinit:echo second # with a comment",
    ];
    let mut guest = boot("order", &inittab, "");
    let bad = guest.expect("first");
    assert!(bad.contains("init: /etc/inittab: line 7: "), "{bad}");
    for word in ["second", "third"] {
        guest.expect(word);
    }
    // Nobody waits for an entry with `once`: the prompt may come before what it prints.
    guest.expect_all(&["fourth root\r\n", "# "]);
    assert!(guest.console().contains("init: ttyNO: No such file or directory"));
    let env = guest.command("echo $0 $PATH $TERM $HOME $SHELL $PWD", "# ");
    assert_eq!(env, "-/bin/sh /sbin:/usr/sbin:/bin:/usr/bin vt102 / /bin/sh /\n");
    // A session of its own, with a controlling terminal. The shell sleeps as soon as it waits for what it has started.
    let ps = guest.command("(sleep 0.2; ps -o tty= -o stat= -p $$)", "# ");
    assert!(ps.starts_with("ttyAMA0 Ss"), "{ps}");
    assert_eq!(
        guest.command("ls /proc/$$/fd | while read n; do [ $n -gt 2 ] || echo -n $n; done", "# "),
        "012"
    );
    let first = guest.command("echo $$", "# ");
    guest.send("exit\n");
    guest.expect("# ");
    assert_ne!(guest.command("echo $$", "# "), first);
    guest.send("kill -INT 1; reboot\n");
    ends_with(guest, &["SIGTERM", "SIGKILL", "reboot"]);
}

#[test]
fn askfirst_waits_for_enter() {
    let mut guest = boot("ask", &["::askfirst:-/bin/sh"], "");
    guest.expect("Please press Enter to activate this console.");
    guest.send("no prompt yet\n");
    guest.expect("# ");
    guest.send("exit\n");
    guest.expect("Please press Enter");
}

#[test]
fn a_reload_adds_drops_and_keeps() {
    let keep = "::respawn:/bin/sleep 1000";
    let mut guest = boot("reload", &[PROC, keep, "::respawn:/bin/sleep 2000", SHELL], "");
    guest.expect("# ");
    let shell = guest.command("echo $$", "# ");
    let kept = pid(&mut guest, "/bin/sleep 1000", "");
    let dropped = pid(&mut guest, "/bin/sleep 2000", "");
    guest.command(
        &format!("echo '{SHELL}' >/etc/inittab; echo '::respawn:/bin/sleep 3000' >>/etc/inittab"),
        "# ",
    );
    guest.command(&format!("echo '{keep}' >>/etc/inittab; init -q"), "# ");
    pid(&mut guest, "/bin/sleep 3000", "");
    // What was dropped goes on, but is not started again.
    assert_eq!(pids(&mut guest, "/bin/sleep 2000"), [dropped.as_str()]);
    assert_eq!(pids(&mut guest, "/bin/sleep 1000"), [kept.as_str()]);
    guest.command(&format!("kill {dropped} {kept}"), "# ");
    pid(&mut guest, "/bin/sleep 1000", &kept);
    assert!(pids(&mut guest, "/bin/sleep 2000").is_empty());
    assert_eq!(guest.command("echo $$", "# "), shell);
}

#[test]
fn a_pause_starts_nothing() {
    let mut guest = boot("pause", &[PROC, "::respawn:/bin/sleep 1000", SHELL], "");
    guest.expect("# ");
    let old = pid(&mut guest, "/bin/sleep 1000", "");
    guest.command(&format!("kill -TSTP 1; sleep 0.2; kill {old}; sleep 1"), "# ");
    assert!(pids(&mut guest, "/bin/sleep 1000").is_empty());
    guest.command("kill -CONT 1", "# ");
    pid(&mut guest, "/bin/sleep 1000", &old);
}

#[test]
fn a_pause_holds_the_start_as_well() {
    let inittab =
        ["::sysinit:/bin/sh -c 'kill -TSTP 1; (sleep 1; echo go on; kill -CONT 1) &'", "::wait:echo next"];
    let mut guest = boot("pause-start", &inittab, "");
    assert!(!guest.expect("go on").contains("next"));
    guest.expect("next");
}

#[test]
fn ctrl_alt_del_and_shutdown_entries() {
    let inittab =
        [PROC, SHELL, "::ctrlaltdel:/bin/sh -c 'echo three fingers; reboot'", "::shutdown:echo bye"];
    let mut guest = boot("cad", &inittab, "");
    guest.expect("# ");
    guest.send("kill -INT 1\n");
    ends_with(guest, &["three fingers", "bye", "SIGTERM", "SIGKILL", "Restarting system"]);
}

#[test]
fn orphans_are_reaped_and_failures_slowed_down() {
    let mut guest = boot("orphans", &[PROC, "::respawn:/bin/false", SHELL], "");
    guest.expect("/bin/false: ends too soon");
    guest.send("\n");
    guest.expect("# ");
    guest.command("for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.1 & sleep 0.1 & sleep 0.1 &); done", "# ");
    guest.command("sleep 1", "# ");
    let states = guest.command("ps -o s= -o args=", "# ");
    assert!(!states.lines().any(|line| line.starts_with('Z')), "{states}");
}

#[test]
fn a_stubborn_process_and_a_busy_mount_do_not_stop_it() {
    let inittab =
        [PROC, SHELL, "::once:/bin/sh -c 'mkdir /m; mount -t tmpfs m /m; cd /m; exec stubborn >/m/log'"];
    let mut guest = boot("stubborn", &inittab, &script("/bin/stubborn", STUBBORN));
    guest.expect("# ");
    guest.command("while ! [ -s /m/log ]; do sleep 0.1; done", "# ");
    guest.send("reboot\n");
    // No complaint that process 1 does not listen.
    assert!(!guest.expect("SIGTERM to all").contains("reboot: process 1"));
    ends_with(guest, &["SIGKILL to all", "Restarting system"]);
}

#[test]
fn nothing_that_hangs_keeps_it_from_going_down() {
    let inittab = [
        "::sysinit:/bin/sh -c '(sleep 1; kill -TERM 1; sleep 1; kill -TERM 1) & stubborn'",
        "::shutdown:stubborn",
    ];
    let guest = boot("hang", &inittab, &script("/bin/stubborn", STUBBORN));
    ends_with(guest, &["stubborn", "stubborn", "takes too long", "SIGTERM", "SIGKILL", "Restarting system"]);
}

#[test]
fn early_signals_are_not_lost() {
    for (signal, word) in [("USR1", "halt"), ("PWR", "halt"), ("USR2", "poweroff")] {
        let mut guest = boot(
            &format!("early-{signal}"),
            &[&format!("::sysinit:/bin/sh -c 'kill -{signal} 1'"), SHELL],
            "",
        );
        guest.expect(&format!("ended: {word}"));
        // The board has no power switch.
        guest.expect("System halted");
    }
}

#[test]
fn restart_takes_the_place_of_process_1() {
    let inittab = [SHELL, "::sysinit:echo up", "::restart:/bin/sh -c 'echo now I am $$; exec /init'"];
    let mut guest = boot("restart", &inittab, "");
    for word in ["up", "# "] {
        guest.expect(word);
    }
    guest.send("kill -QUIT 1\n");
    for word in ["SIGKILL", "now I am 1", "up", "# "] {
        guest.expect(word);
    }
}

#[test]
fn without_a_console_it_takes_the_one_that_comes_later() {
    // The kernel cannot open a folder, so process 1 starts with all descriptors closed.
    let inittab = ["::sysinit:/bin/mount -t devtmpfs dev /dev", SHELL];
    let mut guest = boot("no-console", &inittab, "[[dir]]\npath = \"/dev/console\"\n");
    guest.expect("# ");
    assert_eq!(guest.command("[ -t 0 ] && [ -t 2 ] && echo yes", "# "), "yes\n");
}

#[test]
fn single_user() {
    let mut guest = boot("single", &["::sysinit:echo too much", SHELL], "[kernel]\ncmdline = \"single\"\n");
    guest.expect("# ");
    assert!(!guest.console().contains("too much"));
    assert_eq!(guest.command("echo $RUNLEVEL", "# "), "single\n");
}

/// What process 1 has: its memory in KB, its descriptors, and how many children.
fn belongings(guest: &mut Guest) -> String {
    let memory =
        "while read k v u; do case $k in VmRSS:|VmData:|VmStk:) echo $k $v;; esac; done </proc/1/status";
    let text = guest.command(
        &format!("{memory}; ls -l /proc/1/fd | while read a b c d e f g h i; do echo $i; done"),
        "# ",
    );
    assert!(text.contains("VmRSS: ") && text.contains("VmData: ") && text.contains("0 -> "), "{text}");
    text
}

/// The last process ID given away: how many processes there have been.
fn count(guest: &mut Guest) -> u32 {
    // Process 1 may say something at any time, amid the echo of this line too: what is looked for is not in it.
    guest.send("read a b c d pid </proc/loadavg; printf '\\100%d\\100\\n' $pid\n");
    guest.expect("@");
    let text = guest.expect("@");
    guest.expect("# ");
    text.parse().unwrap_or_else(|_| panic!("no number: {text:?}"))
}

/// Has process 1 read its file again, which has it start at once what it had slowed down; until all is slow
/// again.
fn a_round_of_starts(guest: &mut Guest) {
    guest.send("kill -HUP 1\n");
    guest.expect("# ");
    for _ in 0..30 {
        let before = count(guest);
        sleep(Duration::from_millis(1200));
        if count(guest) == before {
            return;
        }
    }
    panic!("process 1 does not come to rest");
}

#[test]
fn who_gets_no_process_tries_again_before_those_that_crash() {
    // A machine of 4 MB has some 40 processes, and each time the first ones take them all.
    let mut inittab = vec![PROC];
    inittab.extend(["::respawn:/bin/true"; 50]);
    inittab.push(SHELL);
    let mut guest = boot("no-process", &inittab, "");
    guest.expect("init: /bin/sh: Resource temporarily unavailable");
    guest.expect("# ");
}

#[test]
fn a_thousand_respawns_leave_nothing_behind() {
    // Each is started five times in a row before it has to wait for a second, for two, for four.
    let mut inittab = vec![PROC];
    inittab.extend(["::respawn:/bin/true"; 50]);
    // One that the shell starts, and one that cannot be started.
    inittab.extend(["::respawn:test $$ = 0", "::respawn:/bin/no-such"]);
    inittab.push(SHELL);
    let mut guest = boot("respawn", &inittab, "");
    // A prompt that no message of process 1 ends like.
    guest.expect("less often");
    guest.send("\n");
    guest.expect("# ");
    // Whatever is set up once.
    a_round_of_starts(&mut guest);
    let (before, first) = (belongings(&mut guest), count(&mut guest));
    for _ in 0..5 {
        a_round_of_starts(&mut guest);
    }
    let (after, last) = (belongings(&mut guest), count(&mut guest));
    assert!(last - first > 1000, "only {} processes", last - first);
    assert_eq!(after, before);
    assert!(!guest.command("ps -o s= -o args=", "# ").lines().any(|line| line.starts_with('Z')));
    guest.send("kill -TERM 1\n");
    ends_with(guest, &["SIGTERM", "Restarting system"]);
}

#[test]
fn a_crashing_entry_costs_no_time() {
    let mut guest = boot("crash", &[PROC, "::respawn:/bin/false", "::respawn:/bin/no-such", SHELL], "");
    guest.expect_all(&["/bin/no-such: No such file", "/bin/false: ends too soon"]);
    guest.send("\n");
    guest.expect("# ");
    // By then the delay is eight seconds and more.
    sleep(Duration::from_secs(10));
    let first = count(&mut guest);
    let ticks = |guest: &mut Guest| -> u32 {
        guest.send("read a </proc/1/stat; set -- ${a##*) }; echo \"<$((${12} + ${13} + ${14} + ${15}))>\"\n");
        guest.expect("\n<");
        let text = guest.expect(">");
        guest.expect("# ");
        text.parse().unwrap_or_else(|_| panic!("no number: {text:?}"))
    };
    let before = ticks(&mut guest);
    sleep(Duration::from_secs(20));
    let (after, last) = (ticks(&mut guest), count(&mut guest));
    // Of process 1 and all that it has buried, in hundredths of a second.
    assert!(after - before <= 20, "{} ticks", after - before);
    // Never given up: each has its turn once or twice.
    assert!((1..=6).contains(&(last - first)), "{} processes", last - first);
}

#[test]
fn a_root_that_is_read_only_an_empty_dev_and_no_descriptor_are_enough() {
    // Process 1 is first a script, which leaves nothing to the one that takes its place.
    let start = "#!/bin/sh\nexec <&- >&- 2>&-\nrm /dev/*\nmount -o remount,ro /\nexec /init\n";
    let config = format!("{}[kernel]\ncmdline = \"rdinit=/start\"\n", script("/start", start));
    let inittab = ["::sysinit:/bin/mount -t devtmpfs dev /dev", "::sysinit:>/etc/written", SHELL];
    let mut guest = boot("read-only", &inittab, &config);
    guest.expect("# ");
    assert_eq!(
        guest.command("echo $$ >/x; echo /etc/w* /proc/*", "# "),
        "-/bin/sh: can't create '/x': Read-only file system\n/etc/w* /proc/*\n"
    );
    assert_eq!(guest.command("[ -t 0 ] && [ -t 2 ] && echo yes", "# "), "yes\n");
    guest.send("reboot\n");
    ends_with(guest, &["SIGTERM", "SIGKILL", "Restarting system"]);
}

#[test]
fn the_console_is_the_one_that_the_kernel_command_line_names() {
    let node = |name: &str, major: u32, minor: u32| {
        format!("[[node]]\npath = \"/dev/{name}\"\nkind = \"char\"\nmajor = {major}\nminor = {minor}\n")
    };
    // What the kernel opens is where nobody reads.
    let config = format!(
        "{}{}[kernel]\ncmdline = \"CONSOLE=/dev/line\"\n",
        node("console", 1, 3),
        node("line", 204, 64)
    );
    let mut guest = boot("named-console", &[PROC, SHELL], &config);
    guest.expect("# ");
    let files = guest.command("ls -l /proc/1/fd", "# ");
    assert_eq!(files.matches("/dev/line").count(), 3, "{files}");
}
