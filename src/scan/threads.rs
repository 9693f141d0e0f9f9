//! The distribution of a scan's work over threads.

use std::cell::OnceCell;

use rayon::prelude::*;

use super::Scan;
use super::outcome::Outcome;
use super::worker::Worker;
use crate::threads;

/// The number of items below which threads cost more than they save.
const FEW: usize = 32;

impl Scan<'_> {
    /// Runs `work` on each item of `list`, on all threads if there are enough of them.
    pub(super) fn each<T: Sync>(&self, list: &[T], work: impl Fn(&Worker, &T) -> Outcome + Sync) -> Outcome {
        self.each_part(list, |part| {
            let worker = self.worker();
            part.iter().map(|item| work(&worker, item)).fold(Outcome::default(), Outcome::and)
        })
    }

    /// Runs `work` on parts of `list`, on all threads if there are enough items.
    pub(super) fn each_part<T: Sync>(&self, list: &[T], work: impl Fn(&[T]) -> Outcome + Sync) -> Outcome {
        if list.len() < FEW || self.options.threads < 2 {
            return work(list);
        }
        // Neighbours in the list are neighbours in a pack, so parts keep the delta caches warm.
        let size = (list.len() / (self.options.threads * 16)).clamp(8, 4096);
        let all = || list.par_chunks(size).map(&work).reduce(Outcome::default, Outcome::and);
        threads::on(self.options.threads, all)
    }

    /// Returns the results of `work` for each item, in order; runs on all threads if there are enough items.
    pub(super) fn map<T: Send, R: Send>(&self, list: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
        if list.len() < FEW || self.options.threads < 2 {
            return list.into_iter().map(work).collect();
        }
        threads::on(self.options.threads, || list.into_par_iter().map(&work).collect())
    }

    /// Returns a worker for one thread.
    pub(super) fn worker(&self) -> Worker<'_> {
        Worker { detector: self.detector, options: self.options, repository: self.repo, local: OnceCell::new() }
    }
}
