//! ls as a program: native, and the armv5te binary under qemu-user.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};
use tests::applet;

const TARGETS: [&str; 2] = ["x86_64", "armv5te"];

/// Status and standard output of ls in `dir`.
fn ls(target: &str, dir: &Path, args: &str) -> (i32, String) {
    ls_at(target, dir, args, "UTC0")
}

fn ls_at(target: &str, dir: &Path, args: &str, zone: &str) -> (i32, String) {
    let mut command = applet(target, "ls");
    command.args(args.split_whitespace()).current_dir(dir).env("TZ", zone).env("COLUMNS", "40");
    let out = command.output().expect("ls starts");
    (out.status.code().expect("not killed"), String::from_utf8_lossy(&out.stdout).into_owned())
}

fn ok(out: &str) -> (i32, String) {
    (0, out.into())
}

/// A file with size and time of last change.
fn file(path: &Path, size: u64, time: u64) {
    let f = fs::File::create(path).unwrap();
    f.set_len(size).unwrap();
    f.set_times(fs::FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(time))).unwrap();
}

#[test]
fn names_in_every_arrangement() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let d = dir.path();
        for (n, name) in ["a10.c", "a9.h", "b", ".hidden", "cc.c"].iter().enumerate() {
            file(&d.join(name), 100 * n as u64, 1000 - n as u64);
        }
        fs::create_dir(d.join("dir")).unwrap();
        file(&d.join("dir/in"), 0, 0);
        symlink("dir", d.join("link")).unwrap();
        fs::set_permissions(d.join("b"), fs::Permissions::from_mode(0o755)).unwrap();

        assert_eq!(ls(target, d, ""), ok("a10.c\na9.h\nb\ncc.c\ndir\nlink\n"));
        assert_eq!(ls(target, d, "-A a9.h dir"), ok("a9.h\n\ndir:\nin\n"));
        assert_eq!(ls(target, d, "-a1").1.lines().take(3).collect::<Vec<_>>(), [".", "..", ".hidden"]);
        assert_eq!(ls(target, d, "-C -w 20"), ok("a10.c  b     dir\na9.h   cc.c  link\n"));
        assert_eq!(ls(target, d, "-x -w 20"), ok("a10.c  a9.h  b\ncc.c   dir   link\n"));
        assert_eq!(ls(target, d, "-m"), ok("a10.c, a9.h, b, cc.c, dir, link\n"));
        assert_eq!(ls(target, d, "-mw12"), ok("a10.c, a9.h,\nb, cc.c,\ndir, link\n"));
        assert_eq!(ls(target, d, "-F"), ok("a10.c\na9.h\nb*\ncc.c\ndir/\nlink@\n"));
        assert_eq!(ls(target, d, "-p"), ok("a10.c\na9.h\nb\ncc.c\ndir/\nlink\n"));
        assert_eq!(ls(target, d, "-v -d a10.c a9.h"), ok("a9.h\na10.c\n"));
        assert_eq!(ls(target, d, "-X"), ok("b\ndir\nlink\na10.c\ncc.c\na9.h\n"));
        assert_eq!(ls(target, d, "-Sd a10.c a9.h b cc.c"), ok("cc.c\nb\na9.h\na10.c\n"));
        assert_eq!(ls(target, d, "-td a10.c a9.h b cc.c"), ok("a10.c\na9.h\nb\ncc.c\n"));
        assert_eq!(ls(target, d, "-rtd a10.c b"), ok("b\na10.c\n"));
        assert_eq!(ls(target, d, "--group-directories-first -r").1.lines().next(), Some("dir"));
        assert_eq!(ls(target, d, "link"), ok("in\n"));
        assert_eq!(ls(target, d, "-d link"), ok("link\n"));
        assert_eq!(ls(target, d, "-R dir link"), ok("dir:\nin\n\nlink:\nin\n"));
        assert_eq!(ls(target, d, "none b"), (1, "b\n".into()));
        assert_eq!(
            ls(target, d, "--color=always -d b dir a9.h"),
            ok("a9.h\n\x1b[1;32mb\x1b[m\n\x1b[1;34mdir\x1b[m\n")
        );
        assert_eq!(ls(target, d, "--color=auto dir"), ok("in\n"));
        assert_eq!(ls(target, d, "--color=maybe").0, 1);
        assert_eq!(ls(target, d, "-w x").0, 1);
    }
}

#[test]
fn long_lists() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let d = dir.path();
        file(&d.join("big"), 5_000_000_000, 1_000_000_000);
        file(&d.join("x"), 7, 0);
        symlink("x", d.join("link")).unwrap();
        for (name, mode) in [("big", 0o640), ("x", 0o6754)] {
            fs::set_permissions(d.join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let (_, out) = ls(target, d, "-ln");
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[0].starts_with("total "), "{out}");
        assert!(
            lines[1].starts_with("-rw-r----- 1 ") && lines[1].ends_with(" 5000000000 Sep  9  2001 big"),
            "{out}"
        );
        assert!(lines[2].starts_with("lrwxrwxrwx 1 ") && lines[2].ends_with(" link -> x"), "{out}");
        assert!(
            lines[3].starts_with("-rwsr-sr-- 1 ") && lines[3].ends_with("          7 Jan  1  1970 x"),
            "{out}"
        );
        assert!(ls(target, d, "-lh big").1.contains(" 4.7G "));
        let full = |zone| ls_at(target, d, "-go --full-time big", zone).1;
        assert_eq!(full("UTC0"), "-rw-r----- 1 5000000000 2001-09-09 01:46:40.000000000 +0000 big\n");
        assert!(full("CET-1CEST,M3.5.0,M10.5.0/3").contains(" 03:46:40.000000000 +0200 "));
        assert!(full("<-0330>3:30").contains("2001-09-08 22:16:40.000000000 -0330 "));
        assert_eq!(ls(target, d, "-ll -go big").1, full("UTC0"));
        assert!(ls(target, Path::new("/"), "-l dev/null").1.contains(" 1, 3 "));
        let names = ls(target, d, "-l x").1;
        assert_ne!(names, ls(target, d, "-n x").1, "user 0 has a name on every machine with /etc/passwd");
    }
}

#[test]
fn odd_names_do_not_reach_a_terminal() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let name = b"a\x1b[2J\r\xff\xc2\x9b\xe4\xb8\xad";
        fs::write(dir.path().join(OsStr::from_bytes(name)), "").unwrap();
        let out = |args: &str| {
            let mut command = applet(target, "ls");
            command.args(args.split_whitespace()).current_dir(dir.path()).output().unwrap().stdout
        };
        assert_eq!(out(""), [&name[..], b"\n"].concat());
        assert_eq!(out("-q"), "a?[2J???中\n".as_bytes());
        assert_eq!(out("-b"), "a\\033[2J\\r\\377\\302\\233中\n".as_bytes());
        // On a terminal, which script(1) provides, -q is the default.
        let ls = applet(target, "ls");
        let words: Vec<String> = std::iter::once(ls.get_program())
            .chain(ls.get_args())
            .map(|w| w.to_string_lossy().into_owned())
            .collect();
        let mut script = std::process::Command::new("script");
        script.args(["-qec", &words.join(" "), "/dev/null"]).current_dir(dir.path());
        let shown = script.stdin(std::process::Stdio::null()).output().unwrap().stdout;
        assert_eq!(String::from_utf8_lossy(&shown).trim_end(), "a?[2J???中");
    }
}

#[test]
fn many_files_and_loops_of_links() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let d = dir.path();
        fs::create_dir(d.join("many")).unwrap();
        let mut names: Vec<String> = (0..20_000).map(|n| format!("file{n}")).collect();
        for name in &names {
            fs::write(d.join("many").join(name), "").unwrap();
        }
        names.sort();
        assert_eq!(ls(target, d, "many").1.lines().collect::<Vec<_>>(), names);
        assert_eq!(ls(target, d, "-U many").1.lines().count(), 20_000);
        fs::create_dir_all(d.join("x/y")).unwrap();
        symlink("..", d.join("x/y/up")).unwrap();
        assert_eq!(ls(target, d, "-R x"), ok("x:\ny\n\nx/y:\nup\n"));
        let (status, out) = ls(target, d, "-RL x");
        assert_eq!((status, out.as_str()), (1, "x:\ny\n\nx/y:\nup\n"));
    }
}
