//! The paths of the checkout, its build outputs, and the cache.

use crate::error::{Error, Result};
use std::env;
use std::path::{Path, PathBuf};

/// A checkout of mote.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout around the working directory, else the one that this tool was built in.
    ///
    /// # Errors
    /// Neither is a checkout of mote (any more).
    pub fn find() -> Result<Project> {
        let here = env::current_dir().unwrap_or_default();
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        here.ancestors()
            .chain(built_in.parent())
            .find(|dir| dir.join("targets").is_dir() && dir.join("build-rootfs/Cargo.toml").is_file())
            .map(|root| Project { root: root.to_path_buf() })
            .ok_or_else(|| {
                Error::new(format!("{}: not inside a checkout of mote", here.display()))
                    .fix("change to the checkout's folder and run `cargo rootfs` there")
            })
    }

    /// The checkout in `root`, which is one.
    pub fn at(root: PathBuf) -> Project {
        Project { root }
    }

    /// The checkout's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `targets/`: one folder per target.
    pub fn targets(&self) -> PathBuf {
        self.root.join("targets")
    }

    /// `target/rootfs/`: everything that this tool builds in the checkout.
    pub fn out(&self) -> PathBuf {
        match env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => self.root.join(dir).join("rootfs"),
            None => self.root.join("target/rootfs"),
        }
    }
}

/// The folder of kernels and sources, outside any checkout: `$MOTE_CACHE`, else `$XDG_CACHE_HOME/mote`,
/// else `~/.cache/mote`.
///
/// # Errors
/// None of the three variables (`HOME` for the last) is set.
pub fn cache_dir() -> Result<PathBuf> {
    let var = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    var("MOTE_CACHE")
        .or_else(|| var("XDG_CACHE_HOME").map(|dir| dir.join("mote")))
        .or_else(|| var("HOME").map(|dir| dir.join(".cache/mote")))
        .ok_or_else(|| {
            Error::new("no folder for the cache: HOME is not set").fix("set MOTE_CACHE to a folder of yours")
        })
}
