//! Imports run one way: no module of a crate needs one that, in turn, needs it. So a file can be read with nothing in
//! mind but what it imports.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Those without circles. A parent that re-exports what its children use makes one.
const CRATES: [&str; 7] = ["sys", "util", "sh", "init", "applets", "compact", "build-rootfs"];

/// Of each module, the modules of the same crate that its paths begin with.
type Graph = BTreeMap<String, BTreeSet<String>>;

fn files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// `a::b` for `src/a/b.rs` and `src/a/b/mod.rs`; empty for the crate's root.
fn module(src: &Path, file: &Path) -> String {
    let path = file.strip_prefix(src).unwrap().with_extension("");
    let mut parts: Vec<&str> = path.iter().map(|p| p.to_str().unwrap()).collect();
    if matches!(parts.last(), Some(&"mod" | &"lib" | &"main")) {
        parts.pop();
    }
    parts.join("::")
}

/// The paths from `crate` and `super` in a text, with `{…}` taken apart: all that starts there.
fn paths(text: &str, prefix: &str, into: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    let ends: Vec<usize> = text
        .char_indices()
        .filter(|&(_, c)| {
            depth += (c == '{') as i32 - (c == '}') as i32;
            c == ',' && depth == 0
        })
        .map(|(at, _)| at)
        .chain([text.len()])
        .collect();
    for end in ends {
        let part = text[start..end].trim();
        start = end + 1;
        match part.split_once('{') {
            Some((head, rest)) => {
                paths(rest.strip_suffix('}').unwrap_or(rest), &format!("{prefix}{}", head.trim()), into);
            }
            None => into.push(format!("{prefix}{part}")),
        }
    }
}

/// All that a file without its comments and unit tests names by `crate::…` or `super::…`.
fn named(text: &str) -> Vec<String> {
    let text: String = text.lines().map(|l| l.split("//").next().unwrap_or("").to_string() + "\n").collect();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
    let mut all = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            if text[..at].ends_with(|c: char| c.is_alphanumeric() || "_:$".contains(c)) {
                continue;
            }
            let rest = &text[at..];
            let is_use = text[..at].trim_end().ends_with("use");
            let word = |c: char| !c.is_alphanumeric() && c != '_' && c != ':';
            let end = rest.find(|c| if is_use { c == ';' } else { word(c) }).unwrap_or(rest.len());
            paths(&rest[..end], "", &mut all);
        }
    }
    all
}

fn graph(src: &Path) -> Graph {
    let mut all = Vec::new();
    files(src, &mut all);
    let modules: BTreeSet<String> = all.iter().map(|f| module(src, f)).collect();
    let mut graph = Graph::new();
    for file in &all {
        let own = module(src, file);
        if own.starts_with("fuzz") || own.ends_with("tests") {
            continue;
        }
        let mut needs = BTreeSet::new();
        for path in named(&fs::read_to_string(file).unwrap()) {
            let mut parts: Vec<&str> = path.split("::").map(str::trim).collect();
            let base: Vec<&str> = own.split("::").collect();
            let root = if parts.remove(0) == "crate" { &[][..] } else { &base[..base.len() - 1] };
            parts.splice(..0, root.iter().copied());
            while !parts.is_empty() && !modules.contains(&parts.join("::")) {
                parts.pop();
            }
            needs.insert(parts.join("::"));
        }
        needs.remove(&own);
        graph.insert(own, needs);
    }
    graph
}

/// Takes away, again and again, what needs nothing that is left: what stays is in circles, or needs them.
fn circles(mut graph: Graph) -> Graph {
    loop {
        let before = graph.len();
        let left: BTreeSet<String> = graph.keys().cloned().collect();
        graph.retain(|_, needs| {
            needs.retain(|n| left.contains(n));
            !needs.is_empty()
        });
        if graph.len() == before {
            return graph;
        }
    }
}

#[test]
fn no_circle_between_modules() {
    for name in CRATES {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        let graph = graph(&src);
        assert!(graph.values().any(|needs| !needs.is_empty()), "{name}: the imports were not found");
        let circles = circles(graph);
        assert!(circles.is_empty(), "{name}: modules that need each other: {circles:#?}");
    }
}

#[test]
fn a_circle_is_found() {
    let text = "use crate::{a::{self, f}, b};\nuse super::c::g; // crate::no\nfn x() { crate::d::h::<T>(1) }\n#[cfg(test)]\nmod tests { use super::z; }";
    let mut found = named(text);
    found.sort();
    assert_eq!(found, ["crate::a::f", "crate::a::self", "crate::b", "crate::d::h::", "super::c::g"]);
    let edge = |a: &str, b: &str| (a.to_string(), BTreeSet::from([b.to_string()]));
    let none = ("d".to_string(), BTreeSet::new());
    let left = circles(Graph::from([edge("a", "b"), edge("b", "a"), edge("c", "d"), none]));
    assert_eq!(left.into_keys().collect::<Vec<_>>(), ["a", "b"]);
}
