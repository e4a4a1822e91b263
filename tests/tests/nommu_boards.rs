//! Linux without an MMU on every board that thumbv7em names, and with each of its kernels.

use std::fmt::Write;
use std::fs;
use std::process::{Command, Stdio};
use tests::{out, program, rootfs, Guest};

const TOOL: &str = env!("CARGO_BIN_EXE_rootfs");
/// What the RAM kernel may need, the system on it included.
const RAM_KERNEL: &str = "1536k";

/// The tool's words for a board and a kernel; none is what it takes by itself.
fn words(board: Option<&str>, kernel: Option<&str>) -> Vec<String> {
    let mut words = vec!["thumbv7em".to_string()];
    for (option, value) in [("--board", board), ("--kernel", kernel)] {
        words.extend(value.into_iter().flat_map(|value| [option.to_string(), value.to_string()]));
    }
    words
}

/// Builds a folder with a program in it that reads where nothing is, boots it by its script, and has it work.
/// `part` is the processor's number in `/proc/cpuinfo`.
fn works(name: &str, words: &[String], ram: Option<&str>, part: &str) {
    let dir = out().join(format!("board-{name}"));
    fs::create_dir_all(&dir).unwrap();
    let astray = dir.join("astray");
    // movs r0, #0x70; lsls r0, r0, #24; ldr r1, [r0]
    fs::write(&astray, program(&[0x2070, 0x0600, 0x6801])).unwrap();
    let mut config = String::new();
    if let Some(ram) = ram {
        writeln!(config, "ram = {ram:?}").unwrap();
    }
    writeln!(config, "[[file]]\npath = \"/astray\"\nsource = {:?}\nmode = \"755\"", astray.display())
        .unwrap();
    let file = dir.join("given.toml");
    fs::write(&file, config).unwrap();
    let built = dir.join("built");
    let mut tool = rootfs(TOOL);
    tool.arg("build").args(words).arg("--config").arg(&file).arg("--out").arg(&built);
    assert!(tool.stdout(Stdio::null()).status().unwrap().success(), "{words:?}");
    // The vectors are 64 bytes; the processor starts behind them, in Thumb state.
    let flash = fs::read(built.join("system.flash")).unwrap();
    let reset = u32::from_le_bytes(flash[4..8].try_into().unwrap());
    assert!(reset % 2 == 1 && (64..256).contains(&reset), "reset vector {reset:#x}");

    let mut guest = Guest::start(&format!("board-{name}"), Command::new(built.join("run-qemu.sh")));
    guest.expect("# ");
    let info = guest.command("cat /proc/cpuinfo", "# ");
    assert!(info.contains(&format!("CPU part\t: {part}\n")), "{info}");
    let said = guest
        .command("f() { echo $1-$(echo in | cat)-$(($(f2) * 7)); }; f2() { echo 6; }; f out | cat", "# ");
    assert_eq!(said, "out-in-42\n");
    assert_eq!(guest.command("/astray; echo status=$?", "# ").lines().last(), Some("status=139"));
    let line = "i=0; while [ $i -lt 200 ]; do /bin/true || break; i=$((i+1)); done; echo $i $(echo on | cat)";
    assert_eq!(guest.command(line, "# "), "200 on\n");
}

/// Runs a command by the tool's option `--run`.
fn runs(words: &[String]) {
    let mut tool = rootfs(TOOL);
    tool.arg("boot").args(words).args(["--run", "x=$(uname -s | cat); echo $x-$((6*7)); exit 5"]);
    let output = tool.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).replace('\r', ""), "Linux-42\n");
}

#[test]
fn a_cortex_m3_runs_the_same_system() {
    let words = words(Some("mps2-an385"), None);
    works("an385", &words, None, "0xc23");
    runs(&words);
}

#[test]
fn a_cortex_m7_runs_the_same_system() {
    let words = words(Some("mps2-an500"), None);
    works("an500", &words, None, "0xc27");
    runs(&words);
}

#[test]
fn a_kernel_fitted_to_the_image_runs_it() {
    runs(&words(None, Some("fitted")));
}

#[test]
fn a_kernel_in_ram_needs_little_of_it() {
    let words = words(None, Some("ram"));
    works("ram", &words, Some(RAM_KERNEL), "0xc24");
    runs(&words);
}

#[test]
fn a_kernel_in_ram_takes_a_root_in_flash_and_runs_on_each_board() {
    let mut words = words(Some("mps2-an500"), Some("ram"));
    words.extend(["--root".to_string(), "romfs".to_string()]);
    works("ram-romfs", &words, Some(RAM_KERNEL), "0xc27");
}

#[test]
fn ram_that_the_kernel_alone_does_not_fit_is_told() {
    let mut tool = rootfs(TOOL);
    tool.arg("boot").args(words(None, Some("ram"))).args(["--ram", "768k", "--run", "true"]);
    let output = tool.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(125), "{said}");
    assert!(said.contains("ram `768k`: the kernel and what is loaded with it take "), "{said}");
    assert!(said.contains("fix: give the machine more RAM"), "{said}");
}
