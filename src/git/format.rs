//! The format that a repository declares. As in git, a repository that names an unknown extension isn't read at all:
//! the extension may change the meaning of everything else in it.
//!
//! Format: git's `Documentation/technical/repository-version.adoc`.

use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::SourceError;
use crate::text::escape;

/// The newest version that is read.
const NEWEST: i64 = 1;
/// Extensions that apply in every version.
const ALWAYS: [&str; 4] = ["noop", "preciousobjects", "partialclone", "worktreeconfig"];
/// Extensions that belong to version 1 and are supported, or don't affect anything that is read: with ids in a second
/// format the commits and trees stay the same, and the folders of submodules are found by searching.
const NEWER: [&str; 6] =
    ["noop-v1", "objectformat", "compatobjectformat", "refstorage", "relativeworktrees", "submodulepathconfig"];

/// The way that refs are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refs {
    /// Refs are stored in files.
    Files,
    /// Refs are stored in reftables.
    Tables,
}

/// The format that a repository's own configuration declares.
#[derive(Debug, Default)]
struct Format {
    version: Option<i64>,
    /// The names of the extensions in lower case, with their values.
    extensions: Vec<(String, BString)>,
}

/// Returns how refs are stored.
///
/// # Errors
/// Fails if git would not read a repository of this format.
pub(super) fn check(local: &gix::Repository) -> Result<Refs, SourceError> {
    let config = local.config_snapshot();
    let own = |meta: &gix::config::file::Metadata| meta.source == gix::config::Source::Local && meta.level == 0;
    Format::of(config.plumbing(), own).check(&local.common_dir().join("config"))
}

/// Returns the reason why git's reader did not open the repository with this configuration, if the format is the
/// reason.
pub(super) fn refusal(config: &Path) -> Option<SourceError> {
    let read = gix::config::File::from_path_no_includes(config.to_owned(), gix::config::Source::Local).ok()?;
    Format::of(&read, |_| true).check(config).err()
}

impl Format {
    fn of(config: &gix::config::File, own: impl Fn(&gix::config::file::Metadata) -> bool) -> Self {
        let mut format = Self::default();
        for section in config.sections().filter(|section| own(section.meta())) {
            let header = section.header();
            let (name, below) = (header.name().to_str_lossy().to_ascii_lowercase(), header.subsection_name());
            for (key, value) in section.body() {
                let key = key.to_ascii_lowercase();
                match (name.as_str(), below) {
                    ("core", None) if key == "repositoryformatversion" => {
                        format.version = value.to_str_lossy().trim().parse().ok().or(Some(i64::MAX));
                    }
                    ("extensions", None) => format.extensions.push((key, value)),
                    ("extensions", Some(below)) => {
                        format.extensions.push((format!("{below}.{key}"), value));
                    }
                    _ => {}
                }
            }
        }
        format
    }

    fn check(&self, config: &Path) -> Result<Refs, SourceError> {
        let Some(version) = self.version else { return Ok(Refs::Files) };
        let refused =
            |what: String| SourceError::Format { config: escape(config.as_os_str().as_encoded_bytes()), what };
        if version > NEWEST {
            return Err(refused(format!("a version of the repository format newer than {NEWEST}")));
        }
        let mut refs = Refs::Files;
        for (name, value) in &self.extensions {
            let is_newer = NEWER.contains(&name.as_str());
            let is_known = is_newer || ALWAYS.contains(&name.as_str());
            let shown = || format!("extensions.{}", escape(name.as_bytes()));
            if version == 0 && is_newer {
                return Err(refused(format!("{}, which a repository of version 0 cannot have", shown())));
            }
            if version > 0 && !is_known {
                return Err(refused(format!("{}, an extension that is not known", shown())));
            }
            if name == "refstorage" {
                refs = match value.as_slice() {
                    b"files" => Refs::Files,
                    b"reftable" => Refs::Tables,
                    other => return Err(refused(format!("{} = {}, which is not known", shown(), escape(other)))),
                };
            }
        }
        Ok(refs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<Refs, String> {
        let config = gix::config::File::try_from(text).unwrap();
        Format::of(&config, |_| true).check(Path::new("config")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_format_is_read_as_git_reads_it() {
        let version = |version: u8, extension: &str| {
            checked(&format!("[core]\n\trepositoryformatversion = {version}\n[extensions]\n\t{extension}\n"))
        };
        for extension in ["noop = 1", "preciousObjects = true", "partialClone = origin", "worktreeConfig"] {
            assert_eq!(
                (version(0, extension), version(1, extension)),
                (Ok(Refs::Files), Ok(Refs::Files)),
                "{extension}"
            );
        }
        for extension in ["noop-v1 = 1", "objectFormat = sha1", "relativeWorktrees = true", "refStorage = files"] {
            assert_eq!(version(1, extension), Ok(Refs::Files), "{extension}");
            assert!(version(0, extension).is_err(), "{extension}");
        }
        assert_eq!(version(0, "anything = 1"), Ok(Refs::Files));
        assert!(version(1, "anything = 1").unwrap_err().contains("extensions.anything"));
        assert!(version(1, "refStorage = other").unwrap_err().contains("other"));
        assert!(version(2, "noop = 1").is_err());
        assert_eq!(version(1, "REFSTORAGE = reftable"), Ok(Refs::Tables));
        assert!(checked("[core]\n\trepositoryformatversion = 1\n[extensions \"a\"]\n\tnoop = 1\n").is_err());
        assert_eq!(checked("[extensions]\n\tanything = 1\n"), Ok(Refs::Files));
    }
}
