//! Errors: one line about what went wrong and why, then the fix.

use std::fmt;

/// The result of every function of the tool that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// A failure as the user reads it: `what: why`, then the fix.
#[derive(Debug)]
pub struct Error {
    message: String,
    fix: Option<String>,
    status: u8,
}

impl Error {
    /// A failure with exit status 1. `message` reads `what: why`.
    pub fn new(message: impl Into<String>) -> Error {
        Error { message: message.into(), fix: None, status: 1 }
    }

    /// A wrong command line: exit status 2.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(message).status(2)
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Error {
        self.fix = Some(fix.into());
        self
    }

    /// Sets the exit status of the tool.
    #[must_use]
    pub fn status(mut self, status: u8) -> Error {
        self.status = status;
        self
    }

    /// The exit status of the tool.
    pub fn code(&self) -> u8 {
        self.status
    }

    /// Adds before the message what was being done.
    #[must_use]
    pub fn within(mut self, what: impl fmt::Display) -> Error {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "build-rootfs: {}", self.message)?;
        match &self.fix {
            Some(fix) => write!(f, "\n  fix: {fix}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// Adds to an error of a library or the operating system what failed.
pub trait Context<T> {
    /// `what` names the thing, mostly a path.
    fn context(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display + 'static> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|why| {
            let mut error = Error::new(format!("{what}: {why}"));
            let io = (&why as &dyn std::any::Any).downcast_ref::<std::io::Error>();
            if io.is_some_and(|io| io.kind() == std::io::ErrorKind::StorageFull) {
                error = error.fix("free some disk space, or set MOTE_CACHE to a folder on a bigger disk");
            }
            error
        })
    }
}

/// The candidate with the spelling nearest to `word`, if one is near enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_then_fix() {
        let error = Error::new("x: no such thing").fix("make one").within("y").status(7);
        assert_eq!(error.to_string(), "build-rootfs: y: x: no such thing\n  fix: make one");
        assert_eq!(error.code(), 7);
    }

    #[test]
    fn full_disk_says_what_to_do() {
        let full: std::io::Result<()> = Err(std::io::ErrorKind::StorageFull.into());
        assert!(full.context("/x").unwrap_err().to_string().contains("MOTE_CACHE"));
    }

    #[test]
    fn nearest_is_near() {
        assert_eq!(nearest("mkdri", ["mkdir", "mv"]), Some("mkdir"));
        assert_eq!(nearest("armv5", ["armv5te", "x86_64"]), Some("armv5te"));
        assert_eq!(nearest("zebra", ["mkdir", "mv"]), None);
    }
}
