//! modprobe: what `-D` shows for any tables and configuration, against the same from tables in memory.

use super::{config, list, look, probe, Order, Run, SPEC};
use crate::fuzz::{part, text};
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};
use std::fs;
use std::path::PathBuf;
use sys::fuzz::with_cx;
use sys::{Buf, ToBuf, ZStr};
use util::text::pattern::matches;

/// Reads the parts of `data` as: how, the name or pattern asked for, parameters, and then the files
/// modules.dep (or modules.dep.bb), modules.alias, modules.builtin, a modprobe.conf, and the kernel's command
/// line.
#[cfg_attr(test, allow(unreachable_pub))]
pub fn modules(data: &[u8]) {
    let how = part(data, 0).first().copied().unwrap_or(0);
    let [asked, params] = [1, 2].map(|n| text(part(data, n)));
    let [dep, alias, builtin, conf, line] = [3, 4, 5, 6, 7].map(|n| part(data, n));
    // The path of a file to include would lead anywhere.
    if conf.windows(7).any(|w| w == b"include") || asked.len() > 200 {
        return;
    }
    let (bb, removes, lists, listens) = (how & 1 != 0, how & 2 != 0, how & 4 != 0, how & 8 != 0);
    let dir = Dir::new();
    for (name, content) in [
        (if bb { "modules.dep.bb" } else { "modules.dep" }, dep),
        ("modules.alias", alias),
        ("modules.symbols", alias),
        ("modules.builtin", builtin),
        ("conf", conf),
    ] {
        fs::write(dir.0.join(name), content).expect("a file in /dev/shm");
    }
    let base = format!("{}/", dir.0.display());
    let mut model = Model {
        base: base.clone().into_bytes(),
        modules: if bb { modules_bb(dep) } else { modules_dep(dep) },
        aliases: if bb { Vec::new() } else { aliases(alias) },
        builtin: builtin.split(|&c| c == b'\n').map(canonical).collect(),
        config: configuration(conf, line),
        params: params.clone(),
        removes,
        listens,
        done: Vec::new(),
        soft: 0,
        out: Vec::new(),
    };
    let found = if lists { model.list(&asked) } else { model.probe(&asked) };
    let (got, out) = with_cx(core::slice::from_ref(&asked), &crate::TABLE, |cx| {
        cx.opts = opt!("D")
            | if removes { opt!("r") } else { 0 }
            | if lists { opt!("l") } else { 0 }
            | if listens { opt!("b") } else { 0 };
        let table = ZStr::new(c"");
        let mut o =
            Order { base: base.as_bytes().buf(), table, bb, config: Buf::new(), params: params[..].buf() };
        assert!(look(&mut o).is_ok() && o.bb == bb);
        config::add(cx, &mut o.config, format!("{base}conf").as_bytes().buf().z(), 0);
        config::add_command_line(&mut o.config, line);
        let args = core::mem::take(&mut cx.args);
        let mut r = Run { cx, o: &o, done: Buf::new(), soft: 0, depth: 0, failed: false };
        if lists {
            list(&mut r, args);
            return true;
        }
        probe(&mut r, args[0].bytes())
    });
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&base, "@/");
    assert_eq!(shown(&out), shown(&model.out));
    assert_eq!(got, found);
    // Only these could bring blanks and line ends to where none belong.
    let plain = |text: &[u8], least| text.iter().all(|&c| c > least);
    if !lists && plain(&asked, b' ') && plain(&params, b'\n') && plain(line, b'\n') {
        nothing_twice(&out, &base);
    }
}

/// No line but of the three kinds, and no module in two of them.
fn nothing_twice(out: &[u8], base: &str) {
    let mut names: Vec<Vec<u8>> = Vec::new();
    for line in out.split(|&c| c == b'\n').filter(|line| !line.is_empty()) {
        let kind = ["insmod ", "rmmod ", "builtin "].iter().find(|kind| line.starts_with(kind.as_bytes()));
        let what = &line[kind.expect("a kind").len()..];
        let file = what.strip_prefix(base.as_bytes()).unwrap_or(what);
        names.push(canonical(file.split(|&c| c == b' ').next().unwrap_or_default()));
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "{}", String::from_utf8_lossy(out));
}

/// A folder for the tables, which goes when we do.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Dir {
        let dir = PathBuf::from(format!("/dev/shm/mote-fuzz-{}", std::process::id()));
        // One that a run left which broke off.
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir(&dir).expect("a folder in /dev/shm");
        Dir(dir)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The words of a line.
fn words(line: &[u8]) -> Vec<Vec<u8>> {
    line.split(|&c| c <= b' ').filter(|word| !word.is_empty()).map(<[u8]>::to_vec).collect()
}

/// With `_` for each `-` that is not in brackets, which end with the word at the latest.
fn folded(name: &[u8]) -> Vec<u8> {
    let mut inside = false;
    let fold = |&c: &u8| {
        inside = c == b'[' || inside && c != b']' && c > b' ';
        if c == b'-' && !inside {
            b'_'
        } else {
            c
        }
    };
    name.iter().map(fold).collect()
}

/// The module's name of a path: between the last slash and the first dot behind it.
fn canonical(path: &[u8]) -> Vec<u8> {
    let base = path.rsplit(|&c| c == b'/').next().unwrap_or_default();
    folded(base.split(|&c| c == b'.').next().unwrap_or_default())
}

struct Module {
    path: Vec<u8>,
    /// Patterns that stand for it, in BusyBox's table.
    aliases: Vec<Vec<u8>>,
    needs: Vec<Vec<u8>>,
}

/// `PATH: NEED…`.
fn modules_dep(text: &[u8]) -> Vec<Module> {
    let mut all = Vec::new();
    for line in text.split(|&c| c == b'\n') {
        let mut halves = line.splitn(2, |&c| c == b':');
        let path = words(halves.next().unwrap_or_default()).into_iter().next().unwrap_or_default();
        let needs = words(halves.next().unwrap_or_default());
        if !path.is_empty() {
            all.push(Module { path, aliases: Vec::new(), needs });
        }
    }
    all
}

/// `PATH ALIAS…`, in the next line `NEED…`; empty lines between.
fn modules_bb(text: &[u8]) -> Vec<Module> {
    let mut all = Vec::new();
    let mut lines = text.split(|&c| c == b'\n');
    while let Some(line) = lines.next() {
        let mut first = words(line).into_iter();
        if line.is_empty() {
            continue;
        }
        let needs = words(lines.next().unwrap_or_default());
        if let Some(path) = first.next() {
            all.push(Module { path, aliases: first.collect(), needs });
        }
    }
    all
}

/// `alias PATTERN MODULE`: patterns and modules.
fn aliases(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let lines = text.split(|&c| c == b'\n').map(words);
    let lines = lines.filter(|w| w.len() > 1 && w[0] == b"alias");
    // Both are names, not paths.
    lines.map(|w| (w[1].clone(), w.get(2).map(|module| folded(module)).unwrap_or_default())).collect()
}

/// Lines of a configuration: the first word, the second, and what is behind it.
type Config = Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>;

fn configuration(text: &[u8], command_line: &[u8]) -> Config {
    // The end of the file ends its last line, too.
    let mut joined = [text, b"\n"].concat();
    while let Some(n) = joined.windows(2).position(|w| w == b"\\\n") {
        joined[n..n + 2].fill(b' ');
    }
    joined.push(b'\n');
    joined.extend(as_lines(command_line));
    let mut all = Config::new();
    for line in joined.split(|&c| c == b'\n') {
        let mut rest = line;
        let mut next = || {
            let start = rest.iter().position(|&c| c > b' ').unwrap_or(rest.len());
            let end = rest[start..].iter().position(|&c| c <= b' ').map_or(rest.len(), |n| start + n);
            let word = rest[start..end].to_vec();
            rest = &rest[end..];
            word
        };
        let (kind, name) = (next(), next());
        all.push((kind, name, rest.trim_ascii().to_vec()));
    }
    all
}

/// What a kernel command line says, as lines of a file.
fn as_lines(command_line: &[u8]) -> Vec<u8> {
    let mut words: Vec<Vec<u8>> = vec![Vec::new()];
    let mut quoted = false;
    for &c in command_line {
        quoted ^= c == b'"';
        if c <= b' ' && !quoted {
            words.push(Vec::new());
        } else {
            words.last_mut().expect("one at least").push(c);
        }
    }
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for word in words.iter().take_while(|word| *word != b"--") {
        let name = word.split(|&c| c == b'=').next().unwrap_or_default();
        let value = word.get(name.len() + 1..).unwrap_or_default();
        if name == b"modprobe.blacklist" || name == b"module_blacklist" {
            // A comma ends a name; nothing is none.
            let names = value.strip_suffix(b",").unwrap_or(value).split(|&c| c == b',');
            lines.extend(names.filter(|_| !value.is_empty()).map(|name| [b"blacklist ", name].concat()));
        } else if let Some(n) = name.iter().position(|&c| c == b'.') {
            lines.push([b"options ", &word[..n], b" ", &word[n + 1..]].concat());
        }
    }
    lines.join(&b'\n')
}

struct Model {
    base: Vec<u8>,
    modules: Vec<Module>,
    aliases: Vec<(Vec<u8>, Vec<u8>)>,
    builtin: Vec<Vec<u8>>,
    config: Config,
    params: Vec<u8>,
    removes: bool,
    listens: bool,
    done: Vec<Vec<u8>>,
    /// In how many softdeps it is.
    soft: u32,
    out: Vec<u8>,
}

impl Model {
    fn say(&mut self, parts: &[&[u8]]) {
        self.out.extend(parts.concat());
        self.out.push(b'\n');
    }

    fn list(&mut self, pattern: &[u8]) -> bool {
        let pattern = folded(pattern);
        let hit = |m: &&Module| matches(&pattern, &canonical(&m.path), 0);
        let paths: Vec<Vec<u8>> = self.modules.iter().filter(hit).map(|m| m.path.clone()).collect();
        paths.iter().for_each(|path| self.say(&[path]));
        true
    }

    fn lines(&self, kind: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
        let of = self.config.iter().filter(|(this, ..)| this == kind.as_bytes());
        of.map(|(_, name, rest)| (name.clone(), rest.clone())).collect()
    }

    fn blacklisted(&self, name: &[u8]) -> bool {
        self.lines("blacklist").iter().any(|(this, _)| canonical(this) == canonical(name))
    }

    /// An alias of the configuration comes before a module, and a module before an alias of the tables.
    fn probe(&mut self, asked: &[u8]) -> bool {
        let path = [&b"/"[..], b"./", b"../"].iter().any(|start| asked.starts_with(start));
        if asked.contains(&b'/') && !path {
            return false;
        }
        let name = folded(asked);
        let of_config = self.lines("alias").into_iter();
        let first_word = |rest: &[u8]| words(rest).into_iter().next().unwrap_or_default();
        let targets = of_config.filter(|(p, _)| matches(&folded(p), &name, 0)).map(|(_, m)| first_word(&m));
        let targets: Vec<Vec<u8>> = targets.collect();
        if !targets.is_empty() {
            return self.meant(&targets, &name);
        }
        if self.listens && self.blacklisted(asked) || self.module(asked, &name) {
            return true;
        }
        let mut targets: Vec<Vec<u8>> = Vec::new();
        for m in &self.modules {
            if m.aliases.iter().any(|p| matches(&folded(p), &name, 0)) {
                targets.push(canonical(&m.path));
            }
        }
        targets.extend(
            self.aliases.iter().filter(|(p, _)| matches(&folded(p), &name, 0)).map(|(_, m)| m.clone()),
        );
        self.meant(&targets, &name)
    }

    /// Found is an alias when one of its modules is.
    fn meant(&mut self, targets: &[Vec<u8>], asked: &[u8]) -> bool {
        let mut found = false;
        for target in targets {
            found |= self.blacklisted(target) || self.module(target, asked);
        }
        found
    }

    fn first(&mut self, name: &[u8]) -> bool {
        let new = !self.done.iter().any(|done| done == name);
        if new {
            self.done.push(name.to_vec());
        }
        new
    }

    fn path(&self, name: &[u8]) -> Vec<u8> {
        if name.starts_with(b"/") {
            name.to_vec()
        } else {
            [&self.base, name].concat()
        }
    }

    fn module(&mut self, name: &[u8], asked: &[u8]) -> bool {
        let own = canonical(name);
        if own.is_empty() {
            return false;
        }
        if !self.first(&own) {
            return true;
        }
        let entry = self.modules.iter().find(|m| canonical(&m.path) == own);
        let (mut file, needs) = match entry {
            Some(m) => (self.path(&m.path), m.needs.clone()),
            None if name.contains(&b'/') => (Vec::new(), Vec::new()),
            None => {
                let found = self.builtin.contains(&own);
                if found {
                    self.say(&[b"builtin ", &own]);
                }
                return found;
            }
        };
        if name.contains(&b'/') {
            file = name.to_vec();
        }
        if self.removes {
            self.soft(&own, "post:");
            self.act(&file, &own, asked);
            needs.iter().for_each(|need| self.need(need));
            self.soft(&own, "pre:");
        } else {
            needs.iter().rev().for_each(|need| self.need(need));
            self.act(&file, &own, asked);
        }
        true
    }

    fn need(&mut self, need: &[u8]) {
        if !need.contains(&b'/') {
            self.module(need, b"");
        } else if self.first(&canonical(need)) {
            self.act(&self.path(need), &canonical(need), b"");
        }
    }

    fn soft(&mut self, name: &[u8], which: &str) {
        self.soft += 1;
        for (this, rest) in self.lines("softdep") {
            let mut on = false;
            for word in words(&rest).iter().filter(|_| canonical(&this) == name) {
                if word.ends_with(b":") {
                    on = word == which.as_bytes();
                } else if on {
                    self.probe(word);
                }
            }
        }
        self.soft -= 1;
    }

    fn act(&mut self, file: &[u8], name: &[u8], asked: &[u8]) {
        if self.removes {
            return self.say(&[b"rmmod ", name]);
        }
        self.soft(name, "pre:");
        let mut line = vec![[b"insmod ", file].concat()];
        for (this, options) in self.lines("options") {
            let this = folded(&this);
            if this == name || this == asked {
                line.push(options);
            }
        }
        if !asked.is_empty() && self.soft == 0 {
            line.push(self.params.clone());
        }
        line.retain(|part| !part.is_empty());
        self.say(&[&line.join(&b' ')]);
        self.soft(name, "post:");
    }
}
