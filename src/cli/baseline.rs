//! `baseline create|update|check|import`: compares what a sweep of a repository finds with what is known already.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rayon::prelude::*;

use super::args::{BaselineAction, Common};
use super::exit::ExitStatus;
use super::session::Session;
use super::{shell, withhold};
use crate::config::file::BASELINE;
use crate::finding::{Command, Finding, Report, Scope};
use crate::fs::{Rights, bounded, replace};
use crate::git::Repo;
use crate::output::{self, baseline as page};
use crate::suppress::baseline::{Key, Remark, Salt};
use crate::suppress::foreign::{self, Foreign};
use crate::suppress::{Baseline, Policy, Suppressions};
use crate::text::escape;
use crate::threads;

/// Runs the action.
///
/// # Errors
/// Fails if the repository can't be read or the file can't be written.
pub fn run(common: &Common, action: &BaselineAction) -> anyhow::Result<ExitStatus> {
    match action {
        BaselineAction::Create { repo } => {
            let work = Work::new(common, repo.as_deref())?;
            anyhow::ensure!(
                !work.path.exists(),
                "'{}' already exists: 'keysweep baseline update' updates it",
                work.shown()
            );
            work.renew(common, &[])
        }
        BaselineAction::Update { repo, findings } => {
            let work = Work::new(common, repo.as_deref())?;
            anyhow::ensure!(
                work.path.exists(),
                "'{}' does not exist: 'keysweep baseline create' creates it",
                work.shown()
            );
            work.renew(common, findings)
        }
        BaselineAction::Check { repo } => Work::new(common, repo.as_deref())?.check(common),
        BaselineAction::Import { file, repo } => Work::new(common, repo.as_deref())?.import(common, file),
    }
}

/// A sweep of a repository and the baseline that it is compared with.
struct Work {
    repo: Repo,
    session: Session,
    path: PathBuf,
    old: Baseline,
    report: Report,
    /// The baseline entries of each finding.
    known: Vec<Vec<Key>>,
}

impl Work {
    fn new(common: &Common, repo: Option<&Path>) -> anyhow::Result<Self> {
        let repo = Repo::at(repo)?;
        let path = match (&common.baseline, repo.workdir()) {
            (Some(path), _) => path.clone(),
            (None, Some(root)) => root.join(BASELINE),
            (None, None) => {
                anyhow::bail!("a bare repository has no work tree for a baseline: name a file with --baseline")
            }
        };
        // A baseline that `create` is about to make doesn't exist yet.
        let found = Common { baseline: common.baseline.clone().filter(|path| path.exists()), ..common.clone() };
        let mut session = Session::in_repository(&found, &repo)?;
        let old = std::mem::take(&mut session.settings.scan.policy.accepted.baseline);
        let scope = Scope { command: Command::Baseline, subject: "everything this clone stores".to_owned() };
        let report = session.sweep(&repo, |scan, objects| scan.history(&repo, objects, scope))?;
        let accepted = Suppressions { baseline: old.clone(), ..Suppressions::default() };
        let known = Policy { accepted, ..Policy::default() }.known(&report.findings);
        Ok(Self { repo, session, path, old, report, known })
    }

    fn shown(&self) -> String {
        let path = self.path.strip_prefix(".").unwrap_or(&self.path);
        escape(withhold(&path.display().to_string()).as_bytes())
    }

    /// Returns the findings that have no entry.
    fn new_ones(&self) -> Vec<&Finding> {
        self.report.findings.iter().zip(&self.known).filter(|(_, keys)| keys.is_empty()).map(|(one, _)| one).collect()
    }

    /// Returns the baseline without the entries for secrets that are gone, and the number of those. If parts were not
    /// read, nothing is known to be gone.
    fn kept(&self) -> (Baseline, usize) {
        if !self.report.gaps.is_empty() {
            return (self.old.clone(), 0);
        }
        let present: BTreeSet<&Key> = self.known.iter().filter_map(|keys| keys.first()).collect();
        let mut kept = Baseline::default();
        let entries = self.old.entries().filter(|(key, _)| present.contains(key));
        entries.for_each(|(key, remark)| kept.insert(*key, remark.clone()));
        let all: BTreeSet<&Key> = self.known.iter().flatten().collect();
        let absent = self.old.entries().filter(|(key, _)| !all.contains(key)).count();
        (kept, absent)
    }

    /// Adds the new findings, all or only those named, and drops the entries for secrets that are gone.
    fn renew(&self, common: &Common, ids: &[String]) -> anyhow::Result<ExitStatus> {
        let new = self.new_ones();
        for id in ids {
            anyhow::ensure!(
                new.iter().any(|finding| finding.id.as_str() == id),
                "no new finding has the id '{}': 'keysweep baseline check' lists them",
                escape(id.as_bytes())
            );
        }
        let chosen: Vec<&Finding> =
            new.into_iter().filter(|one| ids.is_empty() || ids.iter().any(|id| id == one.id.as_str())).collect();
        let (mut baseline, absent) = self.kept();
        self.add(&mut baseline, &chosen)?;
        self.write(&baseline)?;
        self.print_result(common, &chosen, absent, true)?;
        Ok(if self.report.gaps.is_empty() { ExitStatus::Clean } else { ExitStatus::Unknown })
    }

    fn check(&self, common: &Common) -> anyhow::Result<ExitStatus> {
        let (new, (_, absent)) = (self.new_ones(), self.kept());
        self.print_result(common, &new, absent, false)?;
        Ok(match (new.is_empty(), self.report.gaps.is_empty()) {
            (false, _) => ExitStatus::Findings,
            (true, false) => ExitStatus::Unknown,
            (true, true) => ExitStatus::Clean,
        })
    }

    /// Adds the findings that another tool is configured to ignore, if they are found here.
    fn import(&self, common: &Common, file: &Path) -> anyhow::Result<ExitStatus> {
        let name = escape(withhold(&file.display().to_string()).as_bytes());
        let text = bounded::text_named(file, Path::new("."), bounded::MAX_NAMED)
            .with_context(|| format!("reading '{name}'"))?;
        let entries = foreign::parse(&text).map_err(|why| anyhow::anyhow!("'{name}', {why}"))?;
        let is_meant = |finding: &&Finding| entries.iter().any(|entry| entry.is(finding));
        let chosen: Vec<&Finding> = self.new_ones().into_iter().filter(is_meant).collect();
        let (there, lost): (Vec<&Foreign>, Vec<&Foreign>) =
            entries.iter().partition(|entry| self.report.all().any(|finding| entry.is(finding)));
        let was_known = there.iter().filter(|entry| !chosen.iter().any(|finding| entry.is(finding))).count();
        let mut baseline = self.old.clone();
        self.add(&mut baseline, &chosen)?;
        self.write(&baseline)?;
        self.print_result(common, &chosen, 0, true)?;
        let all = if lost.is_empty() { None } else { Some(self.unfiltered(common)?) };
        for entry in &lost {
            shell::say(&withhold(&format!(
                "not carried over: {}, line {}: {}",
                entry.path,
                entry.line,
                self.why_not(entry, all.as_ref())
            )));
        }
        let known = match was_known {
            0 => String::new(),
            1 => ", 1 of which was allowed already".to_owned(),
            _ => format!(", {was_known} of which were allowed already"),
        };
        shell::say(&format!("{name}: {} of {} entries carried over{known}", there.len(), entries.len()));
        Ok(ExitStatus::Clean)
    }

    /// Runs the same sweep without thresholds.
    fn unfiltered(&self, common: &Common) -> anyhow::Result<Report> {
        let session = Session::in_repository(common, &self.repo)?.unfiltered();
        let scope = self.report.scope.clone();
        session.sweep(&self.repo, |scan, objects| scan.history(&self.repo, objects, scope))
    }

    /// Returns the reason why an entry of another tool matches no finding; `all` is the report of a sweep without
    /// thresholds.
    fn why_not(&self, entry: &Foreign, all: Option<&Report>) -> String {
        if let Some(one) = all.and_then(|all| all.all().find(|finding| entry.is(finding))) {
            return format!(
                "keysweep finds it ({}, {} confidence, {} severity), but below your thresholds, so there is nothing to allow",
                escape(one.rule.as_bytes()),
                one.confidence.as_str(),
                one.severity.as_str()
            );
        }
        let elsewhere = self.report.findings.iter().find(|finding| entry.is_in_file_of(finding));
        match elsewhere.filter(|_| !entry.has_value()) {
            Some(one) => format!(
                "keysweep reports {} in that file, but not at this line or in this commit; if it is the one that is meant, run 'keysweep baseline update --finding {}'",
                escape(one.rule.as_bytes()),
                one.id
            ),
            None if !self.report.gaps.is_empty() => {
                "keysweep found nothing there, but could not read everything; import the file again once it can"
                    .to_owned()
            }
            None => "keysweep finds nothing there, so there is nothing to allow".to_owned(),
        }
    }

    fn add(&self, baseline: &mut Baseline, findings: &[&Finding]) -> anyhow::Result<()> {
        let salt = self.old.salt().map_or_else(new_salt, Ok)?;
        let key = |finding: &&Finding| Key::new(&finding.secret, finding.issued, salt);
        let keys: Vec<Key> = threads::on_all(|| findings.par_iter().map(key).collect());
        for (finding, key) in findings.iter().zip(keys) {
            baseline.insert(key, Remark { rule: escape(finding.rule.as_bytes()), text: String::new() });
        }
        Ok(())
    }

    fn write(&self, baseline: &Baseline) -> anyhow::Result<()> {
        let write = |out: &mut dyn std::io::Write| write!(out, "{baseline}");
        replace(&self.path, Rights::Usual, write).with_context(|| format!("writing '{}'", self.shown()))
    }

    /// Writes the page that says what is new, what is known and what is gone.
    fn print_result(&self, common: &Common, new: &[&Finding], absent: usize, is_written: bool) -> anyhow::Result<()> {
        let mask = self.session.mask(Some(&self.report));
        let view = page::BaselineView {
            file: self.shown(),
            new: new.iter().map(|finding| page::Entry::new(finding, &mask)).collect(),
            unchanged: self.report.findings.len() - self.new_ones().len(),
            absent,
            gaps: self.report.gaps.len(),
        };
        let options = self.session.settings.page()?;
        let blocks = page::blocks(&view, is_written);
        let file = self.session.settings.output_file.as_deref();
        shell::results(file, &mut |out| output::write("Baseline", &blocks, &view, options, out))?;
        shell::written(file, &format!("{}; the report", page::counts(&view, is_written)));
        for gap in &self.report.gaps {
            shell::say(&withhold(&format!("not read: {}: {}", gap.what, gap.why)));
        }
        if is_written && common.baseline.is_none() && !self.merges_lines() {
            shell::say(&format!(
                "add the line '{BASELINE} merge=union' to .gitattributes, so that git merges the file without conflicts"
            ));
        }
        Ok(())
    }

    fn merges_lines(&self) -> bool {
        let path = self.path.with_file_name(".gitattributes");
        let attributes = bounded::read(&path, bounded::MAX_SIZE, bounded::Links::Followed)
            .and_then(bounded::text)
            .unwrap_or_default();
        attributes.lines().any(|line| line.contains(BASELINE) && line.contains("merge=union"))
    }
}

/// Returns a random salt for a new baseline.
pub(super) fn new_salt() -> anyhow::Result<Salt> {
    let mut salt = Salt::default();
    getrandom::fill(&mut salt).map_err(|error| anyhow::anyhow!("cannot draw a random salt: {error}"))?;
    Ok(salt)
}
