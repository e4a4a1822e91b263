//! The arguments that several commands have in common.

use crate::build::Options;
use crate::error::{Error, Result};
use crate::setup::{install, needs};
use crate::target::{Purpose, Target};
use lexopt::{Arg, Parser};
use std::path::PathBuf;
use std::str::FromStr;

/// The arguments after the name of a command.
pub(super) struct Args {
    parser: Parser,
    help: &'static str,
}

/// One argument.
#[derive(Debug)]
pub(super) enum Word {
    Option(String),
    Value(String),
}

impl Args {
    pub(super) fn new(parser: Parser, help: &'static str) -> Args {
        Args { parser, help }
    }

    /// The next argument; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Word>> {
        let word = match self.parser.next().map_err(usage_error)? {
            None => return Ok(None),
            Some(Arg::Short(c)) => Word::Option(format!("-{c}")),
            Some(Arg::Long(name)) => Word::Option(format!("--{name}")),
            Some(Arg::Value(value)) => Word::Value(value.to_string_lossy().into_owned()),
        };
        Ok(Some(word))
    }

    /// If the argument is `--help` or `-h`: prints the help and returns true.
    pub(super) fn helps(&self, word: &Word) -> Result<bool> {
        let asks = matches!(word, Word::Option(option) if option == "--help" || option == "-h");
        if asks {
            super::print(self.help)?;
        }
        Ok(asks)
    }

    /// The value of the option just read.
    pub(super) fn value(&mut self) -> Result<String> {
        Ok(self.parser.value().map_err(usage_error)?.to_string_lossy().into_owned())
    }

    /// The value of the option just read, if it follows `=` in the same word.
    pub(super) fn optional_value(&mut self) -> Option<String> {
        self.parser.optional_value().map(|value| value.to_string_lossy().into_owned())
    }

    /// The value of the option just read, as a `T`.
    pub(super) fn parsed<T: FromStr>(&mut self, what: &str) -> Result<T> {
        let text = self.value()?;
        text.parse().map_err(|_| Error::usage(format!("`{text}` is not {what}")))
    }

    /// Handles the options that describe an image, and the target. Returns false for any other argument.
    pub(super) fn image_option(&mut self, word: &Word, options: &mut Options) -> Result<bool> {
        match word {
            Word::Option(name) => match name.as_str() {
                "--applets" => options.applets = Some(self.value()?),
                "--root" => {
                    options.root =
                        Some(self.parsed("a place of the root file system: initramfs, romfs or cramfs")?)
                }
                "--link" => options.link = Some(self.value()?),
                "--config" => options.config = Some(PathBuf::from(self.value()?)),
                _ => return Ok(false),
            },
            Word::Value(target) if options.target.is_none() => options.target = Some(target.clone()),
            Word::Value(_) => return Ok(false),
        }
        Ok(true)
    }

    /// Handles the options that choose the machine. Returns false for any other argument.
    pub(super) fn machine_option(&mut self, word: &Word, options: &mut Options) -> Result<bool> {
        match word {
            Word::Option(name) if name == "--kernel" => options.kernel = Some(self.value()?),
            Word::Option(name) if name == "--board" => options.board = Some(self.value()?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The error for an argument that the command does not take.
pub(super) fn unexpected(word: &Word) -> Error {
    let text = match word {
        Word::Option(name) => format!("unknown option `{name}`"),
        Word::Value(value) => format!("unexpected argument `{value}`"),
    };
    Error::usage(text).fix("add `--help` to the command for its options")
}

pub(super) fn usage_error(why: lexopt::Error) -> Error {
    Error::usage(why.to_string()).fix("add `--help` to the command for its options")
}

/// Installs what is missing for `purposes`.
pub(super) fn prepare(target: &Target, purposes: &[Purpose]) -> Result<()> {
    install(&needs(target, purposes))
}
