//! The answers of providers about findings, stored with the reports of a repository: by the ids of findings, without values.
//!
//! Anybody who can write to the repository's folder may have put the file there, so it is only shown, masked and
//! escaped, and decides nothing.

use std::collections::BTreeMap;
#[cfg(feature = "live")]
use std::io;
use std::path::PathBuf;

#[cfg(feature = "live")]
use super::report_store;
use crate::finding::{Asked, Liveness};
use crate::fs::bounded::{self, Links};
use crate::git::Repo;
use crate::output::asked as words;
use crate::output::mask::Mask;
use crate::output::view::{AskedView, View};
use crate::source::git_dir;
use crate::text::escape;
use crate::text::time::day;

/// The largest file that is read, in bytes.
const MAX_SIZE: u64 = 64 << 20;
const DAY: u64 = 86_400;

/// The known answers, by the ids of findings.
pub(super) type AllAsked = BTreeMap<String, Asked>;

/// Returns all stored answers about a repository's findings; none if the file can't be read.
pub(super) fn read(repo: &Repo) -> AllAsked {
    let bytes = bounded::read(&path(repo), MAX_SIZE, Links::Refused);
    bytes.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Adds new answers to the stored ones.
///
/// # Errors
/// Fails if the file can't be written.
#[cfg(feature = "live")]
pub(super) fn add(repo: &Repo, new: AllAsked) -> io::Result<()> {
    let mut all = read(repo);
    all.extend(new);
    report_store::whole(&path(repo), |out| Ok(serde_json::to_writer(out, &all)?))
}

/// Puts the stored answers into a report that is made `now`, in seconds since 1970.
pub(super) fn show(repo: &Repo, now: u64, mask: &Mask<'_>, view: &mut View) {
    let all = read(repo);
    if all.is_empty() {
        return;
    }
    let text = |text: &str| escape(&mask.bytes(text.as_bytes()));
    for one in view.findings.iter_mut().chain(&mut view.suppressed) {
        let Some(asked) = all.get(&one.id) else { continue };
        let made = asked.at.get(..10).and_then(day).unwrap_or_default();
        let days = now.saturating_sub(made) / DAY;
        one.asked = Some(AskedView {
            word: asked.word,
            at: text(&asked.at),
            host: text(&asked.host),
            why: text(&asked.why),
            reveals: asked.reveals.iter().map(|(name, value)| (text(name), text(value))).collect(),
            is_old: days > good_for(asked.word),
            days,
        });
    }
    view.findings.sort_by_key(|one| !words::works(one));
}

/// Returns the number of days after which a provider should be asked again: a dead secret stays dead, a live one may be
/// revoked at any moment.
fn good_for(word: Liveness) -> u64 {
    match word {
        Liveness::Dead => 30,
        Liveness::Live | Liveness::Restricted | Liveness::Unknown | Liveness::NotAsked => 1,
    }
}

fn path(repo: &Repo) -> PathBuf {
    repo.common_dir().join(git_dir::OWN).join(git_dir::ANSWERS)
}
