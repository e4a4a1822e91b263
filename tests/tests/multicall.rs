//! `mote` by its own name, by links, and by names that nobody knows.

use std::fs;
use std::process::Command;
use tests::{applet, command, fresh, mote};

fn run(command: &mut Command) -> (i32, String, String) {
    let out = command.output().unwrap();
    let text = |b: Vec<u8>| String::from_utf8(b).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

#[test]
fn applets_run_by_link_and_by_first_argument() {
    for target in ["x86_64", "armv5te"] {
        let file = mote(target, "base");
        assert_eq!(run(&mut applet(target, "true")), (0, String::new(), String::new()));
        assert_eq!(run(command(target, &file, "mote").arg("true")).0, 0);
        assert_eq!(run(command(target, &file, "mote").args(["mote", "mote", "true"])).0, 0);
        assert_eq!(run(&mut command(target, &file, "/some/where/-true")).0, 0);
        let (status, out, _) = run(command(target, &file, "mote").args(["cat", "--help"]));
        assert!(status == 0 && out.starts_with("Usage: cat ["), "{out}");
    }
}

#[test]
fn unknown_applets_are_127_and_one_line() {
    let file = mote("x86_64", "base");
    let line = |by: &str| (127, String::new(), format!("{by}no-such: applet not found\n"));
    assert_eq!(run(&mut command("x86_64", &file, "no-such")), line(""));
    for name in ["mote", "busybox", "toybox"] {
        assert_eq!(run(command("x86_64", &file, name).arg("no-such")), line(&format!("{name}: ")));
    }
}

#[test]
fn the_list_is_sorted_and_all_of_it_answers_help() {
    let file = mote("x86_64", "base");
    let (status, list, _) = run(command("x86_64", &file, "mote").arg("--list"));
    assert_eq!(status, 0);
    let names: Vec<&str> = list.lines().collect();
    assert!(names.is_sorted() && names.contains(&"cat") && names.contains(&"true"), "{list}");
    // These print their arguments or are programs of their own right, as in every other userland.
    for name in names.into_iter().filter(|name| !["echo", "[", "test"].contains(name)) {
        let (status, out, err) = run(command("x86_64", &file, "mote").args([name, "--help"]));
        assert!(
            status == 0 && out.starts_with(&format!("Usage: {name}")) && err.is_empty(),
            "{name}: {out}{err}"
        );
        assert!(out.is_ascii() && out.lines().all(|l| l.len() <= 79), "{name}: {out}");
    }
    let (status, out, _) = run(&mut command("x86_64", &file, "mote"));
    assert!(status == 0 && out.contains("Usage: mote APPLET"));
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    for args in [&["--list"][..], &["--help"], &["cat", "--help"], &["cat", "/etc/passwd"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let file = mote("x86_64", "base");
        let out = command("x86_64", &file, "mote").args(args).stdout(full).output().unwrap();
        assert_eq!(out.status.code(), Some(1), "{args:?}");
        let err = String::from_utf8(out.stderr).unwrap();
        assert!(
            err.ends_with(": write error: No space left on device\n") && err.lines().count() == 1,
            "{err}"
        );
    }
}

#[test]
fn install_makes_links_that_run() {
    let dir = tempfile::tempdir().unwrap();
    let file = mote("x86_64", "base");
    let copy = dir.path().join("mote");
    fs::copy(&file, &copy).unwrap();
    for option in [None, Some("-s")] {
        let place = dir.path().join(option.unwrap_or("hard"));
        fs::create_dir(&place).unwrap();
        let install = || run(command("x86_64", &copy, "mote").arg("--install").args(option).arg(&place));
        assert_eq!(install(), (0, String::new(), String::new()));
        let link = fs::symlink_metadata(place.join("cat")).unwrap();
        assert_eq!(link.file_type().is_symlink(), option.is_some());
        assert!(fresh(place.join("true")).status().unwrap().success());
        // Once more changes nothing.
        assert_eq!(install().0, 0);
    }
    let (status, _, err) = run(command("x86_64", &copy, "mote").args(["--install", "/no/such/folder"]));
    assert_eq!(status, 1);
    assert!(err.starts_with("mote: /no/such/folder/"), "{err}");
    assert_eq!(run(command("x86_64", &copy, "mote").args(["--install", "-x", "a"])).0, 1);
}

#[test]
fn a_binary_of_one_applet_is_that_applet() {
    for target in ["x86_64", "armv5te"] {
        let file = mote(target, "true");
        for name in ["true", "mote", "anything"] {
            assert_eq!(run(&mut command(target, &file, name)).0, 0);
        }
        assert_eq!(run(command(target, &file, "mote").arg("true")).0, 0);
        assert!(run(command(target, &file, "true").arg("--help")).1.starts_with("Usage: true"));
    }
}

#[test]
fn an_applet_in_the_background_does_not_hold_the_output_that_the_shell_keeps() {
    let script = "{ sleep 1000 & } >/dev/null 2>&1; echo $!";
    // Ends when nobody has the pipes any more.
    let (status, pid, _) = run(command("x86_64", &mote("x86_64", "base"), "sh").args(["-c", script]));
    assert_eq!(status, 0);
    // It is still there.
    assert!(fresh("kill").arg(pid.trim()).status().unwrap().success());
}
