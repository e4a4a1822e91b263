//! The programs in an image that are not mote's: what each needs must be there, and what it can call is read from it.

use super::calls::Calls;
use super::elf::Elf;
use super::names::Names;
use crate::config::{Config, FileSpec};
use crate::error::{Error, Result};
use crate::image::{Image, MOTE};
use std::collections::{BTreeMap, BTreeSet};

/// Where libraries are sought (`man 8 ld.so`; musl has /usr/local/lib, too).
const LIBRARIES: [&str; 5] = ["/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64"];
/// Debian's folders for an architecture below them.
const TRIPLETS: [&str; 3] = ["arm-linux-gnueabi", "arm-linux-gnueabihf", "x86_64-linux-gnu"];
/// Libraries that musl's loader is itself, by the beginnings of their names (its ldso/dynlink.c).
const IN_MUSL: [&str; 8] =
    ["libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.", "libcrypt."];

/// What they can ask of the kernel, by path.
#[derive(Debug, Default)]
pub struct Programs {
    pub(super) calls: BTreeMap<String, Calls>,
}

impl Programs {
    /// Finds all of them in `image`. A program of shared parts has what its loader and its libraries can call.
    ///
    /// # Errors
    /// The loader or a library is not in the image: with the line of `config` that has the program.
    pub fn find(image: &Image, config: &Config) -> Result<Programs> {
        let mut programs = Programs::default();
        for (path, mode, content) in image.files().filter(|(path, ..)| *path != MOTE) {
            let Some(elf) = Elf::read(content) else { continue };
            if mode & 0o111 == 0 && elf.interpreter.is_none() {
                // A library: those that use it have its calls.
                continue;
            }
            let spec = config.file.iter().find(|spec| spec.get_ref().path == path);
            let calls = match spec {
                Some(spec) => {
                    let calls = of_program(image, path, elf).and_then(|calls| told(spec.get_ref(), calls));
                    config.place.with_location(&spec.span(), calls)?
                }
                None => of_program(image, path, elf)?,
            };
            programs.calls.insert(path.to_string(), calls);
        }
        Ok(programs)
    }
}

/// The calls that the description tells, in place of those that were found.
fn told(spec: &FileSpec, found: Calls) -> Result<Calls> {
    let Some(calls) = &spec.calls else { return Ok(found) };
    if let Some(wrong) = calls.iter().find(|call| !Names::has(call)) {
        return Err(Error::new(format!("{}: `{wrong}` is not a system call", spec.path))
            .fix("write the names that strace shows, such as \"openat\""));
    }
    let any_family = calls.iter().any(|call| call == "socket");
    Ok(Calls { names: calls.iter().cloned().collect(), any_family, ..Calls::default() })
}

fn of_program(image: &Image, path: &str, elf: Elf) -> Result<Calls> {
    let mut calls = elf.calls.clone();
    let musl = match &elf.interpreter {
        None => false,
        Some(interpreter) => {
            let (_, content) = image.follow(interpreter).ok_or_else(|| {
                Error::new(format!("{path}: its loader {interpreter} is not in the image"))
                    .fix("add it as a [[file]], or link the program statically")
            })?;
            calls.add(&Elf::read(content).unwrap_or_default().calls);
            interpreter.contains("/ld-musl-")
        }
    };
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![(path.to_string(), elf)]);
    while let Some((user, elf)) = waiting.pop() {
        for name in &elf.needed {
            let is_loader = musl && IN_MUSL.iter().any(|start| name.starts_with(start));
            if is_loader || !seen.insert(name.clone()) {
                continue;
            }
            let (at, content) = library(image, &user, &elf, name).ok_or_else(|| {
                Error::new(format!("{path}: the library {name}, which {user} needs, is not in the image"))
                    .fix(format!("add it as a [[file]] with the path /lib/{name}"))
            })?;
            let library = Elf::read(content).unwrap_or_default();
            calls.add(&library.calls);
            waiting.push((at.to_string(), library));
        }
    }
    Ok(calls)
}

/// The library `name`, as `user` finds it.
fn library<'a>(image: &'a Image, user: &str, elf: &Elf, name: &str) -> Option<(&'a str, &'a [u8])> {
    if name.contains('/') {
        return image.follow(name);
    }
    let origin = user.rsplit_once('/').map_or("", |(dir, _)| dir);
    let own = elf.run_path.iter().flat_map(|list| list.split(':'));
    let own = own.map(|dir| dir.replace("${ORIGIN}", origin).replace("$ORIGIN", origin));
    let below = |dir: &str| TRIPLETS.map(|triplet| format!("{dir}/{triplet}"));
    let usual = LIBRARIES.iter().flat_map(|dir| [dir.to_string()].into_iter().chain(below(dir)));
    own.chain(usual).find_map(|dir| image.follow(&format!("{dir}/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpio::{Entry, Kind};
    use std::fs;
    use std::path::Path;

    fn image(files: &[(&str, &[u8])]) -> Image {
        let mut image = Image::default();
        for (path, content) in files {
            image.put(path, Entry::new(Kind::File(content.to_vec()), 0o755)).unwrap();
        }
        image
    }

    /// A program of this machine, with its loader and the C library.
    fn machine() -> [Vec<u8>; 3] {
        let program = fs::read("/bin/true").unwrap();
        let loader = Elf::read(&program).unwrap().interpreter.unwrap();
        let libc = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/libc.so.6", "/usr/lib/libc.so.6"];
        let libc = libc.into_iter().find(|path| Path::new(path).exists()).unwrap();
        [program, fs::read(loader).unwrap(), fs::read(libc).unwrap()]
    }

    #[test]
    fn what_a_program_needs_must_be_there() {
        let [program, loader, libc] = machine();
        let place = Elf::read(&program).unwrap().interpreter.unwrap();
        let text = "\n[[file]]\npath = \"/bin/it\"\nsource = \"it\"\n";
        let config = Config::parse(Path::new("r.toml"), text.to_string()).unwrap();
        let wrong = |files: &[(&str, &[u8])]| Programs::find(&image(files), &config).unwrap_err().to_string();
        let error = wrong(&[("/bin/it", &program)]);
        assert!(
            error.contains(&format!("r.toml:2: /bin/it: its loader {place} is not in the image")),
            "{error}"
        );
        assert!(error.contains("[[file]]"), "{error}");
        let error = wrong(&[("/bin/it", &program), (&place, &loader)]);
        assert!(error.contains("r.toml:2: /bin/it: the library libc.so.6, which /bin/it needs"), "{error}");
        let files = [("/bin/it", &program[..]), (&place, &loader), ("/lib/libc.so.6", &libc)];
        let found = Programs::find(&image(&files), &config).unwrap();
        let told = |calls: &str| {
            let text = format!("{text}calls = [\"read\", \"{calls}\"]\n");
            let config = Config::parse(Path::new("r.toml"), text).unwrap();
            Programs::find(&image(&files), &config)
        };
        assert_eq!(told("write").unwrap().calls["/bin/it"].names.len(), 2);
        let error = told("wriet").unwrap_err().to_string();
        assert!(error.contains("r.toml:2: /bin/it: `wriet` is not a system call"), "{error}");
        let calls = &found.calls["/bin/it"];
        assert!(calls.names.contains("clone3") && !calls.unknown.is_empty(), "syscall(3) takes any number");
    }
}
