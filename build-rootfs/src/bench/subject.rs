//! The programs to measure: mote, and the shells that it is compared with.

use crate::applets::{Catalogue, DEFAULT_SET};
use crate::cache::Cache;
use crate::compile::compile;
use crate::error::{nearest, Context, Error, Result};
use crate::peers::native;
use crate::process::which;
use crate::project::Project;
use crate::target::Target;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The target that runs on this machine.
pub const NATIVE: &str = "x86_64";
/// Every name that [`Subjects::find`] knows; the first two are always measured.
pub const NAMES: &[&str] = &["mote", "dash", "ash", "hush", "bash"];

/// A shell, and the `cat` that comes with it.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Its name.
    pub name: &'static str,
    /// A path to the shell whose name makes it act as a shell.
    pub sh: PathBuf,
    /// Its `cat`, if it has one.
    pub cat: Option<PathBuf>,
}

/// All shells, and a program for them to start.
#[derive(Debug)]
pub struct Subjects {
    /// mote first, then dash.
    pub all: Vec<Subject>,
    /// A static program that does nothing: mote with `true` alone.
    pub tiny: PathBuf,
}

impl Subjects {
    /// Builds mote, and finds or builds its peers: those in `only`, or all.
    ///
    /// # Errors
    /// A name is unknown, or something does not compile; dash is not installed.
    pub fn find(project: &Project, only: Option<&str>) -> Result<Subjects> {
        let wanted: Vec<&str> = only.map_or(NAMES.to_vec(), |list| list.split(',').collect());
        if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(name)) {
            let near = nearest(unknown, NAMES.iter().copied());
            let hint = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            return Err(Error::usage(format!("unknown shell `{unknown}`"))
                .fix(format!("{hint}The shells are: {}", NAMES.join(", "))));
        }
        let dir = project.out().join("bench");
        let (catalogue, target) = (Catalogue::load(project)?, Target::load(project, NATIVE)?);
        let build = |applets: &str| {
            let to = dir.join(applets);
            Ok(compile(project, &target, &catalogue.resolve(applets)?, &to)?.file)
        };
        let mote = build(DEFAULT_SET)?;
        let tiny = build("true")?;
        let dash =
            which("dash").ok_or_else(|| Error::new("dash: not installed").fix("run `cargo rootfs setup`"))?;
        let mut all = vec![
            Subject {
                name: "mote",
                sh: link(&dir, "mote", "sh", &mote)?,
                cat: Some(link(&dir, "mote", "cat", &mote)?),
            },
            Subject { name: "dash", sh: dash, cat: None },
        ];
        if wanted.contains(&"ash") || wanted.contains(&"hush") {
            let busybox = native::busybox(&Cache::open()?)?.binary;
            for name in ["ash", "hush"].into_iter().filter(|name| wanted.contains(name)) {
                let sh = link(&dir, "busybox", name, &busybox)?;
                all.push(Subject { name, sh, cat: Some(link(&dir, "busybox", "cat", &busybox)?) });
            }
        }
        if let Some(sh) = which("bash").filter(|_| wanted.contains(&"bash")) {
            // The system's own `cat` is measured beside the system's usual shell.
            all.push(Subject { name: "bash", sh, cat: which("cat") });
        }
        Ok(Subjects { all, tiny })
    }
}

/// A link called `name` to a multicall binary, in a folder of `owner`'s.
pub(crate) fn link(dir: &Path, owner: &str, name: &str, binary: &Path) -> Result<PathBuf> {
    let dir = dir.join(format!("{owner}-bin"));
    fs::create_dir_all(&dir).context(dir.display())?;
    let link = dir.join(name);
    if fs::read_link(&link).ok().as_deref() != Some(binary) {
        match fs::remove_file(&link) {
            Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
                return Err(why).context(link.display())
            }
            _ => symlink(binary, &link).context(link.display())?,
        }
    }
    Ok(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_shells_are_named() {
        let error = Subjects::find(&Project::find().unwrap(), Some("mote,bahs")).unwrap_err().to_string();
        assert!(error.contains("unknown shell `bahs`") && error.contains("did you mean `bash`?"), "{error}");
    }

    #[test]
    fn links_follow_the_binary() {
        let dir = tempfile::tempdir().unwrap();
        for binary in ["/a", "/b", "/b"] {
            let made = link(dir.path(), "x", "sh", Path::new(binary)).unwrap();
            assert_eq!(fs::read_link(made).unwrap(), Path::new(binary));
        }
    }
}
