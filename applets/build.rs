//! Makes the applet table of the enabled features from the declarations in `src/`.

use declaration::{pack, Decl, DIRS};
use std::fmt::Write;
use std::path::PathBuf;

/// What `mote --help` prints behind `Usage: mote ` and before the names.
const MULTICALL: &str = concat!(
    "APPLET [ARG]...\n   or: mote --list | --install [-s] [DIR]\n\n\
     A userland in one binary, version ",
    env!("CARGO_PKG_VERSION"),
    ".\n\n    APPLET --help   Tell its options\n    --list          Tell the names\n    \
     --install       Make hard links, in DIR or else where each belongs; -s: symbolic\n\nApplets:"
);

fn main() {
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rerun-if-changed=Cargo.toml");
    if let Err(e) = run() {
        eprintln!("{e}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("not run by cargo")?);
    let all = declaration::read_all(&root.join("src"))?;
    let manifest = root.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(|e| format!("{}: {e}", manifest.display()))?;
    declaration::features::check(&manifest, &text, &all)?;
    let decls: Vec<Decl> = all.into_iter().filter(enabled).collect();
    println!("cargo:rustc-check-cfg=cfg(single)");
    if decls.len() == 1 {
        println!("cargo:rustc-cfg=single");
    }
    std::fs::write(out.join("table.rs"), table(&decls)?).map_err(|e| format!("{}: {e}", out.display()))
}

fn enabled(d: &Decl) -> bool {
    let name = d.module().to_uppercase();
    std::env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

fn table(decls: &[Decl]) -> Result<String, String> {
    let mut src = String::new();
    let mut consts = String::new();
    let mut specs = String::new();
    let mut names: Vec<(&str, usize)> = Vec::new();
    for (i, d) in decls.iter().enumerate() {
        let spec = d.spec()?;
        let name = d.module();
        let _ = writeln!(src, "#[path = {:?}]\nmod r#{name};", d.file);
        let _ = writeln!(consts, "pub(crate) const r#{name}: &[u8] = &{:?};", spec.as_bytes());
        // Where nobody reads the options by it, the spec is of no use; where all do so themselves, the reader.
        let read = !matches!(d.parse.as_str(), "Args" | "Raw");
        let _ = write!(specs, "{}\0", if read { &spec[..] } else { "" });
        names.extend(d.names.iter().map(|n| (n.as_str(), i)));
    }
    let _ = writeln!(src, "#[allow(non_upper_case_globals, dead_code)]\nmod spec {{\n{consts}}}");
    names.sort();
    let blob: Vec<&str> = names.iter().map(|n| n.0).collect();
    let mut usages: Vec<&str> = decls.iter().map(|d| d.usage.trim_end_matches('\n')).collect();
    if decls.len() > 1 {
        usages.push(MULTICALL);
        let _ =
            writeln!(src, "/// How many there are.\npub(crate) const DECLARATIONS: u8 = {};", decls.len());
    }
    let _ = writeln!(src, "static TABLE: sys::Table = sys::Table {{");
    let _ = writeln!(src, "names: b\"{}\", entries: &[", blob.join("\\0"));
    for (_, i) in &names {
        let d = &decls[*i];
        let dir = DIRS.iter().position(|x| *x == d.dir).unwrap_or(0);
        let _ = writeln!(
            src,
            "sys::applet::Entry {{ run: r#{}::run, decl: {i}, class: sys::applet::Class::{}, parse: sys::applet::Parse::{}, dir: {dir} }},",
            d.module(), d.class, d.parse
        );
    }
    let _ = writeln!(
        src,
        "], options: sys::applet::{}, specs: &{:?},",
        if specs.trim_matches('\0').is_empty() { "no_options" } else { "options" },
        specs.as_bytes()
    );
    // Unpacking by the model takes some ten thousand bytes for each thousand of the texts.
    let memory = std::env::var_os("CARGO_CFG_MOTE_NOMMU").is_none();
    let _ = writeln!(src, "usage: {} }};", pack::usage(&usages.join("\0"), memory));
    Ok(src)
}
