//! The peers' suites in a guest without an MMU, where mote is all there is: it runs the suites' own scripts, and small
//! tools of ours stand in for what they call beside it.

use super::busybox::told;
use super::shell::{self, Suite};
use super::{add, normal, read, Report, Verdict};
use crate::batch::{Batch, Told};
use build_rootfs::cache::Cache;
use build_rootfs::error::{Context, Result};
use build_rootfs::peers::native::busybox_config;
use build_rootfs::peers::{BUSYBOX, TOYBOX};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What the jobs of a batch printed, by their names.
pub type Printed = BTreeMap<String, Told>;

/// For a case of a shell's suite, in seconds of the guest's; see [`super::shell`].
const CASE: u32 = 30;
/// For all cases in a file.
const FILE: u32 = 240;
/// Each of these runs for minutes there.
const SLOW: &[&str] = &["ash-z_slow/many_ifs", "hush-z_slow/many_ifs"];
/// What Toybox's `scripts/test.sh` does for one applet.
const RUNNER: &str = "\
export TEST_HOST=1 VERBOSE=all SH=sh SHELL=/bin/sh FILES=/toybox/tests/files LC_COLLATE=C
. /toybox/scripts/runtest.sh
TESTDIR=$PWD
CMDNAME=$1
C=$(which $1)
. /toybox/tests/$1.test
";

/// The cases of a shell's suite.
pub struct Shells {
    suite: Suite,
    cases: Vec<shell::Case>,
}

impl Shells {
    /// Puts the cases of `suite` into `batch`.
    ///
    /// # Errors
    /// BusyBox's source cannot be had.
    pub fn add(batch: &mut Batch, cache: &Cache, suite: Suite) -> Result<Shells> {
        let name = format!("{}_test", suite.name());
        let tests = BUSYBOX.tree(cache)?.join("shell").join(&name);
        let cases = shell::cases(&tests)?;
        let mut dirs: Vec<&Path> = cases.iter().map(|case| case.dir.as_path()).collect();
        dirs.dedup();
        for dir in dirs {
            files(batch, dir, &format!("{name}/{}", base(dir)))?;
        }
        // As on other machines: it is called ash for the suite of that name.
        let shell = if suite == Suite::Ash { "/bin/ash" } else { "/bin/sh" };
        for case in cases.iter().filter(|case| !SLOW.contains(&case.name.as_str())) {
            let command = format!("env THIS_SH={shell} {shell} ./{}", case.script);
            batch.job(&case.name, &format!("/{name}/{}", base(&case.dir)), CASE, &command);
        }
        for (name, value) in shell::options(cache)? {
            batch.setting(&format!("export {name}='{value}'"));
        }
        Ok(Shells { suite, cases })
    }

    /// What became of the cases.
    ///
    /// # Errors
    /// The harness itself fails: a folder cannot be written, a program not started.
    pub fn report(&self, printed: &Printed) -> Result<Report> {
        let room = super::place::Place::new()?;
        let mut report = Report::new();
        for case in &self.cases {
            let Some(Told { output, status }) = printed.get(&case.name) else { continue };
            let hush = self.suite == Suite::Hush;
            let output = if hush { normal::of_hush(output) } else { output.clone() };
            let verdict = match status {
                None => Verdict::Failed(format!("not done in time\n{}", String::from_utf8_lossy(&output))),
                Some(77) if hush => Verdict::Skipped,
                Some(_) => shell::judge(room.path(), &output, &read(&case.right)?)?,
            };
            add(&mut report, case.name.clone(), verdict);
        }
        Ok(report)
    }
}

/// Puts BusyBox's cases of `applets` into `batch`.
///
/// # Errors
/// BusyBox's source cannot be had.
pub fn add_busybox(batch: &mut Batch, cache: &Cache, applets: &[String]) -> Result<()> {
    let suite = BUSYBOX.tree(cache)?.join("testsuite");
    let config = busybox_config(cache)?;
    let settings = fs::read_to_string(&config).context(config.display())?;
    let flags: Vec<&str> =
        settings.lines().filter_map(|line| line.strip_prefix("CONFIG_")?.split('=').next()).collect();
    batch.file("busybox/.config", &settings);
    batch.file("busybox/flags", format!("OPTIONFLAGS=:{}:\n", flags.join(":")));
    batch.file("busybox/testsuite/testing.sh", read(&suite.join("testing.sh"))?);
    batch.file("busybox/testsuite/ls.mk_uni_tests", read(&suite.join("ls.mk_uni_tests"))?);
    batch.setting("export d=/busybox/testsuite tsdir=/busybox/testsuite bindir=/busybox");
    batch.file("busybox/file", ". /busybox/flags\nECHO=echo VERBOSE=1; . ./$1\n");
    for applet in applets {
        let old = suite.join(applet);
        if old.is_dir() {
            for file in sorted(&old)? {
                let (name, text) = (format!("{applet}/{}", base(&file)), read(&file)?);
                let features = String::from_utf8_lossy(&text).into_owned();
                let features = features.lines().filter_map(|line| line.strip_prefix("# FEATURE: "));
                let off = |name: &str| settings.contains(&format!("\n# {name} is not set\n"));
                if !features.flat_map(str::split_whitespace).any(off) {
                    batch.file(&format!("busybox/testsuite/{name}"), &text);
                    batch.job(
                        &format!("busybox {name}"),
                        "",
                        FILE,
                        &format!("sh -e /busybox/testsuite/{name}"),
                    );
                }
            }
        }
        let new = format!("{applet}.tests");
        if suite.join(&new).is_file() {
            batch.file(&format!("busybox/testsuite/{new}"), read(&suite.join(&new))?);
            batch.job(
                &format!("busybox {new}"),
                "/busybox/testsuite",
                FILE,
                &format!("sh /busybox/file {new}"),
            );
        }
    }
    Ok(())
}

/// Puts Toybox's cases of `applets` into `batch`.
///
/// # Errors
/// Toybox's source cannot be had.
pub fn add_toybox(batch: &mut Batch, cache: &Cache, applets: &[String]) -> Result<()> {
    let tree = TOYBOX.tree(cache)?;
    let harness = tree.join("scripts/runtest.sh");
    let harness = fs::read_to_string(&harness).context(harness.display())?;
    // `read -N` is bash's own.
    let mended = harness
        .replace(
            "read -t2 $LARG A <&$O\n",
            "take 2 $LEN <&$O >took; X=$?; A=$(cat took; echo .); A=${A%.}; (exit $X)\n",
        )
        .replace("read -t.1 -rN 9999 B<&$ERR", "B=");
    batch.file("toybox/scripts/runtest.sh", mended);
    batch.file("toybox/run", RUNNER);
    for applet in applets {
        let test = tree.join("tests").join(format!("{applet}.test"));
        if test.is_file() {
            batch.file(&format!("toybox/tests/{applet}.test"), read(&test)?);
            let (name, command) = (format!("toybox {applet}.test"), format!("sh /toybox/run {applet}"));
            // Some cases of it are about a shell at a prompt.
            if applet == "sh" {
                batch.job_at_terminal(&name, "", FILE, &command);
            } else {
                batch.job(&name, "", FILE, &command);
            }
        }
    }
    Ok(())
}

/// What became of the cases of `suite` (`busybox` or `toybox`).
pub fn report(suite: &str, printed: &Printed) -> Report {
    let mut report = Report::new();
    let jobs = printed.iter().filter_map(|(name, told)| Some((name.strip_prefix(suite)?.trim_start(), told)));
    for (name, Told { output, status }) in jobs {
        let text = String::from_utf8_lossy(output);
        if name.ends_with(".test") || name.ends_with(".tests") {
            told(
                &super::toybox::names_without_numbers(name.trim_end_matches(".test"), &text),
                name,
                &mut report,
            );
            if status.is_none() {
                add(&mut report, format!("{name}: in time"), Verdict::Failed(format!("not in {FILE} s")));
            }
        } else {
            let verdict =
                if *status == Some(0) { Verdict::Exact } else { Verdict::Failed(text.into_owned()) };
            add(&mut report, name.to_string(), verdict);
        }
    }
    report
}

fn files(batch: &mut Batch, from: &Path, to: &str) -> Result<()> {
    for file in sorted(from)?.iter().filter(|file| file.is_file()) {
        batch.program(&format!("{to}/{}", base(file)), read(file)?);
    }
    Ok(())
}

fn sorted(dir: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut files: Vec<_> =
        fs::read_dir(dir).context(dir.display())?.flatten().map(|file| file.path()).collect();
    files.sort();
    Ok(files)
}

fn base(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
