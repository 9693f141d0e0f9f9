//! The only file that opens a repository: trust, environment, and a small facade over what the other sources need.
//!
//! Nothing of a repository's configuration is run or obeyed beyond finding its objects: no filters, no textconv, no
//! external diff, no replacement objects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};

use super::scratch::Scratch;
use super::{ObjectId, SourceError, borrowed};

pub use gix::Repository as Local;
pub use gix::objs::Kind;

use crate::finding::GapKind;
use crate::text::escape;

/// A repository, shared by threads.
#[derive(Debug, Clone)]
pub struct Repo {
    shared: gix::ThreadSafeRepository,
    /// Lists the folders of objects that the environment names, as long as they are read.
    borrowed: Option<Arc<Scratch>>,
}

/// Why an object's bytes could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Which kind of gap.
    pub kind: GapKind,
    /// In words, with the remedy.
    pub why: String,
}

impl Repo {
    /// Opens the repository that `directory` lies in, or the one that git's environment variables name (as in a hook).
    ///
    /// # Errors
    /// When there is none, when it belongs to somebody else, or when it cannot be read.
    pub fn open(directory: &Path) -> Result<Self, SourceError> {
        if !directory.is_dir() {
            let path = escape(directory.as_os_str().as_encoded_bytes());
            return Err(SourceError::NoFolder { path });
        }
        let full = options(gix::sec::Trust::Full);
        let reduced = options(gix::sec::Trust::Reduced);
        let trust = gix::sec::trust::Mapping { full, reduced };
        let shared = gix::ThreadSafeRepository::discover_with_environment_overrides_opts(
            directory,
            gix::discover::upwards::Options { match_ceiling_dir_or_error: false, ..Default::default() },
            trust,
        )
        .map_err(|error| classify(directory, &error))?;
        let mut repo = Self { shared, borrowed: None };
        repo.trusted()?;
        repo.borrow()?;
        Ok(repo)
    }

    /// Reads objects where the environment says they lie, if it does.
    fn borrow(&mut self) -> Result<(), SourceError> {
        let broken = |error: std::io::Error| SourceError::Broken {
            what: "the folders of objects that git's environment names".to_owned(),
            cause: escape(error.to_string().as_bytes()),
        };
        let Some(folder) = borrowed::together(self.shared.objects.path()).map_err(broken)? else { return Ok(()) };
        let hash = self.shared.to_thread_local().object_hash();
        let none = &mut std::iter::empty();
        let store = gix::odb::Store::at_opts(folder.path().to_owned(), hash, none, Default::default());
        self.shared.objects = gix::parallel::OwnShared::new(store.map_err(broken)?);
        self.borrowed = Some(Arc::new(folder));
        Ok(())
    }

    /// Whether objects are read that nobody has let in yet, so that nothing of this may stay in the repository.
    pub fn is_quarantined(&self) -> bool {
        self.borrowed.is_some() && std::env::var_os("GIT_QUARANTINE_PATH").is_some()
    }

    /// git itself refuses repositories of other users, and so do we.
    fn trusted(&self) -> Result<(), SourceError> {
        let local = self.local();
        if local.git_dir_trust() == gix::sec::Trust::Full {
            return Ok(());
        }
        let path = escape(local.workdir().unwrap_or(local.git_dir()).as_os_str().as_encoded_bytes());
        Err(SourceError::DubiousOwnership { path })
    }

    /// A handle for one thread. Objects are read as stored: replacements would hide what is replaced.
    pub fn local(&self) -> gix::Repository {
        let mut local = self.shared.to_thread_local();
        local.objects.ignore_replacements = true;
        local
    }

    /// HEAD's commit, if there is one.
    pub fn head(&self) -> Option<ObjectId> {
        self.local().head_id().ok().map(gix::Id::detach)
    }

    /// What its folder is called: that of the work tree, or its own without `.git`.
    pub fn name(&self) -> BString {
        let folder = self.workdir().unwrap_or_else(|| self.common_dir());
        let folder = folder.canonicalize().unwrap_or(folder);
        let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
        name.strip_suffix(b".git").filter(|rest| !rest.is_empty()).unwrap_or(name).into()
    }

    /// This repository as each of its work trees sees it, this one first.
    pub fn worktrees(&self) -> Vec<Self> {
        let local = self.local();
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let own = whole(local.git_dir());
        let others = local.worktrees_including_main().into_iter().flatten().filter_map(Result::ok);
        let others = others.filter(|other| whole(other.git_dir()) != own).map(|other| {
            let mut shared = other.into_sync();
            shared.objects = self.shared.objects.clone();
            Self { shared, borrowed: self.borrowed.clone() }
        });
        std::iter::once(self.clone()).chain(others).collect()
    }

    /// The commits that the other work trees have checked out, with what to call them.
    pub fn other_heads(&self) -> Vec<(String, ObjectId)> {
        let head = |tree: &Self| {
            let local = tree.local();
            let name = local.workdir().unwrap_or(local.git_dir()).display().to_string();
            local.head_id().ok().map(|id| (format!("HEAD of {name}"), id.detach()))
        };
        self.worktrees().iter().skip(1).filter_map(head).collect()
    }

    /// Whether there is no commit yet.
    pub fn is_unborn(&self) -> bool {
        self.local().head().is_ok_and(|head| head.is_unborn())
    }

    /// The private git directory of this work tree.
    pub fn git_dir(&self) -> PathBuf {
        self.shared.to_thread_local().git_dir().to_owned()
    }

    /// The git directory that all work trees share.
    pub fn common_dir(&self) -> PathBuf {
        self.shared.to_thread_local().common_dir().to_owned()
    }

    /// Where the index of this work tree is, if it has one.
    pub fn index_path(&self) -> PathBuf {
        self.shared.to_thread_local().index_path()
    }

    /// The work tree's root, unless the repository is bare.
    pub fn workdir(&self) -> Option<PathBuf> {
        self.shared.to_thread_local().workdir().map(Path::to_owned)
    }

    /// Where hooks are, as `core.hooksPath` and the environment have it.
    pub fn hooks_dir(&self) -> PathBuf {
        let local = self.local();
        let configured = local.config_snapshot().trusted_path("core.hooksPath").ok().flatten();
        match configured {
            Some(path) if path.is_absolute() => path.to_path_buf(),
            Some(path) => local.workdir().unwrap_or(local.git_dir()).join(&path),
            None => local.common_dir().join("hooks"),
        }
    }

    /// Whether `core.hooksPath` means another folder in each work tree.
    pub fn has_relative_hooks(&self) -> bool {
        let configured = self.local().config_snapshot().trusted_path("core.hooksPath").ok().flatten();
        configured.is_some_and(|path| path.is_relative())
    }

    /// The submodules that are checked out here. Their paths come from a file of the work tree, so none leads out of it.
    pub fn submodules(&self) -> Vec<Self> {
        let Some(root) = self.workdir().and_then(|root| root.canonicalize().ok()) else { return Vec::new() };
        let text = std::fs::read_to_string(root.join(".gitmodules")).unwrap_or_default();
        let Ok(config) = gix::config::File::try_from(text.as_str()) else { return Vec::new() };
        let sections = config.sections_by_name("submodule").into_iter().flatten();
        let paths = sections.filter_map(|section| Some(root.join(section.value("path")?.to_path().ok()?)));
        let within = paths.filter_map(|path| path.canonicalize().ok()).filter(|path| path.starts_with(&root));
        let open = |path: PathBuf| {
            let module = Self::open(&path).ok()?;
            let own = module.workdir()?.canonicalize().ok()?;
            (own == path && own != root).then_some(module)
        };
        within.filter_map(open).collect()
    }

    /// The branch that HEAD is on, by its full name; `None` if HEAD is on none.
    pub fn branch(&self) -> Option<BString> {
        self.local().head_name().ok().flatten().map(|name| name.as_bstr().to_owned())
    }

    /// All refs that lead to an object, with what they lead to.
    pub fn refs(&self) -> Vec<(BString, ObjectId)> {
        let local = self.local();
        let Ok(platform) = local.references() else { return Vec::new() };
        let Ok(all) = platform.all() else { return Vec::new() };
        let direct = |reference: gix::Reference<'_>| {
            let id = reference.target().try_id().map(ToOwned::to_owned)?;
            Some((reference.name().as_bstr().to_owned(), id))
        };
        all.flatten().filter_map(direct).collect()
    }

    /// Those of the commits that a remote-tracking ref reaches; one walk for all of them.
    pub fn published(&self, mut commits: BTreeSet<ObjectId>) -> BTreeSet<ObjectId> {
        let mut found = BTreeSet::new();
        if commits.is_empty() {
            return found;
        }
        let local = self.local();
        let Ok(platform) = local.references() else { return found };
        let Ok(remotes) = platform.remote_branches() else { return found };
        let tips: Vec<ObjectId> =
            remotes.flatten().filter_map(|mut r| r.peel_to_id().ok().map(gix::Id::detach)).collect();
        let Ok(walk) = local.rev_walk(tips).all() else { return found };
        for info in walk.flatten() {
            if commits.is_empty() {
                break;
            }
            found.extend(commits.take(&info.id));
        }
        found
    }
}

fn options(trust: gix::sec::Trust) -> gix::open::Options {
    gix::open::Options::default().with(trust).bail_if_untrusted(false)
}

fn classify(directory: &Path, error: &gix::Error) -> SourceError {
    let path = escape(directory.as_os_str().as_encoded_bytes());
    let text = error_text(error);
    let nowhere = error.downcast_any_ref::<gix::discover::upwards::Error>().is_some()
        || text.contains("not a git repository")
        || text.contains("Could not find a git repository");
    if nowhere {
        SourceError::NotARepository { path }
    } else {
        SourceError::Broken { what: format!("the repository at '{path}'"), cause: text }
    }
}

/// The whole chain of an error of git's reader, on one line.
pub fn error_text(error: &gix::Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in error.iter_errors() {
        let text = part.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
    }
    escape(parts.join(": ").as_bytes())
}

impl Unread {
    /// Larger than the limit.
    pub fn too_large(size: u64, limit: u64) -> Self {
        let why = format!("{size} bytes, the limit is {limit}; raise [limits] max_file_size in .keysweep.toml");
        Self { kind: GapKind::TooLarge, why }
    }
}

/// Reads an object whole, if it is not larger than `limit` bytes.
///
/// # Errors
/// Says which gap its absence is.
pub fn load(repo: &gix::Repository, id: ObjectId, limit: u64) -> Result<(Kind, Vec<u8>), Unread> {
    let header = repo.find_header(id).map_err(|error| unread(repo, id, &error))?;
    if header.size() > limit {
        return Err(Unread::too_large(header.size(), limit));
    }
    let object = repo.find_object(id).map_err(|error| unread(repo, id, &error))?;
    let kind = object.kind;
    Ok((kind, object.detach().data))
}

/// What an object is.
///
/// # Errors
/// Says which gap its absence is.
pub fn kind_of(repo: &gix::Repository, id: ObjectId) -> Result<Kind, Unread> {
    repo.find_header(id).map(|header| header.kind()).map_err(|error| unread(repo, id, &error))
}

/// The commit that an object leads to: itself, or what a tag names; `None` if it leads to none that is here.
pub fn commit_at(repo: &gix::Repository, id: ObjectId) -> Option<ObjectId> {
    repo.find_object(id).ok()?.peel_to_kind(Kind::Commit).ok().map(|commit| commit.id)
}

fn unread(repo: &gix::Repository, id: ObjectId, error: &gix::Error) -> Unread {
    let absent = error.is_not_found() || !repo.has_object(id);
    if absent {
        let why = format!(
            "object {id} is not in this clone; 'git fetch --refetch' brings missing objects of a partial clone, 'git fsck' tells more"
        );
        return Unread { kind: GapKind::Missing, why };
    }
    Unread {
        kind: GapKind::Corrupt,
        why: format!("object {id} cannot be read ({}); 'git fsck' tells more", error_text(error)),
    }
}

/// The tree of a commit.
///
/// # Errors
/// When the commit cannot be read or is none.
pub fn tree_of(repo: &gix::Repository, commit: ObjectId) -> Result<ObjectId, Unread> {
    Ok(commit_of(repo, commit)?.tree)
}

/// What a commit says, as far as scans need it.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its root tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<ObjectId>,
    /// When it was authored, RFC 3339.
    pub author_time: String,
    /// Who authored it: name and address.
    pub author: BString,
    /// When it was committed, in seconds since 1970.
    pub committed: i64,
}

/// Reads a commit.
///
/// # Errors
/// When it cannot be read or is none.
pub fn commit_of(repo: &gix::Repository, id: ObjectId) -> Result<Commit, Unread> {
    let (kind, data) = load(repo, id, u64::MAX)?;
    if kind != Kind::Commit {
        return Err(Unread { kind: GapKind::Corrupt, why: format!("object {id} is a {kind}, not a commit") });
    }
    parse_commit(&data, id, repo)
}

/// Decodes a commit's bytes.
///
/// # Errors
/// When they are not a commit.
fn parse_commit(data: &[u8], id: ObjectId, repo: &Local) -> Result<Commit, Unread> {
    let corrupt = |why: String| Unread { kind: GapKind::Corrupt, why };
    let commit = gix::objs::CommitRef::from_bytes(data, repo.object_hash())
        .map_err(|error| corrupt(format!("commit {id} cannot be read ({})", error_text(&error))))?;
    let time = |raw: &BStr| gix::date::parse_header(raw.to_str_lossy().as_ref());
    let author = commit.author().map(|author| author.trim());
    let person = author.as_ref().map(|author| format!("{} <{}>", author.name, author.email).into());
    let author = time(author.as_ref().map(|author| author.time.into()).unwrap_or_default());
    let committer = time(commit.committer().map(|c| c.time.into()).unwrap_or_default());
    Ok(Commit {
        tree: commit.tree(),
        parents: commit.parents().collect(),
        author: person.unwrap_or_default(),
        author_time: author.map(|t| t.format_or_unix(gix::date::time::format::ISO8601_STRICT)).unwrap_or_default(),
        committed: committer.map_or(0, |t| t.seconds),
    })
}

/// Resolves a revision to a commit.
///
/// # Errors
/// When it does not resolve; the remedy depends on whether the clone is shallow.
pub fn resolve(repo: &gix::Repository, text: &str) -> Result<ObjectId, SourceError> {
    let failed = |cause: String| SourceError::Revision {
        text: escape(text.as_bytes()),
        cause: escape(cause.as_bytes()),
        remedy: remedy(repo),
    };
    let id = repo.rev_parse_single(text).map_err(|error| failed(error_text(&error)))?;
    let object = id.object().map_err(|error| failed(error_text(&error)))?;
    let commit = object.peel_to_kind(Kind::Commit).map_err(|error| failed(error_text(&error)))?;
    Ok(commit.id)
}

/// What brings the commits that a shallow clone does not have, for people and for those who write workflows.
pub const UNSHALLOW: &str = "run 'git fetch --unshallow' (in GitHub Actions: 'fetch-depth: 0' below 'with:' of actions/checkout; in GitLab CI: 'GIT_DEPTH: 0' below 'variables:')";

fn remedy(repo: &gix::Repository) -> String {
    if repo.is_shallow().unwrap_or(false) {
        format!("this clone is shallow, so older commits are not here: {UNSHALLOW}")
    } else {
        "give a commit, branch or tag that this clone has; 'git fetch' brings newer ones".to_owned()
    }
}

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the tree.
    pub name: BString,
    /// What it is.
    pub mode: Mode,
    /// The object it names.
    pub id: ObjectId,
}

/// What a tree entry or index entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// A folder.
    Tree,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// A submodule's commit: an object of another repository.
    Submodule,
}

/// Reads a tree.
///
/// # Errors
/// When it cannot be read.
pub fn tree(repo: &gix::Repository, id: ObjectId) -> Result<Vec<Entry>, Unread> {
    if id.is_empty_tree() {
        return Ok(Vec::new());
    }
    let (_, data) = load(repo, id, u64::MAX)?;
    entries(&data, repo)
        .map_err(|why| Unread { kind: GapKind::Corrupt, why: format!("tree {id} cannot be read ({why})") })
}

/// What a tree, or a folder below it, holds at a path.
///
/// # Errors
/// When a folder on the way cannot be read.
pub fn entry_at(repo: &gix::Repository, tree: ObjectId, path: &BStr) -> Result<Option<Entry>, Unread> {
    let mut id = tree;
    let mut names = path.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        let found = self::tree(repo, id)?.into_iter().find(|entry| entry.name == name);
        match found {
            Some(entry) if names.peek().is_none() => return Ok(Some(entry)),
            Some(entry) if entry.mode == Mode::Tree => id = entry.id,
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// The object an annotated tag names.
pub fn tag_target(data: &[u8], repo: &Local) -> Option<ObjectId> {
    gix::objs::TagRefIter::from_bytes(data, repo.object_hash()).target_id().ok()
}

/// Decodes a tree's bytes.
///
/// # Errors
/// When they are not a tree.
fn entries(data: &[u8], repo: &Local) -> Result<Vec<Entry>, String> {
    use gix::objs::tree::EntryKind;
    let entries = gix::objs::TreeRefIter::from_bytes(data, repo.object_hash()).map(|entry| {
        let entry = entry.map_err(|error| error_text(&error))?;
        let mode = match entry.mode.kind() {
            EntryKind::Tree => Mode::Tree,
            EntryKind::Link => Mode::Link,
            EntryKind::Commit => Mode::Submodule,
            EntryKind::Blob | EntryKind::BlobExecutable => Mode::File,
        };
        Ok(Entry { name: entry.filename.to_owned(), mode, id: entry.oid.to_owned() })
    });
    entries.collect()
}

/// The root of the work tree that `directory` lies in, if it lies in one.
pub fn root_of(directory: &Path) -> Option<PathBuf> {
    Repo::open(directory).ok()?.workdir()
}
