//! `cargo rootfs ram`: the smallest RAM of an image is found by booting it.

use std::process::Output;
use tests::batch::CLOCK;
use tests::{rootfs, Guest, Options};

const TOOL: &str = env!("CARGO_BIN_EXE_rootfs");

/// KiB below the smallest RAM within which a boot may come to a prompt by chance.
const CHANCE: u32 = 64;

fn ram(words: &[&str]) -> Output {
    let output = rootfs(TOOL).arg("ram").args(words).output().unwrap();
    eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[test]
fn what_it_finds_is_enough() {
    let output = ram(&["--applets", "sh", "--ram", "4M"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let kib = text.strip_suffix("k\n").and_then(|kib| kib.parse::<u32>().ok());
    let kib = kib.unwrap_or_else(|| panic!("`{text}` is no amount of memory"));
    assert!((1024..4096).contains(&kib) && kib % 4 == 0, "{kib}");
    // The clock as the tool has it: it counts instructions, so that a boot does not depend on what the host does.
    let options = Options {
        applets: Some("sh".into()),
        ram: Some(text.trim().into()),
        qemu: CLOCK.map(String::from).into(),
        ..Options::default()
    };
    let mut guest = Guest::boot("ram", &options);
    guest.expect("# ");
    assert_eq!(guest.command("echo ok-$((6*7))", "# "), "ok-42\n");
    drop(guest);
    let output = ram(&["--applets", "sh", "--ram", &format!("{}k", kib - CHANCE)]);
    assert_eq!(output.status.code(), Some(1), "less is enough, too");
}

#[test]
fn too_little_for_a_prompt_is_told() {
    let output = ram(&["--applets", "sh", "--ram", "1M"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("no prompt even with 1024 KiB of RAM"), "{said}");
}
