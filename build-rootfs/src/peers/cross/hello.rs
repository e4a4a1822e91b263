//! The floor: the size of the smallest C programs.

use super::{strip, Abi, Built, Libc};
use crate::cache::{key, Cache};
use crate::error::{Context, Result};
use crate::process::{command, run};
use crate::progress::Step;
use std::fs;

/// Programs of one file: a name and the C of it.
pub const PROGRAMS: [(&str, &str); 2] = [
    ("true", "int main(void) { return 0; }\n"),
    ("hello", "#include <stdio.h>\nint main(void) { return puts(\"Hello\") < 0; }\n"),
];
const FLAGS: [&str; 4] = ["-Os", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"];

/// The program `name` with the text `source`, always static.
///
/// # Errors
/// There is no compiler, or musl cannot be had.
pub fn build(cache: &Cache, (name, source): (&str, &str), abi: Abi, lto: bool) -> Result<Built> {
    let compiler = abi.compiler(cache)?;
    let mut flags = abi.compile_flags(lto);
    flags.extend(abi.link_flags(lto));
    flags.extend((abi.libc == Libc::Glibc).then_some("-static"));
    flags.extend(FLAGS);
    let key = key([source, &compiler.identity, &flags.join(" ")]);
    let place = cache.entry(&format!("cross-{name}"), &key, |entry| {
        let step = Step::start(format!("{name} in C for ARM"));
        let (file, whole) = (entry.with_extension("c"), entry.with_extension("whole"));
        fs::write(&file, source).context(file.display())?;
        run(command(&compiler.program).args(&flags).arg("-o").arg(&whole).arg(&file), &step)?;
        strip(&whole, &entry.join(name))?;
        step.done();
        Ok(())
    })?;
    Ok(Built { binary: place.join(name), config: None, lto })
}
