//! The plan of a pack: a forest in which every delta hangs from its base.
//!
//! Made from the index and the entries' headers alone; nothing is inflated. Objects are known by their *place*: their
//! position in order of offset. Takes about 33 bytes an object.

use std::path::Path;

use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};
use rayon::prelude::*;

use crate::source::ObjectId;
use crate::source::repo::{Kind, error_text};

/// No object.
const NONE: u32 = u32::MAX;
/// A delta whose base is not in this pack, or an entry whose header cannot be read.
const LOST: u32 = u32::MAX - 1;

/// What a walk does with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// Neither it nor anything made from it is wanted.
    Nothing,
    /// Something made from it is wanted.
    Bytes,
    /// It is to be visited.
    Visit,
}

/// A pack and the order to read it in.
pub struct Plan {
    data: data::File,
    index: index::File,
    /// Offset in the pack, by place.
    offsets: Vec<u64>,
    /// Position in the index, by place.
    entries: Vec<u32>,
    /// Kind of the object, by place; that of a delta is its root's.
    kinds: Vec<Kind>,
    /// Place of the base, by place; or `NONE`, or `LOST`.
    bases: Vec<u32>,
    /// Where the deltas of an object start in `children`, by place; one more at the end.
    first_child: Vec<u32>,
    /// Places of deltas, by base.
    children: Vec<u32>,
    /// Objects in the delta tree that hangs from each object, itself included, by place.
    weights: Vec<u32>,
    needs: Vec<Need>,
    /// Places that no root leads to.
    lost: Vec<u32>,
}

impl Plan {
    /// Plans the pack with this index.
    ///
    /// # Errors
    /// When the pack or its index cannot be opened; in words.
    pub fn new(index: &Path, hash: gix::hash::Kind) -> Result<Self, String> {
        let data = data::File::at(index.with_extension("pack"), hash).map_err(|error| error_text(&error))?;
        let index = index::File::at(index, hash).map_err(|error| error_text(&error))?;
        let (offsets, entries): (Vec<u64>, Vec<u32>) = {
            let offset = |entry| (index.pack_offset_at_index(entry), entry);
            let mut all: Vec<(u64, u32)> = (0..index.num_objects()).into_par_iter().map(offset).collect();
            all.par_sort_unstable();
            all.into_iter().unzip()
        };
        let heads: Vec<(Option<Kind>, u32)> =
            offsets.par_iter().map(|offset| head(&data, &index, &offsets, *offset)).collect();
        let bases: Vec<u32> = heads.iter().map(|(_, base)| *base).collect();
        let kinds = heads.iter().map(|(kind, _)| kind.unwrap_or(Kind::Blob)).collect();
        let (first_child, children) = children(&bases);
        let count = offsets.len();
        let mut plan = Self {
            data,
            index,
            offsets,
            entries,
            kinds,
            bases,
            first_child,
            children,
            weights: vec![1; count],
            needs: vec![Need::Visit; count],
            lost: Vec::new(),
        };
        plan.hang();
        Ok(plan)
    }

    /// Walks the forest from its roots, so that each delta learns its kind and each base how much hangs from it.
    fn hang(&mut self) {
        let order = self.bases_first();
        for place in &order {
            if let Some(base) = self.base(*place) {
                self.kinds[*place as usize] = self.kinds[base as usize];
            }
        }
        for place in order.iter().rev() {
            if let Some(base) = self.base(*place) {
                self.weights[base as usize] += self.weights[*place as usize];
            }
        }
        let mut reached = vec![false; self.bases.len()];
        order.iter().for_each(|place| reached[*place as usize] = true);
        self.lost = (0..).zip(&reached).filter(|(_, reached)| !**reached).map(|(place, _)| place).collect();
        self.heaviest_last();
    }

    /// Every place that a root leads to, bases before their deltas. A circle of deltas has no root.
    fn bases_first(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..).zip(&self.bases).filter(|(_, base)| **base == NONE).map(|(p, _)| p).collect();
        let mut at = 0;
        while let Some(place) = order.get(at) {
            order.extend_from_slice(self.children_of(*place));
            at += 1;
        }
        order
    }

    /// The last delta of a base is read when the base is not needed any more. With the heaviest one last, few bases wait at
    /// any time: at most the logarithm of the number of objects.
    fn heaviest_last(&mut self) {
        for pair in self.first_child.windows(2) {
            let of_one = &mut self.children[pair[0] as usize..pair[1] as usize];
            if let Some(heaviest) = (0..of_one.len()).max_by_key(|at| self.weights[of_one[*at] as usize]) {
                let last = of_one.len() - 1;
                of_one.swap(heaviest, last);
            }
        }
    }

    /// Chooses what is to be visited, by position in the index; the rest is read only as far as deltas need it.
    pub fn select(&mut self, wanted: impl Fn(u32) -> bool + Sync) {
        let need = |entry: &u32| if wanted(*entry) { Need::Visit } else { Need::Nothing };
        self.needs = self.entries.par_iter().map(need).collect();
        for place in self.bases_first().iter().rev() {
            if let (Some(base), true) = (self.base(*place), self.needs[*place as usize] > Need::Nothing) {
                let need = &mut self.needs[base as usize];
                *need = (*need).max(Need::Bytes);
            }
        }
    }

    /// Number of objects.
    pub fn count(&self) -> u32 {
        self.index.num_objects()
    }

    /// The id of an object, by its position in the index.
    pub fn id(&self, entry: u32) -> ObjectId {
        self.oid(entry).to_owned()
    }

    /// The same, borrowed.
    pub fn oid(&self, entry: u32) -> &gix::oid {
        self.index.oid_at_index(entry)
    }

    /// Bytes of the pack.
    pub fn bytes(&self) -> u64 {
        self.data.data_len() as u64
    }

    /// Positions in the index of wanted objects that a walk does not come to.
    pub fn lost(&self) -> impl Iterator<Item = u32> + '_ {
        self.lost.iter().filter(|place| self.is_wanted(**place)).map(|place| self.entry(*place))
    }

    /// Places of the whole objects of these kinds from which something wanted hangs.
    pub(super) fn roots(&self, kinds: &[Kind]) -> Vec<u32> {
        let root = |place: &u32| {
            let at = *place as usize;
            self.bases[at] == NONE && self.needs[at] > Need::Nothing && kinds.contains(&self.kinds[at])
        };
        (0..self.count()).filter(root).collect()
    }

    pub(super) fn kind(&self, place: u32) -> Kind {
        self.kinds[place as usize]
    }

    pub(super) fn entry(&self, place: u32) -> u32 {
        self.entries[place as usize]
    }

    pub(super) fn weight(&self, place: u32) -> u32 {
        self.weights[place as usize]
    }

    pub(super) fn is_wanted(&self, place: u32) -> bool {
        self.needs[place as usize] == Need::Visit
    }

    /// The deltas made from an object, the heaviest last, as places; wanted or not.
    pub(super) fn children_of(&self, place: u32) -> &[u32] {
        let at = place as usize;
        &self.children[self.first_child[at] as usize..self.first_child[at + 1] as usize]
    }

    /// Whether nothing that hangs from an object, itself included, is wanted.
    pub(super) fn is_idle(&self, place: u32) -> bool {
        self.needs[place as usize] == Need::Nothing
    }

    /// Inflates an entry: the object, or the delta that makes it.
    pub(super) fn inflate(&self, place: u32, inflate: &mut gix::zlib::Inflate, out: &mut Vec<u8>, limit: u64) -> bool {
        let Ok(entry) = self.data.entry(self.offsets[place as usize]) else { return false };
        let Some(size) = usize::try_from(entry.decompressed_size).ok().filter(|size| *size as u64 <= limit) else {
            return false;
        };
        // What lies beyond the length is overwritten: only what is new must be cleared.
        out.resize(size, 0);
        self.data.decompress_entry(&entry, inflate, out).is_ok()
    }

    fn base(&self, place: u32) -> Option<u32> {
        Some(self.bases[place as usize]).filter(|base| *base < LOST)
    }
}

/// The kind of a whole object, or the place of a delta's base.
fn head(data: &data::File, index: &index::File, offsets: &[u64], offset: u64) -> (Option<Kind>, u32) {
    let Ok(entry) = data.entry(offset) else { return (None, LOST) };
    let base = match entry.header {
        Header::OfsDelta { base_distance } => offset.checked_sub(base_distance),
        Header::RefDelta { base_id } => index.lookup(base_id).map(|entry| index.pack_offset_at_index(entry)),
        whole => return (whole.as_kind(), NONE),
    };
    let place = base.and_then(|base| offsets.binary_search(&base).ok()).and_then(|place| u32::try_from(place).ok());
    (None, place.unwrap_or(LOST))
}

/// The deltas of each base, as one list with starts.
fn children(bases: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0u32; bases.len() + 1];
    for base in bases.iter().filter(|base| **base < LOST) {
        starts[*base as usize + 1] += 1;
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    let mut next = starts.clone();
    let mut children = vec![0u32; sum as usize];
    for (place, base) in (0u32..).zip(bases).filter(|(_, base)| **base < LOST) {
        let slot = &mut next[*base as usize];
        children[*slot as usize] = place;
        *slot += 1;
    }
    (starts, children)
}
