//! The subject of a plan: the secrets of one kind and stage, with their places.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BStr, BString, ByteSlice as _};

use super::Surroundings;
use super::step::quoted;
use crate::finding::{ContentKind, Finding, Fingerprint, Occurrence, Secret};

/// The most files that one command names.
const MOST: usize = 50;
/// The placeholder for files that are too many to be named, or whose name is a secret.
const UNSAID: &str = "<path>";

/// The findings that one plan is for.
#[derive(Debug, Clone)]
pub struct Subject<'f> {
    findings: Vec<&'f Finding>,
    /// The places of all findings, oldest first for each finding.
    pub occurrences: Vec<&'f Occurrence>,
}

impl<'f> Subject<'f> {
    /// Returns a subject of these findings with all their places.
    pub fn of(findings: &[&'f Finding]) -> Self {
        let occurrences = findings.iter().flat_map(|finding| &finding.occurrences).collect();
        Self { findings: findings.to_vec(), occurrences }
    }

    /// Returns a subject with the same findings, and only the places for which `is_left` returns `true`.
    #[must_use]
    pub fn only(&self, is_left: impl Fn(&Occurrence) -> bool) -> Self {
        let occurrences = self.occurrences.iter().copied().filter(|place| is_left(place)).collect();
        Self { findings: self.findings.clone(), occurrences }
    }

    /// Returns the ids of the findings.
    pub fn ids(&self) -> impl Iterator<Item = &'f Fingerprint> {
        self.findings.iter().map(|finding| &finding.id)
    }

    /// Returns the findings themselves.
    pub fn findings(&self) -> &[&'f Finding] {
        &self.findings
    }

    /// Returns `true` if a text contains one of the values, so that it must not be printed.
    pub fn occurs_in(&self, text: &BStr) -> bool {
        let secrets = self.findings.iter().map(|finding| &finding.secret);
        secrets.map(Secret::reveal).any(|value| text.contains_str(value))
    }

    /// Returns the files in the work tree or in commits, as words of a shell; `<path>` if there are too many or a name
    /// contains a secret.
    pub fn files(&self, surroundings: &Surroundings) -> String {
        self.words(self.tree_paths().into_iter().collect(), surroundings)
    }

    /// Returns the number of files in the work tree or in commits.
    pub fn file_count(&self) -> usize {
        self.tree_paths().len()
    }

    /// Returns the commits that introduced the values in files, in the order of the places, each with its files.
    pub fn by_commit(&self) -> Vec<(&'f str, Vec<&'f BString>)> {
        let mut commits: Vec<(&str, Vec<&BString>)> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for place in self.occurrences.iter().filter(|place| is_in_tree(place.kind) && !place.path.is_empty()) {
            let Some(commit) = place.commit.as_deref() else { continue };
            let at = *known.entry(commit).or_insert(commits.len());
            if at == commits.len() {
                commits.push((commit, Vec::new()));
            }
            commits[at].1.push(&place.path);
        }
        commits
    }

    /// Returns `true` if the name of a file contains one of the values.
    pub fn has_names(&self) -> bool {
        self.occurrences.iter().any(|place| place.kind == ContentKind::FileName)
    }

    /// Returns `true` if a file holds values that more than one commit introduced.
    pub fn has_mixed_files(&self) -> bool {
        let mut owners: BTreeMap<&BString, &str> = BTreeMap::new();
        self.by_commit()
            .iter()
            .any(|(commit, paths)| paths.iter().any(|path| *owners.entry(path).or_insert(commit) != *commit))
    }

    /// Returns the files like `files`, and also the names that they had before a rename.
    pub fn files_and_old_names(&self, surroundings: &Surroundings) -> String {
        let paths: BTreeSet<&BString> = self.tree_paths();
        let old = paths.iter().filter_map(|path| surroundings.renamed.get(*path));
        self.words(paths.iter().copied().chain(old).collect(), surroundings)
    }

    /// Returns the files, and the names that they had before a rename, for a list that is stored: without names that
    /// contain a value.
    pub fn listable(&self, renamed: &BTreeMap<BString, BString>) -> Vec<BString> {
        let paths: BTreeSet<&BString> = self.tree_paths();
        let old = paths.iter().filter_map(|path| renamed.get(*path));
        let all: BTreeSet<&BString> = paths.iter().copied().chain(old).collect();
        all.into_iter().filter(|path| !self.occurs_in(path.as_ref())).cloned().collect()
    }

    /// Returns `true` if one of the files was renamed.
    pub fn is_renamed(&self, surroundings: &Surroundings) -> bool {
        self.tree_paths().iter().any(|path| surroundings.renamed.contains_key(*path))
    }

    /// Returns the files in the work tree or in commits.
    pub fn tree_paths(&self) -> BTreeSet<&'f BString> {
        let files = self.occurrences.iter().filter(|place| is_in_tree(place.kind) && !place.path.is_empty());
        files.map(|place| &place.path).collect()
    }

    /// Returns paths as words of a shell, or `<path>` if they can't be named.
    pub fn words(&self, mut paths: Vec<&BString>, surroundings: &Surroundings) -> String {
        paths.sort_unstable();
        paths.dedup();
        // A line break at the end of a path would break the printed command.
        let is_withheld = |path: &&BString| self.occurs_in(path.as_ref()) || path.ends_with(b"\n");
        if paths.is_empty() || paths.len() > MOST || paths.iter().any(is_withheld) {
            return UNSAID.to_owned();
        }
        let word = |path: &&BString| pathspec(path.as_ref(), surroundings.subfolder);
        paths.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Returns the same files as exclusions from other pathspecs; `None` if the files can't be named.
    pub fn excluded(&self, surroundings: &Surroundings) -> Option<String> {
        let paths = self.tree_paths();
        let words = self.words(paths.iter().copied().collect(), surroundings);
        let exclusion = |path: &&BString| quoted([b":(top,exclude,literal)", path.as_slice()].concat().as_bstr());
        (words != UNSAID).then(|| paths.iter().map(exclusion).collect::<Vec<_>>().join(" "))
    }

    /// Returns the base of a rebase that covers all of these commits and their descendants.
    pub fn commits_from(&self, commits: &[&str]) -> String {
        let is_root = |commit: &&str| {
            let of = |finding: &&Finding| finding.exposure.first_commit.as_deref() == Some(commit);
            self.findings.iter().filter(|finding| finding.exposure.first_is_root).any(of)
        };
        let parent = |commit: &&str| format!("{}~1", commit.get(..12).unwrap_or(commit));
        match commits {
            _ if commits.len() > MOST || commits.iter().any(is_root) => "--root".to_owned(),
            [one] => parent(one),
            several => {
                let parents: Vec<String> = several.iter().map(parent).collect();
                format!("$(git merge-base --octopus {})", parents.join(" "))
            }
        }
    }
}

/// Returns a pathspec that matches this path and no other, as a word of a shell that is also valid in a folder below
/// the root if `subfolder` is set.
fn pathspec(path: &BStr, subfolder: bool) -> String {
    let is_pattern = path.starts_with(b":") || path.find_byteset(b"*?[\\").is_some();
    let magic: &[u8] = match (subfolder, is_pattern) {
        (false, false) => b"",
        (true, false) => b":/",
        (false, true) => b":(literal)",
        (true, true) => b":(top,literal)",
    };
    quoted([magic, path].concat().as_bstr())
}

/// Returns `true` if content of this kind is a file of a tree, which an editor and `git add` reach by its path.
fn is_in_tree(kind: ContentKind) -> bool {
    matches!(kind, ContentKind::File | ContentKind::ArchiveMember | ContentKind::Symlink | ContentKind::FileName)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_not_treated_as_a_pattern() {
        let of = |path: &str| [pathspec(path.into(), false), pathspec(path.into(), true)];
        assert_eq!(of("src/a.rs"), ["src/a.rs", ":/src/a.rs"]);
        assert_eq!(of("pages/[id].tsx"), ["':(literal)pages/[id].tsx'", "':(top,literal)pages/[id].tsx'"]);
        assert_eq!(of(":x"), ["':(literal):x'", "':(top,literal):x'"]);
    }
}
