//! One repository or network: whether it changed, its clone if it has to be fetched, its sweep, and what became of it.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;

use super::process::{Limited, Process};
use super::task::Job;
use super::{failure, fetch, state};
use crate::cli::args::RunArgs;
use crate::finding::Verdict;
use crate::fleet::{CACHES, CLONES, STATES};
use crate::fs::bounded::{self, Links, Refused};
use crate::output::words::plural;

/// Bytes of the last line of a report, at most.
const MAX_LINE: u64 = 1 << 20;

/// The outcome of a job.
#[derive(Debug)]
pub(super) struct Ended {
    how: Result<Summary, String>,
    /// `true` if it was swept before, and nothing changed since.
    pub(super) is_unchanged: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Summary {
    verdict: Verdict,
    findings: usize,
    gaps: usize,
}

impl Ended {
    /// In a few words.
    pub(super) fn told(&self) -> String {
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

/// Runs jobs, with the same limits for each.
pub(super) struct Runner<'a> {
    args: &'a RunArgs,
    program: PathBuf,
    /// The hash of what determines the results of a sweep, apart from the repository.
    setup: String,
    /// The number of the run, which a run that was stopped shares with the one that goes on with it.
    number: Vec<u8>,
}

impl<'a> Runner<'a> {
    /// # Errors
    /// When this very program cannot be found, or the folder cannot be written to.
    pub(super) fn new(args: &'a RunArgs) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("looking for this program, which sweeps each repository")?;
        let number = state::begin(&args.out).context("remembering that a run has begun")?;
        Ok(Self { args, program, setup: state::setup(), number })
    }

    /// Runs one. Whatever happens, there is a report afterwards, unless even that cannot be written.
    pub(super) fn run(&self, job: &Job) -> Ended {
        let report = self.args.out.join("reports").join(format!("{}.jsonl", job.key()));
        let before = self.args.out.join(STATES).join(job.key());
        let mut is_unchanged = false;
        let how = fetch::state(job, self.limits()).and_then(|now| {
            let now = state::hash(&[self.setup.as_bytes(), now.as_bytes(), self.scope_of(job)]);
            if state::is(&before, &now)
                && let Ok(summary) = summary(&report)
                && summary.gaps == 0
            {
                is_unchanged = true;
                return Ok(summary);
            }
            state::forget(&before);
            let summary = self.swept(job, &report)?;
            state::remember(&before, &now).map_err(|error| format!("'{}': {error}", before.display()))?;
            Ok(summary)
        });
        let how = how.inspect_err(|why| {
            // What an earlier run found is not true any more, or nobody knows.
            state::forget(&before);
            failure::write(&report, &job.name, why);
        });
        Ended { how, is_unchanged }
    }

    /// How long a state holds: refs are all that a mirror of a URL has, but not all that a repository on this machine has.
    fn scope_of(&self, job: &Job) -> &[u8] {
        if job.members.iter().any(|one| one.path().is_some()) { &self.number } else { &[] }
    }

    fn limits(&self) -> Duration {
        Duration::from_secs(self.args.timeout)
    }

    fn swept(&self, job: &Job, report: &Path) -> Result<Summary, String> {
        // An old report must not be taken for what the sweep says.
        match std::fs::remove_file(report) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("the report '{}' cannot be replaced: {error}", report.display()));
            }
            _ => {}
        }
        let clone = fetch::clone(job, &self.args.out.join(CLONES).join(job.key()), self.limits())?;
        let mut sweep = Process::new(&self.program);
        sweep.args(&["history", "--format", "jsonl", "--quiet", "--repo-name", &job.name, "--output"]);
        sweep.arg(report).args(&["--cache"]).arg(self.args.out.join(CACHES));
        if job.is_network {
            sweep.args(&["--network"]);
        }
        if let Some(mebibytes) = self.args.memory {
            sweep.args(&["--memory", &mebibytes.to_string()]);
        }
        sweep.args(&["--"]).arg(clone.path());
        match sweep.within(self.limits()) {
            Limited::Ended { code: Some(0..=2), said } => {
                summary(report).map_err(|_| if said.is_empty() { "the sweep wrote no report".to_owned() } else { said })
            }
            Limited::Ended { said, .. } if said.contains("memory allocation") => Err(self.too_big()),
            Limited::Ended { code, said } => Err(match code {
                Some(code) => format!("the sweep ended with {code}: {said}"),
                None => format!("the sweep was killed: {said}"),
            }),
            Limited::TimedOut => {
                Err(format!("the sweep took longer than {} seconds, which is the limit", self.args.timeout))
            }
            Limited::NotStarted(why) => Err(format!("the sweep could not be started: {why}")),
        }
    }

    fn too_big(&self) -> String {
        let limit = self.args.memory.unwrap_or_default();
        format!("the sweep needed more memory than the limit of {limit} MiB; --memory raises it")
    }
}

/// Returns the summary in the last line of a report.
fn summary(report: &Path) -> Result<Summary, String> {
    let mut file = bounded::open_file(report, Links::Refused).map_err(|refused| refused.to_string())?;
    let mut bytes = Vec::new();
    let length = file.metadata().map_or(0, |meta| meta.len());
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_LINE)))
        .and_then(|_| (&mut file).take(MAX_LINE).read_to_end(&mut bytes))
        .map_err(|error| Refused::Io(error).to_string())?;
    let text = bytes.strip_suffix(b"\n").ok_or("it is cut off")?;
    let last = text.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice(last).map_err(|_| "it is cut off".to_owned())
}
