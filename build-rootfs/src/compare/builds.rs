//! The binaries: mote's and the peers', from the cache or built.

use super::plan::{Case, Peer, Set};
use super::report::reason;
use crate::applets::Catalogue;
use crate::cache::{key, Cache};
use crate::compile::compile;
use crate::error::{Context, Error, Result};
use crate::peers::cross::{self, busybox, toybox, Built, Libc, Wish};
use crate::peers::{Peer as Source, BUSYBOX, MUSL, TOYBOX};
use crate::project::Project;
use crate::target::{Target, DEFAULT};
use crate::toolchain::Toolchain;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What mote is made of.
const SOURCES: [&str; 10] = [
    "Cargo.lock",
    "Cargo.toml",
    "applets",
    "declaration",
    "init",
    "sh",
    "sys",
    "targets",
    "usage-model",
    "util",
];

/// Everything that builds need.
pub struct Workshop<'a> {
    /// The checkout.
    pub project: &'a Project,
    /// mote's applets and sets.
    pub catalogue: Catalogue,
    /// Of the peers' builds, outside the checkout.
    pub cache: Cache,
    /// The target.
    pub target: Target,
    /// The toolchain's version.
    pub toolchain: String,
    own: Cache,
    /// Sources that cannot be had, and why: nobody asks the network again and again.
    lost: RefCell<BTreeMap<&'static str, String>>,
    /// A hash of everything that mote is made of.
    pub(super) sources: String,
}

/// A build of a peer, and what it has.
#[derive(Debug, Clone)]
pub struct PeerBuild {
    /// The build.
    pub built: Built,
    /// Applets by name, the shell among them.
    pub applets: Vec<String>,
    /// Applets of the set that the peer does not have.
    pub lacking: Vec<String>,
}

impl<'a> Workshop<'a> {
    /// Finds the toolchain.
    ///
    /// # Errors
    /// There is none, or the checkout cannot be read.
    pub fn open(project: &'a Project) -> Result<Workshop<'a>> {
        let target = Target::load(project, DEFAULT)?;
        let toolchain = Toolchain::find(&target)?.version;
        let mut inputs = vec![toolchain.clone().into_bytes()];
        for name in SOURCES {
            add_files(&project.root().join(name), project.root(), &mut inputs)?;
        }
        Ok(Workshop {
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

    /// mote with `applets` (names of features) and its symbols.
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

    /// The smaller build of `case`, of those with and without `-flto`.
    ///
    /// # Errors
    /// A source cannot be had, or nothing can be built.
    pub fn peer(&self, case: &Case) -> Result<PeerBuild> {
        let own = match case.peer {
            Peer::BusyBox => &BUSYBOX,
            Peer::Toybox => &TOYBOX,
        };
        self.source(own)?;
        if case.abi.libc == Libc::Musl {
            self.source(&MUSL)?;
        }
        let (wish, lacking) = self.wish(case)?;
        let built = cross::smaller(|lto| self.one(case, &wish, lto))?;
        let mut applets = wish.applets;
        applets.extend(wish.shell.map(|_| "sh".to_string()));
        Ok(PeerBuild { built, applets, lacking })
    }

    /// Looks for a source, once.
    ///
    /// # Errors
    /// It cannot be had.
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
        let (mut wish, _) = self.wish(case)?;
        wish.applets.retain(|name| name != applet);
        if applet == "sh" {
            wish.shell = None;
        }
        self.one(case, &wish, lto)
    }

    fn wish(&self, case: &Case) -> Result<(Wish, Vec<String>)> {
        let mut wish = case.wish(&self.catalogue)?;
        let mut lacking = Vec::new();
        if case.peer == Peer::Toybox {
            (wish.applets, lacking) = toybox::having(&self.cache, &wish.applets)?;
        }
        Ok((wish, lacking))
    }

    fn one(&self, case: &Case, wish: &Wish, lto: bool) -> Result<Built> {
        match case.peer {
            Peer::BusyBox => busybox::build(&self.cache, wish, case.abi, lto),
            Peer::Toybox => toybox::build(&self.cache, wish, case.abi, lto),
        }
    }
}

/// The names and contents of the files at `path`, which is below `root`.
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
        let mut shop = Workshop::open(&project).unwrap();
        // A file where the cache's folder would be: nothing can be had.
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        shop.cache = Cache::at(file.clone());
        let first = reason(&shop.source(&BUSYBOX).unwrap_err());
        shop.cache = Cache::at(dir.path().join("good"));
        fs::create_dir_all(dir.path().join(format!("good/source-busybox-{}", &BUSYBOX.sha256[..16])))
            .unwrap();
        assert_eq!(reason(&shop.source(&BUSYBOX).unwrap_err()), first);
    }
}
