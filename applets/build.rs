//! Makes the applet table of the enabled features from the declarations in `src/`.

use declaration::{pack, Decl, ANY, DECLARATIONS, DIRS, SETUID, SLOTS, STATUSES};
use std::fmt::Write;
use std::path::PathBuf;

/// What `mote --help` prints behind `Usage: mote ` and before the names.
const MULTICALL: &str = concat!(
    "APPLET [ARG]...\n   or: mote --list | --install [-s] [DIR]\n\n\
     A userland in one binary, version ",
    env!("CARGO_PKG_VERSION"),
    ".\n\n    APPLET --help   Print its options\n    --list          Print the names\n    \
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
    println!("cargo:rustc-check-cfg=cfg(single, any_caller)");
    if let [only] = &decls[..] {
        println!("cargo:rustc-cfg=single");
        if only.setuid == SETUID[2] {
            println!("cargo:rustc-cfg=any_caller");
        }
    }
    std::fs::write(out.join("table.rs"), table(&decls)?).map_err(|e| format!("{}: {e}", out.display()))
}

fn enabled(d: &Decl) -> bool {
    let name = d.module().to_uppercase();
    std::env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

fn table(decls: &[Decl]) -> Result<String, String> {
    if decls.len() > DECLARATIONS {
        return Err(format!("{} applets; a binary can have {DECLARATIONS}", decls.len()));
    }
    let mut usages: Vec<&str> = decls.iter().map(|d| d.usage.trim_end_matches('\n')).collect();
    if decls.len() > 1 {
        usages.push(MULTICALL);
    }
    // Unpacking by the model takes 12 KB.
    let memory = std::env::var_os("CARGO_CFG_MOTE_NOMMU").is_none();
    let packed = pack::usage(&usages, memory)?;
    let decls: Vec<&Decl> = packed.order.iter().filter_map(|n| decls.get(*n)).collect();
    let mut src = modules(&decls)?;
    let mut specs = String::new();
    let mut names: Vec<(&str, usize)> = Vec::new();
    for (i, d) in decls.iter().enumerate() {
        // Where nobody reads the options by it, the spec is of no use; where all do so themselves, the reader.
        let read = !matches!(d.parse.as_str(), "Args" | "Raw");
        let _ = write!(specs, "{}\0", if read { d.spec()? } else { String::new() });
        names.extend(d.names.iter().map(|n| (n.as_str(), i)));
    }
    names.sort();
    let blob: Vec<&str> = names.iter().map(|n| n.0).collect();
    let checks = checks(&decls)?;
    let reads = !specs.trim_matches('\0').is_empty() || checks.contains("const ");
    if decls.len() > 1 {
        let _ =
            writeln!(src, "/// How many there are.\npub(crate) const DECLARATIONS: u8 = {};", decls.len());
    }
    if decls.len() > 1 || decls.iter().all(|d| d.setuid != SETUID[2]) {
        let some = decls.iter().any(|d| d.setuid == SETUID[1]);
        let _ = writeln!(src, "/// Does one look at who called?\npub(crate) const CALLERS: bool = {some};");
    }
    let _ = writeln!(src, "enum Checks {{}}\nimpl sys::applet::Checks for Checks {{\n{checks}}}");
    let _ = writeln!(src, "const _: () = assert!(sys::opts::SLOTS == {SLOTS});");
    let _ = writeln!(src, "static TABLE: sys::Table = sys::Table {{");
    let _ = writeln!(src, "names: b\"{}\", entries: &[", blob.join("\\0"));
    names.iter().for_each(|(_, i)| entry(&mut src, *i, decls[*i]));
    let _ = writeln!(
        src,
        "], options: sys::applet::{}, specs: &{:?},",
        if reads { "options::<Checks>" } else { "no_options" },
        specs.as_bytes()
    );
    let _ = writeln!(
        src,
        "usage: {} }};",
        if std::env::var_os("CARGO_FEATURE_HELP").is_none() {
            "sys::usage::Usage::NONE".into()
        } else {
            format!(
                "sys::usage::Usage {{ write: sys::usage::{}, packed: &{:?}, table: &{:?} }}",
                packed.how, packed.packed, packed.table
            )
        }
    );
    Ok(src)
}

/// The applets' modules, and the option spec of each.
fn modules(decls: &[&Decl]) -> Result<String, String> {
    let mut src = String::new();
    let mut consts = String::new();
    for d in decls {
        let name = d.module();
        let _ = writeln!(src, "#[path = {:?}]\nmod r#{name};", d.file);
        let _ = writeln!(consts, "pub(crate) const r#{name}: &[u8] = &{:?};", d.spec()?.as_bytes());
    }
    let _ = writeln!(src, "#[allow(non_upper_case_globals, dead_code)]\nmod spec {{\n{consts}}}");
    Ok(src)
}

/// What these declarations have to be checked for.
fn checks(decls: &[&Decl]) -> Result<String, String> {
    let mut src = String::new();
    if decls.iter().any(|d| d.operands != (0, ANY)) {
        src.push_str("const OPERANDS: bool = true;\n");
    }
    if decls.iter().any(|d| d.usage_status != 1) {
        src.push_str("const STATUS: bool = true;\n");
    }
    let mut numbers = String::new();
    for (i, d) in decls.iter().enumerate() {
        for n in &d.numbers {
            let (slot, suffix, least, most) = (d.slot(&n.option)?, n.suffix, n.least, n.most);
            let _ = write!(
                numbers,
                "sys::applet::Number {{ decl: {i}, slot: {slot}, suffix: {suffix}, least: {least}, most: {most} }},"
            );
        }
    }
    if !numbers.is_empty() {
        let _ = writeln!(src, "const NUMBERS: &'static [sys::applet::Number] = &[{numbers}];");
    }
    if decls.iter().any(|d| d.numbers.iter().any(|n| n.suffix)) {
        src.push_str("const SUFFIXES: bool = true;\n");
    }
    Ok(src)
}

/// The entry of a name of declaration `i`.
fn entry(src: &mut String, i: usize, d: &Decl) {
    let dir = DIRS.iter().position(|x| *x == d.dir).unwrap_or(0);
    let status = STATUSES.iter().position(|x| *x == d.usage_status).unwrap_or(0);
    let _ = writeln!(
        src,
        "sys::applet::Entry {{ run: r#{}::run, decl: {i}, class: sys::applet::Class::{}, \
         parse: sys::applet::Parse::{}, operands: {}, place: {} }},",
        d.module(),
        d.class,
        d.parse,
        d.operands.0 << 4 | d.operands.1,
        dir | status << 2 | ((d.setuid == SETUID[1]) as usize) << 4
    );
}
