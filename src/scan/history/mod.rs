//! The sweep: every object once, then where each secret lives.

pub(super) mod cache;
mod retention;
pub mod rewrite;
mod visitor;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use bstr::BString;

use super::Scan;
use super::outcome::{Missing, Outcome};
use super::sighting::Sighting;
use crate::attribution::tree_index::{Search, Target, TreeIndex, TreeRecords};
use crate::attribution::{Arrival, Attribution};
use crate::finding::{ContentKind, Exposure, Gap, GapKind, Note, Report, Scope, Stage};
use crate::git::object::{Kind, Mode};
use crate::git::pack::walk;
use crate::git::store::{Number, Selection, Store};
use crate::git::{ObjectId, Repo};
use crate::source::history::Objects;
use crate::source::{Content, staged};
use cache::{Cache, CacheFile, Scanned, State};
use retention::Keepers;
use visitor::Sweeper;

/// Every way each target came in.
type Arrivals = BTreeMap<Target, Vec<Arrival>>;

/// What was read of trees.
struct Trees {
    search: Search,
    notes: TreeRecords,
    /// Whether the search knows what those hold that were not read.
    is_known: bool,
}

impl Scan<'_> {
    /// Scans everything git stores.
    pub fn history(&self, repository: &Repo, objects: Objects, scope: Scope) -> Report {
        self.sweep(repository, objects, scope, false)
    }

    /// The same, and says of each place what keeps it in the repository, and of each secret all refs that reach it.
    pub fn remains(&self, repository: &Repo, objects: Objects, scope: Scope) -> Report {
        self.sweep(repository, objects, scope, true)
    }

    fn sweep(&self, repository: &Repo, objects: Objects, scope: Scope, is_traced: bool) -> Report {
        let file = self.options.cache.as_ref().map(|folder| CacheFile::new(folder, self.detector.rules()));
        let (mut cache, remark) = file.as_ref().map(|f| earlier(f, repository, &objects.store)).unwrap_or_default();
        let store = &objects.store;
        let mut selection = match &cache {
            Some(cache) if cache.complete => store.pick(|number| !cache.is_clean(number)),
            // Loose objects are looked at here whatever their kind, and a tree among them may name what is gone by now.
            Some(cache) => store.select(|number| store.is_loose(number) || !cache.is_clean(number)),
            None => store.everything(),
        };
        let known = cache.as_ref().map_or(0, Cache::count);
        self.progress.expect(objects.store.count().saturating_sub(known) as u64);
        let mut outcome = self.blobs(&objects, &selection);
        outcome.notes.extend(remark);
        let mut beside = self.each(&objects.listing.items, |worker, item| worker.item(item));
        // What lies beside the objects often repeats what a commit says, and is named after it.
        beside.sightings.iter_mut().for_each(|sighting| sighting.order = usize::MAX);
        outcome.absorb(beside);
        if cache.as_ref().is_some_and(|cache| !cache.complete) {
            // What a tree names may be gone by now, or have come, so each is asked again.
            selection = store.everything();
        }
        // Blobs come first, so that the trees which hold those with a sighting are found when trees are read.
        let earlier = cache.as_mut().and_then(|cache| cache.tree_index.take());
        let is_known = earlier.is_some() || cache.as_ref().is_none_or(|cache| !cache.complete);
        let search = Search::after(earlier.unwrap_or_default(), &wanted(&outcome));
        let (others, notes) = self.others(&objects, &selection, &search);
        outcome.absorb(others);
        outcome.gaps.extend_from_slice(&objects.listing.gaps);
        outcome.notes.extend_from_slice(&objects.listing.notes);
        let earlier = cache.as_mut().filter(|cache| cache.complete).map(|cache| std::mem::take(&mut cache.commits));
        outcome.commits.append(earlier.unwrap_or_default());
        let wanted = wanted(&outcome);
        let is_asked = !wanted.is_empty() || !outcome.sightings.is_empty();
        let trees = Trees { search, notes, is_known };
        let trees = self.complete(&mut selection, trees, &wanted, cache.as_ref(), &outcome.scanned);
        let (tree_index, attribution) = rayon::join(
            || trees.map(|trees| trees.tree_index(repository, &selection)),
            || is_asked.then(|| Attribution::new(repository, store, &outcome.commits)),
        );
        if let Some(file) = file {
            remember(&file, cache, &mut outcome, tree_index.as_ref(), repository, store);
        }
        let Some(attribution) = attribution else {
            return self.report(outcome, scope, &mut |_| Exposure::default());
        };
        let mut attribution = attribution.with_tree_index(tree_index.unwrap_or_default());
        if is_traced {
            attribution = attribution.with_reflogs(retention::reflogs(&objects.listing.items));
        }
        if self.options.flag_outside_authors && !attribution.learn_people() {
            let text = "no domain and no address wrote a tenth of the commits, so no author stands out";
            outcome.notes.push(Note(text.to_owned()));
        }
        let arrivals = attribution.arrivals();
        let missing = std::mem::take(&mut outcome.missing);
        absent(&missing, &arrivals, &attribution, &mut outcome);
        let staged = staged_paths(repository);
        let sightings = std::mem::take(&mut outcome.sightings);
        outcome.sightings = sightings.into_iter().flat_map(|s| attributed(s, &arrivals, &staged)).collect();
        if is_traced {
            let mut keepers = Keepers::new(repository, &objects.store, &mut attribution, &staged);
            outcome.sightings.iter_mut().for_each(|sighting| keepers.name(sighting));
        }
        self.report(outcome, scope, &mut |group| exposure(group, &mut attribution, &staged))
    }

    /// Looks at every blob once, and at all objects that stand alone.
    fn blobs(&self, objects: &Objects, selection: &Selection<'_>) -> Outcome {
        let (mut outcome, _, unread) = self.walk(objects, selection, &[Kind::Blob], &Search::default());
        let mut single = selection.single();
        single.extend(unread);
        outcome.absorb(self.single(objects, &single, &Search::default()).0);
        outcome
    }

    /// Looks at every other object once, noting which trees hold what is searched for.
    fn others(&self, objects: &Objects, selection: &Selection<'_>, search: &Search) -> (Outcome, TreeRecords) {
        let (mut outcome, mut notes, unread) =
            self.walk(objects, selection, &[Kind::Tree, Kind::Commit, Kind::Tag], search);
        let (others, noted) = self.single(objects, &unread, search);
        outcome.absorb(others);
        notes.append(noted);
        (outcome, notes)
    }

    /// Reads trees again if something is wanted that was not looked for; none if nothing is wanted of them.
    fn complete(
        &self,
        selection: &mut Selection<'_>,
        trees: Trees,
        wanted: &BTreeSet<Target>,
        cache: Option<&Cache>,
        scanned: &[Scanned],
    ) -> Option<Trees> {
        let Trees { mut search, mut notes, is_known } = trees;
        let cache = cache.filter(|cache| cache.complete);
        let is_known =
            is_known && cache.is_none_or(|cache| cache.tells(search.earlier(), wanted, scanned, selection.store()));
        if !is_known {
            if wanted.is_empty() {
                return None;
            }
            *selection = selection.store().everything();
            search = Search::new(wanted);
            notes = search.read(selection, self.options.threads);
        } else if !search.covers(wanted) {
            search = Search::after(search.into_earlier(), wanted);
            notes = search.read(selection, self.options.threads);
        }
        Some(Trees { search, notes, is_known })
    }

    /// Walks the packs; says which objects could not be decoded.
    pub(super) fn walk(
        &self,
        objects: &Objects,
        selection: &Selection<'_>,
        kinds: &[Kind],
        search: &Search,
    ) -> (Outcome, TreeRecords, Vec<Number>) {
        let store = &objects.store;
        let make = || Sweeper::new(self.worker(), objects, search, self.progress);
        let (sweepers, unread) =
            walk(selection.portions(), kinds, self.options.max_file_size, self.options.threads, make);
        let mut outcome = Outcome::default();
        let mut notes = TreeRecords::default();
        for sweeper in sweepers {
            let (part, records) = sweeper.finish();
            outcome.absorb(part);
            notes.append(records);
        }
        let unread = unread.into_iter().map(|(pack, entry)| store.number_of(pack, entry)).collect();
        (outcome, notes, unread)
    }

    /// Looks at objects that a walk does not come to, one by one: reads them, or says why they cannot be read.
    fn single(&self, objects: &Objects, numbers: &[Number], search: &Search) -> (Outcome, TreeRecords) {
        let noted = Mutex::new(TreeRecords::default());
        let outcome = self.each_part(numbers, |part| {
            let mut sweeper = Sweeper::new(self.worker(), objects, search, self.progress);
            part.iter().for_each(|number| sweeper.single(*number));
            let (outcome, notes) = sweeper.finish();
            noted.lock().unwrap_or_else(PoisonError::into_inner).append(notes);
            outcome
        });
        (outcome, noted.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Trees {
    /// What all trees hold.
    fn tree_index(self, repository: &Repo, selection: &Selection<'_>) -> TreeIndex {
        if self.search.is_empty() {
            return TreeIndex::default();
        }
        self.search.conclude(repository, selection, self.notes)
    }
}

/// What earlier sweeps saw, and what there is to say about that.
fn earlier(file: &CacheFile, repository: &Repo, store: &Store) -> (Option<Cache>, Option<Note>) {
    match file.load(store, &repository.local()) {
        Ok(cache) => (cache, None),
        Err(error) => {
            let path = file.path().display();
            (None, Some(Note(format!("the cache '{path}' was not used: {error}; everything was read anew"))))
        }
    }
}

/// Adds what earlier sweeps know to this one's outcome, and saves both for the next.
fn remember(
    file: &CacheFile,
    cache: Option<Cache>,
    outcome: &mut Outcome,
    tree_index: Option<&TreeIndex>,
    repository: &Repo,
    store: &Store,
) {
    let mut cache = cache.unwrap_or_default();
    let scanned_again = outcome.scanned.iter().filter(|one| cache.is_clean(one.number)).count();
    outcome.stats.cached = cache.count() - scanned_again;
    // A name is looked at where it is met first. If there is something to say of one, any tree may have it.
    let named = outcome.sightings.iter().any(|sighting| sighting.occurrence.kind == ContentKind::FileName);
    let mut scanned = std::mem::take(&mut outcome.scanned);
    for one in scanned.iter_mut().filter(|one| named && one.is_tree) {
        if tree_index.is_none_or(|tree_index| tree_index.is_named(one.number)) {
            one.state = State::Marked;
        }
    }
    let absent = outcome.missing.iter().map(|missing| missing.id).collect();
    if cache.add(&scanned, absent, store.count())
        && let Err(error) = file.save(&cache, &outcome.commits, tree_index, store, &repository.local())
    {
        let path = file.path().display();
        outcome.notes.push(Note(format!("the cache '{path}' could not be written: {error}")));
    }
}

/// What to look for in trees, to learn where it lives.
fn wanted(outcome: &Outcome) -> BTreeSet<Target> {
    let missing = outcome.missing.iter().map(|missing| Target::Object(missing.id));
    outcome.sightings.iter().filter_map(Sighting::target).chain(missing).collect()
}

impl Sighting {
    /// What to look for in trees, to learn where it lives.
    fn target(&self) -> Option<Target> {
        match self.occurrence.kind {
            ContentKind::FileName => Some(Target::Name(self.occurrence.path.clone())),
            _ => self.blob.map(Target::Object),
        }
    }
}

fn exposure(group: &[Sighting], attribution: &mut Attribution<'_>, staged: &BTreeMap<ObjectId, BString>) -> Exposure {
    let commits: BTreeSet<ObjectId> = group.iter().filter_map(|s| s.commit).collect();
    let targets: BTreeSet<Target> = group.iter().filter_map(Sighting::found_as).collect();
    if let (true, Some(tag)) = (commits.is_empty(), group.iter().find_map(|s| s.tag)) {
        return attribution.tag_exposure(tag);
    }
    let mut exposure = attribution.exposure(&commits, &targets);
    if commits.is_empty() && group.iter().any(|s| s.is_staged(staged)) {
        exposure.stage = Stage::Uncommitted;
    }
    let mut objects = group.iter().filter(|s| !s.occurrence.kind.beside_objects()).peekable();
    if objects.peek().is_none() {
        exposure.stage = stage_beside(group);
    } else if objects.all(|s| s.occurrence.kind == ContentKind::RefName) {
        exposure.stage = ref_stage(group);
    }
    exposure
}

impl Sighting {
    /// Whether an index holds the content or the name.
    pub(super) fn is_staged(&self, staged: &BTreeMap<ObjectId, BString>) -> bool {
        match (self.occurrence.kind, self.blob) {
            (_, Some(blob)) => staged.contains_key(&blob),
            (ContentKind::FileName, None) => staged.values().any(|path| *path == self.occurrence.path),
            _ => false,
        }
    }

    /// The target it was attributed by; a name is its path's last part by now.
    pub(super) fn found_as(&self) -> Option<Target> {
        let name = self.occurrence.path.rsplit(|b| *b == b'/').next().map(BString::from);
        match self.occurrence.kind {
            ContentKind::FileName => name.map(Target::Name),
            _ => self.blob.map(Target::Object),
        }
    }
}

/// Objects missing from what a ref reaches are gaps; below leftovers they are normal, and only noted.
fn absent(missing: &[Missing], arrivals: &Arrivals, attribution: &Attribution<'_>, outcome: &mut Outcome) {
    let mut leftovers = 0;
    for Missing { id, commit } in missing {
        let arrival = arrivals
            .get(&Target::Object(*id))
            .and_then(|list| list.iter().find(|a| attribution.is_reachable(&a.commit)));
        let what = match (arrival, commit.filter(|commit| attribution.is_reachable(commit))) {
            (Some(arrival), _) => format!("{} in commit {}", arrival.path, arrival.commit),
            (None, Some(commit)) => format!("object {id}, which commit {commit} names"),
            (None, None) => {
                leftovers += 1;
                continue;
            }
        };
        let why = format!(
            "object {id} is not in this clone; 'git fetch --refetch' brings missing objects of a partial clone, 'git fsck' tells more"
        );
        outcome.gaps.push(Gap { what: BString::from(what), kind: GapKind::Missing, why });
    }
    if leftovers > 0 {
        outcome.notes.push(Note(format!("{leftovers} objects that only unreachable leftovers name are gone already")));
    }
}

/// One sighting for each way its blob or name came in, judged by the path it came in under.
fn attributed(sighting: Sighting, arrivals: &Arrivals, staged: &BTreeMap<ObjectId, BString>) -> Vec<Sighting> {
    let Some(arrivals) = sighting.target().and_then(|target| arrivals.get(&target)) else {
        return unattributed(sighting, staged).into_iter().collect();
    };
    arrivals.iter().filter_map(|arrival| arrived(&sighting, arrival)).collect()
}

/// A blob in no commit may still stand in an index, which knows its path.
fn unattributed(sighting: Sighting, staged: &BTreeMap<ObjectId, BString>) -> Option<Sighting> {
    match sighting.blob.and_then(|blob| staged.get(&blob)) {
        Some(path) => sighting.under(path),
        None => Some(sighting),
    }
}

fn arrived(sighting: &Sighting, arrival: &Arrival) -> Option<Sighting> {
    let mut one = sighting.under(&arrival.path)?;
    (one.order, one.commit) = (arrival.order, Some(arrival.commit));
    one.occurrence.kind = match (sighting.occurrence.kind, arrival.mode) {
        (ContentKind::FileName, _) => ContentKind::FileName,
        _ if arrival.note => ContentKind::Note,
        (_, Mode::Link) => ContentKind::Symlink,
        (kind, _) => kind,
    };
    one.occurrence.commit = Some(arrival.commit.to_string());
    one.occurrence.author_time = Some(arrival.author_time.clone());
    Some(one)
}

/// A remote-tracking name was pushed or fetched; any other name is local.
fn ref_stage(group: &[Sighting]) -> Stage {
    if group.iter().any(|s| s.occurrence.path.starts_with(b"refs/remotes/")) {
        Stage::Published
    } else {
        Stage::LocalOnly
    }
}

/// A reflog tells of what was once there, and a commit whose message it repeats may have got out; the other files beside the
/// objects are nobody's but this clone's.
fn stage_beside(group: &[Sighting]) -> Stage {
    if group.iter().any(|s| s.occurrence.kind == ContentKind::Reflog) { Stage::Unreachable } else { Stage::Uncommitted }
}

/// Blobs of the indexes of all work trees, which no commit may hold yet, with their paths.
fn staged_paths(repository: &Repo) -> BTreeMap<ObjectId, BString> {
    let mut paths = BTreeMap::new();
    for worktree in repository.worktrees() {
        // An index that cannot be read keeps the blobs it holds from being named, not from being found.
        for item in staged::list(&worktree).map(|listing| listing.items).unwrap_or_default() {
            if let Content::Object(id) = item.content {
                paths.insert(id, item.path);
            }
        }
    }
    paths
}
