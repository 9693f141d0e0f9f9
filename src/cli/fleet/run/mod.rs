//! `fleet run LIST --out DIR`: sweeps the repositories of a list on this machine, each in a process of its own, and
//! resumes a run that was stopped.
//!
//! Each repository, or network of forks, gets one report in the folder; if it failed, the report says so. The state
//! that a report describes is stored next to it, so that a fetched repository that has not changed is not swept again.

mod failure;
mod fetch;
mod job;
mod key;
mod process;
mod state;
mod stop;
mod task;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::Context as _;

use super::list::{self, Listed};
use crate::cli::args::RunArgs;
use crate::cli::exit::ExitStatus;
use crate::cli::{shell, withhold};
use crate::fleet::{CACHES, CLONES, STATES};
use crate::fs::owner_only;
use crate::output::words::plural;
use crate::text::escape;
use job::{Ended, Runner};
use stop::Stop;
use task::Job;

/// Runs `fleet run`.
///
/// # Errors
/// Fails if the list or the folder can't be used, or if another run is using the folder.
pub(super) fn run(args: &RunArgs) -> anyhow::Result<ExitStatus> {
    let jobs = jobs(list::read(&args.list)?)?;
    let folder = &args.out;
    make(folder)?;
    // A link that the user names may lead wherever the user wants.
    check(&folder.canonicalize().with_context(|| format!("looking at '{}'", folder.display()))?)?;
    for name in ["reports", STATES, CLONES, CACHES] {
        make(&folder.join(name))?;
        check(&folder.join(name))?;
    }
    let _lock = lock(folder)?;
    fetch::remove_leftovers(folder);
    let stop = Stop::listen();
    let runner = Runner::new(args, stop.clone())?;
    let (all, done) = (jobs.len(), AtomicUsize::new(0));
    let listed = listed(&jobs);
    let queue = Mutex::new(VecDeque::from(jobs));
    let ended: Mutex<Vec<Ended>> = Mutex::default();
    let count = args.jobs.map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    thread::scope(|scope| {
        for _ in 0..count.min(all) {
            scope.spawn(|| {
                while let Some(job) =
                    queue.lock().ok().and_then(|mut queue| queue.pop_front()).filter(|_| !stop.is_asked())
                {
                    let how = runner.run(&job);
                    let number = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if !args.quiet {
                        shell::say(&format!("keysweep: {number} of {all}: {}: {}", shown(&job.name), how.describe()));
                    }
                    if let Ok(mut ended) = ended.lock() {
                        ended.push(how);
                    }
                }
            });
        }
    });
    drop(runner);
    if stop.is_asked() {
        shell::say("keysweep: the run was stopped; the same command goes on with it");
        stop.obey();
        return Ok(ExitStatus::Unknown);
    }
    state::end(folder).context("remembering that the run has ended")?;
    Ok(concluded(&ended.into_inner().unwrap_or_default(), all, &listed, folder))
}

fn concluded(ended: &[Ended], all: usize, listed: &str, folder: &Path) -> ExitStatus {
    let count = |wanted: fn(&Ended) -> bool| ended.iter().filter(|one| wanted(one)).count();
    let (bad, clean) = (count(Ended::has_findings), count(Ended::is_clean));
    let unknown = all - clean - count(Ended::is_only_findings);
    let unchanged = count(|one| one.is_unchanged);
    shell::say(&format!(
        "keysweep: {listed}: {bad} with secrets, {unknown} not read or incomplete, {clean} clean; {unchanged} unchanged since \
         they were swept; 'keysweep fleet merge {}' merges the reports",
        shown(&folder.display().to_string())
    ));
    match (unknown, bad) {
        (0, 0) => ExitStatus::Clean,
        (0, _) => ExitStatus::Findings,
        _ => ExitStatus::Unknown,
    }
}

/// Returns how many sweeps there are: one for each repository, and one for each network of several.
fn listed(jobs: &[Job]) -> String {
    let repositories =
        |count: usize| if count == 1 { "1 repository".to_owned() } else { format!("{count} repositories") };
    let members: usize = jobs.iter().map(|job| job.members.len()).sum();
    match members == jobs.len() {
        true => repositories(members),
        false => format!("{} in {}", repositories(members), plural(jobs.len(), "sweep")),
    }
}

fn shown(name: &str) -> String {
    escape(withhold(name).as_bytes())
}

/// Returns one job for each repository or network, the biggest first, because a big one that started last would have to
/// be waited for alone. The size of a repository on another machine is unknown, so those keep their order.
fn jobs(listed: Vec<Listed>) -> anyhow::Result<Vec<Job>> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut networks: BTreeMap<String, usize> = BTreeMap::new();
    for one in listed {
        let place = one.network.as_ref().and_then(|network| networks.get(network)).copied();
        match (place, one.network.clone()) {
            (Some(at), _) => jobs[at].members.push(one),
            (None, Some(network)) => {
                networks.insert(network.clone(), jobs.len());
                jobs.push(Job { name: network, members: vec![one], is_network: true });
            }
            (None, None) => jobs.push(Job { name: one.name.clone(), members: vec![one], is_network: false }),
        }
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = jobs.iter().find(|job| !names.insert(&job.name)) {
        // The report of one would replace that of the other.
        anyhow::bail!(
            "'{}' is the name of a repository and of a network without it; name one differently",
            shown(&twice.name)
        );
    }
    jobs.sort_by_cached_key(|job| std::cmp::Reverse(job.size()));
    Ok(jobs)
}

fn make(folder: &Path) -> anyhow::Result<()> {
    match owner_only::folder().recursive(true).create(folder) {
        Ok(()) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("making the folder '{}'", folder.display())),
    }
}

/// Checks that a folder can be used. A link could lead to somebody else's folder, whose files would be replaced and
/// removed; and in a folder that others can write to, they could replace a clone or a report while it is used.
fn check(folder: &Path) -> anyhow::Result<()> {
    let shown = shown(&folder.display().to_string());
    let meta = folder.metadata().with_context(|| format!("looking at '{shown}'"))?;
    anyhow::ensure!(meta.is_dir(), "'{shown}' is not a folder; name another one");
    owner_only::check(folder).map_err(|why| {
        anyhow::anyhow!("'{shown}' cannot be used: {why}; name a new folder, or one that only you can write to")
    })
}

/// Locks the folder: two runs would remove each other's clones.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(".lock");
    // Opening a pipe would wait for ever, and a link would create a file elsewhere. Nobody else can put one there
    // after this, because nobody else may write to the folder.
    anyhow::ensure!(
        path.symlink_metadata().map_or(true, |meta| meta.is_file()),
        "'{}' is not a regular file; remove it, or name another folder",
        shown(&path.display().to_string())
    );
    let file = owner_only::file().write(true).create(true).truncate(false).open(&path);
    let file = file.with_context(|| format!("opening '{}'", path.display()))?;
    anyhow::ensure!(
        !matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)),
        "another run is using '{}'; wait until it ends, or name another folder",
        folder.display()
    );
    Ok(file)
}
