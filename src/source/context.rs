//! The context of `docker build`: the files in a folder that `.dockerignore` doesn't exclude, and those of them that
//! the Dockerfile copies into the image.

use std::io;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice as _};

use super::{Content, Item, Listing};
use crate::finding::{ContentKind, Gap, GapKind, Names, Note};
use crate::fs::bounded::{self, Kind, Links, Refused};
use crate::image::compose::{self, Compose};
use crate::image::dockerfile::{self, Instruction};
use crate::image::dockerignore::DockerIgnore;

/// A build context and the files that describe the build.
#[derive(Debug)]
pub struct BuildContext {
    /// The files that the build would send.
    pub listing: Listing,
    /// The instructions of the Dockerfile; `None` if there is no Dockerfile.
    pub instructions: Option<Vec<Instruction>>,
    /// The name of the Dockerfile in the listing.
    pub dockerfile: BString,
    /// The compose files in the folder.
    pub compose: Vec<ComposeFile>,
    /// The path of the ignore file in force, or of the one to create.
    pub ignore_file: PathBuf,
}

/// A compose file, with its parsed content.
#[derive(Debug)]
pub struct ComposeFile {
    /// The file's name in the listing.
    pub name: BString,
    /// The values and builds in it.
    pub content: Compose,
    /// `true` if the file is among those sent.
    pub is_sent: bool,
}

/// Lists the files that a build of this folder would send. `dockerfile` is the Dockerfile if it isn't the one in the
/// folder.
///
/// # Errors
/// Fails if an ignore file can't be followed, because it is then unknown which files would be sent.
pub fn list(folder: &Path, dockerfile: Option<&Path>) -> anyhow::Result<BuildContext> {
    let own = folder.join("Dockerfile");
    let dockerfile = dockerfile.unwrap_or(&own);
    let text = match bounded::read(dockerfile, bounded::MAX_SIZE, Links::Followed) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(_) if !dockerfile.exists() && dockerfile == own => None,
        Err(why) => anyhow::bail!("'{}' could not be read: {why}", dockerfile.display()),
    };
    let (ignore_file, rules) = rules(folder, dockerfile)?;
    let mut walk = Walk {
        folder,
        rules,
        always: Vec::new(),
        listing: Listing::default(),
        left_out: Names::default(),
        repositories: Vec::new(),
    };
    let always: Vec<PathBuf> = [Some(dockerfile.to_owned()), ignore_file.clone()].into_iter().flatten().collect();
    walk.always = always.iter().map(|path| walk.name(path)).collect();
    walk.folder(folder);
    always.iter().for_each(|path| walk.always(path));
    let compose = walk.compose();
    let name = walk.name(dockerfile);
    let Walk { mut listing, left_out, repositories, .. } = walk;
    if !repositories.is_empty() {
        let why = "it would be sent with its whole history, which was not read here: add '.git' to .dockerignore, and run 'keysweep history' to scan it";
        let gap = |what: BString| Gap { what, kind: GapKind::Unreadable, why: why.to_owned() };
        listing.gaps.extend(repositories.into_iter().map(gap));
    }
    listing.notes.extend(other_builds(&compose, dockerfile.strip_prefix(folder).unwrap_or(dockerfile)));
    if left_out.count() > 0 {
        let file = ignore_file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
        let text = format!("not sent and not read, because {file} leaves it out, {}: {left_out}", left_out.count());
        listing.notes.push(Note(text));
    }
    listing.items.sort_by(|a, b| a.path.cmp(&b.path));
    let ignore_file = ignore_file.unwrap_or_else(|| folder.join(".dockerignore"));
    let instructions = text.as_deref().map(dockerfile::instructions);
    Ok(BuildContext { listing, instructions, dockerfile: name, compose, ignore_file })
}

/// Returns a note on compose's other builds: those of other folders, or with another Dockerfile.
fn other_builds(files: &[ComposeFile], dockerfile: &Path) -> Option<Note> {
    let mut others = Names::default();
    for (folder, file) in files.iter().flat_map(|file| &file.content.builds) {
        let is_here = matches!(folder.trim_start_matches("./"), "" | ".");
        let is_this = Path::new(file.as_deref().unwrap_or("Dockerfile")) == dockerfile;
        if !is_here || !is_this {
            let file = file.as_ref().map(|file| format!(" with {file}")).unwrap_or_default();
            others.add(format!("{folder}{file}").into());
        }
    }
    let text = "compose builds other contexts as well, which were not read here (run 'keysweep context' on each)";
    (others.count() > 0).then(|| Note(format!("{text}, {}: {others}", others.count())))
}

/// Returns the ignore file in force and its rules: the Dockerfile's own ignore file takes precedence, and the two
/// aren't merged.
fn rules(folder: &Path, dockerfile: &Path) -> anyhow::Result<(Option<PathBuf>, DockerIgnore)> {
    let mut own = dockerfile.as_os_str().to_owned();
    own.push(".dockerignore");
    for file in [PathBuf::from(own), folder.join(".dockerignore")] {
        if file.symlink_metadata().is_err() {
            continue;
        }
        let bytes = bounded::read(&file, bounded::MAX_SIZE, Links::Followed)
            .map_err(|why| anyhow::anyhow!("'{}' could not be read: {why}", file.display()))?;
        let rules = DockerIgnore::parse(&String::from_utf8_lossy(&bytes))
            .map_err(|bad| anyhow::anyhow!("'{}', {bad}", file.display()))?;
        return Ok((Some(file), rules));
    }
    Ok((None, DockerIgnore::default()))
}

struct Walk<'w> {
    folder: &'w Path,
    rules: DockerIgnore,
    /// The files that a builder gets even if they are excluded.
    always: Vec<BString>,
    listing: Listing,
    left_out: Names,
    repositories: Vec<BString>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) {
        let entries = std::fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.gap(folder, Refused::Io(error).to_string()),
        };
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) => self.entry(&path, kind),
                Err(error) => self.gap(&path, Refused::Io(error).to_string()),
            }
        }
    }

    fn entry(&mut self, path: &Path, kind: std::fs::FileType) {
        let name = self.name(path);
        let is_left_out = self.rules.leaves_out(&name.to_str_lossy());
        if kind.is_dir() {
            if !is_left_out && path.file_name().is_some_and(|own| own == ".git") {
                return self.repositories.push(name);
            }
            return self.subfolder(path, name, is_left_out);
        }
        if is_left_out {
            // A compose file is read even if it is excluded.
            let is_compose = compose::names().any(|compose| name == compose.as_bytes());
            if !is_compose && !self.always.contains(&name) {
                self.left_out.add(name);
            }
            return;
        }
        if kind.is_symlink() {
            let target = std::fs::read_link(path).unwrap_or_default();
            let target = Content::Bytes(target.as_os_str().as_encoded_bytes().to_vec());
            return self.listing.items.push(Item {
                kind: ContentKind::Symlink,
                path: name,
                content: target,
                commit: None,
            });
        }
        // A build doesn't send pipes, devices or sockets.
        if bounded::kind(kind) == Kind::File {
            self.file(path);
        }
    }

    /// Goes through a folder. A later line of the ignore file may include files again that are below an excluded folder;
    /// a note names the folder alone if none is.
    fn subfolder(&mut self, path: &Path, mut name: BString, is_left_out: bool) {
        let read = |walk: &Self| walk.listing.items.len() + walk.listing.gaps.len() + walk.repositories.len();
        let before = read(self);
        let others = std::mem::take(&mut self.left_out);
        self.folder(path);
        let below = std::mem::replace(&mut self.left_out, others);
        if is_left_out && below.count() > 0 && read(self) == before {
            name.push(b'/');
            self.left_out.add(name);
        } else {
            self.left_out.absorb(below);
        }
    }

    fn file(&mut self, path: &Path) {
        let name = self.name(path);
        let item = |kind, content| Item { kind, path: name.clone(), content, commit: None };
        self.listing.items.push(item(ContentKind::File, Content::File(path.to_owned())));
        self.listing.items.push(item(ContentKind::FileName, Content::Name));
    }

    /// Adds a file that a build reads even if it is excluded.
    fn always(&mut self, path: &Path) {
        let name = self.name(path);
        if path.is_file() && !self.listing.items.iter().any(|item| item.path == name) {
            self.file(path);
        }
    }

    /// Reads the compose files in the folder: they say what a build and its containers get, even if they are excluded
    /// themselves.
    fn compose(&mut self) -> Vec<ComposeFile> {
        let paths: Vec<PathBuf> =
            compose::names().map(|name| self.folder.join(name)).filter(|path| path.is_file()).collect();
        let mut files = Vec::new();
        for path in paths {
            let name = self.name(&path);
            let is_sent = self.listing.items.iter().any(|item| item.path == name);
            self.always(&path);
            match bounded::read(&path, bounded::MAX_SIZE, Links::Followed) {
                Ok(text) => {
                    let content = compose::parse(&String::from_utf8_lossy(&text));
                    files.push(ComposeFile { name, content, is_sent });
                }
                Err(why) => self.gap(&path, format!("the services in it are not known: {why}")),
            }
        }
        files
    }

    fn name(&self, path: &Path) -> BString {
        path.strip_prefix(self.folder).unwrap_or(path).as_os_str().as_encoded_bytes().into()
    }

    fn gap(&mut self, path: &Path, why: String) {
        let what = self.name(path);
        self.listing.gaps.push(Gap { what, kind: GapKind::Unreadable, why });
    }
}
