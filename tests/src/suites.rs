//! The peers' suites and our own cases of applets on a machine where mote is all there is, in one boot.

use crate::batch::{Batch, Told};
use crate::conformance::guest::{self, Printed, Shells};
use crate::conformance::known::Known;
use crate::conformance::reference::{self, User};
use crate::conformance::shell::Suite;
use crate::conformance::{summary, write, Report};
use crate::spec::{self, Case, Machine};
use crate::{project, GUESTS};
use build_rootfs::applets::Catalogue;
use build_rootfs::cache::Cache;
use build_rootfs::error::Result;
use std::collections::BTreeSet;

/// The guests' kernels have no network.
const NOT_THERE: &str = "ifconfig";

/// The jobs of a boot, and how to judge them.
pub struct Suites {
    target: &'static str,
    kernel: Option<&'static str>,
    batch: Batch,
    ash: Shells,
    hush: Shells,
    own: Vec<Case>,
}

/// The names that the image's mote answers to.
fn names() -> Result<Vec<String>> {
    let all = Catalogue::load(project())?;
    let paths = all.paths(&all.resolve(GUESTS)?);
    let names = paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.1.to_string()));
    Ok(names.filter(|name| name != NOT_THERE).collect())
}

impl Suites {
    /// All of them, for `target`, and our own cases for `machine`, each of which takes at most `limit` seconds of the
    /// guest's.
    ///
    /// # Errors
    /// The peers' sources cannot be had, or a file of cases has a mistake.
    pub fn new(target: &'static str, machine: Machine, limit: u32) -> Result<Suites> {
        let (cache, names, own) = (Cache::open()?, names()?, spec::cases(machine)?);
        let mut batch = Batch::new();
        let ash = Shells::add(&mut batch, &cache, Suite::Ash)?;
        let hush = Shells::add(&mut batch, &cache, Suite::Hush)?;
        guest::add_busybox(&mut batch, &cache, &names)?;
        guest::add_toybox(&mut batch, &cache, &names)?;
        for (n, case) in own.iter().enumerate() {
            batch.file(&format!("own/{n}"), &case.script);
            batch.job(&format!("own {}", case.name), "", limit, &format!("sh /own/{n}"));
        }
        Ok(Suites { target, kernel: None, batch, ash, hush, own })
    }

    /// With the target's kernel `kernel` instead of its usual one.
    #[must_use]
    pub fn on(self, kernel: &'static str) -> Suites {
        Suites { kernel: Some(kernel), ..self }
    }

    /// Boots, and tells what all jobs printed; `link` as [`Batch::run`] has it.
    pub fn run(&self, link: Option<&str>) -> Printed {
        self.batch.run_on(self.kernel.unwrap_or("suites"), self.target, link, self.kernel)
    }

    /// Panics unless of `suite` (`ash_test`, `hush_test`, `busybox`, `toybox`) passes what passes on x86_64, but for
    /// the known differences.
    pub fn check(&self, suite: &str, printed: &Printed) {
        self.judge(suite, printed).unwrap_or_else(|error| panic!("{error}"));
    }

    fn judge(&self, suite: &str, printed: &Printed) -> Result<()> {
        let of_applets = |suite: reference::Suite| suite.expected_of(&names()?, User::Root);
        let (expected, report) = match suite {
            "ash_test" => (reference::Suite::Ash.expected(User::Root)?, self.ash.report(printed)?),
            "hush_test" => (reference::Suite::Hush.expected(User::Root)?, self.hush.report(printed)?),
            "busybox" => (of_applets(reference::Suite::BusyBox)?, guest::report(suite, printed)),
            _ => (of_applets(reference::Suite::Toybox)?, guest::report(suite, printed)),
        };
        self.compare(suite, expected, &report)
    }

    fn compare(&self, suite: &str, expected: BTreeSet<String>, report: &Report) -> Result<()> {
        let known = Known::of_the_project()?;
        let here = format!("{suite} on {}", self.target);
        let label = format!("{here} {}", self.kernel.unwrap_or_default());
        let label = label.trim_end();
        let dir = crate::out().join(label.replace(' ', "-"));
        write(report, &dir)?;
        println!("{label}: {}", summary(report));
        // Where a name holds a device of the machine that the suite first ran on, there is no such case here.
        let mut expected = known.rest(suite, expected);
        expected.retain(|case| !case.contains(" /dev/"));
        let wrong = known.check(&here, &expected, report);
        assert!(wrong.is_empty(), "{}\n\n{} cases; more in {}", wrong.join("\n"), wrong.len(), dir.display());
        Ok(())
    }

    /// Panics unless our own cases of applets come out right, but for those named in `not_here`.
    pub fn check_own(&self, printed: &Printed, not_here: &[&str]) {
        let here = self.own.iter().filter(|case| !not_here.contains(&case.name.as_str()));
        let judged = here.filter_map(|case| {
            let Told { output, status } = printed.get(&format!("own {}", case.name)).expect("the job ran");
            case.differs(output, status.map(i32::from))
        });
        let wrong: Vec<String> = judged.collect();
        assert!(wrong.is_empty(), "{}\n{} of {} cases", wrong.join("\n"), wrong.len(), self.own.len());
    }
}
