//! `allow ID…`: writes down why a finding is no secret, where scans read it again: in a comment beside the value, in the
//! configuration or in the baseline.
//!
//! What is written names the value by the id of its finding, so it allows nothing else. It is tried before it is written: the
//! files are scanned as they will be.

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
use crate::git::Repo;
use crate::output;
use crate::output::allow::{AllowView, Entry, Form, blocks};
use crate::output::mask::Mask;
use crate::remediation::git;
use crate::remediation::step::quoted;
use crate::rule::{Confidence, Severity};
use crate::text::{escape, hostile};

use chosen::Chosen;
use scene::Scene;

/// Characters of a reason, at most: scans read so much of a comment.
const MAX_REASON: usize = 300;

/// Runs the command.
///
/// # Errors
/// When nothing was written, and why.
pub fn run(common: &Common, args: &AllowArgs) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let root = repo.workdir().ok_or_else(|| {
        anyhow::anyhow!(
            "a bare repository has no files to write to; allow it in a clone, and push that ('keysweep allow' there)"
        )
    })?;
    // What is allowed may be below the thresholds, or shown by an option that is not given again.
    let mut session = Session::in_repository(&Common { no_allow: false, rules: Vec::new(), ..common.clone() }, &repo)?;
    session.settings.scan.min_severity = Severity::Low;
    session.settings.scan.min_confidence = Confidence::Low;
    let reason = reason(&args.reason, &session)?;
    let stored = report_store::stored(&repo);
    let scene = Scene::of(&session, &repo, &root, &stored)?;
    let chosen = present(chosen::of(args, &stored, scene.staged())?, args, &scene)?;
    let work = Work { common, session: &session, root: &root, scene: &scene, reason };
    let done = work.done(&chosen, args.form)?;
    work.tell(&chosen, done)
}

/// The reason, if it can be written into a comment or a file and holds no secret itself.
fn reason(words: &str, session: &Session) -> anyhow::Result<String> {
    let words = words.trim();
    anyhow::ensure!(
        words.chars().any(char::is_alphanumeric),
        "--reason says why it is no secret, for whoever reads it next; it cannot be empty"
    );
    anyhow::ensure!(words.chars().count() <= MAX_REASON, "--reason has more than {MAX_REASON} characters");
    anyhow::ensure!(
        !words.chars().any(hostile),
        "--reason is one line of text, without line breaks and invisible characters"
    );
    let masked = session.mask(None).text(words);
    anyhow::ensure!(masked == words, "--reason holds a secret itself ({masked}); say it without");
    Ok(words.to_owned())
}

/// Those that are still there: of a commit that was stopped some may have been taken out, and whoever names one means it.
fn present(chosen: Vec<Chosen>, args: &AllowArgs, scene: &Scene) -> anyhow::Result<Vec<Chosen>> {
    let (there, gone): (Vec<Chosen>, Vec<Chosen>) = chosen.into_iter().partition(|one| scene.has(one));
    match gone.first() {
        Some(one) if !args.last || there.is_empty() => anyhow::bail!(
            "{} ({}) is neither in the files nor staged any more: the files have changed since it was reported, and there is nothing to allow",
            one.id,
            one.rule
        ),
        _ => Ok(there),
    }
}

/// What is to be done, and where.
struct Work<'w> {
    common: &'w Common,
    session: &'w Session,
    root: &'w Path,
    scene: &'w Scene,
    reason: String,
}

/// What was written.
struct Done {
    entries: Vec<Entry>,
    /// Paths from the root of the files that were changed.
    files: BTreeSet<BString>,
}

impl Work<'_> {
    /// Works out every change, and writes them if all can be made.
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
            }));
            change.write()?;
            done.files.extend(change.below(self.root));
        }
        Ok(done)
    }

    /// Those that comments can allow in every file that holds them. Of what somebody wants in comments, none is left out.
    fn commented(&self, chosen: &[Chosen], form: Option<AllowIn>) -> anyhow::Result<comments::Changes> {
        let mut wanted = Vec::new();
        for one in chosen {
            match (self.scene.commentable(one), form) {
                (Ok(finding), _) => wanted.push(finding),
                (Err(why), Some(_)) => anyhow::bail!("{}", why.told(one)),
                (Err(_), None) => {}
            }
        }
        // One that does not fit into its file may share it with others that do.
        loop {
            match comments::changes(self.session, self.scene, &wanted, &self.reason) {
                Ok(changes) => return Ok(changes),
                Err((finding, why)) => {
                    let one = chosen.iter().find(|one| one.id == finding.id.as_str());
                    if let (Some(one), Some(_)) = (one, form) {
                        anyhow::bail!("{}", why.told(one));
                    }
                    wanted.retain(|other| other.id != finding.id);
                }
            }
        }
    }

    /// Says what was written, where, and what comes next.
    fn tell(&self, chosen: &[Chosen], done: Done) -> anyhow::Result<ExitStatus> {
        let mask = self.session.mask(Some(&self.scene.files.report));
        let safe = |text: &str| escape(&mask.bytes(text.as_bytes()));
        let entries = done.entries.into_iter().map(|one| Entry { path: safe(&one.path), rule: safe(&one.rule), ..one });
        let is_message = chosen.iter().any(|one| self.scene.has_message(&one.id));
        let view = AllowView {
            allowed: entries.collect(),
            reason: self.reason.clone(),
            next: next(self.root, &done.files, is_message, &mask),
        };
        let options = self.session.settings.page()?;
        shell::results(self.session.settings.output_file.as_deref(), &mut |out| {
            output::write("Allowed", &blocks(&view), &view, options, out)
        })?;
        Ok(ExitStatus::Clean)
    }
}

/// The command that commits what was written.
fn next(root: &Path, files: &BTreeSet<BString>, is_message: bool, mask: &Mask<'_>) -> String {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let before = if whole(root) == whole(Path::new(".")) { "" } else { ":/" };
    let word = |path: &BString| match mask.bytes(path) == **path {
        true => quoted([before.as_bytes(), path].concat().as_bstr()),
        false => "<path>".to_owned(),
    };
    let words: Vec<String> = files.iter().map(word).collect();
    let commit = if is_message { git::COMMIT_AGAIN } else { "git commit" };
    if words.is_empty() { commit.to_owned() } else { format!("git add -- {} && {commit}", words.join(" ")) }
}
