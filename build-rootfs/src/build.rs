//! Builds the files of `target/rootfs/TARGET/` from the options.

use crate::applets::{Catalogue, DEFAULT_SET};
use crate::apply::apply;
use crate::cache::{write_atomically, Cache};
use crate::compile::{compile, Binary};
use crate::config::{Compression, Config, Modules, Root};
use crate::cpio::{Entry, Kind};
use crate::error::{Context, Error, Result};
use crate::fitted::{Facts, Fit, Rules};
use crate::image::{Image, MOTE};
use crate::kernel::{self, flash::Parts, modules::Tables};
use crate::ledger::Sections;
use crate::project::Project;
use crate::qemu;
use crate::syscalls::{self, Programs, Reach};
use crate::target::{Target, DEFAULT};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Value};

/// The options of the command line. For an option that is missing, the file or else the default counts.
#[derive(Debug, Default, Clone)]
pub struct Options {
    /// The target's name.
    pub target: Option<String>,
    /// A comma list of applets and sets.
    pub applets: Option<String>,
    /// A `rootfs.toml`.
    pub config: Option<PathBuf>,
    /// The folder for the results.
    pub out: Option<PathBuf>,
    /// RAM, in QEMU's notation.
    pub ram: Option<String>,
    /// The name of a way to link.
    pub link: Option<String>,
    /// Where the root file system is.
    pub root: Option<Root>,
    /// The name of one of the target's kernels.
    pub kernel: Option<String>,
    /// The name of one of the target's boards.
    pub board: Option<String>,
}

/// Options, checked and completed.
#[derive(Debug)]
pub struct Plan {
    /// The target.
    pub target: Target,
    /// Applets by name, sorted.
    pub applets: Vec<String>,
    /// The description of the image.
    pub config: Config,
    /// The folder for the results.
    pub out: PathBuf,
    /// RAM, in QEMU's notation.
    pub ram: Option<String>,
    /// Where the root file system is.
    pub root: Root,
    /// The options of the command line.
    given: Options,
    catalogue: Catalogue,
}

/// The files that a build wrote.
#[derive(Debug, Clone)]
pub struct Outputs {
    /// The folder of all.
    pub dir: PathBuf,
    /// The stripped binary.
    pub mote: PathBuf,
    /// The same with symbols.
    pub twin: PathBuf,
    /// The root file system: an initramfs, or a romfs.
    pub initramfs: PathBuf,
    /// What QEMU needs, for targets that boot.
    pub system: Option<qemu::System>,
}

impl Plan {
    /// Checks and completes the options.
    ///
    /// # Errors
    /// An option, or something in the file, is unknown or wrong.
    pub fn new(project: &Project, options: &Options) -> Result<Plan> {
        let config = match &options.config {
            Some(file) => Config::load(file)?,
            None => Config::default(),
        };
        let target = match (&options.target, &config.target) {
            (Some(name), _) => Target::load(project, name)?,
            (None, Some(name)) => {
                config.place.with_location(&name.span(), Target::load(project, name.get_ref()))?
            }
            (None, None) => Target::load(project, DEFAULT)?,
        };
        let target = match (&options.kernel, &config.kernel.variant) {
            (Some(name), _) => target.with_variant(name)?,
            (None, Some(name)) => {
                config.place.with_location(&name.span(), target.with_variant(name.get_ref()))?
            }
            (None, None) => target,
        };
        let target = match (&options.board, &config.board) {
            (Some(name), _) => target.with_board(name)?,
            (None, Some(name)) => {
                config.place.with_location(&name.span(), target.with_board(name.get_ref()))?
            }
            (None, None) => target,
        };
        let target = match &options.link {
            Some(way) => target.with_way(way)?,
            None => target,
        };
        if let (Some(line), Some(_)) = (config.kernel.config.first(), &target.ready_kernel) {
            return config.place.with_location(&line.span(), Err(kernel::built_already(&target)));
        }
        let catalogue = Catalogue::load(project)?;
        let applets = match (&options.applets, &config.applets) {
            (Some(list), _) => catalogue.resolve(list)?,
            (None, Some(list)) => {
                config.place.with_location(&list.span(), catalogue.resolve(&list.get_ref().list()))?
            }
            (None, None) => catalogue.resolve(DEFAULT_SET)?,
        };
        let ram = match (&options.ram, &config.ram) {
            (Some(ram), _) => Some(ram_of(&target, ram)?),
            (None, Some(ram)) => {
                Some(config.place.with_location(&ram.span(), ram_of(&target, ram.get_ref()))?)
            }
            (None, None) => target.machine.as_ref().map(|machine| machine.ram.clone()),
        };
        let root = match (options.root, &config.root) {
            (Some(root), _) => fits(&target, root)?,
            (None, Some(root)) => config.place.with_location(&root.span(), fits(&target, *root.get_ref()))?,
            (None, None) => target.roots()[0],
        };
        if config.compression == Compression::Gzip && target.is_flash() {
            let error = Error::new(format!(
                "compression gzip: the kernel of {} reads what lies in flash",
                target.name
            ));
            return Err(error.fix("remove the line: `compression = \"none\"` is the default"));
        }
        let out = options.out.clone().unwrap_or_else(|| project.out().join(&target.name));
        Ok(Plan { target, applets, config, out, ram, root, given: options.clone(), catalogue })
    }

    /// What the programs of the image can ask of the kernel. Compiles mote into the folder `out`.
    ///
    /// # Errors
    /// Mote cannot be compiled, or the image lacks what a program in it needs.
    pub fn reach(&self, project: &Project, out: &Path) -> Result<Reach> {
        let programs = self.programs()?;
        let binary = compile(project, &self.target, &self.applets, out)?;
        self.reach_of(&binary, programs)
    }

    fn is_fitted(&self) -> bool {
        self.target.kernel.as_ref().is_some_and(|kernel| kernel.fitted)
    }

    /// How the kernel is made to fit the image, if it is; compiles mote into the folder `out` for that.
    ///
    /// # Errors
    /// As [`Plan::reach`]; or the image wants what the kernel lacks.
    pub fn fit(&self, project: &Project, out: &Path) -> Result<Option<Fit>> {
        if !self.is_fitted() {
            return Ok(None);
        }
        let programs = self.programs()?;
        let binary = compile(project, &self.target, &self.applets, out)?;
        let image = self.image(fs::read(&binary.file).context(binary.file.display())?)?;
        self.fit_of(project, &binary, programs, &image)
    }

    /// As [`Plan::fit`], for the image around the binary.
    fn fit_of(
        &self,
        project: &Project,
        binary: &Binary,
        programs: Programs,
        image: &Image,
    ) -> Result<Option<Fit>> {
        if !self.is_fitted() {
            return Ok(None);
        }
        let rules = Rules::load(&project.targets())?;
        let extra = self.kernel_options();
        let base = kernel::options(&self.target, extra.as_ref().map(|x| (x.0.as_str(), x.1.as_str())))?;
        let reach = self.reach_of(binary, programs)?;
        let facts = Facts::new(image, self.root, self.config.compression);
        let fit = Fit::new(&rules, &base, &reach, &facts);
        fit.check(&rules, &reach, &facts)?;
        Ok(Some(fit))
    }

    /// The programs in the image beside mote.
    ///
    /// # Errors
    /// One of them needs a file that the image lacks.
    fn programs(&self) -> Result<Programs> {
        Programs::find(&self.image(Vec::new())?, &self.config)
    }

    fn reach_of(&self, binary: &Binary, others: Programs) -> Result<Reach> {
        let applets = syscalls::of_applets(&binary.ir, &self.catalogue, &self.applets)?;
        Ok(Reach::new(applets, others))
    }

    /// Builds everything and writes it.
    ///
    /// # Errors
    /// A step failed. Files that were not finished are as they were before.
    pub fn build(&self, project: &Project) -> Result<Outputs> {
        fs::create_dir_all(&self.out).context(self.out.display())?;
        let out = fs::canonicalize(&self.out).context(self.out.display())?;
        let programs = self.programs()?;
        let modules = self.modules()?;
        let binary = compile(project, &self.target, &self.applets, &out)?;
        let mote = fs::read(&binary.file).context(binary.file.display())?;
        let mut image = self.image(mote)?;
        for (path, content) in modules {
            // A path that the file describes itself stays as it is.
            if !image.has(&path) {
                image.put(&path, Entry::new(Kind::File(content), 0o644))?;
            }
        }
        let initramfs = match self.root {
            Root::Initramfs => write_initramfs(&out, &image, self.config.compression)?,
            root => {
                let file = out.join(format!("root.{}", root.name()));
                write_atomically(&file, &image.in_flash(root)?, 0o644)?;
                file
            }
        };
        let fit = self.fit_of(project, &binary, programs, &image)?;
        let system = match &self.target.machine {
            Some(_) => Some(self.system(&out, &initramfs, &image, fit.as_ref())?),
            None => None,
        };
        let outputs = Outputs { dir: out, mote: binary.file, twin: binary.twin, initramfs, system };
        self.describe(&outputs)?;
        Ok(outputs)
    }

    /// The root file system around the binary `mote`.
    ///
    /// # Errors
    /// The file does not fit the image.
    pub fn image(&self, mote: Vec<u8>) -> Result<Image> {
        let mut image = Image::base(mote, &self.catalogue, &self.applets)?;
        apply(&self.config, &mut image)?;
        // In an initramfs a symbolic link takes a page of RAM.
        image.link_hard(MOTE);
        Ok(image)
    }

    fn system(&self, out: &Path, initramfs: &Path, image: &Image, fit: Option<&Fit>) -> Result<qemu::System> {
        let machine = self.target.machine()?;
        let built = self.fitting(fit)?;
        if let Some(fit) = fit {
            write_atomically(&out.join("kernel.why"), fit.explain().as_bytes(), 0o644)?;
        }
        let flash = self.target.kernel.as_ref().and_then(|kernel| Some((kernel, kernel.flash.as_ref()?)));
        let flash = flash.map(|(kernel, flash)| Parts {
            built: built.clone(),
            flash: flash.clone(),
            device_tree: self.target.file(&kernel.device_tree),
        });
        let name = built.image.file_name().unwrap_or_default();
        let kernel = out.join(if flash.is_some() { "system.elf".as_ref() } else { name });
        let copied = (&built.image, &kernel);
        for (from, to) in
            [(&built.config, &out.join("kernel.config"))].into_iter().chain(flash.is_none().then_some(copied))
        {
            write_atomically(to, &fs::read(from).context(from.display())?, 0o644)?;
        }
        let device_tree = match &self.target.kernel {
            Some(kernel) if flash.is_none() => {
                let file = out.join("dtb");
                built.device_tree(&self.target.file(&kernel.device_tree), &file)?;
                Some(file)
            }
            _ => None,
        };
        let mut cmdline = machine.cmdline.clone();
        if let Some(more) = &self.config.kernel.cmdline {
            cmdline = format!("{cmdline} {more}");
        }
        let system = qemu::System {
            emulator: machine.emulator.clone(),
            machine: machine.args.clone(),
            nic: machine.nic.clone(),
            ram: self.ram.clone().unwrap_or_else(|| machine.ram.clone()),
            kernel,
            flash,
            device_tree,
            initramfs: initramfs.to_path_buf(),
            root: self.root,
            cmdline,
            first_program: image.first_program()?.map(str::to_string),
        };
        system.link(&[])?;
        system.check()?;
        write_atomically(&out.join("run-qemu.sh"), system.script().as_bytes(), 0o755)?;
        Ok(system)
    }

    fn kernel_options(&self) -> Option<(String, String)> {
        let lines = &self.config.kernel.config;
        let text: String = lines.iter().map(|line| format!("{}\n", line.get_ref())).collect();
        (!lines.is_empty()).then(|| ("[kernel] config".to_string(), text))
    }

    /// Builds only the kernel; and compiles mote, if it is a kernel for this image.
    ///
    /// # Errors
    /// As [`Plan::fit`] and [`kernel::build`].
    pub fn kernel(&self) -> Result<kernel::Built> {
        let scratch = tempfile::tempdir().context("a temporary folder")?;
        let fit = match self.is_fitted() {
            true => self.fit(&Project::find()?, scratch.path())?,
            false => None,
        };
        self.fitting(fit.as_ref())
    }

    /// The kernel, made to fit by `fit` if it is one for this image.
    fn fitting(&self, fit: Option<&Fit>) -> Result<kernel::Built> {
        let options = self.kernel_options();
        let options = options.as_ref().map(|x| (x.0.as_str(), x.1.as_str()));
        kernel::build(&Cache::open()?, &self.target, options, fit.map(Fit::trim).as_ref())
    }

    /// The modules of a kernel that Debian has built; ours have none.
    fn ready(&self) -> Result<Option<PathBuf>> {
        match self.target.ready_kernel {
            Some(_) => Ok(self.fitting(None)?.modules),
            None => Ok(None),
        }
    }

    /// The modules that the file names, the modules that these need, and their tables: paths in the image and
    /// contents.
    fn modules(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let Some(wanted) = &self.config.kernel.modules else { return Ok(Vec::new()) };
        let place = &self.config.place;
        let (span, wanted) = (wanted.span(), wanted.get_ref());
        let dir = self.ready()?.ok_or_else(|| {
            let error = place.error(&span, format!("the kernel of {} has no modules", self.target.name));
            error.fix("remove the line, or use a target with Debian's kernel, such as `x86_64`")
        })?;
        let tables = Tables::read(&dir)?;
        let chosen = match wanted {
            Modules::All(_) => tables.all(),
            Modules::Some(names) => {
                let mut chosen = BTreeSet::new();
                for name in names {
                    chosen.extend(place.with_location(&place.word(&span, name), tables.with_needs(name))?);
                }
                chosen
            }
        };
        let inside = format!("/lib/modules/{}", dir.file_name().unwrap_or_default().to_string_lossy());
        let files = chosen.iter().map(|path| {
            let file = dir.join(path);
            Ok((format!("{inside}/{path}"), fs::read(&file).context(file.display())?))
        });
        let tables = tables.excerpt(&chosen).into_iter();
        let tables = tables.map(|(name, text)| Ok((format!("{inside}/{name}"), text.into_bytes())));
        files.chain(tables).collect()
    }

    /// Writes `sizes.json`, and a `rootfs.toml` that describes this build.
    fn describe(&self, outputs: &Outputs) -> Result<()> {
        let size = |file: &Path| file.metadata().map(|meta| meta.len()).context(file.display());
        let sizes = Sizes {
            target: &self.target.name,
            applets: &self.applets,
            mote: size(&outputs.mote)?,
            sections: Sections::read(&outputs.twin)?,
            initramfs: size(&outputs.initramfs)?,
            kernel: outputs.system.as_ref().map(|system| size(&system.kernel)).transpose()?,
            device_tree: match &outputs.system {
                Some(qemu::System { device_tree: Some(file), .. }) => Some(size(file)?),
                _ => None,
            },
        };
        let json = serde_json::to_string_pretty(&sizes).context("sizes.json")?;
        write_atomically(&outputs.dir.join("sizes.json"), format!("{json}\n").as_bytes(), 0o644)?;
        let text = self.toml()?;
        write_atomically(&outputs.dir.join("rootfs.toml"), text.as_bytes(), 0o644)
    }

    /// The text of the `rootfs.toml`, with the options of the command line written into it.
    fn toml(&self) -> Result<String> {
        let text = self.config.place.text();
        let mut toml: DocumentMut = text.parse().context("rootfs.toml")?;
        let mut set = |key: &str, said: bool, value: Value| {
            if said || text.is_empty() {
                toml[key] = toml_edit::value(value);
            }
        };
        let given = &self.given;
        set("target", given.target.is_some(), self.target.name.as_str().into());
        set("applets", given.applets.is_some(), self.applets.iter().collect());
        if let Some(board) = &self.target.machine_board {
            set("board", given.board.is_some(), board.into());
        }
        if let Some(ram) = &given.ram {
            set("ram", true, ram.into());
        }
        if given.root.is_some() {
            set("root", true, self.root.name().into());
        }
        if let Some(variant) = &self.target.kernel_variant {
            if given.kernel.is_some() || text.is_empty() {
                let kernel = toml["kernel"].or_insert(toml_edit::table());
                kernel["variant"] = toml_edit::value(variant);
            }
        }
        Ok(toml.to_string())
    }
}

/// The content of `sizes.json`; all numbers are bytes.
#[derive(Serialize)]
struct Sizes<'a> {
    target: &'a str,
    applets: &'a [String],
    mote: u64,
    sections: Sections,
    initramfs: u64,
    kernel: Option<u64>,
    device_tree: Option<u64>,
}

/// `ram`, if it is an amount of memory that the board can have.
fn ram_of(target: &Target, ram: &str) -> Result<String> {
    let ram = qemu::check_ram(ram)?;
    let most = target.kernel.as_ref().and_then(|kernel| Some(kernel.flash.as_ref()?.ram_size()));
    match most {
        Some(most) if qemu::ram_bytes(&ram) > most => {
            let most = most >> 10;
            Err(Error::usage(format!("ram `{ram}`: the board has {most}k"))
                .fix(format!("write {most}k or less")))
        }
        _ => Ok(ram),
    }
}

/// `root`, if the target can have it.
fn fits(target: &Target, root: Root) -> Result<Root> {
    let known = target.roots();
    if known.contains(&root) {
        return Ok(root);
    }
    let (name, system) = (root.name(), target.system_name());
    let known: Vec<&str> = known.iter().map(|root| root.name()).collect();
    Err(Error::usage(format!("root {name}: the kernel of {system} does not read it"))
        .fix(format!("leave it out, write {}, or choose another target or kernel", known.join(" or "))))
}

fn write_initramfs(out: &Path, image: &Image, compression: Compression) -> Result<PathBuf> {
    let archive = image.archive();
    let (name, other, bytes) = match compression {
        Compression::None => ("initramfs.cpio", "initramfs.cpio.gz", archive),
        Compression::Gzip => ("initramfs.cpio.gz", "initramfs.cpio", gzip(&archive)?),
    };
    let file = out.join(name);
    write_atomically(&file, &bytes, 0o644)?;
    match fs::remove_file(out.join(other)) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => Err(why).context(other),
        _ => Ok(file),
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let packed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    packed.map_err(|why| Error::new(format!("gzip: {why}")))
}
