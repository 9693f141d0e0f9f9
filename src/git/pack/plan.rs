//! The plan of a pack: a forest in which every delta is a child of its base.
//!
//! It is made from the index and the entries' headers alone, when a walk first needs it; nothing is inflated. Objects
//! are identified by their *place*: their position in order of offset. A plan takes about 36 bytes for each object.

use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use gix::odb::pack::data;
use gix::odb::pack::data::entry::Header;
use gix::zlib::Status;
use rayon::prelude::*;

use super::index::Index;
use crate::git::ObjectId;
use crate::git::error::error_text;
use crate::git::object::Kind;
use crate::threads;

/// The value that means no object.
const NONE: u32 = u32::MAX;
/// A delta whose base is not in this pack, or an entry whose header cannot be read.
const LOST: u32 = u32::MAX - 1;
/// Bytes of extra room after an object while it is inflated: as many as the inflater needs for one more step of its
/// fast loop. Without them it would finish most deltas with its slow loop.
const SLACK: usize = 304;
/// The most bytes that one compressed byte can stand for, rounded up: deflate repeats 258 bytes with two bits.
const MOST_RATIO: usize = 1040;

/// A pack and the order to read it in.
pub struct Plan {
    data: data::File,
    index: Index,
    forest: OnceLock<Forest>,
}

/// The objects of a pack by place. The fields that are needed together are stored together, because objects are met in
/// no particular order.
pub(super) struct Forest {
    nodes: Vec<Node>,
    /// The places of deltas, grouped by base.
    children: Vec<u32>,
    /// The places that can't be reached from a root.
    lost: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Node {
    /// The object's offset in the pack.
    offset: u64,
    /// The object's position in the index.
    entry: u32,
    /// The place of the base, or `NONE`, or `LOST`.
    base: u32,
    /// The start of the object's deltas in `children`; they end where those of the next object start.
    first_child: u32,
    /// The number of objects in the delta tree below the object, including itself.
    weight: u32,
    /// The kind of the object; a delta has that of its root.
    kind: Kind,
}

/// The treatment of an object in a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Neither the object nor anything made from it is wanted.
    Nothing,
    /// An object made from it is wanted, so its bytes are needed.
    Bytes,
    /// The object is visited.
    Visit,
}

impl Plan {
    /// Opens the pack that has this index.
    ///
    /// # Errors
    /// Returns the reason as a text if the pack or its index can't be opened.
    pub fn new(index: &Path, hash: gix::hash::Kind) -> Result<Self, String> {
        Self::of(index, Index::at(index, hash)?, hash)
    }

    /// Opens the same pack with the entries of the multi-pack-index next to it, if that lists any of its objects.
    pub fn by_multi_index(index: &Path, hash: gix::hash::Kind) -> Option<Self> {
        Self::of(index, Index::from_multi(index, hash)?, hash).ok()
    }

    fn of(path: &Path, index: Index, hash: gix::hash::Kind) -> Result<Self, String> {
        let data = data::File::at(path.with_extension("pack"), hash).map_err(|error| error_text(&error))?;
        Ok(Self { data, index, forest: OnceLock::new() })
    }

    /// Returns a description of the disagreement if index and pack hold different numbers of objects.
    pub fn disagreement(&self) -> Option<String> {
        let (listed, held) = (self.index.num_objects(), self.data.num_objects());
        (listed != held).then(|| format!("it lists {listed} objects, but its pack contains {held}"))
    }

    pub(super) fn forest(&self) -> &Forest {
        self.forest.get_or_init(|| Forest::new(&self.data, &self.index))
    }

    /// Returns the path of the index; the pack is next to it.
    pub fn path(&self) -> &Path {
        self.index.path()
    }

    /// Returns `true` if the pack holds an object.
    pub fn holds(&self, id: &gix::oid) -> bool {
        self.index.lookup(id).is_some()
    }

    /// Returns the number of objects.
    pub fn count(&self) -> u32 {
        self.index.num_objects()
    }

    /// Returns the id of an object, by its position in the index.
    pub fn id(&self, entry: u32) -> ObjectId {
        self.oid(entry).to_owned()
    }

    /// Returns the same id, borrowed.
    pub fn oid(&self, entry: u32) -> &gix::oid {
        self.index.oid_at_index(entry)
    }

    /// Returns the size of the pack in bytes.
    pub fn bytes(&self) -> u64 {
        self.data.data_len() as u64
    }

    pub(super) fn kind(&self, place: u32) -> Kind {
        self.forest().node(place).kind
    }

    pub(super) fn entry(&self, place: u32) -> u32 {
        self.forest().node(place).entry
    }

    pub(super) fn weight(&self, place: u32) -> u32 {
        self.forest().node(place).weight
    }

    /// Returns the places of the deltas made from an object, the heaviest last.
    pub(super) fn children_of(&self, place: u32) -> &[u32] {
        self.forest().children_of(place)
    }

    /// Inflates an entry: the object, or the delta that makes it.
    pub(super) fn inflate(&self, place: u32, inflate: &mut gix::zlib::Inflate, out: &mut Vec<u8>, limit: u64) -> bool {
        let Ok(entry) = self.data.entry(self.forest().node(place).offset) else { return false };
        let Some(size) = usize::try_from(entry.decompressed_size).ok().filter(|size| *size as u64 <= limit) else {
            return false;
        };
        let Some(packed) = self.data.entry_slice(entry.data_offset..self.bytes()) else { return false };
        // The declared size of an entry is trusted only if its compressed bytes could inflate to that much.
        if size / MOST_RATIO > packed.len() {
            return false;
        }
        // Bytes already in the buffer are overwritten, so only those that are added have to be cleared.
        out.resize(size + SLACK, 0);
        inflate.reset();
        let end = inflate.once(packed, out);
        out.truncate(size);
        end.is_ok_and(|(status, _, length)| status == Status::StreamEnd && length == size)
    }
}

impl Forest {
    fn new(data: &data::File, index: &Index) -> Self {
        let offset = |entry| (index.pack_offset_at_index(entry), entry);
        let mut nodes: Vec<Node> = threads::on_all(|| {
            let mut all: Vec<(u64, u32)> = (0..index.num_objects()).into_par_iter().map(offset).collect();
            all.par_sort_unstable();
            let node = |(offset, entry): &(u64, u32)| {
                let (kind, base) = head(data, index, &all, *offset);
                let kind = kind.unwrap_or(Kind::Blob);
                Node { offset: *offset, entry: *entry, base, first_child: 0, weight: 1, kind }
            };
            all.par_iter().map(node).collect()
        });
        let children = hang(&mut nodes);
        let mut forest = Self { nodes, children, lost: Vec::new() };
        forest.spread();
        forest
    }

    /// Goes through the forest from its roots to set the kind of each delta and the weight of each base.
    fn spread(&mut self) {
        let order = self.bases_first();
        for place in &order {
            if let Some(base) = self.base(*place) {
                self.nodes[*place as usize].kind = self.node(base).kind;
            }
        }
        for place in order.iter().rev() {
            if let Some(base) = self.base(*place) {
                self.nodes[base as usize].weight += self.node(*place).weight;
            }
        }
        if order.len() < self.nodes.len() {
            let mut reached = vec![false; self.nodes.len()];
            order.iter().for_each(|place| reached[*place as usize] = true);
            self.lost = (0..).zip(&reached).filter(|(_, reached)| !**reached).map(|(place, _)| place).collect();
        }
        self.heaviest_last();
    }

    /// Returns every place that can be reached from a root, bases before their deltas. A circle of deltas has no root.
    fn bases_first(&self) -> Vec<u32> {
        // git writes packs in this order, and reading them in the order of the file is many times as fast.
        if (0..).zip(&self.nodes).all(|(place, node)| node.base == NONE || node.base < place) {
            return (0..).zip(&self.nodes).map(|(place, _)| place).collect();
        }
        let roots = (0..).zip(&self.nodes).filter(|(_, node)| node.base == NONE).map(|(place, _)| place);
        let mut order: Vec<u32> = roots.collect();
        let mut at = 0;
        while let Some(place) = order.get(at) {
            order.extend_from_slice(self.children_of(*place));
            at += 1;
        }
        order
    }

    /// Moves the heaviest delta of each base to the end. By the time a base's last delta is read, the base is no longer
    /// needed. With the heaviest one last, only few bases wait at any time: at most the logarithm of the number of
    /// objects.
    fn heaviest_last(&mut self) {
        for place in 0..self.nodes.len() {
            let of_one = self.span_of_children(place);
            let of_one = &mut self.children[of_one];
            if let Some(heaviest) = (0..of_one.len()).max_by_key(|at| self.nodes[of_one[*at] as usize].weight) {
                let last = of_one.len() - 1;
                of_one.swap(heaviest, last);
            }
        }
    }

    /// Returns the treatment of each object in a walk, by place; `wanted` says which objects are visited, by position
    /// in the index. Returns `None` if all of them are.
    pub(super) fn needs(&self, wanted: impl Fn(u32) -> bool + Sync) -> Option<Vec<Need>> {
        let need = |node: &Node| if wanted(node.entry) { Need::Visit } else { Need::Nothing };
        let mut needs: Vec<Need> = threads::on_all(|| self.nodes.par_iter().map(need).collect());
        if needs.iter().all(|need| *need == Need::Visit) {
            return None;
        }
        for place in self.bases_first().iter().rev() {
            if let (Some(base), true) = (self.base(*place), needs[*place as usize] > Need::Nothing) {
                let need = &mut needs[base as usize];
                *need = (*need).max(Need::Bytes);
            }
        }
        Some(needs)
    }

    /// Returns the places of the whole objects of these kinds.
    pub(super) fn roots(&self, kinds: &[Kind]) -> impl Iterator<Item = u32> {
        let is_root = |node: &Node| node.base == NONE && kinds.contains(&node.kind);
        (0..).zip(&self.nodes).filter(move |(_, node)| is_root(node)).map(|(place, _)| place)
    }

    /// Returns the places that can't be reached from a root.
    pub(super) fn lost(&self) -> &[u32] {
        &self.lost
    }

    fn node(&self, place: u32) -> &Node {
        &self.nodes[place as usize]
    }

    fn base(&self, place: u32) -> Option<u32> {
        Some(self.node(place).base).filter(|base| *base < LOST)
    }

    fn children_of(&self, place: u32) -> &[u32] {
        &self.children[self.span_of_children(place as usize)]
    }

    fn span_of_children(&self, place: usize) -> Range<usize> {
        let end = self.nodes.get(place + 1).map_or(self.children.len(), |next| next.first_child as usize);
        self.nodes[place].first_child as usize..end
    }
}

/// Returns the kind of a whole object, or the place of a delta's base.
fn head(data: &data::File, index: &Index, all: &[(u64, u32)], offset: u64) -> (Option<Kind>, u32) {
    let Ok(entry) = data.entry(offset) else { return (None, LOST) };
    let base = match entry.header {
        Header::OfsDelta { base_distance } => offset.checked_sub(base_distance),
        Header::RefDelta { base_id } => index.lookup(&base_id).map(|entry| index.pack_offset_at_index(entry)),
        whole => return (whole.as_kind(), NONE),
    };
    let place = base.and_then(|base| all.binary_search_by_key(&base, |(offset, _)| *offset).ok());
    let place = place.and_then(|place| u32::try_from(place).ok());
    (None, place.unwrap_or(LOST))
}

/// Lists the deltas of each base, and sets in each node where its own deltas start.
fn hang(nodes: &mut [Node]) -> Vec<u32> {
    let mut counts = vec![0u32; nodes.len()];
    for node in nodes.iter().filter(|node| node.base < LOST) {
        counts[node.base as usize] += 1;
    }
    let mut next = counts;
    let mut sum = 0;
    for (node, next) in nodes.iter_mut().zip(&mut next) {
        node.first_child = sum;
        sum += std::mem::replace(next, sum);
    }
    let mut children = vec![0u32; sum as usize];
    for (place, node) in (0u32..).zip(nodes.iter()).filter(|(_, node)| node.base < LOST) {
        let slot = &mut next[node.base as usize];
        children[*slot as usize] = place;
        *slot += 1;
    }
    children
}
