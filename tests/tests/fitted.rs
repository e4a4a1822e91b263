//! A kernel without what nothing in its image can reach: all that it must do it does. The first run builds that kernel,
//! which takes as long as the target's usual one.

use std::process::Command;
use tests::batch::Batch;
use tests::spec::{cases, Machine};
use tests::{project, rootfs};

/// Seconds of the guest's for a case.
const LIMIT: u32 = 60;

/// Processes, pipes, signals, files and links, many times.
const WORKLOAD: &str = "trap 'echo caught' USR1
i=0
while [ $i -lt 100 ]; do
    mkdir -p d/$i && echo $i >d/$i/a && mv d/$i/a d/$i/b && read -r x <d/$i/b
    (exit 3) || cat d/$i/b | cat | { read -r y; [ $x = $y ] || echo wrong $i; }
    i=$((i + 1))
done
set -- d/*
echo $#
rm -r d
kill -USR1 $$
sleep 60 & kill $!
wait $! 2>/dev/null
echo $?
while :; do :; done & kill -9 $!
wait $!
echo $?
";

#[test]
fn the_cases_of_applets_pass_on_a_fitted_kernel() {
    let own = cases(Machine::Armv5te).unwrap_or_else(|error| panic!("{error}"));
    let mut batch = Batch::new();
    for (n, case) in own.iter().enumerate() {
        // Some mount a type that the kernel lacks, to see it fail: the tool refuses such a line, when it knows it.
        batch.file(&format!("own/{n}"), case.script.replace("mount -t", "mount \\-t"));
        batch.job(&format!("own {}", case.name), "", LIMIT, &format!("sh /own/{n}"));
    }
    batch.file("own/workload", WORKLOAD);
    batch.job("workload", "", LIMIT, "sh /own/workload");
    let printed = batch.run_on("fitted", "armv5te", None, Some("fitted"));
    let wrong = own.iter().filter_map(|case| {
        let told = &printed[&format!("own {}", case.name)];
        case.differs(&told.output, told.status.map(i32::from))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}\n{} of {} cases", wrong.join("\n"), wrong.len(), own.len());
    let workload = &printed["workload"];
    assert_eq!(
        (String::from_utf8_lossy(&workload.output).as_ref(), workload.status),
        ("100\ncaught\n143\nKilled\n137\n", Some(0))
    );
}

fn kernel(config: &str) -> (String, Option<i32>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), config).unwrap();
    let mut command: Command = rootfs(env!("CARGO_BIN_EXE_rootfs"));
    command.args(["kernel", "armv5te", "--kernel", "fitted", "--explain", "--config"]).arg(file.path());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (text, output.status.code())
}

#[test]
fn each_option_has_its_reason() {
    let (text, status) = kernel("applets = \"seed\"\n");
    assert_eq!(status, Some(0), "{text}");
    for line in [
        "on  CONFIG_PROC_FS               /etc/inittab: ::sysinit:/bin/mount -t proc proc /proc",
        "off CONFIG_SYSFS                 nothing needs it",
        "off CONFIG_NET                   as in the kernel that this one starts from; wanted by ifconfig",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let (text, _) = kernel("applets = \"sh\"\n");
    assert!(text.contains("off CONFIG_PROC_FS"), "{text}");
}

#[test]
fn what_cannot_be_is_told_before_anything_is_built() {
    let mount = "[[mount]]\nsource = \"none\"\ndir = \"/tmp\"\ntype = \"tmpfs\"\n";
    let network = "inittab = [\"::sysinit:/sbin/ifconfig eth0 up\", \"::respawn:-/bin/sh\"]\n";
    for (config, cause, fix) in [
        (mount, "mount -t tmpfs none /tmp: the kernel has no tmpfs", "CONFIG_TMPFS=y"),
        (network, "ifconfig needs the network, which the kernel lacks", "--kernel net"),
    ] {
        let (text, status) = kernel(config);
        assert!(status == Some(1) && text.contains(cause) && text.contains(fix), "{text}");
    }
    assert!(project().targets().join("fitted.toml").exists());
}
