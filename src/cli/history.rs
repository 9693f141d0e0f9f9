//! `history [REPO…]`: scans everything that clones store.

use std::path::{Path, PathBuf};

use bstr::BString;

use super::args::{Common, FormatArg, HistoryArgs};
use super::exit::ExitStatus;
use super::session::{ReportWhen, Session};
use super::{crash, own_cache, policy, report_store, resolve, shell, withhold};
use crate::finding::{Command, ContentKind, Finding, Gap, GapKind, Names, Note, Report, Scope, Stage, SubjectKind};
use crate::git::Repo;
use crate::git::selection::Selection;
use crate::output::OutputOptions;
use crate::output::mask::Mask;
use crate::output::several;
use crate::output::view::{Named, Values, View};
use crate::source::history::Objects;
use crate::source::{Item, Listing, git_dir, history as stored, range as commits, staged as index};
use crate::text::escape;

/// Runs `history [REPO…]`.
///
/// # Errors
/// Fails if a single repository can't be read, or if the report of several can't be written in the requested form.
pub(super) fn run(common: &Common, paths: &[PathBuf], args: &HistoryArgs) -> anyhow::Result<ExitStatus> {
    match paths {
        [] => one(common, None, args),
        [path] => one(common, Some(path), args),
        several => each(common, several, args),
    }
}

/// Sweeps several repositories one after the other and returns the worst status. One that can't be read doesn't keep
/// the others from being swept.
fn each(common: &Common, paths: &[PathBuf], args: &HistoryArgs) -> anyhow::Result<ExitStatus> {
    let is_for_people = common.format == FormatArg::Human && common.output.is_none() && common.also.is_empty();
    let ended = if is_for_people { one_by_one(common, paths, args)? } else { together(common, paths, args)? };
    let count = |status| ended.iter().filter(|one| **one == status).count();
    let (bad, open) = (count(ExitStatus::Findings), count(ExitStatus::Unknown));
    shell::say(&format!(
        "keysweep: {} repositories: {bad} with secrets, {open} not read or incomplete, {} clean",
        ended.len(),
        ended.len() - bad - open
    ));
    Ok(match (bad, open) {
        (0, 0) => ExitStatus::Clean,
        (0, _) => ExitStatus::Unknown,
        (_, _) => ExitStatus::Findings,
    })
}

/// Writes the report of each repository as soon as it is swept.
fn one_by_one(common: &Common, paths: &[PathBuf], args: &HistoryArgs) -> anyhow::Result<Vec<ExitStatus>> {
    let mut ended = Vec::new();
    for path in paths {
        shell::results(None, &mut |out| writeln!(out, "== {}", named(path)))?;
        ended.push(one(common, Some(path), args).unwrap_or_else(|error| {
            shell::say(&withhold(&format!("keysweep: {error:#}")));
            ExitStatus::Unknown
        }));
    }
    Ok(ended)
}

/// Writes one document with the reports of all repositories.
fn together(common: &Common, paths: &[PathBuf], args: &HistoryArgs) -> anyhow::Result<Vec<ExitStatus>> {
    let formats = std::iter::once(common.format).chain(common.also.iter().map(|(format, _)| *format));
    anyhow::ensure!(
        formats.map(resolve::format).all(several::is_possible),
        "html, github, azure and gitlab reports cover one repository: run 'keysweep history' for each, or choose another format"
    );
    let output = resolve::output(common)?;
    let (mut masked, mut shown, mut ended) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        let swept = swept(common, Some(path), args).map(|(session, report)| (session.views(&report), report));
        let ((own, asked), report) = swept.unwrap_or_else(|error| {
            let report = unread(path.as_os_str().as_encoded_bytes().into(), format!("{error:#}"));
            let view = View::new(&report, Values::Masked(&Mask::new(None, None)));
            ((view.clone(), view), report)
        });
        masked.push(Named { path: named(path), report: own });
        shown.push(Named { path: named(path), report: asked });
        ended.push(ExitStatus::of(&report, common.exit_zero));
    }
    for (format, file) in &common.also {
        let options = OutputOptions { format: resolve::format(*format), show_secrets: false, width: None, ..output };
        shell::results(Some(file), &mut |out| several::render(&masked, options, out))?;
    }
    let file = common.output.as_deref();
    shell::results(file, &mut |out| several::render(&shown, output, out))?;
    shell::written(file, "the report of all");
    Ok(ended)
}

/// Returns the path of a repository as the user gave it, safe to print.
fn named(path: &Path) -> String {
    escape(withhold(&path.to_string_lossy()).as_bytes())
}

/// Returns the report on a repository that could not be swept: all of it is a gap.
pub(super) fn unread(what: BString, why: String) -> Report {
    let gap = Gap { what, kind: GapKind::Unreadable, why };
    Report { gaps: vec![gap], ..Report::empty(scope()) }
}

fn scope() -> Scope {
    Scope { command: Command::History, subject: "everything this clone stores".to_owned() }
}

fn one(common: &Common, path: Option<&Path>, args: &HistoryArgs) -> anyhow::Result<ExitStatus> {
    let (session, report) = swept(common, path, args)?;
    session.write(ReportWhen::AfterProgress, &report)
}

/// Sweeps a repository and writes nothing.
fn swept(common: &Common, path: Option<&Path>, args: &HistoryArgs) -> anyhow::Result<(Session, Report)> {
    if let Some(mebibytes) = args.memory {
        crash::limit_memory(mebibytes)?;
    }
    let repo = match path {
        // A name in reports stands for a repository, so the report must not be about another one around the folder.
        Some(path) if common.repo_name.is_some() => Repo::itself(path)?,
        path => Repo::at(path)?,
    };
    if let Some(since) = &args.since {
        return newer(common, &repo, since);
    }
    if let Some(folder) = &args.cache {
        own_cache::check(Some(&repo), folder)?;
    }
    let mut session = Session::in_repository(common, &repo)?;
    session.settings.scan.cache = args.cache.clone();
    if args.network {
        session.settings.subject.kind = SubjectKind::Network;
    }
    session.settings.scan.flag_outside_authors = args.flag_outside_authors;
    let mut objects = stored::list(&repo)?;
    let passed_over = passed_over(&repo, &objects);
    objects.listing.notes.extend(passed_over);
    let report = session.scan(ReportWhen::AfterProgress, |scan| {
        let mut report = scan.history(&repo, objects, scope());
        policy::note_stale_entries(&session.settings.scan.policy, common, &mut report);
        name_leftovers(&repo, &mut report);
        report
    });
    Ok((session, report))
}

/// Returns the notes on files next to the objects that are not objects: leftovers of an interrupted command, and the
/// stores of Git LFS and git-annex, of which a sweep reads only what pointers lead to. Such files always exist while
/// git works, so they are only noted.
fn passed_over(repo: &Repo, objects: &Objects) -> Vec<Note> {
    let mut stores = Listing::default();
    git_dir::stores(repo, &mut stores);
    let left: Names = objects.store.leftovers().into_iter().map(|gap| gap.what).collect();
    let is_stored = |one: &Item| one.kind == ContentKind::GitFile;
    let stored: Names = stores.items.into_iter().filter(is_stored).map(|one| one.path).collect();
    let texts = [
        (
            left,
            "files that an interrupted git command left among the objects were not read ('git gc --prune=now' removes them)",
        ),
        (
            stored,
            "files in the stores of Git LFS and git-annex were read only where a pointer leads to them ('keysweep files' reads all of a folder)",
        ),
    ];
    let some = texts.into_iter().filter(|(names, _)| names.count() > 0);
    some.map(|(names, text)| Note(format!("{} {text}: {names}", names.count()))).collect()
}

/// Gives leftover objects the paths from the report of the stopped commit, because no object names them.
fn name_leftovers(repo: &Repo, report: &mut Report) {
    let left = |one: &&mut Finding| one.exposure.stage == Stage::Leftover;
    let mut places = report.findings.iter_mut().filter(left).flat_map(|one| &mut one.occurrences).peekable();
    if places.peek().is_none() {
        return;
    }
    let paths = report_store::staged_paths(repo);
    for place in places.filter(|place| place.path.is_empty() && place.kind == ContentKind::File) {
        let known = place.blob.as_ref().and_then(|blob| paths.get(blob));
        place.path = known.map(|path| path.as_str().into()).unwrap_or_default();
    }
}

/// Sweeps only what commits have added since a revision or a day.
fn newer(common: &Common, repo: &Repo, since: &str) -> anyhow::Result<(Session, Report)> {
    let session = Session::in_repository(common, repo)?;
    let selection = Selection::since(repo, since)?;
    let mut listing = commits::list(repo, &selection)?;
    listing.gaps.extend(repo.all_refs().gaps);
    listing.notes.push(Note(
        "only content that commits added since then was read: 'keysweep history' without --since reads everything"
            .to_owned(),
    ));
    let subject = format!("what was added since {}", escape(since.as_bytes()));
    let scope = Scope { command: Command::History, subject };
    let known = |path: &BString, blob| selection.bases.iter().any(|base| index::known_content(repo, *base, path, blob));
    let report = session.scan(ReportWhen::AfterProgress, |scan| scan.listed(listing, scope, &known));
    Ok((session, report))
}
