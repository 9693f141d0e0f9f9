//! `.keysweep.toml`: strict keys, and errors that name the file, the line and the remedy.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::rule::{Confidence, Severity};
use crate::text::escape;

/// The name looked for at the root of a repository.
pub const NAME: &str = ".keysweep.toml";

/// The file's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigFile {
    /// Threshold.
    pub min_severity: Option<Severity>,
    /// Threshold.
    pub min_confidence: Option<Confidence>,
    /// Ids of rules that are not to run.
    #[serde(default)]
    pub disable: Vec<String>,
    /// Bounds of a scan.
    #[serde(default)]
    pub limits: Limits,
}

/// `[limits]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Larger files become gaps.
    pub max_file_size: Option<u64>,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is there but cannot be read.
    #[error("cannot read the configuration '{}': {cause}", escape(path.as_os_str().as_encoded_bytes()))]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// It does not say what it should.
    #[error("the configuration '{}', line {line}: {message}\nnothing was scanned: fix or remove that line", escape(path.as_os_str().as_encoded_bytes()))]
    Invalid {
        /// Its path.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

impl ConfigFile {
    /// Reads `explicit`, which must exist, or else the file at the root, if there is one.
    ///
    /// # Errors
    /// When it cannot be read or holds anything unknown.
    pub fn load(explicit: Option<&Path>, root: Option<&Path>) -> Result<Self, ConfigError> {
        let found = root.map(|root| root.join(NAME)).filter(|path| path.exists());
        let Some(path) = explicit.map(Path::to_owned).or(found) else { return Ok(Self::default()) };
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path),
            Err(cause) => Err(ConfigError::Unreadable { path, cause }),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let message = escape(error.message().as_bytes());
            ConfigError::Invalid { path: path.to_owned(), line, message }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, ConfigError> {
        ConfigFile::parse(text, Path::new(NAME))
    }

    #[test]
    fn a_mark_and_windows_line_ends_are_fine() {
        let config = parse("\u{feff}min_severity = \"high\"\r\n[limits]\r\nmax_file_size = 5\r\n").unwrap();
        assert_eq!(config.min_severity, Some(Severity::High));
        assert_eq!(config.limits.max_file_size, Some(5));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let error = parse("disable = []\nmin_sevrity = \"high\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("min_sevrity") && error.contains(NAME), "{error}");
    }
}
