//! A kernel for one image: what nothing in the image can reach is left out.

mod facts;
mod rules;

pub use facts::Facts;
pub use rules::{Rule, Rules};

use crate::config::Compression;
use crate::error::{Error, Result};
use crate::kernel::config::ConfigOption;
use crate::kernel::trim::Trim;
use crate::syscalls::{Calls, Reach};
use std::collections::{BTreeMap, BTreeSet};

/// The family of sockets within a machine.
const UNIX: u32 = 1;

/// What becomes of an option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// `CONFIG_…`.
    pub config: String,
    /// Whether the kernel that this one starts from has it.
    pub was: bool,
    /// Who needs it, and what for; none if nobody does.
    pub needed: Option<String>,
    /// What it is for.
    pub why: String,
}

impl Decision {
    /// Whether the kernel has it.
    pub fn on(&self) -> bool {
        self.was && self.needed.is_some()
    }
}

/// How a kernel is made to fit.
#[derive(Debug, Default)]
pub struct Fit {
    /// All options that are decided here.
    pub decisions: Vec<Decision>,
    /// The calls that the kernel's table keeps; all if a program's are not known.
    pub calls: Option<BTreeSet<String>>,
    /// The programs whose calls are not known, and where they make numbers.
    pub unknown: BTreeMap<String, String>,
}

impl Fit {
    /// Decides about each option. `base` are the options of the kernel that it starts from, the last one counting.
    pub fn new(rules: &Rules, base: &[ConfigOption], reach: &Reach, facts: &Facts) -> Fit {
        let unknown: BTreeMap<String, String> = reach
            .programs
            .iter()
            .filter_map(|(name, calls)| Some((name.clone(), calls.unknown.first()?.clone())))
            .collect();
        let decisions = rules.options.iter().map(|rule| Decision {
            config: rule.config.clone(),
            was: value(base, &rule.config).map_or(rule.usual, |value| value != "n"),
            needed: needed(rule, reach, facts),
            why: rule.why.clone(),
        });
        let mut calls: BTreeSet<String> = rules.always.iter().cloned().collect();
        calls.extend(reach.programs.values().flat_map(|program| program.names.iter().cloned()));
        Fit { decisions: decisions.collect(), calls: unknown.is_empty().then_some(calls), unknown }
    }

    /// The options to set on top of the kernel that this one starts from, and the calls of its table.
    pub fn trim(&self) -> Trim {
        let off = self.decisions.iter().filter(|decision| decision.was && !decision.on());
        let off =
            off.map(|decision| ConfigOption { symbol: decision.config.clone(), value: "n".to_string() });
        Trim { options: off.collect(), calls: self.calls.clone() }
    }

    /// Looks for what the image wants and the kernel lacks.
    ///
    /// # Errors
    /// There is such a thing: what, why and how to mend it.
    pub fn check(&self, rules: &Rules, reach: &Reach, facts: &Facts) -> Result<()> {
        for (name, line) in &facts.fs {
            let mut brings = rules.options.iter().filter(|rule| rule.fs.contains(name)).peekable();
            let lacks = |rule: &Rule| self.decisions.iter().any(|all| all.config == rule.config && !all.on());
            // One option may bring several types, and a type need several options: the first brings it.
            if let Some(rule) = brings.next().filter(|rule| lacks(rule)) {
                return Err(Error::new(format!("{line}: the kernel has no {name} ({} is off)", rule.config))
                    .fix(format!("remove the line, or add \"{}=y\" to [kernel] config", rule.config)));
            }
        }
        let on = |config: &str| self.decisions.iter().any(|all| all.config == config && all.on());
        let network = |program: &str| {
            // What the shell runs itself stands in lines of its own.
            let calls = reach.programs.get(program).filter(|_| program != "sh");
            calls.is_some_and(|calls| calls.any_family || calls.families.iter().any(|family| *family != UNIX))
        };
        let started = facts.started.iter().find(|(program, _)| !on("CONFIG_NET") && network(program));
        if let Some((program, line)) = started {
            return Err(Error::new(format!("{line}: {program} needs the network, which the kernel lacks"))
                .fix(
                    "remove the line, or choose a kernel with the network, such as `--kernel net` on armv5te",
                ));
        }
        match facts.module.as_ref().filter(|_| !on("CONFIG_MODULES")) {
            Some(module) => Err(Error::new(format!("{module}: the kernel loads no modules"))
                .fix("remove the module, or choose a kernel with modules, such as that of x86_64")),
            None => Ok(()),
        }
    }

    /// What has been decided, for the user.
    pub fn explain(&self) -> String {
        let mut text = String::new();
        for decision in &self.decisions {
            let (state, reason) = match (&decision.needed, decision.was) {
                (Some(who), true) => ("on ", who.clone()),
                (Some(who), false) => {
                    ("off", format!("as in the kernel that this one starts from; wanted by {who}"))
                }
                (None, true) => ("off", format!("nothing needs it: {}", decision.why)),
                (None, false) => ("off", "as in the kernel that this one starts from".to_string()),
            };
            text += &format!("{state} {:28} {reason}\n", decision.config);
        }
        match &self.calls {
            Some(calls) => text += &format!("{} system calls stay in the table\n", calls.len()),
            None => text += "all system calls stay in the table\n",
        }
        for (name, place) in &self.unknown {
            text += &format!(
                "{name} calls numbers made at run time ({place}): no call is left out on its account\n"
            );
        }
        text
    }
}

/// The value of an option, if a fragment sets it.
fn value<'a>(base: &'a [ConfigOption], symbol: &str) -> Option<&'a str> {
    base.iter().rev().find(|option| option.symbol == symbol).map(|option| option.value.as_str())
}

/// Who needs the option of a rule.
fn needed(rule: &Rule, reach: &Reach, facts: &Facts) -> Option<String> {
    let programs = || reach.programs.iter();
    let by_call = |(name, program): (&String, &Calls)| {
        if rule.calls.is_empty() && rule.families.is_empty() {
            return None;
        }
        if !program.unknown.is_empty() {
            return Some(format!("{name}: calls numbers made at run time"));
        }
        let call = rule.calls.iter().find(|call| program.names.contains(*call));
        let family = rule.families.iter().find(|family| program.families.contains(family));
        let any = !rule.families.is_empty() && program.any_family;
        call.map(|call| format!("{name}: calls {call}"))
            .or(family.map(|family| format!("{name}: makes sockets of family {family}")))
            .or(any.then(|| format!("{name}: makes sockets of any family")))
    };
    let by_fs = || rule.fs.iter().find_map(|name| facts.fs.get(name)).cloned();
    let by_text = || {
        let found = rule.text.iter().find_map(|text| Some((facts.with_text(text)?, text)));
        found.map(|(path, text)| format!("{path}: has the text `{text}`"))
    };
    let by_applet = || {
        let found = rule.applets.iter().find(|applet| reach.programs.contains_key(*applet));
        found.map(|applet| format!("the applet {applet}"))
    };
    let root = facts.root.name();
    let by_root =
        || rule.roots.iter().any(|name| name == root).then(|| format!("the root file system: {root}"));
    let packed = facts.compression == Compression::Gzip && rule.compression.iter().any(|name| name == "gzip");
    let script = facts.script.as_ref().filter(|_| rule.scripts).map(|path| format!("{path}: begins with #!"));
    let module = facts.module.as_ref().filter(|_| rule.modules).cloned();
    programs()
        .find_map(by_call)
        .or_else(by_fs)
        .or_else(by_text)
        .or_else(by_applet)
        .or_else(by_root)
        .or(packed.then(|| "the initramfs: gzip".to_string()))
        .or(script)
        .or(module)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Root;
    use crate::image::{file, Image};
    use crate::kernel::config::parse;

    fn rules() -> Rules {
        Rules::load(&crate::project::Project::find().unwrap().targets()).unwrap()
    }

    fn reach(programs: &[(&str, &[&str], &[&str])]) -> Reach {
        let strings = |list: &[&str]| list.iter().map(|name| name.to_string()).collect();
        let calls =
            |names, unknown| Calls { names: strings(names), unknown: strings(unknown), ..Calls::default() };
        let programs =
            programs.iter().map(|(name, names, unknown)| (name.to_string(), calls(names, unknown)));
        Reach { programs: programs.collect() }
    }

    fn facts(inittab: &str) -> Facts {
        let mut image = Image::default();
        image.put("/etc/inittab", file(inittab)).unwrap();
        Facts::new(&image, Root::Initramfs, Compression::None)
    }

    const BASE: &str =
        "CONFIG_PROC_FS=y\nCONFIG_SYSFS=y\nCONFIG_TMPFS=n\nCONFIG_FUTEX=y\nCONFIG_BLK_DEV_INITRD=y\n\
        CONFIG_RD_GZIP=y\nCONFIG_MULTIUSER=y\nCONFIG_NET=y\n";

    fn fit(reach: &Reach, facts: &Facts) -> Fit {
        Fit::new(&rules(), &parse("base", BASE).unwrap(), reach, facts)
    }

    #[test]
    fn what_nobody_needs_goes_off() {
        let facts = facts("::sysinit:/bin/mount -t proc proc /proc\n");
        let fit = fit(&reach(&[("cat", &["read", "setresuid32"], &[])]), &facts);
        let off: Vec<String> = fit.trim().options.into_iter().map(|option| option.symbol).collect();
        for config in ["CONFIG_SYSFS", "CONFIG_FUTEX", "CONFIG_RD_GZIP", "CONFIG_NET", "CONFIG_SYSCTL"] {
            assert!(off.iter().any(|name| name == config), "{config}: {off:?}");
        }
        for config in ["CONFIG_PROC_FS", "CONFIG_MULTIUSER", "CONFIG_BLK_DEV_INITRD", "CONFIG_TMPFS"] {
            assert!(!off.iter().any(|name| name == config), "{config}: {off:?}");
        }
        let text = fit.explain();
        assert!(
            text.contains("CONFIG_PROC_FS               /etc/inittab: ::sysinit:/bin/mount -t proc"),
            "{text}"
        );
        assert!(text.contains("cat: calls setresuid32"), "{text}");
        fit.check(&rules(), &reach(&[]), &facts).unwrap();
        let calls = fit.calls.unwrap();
        assert!(calls.contains("read") && calls.contains("rt_sigreturn") && !calls.contains("write"));
    }

    #[test]
    fn a_program_that_can_call_anything_keeps_all_calls() {
        let fit = fit(&reach(&[("/bin/it", &[], &["at 0x10 of its code"])]), &facts(""));
        assert!(fit.calls.is_none());
        let off = fit.trim().options;
        assert!(off.iter().all(|option| !["CONFIG_FUTEX", "CONFIG_NET"].contains(&option.symbol.as_str())));
        assert!(off.iter().any(|option| option.symbol == "CONFIG_SYSFS"));
        assert!(fit.explain().contains("/bin/it calls numbers made at run time (at 0x10 of its code)"));
    }

    #[test]
    fn what_the_kernel_lacks_is_told() {
        let without = |facts: &Facts, reach: &Reach| {
            let base = parse("base", "CONFIG_NET=n\n").unwrap();
            Fit::new(&rules(), &base, reach, facts).check(&rules(), reach, facts).unwrap_err().to_string()
        };
        let wrong = |facts: &Facts| without(facts, &reach(&[]));
        let text = wrong(&facts("::sysinit:/bin/mount -t tmpfs none /tmp\n"));
        assert!(
            text.contains("/etc/inittab: ::sysinit:/bin/mount -t tmpfs none /tmp: the kernel has no tmpfs"),
            "{text}"
        );
        let mut uses = reach(&[("ifconfig", &["socket"], &[])]);
        uses.programs.get_mut("ifconfig").unwrap().families.insert(2);
        let line = "::sysinit:/sbin/ifconfig eth0 up";
        let network = without(&facts(line), &uses);
        assert!(network.contains(&format!("/etc/inittab: {line}: ifconfig needs the network")), "{network}");
        assert!(text.contains("CONFIG_TMPFS=y"), "{text}");
        let mut image = Image::default();
        image.put("/lib/modules/6/x.ko", file("x")).unwrap();
        let text = wrong(&Facts::new(&image, Root::Initramfs, Compression::None));
        assert!(text.contains("/lib/modules/6/x.ko: the kernel loads no modules"), "{text}");
    }
}
