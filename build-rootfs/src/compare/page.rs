//! The page `docs/comparison.md`.

use super::plan::Set;
use super::plot::Picture;
use super::report::{abi, Outcome, Report, SizeRow, SpeedRow};
use super::size::COMPRESSORS;
use super::text::{escape, figure, table};
use super::{memory, nommu};
use crate::number::thousands as number;
use crate::peers::cross::{busybox, musl, toybox, Abi, Code, Flavour};
use crate::progress::seconds;
use std::time::Duration;

/// The text in place of a missing figure; the reasons are at the end of the page.
const HOLE: &str = "(hole)";

/// The page in Markdown, with `pictures` beside it.
pub fn page(report: &Report, pictures: &[Picture]) -> String {
    let parts = [
        head(report),
        bytes(report, pictures),
        floors(report),
        marginals(report),
        guests(report, pictures),
        nommu(report),
        memory::section(&report.memory, &picture(pictures, "comparison-memory.svg", "RAM by use")),
        speed(report),
        suites(report),
        map(report, pictures),
        holes(report),
        method(report),
        configurations(report),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn head(report: &Report) -> String {
    let setting = &report.setting;
    let sources = setting.sources.iter().map(|source| format!("{} {}", source.name, source.version));
    format!(
        "# mote beside BusyBox and Toybox\n\n\
         Made by `{}` on {}, of commit {}; do not edit. The peers are Debian's sources of {}, built here.\n",
        setting.command,
        setting.date,
        setting.commit,
        sources.collect::<Vec<_>>().join(", ")
    )
}

fn picture(pictures: &[Picture], name: &str, what: &str) -> String {
    match pictures.iter().any(|(known, _)| *known == name) {
        true => format!("![{what}]({name})\n\n"),
        false => String::new(),
    }
}

fn bytes(report: &Report, pictures: &[Picture]) -> String {
    let mut out =
        "## Bytes\n\nThe smallest form of each binary: Thumb code, static (the peers with musl), without \
                   symbols and section headers. *bare*: only the options that an applet needs to be useful; \
                   *rich*: the peer's own default options. *lean*: without line editor, job control, what is \
                   beyond POSIX, and help texts, which can be left out of mote: rootfs-toml.md.\n\n"
            .to_string();
    out += &picture(pictures, "comparison-bytes.svg", "bytes by set");
    let main: Vec<&SizeRow> =
        report.sizes.iter().filter(|row| row.abi.is_none_or(|abi| abi == Abi::MAIN)).collect();
    // A build without a shell is listed in the rows of all shells.
    let mut lines: Vec<&SizeRow> = Vec::new();
    for row in main.iter().copied().filter(|row| row.set != Set::True) {
        if !lines.iter().any(|line| line.who == row.who) {
            lines.push(row);
        }
    }
    let cell = |line: &SizeRow, set: Set| {
        let same = |row: &&&SizeRow| match set {
            Set::True if row.peer.is_some() => (row.peer, row.flavour) == (line.peer, line.flavour),
            _ => row.who == line.who,
        };
        let row = main.iter().filter(|row| row.set == set).find(same);
        let mark = |row: &SizeRow| if row.lacking.is_empty() { "" } else { "\\*" };
        row.map_or("–".to_string(), |row| show(&row.bytes, |bytes| number(bytes.sstripped)) + mark(row))
    };
    let rows: Vec<Vec<String>> = lines
        .iter()
        .map(|line| {
            let cells = Set::ALL.iter().map(|set| cell(line, *set));
            std::iter::once(line.who.clone()).chain(cells).collect()
        })
        .collect();
    let head: Vec<&str> = std::iter::once("").chain(Set::ALL.iter().map(|set| set.name())).collect();
    if !rows.is_empty() {
        out += &table(&head, &rows);
    }
    let lacking: Vec<&SizeRow> = main.iter().copied().filter(|row| !row.lacking.is_empty()).collect();
    if let Some(row) = lacking.first() {
        out += &format!("\n\\* without {}, which it does not have.\n", row.lacking.join(", "));
    }
    out += "\nAll builds. *stripped*: by `strip`; *sstripped*: without section headers, too, as in the table above. The files of glibc, \
            which the dynamic builds need, are not counted.\n";
    for set in Set::ALL {
        out +=
            &format!("\n<details><summary>{}</summary>\n\n{}\n</details>\n", set.name(), every(report, set));
    }
    out
}

fn every(report: &Report, set: Set) -> String {
    let head = [
        "",
        "code, C library",
        "LTO",
        "stripped",
        "sstripped",
        "text",
        "data",
        "bss",
        "gzip",
        "xz",
        "initramfs",
        "its gzip",
        "its xz",
    ];
    let rows: Vec<Vec<String>> = report
        .sizes
        .iter()
        .filter(|row| row.set == set)
        .map(|row| {
            let lto = match row.lto {
                Some(true) => "yes",
                Some(false) => "no",
                None => "–",
            };
            let mut cells = vec![row.who.clone(), abi(row.abi), lto.to_string()];
            match row.bytes.value() {
                Some(b) => cells.extend(
                    [
                        b.stripped,
                        b.sstripped,
                        b.text,
                        b.data,
                        b.bss,
                        b.gzip,
                        b.xz,
                        b.initramfs,
                        b.initramfs_gzip,
                        b.initramfs_xz,
                    ]
                    .map(number),
                ),
                None => cells.extend(std::iter::repeat_n(HOLE.to_string(), head.len() - 3)),
            }
            cells
        })
        .collect();
    table(&head, &rows)
}

fn show<T>(found: &Outcome<T>, text: impl Fn(&T) -> String) -> String {
    match found {
        Outcome::Value(value) => text(value),
        Outcome::Unsupported { .. } => "cannot".to_string(),
        Outcome::Hole { .. } => HOLE.to_string(),
    }
}

fn floors(report: &Report) -> String {
    if report.floors.is_empty() {
        return String::new();
    }
    let mote = report.sizes.iter().find(|row| row.peer.is_none() && row.set == Set::True);
    let mut rows: Vec<Vec<String>> = mote
        .map(|row| vec!["mote, `true` alone".into(), show(&row.bytes, |b| number(b.sstripped))])
        .into_iter()
        .collect();
    rows.extend(report.floors.iter().map(|row| {
        let libc = abi(Some(row.abi)).replace("dynamic", "static");
        vec![format!("`{}` in C, {libc}", row.program), show(&row.bytes, |b| number(b.sstripped))]
    }));
    format!(
        "## The floor\n\nThe size of the smallest programs: `true` does nothing, `hello` calls `puts`.\n\n{}",
        table(&["", "bytes"], &rows)
    )
}

/// A row: the task, and the figure of each program.
type Line<'a, T> = (String, &'a [(String, Outcome<T>)]);

/// A table with a column for each program.
fn columns<T>(first: &str, rows: &[Line<T>], text: impl Fn(&T) -> String) -> String {
    let who: Vec<&str> =
        rows.first().map_or(Vec::new(), |(_, cells)| cells.iter().map(|(who, _)| who.as_str()).collect());
    let head: Vec<&str> = std::iter::once(first).chain(who.iter().copied()).collect();
    let line = |(name, cells): &Line<T>| {
        let cell = |who: &&str| {
            let found = cells.iter().find(|(known, _)| known == who);
            found.map_or("–".to_string(), |(_, found)| show(found, &text))
        };
        std::iter::once(name.clone()).chain(who.iter().map(cell)).collect()
    };
    table(&head, &rows.iter().map(line).collect::<Vec<Vec<String>>>())
}

fn marginals(report: &Report) -> String {
    if report.marginals.is_empty() {
        return String::new();
    }
    let rows: Vec<_> =
        report.marginals.iter().map(|row| (format!("`{}`", row.applet), row.bytes.as_slice())).collect();
    let signed = |n: &i64| format!("{}{}", if *n < 0 { "−" } else { "" }, number(n.unsigned_abs()));
    format!(
        "## What each applet adds\n\nHow many bytes smaller text and data of `seed` are without the applet (with the \
         same flags; code that other applets use, too, does not count).\n\n{}",
        columns("applet", &rows, signed)
    )
}

fn guests(report: &Report, pictures: &[Picture]) -> String {
    if report.guests.is_empty() {
        return String::new();
    }
    let rows: Vec<Vec<String>> = report
        .guests
        .iter()
        .map(|row| {
            vec![
                format!("{}, {}", row.set.name(), row.who),
                show(&row.ram_kib, |kib| number(u64::from(*kib))),
                row.free_kib.as_ref().map_or("–".into(), |free| show(free, |kib| number(*kib))),
                show(&row.instructions, |n| number(*n)),
            ]
        })
        .collect();
    format!(
        "## Memory and start, booted\n\nQEMU's `versatilepb`. All systems have the same kernel, device tree and \
         initramfs (not compressed), except for the binary. RAM: `-m`, found by bisection in steps of 4 KiB; the \
         prompt must answer an unknown command. Free: `MemFree` in /proc/meminfo with `-m {}`, read by the system's \
         own `cat`. Instructions: from the first one of the first process until the shell reads at its prompt, with \
         those of the kernel, counted by QEMU (`-icount shift=0,rr=record`).\n\n{}{}",
        super::ram::ROOMY,
        picture(pictures, "comparison-ram.svg", "smallest RAM"),
        table(&["", "smallest RAM, KiB", "free, KiB", "instructions to the prompt"], &rows)
    )
}

fn nommu(report: &Report) -> String {
    if report.nommu.is_empty() {
        return String::new();
    }
    let bytes = |found: &Outcome<u64>| show(found, |bytes| number(*bytes));
    let ram = |found: &Option<Outcome<u32>>| {
        found.as_ref().map_or("–".into(), |ram| show(ram, |kib| number(u64::from(*kib))))
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for row in &report.nommu {
        rows.push(vec![
            format!("{}, mote, {}", row.set.name(), row.link),
            bytes(&row.bytes),
            bytes(&row.romfs.bytes),
            bytes(&row.initramfs.bytes),
            ram(&row.romfs.ram_kib),
            ram(&row.initramfs.ram_kib),
        ]);
    }
    for cited in nommu::CITED {
        let dashes = ["–", "–"].map(String::from);
        let mut cells =
            vec![format!("{}\\*", cited.who), number(cited.bytes), "–".into(), number(cited.root)];
        cells.extend(dashes);
        rows.push(cells);
    }
    format!(
        "## Without an MMU\n\nThumb-2 code for ARMv7E-M; QEMU's `mps2-an386`, a Cortex-M4, with the kernel in flash. \
         *shared*: all processes share the text, in flash (romfs) or in the initramfs; *pie*: each has a copy. RAM as \
         above. There are no peers: Debian has no toolchain for FDPIC or bFLT, and musl gets a thread's data from a \
         coprocessor or from the kernel's page of helpers, which this machine does not have.\n\n{}\n\
         \\* cited from {}, built for the same machine with uClibc-ng, whose libraries are in the first root file \
         system. Both have hush and fewer applets than `seed`: neither dmesg, ifconfig, modprobe nor rmmod.\n",
        table(
            &[
                "",
                "binary, bytes",
                "romfs, bytes",
                "initramfs, bytes",
                "smallest RAM, romfs, KiB",
                "smallest RAM, initramfs, KiB"
            ],
            &rows
        ),
        nommu::SOURCE,
    )
}

fn speed(report: &Report) -> String {
    if report.speed.is_empty() && report.tools.is_empty() {
        return String::new();
    }
    let mut out = "## Speed on this machine\n\nNative builds: mote for x86-64; BusyBox (ash and hush) and Toybox with their \
         default options and the machine's own C library and compiler flags; dash, bash and the tools of coreutils and \
         procps as Debian has them. Instructions are counted in user mode by callgrind. Times are the least of five \
         rounds; in each round all programs run in turn. Less is better.\n"
        .to_string();
    out += &ratios(&report.speed, &["dash", "ash", "hush", "bash", "toysh"]);
    out += &ratios(&report.tools, &["BusyBox", "Toybox", "Debian"]);
    for (who, how, tasks) in report.unsupported_tasks() {
        out += &format!(
            "\n{}: {}. So it has no figures of: {}.\n",
            escape(who),
            escape(how),
            escape(&tasks.join("; "))
        );
    }
    out
}

/// mote's figures divided by those of the others, and all figures.
fn ratios(tasks: &[SpeedRow], others: &[&str]) -> String {
    let name = |row: &SpeedRow| format!("{}; {}", row.task, row.unit);
    let line = |row: &SpeedRow| {
        let of =
            |name: &str| row.figures.iter().find(|(who, _)| who == name).and_then(|(_, found)| found.value());
        let ratio = |other: &&str| match (of("mote"), of(other)) {
            (Some(mote), Some(other)) if *other > 0.0 => format!("{:.2}", mote / other),
            _ => "–".to_string(),
        };
        std::iter::once(name(row)).chain(others.iter().map(ratio)).collect()
    };
    let head: Vec<&str> =
        std::iter::once("mote's figure divided by that of").chain(others.iter().copied()).collect();
    let rows: Vec<_> = tasks.iter().map(|row| (name(row), row.figures.as_slice())).collect();
    format!(
        "\n{}\n<details><summary>the figures</summary>\n\n{}\n</details>\n",
        table(&head, &tasks.iter().map(line).collect::<Vec<Vec<String>>>()),
        columns("", &rows, |value| figure(*value))
    )
}

fn suites(report: &Report) -> String {
    if report.suites.is_empty() {
        return String::new();
    }
    let mut out = "## Test-suites\n\nPassed cases of the peers' own suites, all run by the same harness (`tests/src/conformance`). \
                   A case passes if its output is right, except for the wording of error messages, and comes in time: \
                   within a minute, for Toybox's shell within 12 seconds; for all cases of an applet together within \
                   90 seconds (BusyBox's suite) or four minutes (Toybox's). Only the applets that mote has are \
                   tested.\n\n"
        .to_string();
    let rows: Vec<Vec<String>> = report
        .suites
        .iter()
        .map(|row| {
            let passed =
                row.passed.iter().map(|(who, found)| format!("{who} {}", show(found, |n| number(*n as u64))));
            vec![row.suite.clone(), passed.collect::<Vec<_>>().join(", "), number(row.cases as u64)]
        })
        .collect();
    out += &table(&["suite", "passed", "of"], &rows);
    out
}

fn map(report: &Report, pictures: &[Picture]) -> String {
    let picture = picture(pictures, "comparison-map.svg", "mote by crate and applet");
    if picture.is_empty() || report.parts.is_empty() {
        return String::new();
    }
    format!("## Where mote's bytes are\n\n{picture}`cargo rootfs size` shows more.\n")
}

fn holes(report: &Report) -> String {
    let holes = report.holes();
    if holes.is_empty() {
        return String::new();
    }
    let lines: String =
        holes.iter().map(|(place, why)| format!("- {}: {}\n", escape(place), escape(why))).collect();
    format!("## Holes\n\nWhat could not be measured, and why.\n\n{lines}")
}

fn method(report: &Report) -> String {
    let setting = &report.setting;
    let versions: Vec<Vec<String>> =
        setting.versions.iter().map(|(name, version)| vec![name.clone(), version.clone()]).collect();
    let took: Vec<Vec<String>> = setting
        .took
        .iter()
        .map(|took| {
            let time = seconds(Duration::from_secs(took.seconds));
            vec![took.part.clone(), took.commit.clone(), took.date.clone(), time]
        })
        .collect();
    let sources: String = setting
        .sources
        .iter()
        .map(|source| format!("- `{}`, SHA-256 `{}`\n", source.archive, source.sha256))
        .collect();
    let flags = |code, libc, lto| {
        let abi = Abi { code, libc };
        format!("`{}`; linked with `{}`", abi.compile_flags(lto).join(" "), abi.link_flags(lto).join(" "))
    };
    use crate::peers::cross::Libc::{Glibc, Musl};
    let script = musl::SCRIPT;
    let packed = COMPRESSORS.map(|(program, arguments)| format!("`{program} {}`", arguments.join(" ")));
    format!(
        "## How\n\n{}\n{}\nSources, by `apt-get source` from the machine's own list, without Debian's patches:\n\n{sources}\n\
         - musl: `./configure {}`, `CFLAGS=\"{}\"` (for ARM code `-marm`).\n\
         - The peers with musl are linked by `build-rootfs/src/peers/cross/{script}` into one segment without tables \
         for exceptions. The linker's own script would leave up to a page of zeros between text and data in the file, and \
         put the data on a page of its own. The dynamic builds also have a page of their own for the data, but no zeros \
         in the file.\n\
         - BusyBox (its own `-Os` and flags, and as `EXTRA_CFLAGS` and `EXTRA_LDFLAGS`): {}; with LTO, where that is \
         smaller: {}, and `-DBB_GLOBAL_CONST=`. ARM code: `-marm`; with glibc: {}.\n\
         - Toybox: the same, and its own `{}`.\n\
         - All: `arm-linux-gnueabi-strip -R .comment -R .note -R .ARM.attributes`, then without section headers by \
         `build-rootfs/src/strip.rs`, mote and peers alike.\n\
         - Packed by {}.\n",
        table(&["what", "version"], &versions),
        table(&["part of this page", "of mote's commit", "measured on", "time, with the builds that were not cached"], &took),
        musl::CONFIGURE.join(" "),
        musl::flags(Code::Thumb),
        flags(Code::Thumb, Musl, false),
        flags(Code::Thumb, Musl, true),
        flags(Code::Thumb, Glibc, false),
        toybox::OPTIMIZE,
        packed.join(" and "),
    )
}

fn configurations(report: &Report) -> String {
    let sane: Vec<String> = busybox::NEEDED_OPTIONS
        .iter()
        .map(|(applet, options)| format!("{applet}: {}", options.join(" ")))
        .collect();
    let mut out = format!(
        "## The peers' configurations\n\nOptions that are on (Thumb code, musl). *bare*: only the \
         applets are on, and for BusyBox also {}. *rich*: `defconfig` without the other applets.\n",
        sane.join("; ")
    );
    for row in report.sizes.iter().filter(|row| row.abi == Some(Abi::MAIN) && !row.config.is_empty()) {
        let shell =
            row.shell.map_or(String::new(), |shell| format!(", {}", format!("{shell:?}").to_lowercase()));
        let flavour = match row.flavour {
            Some(Flavour::Bare) => "bare",
            Some(Flavour::Rich) => "rich",
            None => "",
        };
        let name = row.who.split(',').next().unwrap_or_default();
        out += &format!(
            "\n<details><summary>{name}, {}{shell}, {flavour}</summary>\n\n{}\n\n</details>\n",
            row.set.name(),
            row.config.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(" ")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::sample;
    use super::*;

    #[test]
    fn the_page_has_everything() {
        let text = page(&sample(), &[("comparison-bytes.svg", String::new())]);
        for part in [
            "Made by `cargo rootfs compare` on 2026-01-31, of commit 0123456789ab; do",
            "![bytes by set](comparison-bytes.svg)",
            "| mote | – | 80,000 | – | 150,000\\* |",
            "| BusyBox, hush, rich | – | 144,000 | – | – |",
            "| BusyBox, hush, rich | ARM, static musl | yes | 205,200 | 205,000 |",
            "| `hello` in C, Thumb, static musl | 6,520 |",
            "| `cat` | 431 | (hole) |",
            "| seed, mote | 2,300 | 5,000 | (hole) |",
            "| start; instructions | 0.05 |",
            "| ls -l; ms | – |",
            "| ls -l; ms | 3 | cannot |",
            "BusyBox: it hangs. So it has no figures of: ls -l.",
            "| seed, mote, shared | 140,000 | 144,000 | 143,000 | 432 | – |",
            "| BusyBox 1.37, FDPIC\\* | 112,972 | – | 340,906 | – | – |",
            "| hush_test | mote 360, hush 366 | 379 |",
            "| speed | 0123456789ab | 2026-01-30 | 2 min 05 s |",
            "- `b.tar`, SHA-256 `ab`",
            "`HUSH` `LFS`",
            "-march=armv5te",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    #[test]
    fn holes_are_marked_with_their_reasons() {
        let text = page(&sample(), &[]);
        assert!(text.contains("| Toybox, rich | – | – | – | (hole)\\* |"), "{text}");
        assert!(
            text.contains("- bytes, base, Toybox, rich, Thumb, static musl: it does \\| not compile\n"),
            "{text}"
        );
        assert!(text.contains("- marginal bytes of cat, BusyBox: no source\n"));
        assert!(!text.contains("![smallest RAM]"));
    }

    #[test]
    fn a_part_that_is_missing_is_a_hole() {
        let mut report = sample();
        report.speed.clear();
        report.tools.clear();
        report.left_out.push(("speed".into(), "left out by --quick".into()));
        let text = page(&report, &[]);
        assert!(text.contains("- speed: left out by --quick\n"));
        assert!(!text.contains("## Speed"));
    }
}
