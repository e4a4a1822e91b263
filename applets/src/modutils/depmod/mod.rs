//! depmod: make the tables that modprobe reads (BusyBox modutils/depmod.c; `man 8 depmod`, `man 5
//! modules.dep`).
//!
//! Paths and direct needs of all modules are kept; aliases and symbols go from the modules' files to the tables
//! one by one, so each file is read once for each table.

use crate::modutils::canonical;
use alloc::boxed::Box;
use core::mem::MaybeUninit;
use sys::fs;
use sys::out::SIZE;
use sys::zstr::cut;
use sys::{num, system, Buf, Cx, Errno, List, Out, ToBuf, ZStr};
use util::file::replace::replace;
use util::file::walk::{walk, Step};
use util::text::lines::Lines;

pub(crate) mod elf;

applet! {
    name: depmod,
    dir: "/sbin",
    class: NoExec,
    usage: "\
[-an] [-b DIR] [RELEASE] [FILE]...

Write modules.dep, modules.softdep, modules.alias and modules.symbols for the
modules in /lib/modules/RELEASE (the running kernel's if not given), or only
for the modules FILE there.

    -a      All modules, even if there are FILEs
    -b DIR  Use DIR/lib/modules/RELEASE
    -n      Print the tables instead
",
}

/// A module.
struct Module {
    /// Path in the modules' directory.
    path: Buf,
    /// The kernel's name.
    name: Buf,
    /// Numbers of the modules that it needs itself.
    needs: List<u32>,
}

/// What a table is made of.
struct Table {
    file: &'static [u8],
    section: &'static [u8],
    /// What the texts that count start with.
    start: &'static [u8],
    /// What its lines start with.
    line: &'static [u8],
}

const TABLES: [Table; 3] = [
    Table { file: b"modules.softdep", section: b".modinfo", start: b"softdep=", line: b"softdep " },
    Table { file: b"modules.alias", section: b".modinfo", start: b"alias=", line: b"alias " },
    // Each exported symbol has an entry of that name, for the loader to find it.
    Table { file: b"modules.symbols", section: b".strtab", start: b"__ksymtab_", line: b"alias symbol:" },
];

pub(crate) fn run(cx: &mut Cx) -> u8 {
    let args = core::mem::take(&mut cx.args);
    let mut files: &[ZStr] = args;
    let mut base = cx.value(slot!("b")).map_or(Buf::new(), |dir| dir.bytes().buf());
    base.extend_from_slice(b"/lib/modules/");
    match files {
        [release, rest @ ..] if is_release(release.bytes()) => {
            base.extend_from_slice(release.bytes());
            files = rest;
        }
        _ => base.extend_from_slice(system::uname().field(2)),
    }
    if cx.has(opt!("a")) {
        files = &[];
    }
    let mut all = List::new();
    find(cx, &base, files, &mut all);
    // Tables that lack what could not be read would be worse than the old ones.
    if cx.status == 0 {
        if let Err((path, why)) = write_all(cx, &base, &mut all) {
            cx.fail(&path, why);
        }
    }
    cx.status
}

/// Three numbers with dots between them, and perhaps more.
fn is_release(text: &[u8]) -> bool {
    let mut rest = text;
    (0..3).all(|n| {
        let Some((_, tail)) = num::prefix(rest, 10) else { return false };
        rest = tail.strip_prefix(b".").unwrap_or_default();
        n == 2 || tail.first() == Some(&b'.')
    })
}

/// Gathers the modules: those in `files`, or all below `base`.
#[inline(never)]
fn find(cx: &mut Cx, base: &Buf, files: &[ZStr], all: &mut List<Module>) {
    let start = base.len() + 1;
    let mut packed = Buf::new();
    let mut visit = |path: &[u8]| {
        let path = path.get(start..).unwrap_or_default();
        let mut ends = path.rsplit(|&b| b == b'.');
        match ends.next() {
            Some(b"ko") => {
                let new = Module { path: path.buf(), name: canonical(path), needs: List::new() };
                // Of two with one name the one in updates/ counts (man 5 depmod.d, search), else the first.
                match all.iter_mut().find(|m| m.name == new.name) {
                    None => all.push(new),
                    Some(old) if path.starts_with(b"updates/") => *old = new,
                    Some(_) => {}
                }
            }
            Some(b"gz" | b"xz" | b"zst") if ends.next() == Some(b"ko") && packed.is_empty() => {
                packed = path.buf();
            }
            _ => {}
        }
    };
    if files.is_empty() {
        walk(cx, base.z(), true, &mut |w, step| {
            match step {
                Step::File => visit(&w.path),
                Step::Unreadable(e) => w.fail(e),
                _ => {}
            }
            true
        });
    }
    for file in files {
        let mut path = base.clone();
        path.push(b'/');
        path.extend_from_slice(file.bytes());
        visit(&path);
    }
    if !packed.is_empty() {
        cx.error(&packed, b"compressed modules cannot be read; no table is written");
    }
}

/// Where something failed, and why.
type Failure = (Buf, Errno);

/// Writes all tables.
#[inline(never)]
fn write_all(cx: &mut Cx, base: &Buf, all: &mut [Module]) -> Result<(), Failure> {
    for n in 0..all.len() {
        let mut needs = List::new();
        each_text(base, all, n, b".modinfo", b"depends=", &mut |text| {
            let mut rest = text;
            while !rest.is_empty() {
                let name = canonical(cut(&mut rest, b','));
                // What the kernel itself has is no module.
                if let Some(n) = all.iter().position(|m| m.name == *name) {
                    needs.push(n as u32);
                }
            }
        })?;
        if let Some(m) = all.get_mut(n) {
            m.needs = needs;
        }
    }
    table(cx, base, b"modules.dep", &mut |out| {
        for (n, m) in all.iter().enumerate() {
            out.bytes(&m.path);
            out.byte(b':');
            let mut order = List::new();
            in_order(all, n as u32, &mut order);
            // Ourselves last; what is needed most stands behind.
            for m in order.iter().rev().skip(1).filter_map(|&n| all.get(n as usize)) {
                out.byte(b' ');
                out.bytes(&m.path);
            }
            out.byte(b'\n');
        }
        Ok(())
    })?;
    for t in &TABLES {
        table(cx, base, t.file, &mut |out| {
            for (n, m) in all.iter().enumerate() {
                each_text(base, all, n, t.section, t.start, &mut |text| {
                    let softdep = t.line == b"softdep ";
                    // `__ksymtab_gpl` and `__ksymtab_strings` are sections.
                    if t.section == b".strtab" && (text.starts_with(b"gpl") || text == b"strings") {
                        return;
                    }
                    let (first, second) = if softdep { (&m.name[..], text) } else { (text, &m.name[..]) };
                    for part in [t.line, first, b" ", second, b"\n"] {
                        out.bytes(part);
                    }
                })?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Appends to `order` what module `n` needs, each before what needs it, and then `n`. A circle ends where it
/// closes.
fn in_order(all: &[Module], n: u32, order: &mut List<u32>) {
    let mut seen = Buf::new();
    seen.pad(all.len(), 0);
    let mut new = |n: u32| seen.get_mut(n as usize).is_some_and(|s| core::mem::replace(s, 1) == 0);
    // On the way down: a module, and how many of its needs have been looked at.
    let mut way = List::new();
    new(n);
    way.push((n, 0));
    while let Some((n, next)) = way.last_mut() {
        match all.get(*n as usize).and_then(|m| m.needs.get(*next)) {
            Some(&need) => {
                *next += 1;
                if new(need) {
                    way.push((need, 0));
                }
            }
            None => {
                order.push(*n);
                way.pop();
            }
        }
    }
}

/// Writes the table `name` by `fill`: beside the old one, which it then replaces, or with -n to the output.
#[inline(never)]
fn table(
    cx: &mut Cx,
    base: &Buf,
    name: &[u8],
    fill: &mut dyn FnMut(&mut Out) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if cx.has(opt!("n")) {
        return fill(cx.out);
    }
    let path = in_base(base, name);
    let mut failed = None;
    let done = replace(&path, 0o644, &mut |file| {
        // Not freed: a process writes a handful of tables.
        let mut out = Out::new(file, Box::leak(Box::new([MaybeUninit::uninit(); SIZE])));
        fill(&mut out).map_err(|(path, why)| {
            failed = Some(path);
            why
        })?;
        out.flush()
    });
    done.map_err(|why| (failed.unwrap_or(path), why))
}

/// Path of a file in the modules' directory.
fn in_base(base: &Buf, name: &[u8]) -> Buf {
    let mut path = base.clone();
    path.push(b'/');
    path.extend_from_slice(name);
    path
}

/// Calls `f` with the rest of each text in a section of module `n` that starts with `start`.
#[inline(never)]
fn each_text(
    base: &Buf,
    all: &[Module],
    n: usize,
    section: &[u8],
    start: &[u8],
    f: &mut dyn FnMut(&[u8]),
) -> Result<(), Failure> {
    let Some(m) = all.get(n) else { return Ok(()) };
    let path = in_base(base, &m.path);
    texts(path.z(), section, start, f).map_err(|e| (path, e))
}

fn texts(path: ZStr, section: &[u8], start: &[u8], f: &mut dyn FnMut(&[u8])) -> Result<(), Errno> {
    let file = fs::open(path, fs::O_RDONLY | fs::O_CLOEXEC, 0)?;
    let Some((at, size)) = elf::section(*file, section)? else { return Ok(()) };
    fs::lseek(*file, at as i64, fs::SEEK_SET)?;
    let mut lines = Lines::new(file, 0);
    let mut left = size as usize;
    while left > 0 && lines.read() {
        left = left.saturating_sub(lines.line.len() + 1);
        if let Some(text) = lines.line.strip_prefix(start) {
            f(text);
        }
    }
    lines.why.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call;

    #[test]
    fn releases_are_told_from_files() {
        assert!(is_release(b"6.12.1-cloud") && is_release(b"5.10.0") && is_release(b"1.2.3.4"));
        assert!(!is_release(b"6.12") && !is_release(b"kernel/a.ko") && !is_release(b"6.12-1.2"));
    }

    #[test]
    fn needs_come_before_and_circles_end() {
        let module = |name: &[u8], needs: &[u32]| Module {
            path: name.buf(),
            name: name.buf(),
            needs: needs.iter().copied().collect(),
        };
        let all = [module(b"a", &[1, 2]), module(b"b", &[2]), module(b"c", &[3]), module(b"d", &[1])];
        let mut order = List::new();
        in_order(&all, 0, &mut order);
        assert_eq!(*order, [3, 2, 1, 0]);
        let chain: List<Module> = (1..=100_000).map(|n| module(b"m", &[n % 100_000])).collect();
        let mut order = List::new();
        in_order(&chain, 0, &mut order);
        assert_eq!(order.len(), chain.len());
    }

    /// An ELF file of 64 or 32 bits with the sections that a module has.
    fn elf(wide: bool, modinfo: &[u8], strtab: &[u8]) -> Vec<u8> {
        let names = b"\0.shstrtab\0.modinfo\0.strtab\0";
        let mut file = vec![0u8; 64];
        let mut put = |bytes: &[u8]| {
            let at = file.len() as u64;
            file.extend_from_slice(bytes);
            (at, bytes.len() as u64)
        };
        let sections = [(0, (0, 0)), (1, put(names)), (11, put(modinfo)), (20, put(strtab))];
        let table = file.len() as u64;
        for (name, (at, size)) in sections {
            let mut header = vec![0u8; if wide { 64 } else { 40 }];
            header[0] = name;
            let (offset, length, n) = if wide { (0x18, 0x20, 8) } else { (0x10, 0x14, 4) };
            header[offset..offset + n].copy_from_slice(&at.to_le_bytes()[..n]);
            header[length..length + n].copy_from_slice(&size.to_le_bytes()[..n]);
            file.extend(header);
        }
        file[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 1 + wide as u8, 1]);
        let (shoff, rest, n) = if wide { (0x28, 0x3a, 8) } else { (0x20, 0x2e, 4) };
        file[shoff..shoff + n].copy_from_slice(&table.to_le_bytes()[..n]);
        for (i, v) in [if wide { 64u8 } else { 40 }, 4, 1].into_iter().enumerate() {
            file[rest + 2 * i] = v;
        }
        file
    }

    #[test]
    fn tables_come_from_the_modules_files() {
        let base = std::env::temp_dir().join(format!("mote-depmod-{}", std::process::id()));
        let dir = base.join("lib/modules/1.2.3");
        std::fs::create_dir_all(dir.join("k")).unwrap();
        let one =
            elf(true, b"alias=pci:v1*\0depends=two-x,gone\0softdep=pre: two-x\0", b"\0x\0__ksymtab_f\0");
        let two =
            elf(false, b"depends=\0alias=fs-two\0", b"\0__ksymtab_gpl\0__ksymtab_g\0__ksymtab_strings\0");
        std::fs::write(dir.join("k/one.ko"), one).unwrap();
        std::fs::write(dir.join("k/two-x.ko"), two).unwrap();
        let at = base.to_str().unwrap().to_string();
        let args = ["depmod", "-b", &at, "1.2.3"];
        assert_eq!(call(&args), (0, String::new()));
        let table = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
        let dep = table("modules.dep");
        assert!(dep.contains("k/one.ko: k/two-x.ko\n") && dep.contains("k/two-x.ko:\n"), "{dep}");
        assert_eq!(table("modules.softdep"), "softdep one pre: two-x\n");
        let alias = table("modules.alias");
        assert!(alias.contains("alias pci:v1* one\n") && alias.contains("alias fs-two two_x\n"), "{alias}");
        let symbols = table("modules.symbols");
        assert!(symbols.contains("symbol:f one\n") && symbols.contains("symbol:g two_x\n"), "{symbols}");
        assert_eq!(symbols.lines().count(), 2);
        assert_eq!(
            call(&["depmod", "-n", "-b", &at, "1.2.3", "k/two-x.ko"]).1.lines().next(),
            Some("k/two-x.ko:")
        );

        // One that cannot be read leaves the tables as they are.
        for (name, text) in [("k/three.ko.xz", "x"), ("k/three.ko", "no module")] {
            std::fs::write(dir.join(name), text).unwrap();
            assert_eq!(call(&args).0, 1, "{name}");
            assert_eq!(table("modules.dep"), dep, "{name}");
            std::fs::remove_file(dir.join(name)).unwrap();
        }
        std::fs::remove_dir_all(&base).unwrap();
    }
}
