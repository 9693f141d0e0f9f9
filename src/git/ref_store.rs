//! The refs of a repository, however it stores them: in files, which git's reader supports, or in reftables, which it
//! doesn't. All other modules read refs through this one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bstr::{BStr, BString, ByteSlice as _};

use super::error::error_text;
use super::reftable::{Change, Logs, Stack, Target, Trouble};
use super::{GitError, ObjectId, SourceError, layout, object};
use crate::finding::{Gap, GapKind};
use crate::text::escape;

/// The most symbolic refs that are followed in a row; git has the same limit.
const MOST_HOPS: usize = 5;
/// The starts of the names of refs that each work tree has separately; all names that don't start with `refs/` are
/// separate too.
const PRIVATE: [&[u8]; 3] = [b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/"];

/// The store that holds the refs.
#[derive(Debug, Clone)]
pub(super) enum RefStore {
    /// Each ref is in a file of its own, or all are in one file.
    Files,
    /// Refs are in reftables.
    Tables(Tables),
}

impl RefStore {
    /// Returns the same store as another work tree of the repository sees it.
    pub(super) fn seen_from(&self, local: &gix::Repository) -> Self {
        match self {
            Self::Files => Self::Files,
            Self::Tables(tables) => Self::Tables(tables.seen_from(local)),
        }
    }
}

/// The reftables that a work tree reads.
#[derive(Debug, Clone)]
pub(super) struct Tables {
    shared: Arc<Lazy>,
    /// The tables that only a linked work tree has.
    own: Option<Arc<Lazy>>,
}

/// A stack of tables that is read on first use and then stays unchanged.
#[derive(Debug)]
struct Lazy {
    folder: PathBuf,
    hash: gix::hash::Kind,
    stack: OnceLock<Stack>,
    refs: OnceLock<(BTreeMap<BString, Target>, Vec<Trouble>)>,
}

impl Lazy {
    fn new(git_dir: &Path, hash: gix::hash::Kind) -> Arc<Self> {
        let folder = git_dir.join("reftable");
        Arc::new(Self { folder, hash, stack: OnceLock::new(), refs: OnceLock::new() })
    }

    fn stack(&self) -> &Stack {
        self.stack.get_or_init(|| Stack::read(&self.folder, self.hash))
    }

    fn refs(&self) -> &(BTreeMap<BString, Target>, Vec<Trouble>) {
        self.refs.get_or_init(|| self.stack().refs())
    }

    fn find(&self, name: &BStr) -> Result<Option<Target>, Trouble> {
        match self.refs.get() {
            Some((refs, troubles)) if troubles.is_empty() => Ok(refs.get(name).cloned()),
            _ => self.stack().find(name),
        }
    }
}

impl Tables {
    /// Returns the tables of a repository, as a work tree sees them.
    pub(super) fn new(local: &gix::Repository) -> Self {
        let shared = Lazy::new(local.common_dir(), local.object_hash());
        Self { shared, own: None }.seen_from(local)
    }

    /// Returns the same tables as another work tree sees them.
    fn seen_from(&self, local: &gix::Repository) -> Self {
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_linked = whole(local.git_dir()) != whole(local.common_dir());
        let own = is_linked.then(|| Lazy::new(local.git_dir(), local.object_hash()));
        Self { shared: Arc::clone(&self.shared), own }
    }

    /// Returns the target of a ref, by its full name.
    pub(super) fn find(&self, name: &BStr) -> Result<Option<Target>, SourceError> {
        let found = if let Some(name) = name.strip_prefix(b"main-worktree/") {
            self.shared.find(name.as_bstr())
        } else if let Some((tree, name)) = name.strip_prefix(b"worktrees/").and_then(|rest| rest.split_once_str("/")) {
            self.of_work_tree(tree, name.as_bstr())
        } else {
            self.holding(name).find(name)
        };
        found.map_err(|trouble| broken(&trouble))
    }

    /// Finds a ref that belongs to one linked work tree.
    fn of_work_tree(&self, tree: &[u8], name: &BStr) -> Result<Option<Target>, Trouble> {
        let folder = self.shared.folder.with_file_name("worktrees");
        match tree.to_path() {
            Ok(tree) if tree.file_name() == Some(tree.as_os_str()) && folder.join(tree).is_dir() => {
                Lazy::new(&folder.join(tree), self.shared.hash).find(name)
            }
            _ => Ok(None),
        }
    }

    /// Returns the object that a target finally leads to.
    pub(super) fn follow(&self, target: Target) -> Result<Option<ObjectId>, SourceError> {
        let mut target = target;
        for _ in 0..=MOST_HOPS {
            match target {
                Target::Object(id) => return Ok(Some(id)),
                Target::Ref(name) => match self.find(name.as_ref())? {
                    Some(next) => target = next,
                    None => return Ok(None),
                },
            }
        }
        Ok(None)
    }

    pub(super) fn head(&self) -> Result<Head, SourceError> {
        let absent = || SourceError::Broken {
            what: "HEAD".to_owned(),
            cause: format!("no table in '{}' contains it", self.own.as_ref().unwrap_or(&self.shared).folder.display()),
        };
        let target = self.find(b"HEAD".as_bstr())?.ok_or_else(absent)?;
        let branch = if let Target::Ref(name) = &target { Some(name.clone()) } else { None };
        Ok(Head { branch, commit: self.follow(target)? })
    }

    /// Returns all refs that this work tree sees, and the parts that could not be read.
    fn refs(&self) -> (BTreeMap<BString, Target>, Vec<Trouble>) {
        let (mut refs, mut troubles) = self.shared.refs().clone();
        if let Some(own) = &self.own {
            let (private, others) = own.refs();
            refs.retain(|name, _| !is_private(name.as_ref()));
            let private = private.iter().filter(|(name, _)| is_private(name.as_ref()));
            refs.extend(private.map(|(name, target)| (name.clone(), target.clone())));
            troubles.extend_from_slice(others);
        }
        (refs, troubles)
    }

    /// Returns the reflogs that belong to this work tree; for the main work tree these include the shared ones.
    pub(super) fn logs(&self) -> Logs {
        self.own.as_ref().unwrap_or(&self.shared).stack().logs()
    }

    /// Returns the reflog of one ref, the oldest entry first.
    pub(super) fn entries(&self, name: &BStr) -> Vec<Change> {
        self.holding(name).stack().logs().entries.remove(name).unwrap_or_default()
    }

    /// Returns the tables that hold a ref of this name.
    fn holding(&self, name: &BStr) -> &Lazy {
        match &self.own {
            Some(own) if is_private(name) => own,
            _ => &self.shared,
        }
    }
}

fn is_private(name: &BStr) -> bool {
    !name.starts_with(b"refs/") || PRIVATE.iter().any(|start| name.starts_with(start))
}

fn broken(trouble: &Trouble) -> SourceError {
    let what = format!("the refs in '{}'", escape(trouble.path.as_os_str().as_encoded_bytes()));
    SourceError::Broken { what, cause: escape(trouble.why.as_bytes()) }
}

impl From<Trouble> for Gap {
    fn from(trouble: Trouble) -> Self {
        let what = BString::from(trouble.path.as_os_str().as_encoded_bytes());
        Self { what, kind: trouble.kind, why: format!("{}; run 'git fsck' for details", trouble.why) }
    }
}

/// The branch and the commit that HEAD leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The branch that HEAD is on, by its full name.
    pub branch: Option<BString>,
    /// The commit; `None` before the first one.
    pub commit: Option<ObjectId>,
}

/// A ref, with its target.
#[derive(Debug, Clone)]
pub struct Ref {
    /// The ref's full name.
    pub name: BString,
    /// The object or the other ref that it names.
    pub target: Target,
    /// The object that the ref finally leads to, if there is one.
    pub end: Option<ObjectId>,
}

/// All refs, and the parts that could not be read.
#[derive(Debug, Clone, Default)]
pub struct Refs {
    /// The refs, by name.
    pub refs: Vec<Ref>,
    /// The parts that could not be read.
    pub gaps: Vec<Gap>,
}

impl Refs {
    /// Returns the refs that name an object directly, with that object.
    pub fn direct(self) -> Vec<(BString, ObjectId)> {
        let direct = |reference: Ref| match reference.target {
            Target::Object(id) => Some((reference.name, id)),
            Target::Ref(_) => None,
        };
        self.refs.into_iter().filter_map(direct).collect()
    }
}

impl RefStore {
    /// Returns the state of HEAD.
    ///
    /// # Errors
    /// Fails if HEAD can't be read.
    pub(super) fn head(&self, local: &gix::Repository) -> Result<Head, SourceError> {
        if let Self::Tables(tables) = self {
            return tables.head();
        }
        let broken = |cause| SourceError::Broken { what: "HEAD".to_owned(), cause };
        let mut reference = local.find_reference("HEAD").map_err(|error| broken(error_text(&error)))?;
        let branch = reference.target().try_name().map(|name| name.as_bstr().to_owned());
        for _ in 0..=MOST_HOPS {
            let name = match reference.target() {
                gix::refs::TargetRef::Object(id) => {
                    let (_, id) = object::peeled(local, id.to_owned()).map_err(|unread| broken(unread.why))?;
                    return Ok(Head { branch, commit: Some(id) });
                }
                gix::refs::TargetRef::Symbolic(name) => name.as_bstr().to_owned(),
            };
            layout::one_ref(local, name.as_ref())?;
            match local.try_find_reference(name.as_bstr()).map_err(|error| broken(error_text(&error)))? {
                Some(next) => reference = next,
                None => return Ok(Head { branch, commit: None }),
            }
        }
        Err(broken("it is a symbolic ref that leads back to itself".to_owned()))
    }

    /// Returns all refs, and the parts that could not be read.
    pub(super) fn all(&self, local: &gix::Repository) -> Refs {
        match self {
            Self::Files => of_files(local),
            Self::Tables(tables) => of_tables(tables),
        }
    }

    /// Returns the reftables, if refs are stored in them.
    pub(super) fn tables(&self) -> Option<&Tables> {
        match self {
            Self::Files => None,
            Self::Tables(tables) => Some(tables),
        }
    }
}

fn of_files(local: &gix::Repository) -> Refs {
    if let Err(error) = layout::all_refs(local) {
        let gap = Gap { what: "the refs".into(), kind: GapKind::Unreadable, why: error.to_string() };
        return Refs { refs: Vec::new(), gaps: vec![gap] };
    }
    let unread = |why: String| Gap {
        what: BString::from("a ref"),
        kind: GapKind::Corrupt,
        why: format!("it cannot be read ({why}); run 'git fsck' for details"),
    };
    let mut found = Refs::default();
    let mut list = || {
        for reference in local.references()?.all()? {
            match reference {
                Ok(reference) => found.refs.push(of_file(reference)),
                Err(error) => found.gaps.push(unread(error_text(&error))),
            }
        }
        Ok::<_, GitError>(())
    };
    if let Err(error) = list() {
        found.gaps.push(unread(error_text(&error)));
    }
    for name in links(local) {
        match local.try_find_reference(name.as_bstr()) {
            Ok(Some(reference)) => found.refs.push(of_file(reference)),
            Ok(None) => {
                found.gaps.push(Gap { what: name, ..unread("it is a link that does not lead to a ref".to_owned()) });
            }
            Err(error) => found.gaps.push(Gap { what: name, ..unread(error_text(&error)) }),
        }
    }
    found
}

/// Returns the names of refs that are symbolic links in the file system: git follows them, but the list of its reader
/// leaves them out.
fn links(local: &gix::Repository) -> Vec<BString> {
    let mut found = BTreeSet::new();
    for top in [local.common_dir(), local.git_dir()] {
        let mut folders = vec![top.join("refs")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(kind) if kind.is_symlink() => {
                        let path = entry.path();
                        let below = path.strip_prefix(top).unwrap_or(&path);
                        found.insert(BString::from(below.as_os_str().as_encoded_bytes()));
                    }
                    _ => {}
                }
            }
        }
    }
    found.into_iter().collect()
}

fn of_file(mut reference: gix::Reference<'_>) -> Ref {
    let name = reference.name().as_bstr().to_owned();
    match reference.target() {
        gix::refs::TargetRef::Object(id) => {
            Ref { name, target: Target::Object(id.to_owned()), end: Some(id.to_owned()) }
        }
        gix::refs::TargetRef::Symbolic(other) => {
            let target = Target::Ref(other.as_bstr().to_owned());
            Ref { name, target, end: reference.follow_to_object().ok().map(gix::Id::detach) }
        }
    }
}

fn of_tables(tables: &Tables) -> Refs {
    let (refs, troubles) = tables.refs();
    let refs = refs.into_iter().filter(|(name, _)| name.starts_with(b"refs/"));
    let refs = refs.map(|(name, target)| {
        let end = tables.follow(target.clone()).ok().flatten();
        Ref { name, target, end }
    });
    Refs { refs: refs.collect(), gaps: troubles.into_iter().map(Gap::from).collect() }
}
