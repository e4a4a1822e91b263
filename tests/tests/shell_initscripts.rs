//! Scripts of the kind that small systems boot with: what `initscripts/` has does the same with mote's shell
//! as with dash, on standard output, in status, and in the files that are left.

use build_rootfs::process::which;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{symlink, PermissionsExt};
use std::path::Path;
use tests::{fresh, mote};

macro_rules! scripts {
    ($($name:literal),*) => { &[$(($name, include_str!(concat!("initscripts/", $name)))),*] };
}

/// What goes to etc/init.d. The last is no program.
const SCRIPTS: &[(&str, &str)] = scripts!(
    "rcS",
    "rcK",
    "functions",
    "S01logger",
    "S05mounts",
    "S10settings",
    "S20seed.sh",
    "S30off",
    "S40network",
    "S50watch",
    "S60broken",
    "S70plain"
);

const FILES: &[(&str, &str)] = &[
    ("sbin/daemon", include_str!("initscripts/daemon")),
    ("etc/default/watch", "# What the administrator says.\nINTERVAL=30\n: ${level=1}\n"),
    (
        "etc/fstab",
        "# device\tpoint\nproc /proc proc defaults 0 0\n\ntmpfs\t/tmp  tmpfs mode=1777,ro\n\
         \u{20} nfs:/x  /mnt/x nfs noauto,rw 0 0 extra words\nnone /sys sysfs\n",
    ),
    (
        "etc/sysctl.conf",
        "# a comment\n kernel.printk = 4 4 1 7\nnet.ipv4.ip_forward=1\n; another\n\nvm.swappiness =\n\
         kernel.core_pattern=|/bin/x a=b",
    ),
    (
        "etc/interfaces",
        "iface lo loopback\n\niface eth0 static\n    address 10.0.2.15\n    # comment\n\tmtu 1500\n",
    ),
];

/// Mode and content of everything below `dir`, but the scripts.
fn tree(dir: &Path, root: &Path, all: &mut BTreeMap<String, (u32, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if kind.is_dir() {
            tree(&path, root, all);
        }
        if !kind.is_symlink() && name != "etc/init.d" && !name.starts_with("etc/init.d/") {
            let text = if kind.is_dir() { String::new() } else { fs::read_to_string(&path).unwrap() };
            all.insert(name, (kind.permissions().mode(), text));
        }
    }
}

/// A session with this shell: what it printed, its status, and the files.
fn session(shell: &Path) -> (String, Option<i32>, BTreeMap<String, (u32, String)>) {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    let sh = root.join("sh");
    symlink(shell, &sh).unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text.replace("@SH@", &sh.display().to_string())).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for (name, text) in SCRIPTS {
        write(&format!("etc/init.d/{name}"), text, if text.starts_with("#!") { 0o755 } else { 0o644 });
    }
    for (name, text) in FILES {
        write(name, text, if name.starts_with("sbin") { 0o755 } else { 0o644 });
    }
    symlink("/nowhere", root.join("etc/init.d/S99dangling")).unwrap();
    for dir in ["var/run", "var/log"] {
        fs::create_dir_all(root.join(dir)).unwrap();
    }
    let mut command = fresh("timeout");
    command.arg("120").arg(&sh).args(["-c", include_str!("initscripts/session")]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("ROOT", root);
    let out = command.output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout).replace(&root.display().to_string(), "");
    let mut files = BTreeMap::new();
    tree(root, root, &mut files);
    // The daemon's first line names the shell's place.
    files.remove("sbin/daemon");
    (text, out.status.code(), files)
}

#[test]
fn init_scripts_do_what_they_do_with_dash() {
    let want = session(&which("dash").expect("dash: `cargo rootfs setup` installs it"));
    let (text, status, files) = &want;
    assert_eq!(*status, Some(0), "{text}");
    // So that both do not merely fail in the same way.
    for line in [
        "Starting logger: OK\n",
        "mounted 4\n",
        "Settings: 4\n",
        "Seed: 1024 bits\n",
        "boot: 2 failed: S20seed.sh:1 S60broken:3\n",
        "S40network bogus = 1\n",
        "reread\n",
        "Stopping logger: OK\n",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    assert!(files.contains_key("proc/sys/kernel/core_pattern"), "{files:?}");
    for way in ["x86_64", "x86_64+nommu"] {
        let got = session(&mote(way, "sh"));
        assert_eq!((&got.0, got.1), (text, *status), "{way}");
        assert_eq!(&got.2, files, "{way}");
    }
}
