//! modprobe: load a module with all that it needs, or remove it (BusyBox modutils/modprobe.c; `man 8
//! modprobe`, `man 5 modprobe.d`, `man 5 modules.dep`).
//!
//! The tables under /lib/modules are read line by line, as large as they may be; what is kept is the
//! configuration, and the names of the modules that have been dealt with.

use crate::util::fstab;
use crate::util::lines::Lines;
use crate::util::modules::{self, canonical, fold, stem, word};
use crate::util::reason;
use config::{blacklisted, each};
use sh::pattern::matches;
use sys::fs;
use sys::module::delete_module;
use sys::zstr::{cut, position_in};
use sys::{system, Buf, Cx, Errno, ToBuf, ZStr};

#[path = "modprobe/config.rs"]
mod config;

applet! {
    name: modprobe,
    dir: "/sbin",
    class: NoExec,
    parse: Posix,
    usage: "\
[-abDnqrsv] [-d DIR] MODULE [NAME=VALUE]...
   or: modprobe -l [-d DIR] [PATTERN]...

Load the kernel's module MODULE, a name, an alias or a path, with parameters,
and before it the modules that it needs.

    -a      All arguments are MODULEs
    -b      Not what is blacklisted, by its own name either
    -D, --show-depends  Show what would be done, whatever is loaded
    -d DIR  Modules and tables are in DIR or in DIR/lib/modules/RELEASE
    -l      List the modules that match the PATTERNs
    -n      Load and remove nothing
    -q      Say nothing about a MODULE that is not there
    -r      Remove the MODULEs, and what they needed if nothing else does
    -s      Complain to the system log
    -v      Show what is done

Read are /etc/modprobe.conf, *.conf in /etc/modprobe.d, /run/modprobe.d and
/lib/modprobe.d, and of the kernel's command line MODULE.NAME=VALUE and
modprobe.blacklist=MODULE,...
",
}

/// What is given.
struct Order {
    /// The modules' directory, with a slash at its end.
    base: Buf,
    /// Is there modules.dep.bb only, BusyBox's own table?
    bb: bool,
    /// Lines of the configuration.
    config: Buf,
    /// Parameters for the module that was asked for.
    params: Buf,
}

/// What changes.
struct Run<'r, 'c> {
    cx: &'r mut Cx<'c>,
    /// Names of modules that need no second look, NUL-terminated.
    done: Buf,
    /// How deep we are in what may fail without harm.
    soft: u32,
    /// Has something failed that the next module needs?
    failed: bool,
}

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if cx.has(opt!("s")) {
        if let Err(e) = system::log_errors() {
            cx.fail(b"system log", e);
        }
    }
    let mut o = Order { base: Buf::new(), bb: false, config: Buf::new(), params: Buf::new() };
    if let Err(e) = find_tables(cx, &mut o) {
        cx.fail(&path(&o, b"modules.dep"), e);
        return 1;
    }
    let args = core::mem::take(&mut cx.args);
    let mut r = Run { cx, done: Buf::new(), soft: 0, failed: false };
    if r.cx.has(opt!("l")) {
        list(&mut r, &o, args);
        return r.cx.status;
    }
    let names = match args {
        [] => return r.cx.misuse(b"missing operand"),
        all if r.cx.has(opt!("ar")) => &all[..],
        [name, params @ ..] => {
            o.params = modules::parameters(params);
            core::slice::from_ref(name)
        }
    };
    let softdeps = path(&o, b"modules.softdep");
    for file in [
        ZStr::new(c"/etc/modprobe.conf"),
        ZStr::new(c"/etc/modprobe.d"),
        ZStr::new(c"/run/modprobe.d"),
        ZStr::new(c"/lib/modprobe.d"),
        softdeps.z(),
    ] {
        config::add(r.cx, &mut o.config, file, 0);
    }
    // Without /proc it says nothing.
    config::add_command_line(&mut o.config, &fstab::read(ZStr::new(c"/proc/cmdline")).unwrap_or_default());
    for name in names {
        r.failed = false;
        if !probe(&mut r, &o, name.bytes()) {
            r.cx.status = 1;
            if !r.cx.has(opt!("q")) {
                let mut why = b"no such module in ".buf();
                why.extend_from_slice(&o.base);
                r.cx.error(name.bytes(), &why);
            }
        }
    }
    r.cx.status
}

/// Where the tables are: the directory, and which one of modules.dep and modules.dep.bb.
#[inline(never)]
fn find_tables(cx: &Cx, o: &mut Order) -> Result<(), Errno> {
    if let Some(dir) = cx.value(slot!("d")) {
        o.base.extend_from_slice(dir.bytes());
        o.base.push(b'/');
        if look(o).is_ok() {
            return Ok(());
        }
    } else {
        o.base.push(b'/');
    }
    o.base.extend_from_slice(b"lib/modules/");
    o.base.extend_from_slice(system::uname().field(2));
    o.base.push(b'/');
    look(o)
}

fn look(o: &mut Order) -> Result<(), Errno> {
    o.bb = fs::access(path(o, b"modules.dep").z(), 4).is_err();
    fs::access(table(o).z(), 4)
}

/// Path of a file of the modules' directory.
#[inline(never)]
fn path(o: &Order, name: &[u8]) -> Buf {
    let mut out = if name.first() == Some(&b'/') { Buf::new() } else { o.base.clone() };
    out.extend_from_slice(name);
    out
}

/// Path of the table of dependencies.
fn table(o: &Order) -> Buf {
    path(o, if o.bb { b"modules.dep.bb" } else { b"modules.dep" })
}

/// Calls `f` with each line of a file until it answers `true`. In BusyBox's table that is two lines, with the
/// mark between them, and those that are empty are passed over. A file that is missing has no lines: `false`.
#[inline(never)]
fn scan(r: &mut Run, path: &Buf, bb: bool, f: &mut dyn FnMut(&mut Run, &mut Buf) -> bool) -> bool {
    let mut lines = match Lines::open(path.z()) {
        Ok(lines) => lines,
        Err(e) => {
            if e != Errno::ENOENT {
                r.cx.fail(path, e);
            }
            return false;
        }
    };
    while lines.next() {
        if bb {
            if lines.line.is_empty() {
                continue;
            }
            lines.line.push(b'\n');
            lines.append();
        }
        if f(r, &mut lines.line) {
            break;
        }
    }
    if let Some(e) = lines.why {
        r.cx.fail(path, e);
    }
    true
}

/// Finds what `name` means and loads or removes it; `false` if nothing has that name.
#[inline(never)]
fn probe(r: &mut Run, o: &Order, asked: &[u8]) -> bool {
    let mut name = asked.buf();
    fold(&mut name);
    let mut found = false;
    each(&o.config, b"alias", &mut |pattern, mut rest| {
        let mut pattern = pattern.buf();
        fold(&mut pattern);
        if matches(&pattern, &name) {
            found = true;
            meant(r, o, word(&mut rest), &name);
        }
    });
    if found || r.cx.has(opt!("b")) && blacklisted(&o.config, &canonical(asked)) || module(r, o, asked, &name) {
        return true;
    }
    let file = match () {
        () if o.bb => table(o),
        () if name.starts_with(b"symbol:") => path(o, b"modules.symbols"),
        () => path(o, b"modules.alias"),
    };
    scan(r, &file, o.bb, &mut |r, line| {
        fold(line);
        let mut rest = &line[..];
        let mut target = word(&mut rest);
        if o.bb {
            // PATH ALIAS…
            rest = cut(&mut rest, b'\n');
            target = stem(target);
        }
        let mut hit = false;
        while let pattern @ [_, ..] = word(&mut rest) {
            hit = hit || matches(pattern, &name);
            if !o.bb {
                // alias PATTERN MODULE
                target = word(&mut rest);
            }
        }
        if hit {
            found = true;
            meant(r, o, target, &name);
        }
        false
    });
    found
}

/// Deals with a module that an alias stands for, unless it is blacklisted.
#[inline(never)]
fn meant(r: &mut Run, o: &Order, name: &[u8], asked: &[u8]) {
    if !blacklisted(&o.config, &canonical(name)) {
        module(r, o, name, asked);
    }
}

/// Deals with the module that has this name or path and with those that it needs; `false` if there is none.
/// It was asked for as `asked`, empty if it was not.
#[inline(never)]
fn module(r: &mut Run, o: &Order, name: &[u8], asked: &[u8]) -> bool {
    let own = canonical(name);
    if !first(r, &own) {
        return true;
    }
    let entry = entry(r, o, &own);
    let mut needs = &entry[..];
    let mut file = path(o, head(&mut needs, o.bb));
    if name.contains(&b'/') {
        file = name.buf();
    } else if entry.is_empty() {
        return builtin(r, o, &own);
    }
    let removes = r.cx.has(opt!("r"));
    if removes {
        soft(r, o, &own, b"post:");
        act(r, o, &file, &own, asked);
        r.soft += 1;
    }
    // What is needed most stands last.
    needs = needs.trim_ascii();
    while !needs.is_empty() && (removes || !r.failed) {
        let need = if removes {
            word(&mut needs)
        } else {
            let start = needs.iter().rposition(|&b| b == b' ').map_or(0, |n| n + 1);
            let (rest, last) = needs.split_at_checked(start).unwrap_or_default();
            needs = rest.trim_ascii_end();
            last
        };
        let its = canonical(need);
        if !need.contains(&b'/') {
            // BusyBox's table does not tell what those need in turn.
            module(r, o, need, b"");
        } else if first(r, &its) {
            act(r, o, &path(o, need), &its, b"");
        }
    }
    if removes {
        r.soft -= 1;
        soft(r, o, &own, b"pre:");
    } else if !r.failed {
        act(r, o, &file, &own, asked);
    }
    true
}

/// Is this the first time that we come to this module? From now on it is not.
#[inline(never)]
fn first(r: &mut Run, name: &[u8]) -> bool {
    let new = position_in(&r.done, 0, name).is_none();
    if new {
        r.done.extend_from_slice(name);
        r.done.push(0);
    }
    new
}

/// Path and needs of the module `name`, from the table of dependencies; empty if there is none.
#[inline(never)]
fn entry(r: &mut Run, o: &Order, name: &[u8]) -> Buf {
    let mut entry = Buf::new();
    scan(r, &table(o), o.bb, &mut |_, line| {
        let hit = canonical(head(&mut &line[..], o.bb)) == name;
        if hit {
            entry = core::mem::take(line);
        }
        hit
    });
    entry
}

/// Takes the path off a line of the table of dependencies; what is left are the needs.
#[inline(never)]
fn head<'l>(line: &mut &'l [u8], bb: bool) -> &'l [u8] {
    let mut head = cut(line, if bb { b'\n' } else { b':' });
    word(&mut head)
}

/// Is the module part of the kernel? Then there is nothing to do but to say so.
#[inline(never)]
fn builtin(r: &mut Run, o: &Order, name: &[u8]) -> bool {
    let mut found = false;
    scan(r, &path(o, b"modules.builtin"), false, &mut |_, line| {
        found = canonical(line) == name;
        found
    });
    if found && r.cx.has(opt!("D")) {
        tell(r, b"builtin ", name, b"");
    } else if found && r.cx.has(opt!("r")) {
        fail(r, name, Errno::EBUSY, |_| b"part of the kernel");
    }
    found
}

/// Deals with what goes with a module without being needed: `which` is `pre:` or `post:`.
#[inline(never)]
fn soft(r: &mut Run, o: &Order, name: &[u8], which: &[u8]) {
    r.soft += 1;
    each(&o.config, b"softdep", &mut |this, mut rest| {
        let mut on = false;
        while !rest.is_empty() && canonical(this) == name {
            let word = word(&mut rest);
            if word.ends_with(b":") {
                on = word == which;
            } else if on {
                probe(r, o, word);
                r.failed = false;
            }
        }
    });
    r.soft -= 1;
}

/// Says what is wrong, where it matters.
#[inline(never)]
fn fail(r: &mut Run, what: &[u8], e: Errno, own: fn(Errno) -> &'static [u8]) {
    r.failed = true;
    if r.soft == 0 {
        reason::tell(r.cx, what, e, own);
    }
}

/// Loads or removes one module, and what goes with one that is loaded.
#[inline(never)]
fn act(r: &mut Run, o: &Order, file: &Buf, name: &Buf, asked: &[u8]) {
    let removes = r.cx.has(opt!("r"));
    if !r.cx.has(opt!("D")) && loaded(r, name, removes) != removes {
        return;
    }
    let mut params = Buf::new();
    if !removes {
        soft(r, o, name, b"pre:");
        each(&o.config, b"options", &mut |this, options| {
            let mut this = this.buf();
            fold(&mut this);
            if this == *name || this == asked {
                append(&mut params, options);
            }
        });
        if !asked.is_empty() {
            append(&mut params, &o.params);
        }
    }
    if !r.cx.has(opt!("nD")) {
        let done = if removes {
            delete_module(name.z(), false)
        } else {
            modules::load(file.z(), params.z())
        };
        // Somebody else may have been faster.
        if let Some(e) = done.err().filter(|e| *e != Errno::EEXIST) {
            return if removes {
                fail(r, name, e, modules::why_not_removed)
            } else {
                fail(r, file, e, modules::why_not_loaded)
            };
        }
    }
    if r.cx.has(opt!("vD")) {
        if removes {
            tell(r, b"rmmod ", name, b"");
        } else {
            tell(r, b"insmod ", file, &params);
        }
    }
    if !removes {
        soft(r, o, name, b"post:");
    }
}

fn append(params: &mut Buf, more: &[u8]) {
    if !params.is_empty() && !more.is_empty() {
        params.push(b' ');
    }
    params.extend_from_slice(more);
}

/// Writes a line of what is done.
#[inline(never)]
fn tell(r: &mut Run, what: &[u8], which: &[u8], params: &[u8]) {
    let between: &[u8] = if params.is_empty() { b"" } else { b" " };
    for part in [what, which, between, params, b"\n"] {
        r.cx.out.bytes(part);
    }
}

/// Is the module in the kernel? `unknown` without /proc.
#[inline(never)]
fn loaded(r: &mut Run, name: &Buf, unknown: bool) -> bool {
    let mut hit = false;
    let told = scan(r, &b"/proc/modules".buf(), false, &mut |_, line| {
        hit = *name == *cut(&mut &line[..], b' ');
        hit
    });
    hit || unknown && !told
}

/// Lists the modules whose names match one of the patterns, or all.
#[inline(never)]
fn list(r: &mut Run, o: &Order, patterns: &[ZStr]) {
    scan(r, &table(o), o.bb, &mut |r, line| {
        let path = head(&mut &line[..], o.bb);
        let name = canonical(path);
        let mut hit = patterns.is_empty();
        for pattern in patterns {
            let mut pattern = pattern.bytes().buf();
            fold(&mut pattern);
            hit = hit || matches(&pattern, &name);
        }
        if hit {
            tell(r, path, b"", b"");
        }
        false
    });
}

#[cfg(test)]
mod tests {
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
    }

    #[test]
    fn aliases_and_symbols_lead_to_modules() {
        let alias = "# comment\nalias pci:v0*d[0-9]* two\nalias pci:v01d* three\nalias fs-x four\n";
        let symbols = "alias symbol:do_it four\n";
        let t = Tables::new(
            "alias",
            &[("modules.dep", DEP), ("modules.alias", alias), ("modules.symbols", symbols)],
        );
        assert_eq!(t.run(&["-D", "pci:v01d5"]).1, "insmod @/kernel/b/three.ko\ninsmod @/kernel/b/two.ko\n");
        assert_eq!(t.run(&["-D", "fs_x"]).1, "insmod @/four.ko\n");
        assert_eq!(t.run(&["-D", "symbol:do_it"]).1, "insmod @/four.ko\n");
        assert_eq!(t.run(&["-D", "symbol:do"]).0, 1);
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
}
