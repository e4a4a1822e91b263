//! The ARMv5TE board with its kernel, and the text of programs, in flash: each such kernel comes to a prompt in the RAM
//! that it is made for, does a workload, and what mote does there is what it does on the kernel in RAM.

use build_rootfs::build::Plan;
use build_rootfs::census::Group;
use build_rootfs::compare::ram::{census, Workload};
use build_rootfs::project::Project;
use tests::batch::CLOCK;
use tests::spec::Machine;
use tests::suites::Suites;
use tests::{Guest, Options};

/// Where flash begins and ends, as `/proc/PID/maps` writes offsets in it.
const FLASH: std::ops::Range<u64> = 0x3400_0000..0x3800_0000;

fn boot(kernel: &str, applets: &str, ram: &str) -> Guest {
    let options = Options {
        applets: Some(applets.into()),
        kernel: Some(kernel.into()),
        ram: Some(ram.into()),
        qemu: CLOCK.map(String::from).into(),
        ..Options::default()
    };
    let mut guest = Guest::boot(&format!("{kernel}-{applets}-{ram}"), &options);
    guest.expect("# ");
    guest
}

fn answers(kernel: &str, applets: &str, ram: &str) -> Guest {
    let mut guest = boot(kernel, applets, ram);
    assert_eq!(guest.command("echo ok-$((6*7))", "# "), "ok-42\n");
    guest
}

/// Text is mapped from flash; a program is started 200 times; then come a pipeline, a trap, and a job that is killed.
fn works(kernel: &str, ram: &str) {
    let mut guest = answers(kernel, "seed", ram);
    let maps = guest.command("while read -r line; do echo \"$line\"; done </proc/1/maps", "# ");
    let text = maps.lines().find(|line| line.contains(" r-xp ")).expect("a mapping of text");
    let offset = text.split_whitespace().nth(2).and_then(|word| u64::from_str_radix(word, 16).ok());
    assert!(offset.is_some_and(|offset| FLASH.contains(&offset)), "{maps}");
    let spawns = "while /bin/sh -c : && [ $((i+=1)) -lt 200 ]; do :; done; echo $i";
    assert_eq!(guest.command(spawns, "# "), "200\n");
    let pipeline = "echo one | (read a; echo $a-two) | (read b; echo $b-three)";
    assert_eq!(guest.command(pipeline, "# "), "one-two-three\n");
    assert_eq!(guest.command("trap 'echo got' USR1; kill -USR1 $$; echo after", "# "), "got\nafter\n");
    assert_eq!(guest.command("x=$(ls -l /bin | cat); echo ${#x} >/dev/null; echo $?", "# "), "0\n");
    assert_eq!(guest.command("echo x >/etc/motd; echo $?", "# ").lines().last(), Some("1"));
}

#[test]
fn the_tiny_kernel_answers_in_its_ram() {
    answers("xip-tiny", "sh", "288k");
    answers("xip-tiny", "seed", "304k");
}

#[test]
fn the_tiny_kernel_works_in_400k() {
    works("xip-tiny", "400k");
}

#[test]
fn stock_address_spaces_answer_in_600k_and_work_in_800k() {
    answers("xip", "sh", "512k");
    answers("xip", "seed", "600k");
    works("xip", "800k");
}

/// What is counted from outside is what the kernel says, but for what its answer takes.
#[test]
fn every_page_is_counted() {
    let project = Project::find().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let options = build_rootfs::build::Options {
        target: Some("armv5te".into()),
        applets: Some("seed".into()),
        kernel: Some("xip-tiny".into()),
        ram: Some("1M".into()),
        out: Some(scratch.path().join("image")),
        ..Default::default()
    };
    let plan = Plan::new(&project, &options).unwrap();
    let system = plan.build(&project).unwrap().system.unwrap();
    let census = census(&system, &plan.kernel().unwrap(), Workload::Prompt).unwrap();
    let all: u32 = Group::ALL.map(|group| census.kib(group)).iter().sum();
    assert_eq!(all, 1024, "{}", census.table());
    let part = |program: &str, part: &str| {
        census
            .rows
            .iter()
            .any(|row| row.name.starts_with(program) && row.name.ends_with(part) && row.pages > 0)
    };
    assert!(part("init (1)", "stack") && part("sh (", "stack") && part("sh (", "data"), "{}", census.table());
    let mut guest = boot("xip-tiny", "seed", "1M");
    let said = guest.command("while read -r a b c; do echo $a $b; done </proc/meminfo", "# ");
    let free = said.lines().find_map(|line| line.strip_prefix("MemFree: ")).expect("MemFree");
    let free: u32 = free.parse().unwrap();
    assert!(census.kib(Group::Free).abs_diff(free) <= 32, "{free}\n{}", census.table());
}

/// What mote does on the kernel in RAM (`arm_suites.rs`) is what it does here: the same suites, and the same differences.
#[test]
fn suites_come_out_as_on_the_kernel_in_ram() {
    let suites = Suites::new("armv5te", Machine::Armv5te, 60).unwrap_or_else(|error| panic!("{error}"));
    let suites = suites.on("xip-tiny");
    let printed = suites.run(None);
    for suite in ["ash_test", "hush_test", "busybox", "toybox"] {
        suites.check(suite, &printed);
    }
    // No hard link leads from the file system that can be written to into flash.
    suites.check_own(&printed, &["mote::installs_and_reports_failed_writes"]);
}
