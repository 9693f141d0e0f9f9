//! The plan of a pack: a forest in which every delta hangs from its base.
//!
//! Made from the index and the entries' headers alone, when a walk first asks for it; nothing is inflated. Objects are known
//! by their *place*: their position in order of offset. Takes about 36 bytes an object.

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

/// No object.
const NONE: u32 = u32::MAX;
/// A delta whose base is not in this pack, or an entry whose header cannot be read.
const LOST: u32 = u32::MAX - 1;
/// Bytes of room behind an object while it is inflated: as many as the inflater wants for the next step of its fast loop. It
/// would come to the end of most deltas by its slow one.
const SLACK: usize = 304;
/// Bytes that one packed byte can stand for, at most, and a little more: deflate repeats 258 bytes with two bits.
const MOST_RATIO: usize = 1040;

/// A pack and the order to read it in.
pub struct Plan {
    data: data::File,
    index: Index,
    forest: OnceLock<Forest>,
}

/// The objects of a pack by place. What is asked of one at a time stands together: they are met in no order.
pub(super) struct Forest {
    nodes: Vec<Node>,
    /// Places of deltas, by base.
    children: Vec<u32>,
    /// Places that no root leads to.
    lost: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Node {
    /// Offset in the pack.
    offset: u64,
    /// Position in the index.
    entry: u32,
    /// Place of the base; or `NONE`, or `LOST`.
    base: u32,
    /// Where its deltas start in `children`; they end where those of the next one start.
    first_child: u32,
    /// Objects in the delta tree that hangs from it, itself included.
    weight: u32,
    /// The kind; that of a delta is its root's.
    kind: Kind,
}

/// The treatment of an object in a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Neither it nor anything made from it is wanted.
    Nothing,
    /// Something made from it is wanted.
    Bytes,
    /// It is to be visited.
    Visit,
}

impl Plan {
    /// Opens the pack with this index.
    ///
    /// # Errors
    /// When the pack or its index cannot be opened; in words.
    pub fn new(index: &Path, hash: gix::hash::Kind) -> Result<Self, String> {
        Self::of(index, Index::at(index, hash)?, hash)
    }

    /// Opens the same pack by what the multi-pack-index next to it lists, if that lists anything of it.
    pub fn by_multi_index(index: &Path, hash: gix::hash::Kind) -> Option<Self> {
        Self::of(index, Index::from_multi(index, hash)?, hash).ok()
    }

    fn of(path: &Path, index: Index, hash: gix::hash::Kind) -> Result<Self, String> {
        let data = data::File::at(path.with_extension("pack"), hash).map_err(|error| error_text(&error))?;
        Ok(Self { data, index, forest: OnceLock::new() })
    }

    /// Returns the disagreement if the index does not list what the pack contains; in words.
    pub fn disagreement(&self) -> Option<String> {
        let (listed, held) = (self.index.num_objects(), self.data.num_objects());
        (listed != held).then(|| format!("it lists {listed} objects, but its pack contains {held}"))
    }

    pub(super) fn forest(&self) -> &Forest {
        self.forest.get_or_init(|| Forest::new(&self.data, &self.index))
    }

    /// Where the index lies; the pack lies next to it.
    pub fn path(&self) -> &Path {
        self.index.path()
    }

    /// `true` if it has an object.
    pub fn holds(&self, id: &gix::oid) -> bool {
        self.index.lookup(id).is_some()
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

    pub(super) fn kind(&self, place: u32) -> Kind {
        self.forest().node(place).kind
    }

    pub(super) fn entry(&self, place: u32) -> u32 {
        self.forest().node(place).entry
    }

    pub(super) fn weight(&self, place: u32) -> u32 {
        self.forest().node(place).weight
    }

    /// The deltas made from an object, the heaviest last, as places.
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
        // What an entry says of its size is believed as far as its bytes can be that much.
        if size / MOST_RATIO > packed.len() {
            return false;
        }
        // What was there before is overwritten: only what is new must be cleared.
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

    /// Goes through the forest from its roots, so that each delta learns its kind and each base how much hangs from it.
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

    /// Every place that a root leads to, bases before their deltas. A circle of deltas has no root.
    fn bases_first(&self) -> Vec<u32> {
        // So git writes them, and reading them as they lie is many times as fast.
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

    /// The last delta of a base is read when the base is not needed any more. With the heaviest one last, few bases wait at
    /// any time: at most the logarithm of the number of objects.
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

    /// Returns the treatment of each object in a walk, by place, if `wanted` says what is to be visited, by position in the
    /// index; `None` if that is all.
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

    /// Places of the whole objects of these kinds.
    pub(super) fn roots(&self, kinds: &[Kind]) -> impl Iterator<Item = u32> {
        let is_root = |node: &Node| node.base == NONE && kinds.contains(&node.kind);
        (0..).zip(&self.nodes).filter(move |(_, node)| is_root(node)).map(|(place, _)| place)
    }

    /// Places that no root leads to.
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

/// The kind of a whole object, or the place of a delta's base.
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

/// Lists the deltas of each base, and tells each where its own start.
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
