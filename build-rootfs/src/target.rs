//! A target: what `targets/NAME/target.toml` says.

use crate::error::{nearest, Context, Error, Result};
use crate::project::Project;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What `boot`, `build` and `test` take when no target is named.
pub const DEFAULT: &str = "armv5te";

/// One target. The fields are the keys of `target.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The folder's name under `targets/`.
    #[serde(skip)]
    pub name: String,
    /// The folder itself.
    #[serde(skip)]
    pub dir: PathBuf,
    /// What kind of machine it is, in a few words.
    pub description: String,
    /// rustc's target specification, a file beside `target.toml`.
    pub spec: String,
    /// The program that runs the target's binaries on the host; none when the host does so itself.
    pub user_emulator: Option<String>,
    /// Arguments for the compiler's code generator, LLVM.
    #[serde(default)]
    pub codegen: Vec<Flag>,
    /// Whether the compiler's assembly text goes through [`compact`].
    #[serde(default)]
    pub compact: bool,
    /// Arguments for the linker.
    pub link: Vec<Flag>,
    /// What `cfg` is set when mote is compiled, by name.
    #[serde(default)]
    pub cfg: Vec<String>,
    /// Ways to link, by name, for targets that have more than one.
    #[serde(default)]
    pub way: BTreeMap<String, Way>,
    /// The one to take.
    pub link_way: Option<String>,
    /// How to build a kernel, for targets that have one.
    pub kernel: Option<Kernel>,
    /// The kernel that Debian has built, for targets that take one.
    pub ready_kernel: Option<ReadyKernel>,
    /// The machine to boot in QEMU, for targets that have one.
    pub machine: Option<Machine>,
    /// Other kernels, and the machines that go with them, by name.
    #[serde(default)]
    pub variant: BTreeMap<String, Variant>,
    /// Debian packages that this target needs beyond the common ones.
    #[serde(default, rename = "package")]
    pub packages: Vec<Package>,
}

/// One way to link: what it has beyond the target's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// What it does, in a few words.
    pub description: String,
    /// As [`Target::cfg`].
    #[serde(default)]
    pub cfg: Vec<String>,
    /// As [`Target::link`].
    pub link: Vec<Flag>,
}

/// One argument of the code generator or the linker, and the reason for it. `{dir}` in it stands for the
/// target's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flag {
    /// The argument.
    pub flag: String,
    /// Why it is there.
    pub why: String,
}

/// How to build the kernel of a target.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Debian's package that holds the source.
    pub source: String,
    /// The kernel's own name of the architecture (`ARCH=`).
    pub arch: String,
    /// The prefix of the cross compiler (`CROSS_COMPILE=`).
    pub cross: String,
    /// Options on top of `tinyconfig`: files beside `target.toml`.
    pub fragments: Vec<String>,
    /// Additional compiler flags (`KCFLAGS=`).
    pub cflags: String,
    /// Changes to the source: files beside `target.toml`.
    #[serde(default)]
    pub patches: Vec<String>,
    /// The device tree's source, a file beside `target.toml`.
    pub device_tree: String,
    /// How it is loaded into RAM, for boards that do so.
    pub uimage: Option<Uimage>,
    /// How it lies in flash, for boards where it runs from there.
    pub flash: Option<Flash>,
}

/// A kernel that QEMU loads into RAM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uimage {
    /// Where the kernel is loaded and entered, a physical address.
    pub load_address: u32,
    /// The virtual address of the same byte.
    pub virtual_address: u32,
}

/// A kernel that runs in place, with everything else of the image behind it. Flash begins at address 0.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flash {
    /// The source of what runs before the kernel, a file beside `target.toml`. It lies at address 0.
    pub stub: String,
    /// Where the kernel lies and is entered.
    pub kernel_address: u32,
    /// Bytes of flash.
    pub size: u32,
    /// Bytes of RAM that the board has: the most that `ram` can say.
    pub ram_size: u32,
}

/// A kernel that Debian has built.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadyKernel {
    /// The package that depends on the newest kernel.
    pub package: String,
}

/// The machine that QEMU shows the kernel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// QEMU's program.
    pub emulator: String,
    /// Its arguments that choose the board.
    pub args: Vec<String>,
    /// RAM when the user says nothing, in QEMU's writing.
    pub ram: String,
    /// The kernel's command line.
    pub cmdline: String,
    /// The network card, as QEMU's option `-nic` takes it.
    #[serde(default = "no_nic")]
    pub nic: String,
}

fn no_nic() -> String {
    "none".to_string()
}

/// What differs for another kernel than the target's usual one. What it does not name stays.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What it is for, in a few words.
    pub description: String,
    /// Options on top of the target's fragments: files beside `target.toml`.
    #[serde(default)]
    pub fragments: Vec<String>,
    /// As [`Kernel::device_tree`].
    pub device_tree: Option<String>,
    /// As [`Machine::ram`].
    pub ram: Option<String>,
    /// As [`Machine::nic`].
    pub nic: Option<String>,
}

/// A Debian package and how to tell that it is there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// A program that it brings.
    pub program: String,
    /// What it is needed for.
    #[serde(rename = "for")]
    pub purpose: Purpose,
}

/// What a package is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Compiling mote.
    Mote,
    /// Building a kernel.
    Kernel,
    /// Running QEMU.
    Boot,
    /// Running the tests.
    Test,
    /// Measuring.
    Bench,
    /// Comparing with the peers.
    Compare,
}

impl Purpose {
    /// As shown to the user.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Mote => "compile mote",
            Purpose::Kernel => "build the kernel",
            Purpose::Boot => "boot in QEMU",
            Purpose::Test => "run the tests",
            Purpose::Bench => "measure",
            Purpose::Compare => "compare with BusyBox and Toybox",
        }
    }
}

impl Target {
    /// Reads the target called `name`.
    ///
    /// # Errors
    /// There is none of that name, or its `target.toml` is wrong.
    pub fn load(project: &Project, name: &str) -> Result<Target> {
        let all = Target::names(project)?;
        if !all.iter().any(|known| known == name) {
            let near = nearest(name, all.iter().map(String::as_str));
            let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            return Err(Error::usage(format!("unknown target `{name}`"))
                .fix(format!("{hint}The targets are: {}", all.join(", "))));
        }
        let dir = project.targets().join(name);
        let file = dir.join("target.toml");
        let text = fs::read_to_string(&file).context(file.display())?;
        let mut target: Target = toml::from_str(&text).context(file.display())?;
        target.name = name.to_string();
        target.dir = dir;
        match target.link_way.clone() {
            Some(way) => target.with_way(&way).map_err(|error| error.within(file.display())),
            None => Ok(target),
        }
    }

    /// The target with the kernel and machine of one of its variants.
    ///
    /// # Errors
    /// There is no variant of that name.
    pub fn with_variant(mut self, name: &str) -> Result<Target> {
        let Some(variant) = self.variant.get(name).cloned() else {
            let known: Vec<&str> = self.variant.keys().map(String::as_str).collect();
            let error = Error::usage(format!("target {}: unknown kernel variant `{name}`", self.name));
            return Err(match nearest(name, known.iter().copied()) {
                Some(near) => error.fix(format!("did you mean `{near}`?")),
                None if known.is_empty() => error.fix("leave it out: this target has one kernel at most"),
                None => error.fix(format!("use one of: {}", known.join(", "))),
            });
        };
        if let Some(kernel) = &mut self.kernel {
            kernel.fragments.extend(variant.fragments);
            kernel.device_tree = variant.device_tree.unwrap_or_else(|| kernel.device_tree.clone());
        }
        if let Some(machine) = &mut self.machine {
            machine.ram = variant.ram.unwrap_or_else(|| machine.ram.clone());
            machine.nic = variant.nic.unwrap_or_else(|| machine.nic.clone());
        }
        Ok(self)
    }

    /// The target with another way to link.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn with_way(mut self, name: &str) -> Result<Target> {
        if !self.way.contains_key(name) {
            let known: Vec<&str> = self.way.keys().map(String::as_str).collect();
            let error = Error::usage(format!("target {}: unknown way to link `{name}`", self.name));
            return Err(match known.is_empty() {
                true => error.fix("leave it out: this target has one way"),
                false => error.fix(format!("use one of: {}", known.join(", "))),
            });
        }
        self.link_way = Some(name.to_string());
        Ok(self)
    }

    fn chosen_way(&self) -> Option<&Way> {
        self.way.get(self.link_way.as_ref()?)
    }

    /// What `cfg` is set when mote is compiled, by name.
    pub fn cfg(&self) -> impl Iterator<Item = &String> {
        self.cfg.iter().chain(self.chosen_way().into_iter().flat_map(|way| &way.cfg))
    }

    /// The target and, if it has some, its way to link: for names of files.
    pub fn full_name(&self) -> String {
        let way = self.link_way.as_ref().map(|way| format!("-{way}"));
        format!("{}{}", self.name, way.unwrap_or_default())
    }

    /// The names of all targets, sorted.
    ///
    /// # Errors
    /// The folder of targets cannot be read.
    pub fn names(project: &Project) -> Result<Vec<String>> {
        let dir = project.targets();
        let mut names = Vec::new();
        for entry in fs::read_dir(&dir).context(dir.display())? {
            let entry = entry.context(dir.display())?;
            if entry.path().join("target.toml").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// rustc's target specification.
    pub fn spec(&self) -> PathBuf {
        self.dir.join(&self.spec)
    }

    /// The arguments of the compiler's code generator, as options of rustc.
    pub fn codegen_args(&self) -> Vec<String> {
        self.codegen.iter().map(|codegen| format!("-Cllvm-args={}", codegen.flag)).collect()
    }

    /// The linker's arguments, ready for use.
    pub fn link_args(&self) -> Vec<String> {
        let dir = self.dir.to_string_lossy();
        let all = self.link.iter().chain(self.chosen_way().into_iter().flat_map(|way| &way.link));
        all.map(|link| link.flag.replace("{dir}", &dir)).collect()
    }

    /// Whether the system lies in flash.
    pub fn is_flash(&self) -> bool {
        self.kernel.as_ref().is_some_and(|kernel| kernel.flash.is_some())
    }

    /// The kernel's description.
    ///
    /// # Errors
    /// The target has none.
    pub fn kernel(&self) -> Result<&Kernel> {
        self.kernel.as_ref().ok_or_else(|| self.lacks("kernel"))
    }

    /// The machine's description.
    ///
    /// # Errors
    /// The target has none.
    pub fn machine(&self) -> Result<&Machine> {
        self.machine.as_ref().ok_or_else(|| self.lacks("machine to boot"))
    }

    /// A file beside `target.toml`.
    pub fn file(&self, name: &str) -> PathBuf {
        Path::new(&self.dir).join(name)
    }

    fn lacks(&self, what: &str) -> Error {
        Error::usage(format!("target {}: it has no {what}", self.name))
            .fix(format!("use a target that has one, such as `{DEFAULT}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_of_the_checkout_is_readable() {
        let project = Project::find().unwrap();
        let names = Target::names(&project).unwrap();
        assert!(names.contains(&DEFAULT.to_string()), "{names:?}");
        for name in names {
            let target = Target::load(&project, &name).unwrap();
            assert!(target.spec().is_file(), "{}", target.spec().display());
            assert!(target.link.iter().all(|link| !link.why.is_empty()));
            for name in target.variant.keys() {
                let variant = target.clone().with_variant(name).unwrap();
                let kernel = variant.kernel().unwrap();
                for file in kernel.fragments.iter().chain([&kernel.device_tree]) {
                    assert!(variant.file(file).is_file(), "{file}");
                }
            }
        }
    }

    #[test]
    fn a_variant_changes_what_it_names() {
        let usual = Target::load(&Project::find().unwrap(), DEFAULT).unwrap();
        let net = usual.clone().with_variant("net").unwrap();
        assert!(net.kernel().unwrap().fragments.starts_with(&usual.kernel().unwrap().fragments));
        assert_ne!(net.kernel().unwrap().device_tree, usual.kernel().unwrap().device_tree);
        assert_eq!(usual.machine().unwrap().nic, "none");
        assert_eq!(net.machine().unwrap().nic, "user,model=smc91c111");
        assert_eq!(net.machine().unwrap().cmdline, usual.machine().unwrap().cmdline);
        let text = usual.with_variant("nett").unwrap_err().to_string();
        assert!(text.contains("armv5te: unknown kernel variant `nett`") && text.contains("`net`"), "{text}");
    }

    #[test]
    fn unknown_target_names_the_nearest() {
        let error = Target::load(&Project::find().unwrap(), "armv5t").unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("unknown target `armv5t`") && text.contains("did you mean `armv5te`"),
            "{text}"
        );
    }
}
