//! What somebody else does to names while an applet works: a call of the applet waits, and meanwhile the name is given to
//! another file. A descriptor stays with its file; a name that is followed twice does not.

use std::fs;
use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tests::applet;

/// Runs `words` with each of `calls` delayed, and `meanwhile` as soon as it answers that it did something.
fn delayed(dir: &Path, words: &[&str], calls: &str, meanwhile: &mut dyn FnMut() -> bool) -> Output {
    let program = applet("x86_64", words[0]);
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e", &format!("inject={calls}:delay_enter=700000"), "--"]);
    strace.arg(program.get_program()).args(&words[1..]);
    for (name, value) in program.get_envs() {
        strace.env(name, value.unwrap_or_default());
    }
    strace.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = strace.spawn().expect("strace starts: `cargo rootfs setup` installs it");
    let start = Instant::now();
    while !meanwhile() {
        assert!(start.elapsed() < Duration::from_secs(60), "{words:?} made nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Puts a link to `victim` in place of the file in `dir` whose name begins with `start`.
fn swap(dir: &Path, start: &str, victim: &Path) -> bool {
    let found = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let found: Option<PathBuf> =
        found.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with(start));
    let Some(path) = found else { return false };
    fs::rename(&path, dir.join("away")).unwrap();
    symlink(victim, path).unwrap();
    true
}

fn victim(dir: &Path) -> PathBuf {
    let path = dir.join("victim");
    fs::write(&path, "secret").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn a_copy_gets_its_owner_and_mode_by_descriptor() {
    for kind in ["file", "folder"] {
        let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
        let victim = victim(here.path());
        let source = here.path().join("source");
        if kind == "file" {
            fs::write(&source, "text").unwrap();
        } else {
            fs::create_dir(&source).unwrap();
        }
        fs::set_permissions(&source, fs::Permissions::from_mode(0o6777)).unwrap();
        let to = there.path().to_str().unwrap();
        delayed(here.path(), &["mv", "source", to], "fchownat", &mut || swap(there.path(), ".mv-", &victim));
        let (now, away) = (fs::metadata(&victim).unwrap(), fs::metadata(there.path().join("away")).unwrap());
        assert_eq!((now.mode() & 0o7777, now.uid()), (0o600, rustix::process::geteuid().as_raw()), "{kind}");
        assert_eq!(away.mode() & 0o7777, 0o6777, "{kind}");
    }
}

#[test]
fn a_new_directory_gets_its_mode_by_descriptor() {
    let here = tempfile::tempdir().unwrap();
    let other = here.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o700)).unwrap();
    for name in ["new", "new/"] {
        let done = delayed(here.path(), &["mkdir", "-m", "1777", name], "fchmodat,openat", &mut || {
            swap(here.path(), "new", &other)
        });
        assert_eq!(fs::metadata(&other).unwrap().mode() & 0o7777, 0o700, "{name}");
        assert!(!done.status.success() && !done.stderr.is_empty(), "{name}");
        fs::remove_file(here.path().join("new")).unwrap();
        fs::remove_dir(here.path().join("away")).unwrap();
    }
}

#[test]
fn nothing_is_replaced_that_comes_while_mv_looks() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
    for place in [here.path(), there.path()] {
        let dest = place.join("dest");
        fs::write(here.path().join("source"), "new").unwrap();
        let words = ["mv", "-n", "source", dest.to_str().unwrap()];
        let start = Instant::now();
        let done = delayed(here.path(), &words, "renameat2", &mut || {
            // It has looked for the file by now.
            let late = start.elapsed() > Duration::from_millis(500);
            if late {
                fs::write(&dest, "old").unwrap();
            }
            late
        });
        assert_eq!(fs::read(&dest).unwrap(), b"old");
        assert_eq!(fs::read(here.path().join("source")).unwrap(), b"new");
        assert_eq!((done.status.code(), &done.stderr[..]), (Some(0), &b""[..]));
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(place).unwrap().count(), if place == here.path() { 2 } else { 1 });
        fs::remove_file(&dest).unwrap();
    }
}

#[test]
fn a_tree_that_another_removes_is_gone() {
    let here = tempfile::tempdir().unwrap();
    for depth in ["tree", "tree/sub/deep"] {
        fs::create_dir_all(here.path().join(depth)).unwrap();
        fs::write(here.path().join(depth).join("file"), "").unwrap();
        let start = Instant::now();
        let done = delayed(here.path(), &["rm", "-rf", "tree"], "getdents64", &mut || {
            let late = start.elapsed() > Duration::from_millis(400);
            if late {
                fs::remove_dir_all(here.path().join("tree")).unwrap();
            }
            late
        });
        assert_eq!(
            (done.status.code(), String::from_utf8_lossy(&done.stderr)),
            (Some(0), "".into()),
            "{depth}"
        );
    }
}
