//! Binaries of mote on the host: native, or under qemu-user.

use crate::start::{fresh, settle};
use build_rootfs::applets::Catalogue;
use build_rootfs::cache::write_atomically;
use build_rootfs::compile::{compile, Binary};
use build_rootfs::lock::lock;
use build_rootfs::process;
use build_rootfs::project::Project;
use build_rootfs::syscalls::{of_applets, ByApplet};
use build_rootfs::target::Target;
use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

/// The checkout under test.
pub fn project() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| Project::find().expect("the tests run in a checkout"))
}

/// The folder for what tests leave behind.
pub fn out() -> PathBuf {
    project().out().join("tests")
}

/// The set of the guests that run suites and cases: those of all applets would take hours on an emulated board.
pub const GUESTS: &str = "base";

/// The set with every applet.
pub const ALL: &str = "tools";

/// Behind a target's name: its subshells start as on a machine without an MMU, by vfork and exec.
const WITHOUT_MMU: &str = "+nommu";

/// Behind a target's name: all features are left out that can be.
const LEAN: &str = "+lean";

/// The target that a target's name with [`WITHOUT_MMU`], [`LEAN`] or neither stands for, and what is added to the list
/// of applets.
fn variant(name: &str) -> (Target, &'static [&'static str]) {
    let (name, features) = if let Some(name) = name.strip_suffix(WITHOUT_MMU) {
        (name, &["sh/nommu"][..])
    } else if let Some(name) = name.strip_suffix(LEAN) {
        (name, &["-bash", "-edit", "-help", "-jobs"][..])
    } else {
        (name, &[][..])
    };
    (Target::load(project(), name).unwrap_or_else(|e| panic!("{e}")), features)
}

/// The binary with `applets` (a list as `--applets` takes it) for `target`; built once. With `+nommu` behind
/// the target's name, one that starts subshells as on a machine without an MMU; with `+lean`, one without the features
/// that can be left out.
pub fn mote(target: &str, applets: &str) -> PathBuf {
    binary(target, applets).file
}

/// The system calls that each of `applets` can make, in the binary [`mote`]; read once.
pub fn calls_of(target: &str, applets: &str) -> Arc<ByApplet> {
    type Read = Mutex<HashMap<(String, String), Arc<ByApplet>>>;
    static READ: OnceLock<Read> = OnceLock::new();
    let mut read = READ.get_or_init(Default::default).lock().unwrap_or_else(|poison| poison.into_inner());
    let key = (target.to_string(), applets.to_string());
    read.entry(key).or_insert_with(|| Arc::new(read_calls(target, applets))).clone()
}

fn read_calls(target: &str, applets: &str) -> ByApplet {
    let all = Catalogue::load(project()).unwrap_or_else(|e| panic!("{e}"));
    let list = all.resolve(applets).unwrap_or_else(|e| panic!("{e}"));
    of_applets(&binary(target, applets).ir, &all, &list).unwrap_or_else(|e| panic!("{e}"))
}

fn binary(target: &str, applets: &str) -> Binary {
    type Built = Mutex<HashMap<(String, String), Binary>>;
    static BUILT: OnceLock<Built> = OnceLock::new();
    let key = (target.to_string(), applets.to_string());
    let mut built = BUILT.get_or_init(Default::default).lock().unwrap_or_else(|poison| poison.into_inner());
    built.entry(key).or_insert_with(|| build(target, applets)).clone()
}

fn build(target: &str, applets: &str) -> Binary {
    let mut list =
        Catalogue::load(project()).and_then(|all| all.resolve(applets)).unwrap_or_else(|e| panic!("{e}"));
    let dir = out().join(format!("{target}-{}", applets.replace(',', "+")));
    let (target, features) = variant(target);
    list.extend(features.iter().map(|feature| feature.to_string()));
    let _lock = lock(&dir.with_extension("lock")).unwrap_or_else(|e| panic!("{e}"));
    compile(project(), &target, &list, &dir).unwrap_or_else(|e| panic!("{e}"))
}

/// The names that the set [`ALL`] answers to, and `mote`.
fn names() -> Vec<String> {
    let all = Catalogue::load(project()).unwrap_or_else(|e| panic!("{e}"));
    let list = all.resolve(ALL).unwrap_or_else(|e| panic!("{e}"));
    let paths = all.paths(&list);
    let names = paths.iter().map(|path| path[path.rfind('/').map_or(0, |at| at + 1)..].to_string());
    names.chain(["mote".to_string()]).collect()
}

/// A folder for PATH: the binary with the set [`ALL`] for `target`, and a link for each of its names; made once.
pub fn applet_dir(target: &str) -> PathBuf {
    static MADE: OnceLock<Mutex<HashMap<String, PathBuf>>> = OnceLock::new();
    let mut made = MADE.get_or_init(Default::default).lock().unwrap_or_else(|poison| poison.into_inner());
    made.entry(target.to_string()).or_insert_with(|| link_all(target)).clone()
}

fn link_all(target: &str) -> PathBuf {
    let mote = mote(target, ALL);
    let dir = out().join(format!("{target}-bin"));
    let _lock = lock(&dir.with_extension("lock")).unwrap_or_else(|e| panic!("{e}"));
    fs::create_dir_all(&dir).expect("the folder of links");
    names().iter().for_each(|name| lead(&dir.join(name), &mote));
    dir
}

/// A folder for PATH as [`applet_dir`], whose links lead to a copy of the binary: what a shell finds there, where it has
/// set PATH, is another program for it, and it starts that instead of running the applet itself.
pub fn copied_dir(target: &str) -> PathBuf {
    let mote = mote(target, ALL);
    let (dir, copy) = (out().join(format!("{target}-copied-bin")), mote.with_extension("copy"));
    let _lock = lock(&dir.with_extension("lock")).unwrap_or_else(|e| panic!("{e}"));
    fs::create_dir_all(&dir).expect("the folder of links");
    let content = fs::read(&mote).expect("the binary");
    if fs::read(&copy).ok().as_ref() != Some(&content) {
        write_atomically(&copy, &content, 0o755).unwrap_or_else(|e| panic!("{e}"));
    }
    names().iter().for_each(|name| lead(&dir.join(name), &copy));
    dir
}

/// A folder for PATH as [`applet_dir`], for a target that runs under qemu-user: each name leads to a script that starts
/// the emulator, since the host's kernel cannot start the binary by itself.
pub fn emulated_dir(target: &str) -> PathBuf {
    let links = applet_dir(target);
    let dir = out().join(format!("{target}-emulated-bin"));
    let _lock = lock(&dir.with_extension("lock")).unwrap_or_else(|e| panic!("{e}"));
    fs::create_dir_all(&dir).expect("the folder of scripts");
    let emulator = variant(target).0.user_emulator.expect("a target that runs under qemu-user");
    let links = links.display();
    let text =
        format!("#!/bin/sh\nname=${{0##*/}}\nexec {emulator} -0 \"$name\" '{links}'/\"$name\" \"$@\"\n");
    let script = dir.join("emulated.sh");
    if fs::read_to_string(&script).ok().as_ref() != Some(&text) {
        // Another program writes it: what a process of many threads has open for writing, a child of another thread
        // may have open, too, and then it cannot be executed.
        let mut install = process::command("install");
        install.args(["-m", "755", "/dev/stdin"]).arg(&script).stdin(Stdio::piped());
        let mut install = install.spawn().expect("install of Debian's coreutils");
        install.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("the script");
        assert!(install.wait().expect("install").success());
    }
    names().iter().for_each(|name| lead(&dir.join(name), &script));
    dir
}

/// Makes `link` a link to `file`, whatever it was.
fn lead(link: &Path, file: &Path) {
    if fs::read_link(link).ok().as_deref() != Some(file) {
        let part = link.with_extension("part");
        // A link that a killed run left half-way.
        let _ = fs::remove_file(&part);
        symlink(file, &part).and_then(|()| fs::rename(&part, link)).expect("a link");
    }
}

/// A command that runs the program `file` of `target` under the name `name`.
pub fn command(target: &str, file: &Path, name: &str) -> Command {
    match &variant(target).0.user_emulator {
        Some(emulator) => {
            let mut command = fresh(emulator);
            command.arg("-0").arg(name).arg(file);
            command
        }
        None => {
            use std::os::unix::process::CommandExt;
            let mut command = fresh(file);
            command.arg0(name);
            command
        }
    }
}

/// A command that runs the applet `name` of the set [`ALL`] for `target`, with the folder of links first in
/// PATH. Under qemu-user a guest's program cannot start another one by name: it is not the host's format.
pub fn applet(target: &str, name: &str) -> Command {
    let dir = applet_dir(target);
    let mut command = command(target, &dir.join(name), name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::iter::once(dir).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(dirs).expect("PATH"));
    command
}

/// The host tool, as built for these tests.
pub fn rootfs(program: &str) -> Command {
    let mut command = process::command(program);
    command.current_dir(project().root());
    settle(&mut command);
    command
}
