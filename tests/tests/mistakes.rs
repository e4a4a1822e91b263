//! Mistakes of the user: one clear line, the fix, a status that is not zero, nothing half-written.

use std::fs;
use tests::rootfs;

const TOOL: &str = env!("CARGO_BIN_EXE_rootfs");

/// Status and stderr of the tool.
fn tool(words: &[&str]) -> (i32, String) {
    let output = rootfs(TOOL).args(words).output().unwrap();
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Stderr of a build that a `rootfs.toml` with this text makes fail.
fn config(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rootfs.toml");
    fs::write(&file, text).unwrap();
    let words = ["build", "--out", dir.path().to_str().unwrap(), "--config", file.to_str().unwrap()];
    let (status, shown) = tool(&words);
    assert_ne!(status, 0, "{text}");
    shown
}

#[test]
fn unknown_names_show_the_nearest() {
    let (status, text) = tool(&["build", "armv5tee"]);
    assert_eq!(status, 2);
    assert!(
        text.starts_with("build-rootfs: unknown target `armv5tee`\n  fix: did you mean `armv5te`?"),
        "{text}"
    );
    let (status, text) = tool(&["build", "--applets", "unmae"]);
    assert_eq!(status, 2);
    assert!(
        text.contains("unknown applet or set `unmae`") && text.contains("did you mean `uname`?"),
        "{text}"
    );
    let (status, text) = tool(&["biuld"]);
    assert_eq!(status, 2);
    assert!(text.contains("did you mean `build`?"), "{text}");
}

#[test]
fn what_a_target_does_not_have_is_said() {
    let (status, text) = tool(&["build", "--root", "romfs"]);
    assert_eq!(status, 2);
    assert!(text.contains("root romfs: the kernel of armv5te (min) does not read it"), "{text}");
    assert!(
        text.contains("fix: leave it out, write initramfs, or choose another target or kernel"),
        "{text}"
    );
    let (status, text) = tool(&["build", "--kernel", "xip", "--root", "initramfs"]);
    assert_eq!(status, 2);
    assert!(
        text.contains("the kernel of armv5te (xip) does not read it") && text.contains("write cramfs"),
        "{text}"
    );
    let (status, text) = tool(&["build", "--root", "disk"]);
    assert_eq!(status, 2);
    assert!(
        text.contains("`disk` is not a place of the root file system: initramfs, romfs or cramfs"),
        "{text}"
    );
    let (status, text) = tool(&["build", "--link", "pie"]);
    assert_eq!(status, 2);
    assert!(text.contains("unknown way to link `pie`") && text.contains("leave it out"), "{text}");
    let (status, text) = tool(&["build", "thumbv7em", "--link", "pi"]);
    assert_eq!(status, 2);
    assert!(text.contains("use one of: marked, pie, shared"), "{text}");
    let (status, text) = tool(&["build", "x86_64", "--kernel", "ram"]);
    assert_eq!(status, 2);
    assert!(
        text.contains("x86_64: unknown kernel variant `ram`") && text.contains("has one kernel"),
        "{text}"
    );
    let (status, text) = tool(&["boot", "thumbv7em", "--kernel", "rom"]);
    assert_eq!(status, 2);
    assert!(text.contains("did you mean `ram`? The kernel variants are: fitted, ram, xip"), "{text}");
    let (status, text) = tool(&["ram", "--board", "mps2-an386"]);
    assert_eq!(status, 2);
    assert!(text.contains("armv5te: unknown board `mps2-an386`") && text.contains("one machine"), "{text}");
    let (status, text) = tool(&["boot", "thumbv7em", "--board", "mps2"]);
    assert_eq!(status, 2);
    assert!(text.contains("The boards are: mps2-an385, mps2-an386, mps2-an500"), "{text}");
    let (status, text) = tool(&["boot", "thumbv7em", "--board", "mps2-an500", "--ram", "5M"]);
    assert_eq!(status, 2);
    assert!(text.contains("ram `5M`: the board has 4096k"), "{text}");
}

#[test]
fn broken_rootfs_toml_shows_line_cause_and_fix() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("rootfs.toml");
    let out = dir.path().join("out");
    let name = file.display();
    let cases = [
        ("applets = \"true\"\nramm = \"4M\"\n", "2: unknown key `ramm`", "did you mean `ram`?"),
        ("target = \"armv5\"\n", "1: unknown target `armv5`", "did you mean `armv5te`?"),
        ("\napplets = [\"true\", \"falze\"]\n", "2: unknown applet or set `falze`", "fix: "),
        ("ram = \"4 M\"\n", "1: ram `4 M`: not an amount of memory", "3090k"),
        ("[[file]]\npath = \"/a\"\n", "1: /a: it needs one of `source` and `content`", "not both"),
        ("ram = \"4M\n", "1: ", "docs/rootfs-toml.md"),
        ("\nroot = \"romfs\"\n", "2: root romfs: the kernel of x86_64 does not read it", "write initramfs"),
        ("target = \"thumbv7em\"\nram = \"21M\"\n", "2: ram `21M`: the board has 20480k", "20480k or less"),
        (
            "target = \"thumbv7em\"\nboard = \"mps\"\n",
            "2: target thumbv7em: unknown board `mps`",
            "mps2-an500",
        ),
        ("root = \"flash\"\n", "1: unknown variant `flash`", "initramfs, romfs, cramfs"),
    ];
    for (text, cause, fix) in cases {
        fs::write(&file, text).unwrap();
        let words = ["build", "x86_64", "--applets", "true", "--out"];
        let words: Vec<&str> = match text.contains("target") || text.contains("applets") {
            true => vec!["build", "--out"],
            false => words.to_vec(),
        };
        let words = [words, vec![out.to_str().unwrap(), "--config", file.to_str().unwrap()]].concat();
        let (status, shown) = tool(&words);
        assert_ne!(status, 0);
        assert!(shown.contains(&format!("build-rootfs: {name}:{cause}")), "{shown}");
        assert!(shown.contains(fix), "{shown}");
        assert!(!out.join("initramfs.cpio").exists());
    }
}

#[test]
fn a_kernel_that_is_built_already_cannot_be_changed() {
    let text = config("target = \"x86_64\"\n[kernel]\nconfig = [\"CONFIG_A=y\"]\n");
    assert!(text.contains(":3: ") && text.contains("built already"), "{text}");
}

#[test]
fn modules_that_are_not_there_are_told() {
    let text = config("target = \"x86_64\"\n[kernel]\nmodules = [\n  \"loop\",\n  \"virtio_blkk\",\n]\n");
    assert!(text.contains(":5: the kernel has no module `virtio_blkk`"), "{text}");
    assert!(text.contains("did you mean `virtio_blk`?"), "{text}");
    let text = config("[kernel]\nmodules = \"all\"\n");
    assert!(text.contains(":2: the kernel of armv5te has no modules"), "{text}");
    let text = config("[kernel]\nmodules = \"some\"\n");
    assert!(text.contains(":2: expected a list of modules' names, or \"all\""), "{text}");
}

#[test]
fn a_cache_that_cannot_be_made_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let mut tool = rootfs(TOOL);
    let output = tool.args(["kernel", "armv5te"]).env("MOTE_CACHE", file.join("below")).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("file/below: Not a directory"), "{text}");
}
