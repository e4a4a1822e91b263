//! Builds of the peers for ARMv5TE, with the instruction sets, C libraries and options that mote is compared with.
//! The key of a build depends on all its inputs.

mod build_tree;
pub mod busybox;
mod gcc;
pub mod hello;
pub mod kconfig;
pub mod musl;
pub mod toybox;

use crate::cache::Cache;
use crate::error::{Context, Result};
use gcc::{glibc_version, make, CROSS};
pub use gcc::{strip, version, Code, SYSROOT};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The C library, and how it is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Libc {
    /// musl, inside the binary.
    Musl,
    /// Debian's glibc, beside the binary: its bytes are not counted.
    Glibc,
}

/// How a peer's C is compiled and linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Abi {
    /// The instruction set.
    pub code: Code,
    /// The C library.
    pub libc: Libc,
}

/// How many options of an applet are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    /// Only the options that an applet needs to be useful.
    Bare,
    /// The peer's own default options.
    Rich,
}

/// The shell of a peer that is its `sh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shell {
    /// BusyBox's own.
    Hush,
    /// BusyBox's descendant of dash.
    Ash,
    /// Toybox's.
    Toysh,
}

/// The description of a build of a multicall binary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildSpec {
    /// Applets by name, the shell not among them.
    pub applets: Vec<String>,
    /// The shell, if it is to have one.
    pub shell: Option<Shell>,
    /// How many of their options are on.
    pub flavour: Flavour,
}

/// A build.
#[derive(Debug, Clone)]
pub struct Built {
    /// The binary, without symbols, with section headers.
    pub binary: PathBuf,
    /// The peer's options, `CONFIG_NAME=y` lines; none for a plain C program.
    pub config: Option<PathBuf>,
    /// Whether it is optimised as a whole, by `-flto`.
    pub lto: bool,
}

/// A C compiler for an [`Abi`].
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The program.
    pub program: PathBuf,
    /// The versions of the compiler and the C library, on which its output depends.
    pub identity: String,
}

impl BuildSpec {
    /// In a few words.
    fn describe(&self, abi: Abi, lto: bool) -> String {
        let names: Vec<&str> = self.applets.iter().map(String::as_str).collect();
        let names = if names.len() > 3 { format!("{} applets", names.len()) } else { names.join(" ") };
        let shell = self.shell.map_or(String::new(), |shell| format!(" {shell:?}")).to_lowercase();
        let (flavour, libc) = (format!("{:?}", self.flavour), format!("{:?}", abi.libc));
        let lto = if lto { " -flto" } else { "" };
        format!("{names}{shell}, {} {} {}{lto}", flavour.to_lowercase(), libc.to_lowercase(), abi.code.flag())
    }
}

impl Abi {
    /// Static with musl in Thumb mode: the smallest, and the one that is compared first.
    pub const MAIN: Abi = Abi { code: Code::Thumb, libc: Libc::Musl };

    /// The compiler's arguments that choose the machine.
    pub fn machine(self) -> [&'static str; 3] {
        ["-march=armv5te", "-mfloat-abi=soft", self.code.flag()]
    }

    /// The compiler's arguments.
    pub fn compile_flags(self, lto: bool) -> Vec<&'static str> {
        let mut flags = self.machine().to_vec();
        flags.push("-fno-pie");
        flags.extend(lto.then_some("-flto"));
        flags
    }

    /// The linker's arguments, as the compiler passes them on.
    pub fn link_flags(self, lto: bool) -> Vec<&'static str> {
        let mut flags = self.machine().to_vec();
        flags.extend(["-no-pie", "-Wl,-z,norelro", "-Wl,--build-id=none"]);
        if lto {
            flags.extend(["-flto", "-Os"]);
        }
        // No padding between text and data in the file or in memory. glibc's dynamic linker needs it to protect them.
        flags.extend(match self.libc {
            Libc::Musl => ["-static", "-Wl,-T,one-segment.ld"],
            Libc::Glibc => ["-Wl,-z,max-page-size=4096", "-Wl,-z,common-page-size=4"],
        });
        flags
    }

    /// The compiler; musl is built first.
    ///
    /// # Errors
    /// There is no cross compiler, or musl cannot be had.
    pub fn compiler(self, cache: &Cache) -> Result<Compiler> {
        let version = version()?;
        Ok(match self.libc {
            Libc::Glibc => Compiler {
                program: format!("{CROSS}gcc").into(),
                identity: format!("{version}, glibc {}", glibc_version()?),
            },
            Libc::Musl => {
                let (program, key) = musl::compiler(cache, self.code)?;
                Compiler { program, identity: format!("{version}, musl {key}") }
            }
        })
    }
}

/// The smaller of the builds with and without `-flto`.
///
/// # Errors
/// Neither can be built: why the one without cannot.
pub fn smaller(build: impl Fn(bool) -> Result<Built>) -> Result<Built> {
    let size = |built: &Built| built.binary.metadata().map_or(u64::MAX, |meta| meta.len());
    match (build(false), build(true)) {
        (Ok(plain), Ok(lto)) => Ok(if size(&lto) < size(&plain) { lto } else { plain }),
        (Ok(one), Err(_)) | (Err(_), Ok(one)) => Ok(one),
        (Err(why), Err(_)) => Err(why),
    }
}

/// The lines of a `.config` that switch an option on or give it a value.
fn options_on(config: &Path) -> Result<String> {
    let text = fs::read_to_string(config).context(config.display())?;
    Ok(text.lines().filter(|line| line.starts_with("CONFIG_")).map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn of_size(dir: &Path, name: &str, size: usize, lto: bool) -> Built {
        let binary = dir.join(name);
        fs::write(&binary, vec![0; size]).unwrap();
        Built { binary, config: None, lto }
    }

    #[test]
    fn the_smaller_build_is_taken() {
        let dir = tempfile::tempdir().unwrap();
        let both = |plain, with| {
            smaller(|lto| {
                Ok(of_size(dir.path(), if lto { "l" } else { "p" }, if lto { with } else { plain }, lto))
            })
            .unwrap()
            .lto
        };
        assert!(both(10, 9) && !both(9, 9) && !both(8, 9));
        let one =
            smaller(|lto| if lto { Err(Error::new("no")) } else { Ok(of_size(dir.path(), "x", 1, lto)) });
        assert!(!one.unwrap().lto);
        assert!(smaller(|lto| Err(Error::new(format!("lto {lto}"))))
            .unwrap_err()
            .to_string()
            .contains("false"));
    }

    #[test]
    fn flags_follow_the_abi() {
        let main = Abi::MAIN;
        assert!(
            main.compile_flags(false).contains(&"-mthumb") && main.link_flags(false).contains(&"-static")
        );
        let other = Abi { code: Code::Arm, libc: Libc::Glibc };
        assert!(other.compile_flags(true).contains(&"-flto") && !other.link_flags(true).contains(&"-static"));
    }
}
