//! Toybox for ARMv5TE.

use super::kconfig::{check, choice, Options};
use super::{make, options_on, strip, Abi, BuildSpec, Built, Flavour};
use crate::cache::{key, Cache};
use crate::error::{Context, Error, Result};
use crate::peers::TOYBOX;
use crate::process::{command, run};
use crate::progress::Step;
use std::collections::BTreeSet;
use std::fs;

/// Change this when the steps below change.
const RECIPE: &str = "1";
/// Toybox's own choice of compiler flags, from its `configure`.
pub const OPTIMIZE: &str =
    "-Os -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-strict-aliasing";

/// Options that others select, and the default of a choice.
const HELPERS: [&str; 3] = ["TEST_GLUE", "TOYBOX", "TOYBOX_LSM_NONE"];

/// The options that are on in a build of `spec`, and those that are off.
fn options(known: &Options, spec: &BuildSpec) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut on, lacking) = known.of_applets(&spec.applets);
    if !lacking.is_empty() {
        return Err(Error::new(format!("Toybox has no {}", lacking.join(", "))));
    }
    // Its shell does not link without its `test`.
    on.extend(spec.shell.iter().flat_map(|_| ["SH", "TEST"].map(String::from)));
    let off = match spec.flavour {
        Flavour::Bare => known.switches.clone(),
        Flavour::Rich => known.applets.iter().map(|applet| applet.option.clone()).collect(),
    };
    Ok((on, off.into_iter().filter(|name| !is_helper(name)).collect()))
}

fn is_helper(option: &str) -> bool {
    HELPERS.contains(&option)
}

/// The applets of `names` that Toybox has, and those that it lacks.
///
/// # Errors
/// The source cannot be had.
pub fn having(cache: &Cache, names: &[String]) -> Result<(Vec<String>, Vec<String>)> {
    let (_, lacking) = Options::read(&TOYBOX.tree(cache)?)?.of_applets(names);
    Ok((names.iter().filter(|name| !lacking.contains(name)).cloned().collect(), lacking))
}

/// Builds Toybox as `spec` describes.
///
/// # Errors
/// The source cannot be had, an option is not taken, or it does not compile.
pub fn build(cache: &Cache, spec: &BuildSpec, abi: Abi, lto: bool) -> Result<Built> {
    let source = TOYBOX.tree(cache)?;
    let known = Options::read(&source)?;
    let (on, off) = options(&known, spec)?;
    let wanted = choice(&on, &off);
    let compiler = abi.compiler(cache)?;
    let (compile, link) = (abi.compile_flags(lto).join(" "), abi.link_flags(lto).join(" "));
    let key = key([RECIPE, TOYBOX.sha256, &wanted, &compiler.identity, OPTIMIZE, &compile, &link]);
    let place = cache.entry("cross-toybox", &key, |entry| {
        let step = Step::start(format!("Toybox for ARM: {}", spec.describe(abi, lto)));
        let tree = entry.with_extension("tree");
        run(command("cp").arg("-a").arg(&source).arg(&tree), &step)?;
        let file = tree.join("wanted");
        fs::write(&file, &wanted).context(file.display())?;
        let variables = [
            ("KCONFIG_ALLCONFIG", file.display().to_string()),
            ("CROSS_COMPILE", String::new()),
            ("CC", compiler.program.display().to_string()),
            ("HOSTCC", "gcc".to_string()),
            ("CFLAGS", compile.clone()),
            ("LDFLAGS", link.clone()),
            ("OPTIMIZE", OPTIMIZE.to_string()),
            ("NOSTRIP", "1".to_string()),
        ];
        make(&tree, &variables, &["defconfig"], &step)?;
        let config = options_on(&tree.join(".config"))?;
        let commands = known.applets.iter().map(|applet| &applet.option);
        check(&config, &on, commands.filter(|option| !is_helper(option)))?;
        make(&tree, &variables, &["toybox"], &step)?;
        strip(&tree.join("generated/unstripped/toybox"), &entry.join("toybox"))?;
        fs::write(entry.join("config"), config).context(entry.display())?;
        step.done();
        Ok(())
    })?;
    Ok(Built { binary: place.join("toybox"), config: Some(place.join("config")), lto })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::cross::{kconfig::Applet, Shell};

    #[test]
    fn helpers_are_left_to_themselves() {
        let applet = |name: &str, option: &str| Applet { name: name.into(), option: option.into() };
        let known = Options {
            switches: ["CAT", "TEST_GLUE", "TOYBOX", "TOYBOX_FLOAT"].map(String::from).into(),
            applets: [applet("cat", "CAT"), applet("test", "TEST_GLUE"), applet("sh", "SH")].into(),
        };
        let spec = |flavour| BuildSpec { applets: Vec::new(), shell: Some(Shell::Toysh), flavour };
        let (on, off) = options(&known, &spec(Flavour::Bare)).unwrap();
        assert!(on.contains("SH") && on.contains("TEST") && off.contains("TOYBOX_FLOAT"));
        assert!(!off.contains("TOYBOX") && !off.contains("TEST_GLUE"));
        let (_, off) = options(&known, &spec(Flavour::Rich)).unwrap();
        assert!(off.contains("CAT") && !off.contains("TOYBOX_FLOAT"));
    }
}
