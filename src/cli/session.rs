//! The session of a command, put together in one place: the repository, the settings in force, and the rules ready to
//! run.
//!
//! A command opens a session and asks it for scans, reports and masks. So no command can scan with other rules than it
//! masks with, or overlook the configuration.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use bstr::{BString, ByteSlice as _};

use super::args::Common;
use super::exit::ExitStatus;
use super::policy::{self, InForce};
use super::resolve::{self, Settings};
use super::{asked, clock, progress, report_store, shell};
use crate::detect::Detector;
use crate::finding::subject::name_of_url;
use crate::finding::{CodeOwners, Report, Subject, SubjectKind};
use crate::git::{ObjectId, Repo, code_owners, index, remote};
use crate::output::mask::Mask;
use crate::output::view::{Values, View};
use crate::output::{self, Detail, OutputOptions, summary, words};
use crate::remediation::step::quoted;
use crate::remediation::{Stops, Surroundings};
use crate::rule::{Confidence, Severity};
use crate::rule_set::{RuleSet, ValueError};
use crate::scan::{Lazy, Progress, Scan};
use crate::source::Listing;
use crate::source::history::{self as stored, Objects};
use crate::suppress::Policy;
use crate::text::time::rfc3339;

/// The filter for scans that leave out nothing, even if it was there before.
pub(super) const NOTHING_IS_KNOWN: &dyn Fn(&BString, ObjectId) -> bool = &|_, _| false;

/// The session of a command.
#[derive(Debug)]
pub(super) struct Session {
    start: Instant,
    place: Place,
    /// The settings from the command line and the configuration.
    pub(super) settings: Settings,
    detector: Detector,
    /// The fingerprint of the rules, computed when a report first names it: serialising all rules takes longer than
    /// many a scan.
    rules_id: OnceLock<String>,
    /// The operation that waits for the verdict.
    stops: Stops,
    /// The changes to the configuration that the scanned change makes, for the report.
    remarks: Listing,
}

/// The place that a command works on.
#[derive(Debug)]
enum Place {
    /// A repository.
    Repository(Repo),
    /// Files, which may be in a repository.
    Files(Option<Repo>),
}

/// The condition for writing a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReportWhen {
    /// Always.
    Always,
    /// Only if there is a finding, a gap or a note.
    NotEmpty,
    /// Always, with a bar on the terminal until then.
    AfterProgress,
}

impl Session {
    fn new(common: &Common, place: Place, in_force: InForce) -> anyhow::Result<Self> {
        let InForce { config, policy, gaps, notes } = in_force;
        let (settings, rules) = resolve::settings(common, &config, policy)?;
        let remarks = Listing { gaps, notes, ..Listing::default() };
        Ok(Self {
            start: Instant::now(),
            place,
            settings,
            detector: Detector::new(rules),
            rules_id: OnceLock::new(),
            stops: Stops::Nothing,
            remarks,
        })
    }

    /// Opens a session in a repository, with the configuration of its work tree, or of HEAD if it has none.
    ///
    /// # Errors
    /// Fails if the configuration can't be used.
    pub(super) fn in_repository(common: &Common, repo: &Repo) -> anyhow::Result<Self> {
        Self::with(common, repo, policy::of_repository(common, repo)?)
    }

    /// Opens a session in a repository with another policy than that of its work tree.
    ///
    /// # Errors
    /// Fails if the configuration names rules that do not exist.
    pub(super) fn with(common: &Common, repo: &Repo, in_force: InForce) -> anyhow::Result<Self> {
        Self::new(common, Place::Repository(repo.clone()), in_force)
    }

    /// Opens a session for files, with the configuration of the work tree or folder around them.
    ///
    /// # Errors
    /// Fails if its configuration can't be used.
    pub(super) fn on_files(common: &Common) -> anyhow::Result<Self> {
        let repo = Repo::open(Path::new(".")).ok();
        let in_force = policy::of_folder(common, around(repo.as_ref()).as_deref())?;
        Self::new(common, Place::Files(repo), in_force)
    }

    /// Opens a session for texts that are about to be written; comments in them can't allow what they hold.
    ///
    /// # Errors
    /// Fails if the configuration of the surrounding folder can't be used.
    pub(super) fn on_proposed_texts(common: &Common) -> anyhow::Result<Self> {
        let root = around(Repo::open(Path::new(".")).ok().as_ref());
        Self::new(common, Place::Files(None), policy::of_folder(common, root.as_deref())?.proposing())
    }

    /// Returns the same session for an operation that waits for the verdict.
    #[must_use]
    pub(super) fn stopping(self, stops: Stops) -> Self {
        Self { stops, ..self }
    }

    /// Returns the same session, with this name for its subject unless the user gave another.
    #[must_use]
    pub(super) fn named(mut self, name: impl Into<String>) -> Self {
        self.settings.subject.name.get_or_insert_with(|| name.into());
        self
    }

    /// Returns the same session without thresholds, cache and suppressions.
    #[must_use]
    pub(super) fn unfiltered(mut self) -> Self {
        self.settings.scan.min_severity = Severity::Low;
        self.settings.scan.min_confidence = Confidence::Low;
        self.settings.scan.cache = None;
        self.settings.scan.policy = Policy::strict();
        self
    }

    /// Returns the same session with rules that look for these values and nothing else.
    ///
    /// # Errors
    /// Fails if a value can't be looked for.
    pub(super) fn looking_for(mut self, values: &[&[u8]]) -> Result<Self, ValueError> {
        self.detector = Detector::new(RuleSet::of_values(values)?);
        Ok(self)
    }

    /// Returns the repository that is scanned, or that the files are in.
    pub(super) fn repo(&self) -> Option<&Repo> {
        match &self.place {
            Place::Repository(repo) => Some(repo),
            Place::Files(repo) => repo.as_ref(),
        }
    }

    /// Returns the rules in force.
    pub(super) fn rules(&self) -> &RuleSet {
        self.detector.rules()
    }

    /// Returns the rules in force, ready to run.
    pub(super) fn detector(&self) -> &Detector {
        &self.detector
    }

    /// Returns a mask for a report of this session, or for texts without a report.
    pub(super) fn mask(&self, report: Option<&Report>) -> Mask<'_> {
        Mask::new(Some(&self.detector), report)
    }

    /// Adds the gaps and notes about the configuration to a listing.
    pub(super) fn remark(&self, listing: &mut Listing) {
        listing.gaps.extend_from_slice(&self.remarks.gaps);
        listing.notes.extend_from_slice(&self.remarks.notes);
    }

    /// Scans, writes the report and returns the exit status.
    ///
    /// # Errors
    /// Fails if the report can't be written.
    pub(super) fn report(
        &self,
        when: ReportWhen,
        scan: impl FnOnce(&Scan<'_>) -> Report,
    ) -> anyhow::Result<ExitStatus> {
        let report = self.scan(when, scan);
        self.write(when, &report)
    }

    /// Writes a report and returns the exit status.
    ///
    /// # Errors
    /// Fails if the report can't be written.
    pub(super) fn write(&self, when: ReportWhen, report: &Report) -> anyhow::Result<ExitStatus> {
        let is_empty = report.findings.is_empty() && report.gaps.is_empty() && report.notes.is_empty();
        if when == ReportWhen::NotEmpty && is_empty && report.stats.held_back.total() == 0 {
            return Ok(ExitStatus::Clean);
        }
        let mask = self.mask(Some(report));
        let mut view = self.view(report, Values::Masked(&mask), &mask);
        if when == ReportWhen::NotEmpty && is_empty {
            shell::say(&format!("keysweep: {}", words::headline(&view.summary, &view.scope)));
            return Ok(ExitStatus::Clean);
        }
        if when != ReportWhen::NotEmpty || !report.findings.is_empty() {
            self.store(report, &mut view);
        }
        self.write_others(&view)?;
        let Settings { output, output_file, exit_zero, .. } = &self.settings;
        let view = self.shown(report, view, &mask);
        shell::results(output_file.as_deref(), &mut |out| output::render(&view, *output, out))?;
        shell::written(output_file.as_deref(), &format!("{}; the report", words::status(&view)));
        Ok(ExitStatus::of(report, *exit_zero))
    }

    /// Stores the report in the repository, then returns the masked view for any format, and the view that was asked
    /// for.
    pub(super) fn views(&self, report: &Report) -> (View, View) {
        let mask = self.mask(Some(report));
        let mut view = self.view(report, Values::Masked(&mask), &mask);
        self.store(report, &mut view);
        let shown = self.shown(report, view.clone(), &mask);
        (view, shown)
    }

    /// Stores a report, so that other commands know its findings by their ids.
    fn store(&self, report: &Report, view: &mut View) {
        if let Some(repo) = self.repo().filter(|repo| !repo.is_quarantined()) {
            view.is_stored = report_store::store(repo, view);
            report_store::keep_lists(repo, &report.lists);
        }
    }

    /// Returns the view of a report with its values, if the user asked for them.
    fn shown(&self, report: &Report, view: View, mask: &Mask<'_>) -> View {
        match self.settings.output.show_secrets {
            true => View { is_stored: view.is_stored, ..self.view(report, Values::Shown, mask) },
            false => view,
        }
    }

    /// Returns the view of a report with the stored answers of providers, which are always masked.
    fn view(&self, report: &Report, values: Values<'_>, mask: &Mask<'_>) -> View {
        let mut view = View::new(report, values);
        view.source.rules = self.rules_id.get_or_init(|| self.rules().fingerprint()).clone();
        if let Some(repo) = self.repo().filter(|_| !report.findings.is_empty()) {
            asked::show(repo, self.settings.scan.now, mask, &mut view);
        }
        view
    }

    /// Scans and returns the report without writing it.
    pub(super) fn scan(&self, when: ReportWhen, scan: impl FnOnce(&Scan<'_>) -> Report) -> Report {
        let progress = Progress::default();
        let prepared = self.prepared(&progress);
        let mut report = match when {
            ReportWhen::AfterProgress if self.settings.output.detail != Detail::Quiet => {
                progress::shown(&progress, || scan(&prepared))
            }
            _ => scan(&prepared),
        };
        if let Place::Repository(repo) = &self.place {
            report.gaps.extend(repo.moved());
            // A commit without secrets doesn't wait for the code owners to be read.
            if !report.findings.is_empty() || !report.suppressed.is_empty() {
                report.code_owners = CodeOwners::new(&code_owners::text(repo).unwrap_or_default());
            }
        }
        report.subject = self.subject();
        report.stats.elapsed_ms = self.start.elapsed().as_millis();
        report.made_at = rfc3339(clock::now());
        report
    }

    /// Sweeps everything that a repository stores and returns the report, for commands that continue with its findings.
    ///
    /// # Errors
    /// Fails if the repository can't be read.
    pub(super) fn sweep(
        &self,
        repo: &Repo,
        sweep: impl FnOnce(&Scan<'_>, Objects) -> Report,
    ) -> anyhow::Result<Report> {
        let objects = stored::list(repo)?;
        Ok(self.scan(ReportWhen::AfterProgress, |scan| sweep(scan, objects)))
    }

    /// Returns a scan that is ready to run.
    pub(super) fn prepared<'a>(&'a self, progress: &'a Progress) -> Scan<'a> {
        let (detector, options) = (&self.detector, &self.settings.scan);
        let surroundings = Lazy::new(Box::new(|| self.surroundings()));
        Scan { detector, options, repo: self.repo(), surroundings, progress }
    }

    /// Returns the subject of the scan, by a name that other machines know.
    fn subject(&self) -> Subject {
        let mut subject = self.settings.subject.clone();
        if let Place::Repository(repo) = &self.place {
            subject.branch = repo.branch().map(|name| name.to_string());
            let origin = remote::origin(repo).map(|url| name_of_url(&url.to_string()));
            match (&subject.name, origin) {
                (None, Some((name, host))) => {
                    // Any repository may have a neighbour at the same relative path.
                    let is_known_elsewhere = host.is_some() || Path::new(&name).is_absolute();
                    subject.name = Some(name).filter(|_| is_known_elsewhere);
                    subject.host = host;
                }
                (Some(given), Some((name, Some(_)))) if *given != name => subject.remote = Some(name),
                (Some(_) | None, _) => {}
            }
        }
        if let (SubjectKind::Network, Some(repo)) = (subject.kind, self.repo()) {
            let urls = remote::all(repo).into_iter().filter_map(|remote| remote.url);
            subject.members = urls.map(|url| name_of_url(&url.to_string()).0).collect();
        }
        subject
    }

    /// Returns the facts about the surroundings of the files that advice needs.
    fn surroundings(&self) -> Surroundings {
        let Place::Repository(repo) = &self.place else {
            return Surroundings { no_git: true, ..Surroundings::default() };
        };
        let root = repo.workdir().and_then(|root| root.canonicalize().ok());
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok();
        let whole = |repo: &Repo| repo.git_dir().canonicalize().ok();
        // Opening the surrounding repository would examine all of it once more.
        let nearest = here.iter().flat_map(|here| here.ancestors()).find(|folder| folder.join(".git").exists());
        let is_in = |git_dir: PathBuf| here.as_ref().is_some_and(|here| here.starts_with(git_dir));
        let is_around = std::env::var_os("GIT_DIR").is_some()
            || match &root {
                Some(root) => nearest == Some(root),
                None => whole(repo).is_some_and(is_in),
            };
        let folder = root.clone().or_else(|| whole(repo)).filter(|_| !is_around);
        // git runs a hook at the root, and gives the user's folder in GIT_PREFIX.
        let is_below = std::env::var_os("GIT_PREFIX").is_some_and(|prefix| !prefix.is_empty());
        let subfolder = is_around && root.is_some() && (root != here || is_below);
        Surroundings {
            unborn: repo.is_unborn(),
            merging: !index::merged(repo).is_empty(),
            stops: self.stops.clone(),
            bare: root.is_none(),
            subfolder,
            run_in: folder.map(|folder| quoted(folder.as_os_str().as_encoded_bytes().as_bstr()).into()),
            ..Surroundings::default()
        }
    }

    /// Writes a report, which must be masked, to the additional files and the job summary.
    ///
    /// # Errors
    /// Fails if a requested file can't be written; the summary of a job isn't one.
    fn write_others(&self, view: &View) -> anyhow::Result<()> {
        let Settings { also, output, summary, .. } = &self.settings;
        for (format, file) in also {
            let options = OutputOptions { format: *format, show_secrets: false, width: None, ..*output };
            shell::results(Some(file), &mut |out| output::render(view, options, out))?;
        }
        if let Some(file) = summary
            && let Err(error) = shell::append(file, &mut |used, out| summary::write(view, output.detail, used, out))
        {
            shell::say(&format!("keysweep: the summary of the job could not be written: {error}"));
        }
        Ok(())
    }
}

/// Returns the root of the surrounding work tree, or the current folder if there is none.
fn around(repo: Option<&Repo>) -> Option<PathBuf> {
    repo.and_then(Repo::workdir).or_else(|| std::env::current_dir().ok())
}
