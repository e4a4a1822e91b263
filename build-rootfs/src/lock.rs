//! An advisory lock on a file: one build of a thing at a time, across processes. The kernel drops it when its holder
//! ends for whatever reason.

use crate::error::{Context, Result};
use rustix::fs::{flock, FlockOperation};
use std::fs::{self, File};
use std::path::Path;

/// A held lock. Dropping it releases it.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Takes the lock `file`. If another build holds it, prints a message and waits.
///
/// # Errors
/// The file cannot be created or locked.
pub fn lock(file: &Path) -> Result<Lock> {
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir).context(dir.display())?;
    }
    let handle = File::create(file).context(file.display())?;
    match flock(&handle, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            eprintln!("waiting for another build to finish ({})", file.display());
            retry(|| flock(&handle, FlockOperation::LockExclusive)).context(file.display())?;
        }
        Err(why) => return Err(why).context(file.display()),
    }
    Ok(Lock { _file: handle })
}

fn retry(mut call: impl FnMut() -> rustix::io::Result<()>) -> rustix::io::Result<()> {
    loop {
        match call() {
            Err(rustix::io::Errno::INTR) => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    #[test]
    fn second_holder_waits_for_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("lock");
        let first = lock(&file).unwrap();
        let entered = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _second = lock(&file).unwrap();
                entered.store(true, Ordering::SeqCst);
            });
            std::thread::sleep(Duration::from_millis(200));
            assert!(!entered.load(Ordering::SeqCst));
            drop(first);
        });
        assert!(entered.load(Ordering::SeqCst));
    }
}
