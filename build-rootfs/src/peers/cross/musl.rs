//! musl from Debian's source package, optimised for size, with a compiler that uses it.

use super::gcc::{make, version, Code, CROSS, SYSROOT};
use crate::cache::{key, Cache};
use crate::error::{Context, Result};
use crate::peers::MUSL;
use crate::process::{command, run};
use crate::progress::Step;
use std::fs;
use std::path::{self, PathBuf};

/// Change this when the steps below change.
const RECIPE: &str = "1";
/// The linker script of the compiler, in its folder of libraries.
pub const SCRIPT: &str = "one-segment.ld";
const SCRIPT_TEXT: &str = include_str!("one-segment.ld");
/// The kernel's headers, which are not part of musl.
const HEADERS: [&str; 4] = ["asm", "asm-generic", "linux", "mtd"];

/// musl's compiler flags. By default Debian's compiler makes position-independent code, which is bigger.
pub fn flags(code: Code) -> String {
    format!(
        "-Os -ffunction-sections -fdata-sections -fno-pie -march=armv5te -mfloat-abi=soft {}",
        code.flag()
    )
}

/// The arguments of musl's `configure`, without the prefix.
pub const CONFIGURE: [&str; 4] =
    ["--target=arm-linux-gnueabi", "--disable-shared", "--enable-optimize=size", "--enable-wrapper=gcc"];

/// The compiler that links with musl, and the key of its inputs.
///
/// # Errors
/// musl's source cannot be fetched, or does not compile.
pub fn compiler(cache: &Cache, code: Code) -> Result<(PathBuf, String)> {
    let source = MUSL.tree(cache)?;
    let name = "cross-musl";
    // The compiler's wrapper script contains its final path.
    let dir = path::absolute(cache.dir()).context(cache.dir().display())?;
    let flags = flags(code);
    let key = key([RECIPE, MUSL.sha256, &version()?, &flags, SCRIPT_TEXT, &dir.to_string_lossy()]);
    let prefix = dir.join(format!("{name}-{key}"));
    let place = cache.entry(name, &key, |entry| {
        let step = Step::start(format!("musl for ARM, {}", code.flag()));
        let (tree, root) = (entry.with_extension("tree"), entry.with_extension("root"));
        run(command("cp").arg("-a").arg(&source).arg(&tree), &step)?;
        let mut configure = command("./configure");
        configure.current_dir(&tree).args(CONFIGURE).arg(format!("--prefix={}", prefix.display()));
        configure.arg(format!("CC={CROSS}gcc")).arg(format!("CROSS_COMPILE={CROSS}"));
        run(configure.arg(format!("CFLAGS={flags}")), &step)?;
        make(&tree, &[("DESTDIR", root.display().to_string())], &["install"], &step)?;
        let installed = root.join(prefix.strip_prefix("/").unwrap_or(&prefix));
        fs::remove_dir(entry).context(entry.display())?;
        fs::rename(&installed, entry).context(installed.display())?;
        let script = entry.join("lib").join(SCRIPT);
        fs::write(&script, SCRIPT_TEXT).context(script.display())?;
        for header in HEADERS {
            let link = entry.join("include").join(header);
            let to = PathBuf::from(SYSROOT).join("include").join(header);
            std::os::unix::fs::symlink(to, &link).context(link.display())?;
        }
        step.done();
        Ok(())
    })?;
    Ok((place.join("bin/musl-gcc"), key))
}
