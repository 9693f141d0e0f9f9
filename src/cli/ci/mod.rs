//! `range --ci`: scans the commits that a CI job is about, as named by its host.
//!
//! GitHub Actions, and Gitea's and Forgejo's, which imitate it, name them in a JSON file; all other hosts in variables
//! (`variables`). Much of that is written by whoever opened the request or named the branch. Only ids are used, which
//! must be valid ids, and the name of the default branch or of a request's target branch; nothing becomes a revision or
//! reaches a shell.

mod variables;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bstr::BString;
use serde_json::Value;

use self::variables::Variables;
use super::args::Common;
use super::exit::ExitStatus;
use super::policy::{self, InForce};
use super::session::{ReportWhen, Session};
use super::shell;
use crate::finding::{Command, Scope};
use crate::fs::bounded;
use crate::git::{ObjectId, Repo};
use crate::source::event::{self, Event, Found, Trunk};
use crate::source::staged as index;

/// Runs `range --ci`.
///
/// # Errors
/// Fails if the host gives nothing that can be used.
pub fn range(common: &Common, trust_head: bool) -> anyhow::Result<ExitStatus> {
    let repo = Repo::open(Path::new("."))?;
    let variables = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let payload = variables("GITHUB_EVENT_PATH").map(PathBuf::from).map(|path| {
        bounded::read_named(&path, bounded::MAX_NAMED)
            .with_context(|| format!("reading the event in '{}' (GITHUB_EVENT_PATH)", path.display()))
    });
    let event = event(&variables, payload.transpose()?.as_deref())?;
    let mut found = event::list(&repo, &event)?;
    // The report may go to a file that nobody opens while they read the log of the job.
    if found.bases.is_empty() && !found.listing.gaps.is_empty() {
        shell::say(
            "keysweep: this clone lacks the commits that show what is new, and the report says how to fetch them; 'keysweep range BASE..HEAD' scans between two commits that it has",
        );
    }
    let in_force = in_force(common, &repo, &event, &found, trust_head)?;
    let mut session = Session::with(common, &repo, in_force)?;
    session.settings.summary = variables("GITHUB_STEP_SUMMARY").map(PathBuf::from);
    session.remark(&mut found.listing);
    let scope = Scope { command: Command::Range, subject: found.subject };
    let known = |path: &BString, blob| found.bases.iter().any(|base| index::known_content(&repo, *base, path, blob));
    session.report(ReportWhen::Always, |scan| scan.listed(found.listing, scope, &known))
}

/// Returns the policy in force: that of the base. If there are several bases, the last is the newest. A job without a
/// change, started by hand or by a schedule on the default branch, has no base, and is judged by the policy of its
/// commit.
fn in_force(common: &Common, repo: &Repo, event: &Event, found: &Found, trust_head: bool) -> anyhow::Result<InForce> {
    let Some(head) = found.head else { return policy::of_nothing(common) };
    match found.bases.last() {
        _ if trust_head => policy::of_commit(common, repo, head),
        Some(base) => policy::of_range(common, repo, *base, head),
        None if event.bases.is_empty() && event.trunk.is_none() => policy::of_commit(common, repo, head),
        None => policy::of_nothing(common),
    }
}

/// Reads the event from a host's variables and from the file that one of them names.
///
/// # Errors
/// Fails if the host gives no event, or one of an unexpected form.
fn event(variables: Variables<'_>, payload: Option<&[u8]>) -> anyhow::Result<Event> {
    if let Some(name) = variables("GITHUB_EVENT_NAME") {
        let payload = payload.context("GITHUB_EVENT_NAME is set, but GITHUB_EVENT_PATH is not")?;
        let payload = serde_json::from_slice(payload).context("reading the event that GITHUB_EVENT_PATH names")?;
        return github(&name, variables, &payload);
    }
    variables::event(variables)
}

fn github(name: &str, variables: Variables<'_>, payload: &Value) -> anyhow::Result<Event> {
    let object_at = |pointer: &str| object_at(payload, pointer);
    let tested = of_variable(variables, "GITHUB_SHA")?;
    let default = payload.pointer("/repository/default_branch").and_then(Value::as_str);
    match name {
        // The event for a review of a request describes the request as well.
        name if name.starts_with("pull_request") => {
            let (base, head) = (object_at("/pull_request/base/sha")?, object_at("/pull_request/head/sha")?);
            let head = Some(head.context("the event names no head of the pull request")?);
            let base = base.context("the event names no base of the pull request")?;
            let asked = "what the pull request adds";
            // A job of this kind runs for the base, and the commit it tests is the newest commit of the base.
            let (bases, merge) = if name == "pull_request_target" {
                ([base].into_iter().chain(tested).collect(), None)
            } else {
                (vec![base], tested)
            };
            Ok(Event { asked, head, bases, merge, trunk: None })
        }
        "merge_group" => {
            let (base, head) = (object_at("/merge_group/base_sha")?, object_at("/merge_group/head_sha")?);
            let head = Some(head.context("the event names no head of the merge group")?);
            // Older servers name only the branch.
            let branch = payload.pointer("/merge_group/base_ref").and_then(Value::as_str).and_then(branch);
            let trunk = branch.filter(|_| base.is_none()).map(|branch| Trunk::Target(branch.into()));
            let bases = base.into_iter().collect();
            Ok(Event { asked: "what the merge group adds", head, bases, merge: None, trunk })
        }
        "push" => {
            let trunk = trunk(default, payload.get("ref").and_then(Value::as_str).and_then(branch));
            let (before, head) = (object_at("/before")?, object_at("/after")?);
            anyhow::ensure!(payload.get("after").is_some(), "the event does not say what was pushed");
            Ok(Event { asked: "what the push adds", head, bases: before.into_iter().collect(), merge: None, trunk })
        }
        _ => {
            let head = Some(tested.context("GITHUB_SHA is not set, and the event names no commits")?);
            let trunk = trunk(default, variables("GITHUB_REF").as_deref().and_then(branch));
            Ok(Event { asked: "what the branch adds", head, bases: Vec::new(), merge: None, trunk })
        }
    }
}

/// Returns the name of the branch that a ref is; `None` for any other ref.
fn branch(name: &str) -> Option<&str> {
    name.strip_prefix("refs/heads/")
}

/// Returns the default branch, unless the job is about that branch.
fn trunk(default: Option<&str>, branch: Option<&str>) -> Option<Trunk> {
    default.filter(|default| Some(*default) != branch).map(|name| Trunk::Default(name.into()))
}

/// Returns an id from the event; `None` if it is absent or all zeros.
fn object_at(payload: &Value, pointer: &str) -> anyhow::Result<Option<ObjectId>> {
    match payload.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => id(value.as_str().unwrap_or_default(), pointer),
    }
}

fn of_variable(variables: Variables<'_>, name: &str) -> anyhow::Result<Option<ObjectId>> {
    variables(name).map_or(Ok(None), |text| id(&text, name))
}

/// Reads an id. The error does not repeat the text, which may be anything.
fn id(text: &str, place: &str) -> anyhow::Result<Option<ObjectId>> {
    let id = ObjectId::from_hex(text.as_bytes()).ok().with_context(|| format!("{place} is not the id of a commit"))?;
    Ok(Some(id).filter(|id| !id.is_null()))
}
