//! The command that shows where a secret is in a repository; a file outside of one is simply opened in an editor. The
//! command prints the secret, so the user has to run it.

use bstr::ByteSlice as _;

use super::step::quoted;
use crate::finding::{ContentKind, Finding, Occurrence, Show};
use crate::text::hostile;

/// Returns the command for the newest place that has one, preferring files, because a file is most likely to exist
/// still.
pub fn command(finding: &Finding) -> Option<Show> {
    let is_file = |at: &Occurrence| matches!(at.kind, ContentKind::File | ContentKind::Symlink) && !at.path.is_empty();
    let places = || finding.occurrences.iter().enumerate().rev();
    let show = |(place, at)| Some(Show { place, command: of_place(finding, at)? });
    places().filter(|(_, at)| is_file(at)).find_map(show).or_else(|| places().find_map(show))
}

/// Returns the command for a place of a finding, for a POSIX shell; `None` if one command isn't enough.
fn of_place(finding: &Finding, place: &Occurrence) -> Option<String> {
    let path = place.path.as_bstr();
    let is_plain = !path.is_empty()
        && path.to_str().is_ok_and(|text| !text.chars().any(hostile))
        && !path.contains_str(finding.secret.reveal());
    let commit = place.commit.as_deref().map(short);
    match place.kind {
        ContentKind::File | ContentKind::Note | ContentKind::Symlink => {
            let object = match (commit, &place.blob) {
                (Some(commit), _) if is_plain => {
                    format!("git show {}", quoted(format!("{commit}:{path}").as_bytes().as_bstr()))
                }
                (None, Some(_)) if is_plain => {
                    format!("git show {}", quoted(format!(":0:{path}").as_bytes().as_bstr()))
                }
                (_, Some(blob)) => format!("git cat-file -p {}", short(blob)),
                (_, None) => return None,
            };
            let is_link = place.kind == ContentKind::Symlink;
            Some(if is_link { object } else { format!("{object} | sed -n {}", lines(place)) })
        }
        ContentKind::FileName => commit.map(|commit| format!("git show --name-only --format= {commit}")),
        ContentKind::CommitMessage => commit.map(|commit| format!("git log -1 --format=%B {commit}")),
        ContentKind::Author => commit.map(|commit| format!("git log -1 --format='%an <%ae>%n%cn <%ce>' {commit}")),
        ContentKind::TagMessage => is_plain.then(|| format!("git cat-file -p {}", short(&path.to_str_lossy()))),
        ContentKind::RefName => Some("git for-each-ref --format='%(refname)'".to_owned()),
        ContentKind::Config | ContentKind::Hook | ContentKind::Reflog | ContentKind::GitFile => {
            let below = path.strip_prefix(b".git/").filter(|_| is_plain)?;
            let file = format!("\"$(git rev-parse --git-common-dir)\"/{}", quoted(below.as_bstr()));
            Some(format!("sed -n {} {file}", lines(place)))
        }
        // No tool that every machine has reads all kinds of archives, or images.
        ContentKind::ArchiveMember | ContentKind::ImageMetadata => None,
    }
}

/// Returns the lines of a place as a `sed` command that prints them.
fn lines(place: &Occurrence) -> String {
    let (first, last) = (place.start.line.max(1), place.end.line);
    if last > first { format!("{first},{last}p") } else { format!("{first}p") }
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}
