//! A set-uid binary: who called gets no more than without it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A set-uid copy of the binary in a folder that everybody may enter.
fn copy(dir: &tempfile::TempDir, mode: u32) -> PathBuf {
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let file = dir.path().join("mote");
    fs::copy(tests::mote("x86_64", "base"), &file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    file
}

/// Runs it as nobody.
fn run(file: &PathBuf, words: &[&str]) -> Output {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]).arg(file).args(words);
    command.current_dir("/").env("PATH", "/bin").output().unwrap()
}

#[test]
fn all_rights_of_the_owner_are_given_up() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for mode in [0o4755, 0o2755, 0o6755] {
        let file = copy(&dir, mode);
        let secret = dir.path().join("secret");
        fs::write(&secret, "secret").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o640)).unwrap();
        let secret = secret.to_str().unwrap();
        let script = "while read -r a b; do case $a in [UG]id:|CapEff:|CapPrm:) echo $b;; esac; done </proc/self/status";
        let done = run(&file, &["sh", "-c", script]);
        let (ids, none) = ("65534 65534 65534 65534\n", "0000000000000000\n");
        assert_eq!(String::from_utf8_lossy(&done.stdout), [ids, ids, none, none].concat(), "{mode:o}");
        for words in [
            &["cat", secret][..],
            &["mote", "cat", secret],
            &["sh", "-c", "echo x >>\"$0\"", secret],
            &["test", "-r", secret],
            &["rm", "-f", secret],
            &["mkdir", "/set-uid"],
            &["--install", "/bin"],
            &["mount", "-t", "tmpfs", "none", "/mnt"],
            &["umount", "/proc"],
        ] {
            let done = run(&file, words);
            assert!(!done.status.success() && done.stdout.is_empty(), "{mode:o} {words:?}");
        }
        assert_eq!(fs::read(secret).unwrap(), b"secret");
    }
}
