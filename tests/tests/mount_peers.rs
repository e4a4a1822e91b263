//! mount and umount beside util-linux's and BusyBox's: the same command lines, each in a mount namespace of its
//! own, leave the same things mounted.

use build_rootfs::cache::Cache;
use build_rootfs::error::Result;
use build_rootfs::peers::native;
use build_rootfs::process::{command, output, which};
use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::{Path, PathBuf};
use tests::conformance::parallel;
use tests::fresh;

/// A peer's letters, then a command line of the shell.
const CASES: &str = include_str!("mount_cases.txt");

/// $1 the folder of links to an implementation, $2 a folder with an empty one to work in, $3 what that is filled
/// with, $4 the command line. Prints what is mounted then, and the loop devices in use.
const DRIVER: &str = r#"
set -e
losetup=$(command -v losetup)
mount -t tmpfs scratch "$2"/scratch
cp -a "$3"/work/. "$2"/scratch
mount -t tmpfs etc /etc
: >/etc/fstab
mount -t tmpfs sbin /sbin
cp -a "$3"/sbin/. /sbin
cd "$2"/scratch
set +e
PATH=$1:$PATH sh -c "$4" >"$2"/out 2>"$2"/err
echo $? >"$2"/status
cat /proc/self/mountinfo
case $4 in
*.img*)
    losetup -n -O AUTOCLEAR,RO,BACK-FILE | grep "$2"
    losetup -n -O NAME,BACK-FILE | grep "$2" | while read -r loop file; do losetup -d "$loop"; done
esac
:
"#;

/// The folder with what each case finds.
fn prepare(dir: &Path) {
    let work = dir.join("work");
    for sub in ["a", "b", "c", "d/e", "rec/sub", "etc", "sp ace"] {
        fs::create_dir_all(work.join(sub)).unwrap();
    }
    for (file, text) in [("a/file", "text\n"), ("f1", "other\n"), ("f2", "more\n")] {
        fs::write(work.join(file), text).unwrap();
    }
    symlink("a", work.join("link")).unwrap();
    fs::create_dir(dir.join("squash")).unwrap();
    fs::write(dir.join("squash/x"), "hi\n").unwrap();
    let uuid = "01234567-89ab-cdef-0011-223344556677";
    for (program, file, args) in [
        ("mke2fs", "ext.img", &["-q", "-t", "ext2", "-L", "root", "-U", uuid, "ext.img", "256k"][..]),
        ("mkfs.vfat", "fat.img", &["-n", "BOOT", "-i", "BAADF00D", "-C", "fat.img", "512"]),
        ("mksquashfs", "sq.img", &["../squash", "sq.img", "-quiet", "-no-progress"]),
    ] {
        let path = which(program).unwrap_or_else(|| panic!("no {program}: `cargo rootfs setup` installs it"));
        output(command(path).args(args).current_dir(&work)).unwrap_or_else(|e| panic!("{file}: {e}"));
    }
    let sbin = dir.join("sbin");
    fs::create_dir(&sbin).unwrap();
    fs::copy(which("losetup").expect("losetup of Debian's mount"), sbin.join("losetup")).unwrap();
    for (name, text) in [("mount.help", "echo \"helper $0 $*\""), ("mount.bad", "echo bad >&2; exit 3")] {
        fs::write(sbin.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(sbin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

/// A folder with `mount` and `umount` as links to `to(name)`.
fn links(dir: &Path, letter: &str, to: impl Fn(&str) -> PathBuf) -> PathBuf {
    let dir = dir.join(format!("bin-{letter}"));
    fs::create_dir(&dir).unwrap();
    for name in ["mount", "umount"] {
        symlink(to(name), dir.join(name)).unwrap();
    }
    dir
}

/// What one line of mountinfo says that does not depend on numbers (`man 5 proc_pid_mountinfo`); nothing of
/// mounts outside of `scratch`.
fn mount(line: &str, scratch: &str) -> Option<String> {
    let fields: Vec<&str> = line.split(' ').collect();
    let dir = fields.get(4)?.strip_prefix(scratch)?.strip_prefix('/')?;
    let dash = fields.iter().position(|f| *f == "-")?;
    let tags: Vec<&str> = fields[6..dash].iter().map(|tag| tag.split(':').next().unwrap()).collect();
    let mut device = fields[dash + 2];
    if device.starts_with("/dev/loop") {
        device = "loop";
    }
    Some(format!(
        "{} on {dir} {} {tags:?} {} {device} {}",
        fields[3],
        fields[5],
        fields[dash + 1],
        fields[dash + 3]
    ))
}

/// Runs `line` with the programs in `bin`, in `dir`; everything that can be compared.
fn run(bin: &Path, dir: &Path, filling: &Path, line: &str) -> String {
    let mut command = fresh("unshare");
    command.args(if root() { &["-m"][..] } else { &["-rm"] }).args(["--propagation", "private"]);
    command.args(["timeout", "20", "sh", "-c", DRIVER, "driver"]).args([bin, dir, filling]).arg(line);
    command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    let out = command.output().expect("unshare of Debian's util-linux");
    let stderr = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && stderr.is_empty(), "{line}: {}: {stderr}", out.status);
    let read = |name: &str| String::from_utf8_lossy(&fs::read(dir.join(name)).unwrap()).into_owned();
    let failed = read("status") != "0\n";
    let mut told =
        if failed { format!("fails, silent: {}\n", read("err").is_empty()) } else { String::new() };
    told += &read("out");
    let scratch = dir.join("scratch");
    let scratch = scratch.to_str().unwrap();
    for line in String::from_utf8_lossy(&out.stdout).lines() {
        if let Some(mount) = mount(line, scratch) {
            told += &format!("{mount}\n");
        } else if !line.contains(" - ") {
            told += &format!("loop device: {line}\n");
        }
    }
    told
}

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Gives back the loop devices of a run that was killed: their images have the labels of ours.
fn detach_left_over() {
    let list = output(command("losetup").args(["--noheadings", "--output", "NAME,BACK-FILE"]));
    for line in list.unwrap_or_default().lines().filter(|line| line.contains("/ext.img")) {
        let device = line.split(' ').next().unwrap_or_default();
        // In use it stays until it is not.
        let _ = output(command("losetup").args(["--detach", device]));
    }
}

#[test]
fn the_same_is_mounted_as_by_the_peers() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    prepare(dir);
    let cache = Cache::open().unwrap_or_else(|e| panic!("{e}"));
    let busybox = native::busybox(&cache).unwrap_or_else(|e| panic!("{e}")).binary;
    let mote = tests::mote("x86_64", "base");
    let mote = links(dir, "m", |_| mote.clone());
    let util_linux =
        links(dir, "u", |name| which(name).unwrap_or_else(|| panic!("no {name} of Debian's util-linux")));
    let busybox = links(dir, "b", |_| busybox.clone());
    let compare = |(number, line): &(usize, &str)| {
        let (who, case) = (&line[..2], &line[3..]);
        let place = dir.join(number.to_string());
        fs::create_dir_all(place.join("scratch")).unwrap();
        let ours = run(&mote, &place, dir, case);
        let theirs =
            [('u', &util_linux), ('b', &busybox)].into_iter().filter(|(letter, _)| who.contains(*letter));
        Ok(theirs
            .map(|(letter, bin)| match run(bin, &place, dir, case) {
                same if same == ours => String::new(),
                theirs => format!("{case}\n--- mote\n{ours}--- {letter}\n{theirs}"),
            })
            .collect::<Vec<String>>())
    };
    // Images have labels, by which every device is found: one at a time. Without being root there are none.
    let cases = CASES.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let (images, rest): (Vec<_>, Vec<_>) = cases.partition(|(_, line)| line.contains(".img"));
    let mut told = parallel::map(&rest, compare).unwrap_or_else(|e| panic!("{e}"));
    if root() {
        detach_left_over();
        told.extend(images.iter().map(compare).collect::<Result<Vec<_>>>().unwrap_or_else(|e| panic!("{e}")));
    }
    let told = told.concat();
    let wrong: Vec<_> = told.iter().filter(|text| !text.is_empty()).cloned().collect();
    println!("{} comparisons", told.len());
    assert!(told.len() > 500 && wrong.is_empty(), "{}\n{} differ", wrong.join("\n"), wrong.len());
}
