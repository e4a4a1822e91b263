//! Tests of modprobe on tables made for them.

use crate::call;
use std::path::PathBuf;

/// A folder of tables; the modules of this machine are not asked.
struct Tables(PathBuf);

impl Tables {
    fn new(name: &str, files: &[(&str, &str)]) -> Tables {
        let dir = std::env::temp_dir().join(format!("mote-modules-{name}-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        for (name, text) in files {
            std::fs::write(dir.join(name), text).unwrap();
        }
        Tables(dir)
    }

    /// What modprobe says; the folder's path is `@`.
    fn run(&self, args: &[&str]) -> (u8, String) {
        let dir = self.0.to_str().unwrap();
        let (status, out) = call(&[&["modprobe", "-d", dir], args].concat());
        (status, out.replace(dir, "@"))
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const DEP: &str = "kernel/a/one-x.ko.xz: kernel/b/two.ko kernel/b/three.ko\n\
    kernel/b/two.ko: kernel/b/three.ko\nkernel/b/three.ko:\nfour.ko:\n";

#[test]
fn what_is_needed_comes_first() {
    let t = Tables::new("deps", &[("modules.dep", DEP)]);
    let all = "insmod @/kernel/b/three.ko\ninsmod @/kernel/b/two.ko\ninsmod @/kernel/a/one-x.ko.xz";
    assert_eq!(t.run(&["-D", "one-x"]), (0, format!("{all}\n")));
    assert_eq!(t.run(&["-nv", "one_x", "a=1", "b=x y"]), (0, format!("{all} a=1 b=\"x y\"\n")));
    assert_eq!(t.run(&["-aD", "three", "two"]), (0, all.replace("\ninsmod @/kernel/a/one-x.ko.xz", "\n")));
    assert_eq!(t.run(&["-n", "one_x"]), (0, String::new()));
    assert_eq!(t.run(&["-D", "./dir/two.ko"]).1, "insmod @/kernel/b/three.ko\ninsmod ./dir/two.ko\n");
    assert_eq!(t.run(&["-rD", "two"]).1, "rmmod two\nrmmod three\n");
    assert_eq!(t.run(&["-D", "nothing"]), (1, String::new()));
    assert_eq!(t.run(&["-qD", "tw"]), (1, String::new()));
    // A name in which somebody else chose a slash is no path.
    assert_eq!(t.run(&["-D", "fs-/two"]), (1, String::new()));
    assert_eq!(t.run(&["-D", "kernel/b/two.ko"]), (1, String::new()));
}

#[test]
fn parameters_are_for_the_module_that_is_named() {
    let t = Tables::new("params", &[("modules.dep", DEP), ("modules.softdep", "softdep two pre: four\n")]);
    let all = "insmod @/kernel/b/three.ko\ninsmod @/four.ko\ninsmod @/kernel/b/two.ko x=1\n";
    assert_eq!(t.run(&["-D", "two", "x=1"]), (0, all.into()));
}

#[test]
fn needs_of_any_depth_end() {
    let chain: String = (0..1000).map(|n| format!("m{n}.ko\nm{}\n\n", n + 1)).collect();
    let t = Tables::new("depth", &[("modules.dep.bb", &chain)]);
    assert_eq!(t.run(&["-D", "m0"]), (1, String::new()));
    let line = (1..5000).map(|n| format!(" k/m{n}.ko")).collect::<String>();
    let t = Tables::new("wide", &[("modules.dep", &format!("m0.ko:{line}\n"))]);
    assert_eq!(t.run(&["-D", "m0"]).1.lines().count(), 5000);
}

#[test]
fn tables_of_the_release_below_a_directory() {
    let t = Tables::new("release", &[]);
    let (_, release) = call(&["uname", "-r"]);
    let below = t.0.join("lib/modules").join(release.trim_end());
    std::fs::create_dir_all(&below).unwrap();
    std::fs::write(below.join("modules.dep"), DEP).unwrap();
    let what = format!("insmod @/lib/modules/{}/kernel/b/three.ko\n", release.trim_end());
    assert_eq!(t.run(&["-D", "three"]), (0, what));
    std::fs::rename(below.join("modules.dep"), below.join("modules.dep.bb")).unwrap();
    std::fs::write(below.join("modules.dep.bb"), "x/y.ko symbol:f\nz.ko\n\nz.ko\n\n\n").unwrap();
    assert_eq!(t.run(&["-D", "y"]).1.lines().count(), 2);
}

#[test]
fn aliases_and_symbols_lead_to_modules() {
    let alias = "# comment x y\nalias gone no-such\nalias pci:v0*d[0-9]* two\nalias pci:v01d* three\nalias fs-x four\n";
    let symbols = "alias symbol:do_it four\n";
    let t =
        Tables::new("alias", &[("modules.dep", DEP), ("modules.alias", alias), ("modules.symbols", symbols)]);
    assert_eq!(t.run(&["-D", "pci:v01d5"]).1, "insmod @/kernel/b/three.ko\ninsmod @/kernel/b/two.ko\n");
    assert_eq!(t.run(&["-D", "fs_x"]).1, "insmod @/four.ko\n");
    assert_eq!(t.run(&["-D", "symbol:do_it"]).1, "insmod @/four.ko\n");
    // A comment is no alias, and an alias of nothing is nothing.
    for name in ["symbol:do", "comment", "gone"] {
        assert_eq!(t.run(&["-D", name]), (1, String::new()), "{name}");
    }
}

#[test]
fn softdeps_and_builtins() {
    let soft = "softdep two pre: four no-such post: one-x\nsoftdep one-x pre: two\n";
    let t = Tables::new(
        "soft",
        &[("modules.dep", DEP), ("modules.softdep", soft), ("modules.builtin", "kernel/fs/in-it.ko\n")],
    );
    let all = "insmod @/kernel/b/three.ko\ninsmod @/four.ko\ninsmod @/kernel/b/two.ko\n\
        insmod @/kernel/a/one-x.ko.xz\n";
    assert_eq!(t.run(&["-D", "two"]), (0, all.into()));
    assert_eq!(t.run(&["-D", "in_it"]), (0, "builtin in_it\n".into()));
    assert_eq!(t.run(&["in_it"]), (0, String::new()));
    assert_eq!(t.run(&["-r", "in_it"]), (1, String::new()));
}

#[test]
fn the_table_of_busybox_is_read() {
    let bb = "kernel/a/one-x.ko symbol:one al*\ntwo\n\nkernel/b/two.ko\nthree\n\n\
        kernel/b/three.ko\n\nkernel/c/loop1.ko\nloop2\n\nkernel/c/loop2.ko\nloop1\n\n";
    let t = Tables::new("bb", &[("modules.dep.bb", bb)]);
    let all = "insmod @/kernel/b/three.ko\ninsmod @/kernel/b/two.ko\ninsmod @/kernel/a/one-x.ko\n";
    for name in ["one_x", "symbol:one", "alias"] {
        assert_eq!(t.run(&["-D", name]), (0, all.into()), "{name}");
    }
    assert_eq!(t.run(&["-D", "loop1"]).1, "insmod @/kernel/c/loop2.ko\ninsmod @/kernel/c/loop1.ko\n");
    assert_eq!(t.run(&["-l", "t*"]).1, "kernel/b/two.ko\nkernel/b/three.ko\n");
}

#[test]
fn modules_are_listed_by_pattern() {
    let t = Tables::new("list", &[("modules.dep", DEP)]);
    assert_eq!(t.run(&["-l", "one-*", "f?ur"]).1, "kernel/a/one-x.ko.xz\nfour.ko\n");
    assert_eq!(t.run(&["-l"]).1.lines().count(), 4);
    assert_eq!(t.run(&["-l", "zzz"]), (0, String::new()));
}

#[test]
fn missing_tables_are_told() {
    let t = Tables::new("none", &[]);
    assert_eq!(t.run(&["x"]), (1, String::new()));
    assert_eq!(t.run(&[]).0, 1);
}
