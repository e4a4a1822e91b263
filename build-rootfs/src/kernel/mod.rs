//! The kernel of a target: built in the cache from Debian's source with `tinyconfig` and our fragments, or one that
//! Debian has built.

pub mod config;
pub mod flash;
pub mod modules;
pub mod package;
pub mod source;
pub mod trim;
pub mod uimage;

use crate::cache::{key, require_space, Cache};
use crate::census::layout;
use crate::error::{Context, Error, Result};
use crate::process::{command, output, run, which};
use crate::progress::Step;
use crate::target::{Flash, Kernel, Target, Uimage};
use config::ConfigOption;
use source::Source;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use trim::{trimmed, Trim};

const STUB: &str = "stub.bin";
const MAP: &str = "System.map";
const LAYOUT: &str = "layout";
/// Change this when the steps below change, so that kernels built by older steps are not used.
const RECIPE: &str = "2";
/// The space that an unpacked and built tree takes, in bytes.
const SPACE: u64 = 2_200 << 20;
const PAGE: usize = 4096;
/// ARM's table of system calls.
const TABLE: &str = "arch/arm/tools/syscall.tbl";
/// Folders that our kernels and their configuration do not need: a quarter of the tree.
const UNNEEDED: [&str; 3] = ["drivers/gpu/drm/amd/include", "tools/testing", "tools/perf"];

/// A built kernel.
#[derive(Debug, Clone)]
pub struct Built {
    /// The kernel as QEMU loads it: a uImage, or the file from Debian's package; for flash, only the kernel.
    pub image: PathBuf,
    /// The boot stub, which runs before a kernel in flash.
    pub stub: Option<PathBuf>,
    /// Its configuration.
    pub config: PathBuf,
    /// Its modules with their tables, if it has any: a `lib/modules/RELEASE`.
    pub modules: Option<PathBuf>,
    /// Its symbols with their addresses (`System.map`), if it was built here.
    pub map: Option<PathBuf>,
    /// The table of its structures ([`crate::census::layout`]), if it was built here.
    pub layout: Option<PathBuf>,
    /// The compiler for device trees that its build made.
    dtc: PathBuf,
}

impl Built {
    /// Compiles the device tree `source` to `to`.
    ///
    /// # Errors
    /// There is no compiler for it, or `source` is wrong.
    pub fn device_tree(&self, source: &Path, to: &Path) -> Result<()> {
        let dtc = if self.dtc.is_file() { Some(self.dtc.clone()) } else { which("dtc") };
        let dtc = dtc.ok_or_else(|| {
            Error::new("no dtc: the kernel's configuration has no device trees")
                .fix("install the package device-tree-compiler")
        })?;
        let part = to.with_extension("part");
        output(command(dtc).args(["-q", "-O", "dtb", "-o"]).arg(&part).arg(source))?;
        fs::rename(&part, to).context(to.display())
    }
}

/// The options of the kernel of `target`, and `extra` ones (file name, text) behind them.
///
/// # Errors
/// The target has no kernel to build, or a fragment cannot be read or is wrong.
pub fn options(target: &Target, extra: Option<(&str, &str)>) -> Result<Vec<ConfigOption>> {
    let mut options = Vec::new();
    for name in &target.kernel()?.fragments {
        let file = target.file(name);
        let text = fs::read_to_string(&file).context(file.display())?;
        options.extend(config::parse(&file.display().to_string(), &text)?);
    }
    if let Some((origin, text)) = extra {
        options.extend(config::parse(origin, text)?);
    }
    Ok(options)
}

/// The kernel of `target` with `extra` options (file name, text), from the cache or built. It is built
/// without what `trim` says, but for what `extra` names.
///
/// # Errors
/// The target has no kernel, an option is not taken, a program is missing or fails, or there is no space.
pub fn build(
    cache: &Cache,
    target: &Target,
    extra: Option<(&str, &str)>,
    trim: Option<&Trim>,
) -> Result<Built> {
    if let Some(ready) = &target.ready_kernel {
        if extra.is_some() {
            return Err(built_already(target));
        }
        let package::Package { image, config, modules } = package::fetch(cache, &ready.package)?;
        let dtc = PathBuf::new();
        return Ok(Built { image, stub: None, config, modules: Some(modules), map: None, layout: None, dtc });
    }
    let kernel = target.kernel()?;
    let mut options = options(target, None)?;
    options.extend(trim.map(|trim| trim.options.clone()).unwrap_or_default());
    if let Some((origin, text)) = extra {
        options.extend(config::parse(origin, text)?);
    }
    let calls = trim.and_then(|trim| trim.calls.as_ref());
    let source = source::fetch(cache, &kernel.source)?;
    let read = |name: &String| read(&target.file(name));
    let patches = kernel.patches.iter().map(read).collect::<Result<Vec<_>>>()?;
    let stub = kernel.flash.as_ref().map(|flash| read(&flash.stub)).transpose()?;
    let recipe = Recipe { kernel, options, source, patches, stub, calls };
    let place = cache.entry(&format!("kernel-{}", target.name), &recipe.key()?, |entry| {
        let step = Step::start(match &target.kernel_variant {
            Some(variant) => format!("kernel {variant} for {}", target.name),
            None => format!("kernel for {}", target.name),
        });
        recipe.make(entry, &step)?;
        step.done();
        Ok(())
    })?;
    let stub = kernel.flash.as_ref().map(|_| place.join(STUB));
    let image = place.join(kernel.flash.as_ref().map_or("uImage", image_name));
    let file = |name| place.join(name);
    let (map, layout) = (Some(file(MAP)), Some(file(LAYOUT)));
    Ok(Built { image, stub, config: file("config"), modules: None, map, layout, dtc: file("dtc") })
}

/// The kernel's own name of the image for a board with flash.
fn image_name(flash: &Flash) -> &'static str {
    if flash.in_place() {
        "xipImage"
    } else {
        "Image"
    }
}

/// The error when options are given for a kernel that Debian has built.
pub fn built_already(target: &Target) -> Error {
    Error::new(format!("the kernel of {} is built already: its options cannot be changed", target.name))
        .fix("remove `config`, or use a target whose kernel is built here, such as `armv5te`")
}

/// All inputs of a kernel build, except for the compiler.
struct Recipe<'a> {
    kernel: &'a Kernel,
    options: Vec<ConfigOption>,
    source: Source,
    /// The texts of the patches.
    patches: Vec<String>,
    /// The text of the stub.
    stub: Option<String>,
    /// The system calls that the kernel's table keeps, if not all.
    calls: Option<&'a BTreeSet<String>>,
}

impl Recipe<'_> {
    fn key(&self) -> Result<String> {
        let kernel = self.kernel;
        let compiler = output(command(format!("{}gcc", kernel.cross)).arg("--version"))?;
        let options = config::as_config(&self.options);
        let addresses = kernel.uimage.as_ref().map(|u| format!("{} {}", u.load_address, u.virtual_address));
        let mut parts = vec![RECIPE, &self.source.identity, &options, &kernel.arch, &kernel.cflags];
        parts.extend(addresses.as_deref());
        let layout = layout::source();
        parts.push(&layout);
        let in_ram = kernel.flash.as_ref().filter(|flash| !flash.in_place());
        let in_ram = in_ram.map(|flash| format!("in RAM at {}", flash.kernel_address));
        parts.extend(in_ram.as_deref());
        parts.extend(self.patches.iter().chain(&self.stub).map(String::as_str));
        let calls = self.calls.map(|calls| calls.iter().cloned().collect::<Vec<_>>().join(" "));
        parts.extend(calls.as_deref());
        parts.push(compiler.lines().next().unwrap_or_default());
        Ok(key(parts))
    }

    fn make(&self, entry: &Path, step: &Step) -> Result<()> {
        let tree = entry.with_extension("tree");
        fs::create_dir(&tree).context(tree.display())?;
        require_space(&tree, SPACE, "building a kernel")?;
        step.line("unpacking the source");
        let mut tar = command("tar");
        tar.arg("-C")
            .arg(&tree)
            .arg("--strip-components=1")
            .args(UNNEEDED.map(|dir| format!("--exclude={dir}")));
        run(tar.env("XZ_OPT", "-T0").arg("-xf").arg(&self.source.archive), step)?;
        for patch in &self.patches {
            apply(patch, &tree)?;
        }
        if let Some(calls) = self.calls {
            let file = tree.join(TABLE);
            fs::write(&file, trimmed(&read(&file)?, calls)).context(file.display())?;
        }
        self.configure(&tree, step)?;
        match (&self.kernel.uimage, &self.kernel.flash) {
            (Some(uimage), _) => self.make_uimage(uimage, &tree, entry, step)?,
            (None, Some(flash)) => self.make_for_flash(flash, &tree, entry, step)?,
            (None, None) => return Err(Error::new("the target does not say how its kernel is loaded")),
        }
        fs::copy(tree.join(".config"), entry.join("config")).context(entry.display())?;
        fs::copy(tree.join(MAP), entry.join(MAP)).context(entry.display())?;
        fs::write(entry.join(LAYOUT), self.layout(&tree, step)?).context(entry.display())?;
        let dtc = tree.join("scripts/dtc/dtc");
        if dtc.is_file() {
            fs::copy(&dtc, entry.join("dtc")).context(entry.display())?;
        }
        Ok(())
    }

    fn make_uimage(&self, uimage: &Uimage, tree: &Path, entry: &Path, step: &Step) -> Result<()> {
        let image = self.make_image("Image", tree, step)?;
        let size = size_in_memory(&read(&tree.join(MAP))?, uimage.virtual_address)?;
        let wrapped = uimage::wrap(&image, size, uimage.load_address);
        fs::write(entry.join("uImage"), wrapped).context(entry.display())
    }

    fn make_for_flash(&self, flash: &Flash, tree: &Path, entry: &Path, step: &Step) -> Result<()> {
        let name = image_name(flash);
        let mut image = self.make_image(name, tree, step)?;
        if !flash.in_place() {
            // The parts after it must not overlap its .bss.
            let size = size_in_memory(&read(&tree.join(MAP))?, flash.kernel_address)?;
            image.resize(size.max(image.len()), 0);
        }
        fs::write(entry.join(name), image).context(entry.display())?;
        let (source, object) = (tree.join("stub.S"), tree.join("stub.o"));
        fs::write(&source, self.stub.as_deref().unwrap_or_default()).context(source.display())?;
        let tool = |name: &str| command(format!("{}{name}", self.kernel.cross));
        output(tool("as").arg("-o").arg(&object).arg(&source))?;
        output(tool("objcopy").args(["-O", "binary"]).arg(&object).arg(entry.join(STUB)))?;
        Ok(())
    }

    /// Makes one of the kernel's images and reads it.
    fn make_image(&self, name: &str, tree: &Path, step: &Step) -> Result<Vec<u8>> {
        let jobs = thread::available_parallelism().map_or(1, usize::from);
        run(self.make_command(tree).arg(format!("-j{jobs}")).arg(name), step)?;
        let image = tree.join("arch").join(&self.kernel.arch).join("boot").join(name);
        fs::read(&image).context(image.display())
    }

    /// The table of the kernel's structures. The image is made already: nothing of this is in it.
    fn layout(&self, tree: &Path, step: &Step) -> Result<Vec<u8>> {
        let source = tree.join(format!("{}.c", layout::SOURCE));
        fs::write(&source, layout::source()).context(source.display())?;
        // make knows only objects that are named.
        let makefile = tree.join("mm/Makefile");
        fs::write(&makefile, read(&makefile)? + "targets += mote_layout.o\n").context(makefile.display())?;
        let object = format!("{}.o", layout::SOURCE);
        run(self.make_command(tree).arg(&object), step)?;
        layout::table(&tree.join(object))
    }

    fn configure(&self, tree: &Path, step: &Step) -> Result<()> {
        run(self.make_command(tree).arg("tinyconfig"), step)?;
        let file = tree.join(".config");
        let config = read(&file)? + &config::as_config(&self.options);
        fs::write(&file, config).context(file.display())?;
        run(self.make_command(tree).arg("olddefconfig"), step)?;
        config::check(&self.options, &read(&file)?)
    }

    fn make_command(&self, tree: &Path) -> Command {
        let mut make = command("make");
        make.arg("-C").arg(tree).arg(format!("ARCH={}", self.kernel.arch));
        make.arg(format!("CROSS_COMPILE={}", self.kernel.cross));
        make.arg(format!("KCFLAGS={}", self.kernel.cflags));
        // The build must not depend on the user, the host or the time.
        make.env("KBUILD_BUILD_TIMESTAMP", "1970-01-01").env("KBUILD_BUILD_USER", "mote");
        make.env("KBUILD_BUILD_HOST", "mote").env("KBUILD_BUILD_VERSION", "1");
        make
    }
}

/// Applies a patch to the source.
fn apply(patch: &str, tree: &Path) -> Result<()> {
    let file = tree.join("mote.patch");
    fs::write(&file, patch).context(file.display())?;
    let mut git = command("git");
    // A git repository around the cache must not change the meaning of the patch's paths.
    git.env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap_or(tree));
    output(git.arg("-C").arg(tree).arg("apply").arg(&file))?;
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).context(file.display())
}

/// The size of the kernel in memory, from its first byte to the end of its `.bss`, in whole pages.
fn size_in_memory(map: &str, start: u32) -> Result<usize> {
    let line = map.lines().find(|line| line.ends_with(" _end"));
    let end = line.and_then(|line| u32::from_str_radix(line.split(' ').next()?, 16).ok());
    let size = end.and_then(|end| end.checked_sub(start)).map(|size| size as usize);
    size.map(|size| size.next_multiple_of(PAGE))
        .ok_or_else(|| Error::new("System.map: the symbol _end is missing or below the kernel's start"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_reaches_to_the_end_of_bss() {
        let map = "c0008000 T _text\nc0144f10 B weekend_end\nc0145090 B _end\n";
        assert_eq!(size_in_memory(map, 0xc000_8000).unwrap(), 0x13e000);
        assert!(size_in_memory("c0008000 T _text\n", 0xc000_8000).is_err());
        assert!(size_in_memory(map, 0xd000_0000).is_err());
    }
}
