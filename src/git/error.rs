//! Errors that keep a scan of a repository from starting, and the errors of git's reader in words.

use std::path::Path;

use crate::text::escape;

/// The error of git's reader.
pub use gix::Error as GitError;

/// Errors that keep a scan from starting.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No folder here.
    #[error("there is no folder '{path}'")]
    NoFolder {
        /// As given.
        path: String,
    },
    /// No repository here.
    #[error(
        "not a git repository (nor any folder above): '{path}'\nrun keysweep inside one, or use 'keysweep files PATH' to scan files without git"
    )]
    NotARepository {
        /// Where it was looked for.
        path: String,
    },
    /// A work tree or submodule whose repository is not where its `.git` file says.
    #[error(
        "the repository of this work tree is not where '{pointer}' says: there is none at '{target}'\n\
         if that repository was moved, run 'git worktree repair' where it is now; in a container, mount it at the same path as \
         outside; 'git submodule update --init' restores a submodule"
    )]
    Dangling {
        /// The file.
        pointer: String,
        /// The folder it names.
        target: String,
    },
    /// A repository of a format that git does not read.
    #[error(
        "'{config}' asks for {what}\n\
         git does not read such a repository, and neither does keysweep: nothing was scanned. A newer keysweep may support it; if it is a mistake, remove it from that file"
    )]
    Format {
        /// The file that says so.
        config: String,
        /// The feature that it asks for.
        what: String,
    },
    /// Owned by somebody else, as git's safe.directory sees it.
    #[error(
        "the repository at '{path}' has dubious ownership: it belongs to another user, so git and keysweep do not read it\n\
         if you trust it: git config --global --add safe.directory '{}'",
        path.replace('\'', r"'\''")
    )]
    DubiousOwnership {
        /// Its whole path, as `safe.directory` has it.
        path: String,
    },
    /// There is a repository, but something it needs cannot be read.
    #[error("cannot read {what}: {cause}\nrun 'git fsck' for details; nothing was scanned")]
    Broken {
        /// The part.
        what: String,
        /// The error of git's reader.
        cause: String,
    },
    /// A path that is named and lies elsewhere.
    #[error(
        "'{path}' is outside of the work tree; nothing was scanned: 'keysweep files' reads files wherever they are"
    )]
    Outside {
        /// The path.
        path: String,
    },
    /// Hooks lie nowhere that they could be put.
    #[error("core.hooksPath {what}; 'git config --unset-all core.hooksPath' makes git use the hooks of the repository")]
    HooksPath {
        /// The flaw.
        what: &'static str,
    },
    /// A revision that does not resolve.
    #[error("cannot resolve '{text}': {cause}\n{remedy}")]
    Revision {
        /// As given.
        text: String,
        /// The error of git's reader.
        cause: String,
        /// The action to take.
        remedy: String,
    },
    /// Revisions that do not say where a range starts.
    #[error(
        "'{text}' is not a range: write BASE..HEAD with two dots, such as origin/main..HEAD\n\
         other ranges of git rev-list work too (A...B, ^A B, A^!), if they have a start; \
         'keysweep history' scans all commits"
    )]
    NoRange {
        /// As given.
        text: String,
    },
    /// Standard input of a hook that is not what git writes there.
    #[error("'{line}' is not a line that git gives to a {hook} hook: {form}")]
    Update {
        /// The line.
        line: String,
        /// The hook.
        hook: &'static str,
        /// The form that git writes.
        form: &'static str,
    },
}

/// Why opening the repository that `directory` lies in failed.
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

/// The whole chain of an error of git's reader, on one line.
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
