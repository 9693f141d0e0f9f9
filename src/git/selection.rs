//! The commits that a range selects, as `git rev-list` reads it: `A..B`, `A...B`, `^A B`, `A^!`, `A^@` and several of
//! them.

use std::collections::BTreeSet;

use gix::revision::plumbing::Spec;

use super::ancestry;
use super::error::error_text;
use super::layout;
use super::object::{self, Kind};
use super::refs::{self, Tip};
use super::repo::Local;
use super::revision::unresolved;
use super::{ObjectId, Repo, SourceError};
use crate::text::{escape, time};

/// The commits at which a range starts and ends.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Commits that are included, with all that they lead to.
    pub heads: Vec<ObjectId>,
    /// Commits that are excluded, with all that they lead to.
    pub bases: Vec<ObjectId>,
}

impl Selection {
    /// Parses the words of a range.
    ///
    /// # Errors
    /// Fails if a word can't be resolved, or none says where the range starts.
    pub fn read(repository: &Repo, words: &[impl AsRef<str>]) -> Result<Self, SourceError> {
        let local = &repository.resolver()?;
        let mut selection = Self::default();
        let mut starts = false;
        // In git, an empty side before the dots means HEAD; here it is far more likely a variable that was not set.
        let is_cut = words.iter().any(|word| word.as_ref().starts_with(".."));
        for word in words.iter().map(AsRef::as_ref).filter(|_| !is_cut) {
            starts |= selection.add(local, &repository.spelled(word)?)?;
        }
        if !starts {
            let words = words.iter().map(|word| escape(word.as_ref().as_bytes())).collect::<Vec<_>>();
            return Err(SourceError::NoRange { text: words.join(" ") });
        }
        Ok(selection)
    }

    /// Selects the commits that refs and HEADs lead to now, but did not at a revision or on a day.
    ///
    /// # Errors
    /// Fails if the text is neither a revision nor a day.
    pub fn since(repository: &Repo, text: &str) -> Result<Self, SourceError> {
        let local = &repository.resolver()?;
        let tips = refs::tips(repository, local, &repository.all_refs(), |_| false).tips;
        let ends: BTreeSet<ObjectId> = tips.iter().filter_map(Tip::end).collect();
        // Notes and stashes are commits as well; a tag of a file or a folder isn't. An object that can't be read may be
        // a commit: the walk will report it.
        let is_other = |id: &ObjectId| object::peeled(local, *id).is_ok_and(|(kind, _)| kind != Kind::Commit);
        let heads: Vec<ObjectId> = ends.into_iter().filter(|id| !is_other(id)).collect();
        let bases = match time::day(text) {
            Some(first) => ancestry::before(local, &heads, i64::try_from(first).unwrap_or(i64::MAX)),
            None => {
                let Spec::Include(id) = spec(local, &repository.spelled(text)?)? else {
                    return Err(unresolved(local, text, "it is a range; give one revision or a day"));
                };
                vec![commit(local, text, id)?]
            }
        };
        Ok(Self { heads, bases })
    }

    /// Adds the commits that one word selects; returns `true` if the word says where the range starts.
    fn add(&mut self, local: &Local, word: &str) -> Result<bool, SourceError> {
        match spec(local, word)? {
            Spec::Include(id) => {
                self.heads.push(commit(local, word, id)?);
                return Ok(false);
            }
            Spec::Exclude(id) => self.bases.push(commit(local, word, id)?),
            Spec::Range { from, to } => {
                self.bases.push(commit(local, word, from)?);
                self.heads.push(commit(local, word, to)?);
            }
            Spec::Merge { theirs, ours } => {
                let sides = [commit(local, word, theirs)?, commit(local, word, ours)?];
                self.bases.extend(common(local, sides)?);
                self.heads.extend(sides);
            }
            Spec::IncludeOnlyParents(id) => {
                self.heads.extend(parents(local, word, id)?);
                return Ok(false);
            }
            Spec::ExcludeParents(id) => {
                self.bases.extend(parents(local, word, id)?);
                self.heads.push(commit(local, word, id)?);
            }
        }
        Ok(true)
    }
}

/// Returns the merge bases of two commits.
fn common(local: &Local, [one, other]: [ObjectId; 2]) -> Result<BTreeSet<ObjectId>, SourceError> {
    let mut common = ancestry::between(local, &[one], &[other])?.edge;
    common.extend(ancestry::between(local, &[other], &[one])?.edge);
    Ok(common)
}

fn parents(local: &Local, word: &str, id: ObjectId) -> Result<Vec<ObjectId>, SourceError> {
    let read = object::commit_of(local, commit(local, word, id)?);
    read.map(|commit| commit.parents).map_err(|unread| unresolved(local, word, &unread.why))
}

/// Returns the commit that an object leads to.
fn commit(local: &Local, word: &str, id: ObjectId) -> Result<ObjectId, SourceError> {
    match object::peeled(local, id) {
        Ok((Kind::Commit, id)) => Ok(id),
        Ok((kind, id)) => Err(unresolved(local, word, &format!("it leads to {id}, which is a {kind}, not a commit"))),
        Err(unread) => Err(unresolved(local, word, &unread.why)),
    }
}

/// Parses a word with git's reader.
fn spec(local: &Local, word: &str) -> Result<Spec, SourceError> {
    layout::revision(local, word)?;
    let (first, second) = word.split_once("..").unwrap_or((word, ""));
    for name in [first.trim_start_matches('^'), second.trim_start_matches('.')] {
        leads_on(local, name).map_err(|why| unresolved(local, word, &why))?;
    }
    let spec = local.rev_parse(word).map_err(|error| {
        let cause = error_text(&error);
        // The reader describes a walk over ancestors by its own functions.
        let cause = if cause.contains("delegate.") { "it leads to no commit of this clone" } else { &cause };
        unresolved(local, word, cause)
    })?;
    Ok(spec.detach())
}

/// Checks that a name leads to an object. git's reader would follow tags that form a circle forever, so the name is
/// followed here before the reader gets it.
fn leads_on(local: &Local, name: &str) -> Result<(), String> {
    let name = name.split(['^', '~', ':']).next().unwrap_or_default();
    let name = name.split("@{").next().unwrap_or_default();
    let reference = local.try_find_reference(name).ok().flatten();
    let by_name = reference.and_then(|mut reference| reference.follow_to_object().ok()).map(gix::Id::detach);
    let by_id = || local.objects.lookup_prefix(gix::hash::Prefix::from_hex(name).ok()?, None).ok()??.ok();
    let Some(id) = by_name.or_else(by_id) else { return Ok(()) };
    match object::peeled(local, id) {
        Err(unread) => Err(unread.why),
        Ok(_) => Ok(()),
    }
}
