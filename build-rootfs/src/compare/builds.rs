//! The binaries of mote and the peers, from the cache or built.

use super::plan::{Case, Peer, Set};
use super::report::reason;
use crate::applets::Catalogue;
use crate::cache::{key, Cache};
use crate::compile::compile;
use crate::error::{Context, Error, Result};
use crate::peers::cross::{self, busybox, toybox, BuildSpec, Built, Libc};
use crate::peers::{Peer as Source, BUSYBOX, MUSL, TOYBOX};
use crate::project::Project;
use crate::target::{Target, DEFAULT};
use crate::toolchain::Toolchain;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The sources of the binary mote. `compact` changes the binary, too.
const SOURCES: [&str; 11] = [
    "Cargo.lock",
    "Cargo.toml",
    "applets",
    "compact",
    "declaration",
    "init",
    "sh",
    "sys",
    "targets",
    "usage-model",
    "util",
];

/// Builds binaries, and holds what builds need.
pub struct Builds<'a> {
    /// The checkout.
    pub project: &'a Project,
    /// mote's applets and sets.
    pub catalogue: Catalogue,
    /// The cache of the peers' builds, outside the checkout.
    pub cache: Cache,
    /// The target.
    pub target: Target,
    /// The toolchain's version.
    pub toolchain: String,
    own: Cache,
    /// Sources that could not be fetched, and why: each is tried only once.
    lost: RefCell<BTreeMap<&'static str, String>>,
    /// A hash of everything that mote is made of.
    pub(super) sources: String,
}

/// A build of a peer.
#[derive(Debug, Clone)]
pub struct PeerBuild {
    /// The build.
    pub built: Built,
    /// Applets by name, the shell among them.
    pub applets: Vec<String>,
    /// Applets of the set that the peer does not have.
    pub lacking: Vec<String>,
}

impl<'a> Builds<'a> {
    /// Finds the toolchain and the sources.
    ///
    /// # Errors
    /// There is none, or the checkout cannot be read.
    pub fn open(project: &'a Project) -> Result<Builds<'a>> {
        let target = Target::load(project, DEFAULT)?;
        let toolchain = Toolchain::find(&target)?.version;
        let mut inputs = vec![toolchain.clone().into_bytes()];
        for name in SOURCES {
            add_files(&project.root().join(name), project.root(), &mut inputs)?;
        }
        Ok(Builds {
            project,
            catalogue: Catalogue::load(project)?,
            cache: Cache::open()?,
            lost: RefCell::default(),
            own: Cache::at(project.out().join("compare")),
            sources: key(inputs),
            target,
            toolchain,
        })
    }

    /// The path of a mote with `applets` (names of features) and symbols.
    ///
    /// # Errors
    /// It does not compile.
    pub fn mote(&self, applets: &[String]) -> Result<PathBuf> {
        let key = key([self.sources.as_str(), &applets.join(",")]);
        let place = self
            .own
            .entry("mote", &key, |entry| compile(self.project, &self.target, applets, entry).map(drop))?;
        Ok(place.join("mote.sym"))
    }

    /// The applets of one of mote's sets.
    ///
    /// # Errors
    /// The checkout has no such set.
    pub fn applets(&self, set: Set) -> Result<Vec<String>> {
        self.catalogue.resolve(set.applets())
    }

    /// Builds `case` with and without `-flto`, and returns the smaller build.
    ///
    /// # Errors
    /// A source cannot be fetched, or neither build works.
    pub fn peer(&self, case: &Case) -> Result<PeerBuild> {
        let own = match case.peer {
            Peer::BusyBox => &BUSYBOX,
            Peer::Toybox => &TOYBOX,
        };
        self.source(own)?;
        if case.abi.libc == Libc::Musl {
            self.source(&MUSL)?;
        }
        let (spec, lacking) = self.spec(case)?;
        let built = cross::smaller(|lto| self.one(case, &spec, lto))?;
        let mut applets = spec.applets;
        applets.extend(spec.shell.map(|_| "sh".to_string()));
        Ok(PeerBuild { built, applets, lacking })
    }

    /// Fetches a source. If this fails, it is not tried again.
    ///
    /// # Errors
    /// It cannot be fetched.
    pub fn source(&self, source: &Source) -> Result<()> {
        if let Some(why) = self.lost.borrow().get(source.package) {
            return Err(Error::new(why.clone()));
        }
        source.tree(&self.cache).map(drop).inspect_err(|error| {
            self.lost.borrow_mut().insert(source.package, reason(error));
        })
    }

    /// `case` without one of its applets, built as `lto` says.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn peer_without(&self, case: &Case, applet: &str, lto: bool) -> Result<Built> {
        let (mut spec, _) = self.spec(case)?;
        spec.applets.retain(|name| name != applet);
        if applet == "sh" {
            spec.shell = None;
        }
        self.one(case, &spec, lto)
    }

    fn spec(&self, case: &Case) -> Result<(BuildSpec, Vec<String>)> {
        let mut spec = case.spec(&self.catalogue)?;
        let mut lacking = Vec::new();
        if case.peer == Peer::Toybox {
            (spec.applets, lacking) = toybox::having(&self.cache, &spec.applets)?;
        }
        Ok((spec, lacking))
    }

    fn one(&self, case: &Case, spec: &BuildSpec, lto: bool) -> Result<Built> {
        match case.peer {
            Peer::BusyBox => busybox::build(&self.cache, spec, case.abi, lto),
            Peer::Toybox => toybox::build(&self.cache, spec, case.abi, lto),
        }
    }
}

/// Adds the names and contents of the files at `path`, which is below `root`, to `inputs`.
pub(super) fn add_files(path: &Path, root: &Path, inputs: &mut Vec<Vec<u8>>) -> Result<()> {
    if !path.is_dir() {
        inputs.push(path.strip_prefix(root).unwrap_or(path).display().to_string().into_bytes());
        inputs.push(fs::read(path).context(path.display())?);
        return Ok(());
    }
    let mut files: Vec<PathBuf> =
        fs::read_dir(path).context(path.display())?.flatten().map(|file| file.path()).collect();
    files.sort();
    files.iter().filter(|file| !file.ends_with("target")).try_for_each(|file| add_files(file, root, inputs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_source_is_asked_for_once() {
        let project = Project::find().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut builds = Builds::open(&project).unwrap();
        // A file where the cache's folder would be: nothing can be had.
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        builds.cache = Cache::at(file.clone());
        let first = reason(&builds.source(&BUSYBOX).unwrap_err());
        builds.cache = Cache::at(dir.path().join("good"));
        fs::create_dir_all(dir.path().join(format!("good/source-busybox-{}", &BUSYBOX.sha256[..16])))
            .unwrap();
        assert_eq!(reason(&builds.source(&BUSYBOX).unwrap_err()), first);
    }
}
