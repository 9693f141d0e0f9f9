//! The second phase of a sweep: contents, and the files next to the objects.

use crate::attribution::tree_index::Search;
use crate::finding::Note;
use crate::git::object::Kind;
use crate::git::store::Selection;
use crate::scan::Scan;
use crate::scan::outcome::Outcome;
use crate::source::history::Objects;

/// The state of a sweep after all contents have been scanned.
pub(super) struct BlobsScanned<'s> {
    pub(super) outcome: Outcome,
    /// The objects about which earlier sweeps recorded nothing.
    pub(super) unscanned: Selection<'s>,
}

impl Scan<'_> {
    /// Scans the selected blobs, all selected objects that no walk of the packs reaches, and the files next to the
    /// objects.
    pub(super) fn scan_blobs<'s>(
        &self,
        objects: &'s Objects,
        unscanned: Selection<'s>,
        note: Option<Note>,
    ) -> BlobsScanned<'s> {
        // Nothing is searched for in the trees among the single objects: they are read again when the targets are
        // known.
        let search = Search::default();
        let walked = self.walk(objects, &unscanned, &[Kind::Blob], &search);
        let mut single = unscanned.single();
        single.extend(walked.unread);
        let mut outcome = Outcome { notes: note.into_iter().collect(), ..Outcome::default() };
        outcome.absorb(walked.outcome);
        outcome.absorb(self.single(objects, &single, &search).outcome);
        let mut beside = self.each(&objects.listing.items, |worker, item| worker.item(item));
        // Files next to the objects often repeat the text of a commit, so their sightings come after it.
        beside.sightings.iter_mut().for_each(|sighting| sighting.order = usize::MAX);
        outcome.absorb(beside);
        BlobsScanned { outcome, unscanned }
    }
}
