//! The folders that a fault line works in: what it finds there, and what must be left whatever fails.

use crate::faults::{Table, Workload};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{symlink, FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Makes what a command finds.
pub(crate) type Prepare = fn(&Place);

/// Tells what is lost, if anything is.
pub(crate) type Kept = fn(&Place) -> Result<(), String>;

/// What a command may find, by the names that `@folder` takes; the first is for a line without one.
pub(crate) const FOLDERS: Table<Prepare> = &[
    ("empty", empty),
    ("files", files),
    ("old_there", old_there),
    ("tree", tree),
    ("directories", directories),
    ("fstab", fstab),
    ("image", image),
    ("modules", modules),
    ("script", script),
];

/// What must be left, by the names that `@keeps` takes; the first is for a line without one.
pub(crate) const KEPT: Table<Kept> = &[
    ("nothing", nothing),
    ("bystander", bystander),
    ("one_is_somewhere", one_is_somewhere),
    ("one_is_whole", one_is_whole),
    ("old_or_new", old_or_new),
    ("tree_is_whole", tree_is_whole),
    ("whole_tables", whole_tables),
];

/// A folder to work in, and one on another file system.
pub(crate) struct Place {
    pub(crate) here: TempDir,
    pub(crate) there: TempDir,
}

impl Place {
    pub(crate) fn new(workload: &Workload) -> Place {
        let here = tempfile::tempdir().expect("a folder");
        let there = tempfile::tempdir_in("/dev/shm").expect("a folder in /dev/shm");
        let device = |p: &TempDir| fs::metadata(p.path()).expect("a folder").dev();
        assert_ne!(device(&here), device(&there), "/dev/shm must be a file system of its own");
        let place = Place { here, there };
        (workload.prepare)(&place);
        place
    }

    pub(crate) fn here(&self, name: &str) -> PathBuf {
        self.here.path().join(name)
    }

    pub(crate) fn there(&self, name: &str) -> PathBuf {
        self.there.path().join(name)
    }

    /// All that is in both folders.
    pub(crate) fn content(&self) -> [Content; 2] {
        let mut all = [content(self.here.path()), content(self.there.path())];
        // What holds the folder's path is the same as what holds another one's.
        let path = self.here.path().to_string_lossy().into_owned();
        for (_, held) in all.iter_mut().flat_map(BTreeMap::values_mut).filter(|(_, held)| held.len() < 1000) {
            *held = String::from_utf8_lossy(held).replace(&path, "HERE").into_bytes();
        }
        all
    }
}

/// For each path: type and permissions, and what it holds or leads to.
pub(crate) type Content = BTreeMap<String, (u32, Vec<u8>)>;

fn content(dir: &Path) -> Content {
    let mut all = Content::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(at) = waiting.pop() {
        for entry in fs::read_dir(&at).expect("a folder") {
            let path = entry.expect("an entry").path();
            // Times change in a file system that is mounted.
            if path.ends_with("image") {
                continue;
            }
            let status = fs::symlink_metadata(&path).expect("a file");
            let kind = status.file_type();
            let held = if kind.is_dir() {
                waiting.push(path.clone());
                Vec::new()
            } else if kind.is_symlink() {
                fs::read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
            } else if kind.is_fifo() {
                Vec::new()
            } else {
                fs::read(&path).expect("a file")
            };
            let name = path.strip_prefix(dir).expect("below it").to_string_lossy().into_owned();
            all.insert(name, (status.mode(), held));
        }
    }
    all
}

/// Without permissions, where those may be lost.
pub(crate) fn held(all: &[Content; 2]) -> Vec<(&String, u32, &[u8])> {
    let rows = all.iter().flatten();
    rows.map(|(name, (mode, held))| (name, mode & TYPE, held.as_slice())).collect()
}

/// The bits of a mode that tell the type (S_IFMT).
const TYPE: u32 = 0o170000;

fn big(fill: u8) -> Vec<u8> {
    let mut text = vec![fill; 70_000];
    text.push(b'\n');
    text
}

fn empty(_: &Place) {}

fn files(place: &Place) {
    fs::write(place.here("one"), big(b'1')).unwrap();
    fs::write(place.here("two"), "two\nlines\n").unwrap();
    fs::write(place.here("keep"), "keep").unwrap();
}

fn old_there(place: &Place) {
    files(place);
    fs::write(place.there("one"), "old").unwrap();
    fs::write(place.there("two"), "old").unwrap();
}

fn directories(place: &Place) {
    fs::create_dir_all(place.here("a/b/c")).unwrap();
    fs::create_dir(place.here("d")).unwrap();
    fs::write(place.here("keep"), "keep").unwrap();
}

fn tree(place: &Place) {
    fs::create_dir_all(place.here("tree/sub/deep")).unwrap();
    fs::write(place.here("keep"), "keep").unwrap();
    fs::write(place.here("tree/file"), big(b'f')).unwrap();
    fs::write(place.here("tree/sub/deep/leaf"), "leaf").unwrap();
    fs::hard_link(place.here("tree/file"), place.here("tree/sub/again")).unwrap();
    symlink("../keep", place.here("tree/link")).unwrap();
    let fifo = place.here("tree/fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o640);
    rustix::fs::mknodat(rustix::fs::CWD, fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    // One time for all, so that every list of them is the same.
    let time = rustix::fs::Timespec { tv_sec: 1_000_000_000, tv_nsec: 0 };
    let times = rustix::fs::Timestamps { last_access: time, last_modification: time };
    let names = content(place.here.path()).into_keys();
    for name in names {
        let nofollow = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::utimensat(rustix::fs::CWD, place.here(&name), &times, nofollow).unwrap();
    }
}

fn fstab(place: &Place) {
    // The first is there already.
    let here = place.here.path().display();
    let text = format!(
        "one {here}/a tmpfs size=64k\ntwo {here}/b tmpfs size=32k,noexec\nno {here}/no tmpfs noauto\n"
    );
    fs::write(place.here("fstab"), text).unwrap();
}

fn image(place: &Place) {
    let tree = place.there("tree");
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("file"), "of the image\n").unwrap();
    let image = place.here("image");
    let mut make = Command::new("mke2fs");
    make.args(["-q", "-q", "-t", "ext2", "-d"]).arg(&tree).arg(&image).arg("512k");
    assert!(make.status().expect("mke2fs").success());
    fs::remove_dir_all(&tree).unwrap();
}

/// Tables of modules, modules, and a list of those that are in the kernel.
fn modules(place: &Place) {
    let dir = place.here("lib/modules/1.2.3");
    fs::create_dir_all(&dir).unwrap();
    for (name, info) in [("one", "depends=two\0alias=my-*\0softdep=pre: two\0"), ("two", "depends=\0")] {
        let module = elf(info.as_bytes());
        fs::write(dir.join(format!("{name}.ko")), &module).unwrap();
        fs::write(place.here(&format!("{name}.ko")), &module).unwrap();
    }
    fs::write(place.here("modules.dep"), "one.ko: two.ko\ntwo.ko:\n").unwrap();
    fs::write(dir.join("modules.dep"), "old\n").unwrap();
    fs::create_dir(place.here("proc")).unwrap();
    let list = "one 16384 0 - Live 0x0\ntwo 20480 1 one, Live 0x0\n";
    fs::write(place.here("proc/modules"), list).unwrap();
}

/// What a module's file has: the sections `.modinfo` and `.strtab` of a 64-bit ELF file.
fn elf(modinfo: &[u8]) -> Vec<u8> {
    let names = b"\0.shstrtab\0.modinfo\0.strtab\0";
    let mut file = vec![0; 64];
    let mut table = vec![0; 64];
    for (name, text) in [(1u32, &names[..]), (11, modinfo), (20, b"\0x\0__ksymtab_f\0")] {
        let mut header = vec![0; 64];
        header[..4].copy_from_slice(&name.to_le_bytes());
        header[24..32].copy_from_slice(&(file.len() as u64).to_le_bytes());
        header[32..40].copy_from_slice(&(text.len() as u64).to_le_bytes());
        table.extend(header);
        file.extend(text);
    }
    file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
    let at = (file.len() as u64).to_le_bytes();
    file[40..48].copy_from_slice(&at);
    // Size of a header, their number, and which one has the names.
    for (n, value) in [64, 4, 1].into_iter().enumerate() {
        file[58 + 2 * n] = value;
    }
    file.extend(table);
    file
}

/// What a shell has to do with forks, files and programs.
fn script(place: &Place) {
    files(place);
    let text = "set -e\necho one >a\ncat two >b\nx=three\necho \"$x\"\n(echo four)\n\
        echo five | { read -r y; echo $y; }\nmkdir d\nmv a d/a\nread -r l <two\necho \"got $l\"\n\
        /bin/true\ncat d/a >>b &\nwait $!\n. ./more\n";
    fs::write(place.here("script"), text).unwrap();
    fs::write(place.here("more"), "echo more\n").unwrap();
}

/// Each of depmod's tables is the old one, or none, or all of the new one.
fn whole_tables(place: &Place) -> Result<(), String> {
    for (name, old, new) in [
        ("modules.dep", Some("old\n"), ["one.ko: two.ko\ntwo.ko:\n", "two.ko:\none.ko: two.ko\n"]),
        ("modules.alias", None, ["alias my-* one\n"; 2]),
        ("modules.softdep", None, ["softdep one pre: two\n"; 2]),
        (
            "modules.symbols",
            None,
            ["alias symbol:f one\nalias symbol:f two\n", "alias symbol:f two\nalias symbol:f one\n"],
        ),
    ] {
        let found = fs::read_to_string(place.here(&format!("lib/modules/1.2.3/{name}"))).ok();
        let found = found.as_deref();
        must(found == old || found.is_some_and(|text| new.contains(&text)), &format!("{name}: {found:?}"))?;
    }
    Ok(())
}

fn nothing(_: &Place) -> Result<(), String> {
    Ok(())
}

fn is(path: &Path, text: &[u8]) -> bool {
    fs::read(path).is_ok_and(|found| found == text)
}

fn must(good: bool, why: &str) -> Result<(), String> {
    if good {
        Ok(())
    } else {
        Err(why.to_string())
    }
}

fn bystander(place: &Place) -> Result<(), String> {
    must(is(&place.here("keep"), b"keep"), "a file that is none of its business is gone")
}

fn one_is_somewhere(place: &Place) -> Result<(), String> {
    let text = big(b'1');
    must(is(&place.here("one"), &text) || is(&place.here("there"), &text), "the file is lost")
}

/// The source, or the whole of it at its new place; and never a part of it there.
fn one_is_whole(place: &Place) -> Result<(), String> {
    let text = big(b'1');
    let there = place.there("one");
    must(is(&place.here("one"), &text) || is(&there, &text), "the file is lost")?;
    must(!there.exists() || is(&there, &text), "half a file has the new name")
}

/// As above for two files over old ones, which are there until the new ones are.
fn old_or_new(place: &Place) -> Result<(), String> {
    for (name, text) in [("one", big(b'1')), ("two", b"two\nlines\n".to_vec())] {
        let (here, there) = (place.here(name), place.there(name));
        let moved = is(&there, &text);
        must(moved || is(&there, b"old") && is(&here, &text), "neither the old nor the new file")?;
    }
    Ok(())
}

fn tree_is_whole(place: &Place) -> Result<(), String> {
    let whole = |root: PathBuf| {
        is(&root.join("file"), &big(b'f'))
            && is(&root.join("sub/again"), &big(b'f'))
            && is(&root.join("sub/deep/leaf"), b"leaf")
            && fs::read_link(root.join("link")).is_ok_and(|l| l == Path::new("../keep"))
            && fs::symlink_metadata(root.join("fifo")).is_ok_and(|s| s.file_type().is_fifo())
    };
    bystander(place)?;
    let moved = whole(place.there("tree"));
    must(moved || whole(place.here("tree")), "a part of the tree is lost")?;
    must(moved || !place.there("tree").exists(), "half a tree has the new name")
}
