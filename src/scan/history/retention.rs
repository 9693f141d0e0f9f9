//! The retention of each place of a secret in a repository: refs, reflogs, indexes, files, or only leftovers.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice as _};

use super::staged::{IndexOf, Staged};
use crate::attribution::Attribution;
use crate::finding::{ContentKind, Retainer, Retention};
use crate::fs::bounded;
use crate::git::store::Store;
use crate::git::{ObjectId, Repo, reflog};
use crate::scan::sighting::Sighting;
use crate::source::{Content, Item};

/// The most refs that are named for one place.
const MOST: usize = 12;

/// The ref whose reflog is the list of stashes.
const STASH: &str = "refs/stash";

/// Returns the objects that each reflog names. A reflog that can't be read is a gap already.
pub(super) fn reflogs(beside: &[Item]) -> Vec<(BString, Vec<ObjectId>)> {
    let read = |item: &Item| {
        let ids = match &item.content {
            Content::File(path) => {
                reflog::ids(&bounded::read(path, bounded::MAX_NAMED, bounded::Links::Followed).ok()?)
            }
            // This reflog comes from a reftable.
            Content::Bytes(text) => reflog::ids(text),
            Content::Object(_) | Content::Stream(_) | Content::Open(_) | Content::Name => return None,
        };
        Some((reflog::name(item.path.as_ref())?, ids))
    };
    beside.iter().filter(|item| item.kind == ContentKind::Reflog).filter_map(read).collect()
}

/// The key of one place: the commit and the object, or the tag.
type Key = (Option<ObjectId>, Option<ObjectId>, Option<ObjectId>);

/// A lookup of what keeps each place.
pub(super) struct Keepers<'k, 's> {
    store: &'k Store,
    attribution: &'k mut Attribution<'s>,
    staged: &'k Staged,
    /// `true` if HEAD is on a branch, which then keeps everything that HEAD keeps.
    is_on_branch: bool,
    known: BTreeMap<Key, Vec<Retention>>,
}

impl<'k, 's> Keepers<'k, 's> {
    pub(super) fn new(
        repository: &Repo,
        store: &'k Store,
        attribution: &'k mut Attribution<'s>,
        staged: &'k Staged,
    ) -> Self {
        Self { store, attribution, staged, is_on_branch: repository.branch().is_some(), known: BTreeMap::new() }
    }

    /// Records in a sighting what keeps it.
    pub(super) fn name(&mut self, sighting: &mut Sighting) {
        let occurrence = &sighting.occurrence;
        let mut held = match occurrence.kind {
            ContentKind::RefName => vec![Retention { by: Retainer::Ref, name: occurrence.path.clone() }],
            ContentKind::Reflog => vec![match reflog::name(occurrence.path.as_ref()) {
                Some(name) => Retention { by: Retainer::Reflog, name },
                None => Retention { by: Retainer::Table, name: occurrence.path.clone() },
            }],
            kind if kind.is_outside_objects() => vec![Retention { by: Retainer::File, name: occurrence.path.clone() }],
            _ => self.of_object(sighting),
        };
        // A name that no commit added was read from an index.
        let is_name = occurrence.kind == ContentKind::FileName && sighting.commit.is_none();
        let indexes = sighting.blob.and_then(|blob| self.staged.get(&blob)).map(|at| &at.indexes);
        match indexes {
            Some(indexes) => held.extend(indexes.iter().map(|index| match index {
                IndexOf::ThisTree => Retention { by: Retainer::Index, name: occurrence.path.clone() },
                IndexOf::OtherTree(folder) => Retention { by: Retainer::OtherIndex, name: folder.clone() },
            })),
            None if sighting.is_staged(self.staged) || (held.is_empty() && is_name) => {
                held.push(Retention { by: Retainer::Index, name: occurrence.path.clone() });
            }
            None => {}
        }
        let is_kept = held.iter().any(|one| !matches!(one.by, Retainer::KeptPack | Retainer::Alternate));
        if !is_kept {
            let by = if self.attribution.knows_all_tips { Retainer::Leftover } else { Retainer::Unread };
            held.insert(0, Retention { by, name: BString::default() });
        }
        held.sort();
        held.dedup();
        sighting.occurrence.held = held;
    }

    /// Returns the retention of an object, or of the commit that it was added with.
    fn of_object(&mut self, sighting: &Sighting) -> Vec<Retention> {
        let key = (sighting.commit, sighting.blob, sighting.tag);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let targets = BTreeSet::from_iter(sighting.found_as());
        let (refs, reflogs) = match sighting.tag {
            Some(tag) => (self.attribution.tag_refs(tag), Vec::new()),
            None => self.attribution.holders(sighting.commit, &targets),
        };
        let mut held = self.refs(&refs);
        held.extend(reflogs.into_iter().map(|name| {
            let by = if name == STASH { Retainer::Stash } else { Retainer::Reflog };
            Retention { by, name }
        }));
        for id in [sighting.blob.or(sighting.commit), sighting.tag].into_iter().flatten() {
            held.extend(self.stored(id));
        }
        self.known.insert(key, held.clone());
        held
    }

    fn refs(&self, names: &[String]) -> Vec<Retention> {
        let on_branch = names.iter().any(|name| name.starts_with("refs/heads/"));
        let own =
            |name: &str| if name == "HEAD" { !self.is_on_branch } else { !name.starts_with("HEAD of ") || !on_branch };
        let names: Vec<&String> = names.iter().filter(|name| own(name)).collect();
        let held = |name: &&String| {
            let by = match name.as_str() {
                STASH => Retainer::Stash,
                name if name.starts_with("HEAD") => Retainer::Head,
                name if self.attribution.is_server_ref(name) => Retainer::ServerRef,
                _ => Retainer::Ref,
            };
            Retention { by, name: BString::from(name.as_str()) }
        };
        let mut all: Vec<Retention> = names.iter().take(MOST).map(held).collect();
        if names.len() > MOST {
            let more = (names.len() - MOST).to_string();
            all.push(Retention { by: Retainer::MoreRefs, name: more.into() });
        }
        all
    }

    /// Returns the places of an object's copies that git doesn't clean up.
    fn stored(&self, id: ObjectId) -> Vec<Retention> {
        let copies = self.store.copies(&id).into_iter();
        let marked = copies.filter_map(|copy| {
            let by = match (copy.is_borrowed, copy.is_kept) {
                (true, _) => Retainer::Alternate,
                (false, true) => Retainer::KeptPack,
                (false, false) => return None,
            };
            Some(Retention { by, name: copy.folder.as_os_str().as_encoded_bytes().as_bstr().to_owned() })
        });
        marked.collect()
    }
}
