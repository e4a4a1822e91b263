//! Where the target binaries can panic, by the instruction that a panic is: only in functions that a list has, and
//! process 1 nowhere, from its first instruction on.

use build_rootfs::compile::cargo;
use build_rootfs::target::Target;
use build_rootfs::toolchain::Toolchain;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use tests::flow::Flow;
use tests::{mote, project};

const TARGETS: [&str; 3] = ["x86_64", "armv5te", "thumbv7em"];
/// Functions that can panic as far as the compiler knows, each with the reason why it does not.
const LIST: &str = include_str!("panics.toml");

fn flow(target: &str) -> Flow {
    Flow::of(&mote(target, tests::ALL).with_extension("sym"))
}

/// What belongs to process 1 beside the way to it. The tables of applets and of closures lead to it by pointers.
fn of_init(name: &str) -> bool {
    ["init::", "<init::", "mote::init::", "<mote::init::", "<<init::"]
        .iter()
        .any(|path| name.starts_with(path))
}

/// `mote --install` makes texts. What runs as process 1 has another name, or else it ends anyway.
fn install(name: &str) -> bool {
    name == "mote::multicall::install"
}

#[test]
fn only_functions_of_the_list_can_panic() {
    let list: BTreeMap<String, String> = toml::from_str(LIST).expect("a list");
    let mut wrong = Vec::new();
    let mut left: BTreeSet<&str> = list.keys().map(String::as_str).collect();
    for target in TARGETS {
        let flow = flow(target);
        let traps = flow.traps();
        assert!(!traps.is_empty(), "{target}: the check sees nothing");
        for (name, count) in traps {
            left.remove(name);
            if count > 1 || !list.contains_key(name) {
                wrong.push(format!("{target}: {count} in {name}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "these functions can panic:\n{}\nfix: take out what can (an index, a division, an unwrap), or say in \
         tests/tests/panics.toml why it does not",
        wrong.join("\n")
    );
    assert!(left.is_empty(), "these cannot panic any more, take them from tests/tests/panics.toml: {left:?}");
}

#[test]
fn process_1_cannot_panic_from_its_first_instruction_on() {
    for target in TARGETS {
        let flow = flow(target);
        let reached = flow.reached(|name| name == "_start" || of_init(name), install);
        for name in ["mote_main", "mote::multicall::main", "<init::Init>::run", "init::spawn::start"] {
            assert!(reached.contains_key(name), "{target}: the way to {name} is not seen");
        }
        let panics: Vec<_> = reached.iter().filter(|(name, _)| name.ends_with(" panics")).collect();
        assert!(panics.is_empty(), "{target}: process 1 can panic: {panics:#?}");
    }
}

#[test]
fn process_1_does_not_allocate() {
    for target in TARGETS {
        let reached = flow(target).reached(of_init, |_| false);
        let heap: Vec<_> = reached.iter().filter(|(name, _)| name.contains("sys::heap::")).collect();
        assert!(heap.is_empty(), "{target}: process 1 can allocate: {heap:#?}");
    }
}

#[test]
fn process_1_never_returns() {
    for target in TARGETS {
        let flow = flow(target);
        let returns =
            ["_start", "mote_main", "<init::Init>::run", "mote::init::run"].map(|name| flow.returns(name));
        assert_eq!(returns, [false, false, false, true], "{target}");
    }
}

/// The checks are worth something only if they see a panic in a program that has one.
#[test]
fn a_panic_in_a_target_binary_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("src")).unwrap();
    let manifest = "[package]\nname = \"toy\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n\
                    [profile.mote]\ninherits = \"release\"\nopt-level = \"z\"\nlto = \"fat\"\n\
                    codegen-units = 1\npanic = \"abort\"\nincremental = false\nstrip = \"none\"\n";
    fs::write(dir.path().join("Cargo.toml"), manifest).unwrap();
    let program = r#"
        #![no_std]
        #![no_main]
        #[no_mangle]
        #[inline(never)]
        extern "C" fn element(n: usize) -> u32 {
            core::hint::black_box(&[3, 5, 7])[n]
        }
        #[no_mangle]
        #[inline(never)]
        extern "C" fn careful(n: usize) -> u32 {
            core::hint::black_box(&[3, 5, 7]).get(n).copied().unwrap_or(0)
        }
        #[no_mangle]
        extern "C" fn _start(n: usize) -> u32 {
            element(n) + careful(n)
        }
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo) -> ! {
            loop {}
        }
    "#;
    fs::write(dir.path().join("src/main.rs"), program).unwrap();
    for name in ["x86_64", "armv5te"] {
        let target = Target::load(project(), name).unwrap();
        let toolchain = Toolchain::find(&target).unwrap_or_else(|e| panic!("{e}"));
        // The shared target folder has `core` compiled already.
        let out = project().out().join(format!(".cargo-{name}"));
        let manifest = dir.path().join("Cargo.toml");
        let output = cargo(&toolchain, &target, "build", &manifest, &out).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let flow = Flow::of(&out.join(name).join("mote/toy"));
        assert_eq!(flow.traps(), BTreeMap::from([("element", 1)]), "{name}");
        let reached = flow.reached(|name| name == "_start", |_| false);
        assert_eq!(reached["element panics"], ["_start", "element", "element panics"], "{name}");
    }
}
