//! A script that nobody wrote for us: autoconf's `configure` of dash finds the same with mote's shell as
//! with dash.

use build_rootfs::cache::Cache;
use build_rootfs::peers::DASH;
use build_rootfs::process::which;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use tests::fresh;

/// What `configure` makes, without the name of the shell that ran it.
fn configured(source: &Path, place: &Path, shell: &Path) -> Vec<(&'static str, String)> {
    let name = shell.display().to_string();
    let out = fresh(shell)
        .arg(source.join("configure"))
        .arg("-q")
        .env("CONFIG_SHELL", shell)
        .env("SHELL", shell)
        .current_dir(place)
        .output()
        .unwrap();
    assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
    ["config.h", "Makefile", "src/Makefile"]
        .map(|file| {
            let text =
                fs::read_to_string(place.join(file)).unwrap_or_else(|why| panic!("{name}: {file}: {why}"));
            (file, text.replace(&name, "SHELL").replace(&place.display().to_string(), "PLACE"))
        })
        .into()
}

#[test]
fn configure_finds_what_it_finds_with_dash() {
    let source = DASH.tree(&Cache::open().unwrap()).unwrap_or_else(|error| panic!("{error}"));
    let dir = tempfile::tempdir().unwrap();
    let dash = which("dash").expect("dash: `cargo rootfs setup` installs it");
    let sh = dir.path().join("sh");
    symlink(tests::mote("x86_64", "sh"), &sh).unwrap();
    let [with_dash, with_mote] = [("a", &dash), ("b", &sh)].map(|(name, shell)| {
        let place = dir.path().join(name);
        fs::create_dir(&place).unwrap();
        configured(&source, &place, shell)
    });
    for ((file, want), (_, got)) in with_dash.iter().zip(&with_mote) {
        assert!(want.len() > 500, "{file} is nearly empty");
        let lines = || want.lines().zip(got.lines());
        let first = lines().find(|(a, b)| a != b);
        assert!(want == got, "{file}: {first:?}");
    }
}
