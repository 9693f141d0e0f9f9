//! A bar on the terminal while a sweep runs; nothing if standard error isn't a terminal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::shell;
use crate::scan::{Counts, Progress};

/// The time between two updates of the bar.
const TICK: Duration = Duration::from_millis(100);
/// The number of ticks before the bar appears: a scan that is done by then shows none.
const PATIENCE: u32 = 3;

/// Runs `work` and shows its progress, if standard error is a terminal.
pub fn shown<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !shell::is_watched() {
        return work();
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // If no thread can be started, there is no bar.
        let _ = std::thread::Builder::new().spawn_scoped(scope, || draw(progress, &done));
        // It is dropped even if the work panics; otherwise the scope would wait for the bar forever.
        let _stop = Stop(&done);
        work()
    })
}

struct Stop<'d>(&'d AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn draw(progress: &Progress, done: &AtomicBool) {
    for _ in 0..PATIENCE {
        std::thread::sleep(TICK);
        if done.load(Ordering::Relaxed) {
            return;
        }
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // Text that doesn't fit is cut off, because a wrapped line can't be drawn over.
    if let Ok(style) = ProgressStyle::with_template("{bar:12} {wide_msg}") {
        bar.set_style(style);
    }
    // The first message draws the bar, so its style must be set by then.
    bar.set_message("starting");
    while !done.load(Ordering::Relaxed) {
        let counts = progress.counts();
        let (done, all) = match counts.read {
            0 => (counts.objects, counts.total),
            read => (read, counts.length),
        };
        bar.set_length(all.max(done));
        bar.set_position(done);
        let seconds = bar.elapsed() + TICK * PATIENCE;
        bar.set_message(message(&counts, bar.eta(), seconds));
        std::thread::sleep(TICK);
    }
    bar.finish_and_clear();
}

/// Describes the progress of a sweep of objects, or of an archive.
fn message(counts: &Counts, left: Duration, seconds: Duration) -> String {
    let left = HumanDuration(left);
    let (objects, sightings) = (HumanCount(counts.objects), counts.sightings);
    match (counts.read, counts.length) {
        (0, _) => {
            let rate = HumanBytes(rate(counts.bytes, seconds));
            let all = HumanCount(counts.total.max(counts.objects));
            format!("{objects}/{all} objects, {left:#} left, {rate}/s, {sightings} matches")
        }
        (read, length) => {
            let rate = HumanBytes(rate(read, seconds));
            let of = if length > 0 { format!("/{}, {left:#} left", HumanBytes(length)) } else { " read".to_owned() };
            format!("{}{of}, {rate}/s, {objects} files, {sightings} matches", HumanBytes(read))
        }
    }
}

/// Returns the bytes per second.
fn rate(bytes: u64, time: Duration) -> u64 {
    let rate = u128::from(bytes) * 1000 / time.as_millis().max(1);
    u64::try_from(rate).unwrap_or(u64::MAX)
}
