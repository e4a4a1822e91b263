//! BusyBox for ARMv5TE.

use super::build_tree::BuildTree;
use super::kconfig::{check, choice, Options};
use super::{make, options_on, strip, Abi, BuildSpec, Built, Flavour, Libc, Shell};
use crate::cache::{key, Cache};
use crate::error::{Context, Error, Result};
use crate::peers::BUSYBOX;
use crate::progress::Step;
use std::collections::BTreeSet;
use std::fs;

/// Change this when the steps below change.
const RECIPE: &str = "1";
/// The options that an applet needs to be useful: without them the shell has no language, `ls` no order, `mount` no
/// flags.
pub const NEEDED_OPTIONS: &[(&str, &[&str])] = &[
    (
        "hush",
        &[
            "HUSH_INTERACTIVE",
            "HUSH_TICK",
            "HUSH_IF",
            "HUSH_LOOPS",
            "HUSH_CASE",
            "HUSH_FUNCTIONS",
            "HUSH_ECHO",
            "HUSH_TEST",
            "HUSH_EXPORT",
            "HUSH_SET",
            "HUSH_UNSET",
            "HUSH_READ",
            "HUSH_WAIT",
        ],
    ),
    ("ash", &["ASH_OPTIMIZE_FOR_SIZE", "ASH_INTERNAL_GLOB", "ASH_ECHO", "ASH_TEST"]),
    ("ls", &["FEATURE_LS_SORTFILES", "FEATURE_LS_TIMESTAMPS"]),
    ("mount", &["FEATURE_MOUNT_FLAGS", "FEATURE_MOUNT_FSTAB"]),
    ("umount", &["FEATURE_UMOUNT_ALL"]),
    ("ifconfig", &["FEATURE_IFCONFIG_STATUS"]),
    ("init", &["FEATURE_USE_INITTAB"]),
    ("modprobe", &["FEATURE_MODPROBE_SMALL_CHECK_ALREADY_LOADED", "FEATURE_CMDLINE_MODULE_OPTIONS"]),
];
/// BusyBox's `modprobe-small` replaces these five programs by one.
const MODULES: [&str; 5] = ["depmod", "insmod", "lsmod", "modprobe", "rmmod"];

/// The options that are on in a build of `spec`, and those that are off.
fn options(known: &Options, spec: &BuildSpec, abi: Abi) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let (mut on, lacking) = known.of_applets(&spec.applets);
    if !lacking.is_empty() {
        return Err(Error::new(format!("BusyBox has no {}", lacking.join(", "))));
    }
    let mut named: Vec<&str> = spec.applets.iter().map(String::as_str).collect();
    match spec.shell {
        Some(Shell::Ash) => {
            on.extend(["ASH", "SH_IS_ASH"].map(String::from));
            named.push("ash");
        }
        Some(_) => {
            on.extend(["HUSH", "SH_IS_HUSH"].map(String::from));
            named.push("hush");
        }
        None => drop(on.insert("SH_IS_NONE".to_string())),
    }
    if named.iter().any(|name| MODULES.contains(name)) {
        on.insert("MODPROBE_SMALL".to_string());
    }
    on.extend((abi.libc == Libc::Musl).then(|| "STATIC".to_string()));
    on.insert("LFS".to_string());
    let off = match spec.flavour {
        Flavour::Bare => {
            let sane = NEEDED_OPTIONS.iter().filter(|(applet, _)| named.contains(applet));
            on.extend(sane.flat_map(|(_, options)| options.iter().map(|option| option.to_string())));
            known.switches.clone()
        }
        // Only the other applets are off. All other options keep their defaults.
        Flavour::Rich => {
            let shells = ["ASH", "HUSH", "SH_IS_ASH", "SH_IS_HUSH", "SH_IS_NONE"].map(String::from);
            known.applets.iter().map(|applet| applet.option.clone()).chain(shells).collect()
        }
    };
    Ok((on, off))
}

/// Builds BusyBox as `spec` describes.
///
/// # Errors
/// The source cannot be fetched, an option is not taken, or it does not compile.
pub fn build(cache: &Cache, spec: &BuildSpec, abi: Abi, lto: bool) -> Result<Built> {
    let source = BUSYBOX.tree(cache)?;
    let known = Options::read(&source)?;
    let (on, off) = options(&known, spec, abi)?;
    let wanted = choice(&on, &off);
    let compiler = abi.compiler(cache)?;
    let (mut compile, link) = (abi.compile_flags(lto), abi.link_flags(lto));
    // BusyBox declares the pointer to its variables as constant. Whole-program optimisation would rely on that.
    compile.extend(lto.then_some("-DBB_GLOBAL_CONST="));
    let (compile, link) = (compile.join(" "), link.join(" "));
    let whole = key([RECIPE, BUSYBOX.sha256, &wanted, &compiler.identity, &compile, &link]);
    let place = cache.entry("cross-busybox", &whole, |entry| {
        let step = Step::start(format!("BusyBox for ARM: {}", spec.describe(abi, lto)));
        let inputs = key([RECIPE, BUSYBOX.sha256, &compiler.identity, &compile, &link]);
        let name = if lto { "busybox-lto" } else { "busybox" };
        let build_tree = BuildTree::open(cache, name, &source, &inputs, &step)?;
        let tree = build_tree.tree();
        let file = tree.join("configs/mote_defconfig");
        fs::write(&file, &wanted).context(file.display())?;
        make(&tree, &[], &["mote_defconfig"], &step)?;
        let config = options_on(&tree.join(".config"))?;
        check(&config, &on, known.applets.iter().map(|applet| &applet.option))?;
        let variables = [
            ("CROSS_COMPILE", super::CROSS.to_string()),
            ("CC", compiler.program.display().to_string()),
            ("HOSTCC", "gcc".to_string()),
            ("EXTRA_CFLAGS", compile.clone()),
            ("EXTRA_LDFLAGS", link.clone()),
            ("SKIP_STRIP", "y".to_string()),
        ];
        make(&tree, &variables, &["busybox"], &step)?;
        strip(&tree.join("busybox_unstripped"), &entry.join("busybox"))?;
        fs::write(entry.join("config"), config).context(entry.display())?;
        build_tree.close()?;
        step.done();
        Ok(())
    })?;
    Ok(Built { binary: place.join("busybox"), config: Some(place.join("config")), lto })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Options {
        let applet =
            |name: &str| super::super::kconfig::Applet { name: name.into(), option: name.to_uppercase() };
        Options {
            switches: ["LS", "CAT", "FEATURE_LS_WIDTH", "DESKTOP", "STATIC"].map(String::from).into(),
            applets: [applet("ls"), applet("cat")].into(),
        }
    }

    fn spec(applets: &[&str], flavour: Flavour) -> BuildSpec {
        BuildSpec { applets: applets.iter().map(|name| name.to_string()).collect(), shell: None, flavour }
    }

    #[test]
    fn bare_switches_everything_else_off_and_rich_only_other_applets() {
        let (on, off) = options(&known(), &spec(&["ls"], Flavour::Bare), Abi::MAIN).unwrap();
        assert!(on.contains("LS") && on.contains("FEATURE_LS_SORTFILES") && on.contains("STATIC"));
        assert!(off.contains("DESKTOP") && off.contains("FEATURE_LS_WIDTH"));
        let (on, off) = options(&known(), &spec(&["ls"], Flavour::Rich), Abi::MAIN).unwrap();
        assert!(!on.contains("FEATURE_LS_SORTFILES"));
        assert!(off.contains("CAT") && !off.contains("DESKTOP"));
    }

    #[test]
    fn an_applet_that_there_is_not_is_named() {
        let why = options(&known(), &spec(&["ls", "zap"], Flavour::Rich), Abi::MAIN).unwrap_err();
        assert!(why.to_string().contains("BusyBox has no zap"), "{why}");
    }

    #[test]
    fn what_does_not_build_says_why() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let source = |peer: &crate::peers::Peer| {
            let tree = dir.path().join(format!("source-{}-{}", peer.package, &peer.sha256[..16]));
            fs::create_dir(&tree).unwrap();
            tree
        };
        let text = "//config:config LS\n//config:\tbool \"ls\"\n//applet:IF_LS(APPLET(ls, x, y))\n";
        fs::write(source(&BUSYBOX).join("ls.c"), text).unwrap();
        let configure = source(&crate::peers::MUSL).join("configure");
        fs::write(&configure, "#!/bin/sh\necho this machine is wrong\nexit 3\n").unwrap();
        fs::set_permissions(&configure, fs::Permissions::from_mode(0o755)).unwrap();
        let cache = Cache::at(dir.path().to_path_buf());
        let failed = build(&cache, &spec(&["ls"], Flavour::Rich), Abi::MAIN, false).map(drop);
        let why = failed.unwrap_err().to_string();
        assert!(why.trim_end().ends_with("this machine is wrong"), "{why}");
        assert!(cache.existing("cross-musl").is_empty() && cache.existing("cross-busybox").is_empty());
    }
}
