//! `[[allow]]` in the configuration: the findings that are accepted, why, and for how long.

use bstr::ByteSlice as _;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::finding::{ContentKind, Finding, Occurrence};

/// The most bytes of a compiled expression.
const MAX_EXPRESSION: usize = 1 << 20;

/// An entry as written in the configuration. All of its conditions have to match.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDef {
    /// The id of a finding: one secret, wherever it appears.
    pub id: Option<String>,
    /// The files and folders, written as in a line of `.gitignore`.
    pub path: Option<String>,
    /// A regular expression that matches the whole value.
    pub value: Option<String>,
    /// The id of the rule.
    pub rule: Option<String>,
    /// The reason why the findings are accepted.
    pub reason: String,
    /// The last day on which the entry is valid, `2027-01-31`.
    pub expires: Option<String>,
}

/// An entry, ready for matching.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The entry as written.
    pub def: EntryDef,
    /// Its line in the configuration; `None` for an entry from the command line.
    pub line: Option<usize>,
    path: Option<Gitignore>,
    value: Option<Regex>,
}

impl Entry {
    /// Creates an entry after checking it.
    ///
    /// # Errors
    /// Returns an error message if the entry has no condition, or one that is invalid.
    pub fn new(def: EntryDef, line: usize) -> Result<Self, String> {
        Self::checked(def, Some(line))
    }

    /// Creates the entry for an exclusion given on the command line.
    ///
    /// # Errors
    /// Returns an error message if the pattern is invalid.
    pub fn excluding(pattern: &str) -> Result<Self, String> {
        let path = Some(pattern.to_owned());
        let def =
            EntryDef { id: None, path, value: None, rule: None, reason: format!("--exclude {pattern}"), expires: None };
        Self::checked(def, None)
    }

    fn checked(def: EntryDef, line: Option<usize>) -> Result<Self, String> {
        if def.id.is_none() && def.path.is_none() && def.value.is_none() {
            return Err("an entry of 'allow' needs an id, a path or a value, or it would allow everything".to_owned());
        }
        if def.reason.trim().is_empty() {
            return Err("an entry of 'allow' needs a reason".to_owned());
        }
        if let Some(day) = def.expires.as_deref().filter(|day| !is_day(day)) {
            return Err(format!("'expires' is a day such as \"2027-01-31\", not \"{day}\""));
        }
        let path = def.path.as_deref().map(glob).transpose()?;
        let value = def.value.as_deref().map(expression).transpose()?;
        Ok(Self { def, line, path, value })
    }

    /// Returns `true` if the entry matches this place of a finding, whatever the day.
    pub fn is_about(&self, finding: &Finding, occurrence: &Occurrence) -> bool {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        fits(&self.def.id, finding.id.as_str())
            && fits(&self.def.rule, &finding.rule)
            && self.value.as_ref().is_none_or(|value| value.is_match(finding.secret.reveal()))
            && self.path.as_ref().is_none_or(|path| is_below(path, occurrence))
    }

    /// Returns `true` if the entry has expired on a day, `2026-01-31`.
    pub fn is_over(&self, today: &str) -> bool {
        self.def.expires.as_deref().is_some_and(|last| last < today)
    }
}

fn is_below(path: &Gitignore, occurrence: &Occurrence) -> bool {
    use ContentKind::{ArchiveMember, File, FileName, Symlink};
    let is_file = matches!(occurrence.kind, File | ArchiveMember | FileName | Symlink);
    // The glob is for paths from the root of a repository; for other paths, the folder they start from is treated as
    // the root.
    let name = occurrence.path.strip_prefix(b"./").unwrap_or(&occurrence.path).trim_start_with(|c| c == '/');
    is_file && name.to_path().is_ok_and(|name| path.matched_path_or_any_parents(name, false).is_ignore())
}

fn glob(pattern: &str) -> Result<Gitignore, String> {
    if pattern.starts_with(['!', '#']) || pattern.trim_matches(['*', '/', ' ', '.']).is_empty() {
        return Err(format!("\"{pattern}\" names no file and no folder"));
    }
    let mut builder = GitignoreBuilder::new("");
    builder.add_line(None, pattern).map_err(|error| format!("\"{pattern}\" is not a valid path: {error}"))?;
    builder.build().map_err(|error| format!("\"{pattern}\" is not a valid path: {error}"))
}

fn expression(text: &str) -> Result<Regex, String> {
    let whole = format!(r"\A(?s-u:{text})\z");
    let built = RegexBuilder::new(&whole).unicode(false).size_limit(MAX_EXPRESSION).build();
    let value = built.map_err(|error| format!("'value' is not a regular expression: {error}"))?;
    if value.is_match(b"") { Err("'value' would match anything, or nothing at all".to_owned()) } else { Ok(value) }
}

fn is_day(text: &str) -> bool {
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<u32>().ok());
    let has_form = text.len() == 10 && text.bytes().enumerate().all(|(at, b)| (at == 4 || at == 7) == (b == b'-'));
    has_form && matches!((part(5..7), part(8..10)), (Some(1..=12), Some(1..=31))) && part(0..4).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn def() -> EntryDef {
        let reason = "a sample".to_owned();
        EntryDef { id: None, path: None, value: None, rule: None, reason, expires: None }
    }

    fn path(pattern: &str) -> EntryDef {
        EntryDef { path: Some(pattern.to_owned()), ..def() }
    }

    #[test]
    fn an_entry_that_would_allow_everything_is_refused() {
        for def in [def(), path("**"), path("/"), path("*"), path("!x"), path("./")] {
            assert!(Entry::new(def.clone(), 1).is_err(), "{def:?}");
        }
        let value = |text: &str| Entry::new(EntryDef { value: Some(text.to_owned()), ..def() }, 1);
        assert!(value(".*").is_err() && value("(").is_err());
        assert!(value("test_.*").is_ok());
        assert!(Entry::new(EntryDef { reason: " ".to_owned(), ..path("tests") }, 1).is_err());
    }

    #[test]
    fn expiry_days_are_compared() {
        let until = |day: &str| Entry::new(EntryDef { expires: Some(day.to_owned()), ..path("tests") }, 1);
        let entry = until("2026-02-28").unwrap();
        assert!(!entry.is_over("2026-02-28") && entry.is_over("2026-03-01") && !entry.is_over("2025-12-31"));
        for day in ["2026-13-01", "2026-1-1", "tomorrow", "2026-01-32", "20260101"] {
            assert!(until(day).is_err(), "{day}");
        }
    }

    #[test]
    fn a_value_has_to_match_as_a_whole() {
        let regex = expression("sample|test_[a-z]+").unwrap();
        assert!(regex.is_match(b"sample") && regex.is_match(b"test_abc"));
        assert!(!regex.is_match(b"test_abc9") && !regex.is_match(b"no sample"));
        assert!(expression("..").unwrap().is_match(b"\xff\n"), "any bytes");
    }
}
