//! `purge-plan`: makes two sweeps, one for secrets and one for every place that holds their values; then writes files
//! and a plan. It runs nothing of the plan.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bstr::{BString, ByteSlice as _};

use super::args::Common;
use super::exit::ExitStatus;
use super::session::Session;
use super::shell;
use crate::detect::Detector;
use crate::finding::purge::Consent;
use crate::finding::{Command, Finding, PurgePlan, Report, Scope, Secret};
use crate::fs::bounded::{self, Links};
use crate::fs::{executable, owner_only, replace};
use crate::git::{ObjectId, Repo, remote};
use crate::output::mask::Mask;
use crate::output::words::plural;
use crate::output::{purge as page, purge_script};
use crate::remediation::{Surroundings, expressions, purge};
use crate::scan::Progress;
use crate::scan::history::rewrite::{REPLACEMENT, Rewrite};
use crate::source::git_dir;
use crate::text::escape;

/// The files that are written in addition to the plan.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The folder for the files that hold the values.
    pub dir: Option<&'a Path>,
    /// The path for the plan as a script.
    pub script: Option<&'a Path>,
}

/// Runs the command.
///
/// # Errors
/// Fails if the repository can't be read, a finding does not exist, or a file can't be written.
pub fn run(common: &Common, path: Option<&Path>, ids: &[String], wanted: Wanted<'_>) -> anyhow::Result<ExitStatus> {
    let script = wanted.script.map(Script::at).transpose()?;
    let repo = Repo::at(path)?;
    let session = Session::in_repository(common, &repo)?;
    let options = session.settings.page()?;
    let (output_file, is_shown) = (session.settings.output_file.clone(), session.settings.output.show_secrets);
    let mut report = session.sweep(&repo, |scan, objects| scan.history(&repo, objects, scope()))?;
    keep(&mut report, ids)?;
    // The plan names 'keysweep explain' for each secret.
    if !report.findings.is_empty() {
        session.views(&report);
    }
    let rules = session.rules().clone();
    let (plan, session) = match report.findings.is_empty() {
        true => (PurgePlan::default(), session),
        false => planned(&repo, session, &mut report, wanted.dir)?,
    };
    let in_force = Detector::new(rules.extended(session.rules().clone()));
    let mask = if is_shown { Mask::off() } else { Mask::new(Some(&in_force), Some(&report)) };
    let file = output_file.as_deref();
    shell::results(file, &mut |out| page::render(&plan, &report, options, &mask, out))?;
    let (secrets, steps) = (plural(report.findings.len(), "secret"), plural(plan.steps.len(), "step"));
    shell::written(file, &format!("{secrets} to purge in {steps}; the plan"));
    if let Some(script) = script {
        script.write(&plan, &report, &mask)?;
    }
    Ok(if report.gaps.is_empty() { ExitStatus::Clean } else { ExitStatus::Unknown })
}

/// Returns the plan for the findings of a report, and the session that looked for their values, after writing the
/// plan's files.
fn planned(
    repo: &Repo,
    session: Session,
    report: &mut Report,
    dir: Option<&Path>,
) -> anyhow::Result<(PurgePlan, Session)> {
    let values: Vec<Secret> = report.findings.iter().map(|finding| finding.secret.clone()).collect();
    let bytes: Vec<&[u8]> = values.iter().map(Secret::reveal).collect();
    let session = session.unfiltered().looking_for(&bytes)?;
    let traced = session.sweep(repo, |scan, objects| scan.remains(repo, objects, scope()))?;
    report.gaps.extend(traced.gaps.iter().filter(|gap| !report.gaps.contains(gap)).cloned().collect::<Vec<_>>());
    let rewrite = session.prepared(&Progress::default()).rewrite(repo, &traced, &values);
    let place = Place::of(repo, dir)?;
    // The commands of the plan change to the root themselves.
    let surroundings = session.prepared(&Progress::default()).surroundings_of(&report.findings);
    let surroundings = Surroundings { subfolder: false, ..surroundings };
    let situation = situation(repo, &place, &report.findings, &traced.findings, &rewrite, surroundings);
    let mut plan = purge::plan(&situation);
    place.clear(situation.remotes.len())?;
    plan.files = place.write(&rewrite)?;
    Ok((plan, session))
}

fn scope() -> Scope {
    Scope { command: Command::PurgePlan, subject: "everything this clone stores".to_owned() }
}

/// Keeps only the findings that are named; all if none is.
fn keep(report: &mut Report, ids: &[String]) -> anyhow::Result<()> {
    // A user who names a finding wants it gone, allowed or not.
    if !ids.is_empty() {
        report.findings.append(&mut report.suppressed);
    }
    for id in ids {
        anyhow::ensure!(
            report.findings.iter().any(|finding| finding.id.as_str().starts_with(id.as_str())),
            "no finding has the id '{}' at these thresholds: 'keysweep history' lists the findings",
            escape(id.as_bytes())
        );
    }
    report
        .findings
        .retain(|finding| ids.is_empty() || ids.iter().any(|id| finding.id.as_str().starts_with(id.as_str())));
    Ok(())
}

fn situation<'a>(
    repo: &Repo,
    place: &Place,
    findings: &'a [Finding],
    traced: &'a [Finding],
    rewrite: &Rewrite,
    surroundings: Surroundings,
) -> purge::Situation<'a> {
    purge::Situation {
        findings,
        traced,
        needs: purge::Needs {
            contents: rewrite.contents.values().flatten().cloned().collect(),
            paths: !rewrite.file_names.is_empty(),
            refs: !rewrite.ref_names.is_empty(),
            people: !rewrite.people.is_empty(),
            short: rewrite.texts.iter().filter(|text| text.reveal().len() < purge::SHORT).count(),
            lfs: rewrite.has_lfs,
            messages: rewrite.messages.len(),
        },
        root: bytes(&place.root),
        is_bare: repo.workdir().is_none(),
        work_trees: work_trees(repo),
        folder: bytes(&place.folder),
        is_own_folder: place.is_own,
        remotes: remote::servers(repo),
        surroundings,
    }
}

/// Returns the other work trees, and whether their folders still exist.
fn work_trees(repo: &Repo) -> Vec<purge::WorkTree> {
    let folders = repo.worktrees().into_iter().skip(1).filter_map(|tree| tree.workdir());
    let tree = |folder: PathBuf| {
        let whole = folder.canonicalize();
        purge::WorkTree { is_there: whole.is_ok(), folder: bytes(&whole.unwrap_or(folder)) }
    };
    folders.map(tree).collect()
}

/// The folders that a plan refers to.
struct Place {
    /// The work tree's root, or the folder of a bare repository.
    root: PathBuf,
    folder: PathBuf,
    /// `true` if the folder is the program's own, kept for plans.
    is_own: bool,
}

impl Place {
    fn of(repo: &Repo, dir: Option<&Path>) -> anyhow::Result<Self> {
        let whole = |path: PathBuf| path.canonicalize().unwrap_or(path);
        let common = whole(repo.common_dir());
        let root = whole(repo.workdir().unwrap_or_else(|| repo.common_dir()));
        let folder = dir.map_or_else(|| common.join(git_dir::OWN), Path::to_owned);
        // A folder that already exists keeps its permissions.
        let made = owner_only::folder().recursive(true).create(&folder);
        made.with_context(|| format!("making the folder '{}'", folder.display()))?;
        let folder = whole(folder);
        let is_tracked = folder.starts_with(&root) && !folder.starts_with(&common);
        anyhow::ensure!(
            !is_tracked || repo.workdir().is_none(),
            "'{}' is in the work tree, where the values could be committed again: choose another folder",
            folder.display()
        );
        Ok(Self { root, folder, is_own: dir.is_none() })
    }

    /// Removes what an older plan has left in the folder that is kept for plans: its clones are in the way of new ones.
    fn clear(&self, remotes: usize) -> anyhow::Result<()> {
        for path in purge::files(remotes).iter().filter(|_| self.is_own).map(|name| self.folder.join(name)) {
            let Ok(meta) = path.symlink_metadata() else { continue };
            let removed = if meta.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            removed.with_context(|| format!("removing '{}' of an older plan", path.display()))?;
        }
        Ok(())
    }

    /// Writes the files that git filter-repo reads; returns their paths and what they hold.
    fn write(&self, rewrite: &Rewrite) -> anyhow::Result<Vec<(BString, &'static str)>> {
        let ids = rewrite.contents.keys().map(|id: &ObjectId| format!("{id}\n")).collect::<String>();
        let ref_names = rewrite.ref_names.iter().flat_map(|name| [name.reveal(), b"\n"].concat()).collect();
        let files: [(&str, &'static str, Vec<u8>, bool); 7] = [
            (
                purge::EXPRESSIONS,
                "the values, in every encoding that they occur in",
                expressions::texts(&rewrite.texts, REPLACEMENT),
                true,
            ),
            (purge::CONTENTS, "ids of blobs that are removed as a whole", ids.into(), !rewrite.contents.is_empty()),
            (
                purge::PATHS,
                "values in names of files",
                expressions::paths(&rewrite.file_names).into(),
                !rewrite.file_names.is_empty(),
            ),
            (
                purge::REFS,
                "values in names of branches and tags",
                expressions::callback("refname", &rewrite.ref_names).into(),
                !rewrite.ref_names.is_empty(),
            ),
            (purge::NEEDLES, "the same values, one per line", ref_names, !rewrite.ref_names.is_empty()),
            (
                purge::NAMES,
                "values in names of people",
                expressions::callback("name", &rewrite.people).into(),
                !rewrite.people.is_empty(),
            ),
            (
                purge::EMAILS,
                "values in addresses of people",
                expressions::callback("email", &rewrite.people).into(),
                !rewrite.people.is_empty(),
            ),
        ];
        let mut written = Vec::new();
        for (name, what, content, _) in files.into_iter().filter(|(.., needed)| *needed) {
            let path = self.folder.join(name);
            Self::file(&path, &content).with_context(|| format!("writing '{}'", path.display()))?;
            written.push((bytes(&path), what));
        }
        Ok(written)
    }

    /// Writes a new file that only its owner can read from the start; fails if it already exists.
    fn file(path: &Path, content: &[u8]) -> std::io::Result<()> {
        let mut file = owner_only::file().write(true).create_new(true).open(path)?;
        file.write_all(content)?;
        file.flush()
    }
}

/// The place where a plan is written as a script.
struct Script<'a> {
    path: &'a Path,
    /// `true` if the script of an older plan is there.
    is_there: bool,
}

impl<'a> Script<'a> {
    /// Checks the path. An existing file that is not such a script is not ours to replace.
    fn at(path: &'a Path) -> anyhow::Result<Self> {
        let Ok(meta) = path.symlink_metadata() else { return Ok(Self { path, is_there: false }) };
        let is_ours = || {
            bounded::read(path, bounded::MAX_SIZE, Links::Followed).is_ok_and(|content| purge_script::is_one(&content))
        };
        anyhow::ensure!(
            meta.is_file() && is_ours(),
            "'{}' already exists and was not written by this command: choose another name for --script",
            path.display()
        );
        Ok(Self { path, is_there: true })
    }

    fn write(&self, plan: &PurgePlan, report: &Report, mask: &Mask) -> anyhow::Result<()> {
        let shown = self.path.display();
        if plan.steps.is_empty() {
            shell::say(&format!("keysweep: there is nothing to purge, so no script was written to '{shown}'"));
            return Ok(());
        }
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(|error| anyhow::anyhow!("drawing an id for the script: {error}"))?;
        let id = format!("{:016x}", u64::from_le_bytes(id));
        replace(self.path, executable::private(), |out| purge_script::write(plan, report, &id, mask, out))
            .with_context(|| format!("writing '{shown}'"))?;
        let replaced = if self.is_there { " and replaces that of an older plan" } else { "" };
        let asks = plan.steps.iter().filter(|step| step.consent != Consent::None).count();
        let steps = plural(plan.steps.len(), "step");
        shell::say(&format!(
            "keysweep: the script is in '{shown}'{replaced}: {steps}, {asks} of which wait for an answer; read it, then run it with sh"
        ));
        Ok(())
    }
}

fn bytes(path: &Path) -> BString {
    <[u8]>::from_path(path).map_or_else(|| BString::from(path.to_string_lossy().as_bytes()), BString::from)
}
