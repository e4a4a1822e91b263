//! mount, umount, ps and dmesg against a real kernel, in a booted guest.

use tests::{Guest, Options};

const FSTAB: &str = "# a comment\n\
    one /m/a tmpfs size=64k,nosuid 0 0\n\
    two /m/b tmpfs noauto\n\
    proc /m/c proc ro\n\
    /dev/none /m/d ext2 nofail\n";

fn boot(name: &str, more: &str) -> Guest {
    let config =
        format!("inittab = [\"::sysinit:/bin/mount -t proc proc /proc\", \"::respawn:-/bin/sh\"]\n{more}");
    let mut guest = Guest::boot(name, &Options { config: Some(config), ..Options::default() });
    guest.expect("# ");
    guest
}

/// The options of what is mounted on `dir`, the topmost one; empty if nothing is.
fn mounted(guest: &mut Guest, dir: &str) -> String {
    let table = guest.command("cat /proc/mounts", "# ");
    let line = table.lines().rev().find(|line| line.split(' ').nth(1) == Some(dir));
    line.map(|line| line.split(' ').nth(3).unwrap().to_string()).unwrap_or_default()
}

#[test]
fn file_systems_come_and_go() {
    let mut guest = boot("mount", &format!("[[file]]\npath = \"/etc/fstab\"\ncontent = {FSTAB:?}\n"));
    let run = |guest: &mut Guest, line: &str| guest.command(&format!("{line}; echo =$?"), "# ");
    assert_eq!(run(&mut guest, "mkdir -p /m/a /m/b /m/c /m/d"), "=0\n");

    // All of fstab: not what is marked noauto, no complaint about a device that may be missing, and nothing
    // twice.
    assert_eq!(run(&mut guest, "mount -a"), "=0\n");
    assert_eq!(run(&mut guest, "mount -a"), "=0\n");
    assert_eq!(guest.command("cat /proc/mounts", "# ").matches(" /m/").count(), 2);
    assert!(mounted(&mut guest, "/m/a").contains("nosuid"));
    assert!(mounted(&mut guest, "/m/c").starts_with("ro"));
    let list = guest.command("mount -t tmpfs", "# ");
    assert!(list.starts_with("one on /m/a type tmpfs (rw,nosuid"), "{list}");

    // By one name, from fstab; then again, read-only, with what it has.
    assert_eq!(run(&mut guest, "mount /m/b"), "=0\n");
    assert_eq!(run(&mut guest, "mount nowhere"), "mount: nowhere: not in /etc/fstab\n=1\n");
    assert_eq!(run(&mut guest, "mount -o remount,ro,noexec /m/a/../a"), "=0\n");
    let options = mounted(&mut guest, "/m/a");
    assert!(options.starts_with("ro,nosuid,noexec"), "{options}");
    assert_eq!(run(&mut guest, "cd /m/a; mount -w --remount .; cd /"), "=0\n");
    assert!(mounted(&mut guest, "/m/a").starts_with("rw"));

    // A directory for a directory is bound; a bind that is made read-only keeps the rest.
    assert_eq!(
        run(&mut guest, "echo text >/m/a/file; mount -o bind,ro /m/a /m/d; cat /m/d/file"),
        "text\n=0\n"
    );
    assert!(mounted(&mut guest, "/m/d").starts_with("ro,nosuid"));
    assert_eq!(run(&mut guest, "umount /m/d; mount /m/a /m/d; umount -v /m/d"), "/m/d unmounted\n=0\n");
    assert_eq!(run(&mut guest, "mount --move /m/b /m/d; mount --make-rprivate /m/d"), "=0\n");
    assert!(mounted(&mut guest, "/m/b").is_empty() && !mounted(&mut guest, "/m/d").is_empty());

    // What is wrong is told, in one line.
    assert_eq!(run(&mut guest, "mount -t nosuch x /m/b"), "mount: x on /m/b: No such device\n=1\n");
    assert_eq!(run(&mut guest, "mount /dev/none /m/b"), "mount: /dev/none on /m/b: Invalid argument\n=1\n");
    assert_eq!(run(&mut guest, "umount /m/b"), "umount: /m/b: Invalid argument\n=1\n");

    // Busy: read-only if asked for, detached if asked for.
    assert_eq!(run(&mut guest, "cd /m/d; umount /m/d"), "umount: /m/d: Device or resource busy\n=1\n");
    assert_eq!(run(&mut guest, "umount -r two"), "umount: /m/d: busy, now read-only\n=0\n");
    assert!(mounted(&mut guest, "/m/d").starts_with("ro"));
    assert_eq!(run(&mut guest, "umount -l /m/d; cd /"), "=0\n");
    assert_eq!(run(&mut guest, "umount -a -t tmpfs"), "=0\n");
    assert!(mounted(&mut guest, "/m/a").is_empty() && !mounted(&mut guest, "/m/c").is_empty());
}

#[test]
fn processes_and_messages_are_told() {
    let mut guest = boot("ps", "");
    let ps = guest.command("ps", "# ");
    let lines: Vec<&str> = ps.lines().collect();
    assert_eq!(lines[0], "  PID USER         TIME COMMAND");
    assert!(lines[1].starts_with("    1 root     00:0") && lines[1].ends_with(" /init"), "{ps}");
    assert!(lines.iter().any(|line| line.ends_with(" [kthreadd]")) && lines.len() > 5, "{ps}");
    for (command, header) in [
        ("ps -ef", "UID        PID  PPID  C STIME TTY         TIME CMD"),
        ("ps -T", "  PID   TID USER         TIME COMMAND"),
        ("ps -o pid,comm=NAME", "  PID NAME"),
        ("ps -l", "F S   UID   PID  PPID  C PRI  NI ADDR    SZ WCHAN  TTY         TIME CMD"),
    ] {
        let text = guest.command(command, "# ");
        assert_eq!(text.lines().next().unwrap(), header);
        assert!(text.lines().count() > 3, "{text}");
    }
    assert_eq!(guest.command("ps -o pid= -o comm= -p 1", "# "), "    1 init\n");
    // Some of them, by what they are; several options have all that one of them has.
    for (words, expected) in [
        ("-p 1,2", "init kthreadd"),
        ("-p '1 2'", "init kthreadd"),
        ("2 1", "init kthreadd"),
        ("-s 1 -p 2", "init kthreadd"),
        ("-g 1", "init"),
        ("-u nobody", ""),
        ("-U 7 -G 8 -u 9 -g no-such", ""),
    ] {
        let text = guest.command(&format!("ps -o comm= {words}"), "# ");
        assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), expected, "{words}");
    }
    for words in ["-u root", "-u 0", "-U root", "-U 0", "-G 0", "-g root"] {
        assert_eq!(
            guest.command(&format!("ps -o pid= {words} | cat >/all; read a </all; echo $a"), "# "),
            "1\n"
        );
    }
    let text = guest.command("ps -o tty= -t ttyAMA0; ps -o ruid= -o rgid= -p 1", "# ");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let (last, first) = lines.split_last().unwrap();
    assert!(!first.is_empty() && first.iter().all(|line| *line == "ttyAMA0") && *last == "0     0", "{text}");
    assert_eq!(guest.command("ps -o nosuch; echo $?", "# "), "ps: nosuch: no such column (see --help)\n1\n");

    let log = guest.command("dmesg", "# ");
    assert!(log.contains("Run /init as init process\n"), "{log}");
    assert!(guest.command("dmesg -r", "# ").starts_with('<'));
    assert_eq!(guest.command("dmesg -n 3; echo $?; dmesg -n 9", "# "), "0\ndmesg: invalid number '9'\n");
    guest.command("dmesg -c", "# ");
    assert_eq!(guest.command("dmesg", "# "), "");

    // Without /proc there is no answer, and that is told.
    assert_eq!(guest.command("umount /proc; ps; echo $?", "# "), "ps: /proc: No such file or directory\n1\n");
    assert_eq!(
        guest.command("mount; echo $?", "# "),
        "mount: /proc/self/mounts: No such file or directory\n1\n"
    );
}
