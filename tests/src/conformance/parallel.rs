//! Many small pieces of work, as many at once as the machine has processors.

use build_rootfs::error::Result;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

/// The results of `work` on `items`, in their order.
///
/// # Errors
/// The first error of `work`, in the order of the items.
pub fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(at) else { return };
                let result = work(item);
                if let Ok(mut done) = done.lock() {
                    done.push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use build_rootfs::error::Error;

    #[test]
    fn order_is_kept_and_errors_come_out() {
        let items: Vec<u32> = (0..100).collect();
        assert_eq!(map(&items, |n| Ok(n * 2)).unwrap(), items.iter().map(|n| n * 2).collect::<Vec<_>>());
        let failed = map(&items, |n| if *n == 7 { Err(Error::new("seven")) } else { Ok(()) });
        assert!(failed.unwrap_err().to_string().contains("seven"));
    }
}
