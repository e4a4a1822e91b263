//! The lists of `cargo rootfs syscalls` against what the shell's cases call. The cases of applets are held to their
//! lists in `tests/applets/`.

use build_rootfs::syscalls::of_applets;
use std::process::Stdio;
use tests::calls::{options, Seen};
use tests::{calls_of, cases, copied_dir, fresh, mote, ALL};

#[test]
fn the_shell_keeps_to_its_list() {
    let (lists, sh) = (calls_of("x86_64", ALL), mote("x86_64", ALL));
    let path = format!("{}:/usr/bin:/bin", copied_dir("x86_64").display());
    let (mut outside, mut ran) = (String::new(), 0);
    for (script, ..) in cases() {
        let (dir, traces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut strace = fresh("strace");
        strace.args(options(traces.path())).args(["-qq", "--"]).arg(&sh).args(["sh", "-c", script]);
        strace.env("HOME", "/root").env("PATH", &path).current_dir(dir.path());
        let started = strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        started.expect("strace: `cargo rootfs setup` installs it");
        let seen = Seen::read(traces.path(), &lists, &tests::out()).unwrap();
        ran += usize::from(seen.calls.contains_key("sh"));
        outside.extend(seen.outside.iter().map(|line| format!("{script}{line}\n")));
    }
    assert_eq!(ran, cases().len());
    assert!(outside.is_empty(), "calls beyond the lists:\n{outside}");
}

/// What is in no list of a small set is why a kernel can be smaller.
#[test]
fn lists_end_at_what_an_applet_needs() {
    for target in ["x86_64", "armv5te"] {
        let lists = calls_of(target, "base");
        let has = |applet: &str, call: &str| lists[applet].names.contains(call);
        assert!(
            has("cat", "openat") && has("mount", "mount") && has("sh", "execve") && has("ifconfig", "socket")
        );
        assert!(
            !has("cat", "execve") && !has("true", "read") && !has("sh", "swapoff") && !has("echo", "clone")
        );
        assert!(lists.values().all(|calls| calls.unknown.is_empty() && !calls.any_family), "{target}");
        assert!(lists["ifconfig"].families.contains(&2), "{target}");
    }
}

#[test]
fn a_text_that_is_no_mote_is_refused() {
    let all = build_rootfs::applets::Catalogue::load(tests::project()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "target triple = \"x86_64-unknown-linux-none\"\n").unwrap();
    let applets = ["cat".to_string(), "ls".to_string()];
    let error = of_applets(file.path(), &all, &applets).unwrap_err().to_string();
    assert!(error.contains("table of applets"), "{error}");
}
