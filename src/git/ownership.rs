//! The owner of a repository: like git, we read one that belongs to another user only if `safe.directory` allows it.
//!
//! A repository's own configuration doesn't count: the setting is taken from the system's and the user's
//! configuration, and from the command line and environment, which is also how `git -c` passes it on to hooks.

use std::path::{Path, PathBuf};

use bstr::{BStr, BString, ByteSlice as _, ByteVec as _};

use super::SourceError;
use super::layout::interpolation;
use crate::text::escape;

/// The place where a repository was found.
pub(super) use gix::discover::repository::Path as Found;

const KEY: &str = "safe.directory";
/// The variable in which git passes on the arguments of `git -c` to the programs that it starts.
const PARAMETERS: &str = "GIT_CONFIG_PARAMETERS";

/// Returns the values of the setting on git's command line, each with its key, in order.
pub(super) fn on_command_line() -> Vec<BString> {
    let all = std::env::var_os(PARAMETERS).map(|all| Vec::from_os_string(all).unwrap_or_default());
    // git itself stops if it can't parse these, so in that case none of them counts.
    let all = all.and_then(|all| parameters(&all)).unwrap_or_default();
    let wanted = all.into_iter().filter(|(key, _)| key.eq_ignore_ascii_case(KEY.as_bytes()));
    wanted.map(|(_, value)| BString::from([KEY.as_bytes(), b"=", &value].concat())).collect()
}

/// Refuses a repository that belongs to another user.
///
/// # Errors
/// Fails if the repository belongs to another user and isn't marked safe.
pub(super) fn check(found: &Found, local: &gix::Repository) -> Result<(), SourceError> {
    let named = place(found);
    let links_on = matches!(found, Found::LinkedWorkTree { .. }).then(|| named.join(".git"));
    if links_on.into_iter().chain([named.to_owned(), git_dir(found)]).all(|path| is_own(&path)) {
        return Ok(());
    }
    let whole = named.canonicalize();
    if whole.as_ref().is_ok_and(|whole| is_safe(whole, &values(local))) {
        return Ok(());
    }
    let path = whole.unwrap_or_else(|_| named.to_owned());
    Err(SourceError::DubiousOwnership { path: escape(path.as_os_str().as_encoded_bytes()) })
}

/// Returns the folder that a repository was found in: its work tree, or the repository itself.
pub(super) fn place(found: &Found) -> &Path {
    match found {
        Found::WorkTree(place) | Found::LinkedWorkTree { work_dir: place, .. } | Found::Repository(place) => place,
    }
}

/// Returns the repository's git directory.
pub(super) fn git_dir(found: &Found) -> PathBuf {
    match found {
        Found::WorkTree(root) => root.join(".git"),
        Found::LinkedWorkTree { git_dir, .. } | Found::Repository(git_dir) => git_dir.clone(),
    }
}

/// Returns all values of the setting that count, in git's order.
fn values(local: &gix::Repository) -> Vec<BString> {
    use gix::config::{Source, source::Kind};
    let counts = |meta: &gix::config::file::Metadata| {
        matches!(meta.source.kind(), Kind::System | Kind::Global) || matches!(meta.source, Source::Env | Source::Cli)
    };
    local.config_snapshot().plumbing().strings_filter(KEY, counts).unwrap_or_default()
}

/// Returns `true` if the values mark a folder as safe; an empty value revokes all before it.
fn is_safe(whole: &Path, values: &[BString]) -> bool {
    values
        .iter()
        .fold(false, |safe, value| !value.is_empty() && (safe || value == "*" || covers(value.as_ref(), whole)))
}

/// Returns `true` if a value names the folder, or, with `/*` at its end, one that contains the folder.
fn covers(value: &BStr, whole: &Path) -> bool {
    let home = std::env::home_dir();
    let Ok(path) = gix::config::Path::from(value).interpolate(interpolation(home.as_deref())) else { return false };
    // No other relative path has a meaning: there is no folder that it could start from.
    if path.is_relative() && path != Path::new(".") {
        return false;
    }
    match path.as_os_str().as_encoded_bytes().strip_suffix(b"/*") {
        Some(b"") => true,
        Some(parent) => {
            let parent = parent.to_path().ok().and_then(|parent| parent.canonicalize().ok());
            parent.is_some_and(|parent| whole != parent && whole.starts_with(parent))
        }
        None => path.canonicalize().is_ok_and(|path| path == whole),
    }
}

/// Returns `true` if a file or folder belongs to the current user, or to the user who became root with `sudo`.
fn is_own(path: &Path) -> bool {
    gix::sec::identity::is_path_owned_by_current_user(path).unwrap_or(false) && !is_only_claimed(path)
}

/// Returns `true` if only `SUDO_UID` makes the file count as the user's own; git considers it only when it runs as
/// root.
#[cfg(unix)]
fn is_only_claimed(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    use crate::fs::scratch::Scratch;

    let owner = |path: &Path| path.symlink_metadata().ok().map(|meta| meta.uid());
    let claimed = std::env::var("SUDO_UID").ok().and_then(|id| id.parse::<u32>().ok());
    if claimed.is_none() || claimed != owner(path) {
        return false;
    }
    // A newly made folder belongs to the current user, so it shows their id.
    let own = Scratch::new().ok().and_then(|made| owner(made.path()));
    own != Some(0) && own != claimed
}

#[cfg(not(unix))]
fn is_only_claimed(_: &Path) -> bool {
    false
}

/// Parses the parameters that `git -c` passes on: `'key'='value'`, or `'key=value'` as older versions wrote it; `None`
/// if they have neither form.
fn parameters(all: &[u8]) -> Option<Vec<(BString, BString)>> {
    let mut found = Vec::new();
    let mut rest = all.trim_start();
    while !rest.is_empty() {
        let (key, after) = word(rest)?;
        let (key, value, after) = match after.strip_prefix(b"=") {
            Some(after) if after.first().is_none_or(u8::is_ascii_whitespace) => (key, BString::default(), after),
            Some(after) => {
                let (value, after) = word(after)?;
                (key, value, after)
            }
            None => match key.split_once_str("=") {
                Some((name, value)) => (name.trim().into(), value.into(), after),
                None => (key, BString::default(), after),
            },
        };
        if after.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
            return None;
        }
        found.push((key, value));
        rest = after.trim_start();
    }
    Some(found)
}

/// Splits off the word in single quotes that a text starts with. A quote or an exclamation mark in the word is outside
/// of the quotes, after a backslash.
fn word(text: &[u8]) -> Option<(BString, &[u8])> {
    let mut word = BString::default();
    let mut rest = text.strip_prefix(b"'")?;
    loop {
        let end = rest.find_byte(b'\'')?;
        word.extend_from_slice(&rest[..end]);
        match &rest[end + 1..] {
            [b'\\', byte @ (b'\'' | b'!'), b'\'', after @ ..] => {
                word.push(*byte);
                rest = after;
            }
            after => return Some((word, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn safe(whole: &Path, values: &[&str]) -> bool {
        is_safe(whole, &values.iter().map(|value| BString::from(*value)).collect::<Vec<_>>())
    }

    #[test]
    fn config_parameters_passed_on_by_git_are_parsed() {
        let parsed = |text: &str| {
            let found = parameters(text.as_bytes())?;
            Some(found.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>())
        };
        for (text, expected) in [
            ("", Some(vec![])),
            ("'safe.directory'='*'", Some(vec!["safe.directory=*"])),
            ("'a.b=c d'  'e.f'='it'\\''s'", Some(vec!["a.b=c d", "e.f=it's"])),
            ("'a.b'= 'c.d'", Some(vec!["a.b=", "c.d="])),
            ("'a.b'='c'\\!'d'", Some(vec!["a.b=c!d"])),
            ("a.b=c", None),
            ("'a.b'=c", None),
            ("'a.b'='c'x", None),
            ("'a.b", None),
        ] {
            assert_eq!(parsed(text), expected.map(|all| all.into_iter().map(str::to_owned).collect()), "{text}");
        }
    }

    #[test]
    fn folders_are_safe_by_name_by_parent_or_by_wildcard() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let repo = root.join("sub").join("repo");
        std::fs::create_dir_all(&repo).unwrap();
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let (own, below, twice, beside) = (
            text(repo.clone()),
            format!("{}/*", text(root.clone())),
            format!("{}/*", text(root.join("sub"))),
            format!("{}*", text(root.join("sub").join("re"))),
        );
        for (values, expected) in [
            (&[][..], false),
            (&[own.as_str()], true),
            (&["*"], true),
            (&["/*"], true),
            (&[below.as_str()], true),
            (&[twice.as_str()], true),
            (&[beside.as_str()], false),
            (&[format!("{own}/*").as_str()], false),
            (&["repo"], false),
            (&["sub/*"], false),
            (&["*", ""], false),
            (&["", "*"], true),
            (&[own.as_str(), "", "/elsewhere"], false),
        ] {
            assert_eq!(safe(&repo, values), expected, "{values:?}");
        }
        assert!(safe(&std::env::current_dir().unwrap().canonicalize().unwrap(), &["."]));
        assert!(!safe(&repo, &["."]), "a dot is where the command runs");
    }
}
