//! The owners of paths according to a repository's CODEOWNERS file, as GitHub, GitLab and Gitea read it.

use std::collections::HashMap;

use bstr::{BStr, ByteSlice as _};
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The most rules of a file. A file with more is not used, because the last rule that matches counts.
const MOST_RULES: usize = 10_000;
/// The most owners of a path that are named.
const MOST_OWNERS: usize = 10;

/// The owners of paths; by default no path has any.
#[derive(Debug, Clone, Default)]
pub struct CodeOwners {
    /// The owners of each rule, by the rule's position in the file.
    owners: Vec<Vec<String>>,
    /// The patterns for files and for everything in folders, each with the last rule that has it.
    deep: Patterns,
    /// The patterns that end with `/*`, which don't reach into subfolders.
    flat: Patterns,
}

#[derive(Debug, Clone)]
struct Patterns {
    matcher: Gitignore,
    rules: HashMap<String, usize>,
}

impl Default for Patterns {
    fn default() -> Self {
        Self { matcher: Gitignore::empty(), rules: HashMap::new() }
    }
}

impl CodeOwners {
    /// Reads the file. An invalid line is left out, as hosts do.
    pub fn new(text: &[u8]) -> Self {
        let rules = rules(&text.to_str_lossy());
        if rules.len() > MOST_RULES {
            return Self::default();
        }
        let pattern = |is_flat: bool| {
            let chosen = rules.iter().enumerate().filter(move |(_, (pattern, _))| pattern.ends_with("/*") == is_flat);
            Patterns::new(chosen.map(|(at, (pattern, _))| (at, pattern.as_str())))
        };
        let (deep, flat) = (pattern(false), pattern(true));
        Self { owners: rules.into_iter().map(|(_, owners)| owners).collect(), deep, flat }
    }

    /// Returns the owners of a file: those of the last rule that matches it or a folder that contains it.
    pub fn of(&self, path: &BStr) -> &[String] {
        let Ok(path) = path.to_str() else { return &[] };
        let folders = path.match_indices('/').filter_map(|(at, _)| self.deep.last(&path[..at], true));
        let last = folders.chain(self.deep.last(path, false)).chain(self.flat.last(path, false)).max();
        let owners = last.and_then(|at| self.owners.get(at)).map_or(&[][..], Vec::as_slice);
        &owners[..owners.len().min(MOST_OWNERS)]
    }
}

impl Patterns {
    fn new<'p>(patterns: impl Iterator<Item = (usize, &'p str)>) -> Self {
        let (mut builder, mut rules) = (GitignoreBuilder::new(""), HashMap::new());
        for (at, pattern) in patterns {
            if builder.add_line(None, pattern).is_ok() {
                rules.insert(pattern.to_owned(), at);
            }
        }
        builder.build().map_or_else(|_| Self::default(), |matcher| Self { matcher, rules })
    }

    fn last(&self, path: &str, is_folder: bool) -> Option<usize> {
        self.matcher.matched(path, is_folder).inner().and_then(|glob| self.rules.get(glob.original())).copied()
    }
}

/// Returns the pattern and the owners of each rule. A section in GitLab's format gives the owners of rules that name
/// none.
fn rules(text: &str) -> Vec<(String, Vec<String>)> {
    let mut usual: Vec<String> = Vec::new();
    let mut rules = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', '!']) || line.is_empty() {
            continue;
        }
        if line.starts_with('[') || line.starts_with("^[") {
            usual = line.rsplit_once(']').map_or_else(Vec::new, |(_, owners)| owners_in(owners));
            continue;
        }
        let (pattern, owners) = line.split_at(end_of_pattern(line));
        let owners = owners_in(owners);
        rules.push((pattern.to_owned(), if owners.is_empty() { usual.clone() } else { owners }));
    }
    rules
}

/// Returns the position of the first blank without a backslash before it, or the end of the line.
fn end_of_pattern(line: &str) -> usize {
    let mut is_escaped = false;
    let end = line.char_indices().find(|(_, c)| {
        let is_end = c.is_whitespace() && !is_escaped;
        is_escaped = *c == '\\' && !is_escaped;
        is_end
    });
    end.map_or(line.len(), |(at, _)| at)
}

fn owners_in(text: &str) -> Vec<String> {
    let words = text.split_whitespace().take_while(|word| !word.starts_with('#'));
    words.filter(|word| word.contains('@')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_that_matches_counts() {
        let owners = CodeOwners::new(
            b"# all\n* @acme/all\n*.js @acme/web # ours\n/src/ @acme/core lead@example.com\ndocs/* @acme/docs\n\
              apps/ @acme/apps\n/src/free/\nmy\\ file @acme/me\n**/logs @acme/ops\n[Part] @acme/part\n/part/\n/part/x @acme/x\n",
        );
        for (path, expected) in [
            ("README.md", &["@acme/all"][..]),
            ("lib/a.js", &["@acme/web"]),
            ("src/a.js", &["@acme/core", "lead@example.com"]),
            ("src/deep/er/a.c", &["@acme/core", "lead@example.com"]),
            ("lib/src/a.c", &["@acme/all"]),
            ("docs/a.md", &["@acme/docs"]),
            ("docs/deep/a.md", &["@acme/all"]),
            ("x/apps/y/z", &["@acme/apps"]),
            ("src/free/a.js", &[]),
            ("my file", &["@acme/me"]),
            ("a/logs/b/c", &["@acme/ops"]),
            ("part/a", &["@acme/part"]),
            ("part/x", &["@acme/x"]),
        ] {
            assert_eq!(owners.of(path.into()), expected, "{path}");
        }
        assert!(CodeOwners::default().of("a".into()).is_empty());
        let many = "a @b\n".repeat(MOST_RULES + 1);
        assert!(CodeOwners::new(many.as_bytes()).of("a".into()).is_empty(), "the rest could say something else");
    }
}
