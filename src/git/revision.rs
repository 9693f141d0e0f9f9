//! Names of refs in revisions, for repositories that store refs in reftables: git's reader can work with ids, but it
//! can't look up such a name.

use bstr::{BStr, BString, ByteSlice as _};

use super::ref_store::Tables;
use super::reftable::Change;
use super::{ObjectId, SourceError};
use crate::text::escape;

/// The prefixes and suffixes of an abbreviated ref name, in git's order.
const RULES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];
/// Refs that are always files.
const FILES: [&str; 2] = ["FETCH_HEAD", "MERGE_HEAD"];
/// The fewest digits of an abbreviated id.
const FEWEST_DIGITS: usize = 4;

/// The advice for fetching the commits that a shallow clone lacks, on the command line and in CI workflows.
pub const UNSHALLOW: &str = "run 'git fetch --unshallow' (in GitHub Actions: 'fetch-depth: 0' below 'with:' of actions/checkout; in GitLab CI: 'GIT_DEPTH: 0' below 'variables:'; in Azure Pipelines: 'fetchDepth: 0' below 'checkout: self'; in Bitbucket Pipelines: 'depth: full' below 'clone:'; in Jenkins: no 'shallow clone')";

/// Returns a revision or range in which each name of a ref is replaced by an id.
///
/// # Errors
/// Fails if there is no ref with such a name, or the refs can't be read.
pub(super) fn spelled(tables: &Tables, local: &gix::Repository, text: &str) -> Result<String, SourceError> {
    let reader = Reader { tables, local };
    for dots in ["...", ".."] {
        if let Some((from, to)) = text.split_once(dots) {
            let or_head = |side: &str| reader.side(if side.is_empty() || side == "^" { "HEAD" } else { side });
            return Ok(format!("{}{dots}{}", or_head(from)?, or_head(to)?));
        }
    }
    reader.side(text)
}

/// Returns the error for a revision that can't be resolved; the remedy depends on whether the clone is shallow.
pub(super) fn unresolved(local: &gix::Repository, text: &str, cause: &str) -> SourceError {
    let remedy = if local.is_shallow().unwrap_or(false) {
        format!("this clone is shallow, so older commits are not here: {UNSHALLOW}")
    } else {
        "give a commit, branch or tag that this clone has; 'git fetch' fetches newer ones".to_owned()
    };
    SourceError::Revision { text: escape(text.as_bytes()), cause: escape(cause.as_bytes()), remedy }
}

/// The source in which names are looked up.
struct Reader<'r> {
    tables: &'r Tables,
    local: &'r gix::Repository,
}

/// A name that was found, with its object.
struct Named {
    /// The full name of the ref.
    name: BString,
    id: ObjectId,
}

impl Reader<'_> {
    /// Rewrites one revision, which may start with the `^` that excludes it.
    fn side(&self, text: &str) -> Result<String, SourceError> {
        let not = if text.starts_with('^') { "^" } else { "" };
        let text = &text[not.len()..];
        let end = text.find("@{").into_iter().chain(text.find(['^', '~', ':'])).min().unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        if name.is_empty() && !rest.starts_with("@{") || FILES.contains(&name) {
            return Ok(format!("{not}{text}"));
        }
        let mut id = None;
        let mut named = if name.is_empty() { None } else { self.named(name)? };
        while let Some((query, after)) = rest.strip_prefix("@{").and_then(|rest| rest.split_once('}')) {
            let found = self.asked(name, named.as_ref(), query)?;
            let found =
                found.ok_or_else(|| unresolved(self.local, text, &format!("the reflog has no '@{{{query}}}'")))?;
            (id, named, rest) = (Some(found.id), Some(found), after);
        }
        match id.or(named.map(|named| named.id)) {
            Some(id) => Ok(format!("{not}{id}{rest}")),
            None if is_id(name) => Ok(format!("{not}{text}")),
            None => Err(unresolved(self.local, text, &format!("there is no ref called '{name}'"))),
        }
    }

    /// Returns the object of a ref; `None` if no ref has this name, and for a full id, which needs no lookup.
    fn named(&self, name: &str) -> Result<Option<Named>, SourceError> {
        if name.len() == self.local.object_hash().len_in_hex() && is_id(name) {
            return Ok(None);
        }
        let name = if name == "@" { "HEAD" } else { name };
        for (before, behind) in RULES {
            let full = BString::from(format!("{before}{name}{behind}"));
            if let Some(named) = self.at(full)? {
                return Ok(Some(named));
            }
        }
        Ok(None)
    }

    /// Returns the ref with this full name, if it leads to an object.
    fn at(&self, name: BString) -> Result<Option<Named>, SourceError> {
        let Some(target) = self.tables.find(name.as_ref())? else { return Ok(None) };
        Ok(self.tables.follow(target)?.map(|id| Named { name, id }))
    }

    /// Returns the answer to a query about a name, the text between `@{` and `}`.
    fn asked(&self, given: &str, named: Option<&Named>, query: &str) -> Result<Option<Named>, SourceError> {
        let head = self.tables.head()?;
        // Without a name, the query is about the current branch.
        let own = || head.branch.clone().unwrap_or_else(|| "HEAD".into());
        let name = match named {
            Some(named) => named.name.clone(),
            None if given.is_empty() => own(),
            None => return Ok(None),
        };
        if let Some(steps) = query.strip_prefix('-') {
            return steps.parse().map_or(Ok(None), |steps| self.left_before(steps));
        }
        let side = match query.to_ascii_lowercase().as_str() {
            "u" | "upstream" => Some(gix::remote::Direction::Fetch),
            "push" => Some(gix::remote::Direction::Push),
            _ => None,
        };
        match side {
            Some(side) => {
                let branch = if name == "HEAD" { own() } else { name };
                self.tracking(branch.as_ref(), side).map_or(Ok(None), |name| self.at(name))
            }
            None => Ok(logged(&self.tables.entries(name.as_ref()), query).map(|id| Named { name, id })),
        }
    }

    /// Returns the ref that tracks the place a branch is fetched from or pushed to.
    fn tracking(&self, branch: &BStr, side: gix::remote::Direction) -> Option<BString> {
        let branch = <&gix::refs::FullNameRef>::try_from(branch).ok()?;
        let tracking = self.local.branch_remote_tracking_ref_name(branch, side)?.ok()?;
        Some(tracking.as_bstr().to_owned())
    }

    /// Returns the branch or commit that was checked out this many switches ago.
    fn left_before(&self, steps: usize) -> Result<Option<Named>, SourceError> {
        let entries = self.tables.entries(b"HEAD".as_bstr());
        let left = entries.iter().rev().filter_map(|change| {
            let (_, message) = change.line.split_once_str("\t")?;
            let (from, _) = message.strip_prefix(b"checkout: moving from ")?.split_once_str(" to ")?;
            Some((from.to_owned(), change.ids[0]))
        });
        let Some((from, id)) = steps.checked_sub(1).and_then(|steps| left.into_iter().nth(steps)) else {
            return Ok(None);
        };
        let branch = [b"refs/heads/", &*from].concat();
        Ok(self.at(branch.into())?.or(Some(Named { name: from.into(), id })))
    }
}

/// Returns the entry of a reflog that a number or a date selects.
fn logged(entries: &[Change], query: &str) -> Option<ObjectId> {
    let first = entries.first()?;
    let oldest = || Some(first.ids[0]).filter(|id| !id.is_null());
    if let Ok(back) = query.parse::<usize>() {
        let at = entries.iter().rev().nth(back).map(|change| change.ids[1]);
        return at.or_else(|| oldest().filter(|_| back == entries.len()));
    }
    let until = gix::date::parse(query, Some(gix::date::Zoned::now())).ok()?.seconds;
    let before = |change: &&Change| i64::try_from(change.seconds).is_ok_and(|seconds| seconds <= until);
    entries.iter().rev().find(before).map(|change| change.ids[1]).or_else(oldest).or(Some(first.ids[1]))
}

/// Returns `true` if a word may be an id, or ends in one as the output of `git describe` does.
fn is_id(word: &str) -> bool {
    let digits = word.rsplit_once("-g").map_or(word, |(_, digits)| digits);
    digits.len() >= FEWEST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}
