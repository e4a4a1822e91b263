//! Whole systems without an MMU: Linux on a Cortex-M4, its kernel in flash.

use build_rootfs::config::Root;
use std::fmt::Write;
use std::fs;
use std::time::Duration;
use tests::{cases, Guest, Options};

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

fn scripts(name: &str, link: &str) {
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
    file("driver", DRIVER);
    let all = cases();
    for (n, (script, out, status)) in all.iter().enumerate() {
        file(&format!("c/{n}"), script);
        file(&format!("e/{n}"), &format!("{out}={status}\n"));
    }
    let options = Options {
        config: Some(config),
        ram: Some("16M".into()),
        link: Some(link.into()),
        ..Options::default()
    };
    let mut guest = boot(name, options);
    // One case starts 900 processes.
    let log = guest.expect_within("right: ", Duration::from_secs(200));
    let wrong: Vec<&str> = log.lines().filter(|line| line.starts_with("wrong ")).collect();
    let right = guest.expect(" of ");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let right: usize = right.trim().parse().unwrap();
    assert!(right * 10 > all.len() * 8, "only {right} of {} could run", all.len());
}

#[test]
fn scripts_print_what_they_should_with_shared_text() {
    scripts("shared", "shared");
}

#[test]
fn scripts_print_what_they_should_as_a_plain_pie() {
    scripts("pie", "pie");
}

#[test]
fn a_root_in_flash_is_read_only_and_runs_in_place() {
    let options = Options { root: Some(Root::Romfs), ram: Some("1M".into()), ..Options::default() };
    let mut guest = prompt("romfs", options);
    assert!(tell(&mut guest, "echo x >/etc/x").contains("Read-only"), "the root is writable");
    let maps = tell(&mut guest, "cat /proc/self/maps");
    // Flash lies below RAM, which begins at 0x21000000.
    let text = maps.lines().find(|line| line.contains("r-xp")).unwrap_or_default();
    assert!(text.starts_with("00") && text.ends_with("/bin/mote"), "{maps}");
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
