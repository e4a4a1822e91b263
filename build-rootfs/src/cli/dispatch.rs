//! Chooses the command and runs it.

use super::{args, bench, boot, build, compare, fuzz, kernel, print, ram, setup, size, syscalls, test};
use crate::error::{nearest, Error, Result};
use std::ffi::OsString;

const HELP: &str = "\
Builds, boots, tests and measures mote, a Linux userland in one small binary.

Usage: cargo rootfs COMMAND [ARGUMENT]…

  boot [TARGET]     build an image and boot it in QEMU on this terminal
  test [FILTER]     run all tests
  build [TARGET]    build an image in target/rootfs/TARGET: mote, initramfs, kernel, run-qemu.sh, sizes.json
  size [TARGET]     show how many bytes each applet and crate takes in mote
  bench [FILTER]    measure speed and memory beside dash, bash, BusyBox and Toybox
  ram [TARGET]      find the smallest RAM in which an image comes to a prompt
  compare [TARGET]  compare mote with BusyBox and Toybox, and write docs/comparison.md
  kernel TARGET     build only the kernel
  syscalls [TARGET] show which system calls each program of an image can make
  fuzz [TARGET]     run fuzz targets on random input, with cargo-fuzz
  setup             show what this machine needs, and install what is missing

`cargo rootfs COMMAND --help` shows the options of a command. The default target is armv5te. Commands first
install the programs that they need; without root they print the command that does. Kernels and sources are
kept in $MOTE_CACHE, or else in $XDG_CACHE_HOME/mote, or else in ~/.cache/mote.
";

type Command = (&'static str, fn(args::Args) -> Result<u8>, &'static str);

const COMMANDS: &[Command] = &[
    ("bench", bench::main, bench::HELP),
    ("boot", boot::main, boot::HELP),
    ("build", build::main, build::HELP),
    ("compare", compare::main, compare::HELP),
    ("fuzz", fuzz::main, fuzz::HELP),
    ("kernel", kernel::main, kernel::HELP),
    ("ram", ram::main, ram::HELP),
    ("setup", setup::main, setup::HELP),
    ("size", size::main, size::HELP),
    ("syscalls", syscalls::main, syscalls::HELP),
    ("test", test::main, test::HELP),
];

/// Runs the tool with its arguments, its own name not among them; returns the exit status.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    match dispatch(arguments) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("{error}");
            error.code()
        }
    }
}

fn dispatch(arguments: impl IntoIterator<Item = OsString>) -> Result<u8> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let name = match parser.next().map_err(args::usage_error)? {
        None | Some(lexopt::Arg::Long("help") | lexopt::Arg::Short('h')) => return print(HELP),
        Some(lexopt::Arg::Value(name)) => name.to_string_lossy().into_owned(),
        Some(other) => return Err(args::usage_error(other.unexpected())),
    };
    if name == "help" {
        return print(HELP);
    }
    match COMMANDS.iter().find(|(known, ..)| *known == name) {
        Some((_, run, help)) => run(args::Args::new(parser, help)),
        None => {
            let near = nearest(&name, COMMANDS.iter().map(|(known, ..)| *known));
            let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            Err(Error::usage(format!("unknown command `{name}`"))
                .fix(format!("{hint}`cargo rootfs --help` lists the commands")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;
    use crate::target::Target;

    fn error(words: &[&str]) -> String {
        dispatch(words.iter().map(OsString::from)).unwrap_err().to_string()
    }

    #[test]
    fn wrong_command_lines_are_explained() {
        assert!(error(&["bot"]).contains("did you mean `boot`?"));
        assert!(error(&["--nope"]).contains("--nope"));
        assert!(error(&["boot", "--ramm", "4M"]).contains("--ramm"));
        assert!(error(&["boot", "--ram"]).contains("--ram"));
        assert!(error(&["boot", "--timeout", "soon"]).contains("soon"));
        assert!(error(&["bench", "nothing-such"]).contains("bench --list"));
        assert!(error(&["compare", "--quik"]).contains("--quik"));
        assert!(error(&["compare", "--json"]).contains("--json"));
        assert!(error(&["compare", "--only", "sped"]).contains("did you mean `speed`?"));
        assert!(error(&["compare", "--only", "speed", "--quick"]).contains("--only"));
        assert!(error(&["compare", "--references", "--quick"]).contains("--references"));
        assert!(error(&["compare", "thumbv7em", "--only", "speed"]).contains("TARGET"));
        assert!(error(&["compare", "thumbv7"]).contains("did you mean `thumbv7em`?"));
        assert!(error(&["ram", "--applets", "ls"]).contains("`sh`"));
        assert!(error(&["ram", "--ram", "lots"]).contains("lots"));
        assert!(error(&["kernel"]).contains("TARGET"));
        assert!(error(&["build", "armv5te", "x86_64"]).contains("x86_64"));
        assert!(error(&["build", "--ram", "0x10"]).contains("--ram"));
    }

    #[test]
    fn help_tells_every_kernel_and_board() {
        let project = Project::find().unwrap();
        let tells = |help: &str, name: &str| {
            help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == name)
        };
        for target in Target::names(&project).unwrap() {
            let target = Target::load(&project, &target).unwrap();
            for help in [boot::HELP, build::HELP, ram::HELP] {
                assert!(
                    target.variant.keys().chain(target.board.keys()).all(|name| tells(help, name)),
                    "{help}"
                );
            }
            assert!(target.variant.keys().all(|name| tells(kernel::HELP, name)));
        }
    }

    #[test]
    fn every_command_has_help() {
        for (name, _, help) in COMMANDS {
            assert!(help.contains(&format!("cargo rootfs {name}")), "{name}");
            assert!(HELP.contains(&format!("\n  {name} ")), "{name}");
        }
    }
}
