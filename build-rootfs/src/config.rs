//! `rootfs.toml`: its keys, and errors with the line, the cause and the fix.

use crate::error::{nearest, Context, Error, Result};
use serde::de::DeserializeOwned;
use serde::Deserialize;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// A parsed file. The fields are its keys; `docs/rootfs-toml.md` describes them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct Config {
    pub target: Option<Spanned<String>>,
    pub applets: Option<Spanned<Applets>>,
    pub board: Option<Spanned<String>>,
    pub ram: Option<Spanned<String>>,
    pub root: Option<Spanned<Root>>,
    #[serde(default)]
    pub compression: Compression,
    pub inittab: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub kernel: KernelOptions,
    #[serde(default)]
    pub file: Vec<Spanned<FileSpec>>,
    #[serde(default)]
    pub dir: Vec<Spanned<DirSpec>>,
    #[serde(default)]
    pub node: Vec<Spanned<NodeSpec>>,
    #[serde(default)]
    pub symlink: Vec<Spanned<SymlinkSpec>>,
    #[serde(default)]
    pub mount: Vec<Spanned<MountSpec>>,
    #[serde(default)]
    pub user: Vec<Spanned<UserSpec>>,
    #[serde(default)]
    pub group: Vec<Spanned<GroupSpec>>,
    #[serde(skip)]
    pub place: Place,
}

/// A list of applets and sets, or one string of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Applets {
    One(String),
    Many(Vec<String>),
}

impl Applets {
    /// As a comma list.
    pub fn list(&self) -> String {
        match self {
            Applets::One(list) => list.clone(),
            Applets::Many(words) => words.join(","),
        }
    }
}

/// Where the root file system is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Root {
    /// In RAM: the kernel unpacks an initramfs.
    #[default]
    Initramfs,
    /// In flash, read only: programs run there without an MMU.
    Romfs,
    /// In flash, read only: programs run there with an MMU.
    Cramfs,
}

impl Root {
    /// As the file and the command line write it.
    pub fn name(self) -> &'static str {
        match self {
            Root::Initramfs => "initramfs",
            Root::Romfs => "romfs",
            Root::Cramfs => "cramfs",
        }
    }
}

impl std::str::FromStr for Root {
    type Err = ();
    fn from_str(text: &str) -> std::result::Result<Root, ()> {
        match text {
            "initramfs" => Ok(Root::Initramfs),
            "romfs" => Ok(Root::Romfs),
            "cramfs" => Ok(Root::Cramfs),
            _ => Err(()),
        }
    }
}

/// How the initramfs is compressed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Compression {
    #[default]
    None,
    Gzip,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct KernelOptions {
    pub variant: Option<Spanned<String>>,
    #[serde(default)]
    pub config: Vec<Spanned<String>>,
    pub cmdline: Option<String>,
    pub modules: Option<Spanned<Modules>>,
}

/// Modules for the image: the named ones and those that they need, or all.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a list of modules' names, or \"all\"")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum Modules {
    All(All),
    Some(Vec<String>),
}

/// The word `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variant says it")]
pub enum All {
    All,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct FileSpec {
    pub path: String,
    pub source: Option<PathBuf>,
    pub content: Option<String>,
    pub mode: Option<Mode>,
    #[serde(default)]
    pub uid: u32,
    #[serde(default)]
    pub gid: u32,
    pub calls: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct DirSpec {
    pub path: String,
    pub mode: Option<Mode>,
    #[serde(default)]
    pub uid: u32,
    #[serde(default)]
    pub gid: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct NodeSpec {
    pub path: String,
    pub kind: NodeKind,
    #[serde(default)]
    pub major: u32,
    #[serde(default)]
    pub minor: u32,
    pub mode: Option<Mode>,
    #[serde(default)]
    pub uid: u32,
    #[serde(default)]
    pub gid: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the variants say it")]
pub enum NodeKind {
    Char,
    Block,
    Fifo,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct SymlinkSpec {
    pub path: String,
    pub target: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct MountSpec {
    pub source: String,
    pub dir: String,
    #[serde(rename = "type")]
    pub fs: String,
    pub options: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct UserSpec {
    pub name: String,
    pub uid: u32,
    pub gid: Option<u32>,
    pub home: Option<String>,
    pub shell: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/rootfs-toml.md describes the keys")]
pub struct GroupSpec {
    pub name: String,
    pub gid: u32,
    #[serde(default)]
    pub members: Vec<String>,
}

/// Permission bits, written as an octal string (`"755"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Mode(pub u32);

impl TryFrom<String> for Mode {
    type Error = String;
    fn try_from(text: String) -> std::result::Result<Mode, String> {
        match u32::from_str_radix(&text, 8) {
            Ok(bits) if bits <= 0o7777 => Ok(Mode(bits)),
            _ => Err(format!(
                "`{text}` is not a mode; write up to four octal digits as a string, like \"755\""
            )),
        }
    }
}

/// The file of the configuration, for messages about errors in it.
#[derive(Debug, Default)]
pub struct Place {
    file: PathBuf,
    text: String,
}

impl Place {
    /// An error at a span of the file.
    pub fn error(&self, span: &Range<usize>, cause: impl std::fmt::Display) -> Error {
        Error::new(format!("{}:{}: {cause}", self.file.display(), self.line(span.start)))
    }

    /// Adds file and line to an error that something at `span` caused.
    pub fn with_location<T>(&self, span: &Range<usize>, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.within(format!("{}:{}", self.file.display(), self.line(span.start))))
    }

    /// The range of the string `word` within `span`, or `span` itself if it is written with escapes.
    pub fn word(&self, span: &Range<usize>, word: &str) -> Range<usize> {
        let found = self.text.get(span.clone()).and_then(|text| text.find(&format!("\"{word}\"")));
        found.map_or(span.clone(), |at| span.start + at..span.end)
    }

    /// The folder that relative sources start from.
    pub fn dir(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new("."))
    }

    /// The file's text.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says something wrong: `file:line: cause`, and the fix.
    pub fn load(file: &Path) -> Result<Config> {
        let text = fs::read_to_string(file).context(file.display())?;
        Config::parse(file, text)
    }

    /// Parses `text`, which came from `file`.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(file: &Path, text: String) -> Result<Config> {
        let (mut config, place) = parse::<Config>(file, text, "docs/rootfs-toml.md")?;
        config.place = place;
        Ok(config)
    }
}

/// Parses the TOML `text` of `file`; the file `manual` documents its keys.
///
/// # Errors
/// It says something wrong: `file:line: cause`, and the fix.
pub fn parse<T: DeserializeOwned>(file: &Path, text: String, manual: &str) -> Result<(T, Place)> {
    let place = Place { file: file.to_path_buf(), text };
    match toml::from_str(&place.text) {
        Ok(parsed) => Ok((parsed, place)),
        Err(why) => Err(explain(&place, &why, manual)),
    }
}

/// serde's messages, with the nearest key for an unknown one.
fn explain(place: &Place, why: &toml::de::Error, manual: &str) -> Error {
    let span = why.span().unwrap_or(0..0);
    let message = why.message().lines().collect::<Vec<_>>().join("; ");
    let words: Vec<&str> = message.split('`').collect();
    let fix = match words.first().copied().unwrap_or_default() {
        "unknown field " | "unknown variant " => {
            // Between the backquotes: the unknown word, then the known ones.
            let known: Vec<&str> = words.iter().skip(3).step_by(2).copied().collect();
            match nearest(words[1], known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use one of: {}", known.join(", ")),
            }
        }
        "missing field " => format!("add `{} = …` to this table", words[1]),
        _ => format!("see {manual} for what may stand here"),
    };
    let cause = match (words.first().copied(), words.get(1)) {
        (Some("unknown field "), Some(key)) => format!("unknown key `{key}`"),
        (Some("missing field "), Some(key)) => format!("the key `{key}` is missing"),
        _ => message,
    };
    place.error(&span, cause).fix(fix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Config::parse(Path::new("board.toml"), text.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn everything_that_the_documentation_shows_is_read() {
        let text = include_str!("../../docs/rootfs-toml.md");
        let example = text.split("```toml").nth(1).unwrap().split("```").next().unwrap();
        let config = Config::parse(Path::new("x.toml"), example.to_string()).unwrap();
        assert!(!config.file.is_empty() && !config.node.is_empty() && !config.user.is_empty());
        assert!(config.inittab.is_some() && config.compression == Compression::Gzip);
    }

    #[test]
    fn unknown_key_names_line_and_nearest() {
        let text = wrong("ram = \"4M\"\n\n[[file]]\npath = \"/a\"\ncontnet = \"x\"\n");
        assert!(text.contains("board.toml:5: unknown key `contnet`"), "{text}");
        assert!(text.contains("did you mean `content`?"), "{text}");
    }

    #[test]
    fn other_mistakes_name_line_and_fix() {
        let missing = wrong("\n[[dir]]\nmode = \"755\"\n");
        assert!(missing.contains("board.toml:2: the key `path` is missing"), "{missing}");
        assert!(missing.contains("add `path = …`"), "{missing}");
        let syntax = wrong("ram = \n");
        assert!(syntax.contains("board.toml:1:"), "{syntax}");
        let variant = wrong("compression = \"gzipp\"\n");
        assert!(variant.contains("board.toml:1:") && variant.contains("did you mean `gzip`"), "{variant}");
        let mode = wrong("[[dir]]\npath = \"/a\"\nmode = \"9\"\n");
        assert!(mode.contains("board.toml:3: `9` is not a mode"), "{mode}");
        let type_ = wrong("ram = 4\n");
        assert!(type_.contains("board.toml:1:") && type_.contains("docs/rootfs-toml.md"), "{type_}");
    }
}
