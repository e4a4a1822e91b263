//! Builds of the peers for this machine with their default options. Their own test suites expect these.

use super::{Peer, BUSYBOX, TOYBOX};
use crate::cache::{key, Cache};
use crate::error::{Context, Result};
use crate::process::{command, run};
use crate::progress::Step;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

/// Change this when the steps below change.
const RECIPE: &str = "1";

/// A peer's binary and its configuration.
#[derive(Debug, Clone)]
pub struct Native {
    /// The multicall binary.
    pub binary: PathBuf,
    /// The options that it was built with, `CONFIG_NAME=y` lines.
    pub config: PathBuf,
}

/// BusyBox, with ash and hush.
///
/// # Errors
/// The source cannot be had, or does not compile.
pub fn busybox(cache: &Cache) -> Result<Native> {
    build(cache, &BUSYBOX, "busybox", &[])
}

/// Toybox, with its shell.
///
/// # Errors
/// The source cannot be had, or does not compile.
pub fn toybox(cache: &Cache) -> Result<Native> {
    build(cache, &TOYBOX, "toybox", &["CONFIG_SH=y"])
}

fn build(cache: &Cache, peer: &Peer, binary: &str, options: &[&str]) -> Result<Native> {
    let source = peer.tree(cache)?;
    let key = key([RECIPE, peer.sha256].iter().chain(options));
    let place = cache.entry(&format!("native-{}", peer.package), &key, |entry| {
        let step = Step::start(format!("{binary} for this machine"));
        let tree = entry.with_extension("tree");
        run(command("cp").arg("-a").arg(&source).arg(&tree), &step)?;
        make(&tree, &["defconfig".to_string()], &step)?;
        add_options(&tree.join(".config"), options)?;
        let jobs = thread::available_parallelism().map_or(1, usize::from);
        make(&tree, &[format!("-j{jobs}"), binary.to_string()], &step)?;
        for (name, to) in [(binary, binary), (".config", "config")] {
            fs::copy(tree.join(name), entry.join(to)).context(entry.join(to).display())?;
        }
        step.done();
        Ok(())
    })?;
    Ok(Native { binary: place.join(binary), config: place.join("config") })
}

fn make(tree: &Path, arguments: &[String], step: &Step) -> Result<()> {
    run(command("make").arg("-C").arg(tree).args(arguments), step)
}

fn add_options(config: &Path, options: &[&str]) -> Result<()> {
    let mut text = fs::read_to_string(config).context(config.display())?;
    for option in options {
        let name = option.split('=').next().unwrap_or_default();
        text = text.replace(&format!("# {name} is not set\n"), &format!("{option}\n"));
    }
    fs::write(config, text).context(config.display())
}
