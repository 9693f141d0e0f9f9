//! The facts about the surroundings of findings that advice needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bstr::{BStr, BString, ByteSlice as _};

use super::Scan;
use crate::finding::{Finding, Occurrence, Stage};
use crate::git::repo::Local;
use crate::git::{ObjectId, Repo, github, object};
use crate::remediation::{Stops, Surroundings};
use crate::source::{renamed, staged};

/// The most files at HEAD that are read: a plan names fewer, and one content may be at ten billion paths.
const MOST_PATHS: usize = 64;
/// The largest size of a file at HEAD that is read, in bytes.
const MAX_SIZE: u64 = 4 << 20;

/// The surroundings that advice needs, collected on first use: a scan without findings never collects them.
pub type Lazy<'a> = LazyLock<Surroundings, Box<dyn FnOnce() -> Surroundings + Send + 'a>>;

impl Scan<'_> {
    /// Returns the same scan with other surroundings.
    pub fn amid(&self, surroundings: Surroundings) -> Scan<'_> {
        let Self { detector, options, repo, progress, .. } = *self;
        Scan { detector, options, repo, progress, surroundings: Lazy::new(Box::new(|| surroundings)) }
    }

    /// Returns the facts that the command knows, and those that are worth reading only if there are findings.
    pub fn surroundings_of(&self, found: &[Finding]) -> Surroundings {
        let Some(repo) = self.repo else { return Surroundings::clone(&self.surroundings) };
        let is_staged = |one: &&Finding| one.exposure.stage == Stage::Uncommitted && !self.surroundings.no_git;
        let uncommitted: BTreeSet<_> =
            found.iter().filter(is_staged).flat_map(|one| &one.occurrences).map(|place| &place.path).collect();
        let renames = match uncommitted.is_empty() {
            true => Default::default(),
            false => renamed::among(repo, &uncommitted),
        };
        // The files that stop a commit are staged in that commit's own work tree.
        let (staged_in, only_there) = match self.surroundings.stops {
            Stops::Nothing => staged_in(repo, &uncommitted),
            Stops::Commit(_) | Stops::Message(_) | Stops::Push => Default::default(),
        };
        let (head, at_head) = at_head(repo, found);
        Surroundings {
            head,
            staged_too: staged_too(repo, &at_head),
            at_head,
            staged_in,
            only_there,
            renamed: renames.old_paths,
            deleted: renames.deleted,
            slug: github::slug(repo),
            workflows: github::workflows(repo),
            ..Surroundings::clone(&self.surroundings)
        }
    }
}

/// Returns the commit that HEAD names, and the paths of files from unpushed commits that still contain, at HEAD, all
/// the secrets found in them.
fn at_head(repo: &Repo, found: &[Finding]) -> (Option<String>, BTreeSet<BString>) {
    let Some(head) = repo.head() else { return (None, BTreeSet::new()) };
    let local = repo.local();
    let Ok(tree) = object::tree_of(&local, head) else { return (None, BTreeSet::new()) };
    let mut contents: BTreeMap<&BString, AtHead> = BTreeMap::new();
    let mut lacking: BTreeSet<&BString> = BTreeSet::new();
    for one in found.iter().filter(|one| one.exposure.stage == Stage::LocalOnly) {
        for place in &one.occurrences {
            let is_enough = contents.len() >= MOST_PATHS;
            let content = contents.entry(&place.path).or_insert_with(|| match is_enough {
                true => AtHead::Unknown,
                false => AtHead::read(&local, tree, place.path.as_ref()),
            });
            if !content.holds(one, place) {
                lacking.insert(&place.path);
            }
        }
    }
    let there = contents.into_keys().filter(|path| !lacking.contains(path)).cloned().collect();
    (Some(head.to_string()), there)
}

/// Returns the files among these that are staged in each other work tree, and those of them that are not staged here.
fn staged_in(repo: &Repo, files: &BTreeSet<&BString>) -> (BTreeMap<BString, BTreeSet<BString>>, BTreeSet<BString>) {
    if files.is_empty() {
        return Default::default();
    }
    let staged = |tree: &Repo| -> BTreeSet<BString> {
        let items = staged::list(tree).map(|listing| listing.items).unwrap_or_default();
        items.into_iter().map(|item| item.path).filter(|path| files.contains(path)).collect()
    };
    let others = repo.worktrees().into_iter().skip(1).filter_map(|tree| {
        let folder = tree.workdir()?;
        let folder = folder.canonicalize().unwrap_or(folder);
        Some((BString::from(folder.as_os_str().as_encoded_bytes()), staged(&tree)))
    });
    let others: BTreeMap<_, _> = others.filter(|(_, paths)| !paths.is_empty()).collect();
    let here = staged(repo);
    let only_there = others.values().flatten().filter(|path| !here.contains(*path)).cloned().collect();
    (others, only_there)
}

/// Returns the files among these that also have staged changes.
fn staged_too(repo: &Repo, files: &BTreeSet<BString>) -> BTreeSet<BString> {
    if files.is_empty() {
        return BTreeSet::new();
    }
    // An index that can't be read is a gap of the scans that read it, and git itself stops at it.
    let items = staged::list(repo).map(|listing| listing.items).unwrap_or_default();
    items.into_iter().map(|item| item.path).filter(|path| files.contains(path)).collect()
}

/// The content of a path at HEAD.
enum AtHead {
    Nothing,
    Content(ObjectId, Vec<u8>),
    /// An object on the way isn't in the clone, or enough other files were read.
    Unknown,
}

impl AtHead {
    fn read(local: &Local, tree: ObjectId, path: &BStr) -> Self {
        match object::entry_at(local, tree, path) {
            Ok(None) => Self::Nothing,
            Ok(Some(entry)) => match object::load(local, entry.id, MAX_SIZE) {
                Ok((_, text)) => Self::Content(entry.id, text),
                Err(_) => Self::Unknown,
            },
            Err(_) => Self::Unknown,
        }
    }

    /// Returns `true` if the path at HEAD still contains a secret that was found at this place.
    fn holds(&self, one: &Finding, place: &Occurrence) -> bool {
        match self {
            Self::Nothing => false,
            Self::Unknown => one.exposure.in_head == Some(true),
            Self::Content(id, text) => {
                let blob = place.blob.as_ref().and_then(|blob| ObjectId::from_hex(blob.as_bytes()).ok());
                blob.is_some_and(|blob| blob == *id) || text.contains_str(one.secret.reveal())
            }
        }
    }
}
