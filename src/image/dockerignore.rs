//! The rules of `.dockerignore`, which differ from those of `.gitignore`: patterns are anchored at the top of the
//! context, a path is also excluded by a match of any parent, and a later `!pattern` brings back even what is below
//! such a parent.
//!
//! Source: github.com/moby/patternmatcher, `ignorefile` and `MatchesOrParentMatches`, which docker and `BuildKit` use.

use std::fmt::Write as _;

use regex::bytes::Regex;

/// The patterns of one file.
#[derive(Debug, Default)]
pub struct DockerIgnore(Vec<Pattern>);

#[derive(Debug)]
struct Pattern {
    text: String,
    /// `true` if the pattern brings back what it matches.
    is_exception: bool,
    matcher: Matcher,
}

/// The way in which a pattern is compared.
#[derive(Debug)]
enum Matcher {
    Exact,
    /// The path starts with the pattern without its final `**`.
    Prefix,
    /// The path ends with the pattern without its leading `**`.
    Suffix,
    Regex(Box<Regex>),
}

/// A pattern that `docker build` refuses as well.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("line {line}: '{pattern}' is not a valid pattern; 'docker build' refuses it, too")]
pub struct BadPattern {
    /// The line, counted from 1.
    pub line: usize,
    /// The text of the pattern.
    pub pattern: String,
}

impl DockerIgnore {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// Fails if a line isn't a valid pattern.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut patterns = Vec::new();
        for (number, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            // A `#` after blanks is part of a pattern.
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let bad = || BadPattern { line: number + 1, pattern: line.trim().to_owned() };
            patterns.push(Pattern::parse(line.trim()).ok_or_else(bad)?);
        }
        Ok(Self(patterns))
    }

    /// Returns `true` if a path below the context, with slashes, is excluded.
    pub fn leaves_out(&self, path: &str) -> bool {
        let mut is_left_out = false;
        for pattern in &self.0 {
            // Only a pattern that would change the answer is tried.
            if pattern.is_exception != is_left_out {
                continue;
            }
            let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
            if std::iter::once(path).chain(parents).any(|path| pattern.matches(path)) {
                is_left_out = !pattern.is_exception;
            }
        }
        is_left_out
    }
}

impl Pattern {
    fn parse(line: &str) -> Option<Self> {
        let (is_exception, text) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        if text.is_empty() {
            return None;
        }
        let text = cleaned(text);
        let text = text.strip_prefix('/').filter(|rest| !rest.is_empty()).map_or(text.clone(), str::to_owned);
        let matcher = matcher(&text)?;
        Some(Self { text, is_exception, matcher })
    }

    fn matches(&self, path: &str) -> bool {
        match &self.matcher {
            Matcher::Exact => path == self.text,
            Matcher::Prefix => path.starts_with(self.text.trim_end_matches('*')),
            Matcher::Suffix => {
                let suffix = &self.text[2..];
                path.ends_with(suffix) || suffix.strip_prefix('/') == Some(path)
            }
            Matcher::Regex(regex) => regex.is_match(path.as_bytes()),
        }
    }
}

/// Returns a path in the form of Go's `filepath.Clean`: without empty parts, dots, and parts that `..` cancels.
pub(super) fn cleaned(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if is_rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (is_rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Translates a pattern; `None` if it is malformed.
fn matcher(pattern: &str) -> Option<Matcher> {
    let mut chars = pattern.chars().peekable();
    let mut regex = String::from("(?s-u)^");
    let mut matcher = None;
    let mut is_first = true;
    let mut is_regex = false;
    let mut is_in_class = false;
    while let Some(char) = chars.next() {
        match char {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                // Two stars match any number of folders, even none, so the slash after them belongs to them.
                chars.next_if_eq(&'/');
                if chars.peek().is_some() {
                    regex.push_str("(.*/)?");
                    is_regex = true;
                } else if is_regex || matcher.is_some() {
                    regex.push_str(".*");
                    is_regex = true;
                } else {
                    matcher = Some(Matcher::Prefix);
                }
                if is_first {
                    (matcher, is_regex) = (Some(Matcher::Suffix), false);
                }
            }
            '*' => {
                regex.push_str("[^/]*");
                is_regex = true;
            }
            '?' => {
                regex.push_str("[^/]");
                is_regex = true;
            }
            '\\' => {
                // A backslash at the end escapes nothing, so the pattern is malformed.
                let next = chars.next()?;
                regex.push_str(&regex::escape(&next.to_string()));
                is_regex = true;
            }
            '[' | ']' => {
                is_in_class = char == '[';
                regex.push(char);
                is_regex = true;
            }
            _ if is_in_class => regex.push(char),
            _ => drop(write!(regex, "{}", regex::escape(&char.to_string()))),
        }
        is_first = false;
    }
    if is_in_class {
        return None;
    }
    if !is_regex {
        return Some(matcher.unwrap_or(Matcher::Exact));
    }
    regex.push('$');
    Regex::new(&regex).ok().map(|regex| Matcher::Regex(Box::new(regex)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Patterns, a path, and whether the path is excluded.
    const TABLE: &[(&[&str], &str, bool)] = &[
        // Patterns are anchored at the top.
        (&[".env"], ".env", true),
        (&[".env"], "app/.env", false),
        (&["**/.env"], ".env", true),
        (&["**/.env"], "app/.env", true),
        (&["**/.env"], "app/x.env", false),
        (&["/x"], "x", true),
        (&["x/"], "x", true),
        (&["x/"], "x/y", true),
        (&["./x"], "x", true),
        (&["a/../x"], "x", true),
        (&["../x"], "x", false),
        (&["a//b"], "a/b", true),
        (&["a/./b"], "a/b", true),
        // A parent's match counts.
        (&["app"], "app/src/main.rs", true),
        (&["app/src"], "app/src/main.rs", true),
        (&["app"], "application", false),
        (&["ap"], "app", false),
        (&["*"], "anything", true),
        (&["*"], "a/b/c", true),
        (&["*/b"], "a/b/c", true),
        (&["*/*"], "a", false),
        (&["*/*"], "a/b", true),
        (&["*.md"], "README.md", true),
        (&["*.md"], "docs/README.md", false),
        (&["docs/*.md"], "docs/README.md", true),
        (&["docs/*.md"], "docs/a/README.md", false),
        (&["docs/**/*.md"], "docs/a/b/README.md", true),
        (&["docs/**/*.md"], "docs/README.md", true),
        (&["**/*.md"], "README.md", true),
        (&["**/*.md"], "a/README.md", true),
        (&["**"], "a", true),
        (&["**"], "a/b", true),
        (&["**/"], "a/b", true),
        (&["a/**"], "a/b", true),
        (&["a/**"], "a/b/c", true),
        (&["a/**"], "a", false),
        (&["a/**"], "ab", false),
        (&["a**"], "ab", true),
        (&["a**/b"], "axx/b", true),
        (&["a**/b"], "ab", true),
        (&["**foo"], "barfoo", true),
        (&["**foo"], "x/barfoo", true),
        (&["**/foo/bar"], "foo/bar", true),
        (&["**/foo/bar"], "x/foo/bar/y", true),
        (&["**/a/**"], "a/b", true),
        (&["**/a/**"], "x/a/b/c", true),
        // Single characters, and classes.
        (&["a?c"], "abc", true),
        (&["a?c"], "a/c", false),
        (&["a?c"], "ac", false),
        (&["[ab]c"], "ac", true),
        (&["[ab]c"], "cc", false),
        (&["[a-c]x"], "bx", true),
        (&["[^a]c"], "bc", true),
        (&["[^a]c"], "ac", false),
        // An exclamation mark in a class is a member of it.
        (&["[!a]c"], "!c", true),
        (&["[!a]c"], "ac", true),
        (&["[!a]c"], "bc", false),
        (&["a\\*c"], "a*c", true),
        (&["a\\*c"], "abc", false),
        (&["a.c"], "abc", false),
        (&["a+b"], "a+b", true),
        (&["a+b"], "aab", false),
        (&["a(b)"], "a(b)", true),
        (&["a|b"], "a", false),
        (&["a|b"], "a|b", true),
        (&["a{1}"], "a", false),
        (&["a$"], "a$", true),
        (&["*$"], "a$", true),
        (&["*.(x)"], "a.(x)", true),
        // Later lines win, and bring back what is below an excluded parent.
        (&["app", "!app/keep"], "app/keep", false),
        (&["app", "!app/keep"], "app/other", true),
        (&["*", "!app"], "app/x", false),
        (&["*", "!app"], "other", true),
        (&["*", "!app", "app/.env"], "app/.env", true),
        (&["*.md", "!README.md"], "README.md", false),
        (&["*.md", "!README*.md", "README-secret.md"], "README-secret.md", true),
        (&["*.md", "README-secret.md", "!README*.md"], "README-secret.md", false),
        (&["!app", "app"], "app", true),
        (&["! app", "app"], "app", true),
        (&["app", "! app"], "app", false),
        (&["**", "!**/*.rs"], "src/a.rs", false),
        (&["**", "!**/*.rs"], "src/a.c", true),
        (&["a", "!a/b", "a/b/c"], "a/b/c", true),
        (&["a", "!a/b", "a/b/c"], "a/b/d", false),
        // Comments start in the first column, and blanks around a pattern are ignored.
        (&["# app"], "# app", false),
        (&[" # app"], "# app", true),
        (&["  app  "], "app", true),
        (&["app\r"], "app", true),
        (&["\u{feff}app"], "app", true),
        (&["", "   "], "app", false),
        (&["."], "app", false),
        (&["/"], "app", false),
    ];

    #[test]
    fn paths_are_left_out_as_docker_does() {
        assert!(TABLE.len() >= 80, "{}", TABLE.len());
        for (lines, path, expected) in TABLE {
            let rules = DockerIgnore::parse(&lines.join("\n")).unwrap();
            assert_eq!(rules.leaves_out(path), *expected, "{path} by {lines:?}: {rules:?}");
        }
    }

    #[test]
    fn patterns_that_docker_rejects_are_rejected() {
        for line in ["!", "! ", "[a", "a[", "a\\", "[]", "[z-a]"] {
            let error = DockerIgnore::parse(&format!("ok\n{line}")).unwrap_err();
            assert_eq!((error.line, error.pattern.as_str()), (2, line.trim()));
        }
    }

    #[test]
    fn paths_are_cleaned_as_go_does() {
        for (path, expected) in [("", "."), ("a/../..", ".."), ("/..", "/"), ("/a/../../b", "/b"), ("a/./b//", "a/b")] {
            assert_eq!(cleaned(path), expected, "{path}");
        }
    }
}
