//! A target, from `targets/NAME/target.toml`.

use crate::config::Root;
use crate::error::{nearest, Context, Error, Result};
use crate::project::Project;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The target of commands when the user names none.
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
    /// Kernel and machine of the file, before a variant and a board are applied.
    #[serde(skip)]
    plain: Option<(Option<Kernel>, Option<Machine>)>,
    /// A short description of the machine.
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
    /// The names of the `cfg` options that are set when mote is compiled.
    #[serde(default)]
    pub cfg: Vec<String>,
    /// Ways to link, by name, for targets that have more than one.
    #[serde(default)]
    pub way: BTreeMap<String, Way>,
    /// The chosen one.
    pub link_way: Option<String>,
    /// How to build a kernel, for targets that have one.
    pub kernel: Option<Kernel>,
    /// The kernel that Debian has built, for targets that take one.
    pub ready_kernel: Option<ReadyKernel>,
    /// The machine to boot in QEMU, for targets that have one.
    pub machine: Option<Machine>,
    /// Kernels, and the machines that go with them, by name.
    #[serde(default)]
    pub variant: BTreeMap<String, Variant>,
    /// The chosen one, if all of them have names.
    pub kernel_variant: Option<String>,
    /// Boards, by name, for targets whose system runs on more than one.
    #[serde(default)]
    pub board: BTreeMap<String, Board>,
    /// The chosen one.
    pub machine_board: Option<String>,
    /// Debian packages that this target needs beyond the common ones.
    #[serde(default, rename = "package")]
    pub packages: Vec<Package>,
}

/// A way to link, in addition to the target's own arguments.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    /// A short description.
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
    /// Its place in flash, for boards where it runs from there.
    pub flash: Option<Flash>,
    /// Where its root file system may be; the first one is the default.
    #[serde(default = "in_ram")]
    pub roots: Vec<Root>,
    /// Whether what nothing in the image can reach is left out ([`crate::fitted`]).
    #[serde(default)]
    pub fitted: bool,
}

fn in_ram() -> Vec<Root> {
    vec![Root::Initramfs]
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

/// A board without a boot loader: a stub, the kernel and everything else of the image lie in memory when it begins.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flash {
    /// The source of the boot stub, a file beside `target.toml`. It is at the beginning of flash.
    pub stub: String,
    /// The physical address of flash.
    #[serde(default)]
    pub address: u32,
    /// The address and entry of the kernel, in flash or in RAM.
    pub kernel_address: u32,
    /// Bytes of flash.
    pub size: u32,
    /// The root file system begins at a multiple of this. A kernel with an MMU maps flash by sections, of 1 or 2 MiB,
    /// where they fit: then it needs no page tables for it.
    #[serde(default = "page")]
    pub root_align: u32,
    /// Whether QEMU's option `-m` sets the board's RAM, and its generic loader brings in the file: `-kernel` refuses
    /// an ELF file that is larger than RAM, although it lies in flash.
    #[serde(default)]
    pub any_ram: bool,
    /// The board's RAM. It is used in this order.
    #[serde(default)]
    pub ram: Vec<Bank>,
}

fn page() -> u32 {
    4096
}

/// A contiguous range of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    /// Its address.
    pub address: u32,
    /// Its size in bytes.
    pub size: u32,
}

impl Flash {
    /// Whether the kernel runs in flash, and not in RAM.
    pub fn in_place(&self) -> bool {
        self.holds(self.kernel_address)
    }

    /// Whether `address` is in flash.
    pub fn holds(&self, address: u32) -> bool {
        address.checked_sub(self.address).is_some_and(|offset| offset < self.size)
    }

    /// The board's RAM in bytes: the maximum for `ram`.
    pub fn ram_size(&self) -> u64 {
        self.ram.iter().map(|bank| u64::from(bank.size)).sum()
    }

    /// The board's first `bytes` of RAM.
    pub fn banks(&self, mut bytes: u64) -> Vec<Bank> {
        let mut banks = Vec::new();
        for bank in &self.ram {
            let size = bytes.min(u64::from(bank.size)) as u32;
            bytes -= u64::from(size);
            banks.extend((size > 0).then_some(Bank { size, ..*bank }));
        }
        banks
    }
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
    /// The default RAM, in QEMU's notation.
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

/// A board that the target's system runs on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// A short description.
    pub description: String,
    /// Added after [`Machine::args`].
    pub args: Vec<String>,
    /// As [`Flash::ram`].
    pub ram: Vec<Bank>,
}

/// The differences of another kernel from the target's default one. Missing fields stay as they are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// A short description of its use.
    pub description: String,
    /// Options on top of the target's fragments: files beside `target.toml`.
    #[serde(default)]
    pub fragments: Vec<String>,
    /// As [`Kernel::patches`], behind the target's own.
    #[serde(default)]
    pub patches: Vec<String>,
    /// As [`Kernel::device_tree`].
    pub device_tree: Option<String>,
    /// As [`Kernel::flash`], in place of [`Kernel::uimage`].
    pub flash: Option<Flash>,
    /// As [`Kernel::roots`].
    pub roots: Option<Vec<Root>>,
    /// As [`Kernel::fitted`].
    #[serde(default)]
    pub fitted: bool,
    /// As [`Kernel::cflags`], behind the target's own.
    #[serde(default)]
    pub cflags: String,
    /// As [`Machine::cmdline`], behind the target's own.
    #[serde(default)]
    pub cmdline: String,
    /// As [`Flash::kernel_address`].
    pub kernel_address: Option<u32>,
    /// As [`Machine::ram`].
    pub ram: Option<String>,
    /// As [`Machine::nic`].
    pub nic: Option<String>,
}

/// A Debian package, and how to find out whether it is installed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// A program that it brings.
    pub program: String,
    /// Its purpose.
    #[serde(rename = "for")]
    pub purpose: Purpose,
}

/// The purpose of a package.
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
        target.usual().map_err(|error| error.within(file.display()))
    }

    /// The target with the default variant and board.
    fn usual(mut self) -> Result<Target> {
        self.plain = Some((self.kernel.clone(), self.machine.clone()));
        let (way, variant, board) =
            (self.link_way.clone(), self.kernel_variant.clone(), self.machine_board.clone());
        if let Some(way) = way {
            self = self.with_way(&way)?;
        }
        self.choose(variant.as_deref(), board.as_deref())
    }

    /// The target with the kernel and machine of one of its variants.
    ///
    /// # Errors
    /// There is no variant of that name.
    pub fn with_variant(self, name: &str) -> Result<Target> {
        let board = self.machine_board.clone();
        self.choose(Some(name), board.as_deref())
    }

    /// The target with another board.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn with_board(self, name: &str) -> Result<Target> {
        let variant = self.kernel_variant.clone();
        self.choose(variant.as_deref(), Some(name))
    }

    fn choose(mut self, variant: Option<&str>, board: Option<&str>) -> Result<Target> {
        if let Some((kernel, machine)) = self.plain.clone() {
            (self.kernel, self.machine) = (kernel, machine);
        }
        if let Some(name) = variant {
            let missing = "leave it out: this target has one kernel at most";
            let chosen = self.named(&self.variant, "kernel variant", missing, name)?.clone();
            self.take_variant(chosen);
        }
        if let Some(name) = board {
            let missing = "leave it out: this target has one machine at most";
            let chosen = self.named(&self.board, "board", missing, name)?.clone();
            self.take_board(chosen);
        }
        self.kernel_variant = variant.map(str::to_string);
        self.machine_board = board.map(str::to_string);
        Ok(self)
    }

    fn take_variant(&mut self, variant: Variant) {
        if let Some(kernel) = &mut self.kernel {
            kernel.fragments.extend(variant.fragments);
            kernel.patches.extend(variant.patches);
            kernel.roots = variant.roots.unwrap_or_else(|| kernel.roots.clone());
            kernel.fitted |= variant.fitted;
            add_words(&mut kernel.cflags, &variant.cflags);
            if variant.flash.is_some() {
                (kernel.flash, kernel.uimage) = (variant.flash, None);
            }
            kernel.device_tree = variant.device_tree.unwrap_or_else(|| kernel.device_tree.clone());
            if let (Some(flash), Some(address)) = (&mut kernel.flash, variant.kernel_address) {
                flash.kernel_address = address;
            }
        }
        if let Some(machine) = &mut self.machine {
            machine.ram = variant.ram.unwrap_or_else(|| machine.ram.clone());
            add_words(&mut machine.cmdline, &variant.cmdline);
            machine.nic = variant.nic.unwrap_or_else(|| machine.nic.clone());
        }
    }

    fn take_board(&mut self, board: Board) {
        if let Some(flash) = self.kernel.as_mut().and_then(|kernel| kernel.flash.as_mut()) {
            flash.ram = board.ram;
        }
        if let Some(machine) = &mut self.machine {
            machine.args.extend(board.args);
        }
    }

    /// The item of `all` with this name.
    fn named<'a, T>(
        &self,
        all: &'a BTreeMap<String, T>,
        what: &str,
        missing: &str,
        name: &str,
    ) -> Result<&'a T> {
        all.get(name).ok_or_else(|| {
            let known: Vec<&str> = all.keys().map(String::as_str).collect();
            let error = Error::usage(format!("target {}: unknown {what} `{name}`", self.name));
            if known.is_empty() {
                return error.fix(missing);
            }
            let near = nearest(name, known.iter().copied());
            let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            error.fix(format!("{hint}The {what}s are: {}", known.join(", ")))
        })
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

    /// The names of the `cfg` options that are set when mote is compiled.
    pub fn cfg(&self) -> impl Iterator<Item = &String> {
        self.cfg.iter().chain(self.chosen_way().into_iter().flat_map(|way| &way.cfg))
    }

    /// The target and, if they have names, its kernel and its board: for the user.
    pub fn system_name(&self) -> String {
        let more: Vec<&str> =
            [&self.kernel_variant, &self.machine_board].into_iter().flatten().map(String::as_str).collect();
        if more.is_empty() {
            return self.name.clone();
        }
        format!("{} ({})", self.name, more.join(", "))
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

    /// Where the root file system may be; the first one is the default.
    pub fn roots(&self) -> &[Root] {
        self.kernel.as_ref().map_or(&[Root::Initramfs], |kernel| &kernel.roots)
    }

    /// Whether the system is in flash.
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

/// Appends the words of `more` to a line of words.
fn add_words(line: &mut String, more: &str) {
    if !more.is_empty() {
        *line += " ";
        *line += more;
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
                for file in kernel.fragments.iter().chain(&kernel.patches).chain([&kernel.device_tree]) {
                    assert!(variant.file(file).is_file(), "{file}");
                }
            }
            for name in target.board.keys() {
                let board = target.clone().with_board(name).unwrap();
                assert!(board.kernel().unwrap().flash.as_ref().unwrap().ram_size() > 0, "{name}");
            }
        }
    }

    #[test]
    fn a_variant_changes_what_it_names() {
        let usual = Target::load(&Project::find().unwrap(), DEFAULT).unwrap();
        let net = usual.clone().with_variant("net").unwrap();
        let fragments = |target: &Target| target.kernel().unwrap().fragments.clone();
        let common = &fragments(&usual)[..1];
        assert!(fragments(&net).starts_with(common) && fragments(&net) != fragments(&usual));
        assert_ne!(net.kernel().unwrap().device_tree, usual.kernel().unwrap().device_tree);
        assert_eq!(usual.machine().unwrap().nic, "none");
        assert_eq!(net.machine().unwrap().nic, "user,model=smc91c111");
        assert!(usual.machine().unwrap().cmdline.starts_with(&net.machine().unwrap().cmdline));
        let text = usual.with_variant("nett").unwrap_err().to_string();
        assert!(text.contains("armv5te: unknown kernel variant `nett`") && text.contains("`net`"), "{text}");
    }

    #[test]
    fn kernel_and_board_are_chosen_by_themselves() {
        let usual = Target::load(&Project::find().unwrap(), "thumbv7em").unwrap();
        let parts = |target: &Target| {
            let flash = target.kernel().unwrap().flash.clone().unwrap();
            (flash.in_place(), flash.ram_size(), target.machine().unwrap().args.last().unwrap().clone())
        };
        assert_eq!(parts(&usual), (true, 20 << 20, "mps2-an386".to_string()));
        let ram = usual.clone().with_variant("ram").unwrap();
        assert_eq!(parts(&ram), (false, 20 << 20, "mps2-an386".to_string()));
        let other = ram.with_board("mps2-an500").unwrap();
        assert_eq!(parts(&other), (false, 4 << 20, "mps2-an500".to_string()));
        assert_eq!(parts(&other.with_variant("xip").unwrap()), (true, 4 << 20, "mps2-an500".to_string()));
        assert_eq!(usual.system_name(), "thumbv7em (xip, mps2-an386)");
        let text = usual.with_board("versatilepb").unwrap_err().to_string();
        assert!(text.contains("thumbv7em: unknown board `versatilepb`"), "{text}");
        assert!(text.contains("The boards are: mps2-an385, mps2-an386, mps2-an500"), "{text}");
    }

    #[test]
    fn memory_is_taken_bank_by_bank() {
        let bank = |address, size| Bank { address, size };
        let ram = vec![bank(0x2000, 0x100), bank(0x4000, 0x1000)];
        let toml = "stub = 'stub.S'\nkernel_address = 0x100\nsize = 0x1000";
        let flash = Flash { ram, ..toml::from_str(toml).unwrap() };
        assert_eq!(flash.ram_size(), 0x1100);
        assert_eq!(flash.banks(0x80), [bank(0x2000, 0x80)]);
        assert_eq!(flash.banks(0x100), [bank(0x2000, 0x100)]);
        assert_eq!(flash.banks(0x180), [bank(0x2000, 0x100), bank(0x4000, 0x80)]);
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
