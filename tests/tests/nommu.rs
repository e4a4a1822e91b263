//! Whole systems without an MMU: Linux on a Cortex-M4, its kernel in flash.

use build_rootfs::config::Root;
use build_rootfs::target::Target;
use std::fmt::Write;
use std::fs;
use std::time::Duration;
use tests::{cases, program, Guest, Options};

fn boot(name: &str, options: Options) -> Guest {
    Guest::boot(&format!("nommu-{name}"), &Options { target: Some("thumbv7em".into()), ..options })
}

/// A guest at its prompt, with /proc.
fn prompt(name: &str, options: Options) -> Guest {
    let mut guest = boot(name, options);
    guest.expect("# ");
    tell(&mut guest, "mount -t proc proc /proc");
    guest
}

/// What a command line prints.
fn tell(guest: &mut Guest, line: &str) -> String {
    // The echo of what is typed has the quotes, the answer has not.
    guest.send(&format!("{line}; echo 'en''d'=$?\n"));
    let text = guest.expect("end=");
    guest.expect("# ");
    let text = text.replace('\r', "");
    text.split_once("'en''d'=$?\n").map_or(text.clone(), |(_, answer)| answer.to_string())
}

fn free(guest: &mut Guest) -> u64 {
    let text = tell(guest, "while read a b c; do case $a in MemFree:) echo $b;; esac; done </proc/meminfo");
    text.trim().parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// Runs every case in the guest itself and prints the numbers of those that went wrong.
const DRIVER: &str = r#"
mount -t proc proc /proc
mkdir /tmp/d; cd /tmp/d
n=0 ran=0
while [ -e /c/$n ]; do
    out=$(HOME=/root sh -c "$(cat /c/$n)" 2>/tmp/err </dev/null; echo "=$?")
    if [ "$out" = "$(cat /e/$n)" ]; then
        ran=$((ran+1))
    else
        err=$(cat /tmp/err)
        case $err in
        *": not found"*) ;; # the image lacks what the case needs
        *) echo "wrong $n: $out: $err" ;;
        esac
    fi
    n=$((n+1))
    [ $((n % 8)) = 0 ] && echo "tried $n"
done
echo "right: $ran of $n"
"#;

/// A guest whose console shows what `/driver` prints, with every case in the folders `/c` (scripts) and `/e` (what
/// they print), and other files.
fn driven(name: &str, link: &str, driver: &str, others: &[(&str, &str)]) -> Guest {
    let dir = tempfile::tempdir().unwrap();
    let mut config = String::from("inittab = [\"::sysinit:/bin/sh /driver\", \"::askfirst:-/bin/sh\"]\n");
    for (name, to) in [("fd", "/proc/self/fd"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("stdin", "fd/0")] {
        writeln!(config, "[[symlink]]\npath = \"/dev/{name}\"\ntarget = \"{to}\"").unwrap();
    }
    let mut file = |path: &str, content: &str| {
        let source = dir.path().join(path.replace('/', "-"));
        fs::write(&source, content).unwrap();
        writeln!(config, "[[file]]\npath = \"/{path}\"\nsource = {:?}", source.display()).unwrap();
    };
    file("driver", driver);
    for (n, (script, out, status)) in cases().iter().enumerate() {
        file(&format!("c/{n}"), script);
        file(&format!("e/{n}"), &format!("{out}={status}\n"));
    }
    for (path, content) in others {
        file(path, content);
    }
    let options = Options {
        config: Some(config),
        ram: Some("16M".into()),
        link: Some(link.into()),
        ..Options::default()
    };
    boot(name, options)
}

fn scripts(name: &str, link: &str) {
    let mut guest = driven(name, link, DRIVER, &[]);
    // One case starts 900 processes.
    let log = guest.expect_within("right: ", Duration::from_secs(600));
    let wrong: Vec<&str> = log.lines().filter(|line| line.starts_with("wrong ")).collect();
    let right = guest.expect(" of ");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (right, all): (usize, usize) = (right.trim().parse().unwrap(), cases().len());
    assert!(right * 10 > all * 8, "only {right} of {all} could run");
}

#[test]
fn scripts_print_what_they_should_with_shared_text() {
    scripts("shared", "shared");
}

#[test]
fn scripts_print_what_they_should_as_a_plain_pie() {
    scripts("pie", "pie");
}

/// What uses much stack: each applet's usual work, and nesting up to where the shell refuses it.
const DEEP: &str = r#"
cd /tmp; mkdir -p a/b/c/d/e/f; echo x >a/f
ls -lR / >/dev/null 2>&1; ls -la --color=always /dev /bin; ls -C /proc >/dev/null
ps aux; ps -A -o pid,comm,args; uname -a; dmesg >/dev/null; dmesg -T | cat -n >/dev/null; cat -A /etc/passwd; mount
mount -t ramfs none a/b; mount -o remount,ro a/b; umount a/b; umount -a -t none
mkdir -m u+rwx,go=rx -pv m/n; mv -v a/f a/g; mv a z; rm -rv z m; printf '%5d %s %x %f %b\n' 1 a 255 1.5 'a\tb'
ifconfig; ifconfig -a; insmod /none; rmmod none; modprobe none; modprobe -D none; depmod -n; lsmod
kill -l; kill -0 1; sleep 0.01; test -d /tmp -a ! -f /x; [ 1 -lt 2 ]; pwd; true; false; init --help; cat --help
trap 'echo $(echo trap)' USR1; kill -USR1 $$; set >/dev/null; type ls sh; ulimit -a; times; jobs
rep() { n=0 x=; while [ $n -lt 400 ]; do x=$x$1; n=$((n+1)); done; }
f='f() { [ $1 = 0 ] || f $(($1 - 1)); };'
sh -c "$f f 7; echo seven"; sh -c "$f f 10000"; sh -c 'f() { f; }; f'; sh -c 'f() { (f); }; f'; sh -c 'f() { x=$(f); }; f'
sh -c 'f() { eval f; }; f'; echo '. /tmp/s' >s; sh s; sh -c 'f() { f | cat; }; f'; sh -c 'f() { case a in *) f ;; esac; }; f'
sh -c 'f() { for i in 1; do if f; then :; fi; done; }; f'; sh -c 'f() { while ! { f; }; do :; done; }; f'
sh -c 'f() { ls -l $(f) /bin >/dev/null; }; f'; sh -c 'f() { cd /tmp; pwd -P; y=${PWD%/*}; f; }; f' >/dev/null
rep '('; sh -c "echo \$(($x"; sh -c "$x"; sh -c "[[ a =~ $x ]]"; rep '{ '; sh -c "$x"; rep '${a:-'; sh -c "echo $x"
rep '$('; sh -c "echo $x"; rep 'if '; sh -c "$x"; rep '-'; sh -c "echo \$((1 $x 1))"; rep '*a'
sh -c "case aaaaaaaaaaaaaaaaaaaaaab in $x) ;; esac"; sh -c '[[ aaaaaaaaaaaaaab =~ ((a|b)*(a*)*)*c ]]'; rep '! '; sh -c "$x"
rep 'case a in '; sh -c "$x"; rep '/*'; sh -c "echo $x" >/dev/null; rep a; sh -c "alias a$x=b; a$x"
x=$(printf %3000s); y=$x$x$x$x; ls $y; /bin/ls $x >/dev/null; cat <<E | cat >/dev/null
$y $(echo $y)
E
"#;

/// Says of each program what it used at most.
const MARKS: &str = r#"
echo "marks"
while read -r n a b; do
    a=${a##*/}; a=${a#-}
    case $a in *[!a-z]*|'') a=other ;; esac
    eval "[ \$n -gt \${most_$a:-0} ] && most_$a=\$n of_$a=\"\$a \$b\""
done </marks
for v in $(set | while IFS== read -r a b; do case $a in most_*) echo $a ;; esac; done); do
    eval "echo mark \$$v \$of_${v#most_}"
done
echo "marked: all"
"#;

#[test]
fn programs_stay_within_their_stacks() {
    let target = Target::load(tests::project(), "thumbv7em").unwrap();
    let stack = |args: Vec<String>| -> usize {
        args.iter().find_map(|arg| arg.strip_prefix("--defsym=mote_stack=")?.parse().ok()).unwrap()
    };
    let given = stack(target.link_args());
    assert_eq!(stack(target.with_way("pie").unwrap().link_args()), given);
    // Up to a sixteenth is left to arguments and the environment (the kernel adds what they take beyond that); then
    // the vectors, and the frame of a signal that comes at the worst of times.
    let most = given - given / 16 - 256 - 752;

    let driver = DRIVER.replace("right: ", "Right: ") + "sh /deep\necho deep\n" + MARKS;
    let mut guest = driven("marked", "marked", &driver, &[("deep", DEEP)]);
    let log = guest.expect_within("marked: ", Duration::from_secs(600)).replace('\r', "");
    let marks = log.lines().filter_map(|line| line.strip_prefix("mark ")?.split_once(' '));
    let marks: Vec<(usize, &str)> = marks.map(|(bytes, who)| (bytes.parse().unwrap(), who)).collect();
    let too_deep: Vec<_> = marks.iter().filter(|(bytes, _)| *bytes > most).collect();
    assert!(too_deep.is_empty(), "over {most} bytes of stack: {too_deep:?}");
    for name in ["sh", "ls", "ps", "cat", "mount", "rm", "mv", "init", "modprobe", "ifconfig"] {
        assert!(marks.iter().any(|(_, who)| who.split(' ').next() == Some(name)), "{name}: {marks:?}");
    }
    // What nests without end is refused, and ends nothing but itself.
    let refused = log.matches("nested too deeply").count();
    assert!(refused >= 18 && log.contains("\nseven\n"), "{refused} times refused");
    for word in ["Illegal", "Segmentation", "Bus error", "out of memory"] {
        assert!(!log.contains(word), "{word}");
    }
}

#[test]
fn a_root_in_flash_is_read_only_and_runs_in_place() {
    let options = Options { root: Some(Root::Romfs), ram: Some("1M".into()), ..Options::default() };
    let mut guest = prompt("romfs", options);
    assert!(tell(&mut guest, "echo x >/etc/x").contains("Read-only"), "the root is writable");
    let maps = tell(&mut guest, "cat /proc/self/maps");
    // It is the shell's, of which cat is a part. Flash lies below RAM, which begins at 0x20000000.
    let text = maps.lines().find(|line| line.contains("r-xp")).unwrap_or_default();
    assert!(text.starts_with("00") && text.ends_with("/bin/sh"), "{maps}");
}

#[test]
fn ten_thousand_programs_leave_nothing_behind() {
    let mut guest = prompt("soak", Options { ram: Some("1536k".into()), ..Options::default() });
    let spawn = |guest: &mut Guest, turns: u32| {
        let line = format!(
            "i=0; while [ $i -lt {turns} ]; do /bin/true; x=$(/bin/echo a | cat); (exit 3); i=$((i+1)); done"
        );
        tell(guest, &line);
    };
    spawn(&mut guest, 50);
    let before = free(&mut guest);
    // In parts, so that the console is not silent for too long. A turn starts four processes.
    for _ in 0..25 {
        spawn(&mut guest, 100);
    }
    let after = free(&mut guest);
    assert!(after + 16 >= before, "{before} KB were free, then {after}");
}

#[test]
fn memory_that_runs_out_ends_a_command_and_nothing_else() {
    let mut guest = prompt("memory", Options { ram: Some("1536k".into()), ..Options::default() });
    let text = tell(&mut guest, "sh -c 'x=aaaaaaaa; while :; do x=$x$x; done'; echo status $?");
    assert!(text.contains("out of memory") && text.contains("status 1"), "{text}");
    assert_eq!(tell(&mut guest, "echo $(echo on)"), "on\n");
}

#[test]
fn a_program_that_goes_astray_gets_a_signal_and_the_system_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = String::new();
    // Nothing is at 0x70000000: movs r0, #0x70; lsls r0, r0, #24; then
    let programs: [(&str, &[u16], u32); 4] = [
        ("reads", &[0x2070, 0x0600, 0x6801], 139),         // ldr r1, [r0]
        ("writes", &[0x2070, 0x0600, 0x6001], 139),        // str r1, [r0]
        ("jumps", &[0x2070, 0x0600, 0x3001, 0x4700], 139), // adds r0, #1; bx r0
        ("undefined", &[0xde00], 132),                     // udf #0
    ];
    for (name, code, _) in programs {
        let file = dir.path().join(name);
        fs::write(&file, program(code)).unwrap();
        writeln!(config, "[[file]]\npath = \"/{name}\"\nsource = {:?}\nmode = \"755\"", file.display())
            .unwrap();
    }
    let options = Options { ram: Some("1M".into()), config: Some(config), ..Options::default() };
    let mut guest = prompt("faults", options);
    for (name, _, status) in programs {
        let text = tell(&mut guest, &format!("for i in 1 2 3; do /{name}; echo status=$?; done"));
        let all = text.lines().filter(|line| line.trim() == format!("status={status}")).count();
        assert_eq!(all, 3, "{name}: {text}");
    }
    let text = tell(&mut guest, "dmesg");
    assert_eq!(text.matches("]: fault ipsr=").count(), 12, "{text}");
    assert_eq!(tell(&mut guest, "echo $(echo on | cat)"), "on\n");
}

/// Pages that are free, and those of them in blocks of at least `order`.
fn blocks(guest: &mut Guest, order: usize) -> (u64, u64) {
    let text = tell(guest, "cat /proc/buddyinfo");
    let counts: Vec<u64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let pages = |from: usize| counts.iter().enumerate().skip(from).map(|(n, count)| count << n).sum();
    assert!(counts.len() > order, "{text}");
    (pages(0), pages(order))
}

#[test]
fn memory_does_not_crumble() {
    const MIX: &str = "ls -l /bin; ps; cat /etc/passwd | cat -n; x=$(echo $(uname -a)); (cd /tmp; mkdir -p a/b; mv a c); \
        ls -la /tmp; echo $x >/tmp/f$((i % 7)); cat /tmp/f* | while read a; do :; done; rm -r /tmp/c; mount; dmesg";
    let options = Options { root: Some(Root::Romfs), ram: Some("704k".into()), ..Options::default() };
    let mut guest = prompt("crumbs", options);
    tell(&mut guest, "mount -t ramfs none /tmp");
    let turns = |guest: &mut Guest, from: u32, to: u32| {
        let text = tell(
            guest,
            &format!("i={from}; while [ $i -lt {to} ]; do {{ {MIX}; }} >/dev/null; i=$((i+1)); done"),
        );
        // What goes wrong would be told on stderr.
        assert_eq!(text, "", "turns {from} to {to}");
    };
    turns(&mut guest, 0, 10);
    let before = blocks(&mut guest, 2);
    // A turn starts twelve processes.
    for part in 0..17 {
        turns(&mut guest, part * 10, part * 10 + 10);
    }
    let after = blocks(&mut guest, 2);
    eprintln!("free pages, and those in blocks of four or more: {before:?}, then {after:?}");
    assert!(after.0 + 8 >= before.0 && after.1 * 4 >= before.1 * 3, "{before:?}, then {after:?}");
}

#[test]
fn signals_arrive_and_interrupts_end_what_runs() {
    let mut guest = prompt("signals", Options { ram: Some("2M".into()), ..Options::default() });
    assert_eq!(tell(&mut guest, "trap 'echo got $?' USR1; kill -USR1 $$; trap - USR1"), "got 0\n");
    assert_eq!(tell(&mut guest, "sleep 5 & kill %1; wait $!; echo $?").lines().last(), Some("143"));
    guest.send("sleep 1000\n");
    guest.expect("sleep 1000");
    std::thread::sleep(Duration::from_millis(500));
    guest.send("\x03");
    guest.expect("# ");
    assert_eq!(tell(&mut guest, "echo on"), "on\n");
}
