//! mkdir, rm, mv, sleep and uname as programs: native, and the armv5te binary under qemu-user.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::applet;

const TARGETS: [&str; 2] = ["x86_64", "armv5te"];

/// Status, standard output and standard error.
type Done = (i32, String, String);

fn done(out: std::process::Output) -> Done {
    let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
    (out.status.code().expect("not killed"), text(out.stdout), text(out.stderr))
}

/// Runs an applet in `dir`.
fn run(target: &str, dir: &Path, words: &str) -> Done {
    asked(target, dir, words, "")
}

/// Runs an applet in `dir` with answers on standard input.
fn asked(target: &str, dir: &Path, words: &str, answers: &str) -> Done {
    let mut words = words.split(' ');
    let mut command = applet(target, words.next().expect("a name"));
    command.args(words).current_dir(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the applet starts");
    // One that asks nothing may have ended already.
    let _ = child.stdin.take().expect("a pipe").write_all(answers.as_bytes());
    done(child.wait_with_output().expect("the applet ends"))
}

fn ok(out: &str) -> Done {
    (0, out.into(), String::new())
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let mut names: Vec<String> =
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("a file").permissions().mode() & 0o7777
}

/// A folder on a file system other than that of the temporary folder.
fn elsewhere(here: &Path) -> TempDir {
    let there = tempfile::tempdir_in("/dev/shm").expect("/dev/shm");
    let device = |p: &Path| fs::metadata(p).expect("a folder").dev();
    assert_ne!(device(here), device(there.path()), "/dev/shm must be a file system of its own");
    there
}

/// A command under a umask: for what depends on it.
fn with_umask(mask: &str, command: &Command, dir: &Path) -> Done {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("umask {mask}; exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args()).current_dir(dir);
    done(shell.output().expect("sh"))
}

#[test]
fn mkdir_modes_and_umask() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let mkdir =
            |mask: &str, args: &[&str]| with_umask(mask, applet(target, "mkdir").args(args), dir.path());
        assert_eq!(mkdir("027", &["a"]), ok(""));
        assert_eq!(mode(&at("a")), 0o750);
        assert_eq!(mkdir("377", &["-p", "-m", "2755", "b/c"]), ok(""));
        assert_eq!((mode(&at("b")), mode(&at("b/c"))), (0o700, 0o2755));
        assert_eq!(mkdir("022", &["-m", "+t,o-x", "d"]), ok(""));
        assert_eq!(mode(&at("d")), 0o1776);
        assert_eq!(mkdir("022", &["-pv", "a/x//y/", "a"]).1.lines().count(), 2);
        let (status, out, err) = mkdir("022", &["a", "e"]);
        assert_eq!((status, out.as_str()), (1, ""));
        assert!(err.ends_with("mkdir: a: File exists\n") && err.lines().count() == 1, "{err}");
        assert!(at("e").is_dir(), "it goes on after an error");
    }
}

#[test]
fn rm_refuses_asks_and_stays_within_the_tree() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("tree/sub")).unwrap();
        fs::create_dir(at("keep")).unwrap();
        fs::write(at("keep/file"), "x").unwrap();
        fs::write(at("tree/sub/file"), "x").unwrap();
        symlink("../keep", at("tree/link")).unwrap();

        for refused in ["rm tree", "rm -r .", "rm -rf tree/..", "rm -rf /", "rm none", "rm -i none"] {
            let (status, out, err) = run(target, dir.path(), refused);
            assert!(status == 1 && out.is_empty() && err.lines().count() == 1, "{refused}: {err}");
        }
        assert_eq!(run(target, dir.path(), "rm -f none keep/file/none"), ok(""));

        // The file stays, so its directories do, without questions about them.
        let (status, _, err) = asked(target, dir.path(), "rm -ri tree", "y\ny\ny\nn\n");
        assert_eq!(status, 0);
        assert_eq!(err.matches("? ").count(), 4, "{err}");
        assert_eq!((names(&at("tree")), names(&at("tree/sub"))), (vec!["sub".into()], vec!["file".into()]));

        let (status, out, _) = run(target, dir.path(), "rm -rv tree");
        assert_eq!(status, 0);
        assert_eq!(out, "removed 'tree/sub/file'\nremoved directory 'tree/sub'\nremoved directory 'tree'\n");
        assert_eq!(names(dir.path()), ["keep"]);
        assert_eq!(names(&at("keep")), ["file"]);
    }
}

#[test]
fn rm_goes_as_deep_as_the_tree_is() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        // Levels under names so long that every path is far beyond PATH_MAX, built from the inside out.
        let name = "d".repeat(200);
        let root = dir.path().join("deep");
        for level in 0..5_000 {
            let outer = dir.path().join(format!("outer{level}"));
            fs::create_dir(&outer).unwrap();
            if level > 0 {
                fs::rename(&root, outer.join(&name)).unwrap();
            }
            fs::rename(&outer, &root).unwrap();
        }
        let mut shell = Command::new("sh");
        let rm = applet(target, "rm");
        shell.arg("-c").arg("ulimit -s 256; ulimit -n 8; exec \"$0\" \"$@\"");
        shell.arg(rm.get_program()).args(rm.get_args()).args(["-r", "deep"]).current_dir(dir.path());
        // qemu itself needs more than that.
        let result = if target == "x86_64" {
            done(shell.output().unwrap())
        } else {
            run(target, dir.path(), "rm -r deep")
        };
        assert_eq!(result, ok(""));
        assert!(names(dir.path()).is_empty());
    }
}

/// A tree with all that a move must keep.
fn tree(at: &Path) {
    fs::create_dir_all(at.join("sub/empty")).unwrap();
    fs::write(at.join("file"), "text").unwrap();
    fs::set_permissions(at.join("file"), fs::Permissions::from_mode(0o4751)).unwrap();
    fs::hard_link(at.join("file"), at.join("sub/same")).unwrap();
    symlink("no/where", at.join("link")).unwrap();
    let hole = fs::File::create(at.join("hole")).unwrap();
    hole.set_len(8 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&hole, b"x", 4 << 20).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at.join("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o640),
        0,
    )
    .unwrap();
    let old = std::time::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
    fs::File::open(at.join("file")).unwrap().set_times(fs::FileTimes::new().set_modified(old)).unwrap();
    fs::set_permissions(at.join("sub"), fs::Permissions::from_mode(0o1775)).unwrap();
    fs::File::open(at.join("sub")).unwrap().set_times(fs::FileTimes::new().set_modified(old)).unwrap();
}

/// Everything about a tree that a move must keep, a line for each file.
fn description(at: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut pending: Vec<PathBuf> = vec![at.into()];
    while let Some(path) = pending.pop() {
        let s = fs::symlink_metadata(&path).unwrap();
        let what = if s.is_dir() {
            pending.extend(names(&path).iter().map(|n| path.join(n)));
            String::new()
        } else if s.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else if s.is_file() {
            let sparse = s.blocks() * 512 < s.len();
            format!("{} {sparse} {} {:?}", s.nlink(), s.len(), fs::read(&path).unwrap().iter().max())
        } else {
            String::new()
        };
        let name = path.strip_prefix(at).unwrap().display();
        lines.push(format!(
            "{name} {:o} {} {} {}.{} {what}",
            s.mode(),
            s.uid(),
            s.gid(),
            s.mtime(),
            s.mtime_nsec()
        ));
    }
    lines.sort();
    lines
}

#[test]
fn mv_between_file_systems_keeps_everything() {
    for target in TARGETS {
        let here = tempfile::tempdir().unwrap();
        let there = elsewhere(here.path());
        tree(&here.path().join("tree"));
        let before = description(&here.path().join("tree"));
        let mv = format!("mv -v tree/ {}/moved", there.path().display());
        let (status, out, err) = run(target, here.path(), &mv);
        assert_eq!((status, err.as_str()), (0, ""));
        assert_eq!(out, format!("renamed 'tree/' -> '{}/moved'\n", there.path().display()));
        assert!(names(here.path()).is_empty());
        assert_eq!(names(there.path()), ["moved"]);
        assert_eq!(description(&there.path().join("moved")), before);
        let inode = |name| fs::metadata(there.path().join(name)).unwrap().ino();
        assert_eq!(inode("moved/file"), inode("moved/sub/same"));
    }
}

#[test]
fn mv_loses_nothing_when_it_fails() {
    for target in TARGETS {
        let here = tempfile::tempdir().unwrap();
        let there = elsewhere(here.path());
        let full = there.path().join("full");
        fs::create_dir_all(full.join("inside")).unwrap();
        tree(&here.path().join("full"));
        fs::write(here.path().join("file"), "x").unwrap();
        let before = description(here.path());
        // Directories that are not empty, and files, are in the way; nothing is left half-way.
        for words in ["mv full DIR", "mv -T full DIR/full", "mv -T file DIR/full", "mv file DIR/none/x"] {
            let words = words.replace("DIR", &there.path().display().to_string());
            let (status, out, err) = run(target, here.path(), &words);
            assert!(status == 1 && out.is_empty() && err.lines().count() == 1, "{words}: {err}");
            assert_eq!(description(here.path()), before);
            assert_eq!(names(there.path()), ["full"]);
        }
        assert_eq!(names(&full), ["inside"]);
        for words in ["mv full full/sub", "mv file file", "mv none x", "mv file none/", "mv"] {
            let (status, _, err) = run(target, here.path(), words);
            assert!(status == 1 && err.lines().count() == 1, "{words}: {err}");
            assert_eq!(description(here.path()), before);
        }
    }
}

#[test]
fn mv_asks_as_told() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::write(dir.path().join(name), name).unwrap();
        let text = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
        put("a");
        put("b");
        assert_eq!(asked(target, dir.path(), "mv -i a b", "n\n").0, 0);
        assert_eq!(text("b"), "b");
        assert_eq!(run(target, dir.path(), "mv -in a b"), ok(""));
        assert_eq!(run(target, dir.path(), "mv -i a b").0, 0);
        assert_eq!(text("b"), "b");
        assert_eq!(asked(target, dir.path(), "mv -i a b", "Yes\n").0, 0);
        assert_eq!((text("b"), names(dir.path())), ("a".into(), vec!["b".into()]));
        put("a");
        assert_eq!(run(target, dir.path(), "mv -nf a b"), ok(""));
        fs::create_dir(dir.path().join("d")).unwrap();
        put("c");
        assert_eq!(run(target, dir.path(), "mv -t d b c"), ok(""));
        assert_eq!(names(&dir.path().join("d")), ["b", "c"]);
    }
}

#[test]
fn sleep_and_uname() {
    for target in TARGETS {
        let dir = tempfile::tempdir().unwrap();
        let start = Instant::now();
        assert_eq!(run(target, dir.path(), "sleep 0.1 .1s 0.005m"), ok(""));
        assert!(start.elapsed() >= Duration::from_millis(500));
        assert_eq!(run(target, dir.path(), "sleep 1y").0, 1);
        assert_eq!(run(target, dir.path(), "uname -so"), ok("Linux Linux\n"));
    }
}
