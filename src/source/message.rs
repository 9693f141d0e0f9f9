//! The message of a commit that is about to be made, as a commit-msg hook is given it: without what git takes out before it
//! commits.

use std::path::Path;

use bstr::{BString, ByteSlice as _};

use super::{Content, Item, Listing};
use crate::finding::ContentKind;
use crate::fs::bounded::{self, Refused};
use crate::git::Repo;
use crate::git::repo::Local;

/// The text after the comment character on the line from which git drops everything.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";
/// Those that git chooses from under `core.commentChar = auto`.
const CHOICE: &[u8] = b"#;@!$%^&|:";

/// The properties of a message that are needed to open it in an editor again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// A diff is below it, which git takes out.
    pub has_diff: bool,
    /// Lines that look like comments are part of it.
    pub has_marks: bool,
}

/// Lists the message in a file; `edited` says whether a person had it in an editor, where git adds comments.
///
/// # Errors
/// When the file cannot be read.
pub fn list(repository: &Repo, file: &Path, edited: bool) -> Result<(Listing, Form), Refused> {
    let text = bounded::read_named(file, bounded::MAX_NAMED)?;
    let cleanup = Cleanup::of(&repository.local(), edited);
    let form = cleanup.form(&text);
    let content = Content::Bytes(cleanup.kept(&text));
    let item = Item { kind: ContentKind::GitFile, path: shown(repository, file), content, commit: None };
    Ok((Listing { items: vec![item], ..Listing::default() }, form))
}

/// The file's path from the repository's own folder, as files there are called everywhere.
fn shown(repository: &Repo, file: &Path) -> BString {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (file, common) = (whole(file), whole(&repository.common_dir()));
    let below = file.strip_prefix(&common).map(|below| Path::new(".git").join(below));
    below.unwrap_or(file).into_os_string().into_encoded_bytes().into()
}

/// The lines that git removes from a message.
#[derive(Debug, PartialEq, Eq)]
struct Cleanup {
    /// The start of a comment; `None` if git chooses it for each message.
    comment: Option<BString>,
    /// `true` if lines that start so go.
    comments: bool,
    /// `true` if all goes from the scissors on.
    scissors: bool,
}

impl Cleanup {
    /// As the configuration has it. `--cleanup` of the command line is told to no hook.
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

    /// Returns the text that is left. Lines that go leave an empty one, so that all others keep their numbers.
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

    /// Returns `true` if a line is a comment. Where git chooses the character, none is: the whole text is read.
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
    fn nothing_is_left_from_the_scissors_on() {
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
