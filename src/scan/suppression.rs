//! Determines which findings of a scan are allowed: asks the policy, and provides the facts about the repository that
//! it needs.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bstr::BString;

use super::Scan;
use crate::finding::suppression::{Flaw, Status, Tool};
use crate::finding::{Comment, ContentKind, Finding, Note, Occurrence};
use crate::git::object::{self, Mode};
use crate::git::repo::Local;
use crate::git::{ObjectId, Repo};
use crate::remediation::git_dir;
use crate::suppress::{Surroundings, comment};
use crate::text::encoding::as_text;

impl Scan<'_> {
    /// Separates the findings that count from those that are allowed.
    pub(super) fn apply_policy(&self, mut findings: Vec<Finding>) -> (Vec<Finding>, Vec<Finding>) {
        if findings.is_empty() {
            return Default::default();
        }
        let policy = &self.options.policy;
        let known = policy.known(&findings);
        let past = Past::new(self.repo, self.options.max_file_size);
        let surroundings = Surroundings {
            is_older: &|place, comment| past.as_ref().is_some_and(|past| past.has_comment(place, comment)),
            is_past: &|place| past.as_ref().is_some_and(|past| past.holds(place)),
        };
        for (finding, known) in findings.iter_mut().zip(known) {
            finding.known = !known.is_empty();
            finding.suppression = policy.judge(finding, &known, &surroundings);
        }
        let counts = |finding: &Finding| finding.suppression.as_ref().is_none_or(|one| one.status != Status::Accepted);
        findings.into_iter().partition(counts)
    }
}

/// Returns the notes on comments of other tools next to findings, which don't count, with the setting that makes them
/// count.
pub(super) fn uncounted(findings: &[Finding]) -> Vec<Note> {
    let flaw = |one: &Finding| match one.suppression.as_ref()?.status {
        Status::Void(Flaw::OfOtherTool(tool)) => Some(tool),
        Status::Accepted | Status::NeedsApproval | Status::Void(_) => None,
    };
    let mut counts: BTreeMap<Tool, usize> = BTreeMap::new();
    findings.iter().filter_map(flaw).for_each(|tool| *counts.entry(tool).or_default() += 1);
    let note = |(tool, count): (Tool, usize)| {
        let beside = if count == 1 { "1 secret".to_owned() } else { format!("{count} secrets") };
        let (mark, name) = (tool.mark(), tool.as_str());
        Note(format!(
            "'{mark}' is next to {beside} and does not count here; foreign_comments = [\"{name}\"] in .keysweep.toml makes such comments count"
        ))
    };
    counts.into_iter().map(note).collect()
}

/// The earlier states of a repository.
struct Past {
    local: Local,
    head: Option<ObjectId>,
    limit: u64,
    /// The entries of trees at paths, cached because one place is looked up repeatedly.
    entries: RefCell<BTreeMap<(ObjectId, BString), Option<ObjectId>>>,
}

impl Past {
    fn new(repository: Option<&Repo>, limit: u64) -> Option<Self> {
        let repository = repository?;
        let local = repository.local();
        let head = repository.head().and_then(|head| object::tree_of(&local, head).ok());
        Some(Self { local, head, limit, entries: RefCell::default() })
    }

    /// Returns `true` if a place is in commits and no longer in HEAD, or in leftovers of a commit that was never made:
    /// no comment can be added there.
    fn holds(&self, place: &Occurrence) -> bool {
        use ContentKind::{ArchiveMember, File, GitFile, Symlink};
        let is_committed = place.commit.is_some();
        match (place.kind, id(place.blob.as_deref())) {
            (File | ArchiveMember | Symlink, Some(_)) if !is_committed && place.path.is_empty() => true,
            (GitFile, None) => git_dir::is_draft(place),
            (File | ArchiveMember | Symlink, Some(blob)) => {
                is_committed && self.head.is_none_or(|head| self.at(head, &place.path) != Some(blob))
            }
            _ => is_committed,
        }
    }

    /// Returns `true` if the comment was already in the file before the commit, or the index, that added the value.
    fn has_comment(&self, place: &Occurrence, comment: &Comment) -> bool {
        let (ContentKind::File, Some(blob)) = (place.kind, id(place.blob.as_deref())) else { return false };
        let count = |blob| self.text(blob).map_or(0, |text| comment::count(&text, comment));
        let before = self.before(place).into_iter().filter_map(|tree| self.at(tree, &place.path));
        let most = before.filter(|old| *old != blob).map(count).max().unwrap_or(0);
        most > 0 && most >= count(blob)
    }

    /// Returns the trees that the place's commit was based on.
    fn before(&self, place: &Occurrence) -> Vec<ObjectId> {
        let Some(commit) = id(place.commit.as_deref()) else { return self.head.into_iter().collect() };
        let parents = object::commit_of(&self.local, commit).map(|commit| commit.parents).unwrap_or_default();
        parents.into_iter().filter_map(|parent| object::tree_of(&self.local, parent).ok()).collect()
    }

    fn at(&self, tree: ObjectId, path: &BString) -> Option<ObjectId> {
        let key = (tree, path.clone());
        if let Some(known) = self.entries.borrow().get(&key) {
            return *known;
        }
        let entry = object::entry_at(&self.local, tree, path.as_ref()).ok().flatten();
        let blob = entry.filter(|entry| matches!(entry.mode, Mode::File | Mode::Link)).map(|entry| entry.id);
        self.entries.borrow_mut().insert(key, blob);
        blob
    }

    fn text(&self, blob: ObjectId) -> Option<Vec<u8>> {
        let (_, data) = object::load(&self.local, blob, self.limit).ok()?;
        Some(as_text(&data).into_owned())
    }
}

fn id(hex: Option<&str>) -> Option<ObjectId> {
    ObjectId::from_hex(hex?.as_bytes()).ok()
}
