//! Findings that other tools were told to ignore: `.gitleaksignore`, a report of gitleaks used as a baseline, and a
//! baseline of detect-secrets; as far as keysweep finds the same ones.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER_PERMISSIVE;
use serde::Deserialize;
use sha1::{Digest as _, Sha1};

use crate::finding::{Finding, Occurrence, Secret};

/// A finding of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The path of the file.
    pub path: String,
    /// The line of the finding; 0 if it isn't given.
    pub line: usize,
    commit: Option<String>,
    value: Value,
}

/// The known properties of the value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Unknown,
    Clear(Secret),
    Sha1(Vec<u8>),
}

/// An entry in a report of gitleaks.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Leak {
    file: String,
    #[serde(default)]
    start_line: usize,
    #[serde(default)]
    commit: String,
    #[serde(default)]
    secret: String,
}

/// A baseline of detect-secrets.
#[derive(Debug, Deserialize)]
struct Results {
    results: BTreeMap<String, Vec<Potential>>,
}

#[derive(Debug, Deserialize)]
struct Potential {
    hashed_secret: String,
    #[serde(default)]
    line_number: usize,
}

/// Reads a file of another tool, which is recognised by its content.
///
/// # Errors
/// Returns an error message if the file isn't from a known tool.
pub fn parse(text: &str) -> Result<Vec<Foreign>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let broken = |tool: &str, error: &serde_json::Error| {
        format!("line {}: this is not a {tool}: its entries are malformed", error.line())
    };
    match text.trim_start().chars().next() {
        Some('[') => {
            let leaks: Vec<Leak> = serde_json::from_str(text).map_err(|error| broken("report of gitleaks", &error))?;
            Ok(leaks.into_iter().map(Foreign::of_leak).collect())
        }
        Some('{') => {
            let read: Result<Results, _> = serde_json::from_str(text);
            let all = read.map_err(|error| broken("baseline of detect-secrets", &error))?.results.into_iter();
            let each = |(path, list): (String, Vec<Potential>)| {
                list.into_iter().map(move |one| Foreign::of_potential(path.clone(), &one)).collect::<Vec<_>>()
            };
            Ok(all.flat_map(each).collect())
        }
        _ => {
            let lines = (1..).zip(text.lines().map(str::trim));
            let entries = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
            entries
                .map(|(number, line)| {
                    Foreign::of_fingerprint(line).ok_or(format!(
                        "line {number}: this is not a line '[COMMIT:]FILE:RULE:LINE' of a .gitleaksignore"
                    ))
                })
                .collect()
        }
    }
}

impl Foreign {
    fn of_leak(leak: Leak) -> Self {
        // A redacted value is unknown.
        let is_clear = !leak.secret.is_empty() && leak.secret != "REDACTED" && !leak.secret.ends_with("...");
        let value = if is_clear { Value::Clear(Secret::new(leak.secret)) } else { Value::Unknown };
        let commit = (!leak.commit.is_empty()).then_some(leak.commit);
        Self { path: leak.file, line: leak.start_line, commit, value }
    }

    fn of_potential(path: String, one: &Potential) -> Self {
        let sum = HEXLOWER_PERMISSIVE.decode(one.hashed_secret.as_bytes());
        Self { path, line: one.line_number, commit: None, value: sum.map_or(Value::Unknown, Value::Sha1) }
    }

    fn of_fingerprint(line: &str) -> Option<Self> {
        let (rest, number) = line.rsplit_once(':')?;
        let (rest, _rule) = rest.rsplit_once(':')?;
        let is_commit = |text: &str| text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let (commit, path) = match rest.split_once(':').filter(|(commit, _)| is_commit(commit)) {
            Some((commit, path)) => (Some(commit.to_owned()), path),
            None => (None, rest),
        };
        let line = number.parse().ok()?;
        (!path.is_empty()).then(|| Self { path: path.to_owned(), line, commit, value: Value::Unknown })
    }

    /// Returns `true` if a finding is the same one: by its value if that is known, or else by its place.
    pub fn is(&self, finding: &Finding) -> bool {
        let value = finding.secret.reveal();
        match &self.value {
            Value::Clear(secret) => secret.reveal() == value,
            Value::Sha1(sum) => Sha1::digest(value)[..] == sum[..],
            Value::Unknown => finding.occurrences.iter().any(|place| self.is_at(place)),
        }
    }

    /// Returns `true` if a finding is in the same file, at any position.
    pub fn is_in_file_of(&self, finding: &Finding) -> bool {
        finding.occurrences.iter().any(|place| place.path == self.path)
    }

    /// Returns `true` if the value is known, and not just its place.
    pub fn has_value(&self) -> bool {
        self.value != Value::Unknown
    }

    fn is_at(&self, place: &Occurrence) -> bool {
        let is_commit = self.commit.as_deref().is_none_or(|commit| place.commit.as_deref() == Some(commit));
        is_commit && place.path == self.path && place.start.line <= self.line && self.line <= place.end.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_split_from_the_right() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let read = parse(&format!("# why\n{id}:a:b/c.txt:some-rule:7\nd.txt:other:2\n")).unwrap();
        let places: Vec<_> = read.iter().map(|one| (one.commit.as_deref(), &*one.path, one.line)).collect();
        assert_eq!(places, [(Some(id), "a:b/c.txt", 7), (None, "d.txt", 2)]);
        assert!(parse("d.txt:other:x").unwrap_err().contains("line 1"));
    }

    #[test]
    fn reports_and_baselines_are_distinguished() {
        let leaks =
            r#"[{"RuleID":"r","File":"a","StartLine":3,"Commit":"c","Secret":"REDACTED"},{"File":"b","Secret":"x"}]"#;
        let read = parse(leaks).unwrap();
        assert_eq!((read[0].line, &read[0].value), (3, &Value::Unknown));
        assert_eq!(read[1].value, Value::Clear(Secret::new("x")));
        let sum = "a9993e364706816aba3e25717850c26c9cd0d89d";
        let baseline =
            format!(r#"{{"version":"1.5.0","results":{{"f.py":[{{"hashed_secret":"{sum}","line_number":4}}]}}}}"#);
        let read = parse(&baseline).unwrap();
        assert_eq!(read[0].value, Value::Sha1(Sha1::digest(b"abc").to_vec()), "the vector of FIPS 180");
        assert!(parse("[{}]").unwrap_err().contains("gitleaks"));
        assert!(parse("{}").unwrap_err().contains("detect-secrets"));
    }
}
