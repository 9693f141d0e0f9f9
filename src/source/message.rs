//! The message of a commit that is about to be made, as a commit-msg hook gets it: without the parts that git removes
//! before it commits.

use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::{Content, Item, Listing};
use crate::finding::ContentKind;
use crate::fs::bounded::{self, Refused};
use crate::git::Repo;
use crate::git::repo::Local;

/// The text after the comment character on the line from which on git drops everything.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";
/// The comment characters that git chooses from with `core.commentChar = auto`.
const CHOICE: &[u8] = b"#;@!$%^&|:";

/// The properties of a message that matter when it is opened in an editor again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// `true` if a diff is below the message, which git removes.
    pub has_diff: bool,
    /// `true` if lines that look like comments are part of the message.
    pub has_marks: bool,
}

/// Lists the message in a file; `edited` says whether the user had it in an editor, where git adds comments.
///
/// # Errors
/// Fails if the file can't be read.
pub fn list(repository: &Repo, file: &Path, edited: bool) -> Result<(Listing, Form), Refused> {
    let text = bounded::read_named(file, bounded::MAX_NAMED)?;
    let cleanup = Cleanup::of(&repository.local(), edited);
    let form = cleanup.form(&text);
    let content = Content::Bytes(cleanup.kept(&text));
    let item = Item { kind: ContentKind::GitFile, path: shown(repository, file), content, commit: None };
    Ok((Listing { items: vec![item], ..Listing::default() }, form))
}

/// Returns the file's path from the repository's folder, in the form used for such files everywhere.
fn shown(repository: &Repo, file: &Path) -> BString {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (file, common) = (whole(file), whole(&repository.common_dir()));
    let below = file.strip_prefix(&common).map(|below| Path::new(".git").join(below));
    below.unwrap_or(file).into_os_string().into_encoded_bytes().into()
}

/// The rules for the lines that git removes from a message.
#[derive(Debug, PartialEq, Eq)]
struct Cleanup {
    /// The start of a comment line; `None` if git chooses it for each message.
    comment: Option<BString>,
    /// `true` if comment lines are removed.
    comments: bool,
    /// `true` if everything from the scissors line on is removed.
    scissors: bool,
}

impl Cleanup {
    /// Reads the rules from the configuration. `--cleanup` on git's command line isn't passed on to hooks.
    fn of(local: &Local, edited: bool) -> Self {
        let config = local.config_snapshot();
        let comment = config.string("core.commentString").or_else(|| config.string("core.commentChar"));
        let comments = match config.string("commit.cleanup").as_deref().map(|mode| mode.as_bytes()) {
            Some(b"strip") => true,
            Some(b"scissors" | b"whitespace" | b"verbatim") => false,
            _ => edited,
        };
        let comment = comment.filter(|text| !text.is_empty()).unwrap_or_else(|| "#".into());
        Self { comment: Some(comment).filter(|text| text != "auto"), comments, scissors: edited }
    }

    /// Returns the text that remains. Removed lines become empty ones, so that all others keep their numbers.
    fn kept(&self, text: &[u8]) -> Vec<u8> {
        let lines = text.lines_with_terminator().take_while(|line| !(self.scissors && self.is_scissors(line)));
        let left = lines.map(|line| if self.comments && self.is_comment(line) { b"\n" } else { line });
        left.collect::<Vec<_>>().concat()
    }

    fn form(&self, text: &[u8]) -> Form {
        Form {
            has_diff: self.scissors && text.lines_with_terminator().any(|line| self.is_scissors(line)),
            has_marks: !self.comments && text.lines_with_terminator().any(|line| self.is_comment(line)),
        }
    }

    /// Returns `true` if a line is a comment. If git chooses the character, no line is, and the whole text is read.
    fn is_comment(&self, line: &[u8]) -> bool {
        self.comment.as_ref().is_some_and(|comment| line.starts_with(comment))
    }

    fn is_scissors(&self, line: &[u8]) -> bool {
        let rest = match &self.comment {
            Some(comment) => line.strip_prefix(comment.as_bytes()),
            None => line.split_first().filter(|(first, _)| CHOICE.contains(first)).map(|(_, rest)| rest),
        };
        rest.is_some_and(|rest| rest.trim_end_with(|c| c == '\n') == SCISSORS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: &str = " ------------------------ >8 ------------------------\n";

    fn kept(comment: Option<&str>, comments: bool, scissors: bool, text: &str) -> String {
        let cleanup = Cleanup { comment: comment.map(BString::from), comments, scissors };
        String::from_utf8(cleanup.kept(text.as_bytes())).unwrap()
    }

    #[test]
    fn comments_leave_an_empty_line() {
        assert_eq!(kept(Some("#"), true, true, "a\n# b\n c # d\n#"), "a\n\n c # d\n\n");
        assert_eq!(kept(Some("//"), true, true, "a\n// b\n# c\n/ d"), "a\n\n# c\n/ d");
        assert_eq!(kept(Some("#"), false, true, "a\n# b\n"), "a\n# b\n");
        assert_eq!(kept(None, true, true, "a\n# b\n"), "a\n# b\n");
    }

    #[test]
    fn everything_from_the_scissors_line_on_is_dropped() {
        let text = format!("a\n#{CUT}b\n");
        assert_eq!(kept(Some("#"), false, true, &text), "a\n");
        assert_eq!(kept(Some("#"), false, false, &text), text);
        assert_eq!(kept(Some(";"), false, true, &text), text);
        for choice in ["#", ";"] {
            assert_eq!(kept(None, false, true, &format!("a\n{choice}{CUT}b\n")), "a\n");
        }
        assert_eq!(kept(Some("#"), false, true, "a\n# >8\nb\n"), "a\n# >8\nb\n");
    }
}
