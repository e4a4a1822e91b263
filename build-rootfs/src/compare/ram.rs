//! Finds the smallest RAM in which a system does a workload, and measures the free memory at its prompt.

use super::guest::{Guest, Wait};
use crate::census::{self, Census};
use crate::error::{Context, Error, Result};
use crate::kernel::Built;
use crate::qemu::System;
use std::path::Path;
use std::time::{Duration, Instant};

/// The range of sizes to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Search {
    /// The step in KiB, at least a page.
    pub step: u32,
    /// The most KiB to try.
    pub most: u32,
}

impl Search {
    /// The range for the systems on versatilepb.
    pub const COMPARED: Search = Search { step: 4, most: 16384 };
}

/// What a system must do at its prompt.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// It answers.
    #[default]
    Prompt,
    /// It answers, starts a program 200 times, and runs a pipeline of three.
    Spawns,
}

impl Workload {
    /// What is typed, and what the answer must hold, which is not in what is typed. Every shell can do it alone: it is the program that is
    /// started, too.
    fn lines(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Workload::Prompt => &[PROBE],
            Workload::Spawns => &[PROBE, FORTY, FORTY, FORTY, FORTY, FORTY, SPAWNED, PIPELINE],
        }
    }

    /// Types it at the prompt of `guest`. Returns whether all answers came.
    fn is_done(self, guest: &mut Guest, limit: Duration) -> Result<bool> {
        for (line, answer) in self.lines() {
            if !guest.command(line, limit)?.contains(answer) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl std::str::FromStr for Workload {
    type Err = ();
    fn from_str(text: &str) -> std::result::Result<Workload, ()> {
        match text {
            "prompt" => Ok(Workload::Prompt),
            "spawns" => Ok(Workload::Spawns),
            _ => Err(()),
        }
    }
}

/// How long a guest with enough memory may take: two seconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(60);
/// Some guests with too little memory neither come to a prompt nor give up. They get this many times as long as the
/// first guest took, and at least [`LEAST`].
const PATIENCE: u32 = 4;
const LEAST: Duration = Duration::from_secs(8);
/// Nanoseconds of the guest's time per instruction, as powers of two. The guest's clock counts instructions, so that
/// a boot does not depend on the load of the host. The speed of the machine changes the order of events in the
/// kernel, and so how much memory it needs. The smallest RAM must be enough at all these speeds.
const SPEEDS: std::ops::RangeInclusive<u32> = 0..=7;
/// The speed of the first search: some 60 million instructions a second.
const USUAL: u32 = 4;
/// The RAM with which `MemFree` is read.
pub const ROOMY: &str = "8M";
/// A command that does not exist, and a text that every shell's error message about it contains. Toybox's shell has
/// no `echo`. The typed command itself does not contain the text.
const PROBE: (&str, &str) = ("rea''dy", "ready");
/// One line of a terminal each, so that a line editor draws nothing twice; without arithmetic, which BusyBox's bare
/// hush lacks.
const FORTY: (&str, &str) =
    ("for i in 1 2 3 4 5;do for j in 1 2 3 4 5 6 7 8;do /bin/sh -c :||n=x;done;done", "");
const SPAWNED: (&str, &str) = ("echo all-$n''200", "all-200");
const PIPELINE: (&str, &str) =
    ("echo one | (read a; echo $a-two) | (read b; echo $b-three)", "one-two-three");
const MEMINFO: &str = "mount -t proc proc /proc; cat /proc/meminfo";

/// The least multiple of the step for which `works`. If it works for a size, it works for all larger ones. The next
/// smaller size is tried twice: if it was only too slow the first time, the search goes on below it.
///
/// # Errors
/// `works` fails, or even the maximum does not work.
pub fn bisect(search: Search, mut works: impl FnMut(u32) -> Result<bool>) -> Result<u32> {
    let (step, most) = (search.step, search.most / search.step * search.step);
    if !works(most)? {
        return Err(Error::new(format!("no prompt even with {most} KiB of RAM")));
    }
    let mut good = most / step;
    loop {
        let mut fails = 0;
        while good - fails > 1 {
            let middle = fails + (good - fails) / 2;
            match works(middle * step)? {
                true => good = middle,
                false => fails = middle,
            }
        }
        if fails == 0 || !works(fails * step)? {
            return Ok(good * step);
        }
        good = fails;
    }
}

/// The smallest RAM, in KiB, with which `system` does `workload`.
///
/// # Errors
/// QEMU cannot be started, or the system does not do it with the most RAM either.
pub fn smallest_ram(
    system: &System,
    workload: Workload,
    search: Search,
    mut tell: impl FnMut(u32),
) -> Result<u32> {
    let mut limit = LIMIT;
    let mut works = |kib: u32, speed: u32| {
        tell(kib);
        let start = Instant::now();
        let system = System { ram: format!("{kib}k"), ..system.clone() };
        let works = does(&system, workload, speed, limit)?;
        if limit == LIMIT {
            limit = (start.elapsed() * PATIENCE).clamp(LEAST, LIMIT);
        }
        Ok(works)
    };
    let kib = bisect(search, |kib| works(kib, USUAL))?;
    at_all_speeds(kib, search, &mut works)
}

/// The first size from `kib` on that works at all [`SPEEDS`].
fn at_all_speeds(
    mut kib: u32,
    search: Search,
    mut works: impl FnMut(u32, u32) -> Result<bool>,
) -> Result<u32> {
    let mut speeds = SPEEDS;
    while let Some(speed) = speeds.next().filter(|_| kib < search.most) {
        if !works(kib, speed)? {
            (kib, speeds) = (kib + search.step, SPEEDS);
        }
    }
    Ok(kib)
}

fn does(system: &System, workload: Workload, speed: u32, limit: Duration) -> Result<bool> {
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let mut guest = start(system, speed, &[], scratch.path())?;
    Ok(guest.prompt(limit) == Wait::There && workload.is_done(&mut guest, limit).is_ok_and(|done| done))
}

/// Starts `system` at `speed`, with more `options` of QEMU, and a folder for files.
fn start(system: &System, speed: u32, options: &[String], place: &Path) -> Result<Guest> {
    let mut system = system.clone();
    if system.flash.is_some() {
        // On this board the device tree holds the size of the RAM.
        system.kernel = place.join("system.elf");
        system.link(&[])?;
    }
    let mut command = system.piped(&[]);
    command.args(["-icount", &format!("shift={speed},sleep=off")]).args(options);
    Guest::start(command)
}

/// Where the RAM of `system`, whose kernel is `built`, is when it has done `workload` and is at its prompt again.
///
/// # Errors
/// It does not do it, or its memory cannot be read.
pub fn census(system: &System, built: &Built, workload: Workload) -> Result<Census> {
    let scratch = tempfile::tempdir().context("a temporary folder")?;
    let mut guest = start(system, USUAL, &census::options(scratch.path()), scratch.path())?;
    let fails = |guest: &Guest| Error::new(format!("no prompt; the end of the console:\n{}", guest.tail()));
    if guest.prompt(LIMIT) != Wait::There {
        return Err(fails(&guest));
    }
    match workload.is_done(&mut guest, LIMIT)? && guest.prompt(LIMIT) == Wait::There {
        true => census::census(system, built, scratch.path()),
        false => Err(fails(&guest)),
    }
}

/// `MemFree` at the prompt, in KiB, with [`ROOMY`] RAM.
///
/// # Errors
/// The system does not come to a prompt, or has no `/proc` or `cat`.
pub fn free(system: &System) -> Result<u64> {
    let mut guest = Guest::start(System { ram: ROOMY.into(), ..system.clone() }.piped(&[]))?;
    if guest.prompt(LIMIT) != Wait::There {
        return Err(Error::new(format!("no prompt; the end of the console:\n{}", guest.tail())));
    }
    let said = guest.command(MEMINFO, LIMIT)?;
    field(&said, "MemFree:").ok_or_else(|| Error::new(format!("no MemFree in its output: {}", said.trim())))
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bisection_finds_the_first_that_works() {
        for least in [8, 12, 1000, 2000] {
            let found = bisect(Search { step: 4, most: 2003 }, |n| Ok(n >= least));
            assert_eq!(found.unwrap(), least);
        }
        // The first answer comes too late.
        let mut late = true;
        let found = bisect(Search { step: 4, most: 2000 }, |n| {
            Ok(n >= 800 && !(n == 1000 && std::mem::take(&mut late)))
        });
        assert_eq!(found.unwrap(), 800);
        let search = Search { step: 4, most: 2000 };
        assert!(bisect(search, |_| Ok(false)).unwrap_err().to_string().contains("2000 KiB"));
        assert!(bisect(search, |_| Err(Error::new("gone"))).is_err());
    }

    #[test]
    fn what_works_at_one_speed_is_not_enough() {
        let search = Search { step: 4, most: 2000 };
        let mut asked = Vec::new();
        let found = at_all_speeds(800, search, |kib, speed| {
            asked.push((kib, speed));
            Ok(kib > 804 || speed < 3)
        });
        assert_eq!(found.unwrap(), 808);
        let tried = |kib| asked.iter().filter(|one| one.0 == kib).map(|one| one.1).collect::<Vec<_>>();
        assert_eq!((tried(800), tried(804)), (vec![0, 1, 2, 3], vec![0, 1, 2, 3]));
        assert_eq!(tried(808), SPEEDS.collect::<Vec<_>>());
        assert_eq!(at_all_speeds(1996, search, |_, _| Ok(false)).unwrap(), 2000);
    }

    #[test]
    fn meminfo_is_read() {
        assert_eq!(field("MemTotal:  7 kB\nMemFree:        5123 kB\n# ", "MemFree:"), Some(5123));
        assert_eq!(field("cat: no such file", "MemFree:"), None);
    }
}
