//! modprobe: load a module with all that it needs, or remove it (BusyBox modutils/modprobe.c; `man 8
//! modprobe`, `man 5 modprobe.d`, `man 5 modules.dep`).
//!
//! The tables under /lib/modules are read line by line, as large as they may be; what is kept is the
//! configuration, and the names of the modules that have been dealt with.
//!
//! Differences from BusyBox: a module with an `install` or `remove` line is refused; kmod and BusyBox run the line's
//! command instead of loading or removing the module.

use crate::modutils::{canonical, fold, folded, is_of, stem, word};
use config::{each, listed};
use sys::buf::concat;
use sys::fs;
use sys::module::delete_module;
use sys::zstr::{cut, position, position_in, Texts};
use sys::{system, Buf, Cx, Errno, ToBuf, ZStr};
use util::failure::explain;
use util::file::read;
use util::text::lines::Lines;
use util::text::pattern::matches;

mod config;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzz;

applet! {
    name: modprobe,
    dir: "/sbin",
    class: NoExec,
    parse: Posix,
    usage: "\
[-abDnqrsv] [-d DIR] MODULE [NAME=VALUE]...
   or: modprobe -l [-d DIR] [PATTERN]...

Load the kernel module MODULE (a name, alias or path) with parameters, after
the modules that it needs.

    -a, --all  All operands are MODULEs
    -b, --use-blacklist  Load nothing that is blacklisted, not even by its name
    -D, --show-depends  Print what would be done if nothing were loaded
    -d DIR  Look for modules in DIR or DIR/lib/modules/RELEASE
    -l      List the modules that match the PATTERNs
    -n      Dry run
    -q, --quiet  Do not complain about missing MODULEs
    -r, --remove  Remove the MODULEs, and those they needed if now unused
    -s      Complain to syslog
    -v, --verbose  Print what is done

Configuration: /etc/modprobe.conf; *.conf in /etc/modprobe.d, /run/modprobe.d
and /lib/modprobe.d; on the kernel's command line MODULE.NAME=VALUE and
modprobe.blacklist=MODULE,...
",
}

/// What is given.
struct Order {
    /// The modules' directory, with a slash at its end.
    base: Buf,
    /// The table of dependencies there.
    table: ZStr<'static>,
    /// Is that modules.dep.bb, BusyBox's own table?
    bb: bool,
    /// Lines of the configuration.
    config: Buf,
    /// Parameters for the module that was asked for.
    params: Buf,
}

/// What changes.
struct Run<'r, 'c> {
    cx: &'r mut Cx<'c>,
    o: &'r Order,
    /// Names of modules that need no second look, NUL-terminated.
    done: Buf,
    /// How deep we are in what may fail without harm.
    soft: u32,
    /// How deep we are in modules that others need.
    depth: u32,
    /// Has something failed that the next module needs?
    failed: bool,
}

/// How deep modules that others need may lead: what the stack holds.
const DEPTH: u32 = if cfg!(mote_nommu) { 8 } else { 500 };

/// Where the configuration stands.
static FILES: &[u8] =
    b"/etc/modprobe.conf\0/etc/modprobe.d\0/run/modprobe.d\0/lib/modprobe.d\0modules.softdep";

pub(crate) fn run(cx: &mut Cx) -> u8 {
    if cx.has(opt!("s")) {
        if let Err(e) = system::log_errors() {
            cx.fail(b"system log", e);
        }
    }
    let mut o = Order {
        base: Buf::new(),
        table: ZStr::new(c"modules.dep"),
        bb: false,
        config: Buf::new(),
        params: Buf::new(),
    };
    let args = core::mem::take(&mut cx.args);
    if let Err(e) = find_tables(cx, &mut o) {
        cx.fail(&path(&o, b"modules.dep"), e);
    } else if cx.has(opt!("l")) {
        list(&mut Run { cx, o: &o, done: Buf::new(), soft: 0, depth: 0, failed: false }, args);
    } else {
        let names = match args {
            [] => return cx.misuse(b"missing operand"),
            all if cx.has(opt!("ar")) => &all[..],
            [name, params @ ..] => {
                o.params = crate::modutils::parameters(params);
                core::slice::from_ref(name)
            }
        };
        for file in Texts::new(FILES) {
            let file = path(&o, file);
            config::add(cx, &mut o.config, file.z(), 0);
        }
        // Without /proc it says nothing.
        let line = ZStr::new(c"/proc/cmdline");
        match read::file_if_there(line) {
            Ok(text) => config::add_command_line(&mut o.config, &text),
            Err(e) => cx.fail_on(line, e),
        }
        let mut r = Run { cx, o: &o, done: Buf::new(), soft: 0, depth: 0, failed: false };
        for name in names {
            r.failed = false;
            if !probe(&mut r, name.bytes()) {
                r.cx.status = 1;
                if !r.cx.has(opt!("q")) {
                    r.cx.error(name.bytes(), &concat(&[b"no such module in ", &o.base]));
                }
            }
        }
    }
    cx.status
}

/// Where the tables are: the directory, and which one of modules.dep and modules.dep.bb.
#[inline(never)]
fn find_tables(cx: &Cx, o: &mut Order) -> Result<(), Errno> {
    let dir = cx.value(slot!("d"));
    if let Some(dir) = dir {
        o.base.extend_from_slice(dir.bytes());
    }
    o.base.push(b'/');
    if dir.is_some() && look(o).is_ok() {
        return Ok(());
    }
    o.base.extend_from_slice(b"lib/modules/");
    o.base.extend_from_slice(system::uname().field(2));
    o.base.push(b'/');
    look(o)
}

#[inline(never)]
fn look(o: &mut Order) -> Result<(), Errno> {
    o.bb = false;
    loop {
        o.table = ZStr::new(if o.bb { c"modules.dep.bb" } else { c"modules.dep" });
        let r = fs::access(path(o, o.table.bytes()).z(), fs::R_OK);
        if r.is_ok() || o.bb {
            return r;
        }
        o.bb = true;
    }
}

/// Path of a file of the modules' directory.
#[inline(never)]
fn path(o: &Order, name: &[u8]) -> Buf {
    let base: &[u8] = if name.first() == Some(&b'/') { b"" } else { &o.base };
    concat(&[base, name])
}

/// Calls `f` with each line of a file of the modules' directory until it answers `true`. In BusyBox's table
/// that is two lines, with the mark between them, and those that are empty are passed over. A file that is
/// missing has no lines: `false`.
#[inline(never)]
fn scan(r: &mut Run, name: ZStr, f: &mut dyn FnMut(&mut Run, &mut Buf) -> bool) -> bool {
    let path = path(r.o, name.bytes());
    let file = match fs::open_read(path.z()) {
        Ok(file) => file,
        Err(e) => {
            if e != Errno::ENOENT {
                r.cx.fail(&path, e);
            }
            return false;
        }
    };
    let mut lines = Lines::new(file, b'\n');
    while lines.read() {
        if name.is(b"modules.dep.bb") {
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
        r.cx.fail(&path, e);
    }
    true
}

/// Finds what `name` means and loads or removes it; `false` if nothing has that name.
#[inline(never)]
fn probe(r: &mut Run, asked: &[u8]) -> bool {
    // The kernel asks for names like fs-NAME where anybody chooses NAME: only what starts like a path is one.
    if position(asked, b'/').is_some()
        && !matches!(asked, [b'/', ..] | [b'.', b'/', ..] | [b'.', b'.', b'/', ..])
    {
        return false;
    }
    let o = r.o;
    let name = folded(asked);
    let (mut any, mut found) = (false, false);
    each(&o.config, b"alias", &mut |pattern, mut rest| {
        if matches(&folded(pattern), &name, 0) {
            any = true;
            found |= meant(r, word(&mut rest), &name);
        }
    });
    if any {
        return found;
    }
    if r.cx.has(opt!("b")) && listed(&o.config, b"blacklist", asked) || module(r, asked, &name) {
        return true;
    }
    let file = match () {
        () if o.bb => o.table,
        () if name.starts_with(b"symbol:") => ZStr::new(c"modules.symbols"),
        () => ZStr::new(c"modules.alias"),
    };
    scan(r, file, &mut |r, line| {
        fold(line);
        let mut rest = &line[..];
        if o.bb {
            // PATH ALIAS…
            rest = cut(&mut rest, b'\n');
        }
        let mut target = word(&mut rest);
        if o.bb {
            target = stem(target);
        } else if target != b"alias" {
            return false;
        }
        let mut hit = false;
        while let pattern @ [_, ..] = word(&mut rest) {
            hit = hit || matches(pattern, &name, 0);
            if !o.bb {
                // alias PATTERN MODULE
                target = word(&mut rest);
                break;
            }
        }
        if hit {
            found |= meant(r, target, &name);
        }
        false
    });
    found
}

/// Deals with a module that an alias stands for, unless it is blacklisted; `false` if there is none.
#[inline(never)]
fn meant(r: &mut Run, name: &[u8], asked: &Buf) -> bool {
    listed(&r.o.config, b"blacklist", name) || module(r, name, asked)
}

/// Deals with the module that has this name or path and with those that it needs; `false` if there is none.
/// It was asked for as `asked`, empty if it was not.
#[inline(never)]
fn module(r: &mut Run, name: &[u8], asked: &Buf) -> bool {
    let own = canonical(name);
    if own.is_empty() {
        return false;
    }
    if !first(r, &own) {
        return true;
    }
    if r.depth == DEPTH {
        fail(r, &own, Errno::ELOOP, |_| b"its needs are nested too deeply");
        return true;
    }
    r.depth += 1;
    let found = module_at(r, name, own, asked);
    r.depth -= 1;
    found
}

fn module_at(r: &mut Run, name: &[u8], own: Buf, asked: &Buf) -> bool {
    let entry = entry(r, &own);
    let mut needs = &entry[..];
    let mut file = path(r.o, head(&mut needs));
    if position(name, b'/').is_some() {
        file = name.buf();
    } else if entry.is_empty() {
        return builtin(r, &own);
    }
    if r.cx.has(opt!("r")) {
        soft(r, &own, ZStr::new(c"post:"));
        act(r, &file, &own, asked);
        r.soft += 1;
        needed(r, needs);
        r.soft -= 1;
        soft(r, &own, ZStr::new(c"pre:"));
    } else {
        needed(r, needs);
        if !r.failed {
            act(r, &file, &own, asked);
        }
    }
    true
}

/// Deals with the modules of this list, each of which may need those behind it: to load them from the last on,
/// as long as that succeeds; to remove them from the first on.
#[inline(never)]
fn needed(r: &mut Run, mut needs: &[u8]) {
    let removes = r.cx.has(opt!("r"));
    loop {
        let need = if removes { word(&mut needs) } else { last_word(&mut needs) };
        if need.is_empty() || !removes && r.failed {
            return;
        }
        if position(need, b'/').is_none() {
            // BusyBox's table does not tell what those need in turn.
            module(r, need, &Buf::new());
        } else {
            let its = canonical(need);
            if first(r, &its) {
                act(r, &path(r.o, need), &its, &Buf::new());
            }
        }
    }
}

/// Takes the last word off `rest`; empty if there is none.
#[inline(never)]
fn last_word<'t>(rest: &mut &'t [u8]) -> &'t [u8] {
    let end = rest.iter().rposition(|&b| b > b' ').map_or(0, |n| n + 1);
    let text = rest.get(..end).unwrap_or_default();
    let start = text.iter().rposition(|&b| b <= b' ').map_or(0, |n| n + 1);
    let (before, word) = text.split_at_checked(start).unwrap_or_default();
    *rest = before;
    word
}

/// Is this the first time that we come to this module? From now on it is not.
#[inline(never)]
fn first(r: &mut Run, name: &Buf) -> bool {
    let new = position_in(&r.done, 0, name).is_none();
    if new {
        r.done.extend_from_slice(name);
        r.done.push(0);
    }
    new
}

/// Path and needs of the module `name`, from the table of dependencies; empty if there is none.
#[inline(never)]
fn entry(r: &mut Run, name: &Buf) -> Buf {
    let mut entry = Buf::new();
    scan(r, r.o.table, &mut |_, line| {
        let hit = is_of(head(&mut &line[..]), name);
        if hit {
            entry = core::mem::take(line);
        }
        hit
    });
    entry
}

/// Takes the path off a line of the table of dependencies, and the aliases if it is BusyBox's; what is left
/// are the needs.
#[inline(never)]
fn head<'l>(line: &mut &'l [u8]) -> &'l [u8] {
    let mark = if position(line, b'\n').is_some() { b'\n' } else { b':' };
    word(&mut cut(line, mark))
}

/// Is the module part of the kernel? Then there is nothing to do but to say so.
#[inline(never)]
fn builtin(r: &mut Run, name: &Buf) -> bool {
    let mut found = false;
    scan(r, ZStr::new(c"modules.builtin"), &mut |_, line| {
        found = is_of(line, name);
        found
    });
    if found && r.cx.has(opt!("D")) {
        tell(r, b"builtin ", name);
    } else if found && r.cx.has(opt!("r")) {
        fail(r, name, Errno::EBUSY, |_| b"part of the kernel");
    }
    found
}

/// Deals with what goes with a module without being needed: `which` is `pre:` or `post:`.
#[inline(never)]
fn soft(r: &mut Run, name: &Buf, which: ZStr) {
    r.soft += 1;
    each(&r.o.config, b"softdep", &mut |this, mut rest| {
        let mut on = false;
        if !is_of(this, name) {
            return;
        }
        while let word @ [_, ..] = word(&mut rest) {
            if word.ends_with(b":") {
                on = which.is(word);
            } else if on {
                probe(r, word);
                r.failed = false;
            }
        }
    });
    r.soft -= 1;
}

/// Says what is wrong, where it matters.
#[inline(never)]
fn fail(r: &mut Run, what: &Buf, e: Errno, own: fn(Errno) -> &'static [u8]) {
    r.failed = true;
    if r.soft == 0 {
        explain(r.cx, what, e, own);
    }
}

/// Loads or removes one module, and what goes with one that is loaded.
#[inline(never)]
fn act(r: &mut Run, file: &Buf, name: &Buf, asked: &Buf) {
    let removes = r.cx.has(opt!("r"));
    if !r.cx.has(opt!("D")) && loaded(r, name, removes) != removes {
        return;
    }
    if listed(&r.o.config, if removes { b"remove" } else { b"install" }, name) {
        return fail(r, name, Errno::EPERM, |_| b"its install or remove line is not run");
    }
    let mut params = Buf::new();
    if !removes {
        soft(r, name, ZStr::new(c"pre:"));
        each(&r.o.config, b"options", &mut |this, options| {
            let this = folded(this);
            if this == **name || this == **asked {
                append(&mut params, options);
            }
        });
        // Those of the command line are for the module that it names.
        if !asked.is_empty() && r.soft == 0 {
            append(&mut params, &r.o.params);
        }
    }
    if !r.cx.has(opt!("nD")) {
        let done = if removes {
            delete_module(name.z(), false)
        } else {
            crate::modutils::load(file.z(), params.z())
        };
        // Somebody else may have been faster.
        if let Some(e) = done.err().filter(|e| *e != Errno::EEXIST) {
            return if removes {
                fail(r, name, e, crate::modutils::why_not_removed)
            } else {
                fail(r, file, e, crate::modutils::why_not_loaded)
            };
        }
    }
    let show = r.cx.has(opt!("vD"));
    if !removes {
        if show {
            let mut line = file.buf();
            append(&mut line, &params);
            tell(r, b"insmod ", &line);
        }
        soft(r, name, ZStr::new(c"post:"));
    } else if show {
        tell(r, b"rmmod ", name);
    }
}

#[inline(never)]
fn append(params: &mut Buf, more: &[u8]) {
    if !params.is_empty() && !more.is_empty() {
        params.push(b' ');
    }
    params.extend_from_slice(more);
}

/// Writes a line of what is done.
#[inline(never)]
fn tell(r: &mut Run, what: &[u8], which: &Buf) {
    r.cx.out.bytes(what);
    r.cx.out.shown(which);
    r.cx.out.byte(b'\n');
}

/// Is the module in the kernel? `unknown` without /proc.
#[inline(never)]
fn loaded(r: &mut Run, name: &Buf, unknown: bool) -> bool {
    let mut hit = false;
    let told = scan(r, ZStr::new(c"/proc/modules"), &mut |_, line| {
        hit = **name == *cut(&mut &line[..], b' ');
        hit
    });
    hit || unknown && !told
}

/// Lists the modules whose names match one of the patterns, or all.
#[inline(never)]
fn list(r: &mut Run, patterns: &[ZStr]) {
    scan(r, r.o.table, &mut |r, line| {
        let path = head(&mut &line[..]);
        let name = canonical(path);
        let mut hit = patterns.is_empty();
        for pattern in patterns {
            hit = hit || matches(&folded(pattern.bytes()), &name, 0);
        }
        if hit && !path.is_empty() {
            tell(r, path, &Buf::new());
        }
        false
    });
}

#[cfg(test)]
mod tests;
