//! The target binaries: static, nothing writable and executable, no formatting machinery.

use build_rootfs::checks::machinery;
use build_rootfs::compile::cargo;
use build_rootfs::target::Target;
use build_rootfs::toolchain::Toolchain;
use std::fs;
use std::path::Path;
use std::process::Command;
use tests::{command, mote, project};

const TARGETS: [&str; 2] = ["x86_64", "armv5te"];

/// `(type, flags)` of each program header, by readelf.
fn segments(file: &Path) -> Vec<(String, String)> {
    let output = Command::new("readelf").arg("-lW").arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.contains("VirtAddr"))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let rows = rows.map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.map(|row| (row[0].to_string(), row[6..row.len() - 1].concat())).collect()
}

#[test]
fn two_plain_segments_and_nothing_else() {
    for target in TARGETS {
        let segments = segments(&mote(target, "base"));
        assert!(segments.len() <= 2, "{target}: {segments:?}");
        for (kind, flags) in segments {
            assert_eq!(kind, "LOAD", "{target}");
            assert!(flags == "RE" || flags == "RW", "{target}: {flags}");
        }
    }
}

#[test]
fn stripped_and_unstripped_behave_the_same() {
    for target in TARGETS {
        let stripped = mote(target, "base");
        let twin = stripped.with_extension("sym");
        assert!(fs::metadata(&stripped).unwrap().len() < fs::metadata(&twin).unwrap().len());
        for (name, status) in [("true", 0), ("no-such-applet", 127)] {
            let run = |file: &Path| command(target, file, name).output().unwrap();
            let (a, b) = (run(&stripped), run(&twin));
            assert_eq!(a.status.code(), Some(status), "{target} {name}");
            assert_eq!((a.status, a.stdout, a.stderr), (b.status, b.stdout, b.stderr));
        }
    }
}

#[test]
fn no_machinery_of_formatting() {
    for target in TARGETS {
        let twin = fs::read(mote(target, "base").with_extension("sym")).unwrap();
        assert_eq!(machinery(&twin).unwrap(), [""; 0], "{target}");
    }
}

/// The check is worth something only if it sees what it looks for in a real target binary.
#[test]
fn formatting_in_a_target_binary_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"toy\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n\
                    [profile.mote]\ninherits = \"release\"\nopt-level = \"z\"\nlto = \"fat\"\n\
                    codegen-units = 1\npanic = \"abort\"\nincremental = false\nstrip = \"none\"\n";
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    let program = r#"
        #![no_std]
        #![no_main]
        use core::fmt::Write;
        struct Sink(u32);
        impl Write for Sink {
            fn write_str(&mut self, s: &str) -> core::fmt::Result {
                self.0 = s.bytes().fold(self.0, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
                Ok(())
            }
        }
        #[no_mangle]
        extern "C" fn _start(n: u32) -> u32 {
            let mut sink = Sink(n);
            let _ = write!(sink, "{n:>8} of {:?}", core::hint::black_box(&[n, 2]));
            sink.0
        }
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! {
            loop {}
        }
    "#;
    fs::write(dir.path().join("src/main.rs"), program).unwrap();
    let target = Target::load(project(), "x86_64").unwrap();
    let toolchain = Toolchain::find(&target).unwrap_or_else(|e| panic!("{e}"));
    // The shared target folder has `core` compiled already.
    let out = project().out().join(".cargo-x86_64");
    let manifest = dir.path().join("Cargo.toml");
    let output = cargo(&toolchain, &target, "build", &manifest, &out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found = machinery(&fs::read(out.join("x86_64/mote/toy")).unwrap()).unwrap();
    assert!(found.iter().any(|what| what.starts_with("symbol ") && what.contains("core::fmt")), "{found:?}");
}
