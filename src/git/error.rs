//! Errors that keep a scan of a repository from starting, and the text for errors of git's reader.

use std::path::Path;

use crate::text::escape;

/// An error of git's reader.
pub use gix::Error as GitError;

/// Errors that keep a scan from starting.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is no folder at the path.
    #[error("there is no folder '{path}'")]
    NoFolder {
        /// The path as given.
        path: String,
    },
    /// There is no repository at the path.
    #[error(
        "not a git repository (nor any folder above): '{path}'\nrun keysweep inside one, or use 'keysweep files PATH' to scan files without git"
    )]
    NotARepository {
        /// The path at which it was searched for.
        path: String,
    },
    /// A folder that looks like a repository and isn't one, inside another repository.
    #[error(
        "not a git repository: '{path}' looks like one, but git does not recognise it, and would read the repository around it, \
         '{around}', instead\nrestore what is missing, such as its HEAD; nothing was scanned"
    )]
    Overlooked {
        /// The folder that looks like a repository.
        path: String,
        /// The repository around it.
        around: String,
    },
    /// A folder inside a repository, where the repository itself is expected.
    #[error(
        "not a git repository: '{path}' is a folder inside the repository '{around}'\nname that one instead; nothing was scanned"
    )]
    Within {
        /// The folder.
        path: String,
        /// The repository around it.
        around: String,
    },
    /// A work tree or submodule whose repository is not where its `.git` file says.
    #[error(
        "the repository of this work tree is not where '{pointer}' says: there is none at '{target}'\n\
         if that repository was moved, run 'git worktree repair' where it is now; in a container, mount it at the same path as \
         outside; 'git submodule update --init' restores a submodule"
    )]
    Dangling {
        /// The `.git` file.
        pointer: String,
        /// The folder that the file names.
        target: String,
    },
    /// A repository in a format that git doesn't read.
    #[error(
        "'{config}' asks for {what}\n\
         git does not read such a repository, and neither does keysweep: nothing was scanned. A newer keysweep may support it; if it is a mistake, remove it from that file"
    )]
    Format {
        /// The configuration file that declares the format.
        config: String,
        /// The feature that the file asks for.
        what: String,
    },
    /// The repository belongs to another user and `safe.directory` doesn't allow it.
    #[error(
        "the repository at '{path}' has dubious ownership: it belongs to another user, so git and keysweep do not read it\n\
         if you trust it: git config --global --add safe.directory '{}'",
        path.replace('\'', r"'\''")
    )]
    DubiousOwnership {
        /// The absolute path, as `safe.directory` needs it.
        path: String,
    },
    /// There is a repository, but something that it needs can't be read.
    #[error("cannot read {what}: {cause}\nrun 'git fsck' for details; nothing was scanned")]
    Broken {
        /// The part that can't be read.
        what: String,
        /// The error of git's reader.
        cause: String,
    },
    /// A path that was named but is outside the work tree.
    #[error(
        "'{path}' is outside of the work tree; nothing was scanned: 'keysweep files' reads files wherever they are"
    )]
    Outside {
        /// The path.
        path: String,
    },
    /// `core.hooksPath` doesn't name a folder that hooks can be put in.
    #[error("core.hooksPath {what}; 'git config --unset-all core.hooksPath' makes git use the hooks of the repository")]
    HooksPath {
        /// The flaw of its value.
        what: &'static str,
    },
    /// A revision that can't be resolved.
    #[error("cannot resolve '{text}': {cause}\n{remedy}")]
    Revision {
        /// The revision as given.
        text: String,
        /// The error of git's reader.
        cause: String,
        /// The action that the user can take.
        remedy: String,
    },
    /// Revisions that don't say where a range starts.
    #[error(
        "'{text}' is not a range: write BASE..HEAD with two dots, such as origin/main..HEAD\n\
         other ranges of git rev-list work too (A...B, ^A B, A^!), if they have a start; \
         'keysweep history' scans all commits"
    )]
    NoRange {
        /// The revisions as given.
        text: String,
    },
    /// The standard input of a hook isn't in the form that git writes.
    #[error("'{line}' is not a line that git gives to a {hook} hook: {form}")]
    Update {
        /// The line that was read.
        line: String,
        /// The hook's name.
        hook: &'static str,
        /// The form that git writes.
        form: &'static str,
    },
}

/// Returns the reason why the repository that contains `directory` could not be opened.
pub(super) fn classify(directory: &Path, error: &GitError) -> SourceError {
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

/// Returns the whole chain of an error of git's reader, on one line.
pub fn error_text(error: &GitError) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in error.iter_errors() {
        let text = part.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
    }
    escape(parts.join(": ").as_bytes())
}
