//! Kernel modules and file systems on block devices, against Debian's kernel on x86_64 in a booted guest.

use build_rootfs::build::{self, Plan};
use build_rootfs::process::{command, output};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::{applet, project, Guest, Options};

/// A kernel under emulation on a busy machine takes its time to the first prompt.
const BOOT: Duration = Duration::from_secs(300);
const NAMES: &str =
    "[\"virtio_blk\", \"virtio_net\", \"vfat\", \"squashfs\", \"loop\", \"dummy\", \"nls_cp437\", \"nls_ascii\"]";
const UUID: &str = "01234567-89ab-cdef-0123-456789abcdef";

const CONF: &str = "# options from a file, from two lines of it, and from the command line of the kernel\n\
    options loop \\\n  max_loop=3\n\
    blacklist squashfs\n\
    softdep virtio_net pre: dummy\n\
    options dummy numdummies=3\n\
    alias my-own-* virtio-blk\n";

/// `lib/modules/RELEASE` of the target's kernel, on the host.
fn modules() -> PathBuf {
    let options = build::Options { target: Some("x86_64".into()), ..build::Options::default() };
    let plan = Plan::new(project(), &options).unwrap_or_else(|e| panic!("{e}"));
    plan.kernel().unwrap_or_else(|e| panic!("{e}")).modules.expect("Debian's kernel has modules")
}

/// Path of the module `name` among those.
fn find(dir: &Path, name: &str) -> PathBuf {
    let dep = fs::read_to_string(dir.join("modules.dep")).unwrap();
    let end = format!("/{name}.ko.xz");
    let path = dep.lines().filter_map(|line| line.split(':').next()).find(|path| path.ends_with(&end));
    dir.join(path.unwrap_or_else(|| panic!("no module {name}")))
}

/// Writes the module at `from` to `to` as it was before it was compressed.
fn decompress(from: &Path, to: &Path) {
    let done = std::process::Command::new("xz").arg("-dc").arg(from).output().expect("xz");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    fs::write(to, done.stdout).unwrap();
}

fn make(program: &str, args: &[&str]) {
    let path = build_rootfs::process::which(program).unwrap_or_else(|| panic!("no {program}"));
    output(command(path).args(args)).unwrap_or_else(|e| panic!("{e}"));
}

/// Images of file systems in `dir`, each with a file `file`, FAT aside.
fn images(dir: &Path) -> [String; 4] {
    let tree = dir.join("tree");
    fs::create_dir_all(&tree).unwrap();
    fs::write(tree.join("file"), "content\n").unwrap();
    let tree = tree.to_str().unwrap();
    let all = ["ext2", "ext4", "vfat", "squashfs"].map(|name| dir.join(name).to_str().unwrap().to_string());
    let [ext2, ext4, vfat, squashfs] = &all;
    for file in &all {
        // An old one of another size would be kept.
        let _ = fs::remove_file(file);
    }
    make("mke2fs", &["-q", "-t", "ext2", "-L", "SECOND", "-d", tree, ext2, "2M"]);
    make("mke2fs", &["-q", "-t", "ext4", "-U", UUID, "-L", "FOURTH", "-d", tree, ext4, "8M"]);
    make("mkfs.vfat", &["-n", "DOSLABEL", "-i", "1234ABCD", "-C", vfat, "2048"]);
    make("mksquashfs", &[tree, squashfs, "-quiet", "-no-progress"]);
    all
}

fn boot(dir: &Path) -> Guest {
    let modules = modules();
    fs::create_dir_all(dir).unwrap();
    let images = images(dir);
    let plain = dir.join("dummy.ko");
    decompress(&find(&modules, "dummy"), &plain);
    make("gzip", &["-kf", plain.to_str().unwrap()]);
    let file = |path: &str, source: &Path| format!("[[file]]\npath = {path:?}\nsource = {source:?}\n");
    let config = format!(
        "target = \"x86_64\"\ninittab = [\"::respawn:-/bin/sh\"]\n\
         [kernel]\nmodules = {NAMES}\ncmdline = \"loop.max_part=7 modprobe.blacklist=nothing,virtio-net\"\n\
         [[file]]\npath = \"/etc/modprobe.d/own.conf\"\ncontent = {CONF:?}\n{}{}{}{}",
        file("/root/dummy.ko", &plain),
        file("/root/dummy.ko.gz", &plain.with_extension("ko.gz")),
        file("/root/squashfs", Path::new(&images[3])),
        ["proc", "sys", "dev"]
            .map(|dir| format!("[[mount]]\nsource = {dir:?}\ndir = \"/{dir}\"\ntype = \"{}\"\n", kind(dir)))
            .concat(),
    );
    let mut qemu: Vec<String> = Vec::new();
    for (n, image) in images.iter().enumerate() {
        let lock = if n == 1 { ",readonly=on" } else { "" };
        let image = image.replace(',', ",,");
        qemu.extend(["-drive".into(), format!("file={image},format=raw,if=virtio{lock}")]);
    }
    qemu.extend(["-netdev", "user,id=n,restrict=on", "-device", "virtio-net-pci,netdev=n"].map(String::from));
    let mut guest = Guest::boot("modules", &Options { config: Some(config), qemu, ..Options::default() });
    guest.expect_within("# ", BOOT);
    guest
}

fn kind(dir: &str) -> &'static str {
    match dir {
        "proc" => "proc",
        "sys" => "sysfs",
        _ => "devtmpfs",
    }
}

/// What a command line prints, and its status.
fn run(guest: &mut Guest, line: &str) -> String {
    guest.command(&format!("{line}; echo =$?"), "# ")
}

/// Names of the modules that are loaded, sorted.
fn loaded(guest: &mut Guest) -> Vec<String> {
    let text = guest.command("lsmod", "# ");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("Module                  Size  Used by"));
    let mut names: Vec<String> =
        lines.map(|line| line.split_whitespace().next().unwrap_or_default().to_string()).collect();
    names.sort();
    names
}

#[test]
fn modules_and_block_devices() {
    let dir = tests::out().join("modules");
    let mut guest = boot(&dir);
    let g = &mut guest;
    assert!(loaded(g).is_empty());
    chains_come_and_go(g);
    what_is_wrong_is_told(g);
    configuration_counts(g);
    single_files_are_loaded(g);
    file_systems_are_mounted(g);
    g.send("poweroff\n");
    assert_eq!(g.wait_for_end(Duration::from_secs(120)), 0);
}

fn chains_come_and_go(g: &mut Guest) {
    let release = run(g, "uname -r").lines().next().unwrap().to_string();
    let fat = format!("/lib/modules/{release}/kernel/fs/fat");
    let both = format!("insmod {fat}/fat.ko.xz\ninsmod {fat}/vfat.ko.xz\n");
    assert_eq!(run(g, "modprobe -D vfat"), format!("{both}=0\n"));
    assert_eq!(run(g, "modprobe --show-depends fs-vfat"), format!("{both}=0\n"));
    assert_eq!(run(g, "modprobe -nv vfat"), format!("{both}=0\n"));
    assert!(loaded(g).is_empty());
    assert_eq!(run(g, "modprobe -v fs-vfat"), format!("{both}=0\n"));
    assert_eq!(run(g, "modprobe -v vfat"), "=0\n");
    assert_eq!(loaded(g), ["fat", "vfat"]);
    let table = guest_lines(g, "lsmod");
    let line = table.iter().find(|line| line.starts_with("fat ")).unwrap();
    assert!(line.ends_with("  1 vfat"), "{line}");
    assert_eq!(run(g, "rmmod fat"), "rmmod: fat: in use\n=1\n");
    assert_eq!(run(g, "modprobe -r fat"), "modprobe: fat: in use\n=1\n");
    assert_eq!(run(g, "modprobe -rv vfat"), "rmmod vfat\nrmmod fat\n=0\n");
    assert!(loaded(g).is_empty());
    assert_eq!(run(g, "modprobe -a vfat loop; modprobe -r loop; rmmod vfat fat"), "=0\n");
    assert_eq!(run(g, "modprobe -r vfat"), "=0\n");
    let list = run(g, "modprobe -l 'v*t'");
    assert!(list.contains("kernel/fs/fat/vfat.ko.xz\n") && list.ends_with("=0\n"), "{list}");
    assert!(!list.contains("virtio_blk"), "{list}");
    assert_eq!(run(g, "modprobe ext4; modprobe -D ext4"), "builtin ext4\n=0\n");
}

fn guest_lines(g: &mut Guest, line: &str) -> Vec<String> {
    g.command(line, "# ").lines().map(String::from).collect()
}

fn what_is_wrong_is_told(g: &mut Guest) {
    let text = run(g, "modprobe no-such");
    assert!(text.starts_with("modprobe: no-such: no such module in /lib/modules/6."), "{text}");
    assert!(text.ends_with("=1\n") && text.lines().count() == 2, "{text}");
    assert_eq!(run(g, "modprobe -q no-such"), "=1\n");
    assert_eq!(run(g, "modprobe -r ext4"), "modprobe: ext4: part of the kernel\n=1\n");
    assert_eq!(run(g, "rmmod no-such"), "rmmod: no-such: not loaded\n=1\n");
    assert_eq!(run(g, "insmod /no/such.ko"), "insmod: /no/such.ko: No such file or directory\n=1\n");
    assert_eq!(run(g, "insmod /etc/passwd"), "insmod: /etc/passwd: not a module for this kernel\n=1\n");
    // This kernel unpacks xz.
    assert_eq!(
        run(g, "insmod /root/dummy.ko.gz"),
        "insmod: /root/dummy.ko.gz: compressed in a way that this kernel cannot read\n=1\n"
    );
    // The kernel's own log takes what nobody else does.
    assert_eq!(run(g, "modprobe -s no-such-one"), "=1\n");
    assert!(run(g, "dmesg").contains("modprobe: no-such-one: no such module"));
    // Every module is compressed: nothing is made anew from nothing.
    let text = run(g, "depmod");
    assert!(text.contains(".ko.xz: compressed modules cannot be read"), "{text}");
    assert_eq!(run(g, "modprobe -l vfat").lines().count(), 2);
}

fn configuration_counts(g: &mut Guest) {
    assert_eq!(run(g, "modprobe loop hw_queue_depth=64"), "=0\n");
    let parameters = "cd /sys/module/loop/parameters; cat max_loop max_part hw_queue_depth; cd /";
    assert_eq!(run(g, parameters), "3\n7\n64\n=0\n");
    assert_eq!(run(g, "modprobe fs-squashfs; modprobe -b squashfs"), "=0\n");
    // virtio_net is blacklisted by the kernel's command line, but not for who names it.
    assert_eq!(run(g, "modprobe virtio:d00000001v00001AF4"), "=0\n");
    assert_eq!(loaded(g), ["loop"]);
    assert_eq!(run(g, "modprobe virtio-net"), "=0\n");
    assert!(loaded(g).iter().any(|name| name == "net_failover"));
    assert_eq!(run(g, "cd /sys/class/net; echo dummy* eth*; cd /"), "dummy0 dummy1 dummy2 eth0\n=0\n");
    assert_eq!(
        run(g, "modprobe -r virtio_net; modprobe -r dummy; cd /sys/class/net; echo *; cd /"),
        "lo\n=0\n"
    );
    assert_eq!(run(g, "modprobe my_own-disk; echo /dev/vd?"), "/dev/vda /dev/vdb /dev/vdc /dev/vdd\n=0\n");
}

fn single_files_are_loaded(g: &mut Guest) {
    assert_eq!(run(g, "insmod /root/dummy.ko numdummies=2; echo /sys/class/net/d*"), DUMMIES);
    assert_eq!(run(g, "insmod /root/dummy.ko"), "insmod: /root/dummy.ko: already loaded\n=1\n");
    assert_eq!(run(g, "rmmod /root/dummy.ko; cd /root; modprobe -v ./dummy.ko numdummies=1; cd /"), {
        // The parameter on the command line comes last and wins.
        "insmod ./dummy.ko numdummies=3 numdummies=1\n=0\n"
    });
    assert_eq!(run(g, "cd /sys/class/net; echo *; cd /; rmmod -w dummy"), "dummy0 lo\n=0\n");
}

const DUMMIES: &str = "/sys/class/net/dummy0 /sys/class/net/dummy1\n=0\n";

fn file_systems_are_mounted(g: &mut Guest) {
    let mounted = |g: &mut Guest| {
        let table = g.command("cat /proc/mounts", "# ");
        let line = table.lines().rev().find(|line| line.split(' ').nth(1) == Some("/mnt"));
        line.map(|line| line.split(' ').take(4).map(String::from).collect::<Vec<_>>())
    };
    let expect = |g: &mut Guest, how: &str, device: &str, kind: &str, mode: &str| {
        assert_eq!(run(g, &format!("mount {how} /mnt; cat /mnt/file")), "content\n=0\n", "{how}");
        let line = mounted(g).unwrap_or_else(|| panic!("{how}: not mounted"));
        assert_eq!((&line[0][..], &line[2][..]), (device, kind), "{how}");
        assert!(line[3].starts_with(mode), "{how}: {line:?}");
        assert_eq!(run(g, "umount /mnt"), "=0\n", "{how}");
        assert!(mounted(g).is_none(), "{how}");
    };
    assert_eq!(run(g, "mkdir /mnt"), "=0\n");
    expect(g, "-t ext2 /dev/vda", "/dev/vda", "ext2", "rw");
    expect(g, "-t auto LABEL=SECOND", "/dev/vda", "ext2", "rw");
    expect(g, "-t ext4 -r /dev/vdb", "/dev/vdb", "ext4", "ro");
    expect(g, &format!("-o ro UUID={UUID}"), "/dev/vdb", "ext4", "ro");
    // The disk is write-protected.
    let text = run(g, "mount /dev/vdb /mnt");
    assert_eq!(text, "mount: /dev/vdb: write-protected, mounted read-only\n=0\n");
    let text = run(g, "echo >/mnt/new; umount /mnt");
    assert!(text.ends_with("/mnt/new': Read-only file system\n=0\n"), "{text}");

    // The kernel asks modprobe for vfat and for its tables of characters.
    assert_eq!(run(g, "mount -t vfat LABEL=DOSLABEL /mnt; echo content >/mnt/file; umount /mnt"), "=0\n");
    assert!(loaded(g).iter().any(|name| name == "vfat"));
    expect(g, "UUID=1234-ABCD", "/dev/vdc", "vfat", "rw");
    // squashfs is blacklisted: the kernel gets it only when somebody names it.
    assert_eq!(run(g, "mount -t squashfs /dev/vdd /mnt"), "mount: /dev/vdd on /mnt: No such device\n=1\n");
    assert_eq!(run(g, "modprobe squashfs"), "=0\n");
    expect(g, "/dev/vdd", "/dev/vdd", "squashfs", "ro");
    expect(g, "-o loop /root/squashfs", "/dev/loop0", "squashfs", "ro");
    expect(g, "/root/squashfs", "/dev/loop0", "squashfs", "ro");
    assert_eq!(run(g, "modprobe -r squashfs loop vfat"), "=0\n");
    assert_eq!(run(g, "modprobe -r virtio_blk"), "=0\n");
    assert!(!loaded(g)
        .iter()
        .any(|name| ["squashfs", "loop", "vfat", "fat", "virtio_blk"].contains(&&name[..])));
}

/// A table with the words of each line sorted, the first one apart.
fn any_order((name, lines): (String, Vec<String>)) -> (String, Vec<String>) {
    let sorted = lines.iter().map(|line| {
        let mut words: Vec<&str> = line.split(' ').collect();
        if name == "modules.dep" {
            words[1..].sort_unstable();
        }
        words.join(" ")
    });
    let lines = sorted.collect();
    (name, lines)
}

#[test]
fn depmod_makes_the_tables_that_kmod_makes() {
    let modules = modules();
    let dir = tempfile::tempdir().unwrap();
    let tree = dir.path().join("lib/modules/1.2.3");
    let mut names = vec!["btrfs", "virtio_net", "net_failover", "failover", "vfat", "fat", "nfsd"];
    names.extend(["raid6_pq", "xor", "loop", "dummy"]);
    for name in names {
        let to = tree.join("kernel").join(&name[..1]).join(name).with_extension("ko");
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        // Files have both `-` and `_` in their names.
        decompress(&find(&modules, name), &to);
    }
    let tables = |files: &[&str]| -> Vec<(String, Vec<String>)> {
        let read = |name: &&str| {
            let text = fs::read_to_string(tree.join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
            let mut lines: Vec<String> =
                text.lines().filter(|line| !line.starts_with('#')).map(String::from).collect();
            lines.sort();
            (name.to_string(), lines)
        };
        files.iter().map(read).collect()
    };
    let files = ["modules.dep", "modules.alias", "modules.symbols", "modules.softdep"];
    let base = dir.path().to_str().unwrap();
    make("depmod", &["-C", "/dev/null", "-b", base, "1.2.3"]);
    let theirs = tables(&files);
    for target in ["x86_64", "armv5te"] {
        for name in files {
            fs::remove_file(tree.join(name)).unwrap();
        }
        let done = applet(target, "depmod").args(["-b", base, "1.2.3"]).output().unwrap();
        assert_eq!((done.status.code(), &done.stderr[..], &done.stdout[..]), (Some(0), &b""[..], &b""[..]));
        let ours = tables(&files);
        // What is needed most stands last; what does not need each other stands in any order.
        assert!(ours[0].1.iter().any(|line| line.ends_with("/net_failover.ko kernel/f/failover.ko")));
        for (ours, theirs) in ours.into_iter().map(any_order).zip(theirs.clone().into_iter().map(any_order)) {
            assert_eq!(ours, theirs, "{target}");
        }
    }
}
