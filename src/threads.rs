//! Threads, if they can be started. A limit on processes, memory or the container may allow none: then the calling
//! thread does all of the work, and the results are the same.
//!
//! Rayon's own global pool panics if it can't be created, so it is never used: all parallel work runs in here.

use std::cell::OnceCell;
use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Runs `work` with its parallel parts spread over a thread for each core.
pub fn on_all<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    static ALL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    run(ALL.get_or_init(|| pool(0)).as_ref(), work)
}

/// Runs `work` in the same way with this many threads.
pub fn on<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    run(pool(threads).as_ref(), work)
}

/// Returns the most threads that may be started: one if there is little address space. An allocator reserves 64 MiB or
/// more of addresses for each thread, and the first threads would take what the others need.
#[cfg(unix)]
pub fn most() -> usize {
    use rustix::process::{Resource, getrlimit};
    const ROOM: u64 = 512 << 20;
    if getrlimit(Resource::As).current.is_some_and(|bytes| bytes < ROOM) { 1 } else { usize::MAX }
}

/// Returns the most threads that may be started; other systems have no such limit.
#[cfg(not(unix))]
pub fn most() -> usize {
    usize::MAX
}

/// Makes a pool with this many threads, or one for each core if the number is zero.
fn pool(threads: usize) -> Option<ThreadPool> {
    if most() == 1 { None } else { ThreadPoolBuilder::new().num_threads(threads).build().ok() }
}

fn run<R: Send>(pool: Option<&ThreadPool>, work: impl FnOnce() -> R + Send) -> R {
    match pool {
        Some(pool) => pool.install(work),
        None => alone(work),
    }
}

/// Runs `work` on this thread alone, which becomes a pool of one: otherwise rayon would use its global pool.
fn alone<R>(work: impl FnOnce() -> R) -> R {
    thread_local! {
        static THIS: OnceCell<Option<ThreadPool>> = const { OnceCell::new() };
    }
    THIS.with(|this| {
        this.get_or_init(|| ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok());
    });
    work()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn a_single_thread_does_all_the_work_itself() {
        let sum = |here: std::thread::ThreadId| {
            (0..1000u32).into_par_iter().filter(|_| std::thread::current().id() == here).sum::<u32>()
        };
        let alone = std::thread::spawn(move || {
            let here = std::thread::current().id();
            let (left, right) = alone(|| rayon::join(|| sum(here), || sum(here)));
            // A second time, because the thread is in its pool by now.
            (left, right, alone(|| sum(here)))
        });
        assert_eq!(alone.join().unwrap(), (499_500, 499_500, 499_500));
        assert_eq!(on(2, || (0..1000u32).into_par_iter().sum::<u32>()), 499_500);
        assert_eq!(on_all(|| (0..1000u32).into_par_iter().sum::<u32>()), 499_500);
    }
}
