//! Toybox's tests, `tests/*.test`, by its own `scripts/test.sh`, which tests what is in `PATH` when it is
//! told to test the host.

use super::busybox::told;
use super::place::{mirror, sealed, search_path, Place};
use super::{add, job, link, read, Report, Verdict};
use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Result};
use build_rootfs::peers::TOYBOX;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// For all the cases of an applet: only one that hangs takes so long. Each case of `sh.test` that gets no answer takes 2
/// seconds.
const LIMIT: Duration = Duration::from_secs(1200);

/// Some cases of `sh.test` are about a shell at a prompt, which wants a terminal of its own.
const TERMINAL: [&str; 4] =
    ["script", "-qec", "exec bash scripts/test.sh \"$APPLET\" >output 2>&1", "/dev/null"];
const OUTPUT: &str = "output";
/// `ifconfig.test` changes an interface `dummy0`: there is one in a network of its own, where that is allowed
/// (root may), even if the kernel has no dummy interfaces. Otherwise the cases are skipped.
const NETWORK: &str = "exec unshare --net sh -c 'ip link add dummy0 type veth peer name dummy1; \
                       exec bash scripts/test.sh \"$APPLET\"' >output 2>&1";

/// What runs the cases of an applet.
pub struct Run {
    tree: PathBuf,
    program: PathBuf,
    applets: Vec<String>,
    shell: String,
}

impl Run {
    /// Gets the suite, to be run by the multicall binary `program`, which has `applets`. `shell`: what
    /// `sh.test` calls.
    ///
    /// # Errors
    /// Toybox's source cannot be had.
    pub fn prepare(cache: &Cache, program: &Path, applets: &[String], shell: &str) -> Result<Run> {
        let (program, applets) = (program.to_path_buf(), applets.to_vec());
        Ok(Run { tree: TOYBOX.tree(cache)?, program, applets, shell: shell.to_string() })
    }

    /// Whether the suite has cases of `applet`.
    pub fn has(&self, applet: &str) -> bool {
        self.tree.join("tests").join(format!("{applet}.test")).is_file()
    }

    /// The cases of `applet`: none when the suite has none.
    ///
    /// # Errors
    /// The harness itself fails: a folder cannot be written, a program not started.
    pub fn run(&self, applet: &str) -> Result<Report> {
        let mut report = Report::new();
        if !self.has(applet) {
            return Ok(report);
        }
        let place = Place::new()?;
        for name in ["scripts", "configure"] {
            link(&self.tree.join(name), &place.path().join(name))?;
        }
        let tests = place.path().join("tests");
        fs::create_dir(&tests).context(tests.display())?;
        mirror(&self.tree.join("tests"), &tests)?;
        let links = place.path().join("links");
        fs::create_dir(&links).context(links.display())?;
        for name in &self.applets {
            link(&self.program, &links.join(name))?;
        }
        let mut terminal = TERMINAL;
        if applet == "ifconfig" {
            terminal[2] = NETWORK;
            mend_ifconfig(&tests.join("ifconfig.test"))?;
        }
        let mut command = sealed(&terminal.map(Path::new));
        command.current_dir(place.path()).env("PATH", search_path(&[&links])).env("APPLET", applet);
        command.env("TEST_HOST", "1").env("VERBOSE", "all").env("SH", &self.shell).env("SHELL", "/bin/sh");
        let done = job::run(&mut command, LIMIT)?;
        let output = read(&place.path().join(OUTPUT))?;
        told(
            &names_without_numbers(applet, &String::from_utf8_lossy(&output)),
            &format!("{applet}.test"),
            &mut report,
        );
        if done.status.is_none() {
            let name = format!("{applet}.test: in time");
            add(&mut report, name, Verdict::Failed(format!("not in {} s", LIMIT.as_secs())));
        }
        Ok(report)
    }
}

/// The first case of `ifconfig.test` lacks a backslash at the end of its line, which ends the whole run.
fn mend_ifconfig(test: &Path) -> Result<()> {
    const CASE: &str = "testing \"Disable the dummy0 interface\"\n";
    let text = fs::read_to_string(test).context(test.display())?;
    fs::remove_file(test).context(test.display())?;
    fs::write(test, text.replace(CASE, &CASE.replace('\n', " \\\n"))).context(test.display())
}

/// Some names hold the number of a process, which is another one in each run.
pub(super) fn names_without_numbers(applet: &str, output: &str) -> String {
    let results = |line: &str| line.starts_with("PASS: ") || line.starts_with("FAIL: ");
    let line = |line: &str| match () {
        () if applet == "ps" && results(line) => line
            .split(' ')
            .map(|word| if word.parse::<u32>().is_ok() { "PID" } else { word })
            .collect::<Vec<_>>()
            .join(" "),
        () => line.to_string(),
    };
    output.lines().map(|text| line(text) + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_the_same() {
        assert_eq!(names_without_numbers("ps", "PASS: ps -o pid 12\nx 12\n"), "PASS: ps -o pid PID\nx 12\n");
        assert_eq!(names_without_numbers("ls", "PASS: ls 12\n"), "PASS: ls 12\n");
    }
}
