//! A second actor: each call of a command is delayed, and meanwhile the names that it works on become links to a place
//! that is none of its business. Whatever comes of the command, what is there stays as it is.

use crate::faults::{calls, numbers, run_in, Workload};
use crate::place::Place;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{symlink, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// How long a call is delayed, and when in that time the names change.
const DELAY: Duration = Duration::from_millis(60);

/// Type and permissions, owner, and content by path.
type Held = BTreeMap<PathBuf, (u32, u32, Vec<u8>)>;

pub(crate) fn races(workload: &Workload) {
    let (calls, ..) = calls(workload);
    for (call, &count) in &calls {
        for n in numbers(count) {
            let precious = tempfile::tempdir().expect("a folder");
            fill(precious.path());
            let before = held(precious.path());
            let place = Place::new(workload);
            let micros = DELAY.as_micros();
            let expression = format!("inject={call}:delay_enter={micros}:when={n}");
            let options = ["-o", "/dev/null", "-e", &expression].map(String::from);
            run_in(workload, &place, None, &options, || {
                sleep(DELAY / 2);
                swap(place.here.path(), precious.path());
                swap(place.there.path(), precious.path());
            });
            let after = held(precious.path());
            for (path, was) in &before {
                let is = after.get(path);
                let show =
                    |held: &(u32, u32, Vec<u8>)| format!("{:o} {} {} bytes", held.0, held.1, held.2.len());
                let (was, is) = (show(was), is.map_or("gone".to_string(), show));
                let words = &workload.words;
                assert_eq!(was, is, "`{words}` with {expression}: {} of another folder", path.display());
            }
        }
    }
}

/// Names as in the folders of fault lines.
fn fill(precious: &Path) {
    for (name, mode) in [("one", 0o600), ("two", 0o640), ("file", 0o400), ("leaf", 0o600), ("fifo", 0o600)] {
        fs::write(precious.join(name), name).expect("a file");
        fs::set_permissions(precious.join(name), fs::Permissions::from_mode(mode)).expect("a mode");
    }
    for name in ["sub/deep", "a/b/c"] {
        fs::create_dir_all(precious.join(name)).expect("folders");
    }
    fs::write(precious.join("sub/again"), "again").expect("a file");
    fs::write(precious.join("sub/deep/leaf"), "leaf").expect("a file");
}

fn held(dir: &Path) -> Held {
    let mut all = Held::new();
    let mut waiting = vec![dir.to_path_buf()];
    while let Some(at) = waiting.pop() {
        let status = fs::symlink_metadata(&at).expect("what is there");
        let text = if status.is_file() { fs::read(&at).expect("a file") } else { Vec::new() };
        if status.is_dir() {
            waiting.extend(fs::read_dir(&at).expect("a folder").map(|entry| entry.expect("an entry").path()));
        }
        all.insert(at, (status.mode(), status.uid(), text));
    }
    all
}

/// Makes each name below `dir` a link: to what has that name in `precious`, or to `precious`. What the command does at
/// the same time may be in the way.
fn swap(dir: &Path, precious: &Path) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(status) = fs::symlink_metadata(&path) else { continue };
        if status.is_dir() {
            swap(&path, precious);
        }
        let name = path.file_name().unwrap_or_default();
        let mut aside = path.clone().into_os_string();
        aside.push(".aside");
        let there = precious.join(name);
        let there = if there.exists() { there } else { precious.to_path_buf() };
        if !status.is_symlink() && fs::rename(&path, &aside).is_ok() {
            let _ = symlink(there, &path);
        }
    }
}
