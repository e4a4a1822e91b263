//! Makes the compiler's assembly text shorter with [`compact`], then assembles and links it.

use crate::cache::write_atomically;
use crate::error::{Context, Error, Result};
use crate::process::{command, run, run_filtered};
use crate::progress::Step;
use crate::target::Target;
use crate::toolchain::Toolchain;
use compact::compact;
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The source of a crate that only includes an assembly text. So rustc is the assembler, and calls the linker. The
/// crate does without `core`, and so has to declare the macros and traits for that itself.
const CRATE: &str = r#"#![feature(no_core, rustc_attrs, decl_macro, lang_items)]
#![no_core]
#![no_main]
#[rustc_builtin_macro]
macro global_asm() {}
#[rustc_builtin_macro]
macro include_str() {}
#[lang = "pointee_sized"]
trait PointeeSized {}
#[lang = "meta_sized"]
trait MetaSized: PointeeSized {}
#[lang = "sized"]
trait Sized: MetaSized {}
global_asm!(include_str!("mote.s"), options(raw));
"#;

/// The crate with the arithmetic and memory functions that compilers call. Link-time optimisation leaves it out.
const BUILTINS: &str = "compiler_builtins";

/// A line of cargo's JSON output: a file that it has built.
#[derive(Deserialize)]
struct Artifact {
    target: Named,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

/// Runs `cargo` (a `cargo rustc` in `dir`, at the options of rustc) and returns the compacted program. If compacting
/// fails, prints the reason and returns `plain`, the program that cargo has linked.
///
/// # Errors
/// The sources do not compile, or a file cannot be read or written.
pub fn compacted(
    cargo: &mut Command,
    toolchain: &Toolchain,
    target: &Target,
    (dir, place): (&Path, &Path),
    plain: &Path,
    step: &Step,
) -> Result<PathBuf> {
    let before = place.join("compiler.s");
    cargo.arg(format!("--emit=asm={}", before.display()));
    let mut builtins = None;
    run_filtered(cargo, step, |line| {
        let json = line.starts_with('{');
        if let Ok(artifact) = serde_json::from_str::<Artifact>(line) {
            let file =
                artifact.filenames.into_iter().find(|file| file.extension().is_some_and(|end| end == "rlib"));
            builtins = file.filter(|_| artifact.target.name == BUILTINS).or(builtins.take());
        }
        json
    })?;
    let builtins =
        builtins.ok_or_else(|| Error::new(format!("cargo did not report the crate {BUILTINS}")))?;
    let text = fs::read_to_string(&before).context(before.display());
    // Cargo does not know of this file, and does not write it again if it is lost.
    let text = text.map_err(|error| error.fix(format!("remove {} and try again", dir.display())))?;
    let shorter = compact(&text).map_err(Error::new);
    match shorter.and_then(|text| link(&text, toolchain, target, &builtins, place, step)) {
        Ok(program) => Ok(program),
        Err(why) => {
            eprintln!(
                "warning: {}: the code could not be made shorter, and is some 7 % bigger than usual: {why}",
                target.name
            );
            Ok(plain.to_path_buf())
        }
    }
}

/// Assembles and links `text` in `place`.
fn link(
    text: &str,
    toolchain: &Toolchain,
    target: &Target,
    builtins: &Path,
    place: &Path,
    step: &Step,
) -> Result<PathBuf> {
    let (main, program) = (place.join("main.rs"), place.join("mote"));
    write_atomically(&place.join("mote.s"), text.as_bytes(), 0o644)?;
    write_atomically(&main, CRATE.as_bytes(), 0o644)?;
    let mut rustc = command(&toolchain.rustc);
    rustc.env("RUSTC_BOOTSTRAP", "1");
    rustc.args(["--edition=2021", "--crate-name=mote", "--crate-type=bin", "-Ainternal_features"]);
    rustc.args(["-Zunstable-options", "-Cpanic=immediate-abort"]).arg("--target").arg(target.spec());
    rustc.args(toolchain.link_flags(target)).arg(format!("-Clink-arg={}", builtins.display()));
    rustc.arg("-o").arg(&program).arg(&main);
    run(&mut rustc, step)?;
    Ok(program)
}
