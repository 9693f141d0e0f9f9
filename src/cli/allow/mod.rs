//! `allow ID…`: records why a finding isn't a secret, in a place that scans read: in a comment next to the value, in
//! the configuration or in the baseline.
//!
//! The record names the value by the id of its finding, so it allows nothing else. It is tested before it is written:
//! the files are scanned as they will be.

mod chosen;
mod comments;
mod entries;
mod refusal;
mod scene;

use std::collections::BTreeSet;
use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::args::{AllowArgs, AllowIn, Common};
use super::exit::ExitStatus;
use super::session::Session;
use super::{report_store, shell};
use crate::config::file::{BASELINE, NAME};
use crate::finding::FileList;
use crate::finding::suppression::By;
use crate::fs::bounded;
use crate::git::Repo;
use crate::output;
use crate::output::allow::{AllowView, Entry, Form, blocks, counts};
use crate::output::mask::Mask;
use crate::remediation::git;
use crate::remediation::step::quoted;
use crate::rule::{Confidence, Severity};
use crate::source::staged;
use crate::text::{escape, hostile};

use chosen::Chosen;
use scene::Scene;

/// The most characters of a reason, which is also as much as scans read of a comment.
const MAX_REASON: usize = 300;

/// The name of the list of the changed files.
const ALLOWED: &str = "files-allowed";

/// The placeholders for a reason in help and documents.
const PLACEHOLDERS: [&str; 4] = ["why it is not a secret", "words", "reason", "your reason"];

/// Runs the command.
///
/// # Errors
/// Fails with the reason if nothing was written.
pub fn run(common: &Common, args: &AllowArgs) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let root = repo.workdir().ok_or_else(|| {
        anyhow::anyhow!(
            "a bare repository has no files to write to; run 'keysweep allow' in a clone, and push the change"
        )
    })?;
    // The finding may be below the thresholds, or shown by an option that is not given again.
    let mut session = Session::in_repository(&Common { no_allow: false, rules: Vec::new(), ..common.clone() }, &repo)?;
    session.settings.scan.min_severity = Severity::Low;
    session.settings.scan.min_confidence = Confidence::Low;
    let reason = reason(&args.reason, &session)?;
    let stored = report_store::stored(&repo);
    let scene = Scene::of(&session, &repo, &root, &stored)?;
    let chosen = present(chosen::of(args, &stored, scene.staged())?, args, &scene)?;
    let work = Work { repo: &repo, common, session: &session, root: &root, scene: &scene, reason };
    let (already, rest) = work.already(&chosen)?;
    let done = work.done(&rest, args.form)?;
    work.print_result(&chosen, already, done)
}

/// Returns the reason, if it can be written into a comment or a file and holds no secret itself.
fn reason(words: &str, session: &Session) -> anyhow::Result<String> {
    let words = words.trim();
    anyhow::ensure!(
        words.chars().any(char::is_alphanumeric),
        "--reason cannot be empty: it explains to the next reader why this is not a secret"
    );
    anyhow::ensure!(
        !PLACEHOLDERS.iter().any(|one| words.eq_ignore_ascii_case(one)),
        "--reason '{words}' is a placeholder; say why this is not a secret, for the next reader"
    );
    anyhow::ensure!(words.chars().count() <= MAX_REASON, "--reason has more than {MAX_REASON} characters");
    anyhow::ensure!(
        !words.chars().any(hostile),
        "--reason has to be one line of text, without line breaks and invisible characters"
    );
    let masked = session.mask(None).text(words);
    anyhow::ensure!(masked == words, "--reason contains a secret itself ({masked}); leave that out");
    Ok(words.to_owned())
}

/// Returns the findings that are still there. With `--last` some may be gone since the commit was stopped; a finding
/// that is named must be there.
fn present(chosen: Vec<Chosen>, args: &AllowArgs, scene: &Scene) -> anyhow::Result<Vec<Chosen>> {
    let (there, gone): (Vec<Chosen>, Vec<Chosen>) = chosen.into_iter().partition(|one| scene.has(one));
    match gone.first() {
        Some(one) if !args.last || there.is_empty() => anyhow::bail!(
            "{} ({}) is no longer in the files or the index: they have changed since it was reported, so there is nothing to allow",
            one.id,
            one.rule
        ),
        _ => Ok(there),
    }
}

/// The findings to allow, and where to write.
struct Work<'w> {
    repo: &'w Repo,
    common: &'w Common,
    session: &'w Session,
    root: &'w Path,
    scene: &'w Scene,
    reason: String,
}

/// The entries that were written or already existed.
#[derive(Default)]
struct Done {
    entries: Vec<Entry>,
    /// The changed files, as paths from the root.
    files: BTreeSet<BString>,
}

impl Work<'_> {
    /// Separates the findings that are already allowed, with what allows them, so that nothing is written twice.
    fn already(&self, chosen: &[Chosen]) -> anyhow::Result<(Done, Vec<Chosen>)> {
        let named = entries::named(self.common, self.root, &self.session.settings.scan.policy.today)?;
        let (mut done, mut rest) = (Done::default(), Vec::new());
        for one in chosen {
            let by = self.scene.allowed(&one.id).map(|suppression| suppression.by.clone());
            let by = by.or_else(|| named.get(&one.id).map(|line| By::Entry { line: *line }));
            let Some(by) = by.filter(|by| *by != By::Exclude) else {
                rest.push(one.clone());
                continue;
            };
            let place = self.scene.place(one);
            let (form, path, line) = match by {
                By::Comment { .. } | By::Exclude => (Form::Comment, place.0.clone(), place.1),
                By::Entry { .. } => (Form::Config, shown_name(self.common.config.as_deref(), NAME), None),
                By::Baseline => (Form::Baseline, shown_name(self.common.baseline.as_deref(), BASELINE), None),
            };
            // The staged content may be older than the comment.
            if form == Form::Comment && self.scene.stops(&one.id) {
                done.files.extend(self.scene.paths(&one.id).cloned());
            }
            done.entries.push(Entry { id: one.id.clone(), rule: one.rule.clone(), form, path, line, place });
        }
        Ok((done, rest))
    }

    /// Prepares every change, and writes them if all can be made.
    fn done(&self, chosen: &[Chosen], form: Option<AllowIn>) -> anyhow::Result<Done> {
        let commented = match form {
            None | Some(AllowIn::Comment) => self.commented(chosen, form)?,
            Some(AllowIn::Config | AllowIn::Baseline) => comments::Changes::default(),
        };
        let rest: Vec<&Chosen> = chosen.iter().filter(|one| !commented.ids.contains(&one.id)).collect();
        let others = match form {
            _ if rest.is_empty() => None,
            Some(AllowIn::Baseline) => {
                Some((Form::Baseline, entries::baseline(self.common, self.root, &rest, self.scene, &self.reason)?))
            }
            _ => Some((Form::Config, entries::config(self.common, self.root, &rest, &self.reason)?)),
        };
        let mut done = Done { entries: commented.entries(self.scene), files: BTreeSet::new() };
        done.files.extend(commented.write()?);
        if let Some((form, change)) = others {
            done.entries.extend(rest.iter().map(|one| Entry {
                id: one.id.clone(),
                rule: one.rule.clone(),
                form,
                path: change.path.to_string(),
                line: None,
                place: self.scene.place(one),
            }));
            change.write()?;
            done.files.extend(change.below(self.root));
        }
        Ok(done)
    }

    /// Returns the comments for the findings that comments can allow in every file that holds them. If comments were
    /// asked for, none may be left out.
    fn commented(&self, chosen: &[Chosen], form: Option<AllowIn>) -> anyhow::Result<comments::Changes> {
        let mut wanted = Vec::new();
        for one in chosen {
            match (self.scene.commentable(one), form) {
                (Ok(finding), _) => wanted.push(finding),
                (Err(why), Some(_)) => anyhow::bail!("{}", why.message(one)),
                (Err(_), None) => {}
            }
        }
        // A comment that doesn't fit may share its file with comments that do, so the rest is tried again without it.
        loop {
            match comments::changes(self.session, self.scene, &wanted, &self.reason) {
                Ok(changes) => return Ok(changes),
                Err((finding, why)) => {
                    let one = chosen.iter().find(|one| one.id == finding.id.as_str());
                    if let (Some(one), Some(_)) = (one, form) {
                        anyhow::bail!("{}", why.message(one));
                    }
                    wanted.retain(|other| other.id != finding.id);
                }
            }
        }
    }

    /// Writes the page that says what was written, where, and what comes next.
    fn print_result(&self, chosen: &[Chosen], already: Done, done: Done) -> anyhow::Result<ExitStatus> {
        let mask = self.session.mask(Some(&self.scene.files.report));
        let safe = |text: &str| escape(&mask.bytes(text.as_bytes()));
        let entries = |list: Vec<Entry>| -> Vec<Entry> {
            let entry = |one: Entry| Entry {
                path: safe(&one.path),
                rule: safe(&one.rule),
                place: (safe(&one.place.0), one.place.1),
                ..one
            };
            list.into_iter().map(entry).collect()
        };
        let is_message = chosen.iter().any(|one| self.scene.has_message(&one.id));
        let files: BTreeSet<BString> = already.files.into_iter().chain(done.files).collect();
        let files = if files.is_empty() && done.entries.is_empty() && already.entries.is_empty() {
            files
        } else {
            files.into_iter().chain(self.unstaged()).collect()
        };
        let is_over = done.entries.is_empty() && files.is_empty() && !is_message;
        let next = if is_over { String::new() } else { self.next(&files, is_message, &mask) };
        let (allowed, already) = (entries(done.entries), entries(already.entries));
        let view = AllowView { allowed, already, reason: self.reason.clone(), next };
        let options = self.session.settings.page()?;
        let file = self.session.settings.output_file.as_deref();
        shell::results(file, &mut |out| output::write("Allowed", &blocks(&view), &view, options, out))?;
        shell::written(file, &format!("{}; the report", counts(&view)));
        Ok(ExitStatus::Clean)
    }

    /// Returns the files at the root that hold entries and aren't staged as they are. An earlier call may have written them,
    /// and a commit without them would leave a secret that nothing allows.
    fn unstaged(&self) -> Vec<BString> {
        let is_unstaged = |name: &&str| {
            let content = bounded::read_within(self.root, &self.root.join(name)).ok().flatten();
            content.is_some_and(|content| !staged::is_staged(self.repo, (*name).into(), &content))
        };
        [NAME, BASELINE].into_iter().filter(is_unstaged).map(BString::from).collect()
    }

    /// Returns the command that commits what was written. Git reads the names of many files from a list.
    fn next(&self, files: &BTreeSet<BString>, is_message: bool, mask: &Mask<'_>) -> String {
        let mut commands = Vec::new();
        if files.len() > git::MOST_FILES {
            let paths = files.iter().filter(|path| mask.bytes(path) == ***path).cloned().collect();
            report_store::keep_lists(self.repo, &[FileList { name: ALLOWED.to_owned(), paths }]);
            commands.push(git::add_listed(ALLOWED));
        } else if !files.is_empty() {
            let words: Vec<String> = files.iter().map(|path| word(self.root, path, mask)).collect();
            commands.push(format!("git add -- {}", words.join(" ")));
        }
        commands.push(if is_message { git::COMMIT_AGAIN } else { "git commit" }.to_owned());
        commands.join(" && ")
    }
}

/// Returns a path from the root as a word of a command that is run in the current folder.
fn word(root: &Path, path: &BString, mask: &Mask<'_>) -> String {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let before = if whole(root) == whole(Path::new(".")) { "" } else { ":/" };
    match mask.bytes(path) == **path {
        true => quoted([before.as_bytes(), path].concat().as_bstr()),
        false => "<path>".to_owned(),
    }
}

/// Returns the name of the file that an option names, or of the default one.
fn shown_name(named: Option<&Path>, usual: &str) -> String {
    named.map_or_else(|| usual.to_owned(), |path| path.to_string_lossy().into_owned())
}
