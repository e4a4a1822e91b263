//! The files that a build writes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tests::rootfs;

const TOOL: &str = env!("CARGO_BIN_EXE_rootfs");

fn build(out: &Path, words: &[&str]) {
    let output = rootfs(TOOL).arg("build").args(words).arg("--out").arg(out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown.trim_end(), out.canonicalize().unwrap().to_str().unwrap());
}

#[test]
fn two_builds_are_identical() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    build(&one, &["x86_64"]);
    build(&two, &["x86_64"]);
    let mut names: Vec<_> = fs::read_dir(&one).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    let expected = [
        "initramfs.cpio",
        "kernel.config",
        "mote",
        "mote.sym",
        "rootfs.toml",
        "run-qemu.sh",
        "sizes.json",
        "vmlinuz",
    ];
    assert_eq!(names, expected);
    for name in names {
        assert!(fs::read(one.join(&name)).unwrap() == fs::read(two.join(&name)).unwrap(), "{name:?} differs");
    }
}

#[test]
fn the_described_build_is_the_build() {
    let dir = tempfile::tempdir().unwrap();
    let (file, one, two) = (dir.path().join("given.toml"), dir.path().join("one"), dir.path().join("two"));
    let text =
        "# Mine.\ntarget = \"x86_64\"\napplets = \"sh\"\n[kernel]\nvariant = \"net\"\ncmdline = \"quiet\"\n";
    fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    build(&one, &["armv5te", "--config", file, "--applets", "true,sh", "--kernel", "min"]);
    let written = fs::read_to_string(one.join("rootfs.toml")).unwrap();
    let expected = "# Mine.\ntarget = \"armv5te\"\napplets = [\"sh\", \"true\"]\n\
                    [kernel]\nvariant = \"min\"\ncmdline = \"quiet\"\n";
    assert_eq!(written, expected);
    build(&two, &["--config", one.join("rootfs.toml").to_str().unwrap()]);
    for name in ["mote", "initramfs.cpio", "uImage", "run-qemu.sh", "rootfs.toml"] {
        assert!(fs::read(one.join(name)).unwrap() == fs::read(two.join(name)).unwrap(), "{name} differs");
    }
}

/// cpio's own listing of an archive, by `ls -l` without times.
fn listing(archive: &[u8]) -> Vec<String> {
    let mut cpio = Command::new("cpio");
    cpio.args(["-itv", "--quiet", "--numeric-uid-gid"]).env("LC_ALL", "C").env("TZ", "UTC");
    let mut cpio = cpio.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut cpio.stdin.take().unwrap(), archive).unwrap();
    let output = cpio.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn cpio_reads_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("rootfs.toml");
    let text = "applets = \"sh\"\n[[file]]\npath = \"/etc/deep/motd\"\ncontent = \"hello\"\nmode = \"4751\"\nuid = 7\n\
                [[node]]\npath = \"/dev/ram\"\nkind = \"block\"\nmajor = 1\nminor = 2\n\
                [[node]]\npath = \"/run/pipe\"\nkind = \"fifo\"\nmode = \"622\"\n";
    fs::write(&config, text).unwrap();
    build(dir.path(), &["x86_64", "--config", config.to_str().unwrap()]);
    let lines = listing(&fs::read(dir.path().join("initramfs.cpio")).unwrap());
    let size = fs::metadata(dir.path().join("mote")).unwrap().len();
    for expected in [
        "drwxr-xr-x 2 0 0 0 Jan 1 1970 bin".to_string(),
        format!("-rwxr-xr-x 3 0 0 {size} Jan 1 1970 bin/mote"),
        "-rwxr-xr-x 3 0 0 0 Jan 1 1970 bin/sh".to_string(),
        "crw------- 1 0 0 5, 1 Jan 1 1970 dev/console".to_string(),
        "brw------- 1 0 0 1, 2 Jan 1 1970 dev/ram".to_string(),
        "drwxr-xr-x 2 0 0 0 Jan 1 1970 etc/deep".to_string(),
        "-rwsr-x--x 1 7 0 5 Jan 1 1970 etc/deep/motd".to_string(),
        "prw--w--w- 1 0 0 0 Jan 1 1970 run/pipe".to_string(),
        "drwxrwxrwt 2 0 0 0 Jan 1 1970 tmp".to_string(),
    ] {
        assert!(lines.contains(&expected), "{expected} is not among {lines:#?}");
    }
    let paths: Vec<&str> = lines.iter().map(|line| line.split(" 1970 ").nth(1).unwrap()).collect();
    assert!(paths.windows(2).all(|pair| pair[0] < pair[1]), "{paths:#?}");
}

#[test]
fn gzip_holds_the_same_archive() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("rootfs.toml");
    fs::write(&config, "applets = \"sh\"\n").unwrap();
    let words = ["x86_64", "--config", config.to_str().unwrap()];
    build(dir.path(), &words);
    let plain = fs::read(dir.path().join("initramfs.cpio")).unwrap();
    fs::write(&config, "applets = \"sh\"\ncompression = \"gzip\"\n").unwrap();
    build(dir.path(), &words);
    assert!(!dir.path().join("initramfs.cpio").exists(), "the old archive must not stay");
    let unpacked =
        Command::new("gzip").arg("-dc").arg(dir.path().join("initramfs.cpio.gz")).output().unwrap();
    assert!(unpacked.status.success());
    assert!(unpacked.stdout == plain);
}

#[test]
fn sizes_are_those_of_the_files() {
    let dir = tempfile::tempdir().unwrap();
    build(dir.path(), &["x86_64", "--applets", "sh"]);
    let text = fs::read_to_string(dir.path().join("sizes.json")).unwrap();
    for name in ["mote", "initramfs"] {
        let file = if name == "mote" { "mote" } else { "initramfs.cpio" };
        let size = fs::metadata(dir.path().join(file)).unwrap().len();
        assert!(text.contains(&format!("\"{name}\": {size}")), "{text}");
    }
    assert!(text.contains("\"applets\": [\n    \"sh\"\n  ]"), "{text}");
}
