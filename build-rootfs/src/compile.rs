//! Compiles mote for a target: `core` from source, panics that abort at once, no libc.

use crate::assemble;
use crate::cache::write_atomically;
use crate::error::{Context, Error, Result};
use crate::lock::lock;
use crate::process::{command, run};
use crate::progress::Step;
use crate::project::Project;
use crate::strip::finish;
use crate::target::Target;
use crate::toolchain::Toolchain;
use declaration::features::PARTS;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates of the standard library that the target crates use.
const STD_CRATES: &str = "core,alloc";
/// Makes their code small, and provides `memcpy` and the like without a libc.
const STD_FEATURES: &str = "optimize_for_size,compiler-builtins-mem";
const PACKAGE: &str = "applets";
const BINARY: &str = "mote";
const PROFILE: &str = "mote";

/// A compiled mote.
#[derive(Debug, Clone)]
pub struct Binary {
    /// The stripped binary, for the image.
    pub file: PathBuf,
    /// The same with symbols.
    pub twin: PathBuf,
    /// The compiler's text of the whole program, in LLVM's intermediate language.
    pub ir: PathBuf,
}

/// Compiles another program of the workspace into `out`: the binary `binary` of `package`, which tests need in a
/// guest. It is compiled like mote, but not compacted.
///
/// # Errors
/// As [`compile`].
pub fn compile_program(
    project: &Project,
    target: &Target,
    (package, binary): (&str, &str),
    out: &Path,
) -> Result<Binary> {
    let toolchain = Toolchain::find(target)?;
    let dir = project.out().join(format!(".cargo-{}", target.full_name()));
    let _lock = lock(&dir.with_extension("lock"))?;
    let step = Step::start(format!("{binary} for {}", target.full_name()));
    let manifest = project.root().join("Cargo.toml");
    let ir = dir.join(format!("{binary}.ll"));
    let mut cargo = cargo(&toolchain, target, "rustc", &manifest, &dir);
    cargo.args(["--package", package, "--bin", binary, "--"]);
    run(cargo.arg(format!("--emit=llvm-ir={}", ir.display())), &step)
        .map_err(|error| error.within(format!("compiling {binary} for {}", target.name)))?;
    let built = dir.join(&target.name).join(PROFILE).join(binary);
    let symbols = fs::read(&built).context(built.display())?;
    let stripped = finish(&symbols).map_err(|why| Error::new(format!("{}: {why}", built.display())))?;
    let file = out.join(binary);
    write_atomically(&file, &stripped, 0o755)?;
    step.done();
    Ok(Binary { file, twin: built, ir })
}

/// Compiles `applets` (a list as [`Catalogue::resolve`](crate::applets::Catalogue::resolve) gives it) for `target`, and writes `mote` and `mote.sym` to `out`.
///
/// # Errors
/// No toolchain is usable, the sources do not compile, or `out` cannot be written.
pub fn compile(project: &Project, target: &Target, applets: &[String], out: &Path) -> Result<Binary> {
    let toolchain = Toolchain::find(target)?;
    let dir = project.out().join(format!(".cargo-{}", target.full_name()));
    // One build at a time: all sets of applets use the same file name.
    let _lock = lock(&dir.with_extension("lock"))?;
    let step = Step::start(format!("mote for {}, by {}", target.full_name(), toolchain.describe()));
    // Cargo does not write these files again if nothing has changed: each set of applets needs its own.
    let set: String =
        Sha256::digest(applets.join(",")).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let place = dir.join("compiler").join(set);
    fs::create_dir_all(&place).context(place.display())?;
    let ir = place.join("mote.ll");
    let mut cargo = cargo(&toolchain, target, "rustc", &project.root().join("Cargo.toml"), &dir);
    cargo.args(["--package", PACKAGE, "--bin", BINARY, "--no-default-features"]);
    cargo.args(["--features", &features(applets).join(",")]);
    if target.compact {
        cargo.arg("--message-format=json-render-diagnostics");
    }
    cargo.arg("--").arg(format!("--emit=llvm-ir={}", ir.display()));
    let within = |error: Error| error.within(format!("compiling mote for {}", target.name));
    let mut built = dir.join(&target.name).join(PROFILE).join(BINARY);
    if target.compact {
        built = assemble::compacted(&mut cargo, &toolchain, target, (&dir, &place), &built, &step)
            .map_err(within)?;
    } else {
        run(&mut cargo, &step).map_err(within)?;
    }
    let symbols = fs::read(&built).context(built.display())?;
    let stripped = finish(&symbols).map_err(|why| Error::new(format!("{}: {why}", built.display())))?;
    let binary = Binary { file: out.join("mote"), twin: out.join("mote.sym"), ir };
    write_atomically(&binary.twin, &symbols, 0o755)?;
    write_atomically(&binary.file, &stripped, 0o755)?;
    step.done();
    Ok(binary)
}

/// From more applets on, their tables need more of the page of variables that a process has without an MMU.
const MANY: usize = 40;

/// The features of cargo that a resolved list stands for.
fn features(list: &[String]) -> Vec<&str> {
    let parts = PARTS.iter().map(|(name, _)| *name);
    let parts = parts.filter(|name| !list.iter().any(|word| word.strip_prefix('-') == Some(name)));
    let mut all: Vec<&str> = list.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    if all.len() > MANY {
        all.push("sys/many");
    }
    all.extend(parts);
    all
}

/// A `cargo build` (or another `verb`) for the target, without the arguments that choose the package.
pub fn cargo(toolchain: &Toolchain, target: &Target, verb: &str, manifest: &Path, dir: &Path) -> Command {
    let mut flags = ["-Zunstable-options", "-Cpanic=immediate-abort"].map(String::from).to_vec();
    flags.extend(target.codegen_args());
    flags.extend(target.cfg().map(|name| format!("--cfg={name}")));
    flags.extend(toolchain.link_flags(target));

    let mut cargo = command(&toolchain.cargo);
    cargo.arg(verb).arg("--manifest-path").arg(manifest);
    cargo.arg("--target-dir").arg(dir).args(["--profile", PROFILE]);
    cargo.arg("-Zjson-target-spec").arg("--target").arg(target.spec());
    cargo.arg(format!("-Zbuild-std={STD_CRATES}")).arg(format!("-Zbuild-std-features={STD_FEATURES}"));
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", &toolchain.rustc);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).env("CARGO_TERM_COLOR", "never");
    cargo
}
