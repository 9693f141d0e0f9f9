//! The files that a path pattern matches: `*` and `?` within a name, `**` for any folders.

use std::path::{Component, Path, PathBuf};

/// The most files that are found, and the most folder entries that are read.
const MAX_FILES: usize = 256;
const MAX_ENTRIES: usize = 5_000;

/// Returns the files that match; `None` if there are too many.
pub(super) fn files(pattern: &Path) -> Option<Vec<PathBuf>> {
    let parts: Vec<Component> = pattern.components().collect();
    let mut search = Search { files: Vec::new(), entries: 0 };
    search.below(PathBuf::new(), &parts)?;
    search.files.sort();
    search.files.dedup();
    Some(search.files)
}

struct Search {
    files: Vec<PathBuf>,
    entries: usize,
}

impl Search {
    fn below(&mut self, path: PathBuf, parts: &[Component<'_>]) -> Option<()> {
        let Some((part, rest)) = parts.split_first() else {
            if path.is_file() {
                self.files.push(path);
            }
            return (self.files.len() <= MAX_FILES).then_some(());
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
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let children = entries.take(MAX_ENTRIES).map(|entry| (entry.path(), entry.file_name()));
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
        assert_eq!(files(&at("*.env")), Some(vec![at("x.env")]));
        assert_eq!(files(&at("a/*/*.env")), Some(vec![at("a/b/z.env")]));
        assert_eq!(files(&at("**/*.env")).map(|found| found.len()), Some(3));
        assert_eq!(files(&at("none/*")), Some(Vec::new()));
        (0..=MAX_FILES).for_each(|number| std::fs::write(at(&format!("{number}.many")), "").unwrap());
        assert_eq!(files(&at("*.many")), None);
    }
}
