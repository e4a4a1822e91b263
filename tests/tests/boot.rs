//! Boots in QEMU: a prompt, one command, and guests that do not come that far.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tests::{out, rootfs, Guest, Options};

const TOOL: &str = env!("CARGO_BIN_EXE_rootfs");

fn boot(words: &[&str]) -> Output {
    let output = rootfs(TOOL).arg("boot").args(words).output().unwrap();
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn run(command: &str) -> (i32, String) {
    let output = boot(&["--run", command]);
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn boots_to_a_prompt_and_reboots() {
    let mut guest = Guest::boot("prompt", &Options::default());
    guest.expect("# ");
    assert_eq!(guest.command("echo ok-$((6*7))", "# "), "ok-42\n");
    guest.send("reboot\n");
    assert_eq!(guest.wait_for_end(Duration::from_secs(300)), 0);
}

#[test]
fn run_prints_only_the_output() {
    let (status, text) = run("echo one; echo two >&2; printf 'a\\r\\nb\\tc'");
    assert_eq!((status, text.as_str()), (0, "one\ntwo\na\r\nb\tc"));
}

#[test]
fn run_exits_with_the_status() {
    for status in [0, 1, 7, 127, 255] {
        assert_eq!(run(&format!("exit {status}")), (status, String::new()));
    }
}

#[test]
fn run_finds_a_bare_image() {
    assert_eq!(
        run("cat; echo /proc/*; echo /.mote/*"),
        (0, "/proc/*\n/.mote/command /.mote/run\n".to_string())
    );
}

#[test]
fn an_image_of_the_shell_alone_boots() {
    let output = boot(&["--applets", "sh", "--run", "echo $$; exit 3"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(!output.stdout.is_empty());
}

#[test]
fn the_shell_runs_in_little_memory() {
    let output =
        boot(&["--ram", "3090k", "--run", "mount -t proc proc /proc; cat /proc/meminfo; echo ok-$((6*7))"]);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("MemTotal:") && text.ends_with("ok-42\n"), "{text}");
}

#[test]
fn a_kernel_without_memory_is_given_up() {
    let output = boot(&["--ram", "1M", "--timeout", "5", "--run", "true"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(125));
    assert!(
        text.contains("build-rootfs: boot: ") && text.contains("fix: give it more RAM than 1M"),
        "{text}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_first_process_that_ends_is_told_with_the_last_lines() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("rootfs.toml");
    fs::write(&config, "applets = \"true\"\n[[symlink]]\npath = \"/init\"\ntarget = \"bin/true\"\n").unwrap();
    let log = dir.path().join("log");
    let words = ["--config", config.to_str().unwrap(), "--log", log.to_str().unwrap(), "--timeout", "60"];
    let output = rootfs(TOOL).arg("boot").args(words).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(125), "{text}");
    assert!(text.contains("the kernel panicked") && text.contains("Attempted to kill init"), "{text}");
    assert!(fs::read_to_string(log).unwrap().contains("Kernel panic"));
}

#[test]
fn an_image_that_nothing_can_start_is_refused() {
    let output = boot(&["--applets", "true"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("neither /init nor /bin/sh") && text.contains("fix: add `init` or `sh`"), "{text}");
}

#[test]
fn the_built_folder_boots_wherever_it_is() {
    let built = out().join("moved");
    let output = rootfs(TOOL).args(["build", "--out"]).arg(&built).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("a folder, moved");
    assert!(Command::new("cp").arg("-r").arg(&built).arg(&place).status().unwrap().success());
    fs::remove_dir_all(&built).unwrap();
    let mut script = Command::new(place.join("run-qemu.sh"));
    script.args(["-name", "extra"]).current_dir("/");
    let mut guest = Guest::start("moved", script);
    guest.expect("# ");
    assert_eq!(guest.command("echo up-$((1+1))", "# "), "up-2\n");
    guest.send("reboot\n");
    assert_eq!(guest.wait_for_end(Duration::from_secs(300)), 0);
}

#[test]
fn a_terminated_tool_takes_the_guest_along() {
    let mut tool = rootfs(TOOL);
    tool.args(["boot", "--run", "echo here; sleep 1000"]).stdout(Stdio::piped());
    let mut tool = tool.spawn().unwrap();
    let mut line = String::new();
    let mut output = std::io::BufReader::new(tool.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut output, &mut line).unwrap();
    assert_eq!(line, "here\n");
    let guests = || {
        let me = format!("/proc/{0}/task/{0}/children", tool.id());
        fs::read_to_string(me).unwrap_or_default().split_whitespace().map(str::to_string).collect::<Vec<_>>()
    };
    let before = guests();
    assert_eq!(before.len(), 1, "QEMU is the tool's child");
    assert!(Command::new("kill").arg(tool.id().to_string()).status().unwrap().success());
    assert_eq!(tool.wait().unwrap().code(), Some(130));
    assert!(!fs::exists(format!("/proc/{}/cwd", before[0])).unwrap(), "QEMU lives on");
}
