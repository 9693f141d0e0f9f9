//! The only file that opens a repository: trust, environment, folders, refs and revisions. Objects are read by
//! [`super::object`].
//!
//! A repository's configuration is used for nothing but finding its objects: no filters, no textconv, no external
//! diff, no replacement objects.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bstr::{BString, ByteSlice as _, ByteVec as _};

use super::alternates::{self, Borrowed, Variables};
use super::layout::Layout;
use super::ownership::{self, Found};
use super::pointer::{overlooked, passed, refused};
use super::presence::Presence;
use super::ref_store::{Head, RefStore, Refs, Tables};
use super::reftable::Logs;
use super::revision;
use super::{GitError, ObjectId, SourceError, format, layout, object, user_config};
use crate::finding::Gap;
use crate::fs::bounded;
use crate::text::escape;

pub use super::revision::UNSHALLOW;
pub use gix::Repository as Local;

/// The most bytes of memory for building one object. A delta takes twice the size of its result, and it declares that
/// size itself: a few bytes could ask for any amount.
const MOST_MEMORY: usize = 768 << 20;

/// An opened repository that threads can share.
#[derive(Debug, Clone)]
pub struct Repo {
    shared: gix::ThreadSafeRepository,
    /// A folder that lists the object folders where git's reader would not find them; it is kept as long as they are
    /// read.
    borrowed: Option<Arc<Borrowed>>,
    /// The store of the refs.
    pub(super) refs: RefStore,
    /// The state of HEAD, once it was read: it stays the same for as long as a command runs.
    head: Arc<OnceLock<Head>>,
    presence: Arc<Presence>,
}

impl Repo {
    /// Opens the repository that contains `directory`, or the one that git's environment variables name (as in a hook).
    ///
    /// # Errors
    /// Fails if there is none, if it belongs to another user, or if it can't be read.
    pub fn open(directory: &Path) -> Result<Self, SourceError> {
        let mut repo = if std::env::var_os("GIT_DIR").is_some() {
            Self::from_environment(directory)?
        } else {
            let (found, presence) = find(directory)?;
            let shared = open_with(|change| gix::ThreadSafeRepository::open_opts(start(&found), change(options())));
            Self::found(directory, &found, shared.map_err(|error| refused(directory, &error))?, presence)?
        };
        repo.borrow(Variables::Count)?;
        Ok(repo)
    }

    /// Opens the repository that contains `path`, whatever repository git's environment variables name; without a path,
    /// opens the one for the current folder. A folder that looks like a repository itself must be one.
    ///
    /// # Errors
    /// Fails if there is none, if it belongs to another user, or if it can't be read.
    pub fn at(path: Option<&Path>) -> Result<Self, SourceError> {
        let Some(directory) = path else { return Self::open(Path::new(".")) };
        let (found, presence) = find(directory)?;
        if let Some(why) = overlooked(directory, &found) {
            return Err(why);
        }
        let Some(from_environment) = std::env::var_os("GIT_DIR") else { return Self::open(directory) };
        let whole = |path: &Path| path.canonicalize().ok();
        let own = whole(&ownership::git_dir(&found));
        if own.is_some() && own == whole(Path::new(&from_environment)) {
            return Self::open(directory);
        }
        // The index, work tree and objects that the environment names belong to the other repository.
        let shared = open_with(|change| change(options()).open(start(&found)));
        let mut repo = Self::found(directory, &found, shared.map_err(|error| refused(directory, &error))?, presence)?;
        repo.borrow(Variables::Ignored)?;
        Ok(repo)
    }

    /// Opens the repository whose own folder is `path`: the root of its work tree, its `.git` folder, or a bare
    /// repository.
    ///
    /// # Errors
    /// Fails if the folder isn't a repository itself, and for the same reasons as `at`.
    pub fn itself(path: &Path) -> Result<Self, SourceError> {
        let repo = Self::at(Some(path))?;
        let whole = |path: &Path| path.canonicalize().ok();
        let (own, git_dir) = (whole(path), repo.git_dir());
        let root = repo.workdir();
        let folders = [Some(git_dir.clone()), Some(repo.common_dir()), root.clone()];
        let is_own = folders.into_iter().flatten().any(|folder| whole(&folder) == own);
        // The configuration may put the work tree elsewhere.
        if is_own || whole(&path.join(".git")).is_some_and(|inner| Some(inner) == whole(&git_dir)) {
            return Ok(repo);
        }
        let shown = |path: &Path| escape(path.as_os_str().as_encoded_bytes());
        let around = root.unwrap_or(git_dir);
        let around = whole(&around).unwrap_or(around);
        Err(SourceError::Within { path: shown(path), around: shown(&around) })
    }

    /// Checks a repository that was found and opened, and returns it if it may be read.
    fn found(
        directory: &Path,
        found: &Found,
        shared: gix::ThreadSafeRepository,
        presence: Presence,
    ) -> Result<Self, SourceError> {
        let repo = Self::new(shared, presence);
        if let Some(why) = passed(directory, ownership::place(found)) {
            return Err(why);
        }
        ownership::check(found, &repo.local())?;
        repo.recognised()
    }

    /// Opens the repository that the environment names: as in git, whoever names it trusts it.
    fn from_environment(directory: &Path) -> Result<Self, SourceError> {
        is_folder(directory)?;
        user_config::look()?;
        let from_environment = std::env::var_os("GIT_DIR").unwrap_or_default();
        let presence = Presence::of(&Layout::of(&directory.join(from_environment))?);
        let shared = open_with(|change| {
            let trust = gix::sec::trust::Mapping { full: change(options()), reduced: change(options()) };
            gix::ThreadSafeRepository::open_with_environment_overrides(directory, trust)
        });
        let shared = shared.map_err(|error| refused(directory, &error))?;
        Self::new(shared, presence).recognised()
    }

    fn new(shared: gix::ThreadSafeRepository, presence: Presence) -> Self {
        let presence = Arc::new(presence);
        Self { shared, borrowed: None, refs: RefStore::Files, head: Arc::default(), presence }
    }

    /// Checks that the format of the repository is known, and uses reftables if the format asks for them.
    fn recognised(mut self) -> Result<Self, SourceError> {
        let local = self.local();
        if format::check(&local)? == format::Refs::Tables {
            self.refs = RefStore::Tables(Tables::new(&local));
        }
        Ok(self)
    }

    /// Reads objects from the folders that git would use, if its reader would use others.
    fn borrow(&mut self, variables: Variables) -> Result<(), SourceError> {
        let broken = |error: std::io::Error| SourceError::Broken {
            what: "the folders that objects are borrowed from".to_owned(),
            cause: escape(error.to_string().as_bytes()),
        };
        let Some(borrowed) = alternates::listed_anew(self.shared.objects.path(), variables).map_err(broken)? else {
            return Ok(());
        };
        let hash = self.shared.to_thread_local().object_hash();
        let none = &mut std::iter::empty();
        let options = gix::odb::store::init::Options { alloc_limit_bytes: Some(MOST_MEMORY), ..Default::default() };
        let store = gix::odb::Store::at_opts(borrowed.folder.path().to_owned(), hash, none, options);
        self.shared.objects = gix::parallel::OwnShared::new(store.map_err(broken)?);
        self.borrowed = Some(Arc::new(borrowed));
        Ok(())
    }

    /// Returns `true` if objects are read whose push isn't accepted yet, so that nothing about them may be stored in
    /// the repository.
    pub fn is_quarantined(&self) -> bool {
        self.borrowed.is_some() && std::env::var_os("GIT_QUARANTINE_PATH").is_some()
    }

    /// Returns a handle for one thread. Objects are read as stored: replacements would hide the objects that they
    /// replace.
    pub fn local(&self) -> gix::Repository {
        let mut local = self.shared.to_thread_local();
        local.objects.ignore_replacements = true;
        // A delta in a pack may name any object as its base, and that object's file may be a pipe; `object` checks it
        // before it follows such a delta.
        local.objects.max_recursion_depth = 0;
        local
    }

    /// Returns a handle that resolves revisions; with it, git's reader opens whatever refs and loose objects it needs.
    ///
    /// # Errors
    /// Fails if one of them can't be opened.
    pub(super) fn resolver(&self) -> Result<gix::Repository, SourceError> {
        let local = self.local();
        layout::all_refs(&local)?;
        layout::all_loose_objects(&local)?;
        Ok(object::across_packs(&local))
    }

    /// Returns the state of HEAD.
    ///
    /// # Errors
    /// Fails if HEAD can't be read.
    pub fn checked_out(&self) -> Result<Head, SourceError> {
        if let Some(head) = self.head.get() {
            return Ok(head.clone());
        }
        let head = self.refs.head(&self.local())?;
        Ok(self.head.get_or_init(|| head).clone())
    }

    /// Returns all refs, and the parts that could not be read.
    pub fn all_refs(&self) -> Refs {
        self.refs.all(&self.local())
    }

    /// Returns the reflogs of this work tree, if they are in reftables; reflogs in files are read as files.
    pub fn table_logs(&self) -> Option<Logs> {
        self.refs.tables().map(Tables::logs)
    }

    /// Rewrites a revision or range so that git's reader can resolve it: names that it could not look up are replaced
    /// by ids.
    ///
    /// # Errors
    /// Fails if there is no ref with such a name, or the refs can't be read.
    pub fn spelled(&self, text: &str) -> Result<String, SourceError> {
        match self.refs.tables() {
            Some(tables) => revision::spelled(tables, &self.local(), text),
            None => Ok(text.to_owned()),
        }
    }

    /// Returns the original path of an object folder, if the given one is a folder of links to it.
    pub(super) fn place(&self, folder: PathBuf) -> PathBuf {
        let listed = self.borrowed.as_ref().filter(|listed| folder.starts_with(listed.folder.path()));
        listed.and_then(|_| alternates::place(&folder)).unwrap_or(folder)
    }

    /// Returns the gaps in the lists of folders that objects are borrowed from.
    pub(super) fn unlisted(&self) -> &[Gap] {
        self.borrowed.as_deref().map_or(&[], |borrowed| &borrowed.gaps)
    }

    /// Returns the gap if the repository was moved or replaced since it was opened.
    pub fn moved(&self) -> Option<Gap> {
        self.presence.gap()
    }

    /// Returns HEAD's commit, if there is one.
    pub fn head(&self) -> Option<ObjectId> {
        self.checked_out().ok().and_then(|head| head.commit)
    }

    /// Returns the name of the repository's folder: that of the work tree, or of the repository itself without `.git`.
    pub fn name(&self) -> BString {
        let folder = self.workdir().unwrap_or_else(|| self.common_dir());
        let folder = folder.canonicalize().unwrap_or(folder);
        let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
        name.strip_suffix(b".git").filter(|rest| !rest.is_empty()).unwrap_or(name).into()
    }

    /// Returns this repository as each of its work trees sees it, this one first.
    pub fn worktrees(&self) -> Vec<Self> {
        let local = self.local();
        let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let own = whole(local.git_dir());
        let others = local.worktrees_including_main().into_iter().flatten().filter_map(Result::ok);
        let others = others.filter(|other| whole(other.git_dir()) != own).map(|other| {
            let refs = self.refs.seen_from(&other);
            let mut shared = other.into_sync();
            shared.objects = self.shared.objects.clone();
            let presence = Arc::clone(&self.presence);
            Self { shared, borrowed: self.borrowed.clone(), refs, head: Arc::default(), presence }
        });
        std::iter::once(self.clone()).chain(others).collect()
    }

    /// Returns the HEADs of the other work trees, with their names.
    pub fn other_heads(&self) -> Vec<(String, Result<Head, SourceError>)> {
        let head = |tree: &Self| {
            let local = tree.local();
            let name = local.workdir().unwrap_or(local.git_dir()).display().to_string();
            (format!("HEAD of {name}"), tree.checked_out())
        };
        self.worktrees().iter().skip(1).map(head).collect()
    }

    /// Returns `true` if there is no commit yet.
    pub fn is_unborn(&self) -> bool {
        self.checked_out().is_ok_and(|head| head.commit.is_none())
    }

    /// Returns the private git directory of this work tree.
    pub fn git_dir(&self) -> PathBuf {
        self.shared.to_thread_local().git_dir().to_owned()
    }

    /// Returns the git directory that all work trees share.
    pub fn common_dir(&self) -> PathBuf {
        self.shared.to_thread_local().common_dir().to_owned()
    }

    /// Returns the path of this work tree's index, which need not exist.
    pub fn index_path(&self) -> PathBuf {
        self.shared.to_thread_local().index_path()
    }

    /// Returns the work tree's root, unless the repository is bare.
    pub fn workdir(&self) -> Option<PathBuf> {
        self.shared.to_thread_local().workdir().map(Path::to_owned)
    }

    /// Returns the folder for hooks, by `core.hooksPath` and the environment.
    ///
    /// # Errors
    /// Fails if `core.hooksPath` is empty, in which case git would run hooks from the root of the file system, or has
    /// no value, in which case git stops.
    pub fn hooks_dir(&self) -> Result<PathBuf, SourceError> {
        let local = self.local();
        let config = local.config_snapshot();
        let mut core = config.plumbing().sections_by_name("core").into_iter().flatten();
        if core.any(|section| section.value_implicit("hooksPath") == Some(None)) {
            return Err(SourceError::HooksPath { what: "has no value, which stops every git command" });
        }
        if config.string("core.hooksPath").is_some_and(|path| path.is_empty()) {
            return Err(SourceError::HooksPath { what: "is empty, so git looks for hooks in '/'" });
        }
        Ok(match config.trusted_path("core.hooksPath").ok().flatten() {
            Some(path) if path.is_absolute() => path,
            Some(path) => local.workdir().unwrap_or(local.git_dir()).join(&path),
            None => local.common_dir().join("hooks"),
        })
    }

    /// Returns `true` if `core.hooksPath` means another folder in each work tree.
    pub fn has_relative_hooks(&self) -> bool {
        let configured = self.local().config_snapshot().trusted_path("core.hooksPath").ok().flatten();
        configured.is_some_and(|path| path.is_relative())
    }

    /// Returns the submodules that are checked out here. Their paths come from a file in the work tree, so those that
    /// lead out of it are left out.
    pub fn submodules(&self) -> Vec<Self> {
        let Some(root) = self.workdir().and_then(|root| root.canonicalize().ok()) else { return Vec::new() };
        let read = bounded::read_within(&root, &root.join(".gitmodules")).ok().flatten();
        let text = read.and_then(|bytes| bounded::text(bytes).ok()).unwrap_or_default();
        let Ok(config) = gix::config::File::try_from(text.as_str()) else { return Vec::new() };
        let sections = config.sections_by_name("submodule").into_iter().flatten();
        let paths = sections.filter_map(|section| Some(root.join(section.value("path")?.to_path().ok()?)));
        let within = paths.filter_map(|path| path.canonicalize().ok()).filter(|path| path.starts_with(&root));
        let open = |path: PathBuf| {
            let module = Self::at(Some(&path)).ok()?;
            let own = module.workdir()?.canonicalize().ok()?;
            (own == path && own != root).then_some(module)
        };
        within.filter_map(open).collect()
    }

    /// Returns `true` if objects also have ids in a second format.
    pub fn has_second_ids(&self) -> bool {
        self.local().config_snapshot().string("extensions.compatObjectFormat").is_some()
    }

    /// Returns the branch that HEAD is on, by its full name; `None` if HEAD is detached.
    pub fn branch(&self) -> Option<BString> {
        self.checked_out().ok()?.branch
    }

    /// Returns all refs that name an object directly, with that object.
    pub fn refs(&self) -> Vec<(BString, ObjectId)> {
        self.all_refs().direct()
    }
}

/// Opens a repository with the options as they are. If git's reader can't follow the list of object folders, opens it
/// again without reading any of them: they will be listed anew.
fn open_with<T>(
    open: impl Fn(&dyn Fn(gix::open::Options) -> gix::open::Options) -> Result<T, GitError>,
) -> Result<T, GitError> {
    open(&|options| options).or_else(|error| {
        open(&|options| options.object_store_slots(gix::odb::store::init::Slots::Given(1))).map_err(|_| error)
    })
}

fn is_folder(directory: &Path) -> Result<(), SourceError> {
    let path = || escape(directory.as_os_str().as_encoded_bytes());
    if directory.is_dir() { Ok(()) } else { Err(SourceError::NoFolder { path: path() }) }
}

/// Looks for a repository in a folder and those above it, as far up as the environment lets git search, and records
/// where it is.
fn find(directory: &Path) -> Result<(Found, Presence), SourceError> {
    is_folder(directory)?;
    let variable = std::env::var_os("GIT_DISCOVERY_ACROSS_FILESYSTEM");
    let cross_fs = variable.and_then(|value| Vec::from_os_string(value).ok());
    let cross_fs = cross_fs.and_then(|value| gix::config::Boolean::try_from(BString::from(value)).ok());
    let trust = gix::discover::upwards::TrustPolicy::Assume(gix::sec::Trust::Full);
    let mut options =
        gix::discover::upwards::Options { match_ceiling_dir_or_error: false, trust, ..Default::default() };
    options.cross_fs = cross_fs.is_some_and(|value| value.0);
    options = options.apply_environment();
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let ceilings: Vec<PathBuf> = options.ceiling_dirs.iter().map(|path| whole(path)).collect();
    // The reader shortens a path without checking where '..' leads.
    let is_above = directory.components().any(|part| part == std::path::Component::ParentDir);
    let start = if is_above { whole(directory) } else { directory.to_owned() };
    user_config::look()?;
    let nearest = layout::around(directory)?;
    let (found, _) = gix::discover::upwards_opts(&start, options).map_err(|error| refused(directory, &error))?;
    // git doesn't look into the folder that ends the search, unless the search starts there.
    let place = whole(ownership::place(&found));
    if ceilings.contains(&place) && place != whole(directory) {
        return Err(SourceError::NotARepository { path: escape(directory.as_os_str().as_encoded_bytes()) });
    }
    // The repository may have come back only now, or the environment doesn't let git search this far.
    let own = ownership::git_dir(&found);
    let is_own = |layout: &Layout| layout.git_dirs.first().is_some_and(|git_dir| whole(git_dir) == whole(&own));
    let layout = nearest.filter(is_own).map_or_else(|| Layout::of(&own), Ok)?;
    Ok((found, Presence::of(&layout)))
}

/// Returns the path by which a repository is opened.
fn start(found: &Found) -> PathBuf {
    match found {
        Found::WorkTree(root) | Found::LinkedWorkTree { work_dir: root, .. } => root.join(".git"),
        Found::Repository(git_dir) => git_dir.clone(),
    }
}

/// The options for opening a repository: we check its ownership ourselves, so all of its configuration counts.
fn options() -> gix::open::Options {
    let options = gix::open::Options::default().with(gix::sec::Trust::Full).bail_if_untrusted(false);
    let limit = format!("gitoxide.objects.allocLimit={MOST_MEMORY}");
    // Replacements aren't followed, so the refs that name them need not be read.
    options
        .config_overrides([limit, "core.useReplaceRefs=false".to_owned()])
        .open_path_as_is(true)
        .filter_config_section(|_| true)
        .cli_overrides(ownership::on_command_line())
}
