//! Scans a listing: the index, a range or files. Only new secrets are reported, with how far they got.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aho_corasick::AhoCorasick;
use bstr::{BString, ByteSlice as _};

use super::batch::MOST_PLACES;
use super::outcome::Outcome;
use super::sighting::Sighting;
use super::{Scan, batch};
use crate::finding::{ContentKind, Doubt, Exposure, InTheEnd, Report, Scope, Secret, Stage, WebRepository};
use crate::git::server::{self, Servers};
use crate::git::{ObjectId, Repo, object, remote};
use crate::source::Listing;
use crate::text::archive;
use crate::text::encoding::as_text;

/// The most paths of a secret that are checked in the last commits of a range.
const MOST_ASKED: usize = 64;
/// The number of items that are scanned in one go: even if each of them contains something, they don't take too much
/// memory.
const PART: usize = 1 << 16;

impl Scan<'_> {
    /// Scans the items that a source listed. `known` says whether a content was already part of the history at that
    /// path.
    pub fn listed(&self, listing: Listing, scope: Scope, known: &dyn Fn(&BString, ObjectId) -> bool) -> Report {
        let (batch, mut outcome) = self.batch(&listing);
        let items = batch::within_limit(listing.items, &batch, &mut outcome.gaps);
        let mut names = MOST_PLACES;
        for part in items.chunks(PART) {
            let mut of_part = self.each(part, |worker, (order, item)| {
                let mut outcome = batch::take(&batch, worker, item).unwrap_or_else(|| worker.item(item));
                outcome.sightings.iter_mut().for_each(|sighting| sighting.order = *order);
                outcome
            });
            limit_names(&mut of_part, &mut names);
            outcome.absorb(of_part);
        }
        outcome.stats.commits = listing.stats.commits;
        outcome.gaps.extend(listing.gaps);
        outcome.notes.extend(listing.notes);
        outcome.notes.extend(listing.submodules.iter().map(|(path, bump)| bump.note(path)));
        let sightings = std::mem::take(&mut outcome.sightings);
        let held_before = self.held_before(&sightings, &listing.before, &listing.names_before);
        (outcome.sightings, outcome.stats.old) = fresh(sightings, &held_before, known);
        let commits: BTreeSet<ObjectId> = outcome.sightings.iter().filter_map(|s| s.commit).collect();
        let got_out = Publication::of(self.repo, commits);
        for sighting in &mut outcome.sightings {
            sighting.occurrence.web = sighting.commit.and_then(|commit| got_out.web.get(&commit).cloned());
        }
        let heads = listing.heads;
        self.report(outcome, scope, &mut |group| Exposure {
            in_the_end: self.in_the_end(group, &heads),
            ..self.range_exposure(group, &got_out)
        })
    }

    /// Returns the secrets among the sightings that earlier contents or names contain.
    fn held_before(
        &self,
        sightings: &[Sighting],
        before: &BTreeSet<ObjectId>,
        names: &BTreeSet<BString>,
    ) -> BTreeSet<Secret> {
        if before.is_empty() && names.is_empty() {
            return BTreeSet::new();
        }
        let Some((repository, mut past)) = self.repo.zip(Past::new(sightings)) else { return BTreeSet::new() };
        names.iter().for_each(|name| past.look(name));
        let local = repository.local();
        for id in before {
            // A parent's content that can't be read doesn't make anything old: the finding stays.
            if let Ok((_, data)) = object::load(&local, *id, self.options.max_file_size) {
                past.look_in_file(&data);
            }
        }
        past.held
    }

    /// Returns the state of a secret at the last commits of a range; `None` if it is in something that later commits
    /// don't change, such as a message, or if the commits' content can't be read.
    fn in_the_end(&self, group: &[Sighting], heads: &[ObjectId]) -> Option<InTheEnd> {
        let local = self.repo.filter(|_| !heads.is_empty())?.local();
        let mut places: BTreeSet<(&BString, ContentKind)> = BTreeSet::new();
        for sighting in group {
            let kind = sighting.occurrence.kind;
            let is_in_tree = matches!(
                kind,
                ContentKind::File | ContentKind::ArchiveMember | ContentKind::Symlink | ContentKind::FileName
            );
            if !is_in_tree || sighting.occurrence.path.is_empty() {
                return None;
            }
            places.insert((&sighting.occurrence.path, kind));
        }
        if places.len() > MOST_ASKED {
            return None;
        }
        let blobs: BTreeSet<ObjectId> = group.iter().filter_map(|sighting| sighting.blob).collect();
        let mut past = Past::new(group)?;
        for head in heads {
            let tree = object::tree_of(&local, *head).ok()?;
            for (path, kind) in &places {
                let Some(found) = object::entry_at(&local, tree, path.as_bstr()).ok()? else { continue };
                if *kind == ContentKind::FileName || blobs.contains(&found.id) {
                    return Some(InTheEnd::Held);
                }
                let (_, data) = object::load(&local, found.id, self.options.max_file_size).ok()?;
                past.look_in_file(&data);
            }
        }
        Some(if past.held.is_empty() { InTheEnd::Deleted } else { InTheEnd::Held })
    }

    /// Returns the exposure of a secret that the index, a range or a push adds.
    fn range_exposure(&self, group: &[Sighting], got_out: &Publication) -> Exposure {
        let commits: BTreeSet<ObjectId> = group.iter().filter_map(|s| s.commit).collect();
        let first = group.iter().filter(|s| s.commit.is_some()).min_by_key(|s| s.order);
        let commit = self.repo.zip(first.and_then(|s| s.commit));
        let commit = commit.and_then(|(repository, id)| object::commit_of(&repository.local(), id).ok());
        let stage = stage(group, got_out);
        Exposure {
            stage,
            doubt: got_out.doubt.filter(|_| stage == Stage::Unknown),
            commits: commits.len(),
            first_commit: first.and_then(|s| s.occurrence.commit.clone()),
            first_seen: first.and_then(|s| s.occurrence.author_time.clone()),
            first_is_root: commit.as_ref().is_some_and(|commit| commit.parents.is_empty()),
            first_author: commit.map(|commit| commit.author),
            ..Exposure::default()
        }
    }
}

/// The known facts about the publication of commits.
struct Publication {
    /// The commits that were on a server.
    commits: BTreeSet<ObjectId>,
    /// For each of these, the repository on a host with web pages that is known to have it.
    web: BTreeMap<ObjectId, Arc<WebRepository>>,
    /// The reason why the other commits may have been on a server too, if there is one.
    doubt: Option<Doubt>,
}

impl Publication {
    fn of(repository: Option<&Repo>, commits: BTreeSet<ObjectId>) -> Self {
        match repository.filter(|_| !commits.is_empty()) {
            Some(repository) => {
                let servers = Servers::of(repository);
                let refs = repository.all_refs();
                let doubt = if refs.gaps.is_empty() { servers.doubt } else { Some(Doubt::UnreadRefs) };
                let refs = refs.direct();
                let commits = server::published(repository, &servers, &refs, commits);
                let web = on_hosts(repository, &servers, &refs, &commits);
                Self { commits, web, doubt }
            }
            None => Self { commits, web: BTreeMap::new(), doubt: None },
        }
    }
}

/// Returns for each commit the first repository on a host with web pages that is known to have it.
fn on_hosts(
    repository: &Repo,
    servers: &Servers,
    refs: &[(BString, ObjectId)],
    commits: &BTreeSet<ObjectId>,
) -> BTreeMap<ObjectId, Arc<WebRepository>> {
    let (mut left, mut found) = (commits.clone(), BTreeMap::new());
    if left.is_empty() {
        return found;
    }
    for (name, web) in remote::web(repository) {
        let held = server::held_by(repository, servers, refs, &name, left.clone());
        left.retain(|id| !held.contains(id));
        found.extend(held.into_iter().map(|id| (id, Arc::clone(&web))));
    }
    found
}

/// Leaves out sightings in names past the number that a report lists: the name of a folder is in every path below it.
fn limit_names(outcome: &mut Outcome, left: &mut usize) {
    let is_name = |sighting: &Sighting| sighting.occurrence.kind == ContentKind::FileName;
    let count = outcome.sightings.iter().filter(|one| is_name(one)).count();
    if count > *left {
        // Threads finish in any order, and the choice of the listed places must not depend on it.
        outcome.sightings.sort_by(Sighting::by_age);
        let last = outcome.sightings.iter().rfind(|one| is_name(one));
        outcome.gaps.extend(last.map(|one| batch::more_places(&one.occurrence.path)));
        let mut kept = 0;
        outcome.sightings.retain(|one| {
            kept += usize::from(is_name(one));
            !is_name(one) || kept <= *left
        });
    }
    *left -= count.min(*left);
}

/// Returns how far a secret got that the index, a range or a push adds.
fn stage(group: &[Sighting], got_out: &Publication) -> Stage {
    if group.iter().all(|s| s.commit.is_none() && s.tag.is_none()) {
        Stage::Uncommitted
    } else if group.iter().filter_map(|s| s.commit).any(|commit| got_out.commits.contains(&commit)) {
        Stage::Published
    } else {
        got_out.doubt.map_or(Stage::LocalOnly, |doubt| doubt.cast_on(Stage::LocalOnly))
    }
}

/// Leaves out secrets that existed before: those in content that a change replaces, and those in contents that are
/// known at their path. Returns the rest, and the number of secrets left out.
fn fresh(
    sightings: Vec<Sighting>,
    held_before: &BTreeSet<Secret>,
    known: &dyn Fn(&BString, ObjectId) -> bool,
) -> (Vec<Sighting>, usize) {
    // The check reads trees, and one content may contain many secrets, so its results are kept.
    let mut verdicts: BTreeMap<(BString, ObjectId), bool> = BTreeMap::new();
    let mut is_known =
        |path: &BString, blob: ObjectId| *verdicts.entry((path.clone(), blob)).or_insert_with(|| known(path, blob));
    let (old, fresh): (Vec<Sighting>, Vec<Sighting>) = sightings.into_iter().partition(|sighting| {
        held_before.contains(&sighting.detection.secret)
            || sighting.blob.is_some_and(|blob| is_known(&sighting.occurrence.path, blob))
    });
    let old: BTreeSet<&Secret> = old.iter().map(|sighting| &sighting.detection.secret).collect();
    (fresh, old.len())
}

/// A search for secrets in earlier content, in plain form and as they were encoded.
struct Past<'s> {
    search: AhoCorasick,
    /// The secret that each pattern of the search is a form of.
    secrets: Vec<&'s Secret>,
    /// The secrets that were found.
    held: BTreeSet<Secret>,
}

impl<'s> Past<'s> {
    /// Builds the search; `None` if there is nothing to search for.
    fn new(sightings: &'s [Sighting]) -> Option<Self> {
        let forms = sightings.iter().flat_map(|sighting| {
            let secret = &sighting.detection.secret;
            std::iter::once(secret).chain(&sighting.raw).map(move |form| (form.reveal(), secret))
        });
        let (patterns, secrets): (Vec<&[u8]>, Vec<&Secret>) = forms.unzip();
        let search = AhoCorasick::new(&patterns).ok().filter(|_| !patterns.is_empty())?;
        Some(Self { search, secrets, held: BTreeSet::new() })
    }

    fn look(&mut self, text: &[u8]) {
        for hit in self.search.find_overlapping_iter(text) {
            self.held.insert(self.secrets[hit.pattern().as_usize()].clone());
        }
    }

    /// Searches a file, and its members if it is an archive.
    fn look_in_file(&mut self, data: &[u8]) {
        self.look(data);
        if let Cow::Owned(text) = as_text(data) {
            self.look(&text);
        }
        // A member that can't be opened doesn't make anything old either.
        if archive::kind(data).is_some() {
            archive::each_member(data, &archive::Limits::default(), &mut |_, text| self.look(&as_text(text)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::proof::template::Generator;

    fn id(n: u8) -> ObjectId {
        ObjectId::from_bytes_or_panic(&[n; 20])
    }

    fn secrets(sightings: &[Sighting]) -> Vec<String> {
        let shown = |one: &Sighting| String::from_utf8_lossy(one.detection.secret.reveal()).into_owned();
        sightings.iter().map(shown).collect()
    }

    #[test]
    fn old_secrets_are_left_out_and_counted() {
        let at = |secret, blob| Sighting { blob: Some(id(blob)), ..Sighting::sample(secret) };
        let all = vec![at("one", 1), at("two", 1), at("two", 1), at("three", 2), at("two", 3), at("four", 2)];
        let held = BTreeSet::from([Secret::new("three")]);
        let asked = RefCell::new(Vec::new());
        let known = |_: &BString, blob: ObjectId| {
            asked.borrow_mut().push(blob);
            blob == id(1)
        };
        let (new, old) = fresh(all, &held, &known);
        // 'two' is new in the other content too, and old in the first.
        assert_eq!(secrets(&new), ["two", "four"]);
        assert_eq!(old, 3);
        assert_eq!(asked.into_inner(), [id(1), id(3), id(2)], "a content is asked for once");
    }

    #[test]
    fn content_without_a_blob_is_never_known() {
        let (new, old) = fresh(vec![Sighting::sample("one")], &BTreeSet::new(), &|_, _| true);
        assert_eq!((new.len(), old), (1, 0));
    }

    #[test]
    fn old_secrets_are_found_encoded_and_packed() {
        let mut generator = Generator::new(1);
        let mut value = || generator.expand("<base62:20>", None).unwrap();
        let (plain, encoded, packed, new) = (value(), value(), value(), value());
        let raw = data_encoding::BASE64.encode(encoded.as_bytes());
        let all = [
            Sighting::sample(&plain),
            Sighting { raw: Some(Secret::new(raw.as_str())), ..Sighting::sample(&encoded) },
            Sighting::sample(&packed),
            Sighting::sample(&new),
        ];
        let mut past = Past::new(&all).unwrap();
        past.look_in_file(format!("a={plain} b={raw}").as_bytes());
        let mut archive = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut archive, packed.as_bytes()).unwrap();
        past.look_in_file(&archive.finish().unwrap());
        let expected: BTreeSet<Secret> = [plain, encoded, packed].into_iter().map(Secret::new).collect();
        assert_eq!(past.held, expected);
        assert!(Past::new(&[]).is_none());
    }

    #[test]
    fn a_secret_is_as_exposed_as_its_most_exposed_commit() {
        let in_commit = |n| Sighting { commit: Some(id(n)), ..Sighting::sample("one") };
        let in_index = Sighting::sample("one");
        let in_tag = Sighting { tag: Some(id(7)), ..Sighting::sample("one") };
        let got_out = |doubt| Publication { commits: BTreeSet::from([id(2)]), web: BTreeMap::new(), doubt };
        let of = |group: &[Sighting]| stage(group, &got_out(None));
        assert_eq!(of(&[in_index.clone(), in_index.clone()]), Stage::Uncommitted);
        assert_eq!(of(&[in_index.clone(), in_tag]), Stage::LocalOnly);
        assert_eq!(of(&[in_commit(1), in_index.clone()]), Stage::LocalOnly);
        let in_bare = |group: &[Sighting]| stage(group, &got_out(Some(Doubt::Bare)));
        assert_eq!(in_bare(&[in_index]), Stage::Uncommitted);
        assert_eq!(in_bare(&[in_commit(1)]), Stage::Unknown);
        assert_eq!(in_bare(&[in_commit(1), in_commit(2)]), Stage::Published);
        assert_eq!(of(&[in_commit(1), in_commit(2)]), Stage::Published);
    }
}
