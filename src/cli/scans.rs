//! The commands that scan: each picks a source, all end in one report.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use bstr::BString;

use super::args::Common;
use super::exit::ExitStatus;
use super::resolve::{self, Settings};
use super::{clock, policy, progress, report_store, shell};
use crate::detect::Detector;
use crate::finding::{Report, Scope};
use crate::git::{ObjectId, Repo, repo};
use crate::output::mask::Mask;
use crate::output::view::View;
use crate::output::{self, OutputOptions, summary};
use crate::remediation::Surroundings;
use crate::rule_set::RuleSet;
use crate::scan::{Progress, Scan};
use crate::source::push::Side;
use crate::source::{
    Listing, files, history as stored, message as messages, push as pushed, range as commits, staged as index,
};
use crate::text::escape;
use crate::text::time::rfc3339;

/// What is not known to be old.
pub(super) const NEW: &dyn Fn(&BString, ObjectId) -> bool = &|_, _| false;

/// `staged`
///
/// # Errors
/// When the scan cannot start.
pub fn staged(common: &Common) -> anyhow::Result<ExitStatus> {
    staged_as(common, Speech::Always)
}

/// What the pre-commit hook runs: silent when there is nothing to say.
///
/// # Errors
/// When the scan cannot start.
pub fn hook(common: &Common) -> anyhow::Result<ExitStatus> {
    staged_as(common, Speech::IfNeeded)
}

/// When a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Always,
    /// Only if there is a finding, a gap or a note.
    IfNeeded,
    /// Always, with a bar on the terminal until then.
    Bar,
}

fn staged_as(common: &Common, speech: Speech) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    let repo = Repo::open(Path::new("."))?;
    let settings = resolve::settings(common, &repo)?;
    let listing = index::list(&repo)?;
    let surroundings = around(&repo);
    let run = Run { settings: &settings, repo: Some(&repo), surroundings, start, speech };
    let scope = Scope { command: "staged", subject: "what the next commit adds".to_owned() };
    run.finish(|scan| {
        scan.listed(listing, scope, &|path, blob| {
            repo.head().is_some_and(|head| index::known_content(&repo, head, path, blob))
        })
    })
}

/// `range BASE..HEAD`
///
/// # Errors
/// When a revision does not resolve.
pub fn range(common: &Common, range: &str, trust_head: bool) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    let repo = Repo::open(Path::new("."))?;
    let Some((base, head)) = range.split_once("..").filter(|(base, head)| !base.is_empty() && !head.starts_with('.'))
    else {
        anyhow::bail!(
            "'{}' is no range: write BASE..HEAD with two dots, such as origin/main..HEAD",
            escape(range.as_bytes())
        );
    };
    let base = repo::resolve(&repo.local(), base)?;
    let head = repo::resolve(&repo.local(), if head.is_empty() { "HEAD" } else { head })?;
    let ground = match trust_head {
        true => policy::of_commit(common, &repo, head)?,
        false => policy::of_range(common, &repo, base, head)?,
    };
    let mut listing = commits::list(&repo, base, head)?;
    ground.tell(&mut listing);
    let settings = resolve::from(common, ground)?;
    let run =
        Run { settings: &settings, repo: Some(&repo), surroundings: around(&repo), start, speech: Speech::Always };
    let scope = Scope { command: "range", subject: format!("what {} adds", escape(range.as_bytes())) };
    run.finish(|scan| scan.listed(listing, scope, &|path, blob| index::known_content(&repo, base, path, blob)))
}

/// What the pre-push hook runs. Silent when there is nothing to say.
///
/// # Errors
/// When what is pushed is not understood, or the scan cannot start.
pub fn push(common: &Common, remote: &OsStr) -> anyhow::Result<ExitStatus> {
    pushed_from(common, Side::Sender(remote.as_encoded_bytes().into()))
}

/// What the pre-receive hook of a server runs. Silent when there is nothing to say.
///
/// # Errors
/// When what is pushed is not understood, or the scan cannot start.
pub fn received(common: &Common) -> anyhow::Result<ExitStatus> {
    pushed_from(common, Side::Receiver)
}

/// git tells on standard input what is pushed.
fn pushed_from(common: &Common, side: Side<'_>) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    let repo = Repo::open(Path::new("."))?;
    let settings = match side {
        Side::Sender(_) => resolve::settings(common, &repo)?,
        Side::Receiver => resolve::from(common, policy::of_server(common, &repo)?)?,
    };
    let updates = side.updates(&shell::input().context("reading what is pushed from standard input")?)?;
    let (listing, bases) = pushed::list(&repo, side, &updates)?;
    let surroundings = around(&repo);
    let run = Run { settings: &settings, repo: Some(&repo), surroundings, start, speech: Speech::IfNeeded };
    // The remote may be told by a URL with a password in it, so it is not named.
    let scope = Scope { command: "range", subject: "what the push adds to the remote".to_owned() };
    let known = |path: &BString, blob| bases.iter().any(|base| index::known_content(&repo, *base, path, blob));
    run.finish(|scan| scan.listed(listing, scope, &known))
}

/// What the commit-msg hook runs: silent when there is nothing to say.
///
/// # Errors
/// When the message cannot be read.
pub fn message(common: &Common, file: &Path) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    let repo = Repo::open(Path::new("."))?;
    let settings = resolve::settings(common, &repo)?;
    // So git tells its hooks that nobody is asked to edit the message.
    let edited = std::env::var_os("GIT_EDITOR").is_none_or(|editor| editor != ":");
    let listing = messages::list(&repo, file, edited)
        .with_context(|| format!("reading the message of the commit from '{}'", file.display()))?;
    let surroundings = around(&repo);
    let run = Run { settings: &settings, repo: Some(&repo), surroundings, start, speech: Speech::IfNeeded };
    let scope = Scope { command: "staged", subject: "the message of the next commit".to_owned() };
    run.finish(|scan| scan.listed(listing, scope, NEW))
}

/// `history [REPO]`
///
/// # Errors
/// When the repository cannot be read.
pub fn history(
    common: &Common,
    path: &Path,
    cache: Option<&Path>,
    flag_outside_authors: bool,
) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    let repo = Repo::open(path)?;
    let mut settings = resolve::settings(common, &repo)?;
    settings.scan.cache = cache.map(Path::to_owned);
    settings.scan.flag_outside_authors = flag_outside_authors;
    let objects = stored::list(&repo)?;
    let run = Run { settings: &settings, repo: Some(&repo), surroundings: around(&repo), start, speech: Speech::Bar };
    let scope = Scope { command: "history", subject: "everything this clone stores".to_owned() };
    run.finish(|scan| {
        let mut report = scan.history(&repo, objects, scope);
        policy::remark(&settings.scan.policy, common, &mut report);
        report
    })
}

/// `files PATH…`
///
/// # Errors
/// When standard input cannot be read.
pub fn files(common: &Common, paths: &[PathBuf]) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    let here = std::env::current_dir().ok();
    let root = repo::root_of(Path::new(".")).or(here);
    let settings = resolve::settings_in(common, root.as_deref())?;
    let (streams, paths): (Vec<_>, Vec<_>) = paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let mut listing = files::list(&paths);
    if !streams.is_empty() {
        let bytes = shell::input().context("reading standard input")?;
        listing.items.extend(files::stream("<stdin>", bytes).items);
    }
    let repo = Repo::open(Path::new(".")).ok();
    let surroundings = Surroundings { no_git: true, ..Surroundings::default() };
    let run = Run { settings: &settings, repo: repo.as_ref(), surroundings, start, speech: Speech::Always };
    let scope = Scope { command: "files", subject: "the files given".to_owned() };
    run.finish(|scan| scan.listed(listing, scope, NEW))
}

/// Texts that are in no file yet: the report, less the secrets that stood in others before, is told to `tell`.
///
/// # Errors
/// When the scan cannot start, or telling fails.
pub(super) fn texts(
    common: &Common,
    texts: Listing,
    before: Listing,
    tell: &mut dyn FnMut(&View, &Mask<'_>) -> anyhow::Result<ExitStatus>,
) -> anyhow::Result<ExitStatus> {
    let start = Instant::now();
    let here = std::env::current_dir().ok();
    let root = repo::root_of(Path::new(".")).or(here);
    // Who writes a secret does not allow it.
    let settings = resolve::from(common, policy::of_folder(common, root.as_deref())?.proposing())?;
    let detector = Detector::new(settings.rules.clone());
    let report = |listing| {
        let surroundings = Surroundings { no_git: true, ..Surroundings::default() };
        let run = Run { settings: &settings, repo: None, surroundings, start, speech: Speech::IfNeeded };
        let scope = Scope { command: "files", subject: "what an agent sent".to_owned() };
        run.report(&detector, |scan| scan.listed(listing, scope, NEW))
    };
    let old = report(before).findings;
    let mut report = report(texts);
    report.findings.retain(|finding| !old.iter().any(|old| old.secret == finding.secret));
    masking(&detector, &report, |mask| tell(&View::new(&report, false, mask), mask))
}

/// What advice must know of a repository.
pub(super) fn around(repo: &Repo) -> Surroundings {
    let root = repo.workdir().and_then(|root| root.canonicalize().ok());
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
    let subfolder = root.is_some() && root != here;
    Surroundings { unborn: repo.is_unborn(), subfolder, ..Surroundings::default() }
}

/// A scan of a repository.
pub(super) fn prepared<'a>(
    repo: &'a Repo,
    settings: &'a Settings,
    detector: &'a Detector,
    progress: &'a Progress,
) -> Scan<'a> {
    Scan { detector, options: &settings.scan, repo: Some(repo), surroundings: around(repo), progress }
}

/// What a sweep for everything that the detector knows says, for commands that go on with that.
///
/// # Errors
/// When the repository cannot be read.
pub(super) fn swept(
    repo: &Repo,
    settings: &Settings,
    detector: &Detector,
    sweep: impl FnOnce(&Scan<'_>, stored::Objects) -> Report,
) -> anyhow::Result<Report> {
    let objects = stored::list(repo)?;
    let progress = Progress::default();
    let scan = prepared(repo, settings, detector, &progress);
    let work = || sweep(&scan, objects);
    Ok(if settings.output.quiet { work() } else { progress::shown(&progress, work) })
}

/// A scan about to run.
pub(super) struct Run<'a> {
    pub(super) settings: &'a Settings,
    pub(super) repo: Option<&'a Repo>,
    pub(super) surroundings: Surroundings,
    pub(super) start: Instant,
    pub(super) speech: Speech,
}

impl Run<'_> {
    /// Scans, writes the report and says how to end.
    ///
    /// # Errors
    /// When the report cannot be written.
    pub(super) fn finish(self, scan: impl FnOnce(&Scan<'_>) -> Report) -> anyhow::Result<ExitStatus> {
        let Settings { rules, output, output_file, exit_zero, .. } = self.settings;
        let detector = Detector::new(rules.clone());
        let report = self.report(&detector, scan);
        let quiet = report.findings.is_empty() && report.gaps.is_empty() && report.notes.is_empty();
        if self.speech == Speech::IfNeeded && quiet {
            return Ok(ExitStatus::Clean);
        }
        let view = masking(&detector, &report, |mask| View::new(&report, false, mask));
        let worth_it = self.speech != Speech::IfNeeded || !report.findings.is_empty();
        if let Some(repo) = self.repo.filter(|repo| worth_it && !repo.is_quarantined()) {
            report_store::store(repo, &view, clock::now());
        }
        write_others(self.settings, &view)?;
        let view = if output.show_secrets { View::new(&report, true, &Mask::off()) } else { view };
        shell::results(output_file.as_deref(), &mut |out| output::render(&view, *output, out))?;
        Ok(ExitStatus::of(&report, *exit_zero))
    }

    /// Scans alone.
    fn report(&self, detector: &Detector, scan: impl FnOnce(&Scan<'_>) -> Report) -> Report {
        let Settings { scan: options, output, .. } = self.settings;
        let (progress, surroundings) = (Progress::default(), self.surroundings.clone());
        let prepared = Scan { detector, options, repo: self.repo, surroundings, progress: &progress };
        let mut report = match self.speech {
            Speech::Bar if !output.quiet => progress::shown(&progress, || scan(&prepared)),
            _ => scan(&prepared),
        };
        report.stats.elapsed_ms = self.start.elapsed().as_millis();
        report.made_at = rfc3339(clock::now());
        report
    }
}

/// With the mask for a report: a neighbour that a rule not selected would find is masked all the same.
fn masking<T>(detector: &Detector, report: &Report, then: impl FnOnce(&Mask<'_>) -> T) -> T {
    let (whole, rules) = (RuleSet::builtin(), detector.rules());
    let all = (whole.rules.len() != rules.rules.len()).then(|| Detector::new(whole.extended(rules.clone())));
    then(&Mask::new(all.as_ref().unwrap_or(detector), Some(report)))
}

/// Writes a report, which has to be masked, wherever it goes besides the one place that is asked for.
///
/// # Errors
/// When a file cannot be written that somebody asked for; the summary of a job is no such file.
fn write_others(settings: &Settings, view: &View) -> anyhow::Result<()> {
    for (format, file) in &settings.also {
        let options = OutputOptions { format: *format, show_secrets: false, ..settings.output };
        shell::results(Some(file), &mut |out| output::render(view, options, out))?;
    }
    let quiet = settings.output.quiet;
    if let Some(file) = &settings.summary
        && let Err(error) = shell::append(file, &mut |used, out| summary::write(view, quiet, used, out))
    {
        shell::say(&format!("keysweep: the summary of the job could not be written: {error}"));
    }
    Ok(())
}
