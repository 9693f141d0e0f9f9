//! A short-lived repository in which a text is staged, committed, and used as a commit message: something for a hook to
//! block without touching any other repository.

use std::io;
use std::path::{Path, PathBuf};

use bstr::BString;
use gix::hash::Kind as Hash;
use gix::index::entry::{Flags, Mode, Stat};
use gix::objs::Write as _;

use super::ObjectId;
use super::error::error_text;
use super::object::Kind;
use crate::fs::scratch::Scratch;

/// A temporary repository that contains the text.
#[derive(Debug)]
pub struct Canary {
    folder: Scratch,
    name: String,
    commit: ObjectId,
}

impl Canary {
    /// Makes the repository, with the text in a file of this name.
    ///
    /// # Errors
    /// Fails if temporary files can't be written.
    pub fn new(name: &str, text: &str) -> io::Result<Self> {
        let folder = Scratch::new()?;
        let git = folder.path().join("git");
        for below in ["objects", "refs"] {
            std::fs::create_dir_all(git.join(below))?;
        }
        std::fs::write(git.join("HEAD"), "ref: refs/heads/canary\n")?;
        std::fs::write(git.join("config"), "[core]\n\trepositoryformatversion = 0\n\tbare = false\n")?;
        std::fs::write(folder.path().join(name), text)?;
        let objects = gix::odb::loose::Store::at(git.join("objects"), Hash::Sha1);
        let write = |kind, bytes: &[u8]| objects.write_buf(kind, bytes).map_err(|error| failed(&error));
        let blob = write(Kind::Blob, text.as_bytes())?;
        let tree = write(Kind::Tree, &[format!("100644 {name}\0").as_bytes(), blob.as_bytes()].concat())?;
        let who = "keysweep <keysweep@localhost> 0 +0000";
        let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\na canary\n");
        let commit = write(Kind::Commit, commit.as_bytes())?;
        stage(&git.join("index"), name, blob)?;
        Ok(Self { folder, name: name.to_owned(), commit })
    }

    /// Returns the folder that holds the repository and its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the repository's git directory.
    pub fn git_dir(&self) -> PathBuf {
        self.folder.path().join("git")
    }

    /// Returns the file that serves as a commit message.
    pub fn message(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Returns the input that a pre-push hook gets when the commit is pushed.
    pub fn sent(&self) -> String {
        format!("refs/heads/canary {} refs/heads/canary {}\n", self.commit, ObjectId::null(Hash::Sha1))
    }

    /// Returns the input that a pre-receive hook gets when the commit is pushed.
    pub fn received(&self) -> String {
        format!("{} {} refs/heads/canary\n", ObjectId::null(Hash::Sha1), self.commit)
    }
}

/// Writes an index with this file as its only entry.
fn stage(index: &Path, name: &str, blob: ObjectId) -> io::Result<()> {
    let mut state = gix::index::State::new(Hash::Sha1);
    state.dangerously_push_entry(Stat::default(), blob, Flags::empty(), Mode::FILE, BString::from(name).as_ref());
    let mut file = gix::index::File::from_state(state, index);
    file.write(gix::index::write::Options::default()).map_err(|error| failed(&error))
}

fn failed(error: &gix::Error) -> io::Error {
    io::Error::other(error_text(error))
}
