//! Generated scripts: where dash and bash print the same and end with the same status, so does mote.
//!
//! `MOTE_SCRIPTS=N` tries N scripts, `MOTE_SEED=N` starts elsewhere.

use build_rootfs::process::which;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use tests::differential::Shells;
use tests::scripts::{script, PROLOGUE};

/// Scripts in an ordinary run.
const SCRIPTS: u64 = 400;
/// Failures that are shown.
const SHOWN: usize = 20;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text}?")))
}

#[test]
fn generated_scripts_do_what_dash_and_bash_agree_on() {
    let shell = |name| which(name).unwrap_or_else(|| panic!("no {name}: `cargo rootfs setup` installs it"));
    let shells = Shells { dash: shell("dash"), bash: shell("bash"), mote: tests::mote("x86_64", "sh") };
    let first = number("MOTE_SEED", 0);
    let (next, end) = (AtomicU64::new(first), first + number("MOTE_SCRIPTS", SCRIPTS));
    let (agreed, wrong) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    let work = || {
        let dir = tempfile::tempdir().unwrap();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if (seed - first) % 1000 == 999 {
                eprintln!("{} scripts", seed - first + 1);
            }
            if seed >= end || wrong.lock().unwrap().len() >= SHOWN {
                return;
            }
            let text = script(seed);
            let Some(answers) = shells.ask(&format!("{PROLOGUE}{text}"), dir.path()).unwrap() else {
                continue;
            };
            agreed.fetch_add(1, Ordering::Relaxed);
            // A script may be a race, which ends one way or the other.
            let whole = format!("{PROLOGUE}{text}");
            if answers.mote != answers.known && (0..3).all(|_| shells.differs(&whole, dir.path())) {
                let small = shells.minimise(PROLOGUE, &text, dir.path());
                let answers =
                    shells.ask(&format!("{PROLOGUE}{small}"), dir.path()).unwrap().unwrap_or(answers);
                let show = |o: &tests::differential::Outcome| {
                    let start = o.stdout.get(..2000).unwrap_or(&o.stdout);
                    format!("{} {}", o.status, String::from_utf8_lossy(start))
                };
                let (known, mote) = (show(&answers.known), show(&answers.mote));
                let text = format!(
                    "=== MOTE_SEED={seed} MOTE_SCRIPTS=1\n{small}\n--- they say {known}--- mote says {mote}"
                );
                eprintln!("{text}");
                wrong.lock().unwrap().push(text);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let (agreed, all) = (agreed.into_inner(), end - first);
    println!("{agreed} of {all} scripts mean the same to dash and bash");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(agreed * 3 > all, "dash and bash agree on {agreed} of {all} only: the test has become useless");
}
