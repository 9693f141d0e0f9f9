//! One repository or network: checks whether it has changed, fetches a clone if needed, sweeps it, and records the
//! outcome.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::fetch::Workshop;
use super::key::Key;
use super::process::{Limited, Limits, Process, STOPPED, gist};
use super::stop::Stop;
use super::task::{self, Job};
use super::{failure, fetch, state};
use crate::cli::args::RunArgs;
use crate::cli::shell;
use crate::finding::Verdict;
use crate::fleet::{CACHES, STATES};
use crate::fs::bounded::{self, Links, Refused};
use crate::fs::owner_only;
use crate::output::words::plural;

/// The most bytes of a report's last line.
const MAX_LINE: u64 = 1 << 20;

/// The outcome of a job.
#[derive(Debug)]
pub(super) struct Ended {
    how: Result<Summary, String>,
    /// `true` if it was swept before and has not changed since.
    pub(super) is_unchanged: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Summary {
    verdict: Verdict,
    findings: usize,
    gaps: usize,
}

impl Ended {
    /// Describes the outcome in a few words.
    pub(super) fn describe(&self) -> String {
        let unchanged = if self.is_unchanged { ", unchanged" } else { "" };
        match &self.how {
            Err(why) => format!("not read: {}", super::withhold(why)),
            Ok(Summary { findings, gaps: 0, .. }) if *findings > 0 => {
                format!("{}{unchanged}", plural(*findings, "finding"))
            }
            Ok(Summary { findings, gaps, .. }) if *gaps > 0 => {
                format!("{}, and {} not read{unchanged}", plural(*findings, "finding"), plural(*gaps, "part"))
            }
            Ok(_) => format!("clean{unchanged}"),
        }
    }

    pub(super) fn has_findings(&self) -> bool {
        matches!(self.how, Ok(Summary { verdict: Verdict::Findings, .. }))
    }

    pub(super) fn is_only_findings(&self) -> bool {
        matches!(self.how, Ok(Summary { verdict: Verdict::Findings, gaps: 0, .. }))
    }

    pub(super) fn is_clean(&self) -> bool {
        matches!(self.how, Ok(Summary { verdict: Verdict::Clean, .. }))
    }
}

/// The runner of jobs, with the same limits for each.
pub(super) struct Runner<'a> {
    args: &'a RunArgs,
    program: PathBuf,
    /// The hash of what determines the results of a sweep, apart from the repository.
    setup: String,
    /// The number of the run; a run that continues a stopped one has the same number.
    number: Vec<u8>,
    key: Key,
    /// The folder in which sweeps remember what was clean. Its name depends on the key, so that the records of other
    /// users are not believed.
    cache: PathBuf,
    workshop: Workshop,
    limits: Limits,
}

impl<'a> Runner<'a> {
    /// # Errors
    /// Fails if this very program can't be found, or if the folder can't be written to.
    pub(super) fn new(args: &'a RunArgs, stop: Stop) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("looking for this program, which sweeps each repository")?;
        let number = state::begin(&args.out).context("remembering that a run has begun")?;
        let key = Key::own().context("making a key")?;
        if !key.is_kept && !args.quiet {
            shell::say(
                "keysweep: the key of 'fleet run' cannot be kept in the user's folder, so no run resumes another one",
            );
        }
        let name = task::key_of(&key.seal(&[CACHES.as_bytes()]));
        let cache = args.out.join(CACHES).join(name);
        owner_only::folder().recursive(true).create(&cache).context("making a folder for what sweeps remember")?;
        let workshop = Workshop::new(&args.out).context("making a folder for clones")?;
        let limits = Limits { time: Duration::from_secs(args.timeout), stop };
        Ok(Self { args, program, setup: state::setup(), number, key, cache, workshop, limits })
    }

    /// Runs a job. Whatever happens, there is a report afterwards, unless even that can't be written.
    pub(super) fn run(&self, job: &Job) -> Ended {
        let report = self.args.out.join("reports").join(format!("{}.jsonl", job.key()));
        let before = self.args.out.join(STATES).join(job.key());
        let mut is_unchanged = false;
        let how = fetch::state(job, &self.limits).and_then(|now| {
            let seal = |read: &Read| {
                let parts = [self.setup.as_bytes(), job.name.as_bytes(), now.as_bytes(), self.scope_of(job)];
                self.key.seal(&[&parts[..], &[read.digest.as_bytes()]].concat())
            };
            if !self.args.fresh
                && before.exists()
                && let Ok(read) = Read::of(&report)
                && state::is(&before, &seal(&read))
                && read.summary.gaps == 0
            {
                is_unchanged = true;
                return Ok(read.summary);
            }
            state::forget(&before);
            let read = self.swept(job, &report)?;
            state::remember(&before, &seal(&read)).map_err(|error| format!("'{}': {error}", before.display()))?;
            Ok(read.summary)
        });
        let how = how.inspect_err(|why| {
            // The result of an earlier run is outdated, or may be.
            state::forget(&before);
            failure::write(&report, &job.name, why);
        });
        Ended { how, is_unchanged }
    }

    /// Returns the key of what a state is valid for: a mirror of a URL has only refs, so its state stays valid; a
    /// repository on this machine has more, so its state is valid within one run only.
    fn scope_of(&self, job: &Job) -> &[u8] {
        if job.members.iter().any(|one| one.path().is_some()) { &self.number } else { &[] }
    }

    fn swept(&self, job: &Job, report: &Path) -> Result<Read, String> {
        // An old report must not be mistaken for the result of this sweep.
        match std::fs::remove_file(report) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("the report '{}' cannot be replaced: {error}", report.display()));
            }
            _ => {}
        }
        let clone = fetch::clone(job, &self.workshop.path().join(job.key()), &self.limits)?;
        let unfinished = self.workshop.path().join(format!("{}.jsonl", job.key()));
        let how = self.sweep(job, clone.path(), &unfinished).within(&self.limits);
        let read = match how {
            Limited::Ended { code: Some(0..=2), said } => Read::of(&unfinished)
                .map_err(|_| if said.is_empty() { "the sweep wrote no report".to_owned() } else { gist(&said) })?,
            Limited::Ended { said, .. } if said.contains("memory allocation") => return Err(self.too_big()),
            Limited::Ended { code: Some(code), said } => {
                return Err(format!("the sweep ended with {code}: {}", gist(&said)));
            }
            Limited::Ended { code: None, said } => return Err(format!("the sweep was killed: {}", gist(&said))),
            Limited::TimedOut => return Err(self.limits.exceeded("the sweep")),
            Limited::Stopped => return Err(STOPPED.to_owned()),
            Limited::NotStarted(why) => return Err(format!("the sweep could not be started: {why}")),
        };
        std::fs::rename(&unfinished, report)
            .map_err(|error| format!("the report '{}' cannot be written: {error}", report.display()))?;
        Ok(read)
    }

    fn sweep(&self, job: &Job, repository: &Path, report: &Path) -> Process {
        let mut sweep = Process::new(&self.program);
        sweep.args(&["history", "--format", "jsonl", "--quiet", "--repo-name", &job.name, "--output"]);
        sweep.arg(report).args(&["--cache"]).arg(&self.cache);
        if job.is_network {
            sweep.args(&["--network"]);
        }
        if let Some(mebibytes) = self.args.memory {
            sweep.args(&["--memory", &mebibytes.to_string()]);
        }
        sweep.args(&["--"]).arg(repository);
        sweep
    }

    fn too_big(&self) -> String {
        let limit = self.args.memory.unwrap_or_default();
        format!("the sweep needed more memory than the limit of {limit} MiB; --memory raises it")
    }
}

/// A report that has been read.
struct Read {
    summary: Summary,
    /// The hash of the whole report.
    digest: String,
}

impl Read {
    /// Reads the report in a file, and hashes it.
    fn of(report: &Path) -> Result<Self, String> {
        let mut file = bounded::open_file(report, Links::Refused).map_err(|refused| refused.to_string())?;
        let summary = summary(&mut file)?;
        let digest = file.rewind().and_then(|()| state::hash_of(&mut file)).map_err(|error| error.to_string())?;
        Ok(Self { summary, digest })
    }
}

/// Returns the summary in the last line of a report.
fn summary(file: &mut File) -> Result<Summary, String> {
    let mut bytes = Vec::new();
    let length = file.metadata().map_or(0, |meta| meta.len());
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_LINE)))
        .and_then(|_| file.take(MAX_LINE).read_to_end(&mut bytes))
        .map_err(|error| Refused::Io(error).to_string())?;
    let text = bytes.strip_suffix(b"\n").ok_or("it is cut off")?;
    let last = text.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice(last).map_err(|_| "it is cut off".to_owned())
}
