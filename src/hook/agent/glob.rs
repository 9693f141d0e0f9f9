//! The files that a path pattern matches: `*` and `?` within a name, `**` for any folders.

use std::path::{Component, Path, PathBuf};

/// The most files that all patterns of a call may match, and the most folder entries that are read for them. An agent
/// waits only so long for its hook.
const MAX_FILES: usize = 256;
const MAX_ENTRIES: usize = 5_000;

/// The search for all patterns of a call.
#[derive(Debug, Default)]
pub(super) struct Search {
    files: Vec<PathBuf>,
    found: usize,
    entries: usize,
}

impl Search {
    /// Returns the files that match; `None` if those of the call are too many.
    pub(super) fn files(&mut self, pattern: &Path) -> Option<Vec<PathBuf>> {
        let parts: Vec<Component> = pattern.components().collect();
        self.below(PathBuf::new(), &parts)?;
        let mut files = std::mem::take(&mut self.files);
        files.sort();
        files.dedup();
        Some(files)
    }

    fn below(&mut self, path: PathBuf, parts: &[Component<'_>]) -> Option<()> {
        let Some((part, rest)) = parts.split_first() else {
            if path.is_file() {
                self.files.push(path);
                self.found += 1;
            }
            return (self.found <= MAX_FILES).then_some(());
        };
        let name = part.as_os_str().to_string_lossy();
        if name == "**" {
            self.below(path.clone(), rest)?;
            for (child, _) in self.children(&path)? {
                // A link may lead back to a folder above it.
                if child.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                    self.below(child, parts)?;
                }
            }
        } else if name.contains(['*', '?']) {
            for (child, own) in self.children(&path)? {
                if matches(&name, &own) {
                    self.below(child, rest)?;
                }
            }
        } else {
            self.below(path.join(part), rest)?;
        }
        Some(())
    }

    fn children(&mut self, folder: &Path) -> Option<Vec<(PathBuf, String)>> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        // A folder costs something even if nothing is in it.
        self.entries += 1;
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let children =
            entries.take(MAX_ENTRIES.saturating_sub(self.entries)).map(|entry| (entry.path(), entry.file_name()));
        let children: Vec<_> = children.map(|(path, name)| (path, name.to_string_lossy().into_owned())).collect();
        self.entries += children.len();
        (self.entries < MAX_ENTRIES).then_some(children)
    }
}

/// Returns `true` if a name matches. A star is first tried with no characters, and then with one more each time.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of, mut star) = (0, 0, None);
    while of < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(next) if *next == '?' || *next == name[of] => {
                at += 1;
                of += 1;
            }
            _ => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                at = back + 1;
                of = from + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::scratch::Scratch;

    #[test]
    fn stars_and_question_marks_match_as_in_a_shell() {
        for (pattern, name, is_match) in [
            ("*.env", "a.env", true),
            ("*", "", true),
            ("a?c*", "abcd", true),
            ("a?c", "ac", false),
            ("*a*b", "xaayb", true),
            ("*a*b", "xaayc", false),
        ] {
            assert_eq!(matches(pattern, name), is_match, "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_found_in_folders_unless_there_are_too_many() {
        let scratch = Scratch::new().unwrap();
        let at = |name: &str| scratch.path().join(name);
        std::fs::create_dir_all(at("a/b")).unwrap();
        for name in ["x.env", "a/y.env", "a/b/z.env", "a/b/z.txt"] {
            std::fs::write(at(name), "").unwrap();
        }
        let files = |pattern: &Path| Search::default().files(pattern);
        assert_eq!(files(&at("*.env")), Some(vec![at("x.env")]));
        assert_eq!(files(&at("a/*/*.env")), Some(vec![at("a/b/z.env")]));
        assert_eq!(files(&at("**/*.env")).map(|found| found.len()), Some(3));
        assert_eq!(files(&at("none/*")), Some(Vec::new()));
        (0..=MAX_FILES).for_each(|number| std::fs::write(at(&format!("{number}.many")), "").unwrap());
        assert_eq!(files(&at("*.many")), None);
        let mut search = Search::default();
        let count = (0..MAX_ENTRIES).take_while(|_| search.files(&at("a/*/*.none")).is_some()).count();
        assert!((100..MAX_ENTRIES).contains(&count), "the limit is that of the call: {count}");
    }
}
