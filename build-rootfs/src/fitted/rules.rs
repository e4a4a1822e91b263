//! The file `targets/fitted.toml`: which options of the kernel serve what.

use crate::config;
use crate::error::{Context, Result};
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Calls that stay in any case.
    pub always: Vec<String>,
    /// The options.
    #[serde(rename = "option")]
    pub options: Vec<Rule>,
}

/// One option: the head of the file explains the keys.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the head of the file explains them")]
pub struct Rule {
    pub config: String,
    pub why: String,
    pub usual: bool,
    pub calls: Vec<String>,
    pub fs: Vec<String>,
    pub families: Vec<u32>,
    pub text: Vec<String>,
    pub applets: Vec<String>,
    pub roots: Vec<String>,
    pub compression: Vec<String>,
    pub scripts: bool,
    pub modules: bool,
}

impl Rules {
    /// Reads the file in the folder of targets.
    ///
    /// # Errors
    /// It cannot be read, or says something wrong.
    pub fn load(targets: &Path) -> Result<Rules> {
        let file = targets.join("fitted.toml");
        let text = fs::read_to_string(&file).context(file.display())?;
        Ok(config::parse::<Rules>(&file, text, "the head of the file")?.0)
    }
}
