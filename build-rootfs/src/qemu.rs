//! QEMU's command line for a built system.

use crate::config::Root;
use crate::error::{Error, Result};
use crate::kernel::flash::Parts;
use crate::process::command;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What QEMU needs to boot.
#[derive(Debug, Clone)]
pub struct System {
    /// QEMU's program.
    pub emulator: String,
    /// Its arguments that choose the board.
    pub machine: Vec<String>,
    /// The network card, as its option `-nic` takes it.
    pub nic: String,
    /// RAM, in QEMU's notation.
    pub ram: String,
    /// The kernel; for a board with flash, the file with everything in it.
    pub kernel: PathBuf,
    /// The parts of that file.
    pub flash: Option<Parts>,
    /// The device tree, for boards that cannot be probed.
    pub device_tree: Option<PathBuf>,
    /// The root file system: an initramfs, or a romfs.
    pub initramfs: PathBuf,
    /// Whether it is in RAM or in flash.
    pub root: Root,
    /// The kernel's command line, without the parameter for `first_program`.
    pub cmdline: String,
    /// The program that the kernel starts, when it is not `/init`.
    pub first_program: Option<String>,
}

impl System {
    /// The kernel's command line, with arguments for the first process.
    pub fn full_cmdline(&self, arguments: &[&str]) -> String {
        let mut line = self.cmdline.clone();
        let parameter = match self.root {
            Root::Initramfs => "rdinit",
            root => {
                line += &format!(" root=mtd0 rootfstype={}", root.name());
                "init"
            }
        };
        match (&self.first_program, self.root) {
            (Some(program), _) => line += &format!(" {parameter}={program}"),
            (None, Root::Initramfs) => {}
            // Elsewhere than in an initramfs the kernel looks only for /sbin/init by itself.
            (None, _) => line += " init=/init",
        }
        if !arguments.is_empty() {
            line += &format!(" -- {}", arguments.join(" "));
        }
        line
    }

    /// Links the file for a board with flash, with arguments for the first process. Other boards get them from QEMU.
    ///
    /// # Errors
    /// As [`Parts::link`].
    pub fn link(&self, arguments: &[&str]) -> Result<()> {
        match &self.flash {
            Some(parts) => {
                let line = self.full_cmdline(arguments);
                parts.link(ram_bytes(&self.ram), &line, self.root, &self.initramfs, &self.kernel)
            }
            None => Ok(()),
        }
    }

    /// Checks that the kernel and everything loaded with it fit into RAM.
    ///
    /// # Errors
    /// It does not, or a file cannot be read.
    pub fn check(&self) -> Result<()> {
        let Some(parts) = &self.flash else { return Ok(()) };
        let (taken, ram) = (parts.loaded(self.root, &self.initramfs)?, ram_bytes(&self.ram));
        if taken < ram {
            return Ok(());
        }
        let (ram, taken) = (&self.ram, taken.div_ceil(1024));
        Err(Error::new(format!("ram `{ram}`: the kernel and what is loaded with it take {taken}k of it"))
            .fix("give the machine more RAM (--ram, or `ram` in the rootfs.toml)"))
    }

    /// QEMU with the board and the system, without a console.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut qemu = command(&self.emulator);
        qemu.args(&self.machine);
        if self.any_ram() {
            qemu.args(["-m", &self.ram]).arg("-device").arg(loader(&self.kernel.display().to_string()));
        } else {
            qemu.arg("-kernel").arg(&self.kernel);
        }
        if self.flash.is_none() {
            if let Some(device_tree) = &self.device_tree {
                qemu.arg("-dtb").arg(device_tree);
            }
            qemu.args(["-m", &self.ram]);
            qemu.arg("-initrd").arg(&self.initramfs).arg("-append").arg(self.full_cmdline(arguments));
        }
        qemu.args(["-nic", &self.nic, "-display", "none", "-no-reboot"]);
        qemu
    }

    /// Whether the system is in flash, and QEMU's option `-m` sets the board's RAM.
    fn any_ram(&self) -> bool {
        self.flash.as_ref().is_some_and(|parts| parts.flash.any_ram)
    }

    /// QEMU with its console on stdin and stdout, as plain bytes.
    pub fn piped(&self, arguments: &[&str]) -> Command {
        let mut qemu = self.command(arguments);
        qemu.args([
            "-monitor",
            "none",
            "-chardev",
            "stdio,id=console,signal=off",
            "-serial",
            "chardev:console",
        ]);
        qemu
    }

    /// QEMU with the terminal as the console. The output is also written to the file `log`.
    pub fn interactive(&self, log: &Path) -> Command {
        let mut qemu = self.command(&[]);
        // QEMU's option parser wants commas doubled.
        let log = log.display().to_string().replace(',', ",,");
        qemu.arg("-chardev").arg(format!("stdio,id=console,mux=on,signal=off,logfile={log}"));
        qemu.args(["-serial", "chardev:console", "-mon", "chardev=console"]);
        qemu
    }

    /// A shell script that boots the files beside it, from any working directory.
    pub fn script(&self) -> String {
        let name = |file: &Path| quote(&file.file_name().unwrap_or_default().to_string_lossy());
        let machine: Vec<String> = self.machine.iter().map(|arg| quote(arg)).collect();
        let device_tree = self.device_tree.as_ref().map(|file| format!(" -dtb \"$dir\"/{}", name(file)));
        let kernel = match self.any_ram() {
            true => format!(
                "-m {} -device {}",
                quote(&self.ram),
                loader(&format!("\"$dir\"/{}", name(&self.kernel)))
            ),
            false => format!("-kernel \"$dir\"/{}", name(&self.kernel)),
        };
        let rest = match self.flash {
            Some(_) => String::new(),
            None => format!(
                " \\\n  -m {}{} -initrd \"$dir\"/{} \\\n  -append {}",
                quote(&self.ram),
                device_tree.unwrap_or_default(),
                name(&self.initramfs),
                quote(&self.full_cmdline(&[])),
            ),
        };
        format!(
            "#!/bin/sh\n\
             # Boots this folder's system in QEMU. More arguments go to QEMU; Ctrl-A X leaves.\n\
             dir=$(CDPATH= cd -- \"$(dirname -- \"$0\")\" && pwd) || exit\n\
             exec {} {} {kernel}{rest} \\\n  -nic {} -nographic -no-reboot \"$@\"\n",
            quote(&self.emulator),
            machine.join(" "),
            quote(&self.nic),
        )
    }
}

/// The argument of `-device` that brings a file into the board's memory and starts it.
fn loader(file: &str) -> String {
    format!("loader,file={},cpu-num=0", file.replace(',', ",,"))
}

/// Checks a size of RAM: digits, then optionally `k`, `M` or `G`. QEMU takes plain digits as MiB.
///
/// # Errors
/// It is written otherwise.
pub fn check_ram(ram: &str) -> Result<String> {
    let digits = ram.trim_end_matches(['k', 'K', 'm', 'M', 'g', 'G']);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && ram.len() - digits.len() <= 1 && digits.bytes().any(|byte| byte != b'0') {
        return Ok(ram.to_string());
    }
    Err(Error::usage(format!("ram `{ram}`: not an amount of memory")).fix("write it like 3090k or 4M"))
}

/// The bytes of a size that [`check_ram`] has accepted.
pub fn ram_bytes(ram: &str) -> u64 {
    let digits = ram.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match ram.as_bytes().last() {
        Some(b'k' | b'K') => 10,
        Some(b'g' | b'G') => 30,
        _ => 20,
    };
    digits.parse::<u64>().unwrap_or(0).saturating_mul(1 << shift)
}

fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=.,/:+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn system() -> System {
        System {
            emulator: "qemu-system-arm".to_string(),
            machine: vec!["-M".to_string(), "versatilepb".to_string()],
            nic: "none".to_string(),
            ram: "4M".to_string(),
            kernel: "/x y/uImage".into(),
            flash: None,
            device_tree: Some("/x y/dtb".into()),
            initramfs: "/x y/initramfs.cpio".into(),
            root: Root::Initramfs,
            cmdline: "console=ttyAMA0".to_string(),
            first_program: None,
        }
    }

    #[test]
    fn script_names_no_folder() {
        let script = system().script();
        assert!(!script.contains("x y"), "{script}");
        assert!(script.contains("exec qemu-system-arm -M versatilepb -kernel \"$dir\"/uImage"), "{script}");
        assert!(script.contains("-m 4M -dtb \"$dir\"/dtb -initrd"), "{script}");
        let script = System { device_tree: None, ..system() }.script();
        assert!(script.contains("-m 4M -initrd \"$dir\"/initramfs.cpio"), "{script}");
        assert!(script.trim_end().ends_with("\"$@\""), "{script}");
    }

    #[test]
    fn shell_without_init_gets_its_arguments() {
        let system = System { first_program: Some("/bin/sh".to_string()), ..system() };
        assert_eq!(system.full_cmdline(&["/x"]), "console=ttyAMA0 rdinit=/bin/sh -- /x");
        assert!(
            system.script().contains("'console=ttyAMA0 rdinit=/bin/sh'")
                || system.script().contains("rdinit=/bin/sh")
        );
    }

    #[test]
    fn amounts_of_ram() {
        for good in ["3090k", "4M", "1G", "64"] {
            assert_eq!(check_ram(good).unwrap(), good);
        }
        assert_eq!(["3090k", "4M", "1G", "64"].map(ram_bytes), [3090 << 10, 4 << 20, 1 << 30, 64 << 20]);
        for bad in ["", "k", "4MB", "-1M", "4 M", "0", "0M", "4kk"] {
            assert!(check_ram(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quote("a b'c"), "'a b'\\''c'");
        assert_eq!(quote(""), "''");
    }
}
