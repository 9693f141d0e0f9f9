//! Decodes every object of some packs, each base before the objects made from it, on all threads.
//!
//! A thread takes a whole object and goes through its delta tree depth first, holding the bases that it will come back
//! to. When other threads are idle it hands a part of its tree to them. A base is released before its last delta is
//! entered, so that a chain of any length keeps two objects in memory.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;

use super::delta;
use super::plan::Plan;
use super::portion::Portion;
use crate::git::ObjectId;
use crate::git::object::Kind;
use crate::text::Edits;

/// The least weight of a part that is worth handing over.
const WORTH_SHARING: u32 = 64;
/// The number of whole objects that a thread takes at once.
const BATCH: usize = 16;
/// The number of buffers that a thread keeps for reuse, and the most bytes of one.
const POOL: (usize, usize) = (8, 4 << 20);

/// The most bytes that the objects of a pack may have together: a fixed number, and so many more for each byte of the
/// pack. The objects of a history have a hundred or a thousand times the size of its pack; without a limit, a pack of
/// sixteen kilobytes could keep a walk busy for hours.
const MOST_BYTES: u64 = 4 << 30;
const MOST_GROWTH: u64 = 4096;

/// An object as the visitor gets it.
pub struct Object<'o> {
    /// The position of its pack among those that are walked.
    pub pack: usize,
    /// The object's position in that pack's index.
    pub entry: u32,
    /// The object's kind.
    pub kind: Kind,
    /// The object's bytes.
    pub data: &'o [u8],
    plan: &'o Plan,
}

impl Object<'_> {
    /// Returns the object's id. Call it only where it is needed: the id is stored far from everything else that a walk
    /// reads.
    pub fn id(&self) -> ObjectId {
        self.plan.id(self.entry)
    }
}

/// The base that an object was made from.
#[derive(Debug)]
pub struct Base<'b, S> {
    /// The base's bytes.
    pub data: &'b [u8],
    /// The state that the visitor returned for it.
    pub state: &'b S,
    /// The edits that made the object from it.
    pub edits: &'b Edits,
}

/// A visitor of the objects; each thread has its own.
pub trait Visitor: Send {
    /// The state of an object, kept while others are made from it.
    type State: Send + Sync;

    /// Visits one object; `base` is the object that it was made from, if that was visited.
    fn visit(&mut self, object: &Object<'_>, base: Option<Base<'_, Self::State>>) -> Self::State;
}

/// Wanted objects that a walk did not visit.
#[derive(Debug, Default)]
pub struct Unvisited {
    /// Objects that are too large or can't be decoded, and all made from such objects, as (pack, position in its
    /// index).
    pub unread: Vec<(usize, u32)>,
    /// The indexes of packs that hold more than the limit for one pack.
    pub cut: Vec<PathBuf>,
}

/// An object that others are made from.
struct Live<S> {
    data: Vec<u8>,
    /// The visitor's state; `None` if the object was not to be visited.
    state: Option<S>,
}

/// A base, with those of its deltas that are still to be read.
struct Frame<S> {
    live: Arc<Live<S>>,
    /// The places of the deltas, the next one last.
    left: Vec<u32>,
}

/// A part of a delta tree that is handed to another thread.
struct Part<S> {
    pack: usize,
    base: Arc<Live<S>>,
    place: u32,
}

/// The state that the threads share.
struct Shared<'p, S> {
    packs: &'p [Portion<'p>],
    roots: Vec<(usize, u32)>,
    /// The number of bytes that may still be read from each pack.
    rooms: Vec<AtomicU64>,
    next_root: AtomicUsize,
    /// The number of threads for which there is no part; read without the lock to see whether sharing helps.
    idle: AtomicUsize,
    parts: Mutex<Parts<S>>,
    more: Condvar,
    limit: u64,
}

/// The parts that wait for a thread, and the number of threads that wait for a part.
struct Parts<S> {
    list: Vec<Part<S>>,
    threads: usize,
    waiting: usize,
    done: bool,
}

/// Visits the wanted objects of these kinds that have at most `limit` bytes; returns the visitors and the objects that
/// could not be visited.
pub fn walk<V: Visitor>(
    packs: &[Portion<'_>],
    kinds: &[Kind],
    limit: u64,
    threads: usize,
    make: impl Fn() -> V + Sync,
) -> (Vec<V>, Unvisited) {
    let roots =
        packs.iter().enumerate().flat_map(|(pack, of_pack)| of_pack.roots(kinds).into_iter().map(move |r| (pack, r)));
    let threads = threads.max(1);
    let shared = Shared {
        packs,
        roots: roots.collect(),
        rooms: packs.iter().map(|pack| AtomicU64::new(room(pack.plan().bytes()))).collect(),
        next_root: AtomicUsize::new(0),
        idle: AtomicUsize::new(0),
        parts: Mutex::new(Parts { list: Vec::new(), threads, waiting: 0, done: false }),
        more: Condvar::new(),
        limit,
    };
    let run = || {
        let _let_go = LetGo(&shared);
        let mut walker = Walker::new(&shared, make());
        walker.run();
        (walker.visitor, walker.unread)
    };
    let mut visitors = Vec::new();
    let mut unvisited = Unvisited::default();
    std::thread::scope(|scope| {
        let start = |_| Builder::new().spawn_scoped(scope, run).ok();
        let others: Vec<_> = (1..threads).filter_map(start).collect();
        // If no more threads can be started, the existing ones do all the work.
        shared.lock().threads = others.len() + 1;
        let mut finish = |(visitor, failed)| {
            visitors.push(visitor);
            unvisited.unread.extend::<Vec<_>>(failed);
        };
        finish(run());
        for other in others {
            match other.join() {
                Ok(result) => finish(result),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    let cut = (0..packs.len()).filter(|pack| !shared.has_room(*pack));
    unvisited.cut = cut.map(|pack| packs[pack].plan().path().to_owned()).collect();
    (visitors, unvisited)
}

fn room(bytes: u64) -> u64 {
    MOST_BYTES.saturating_add(bytes.saturating_mul(MOST_GROWTH))
}

struct Walker<'s, V: Visitor> {
    shared: &'s Shared<'s, V::State>,
    visitor: V,
    inflate: gix::zlib::Inflate,
    delta: Vec<u8>,
    edits: Edits,
    pool: Vec<Vec<u8>>,
    unread: Vec<(usize, u32)>,
}

impl<'s, V: Visitor> Walker<'s, V> {
    fn new(shared: &'s Shared<'s, V::State>, visitor: V) -> Self {
        Self {
            shared,
            visitor,
            inflate: gix::zlib::Inflate::default(),
            delta: Vec::new(),
            edits: Edits::default(),
            pool: Vec::new(),
            unread: Vec::new(),
        }
    }

    fn run(&mut self) {
        loop {
            let first = self.shared.next_root.fetch_add(BATCH, Ordering::Relaxed);
            let Some(rest) = self.shared.roots.get(first..) else { break };
            for (pack, root) in rest.iter().take(BATCH) {
                self.tree(*pack, *root, None);
            }
        }
        while let Some(part) = self.shared.wait() {
            self.tree(part.pack, part.place, Some(part.base));
        }
    }

    /// Visits one object and its whole delta tree.
    fn tree(&mut self, pack: usize, place: u32, base: Option<Arc<Live<V::State>>>) {
        let mut stack: Vec<Frame<V::State>> = Vec::new();
        self.step(pack, place, base.as_deref(), &mut stack);
        drop(base);
        while let Some(frame) = stack.last_mut() {
            let Some(place) = frame.left.pop() else {
                stack.pop();
                continue;
            };
            if frame.left.is_empty() {
                let Some(Frame { live, .. }) = stack.pop() else { return };
                self.step(pack, place, Some(&live), &mut stack);
                if let Ok(live) = Arc::try_unwrap(live) {
                    self.recycle(live.data);
                }
            } else {
                let live = Arc::clone(&frame.live);
                self.step(pack, place, Some(&live), &mut stack);
            }
            if self.shared.idle.load(Ordering::Relaxed) > 0 {
                self.share(pack, &mut stack);
            }
        }
    }

    /// Decodes and visits one object; if others are made from it, pushes it onto the stack.
    fn step(&mut self, pack: usize, place: u32, base: Option<&Live<V::State>>, stack: &mut Vec<Frame<V::State>>) {
        if !self.shared.has_room(pack) {
            return;
        }
        let portion = &self.shared.packs[pack];
        let plan = portion.plan();
        let mut data = self.pool.pop().unwrap_or_default();
        if !self.decode(plan, place, base, &mut data) {
            self.give_up(pack, place);
            self.recycle(data);
            return;
        }
        self.shared.take_room(pack, data.len() as u64);
        let state = portion.is_wanted(place).then(|| {
            let entry = plan.entry(place);
            let object = Object { pack, entry, kind: plan.kind(place), data: &data, plan };
            let edits = &self.edits;
            let base = base.and_then(|base| Some(Base { data: &base.data, state: base.state.as_ref()?, edits }));
            self.visitor.visit(&object, base)
        });
        let mut left: Vec<u32> = plan.children_of(place).iter().copied().filter(|c| !portion.is_idle(*c)).collect();
        if left.is_empty() {
            self.recycle(data);
        } else {
            left.reverse();
            stack.push(Frame { live: Arc::new(Live { data, state }), left });
        }
    }

    fn decode(&mut self, plan: &Plan, place: u32, base: Option<&Live<V::State>>, data: &mut Vec<u8>) -> bool {
        let limit = self.shared.limit;
        let Some(base) = base else { return plan.inflate(place, &mut self.inflate, data, limit) };
        if !plan.inflate(place, &mut self.inflate, &mut self.delta, limit) {
            return false;
        }
        let small = delta::sizes(&self.delta).is_ok_and(|(sizes, _)| sizes.result <= limit);
        small && delta::apply(&self.delta, &base.data, data, &mut self.edits).is_ok()
    }

    /// Records an object that could not be decoded, and all made from it.
    fn give_up(&mut self, pack: usize, place: u32) {
        let portion = &self.shared.packs[pack];
        let plan = portion.plan();
        let mut places = vec![place];
        while let Some(place) = places.pop() {
            places.extend_from_slice(plan.children_of(place));
            if portion.is_wanted(place) {
                self.unread.push((pack, plan.entry(place)));
            }
        }
    }

    fn recycle(&mut self, data: Vec<u8>) {
        if self.pool.len() < POOL.0 && data.capacity() <= POOL.1 {
            self.pool.push(data);
        }
    }

    /// Hands over the heaviest delta of the oldest base that has one to spare.
    fn share(&self, pack: usize, stack: &mut [Frame<V::State>]) {
        let plan = self.shared.packs[pack].plan();
        let top = stack.len().saturating_sub(1);
        for (depth, frame) in stack.iter_mut().enumerate() {
            // The list is reversed, so its first delta is the heaviest. The last delta of the newest base is kept for
            // this thread.
            let to_spare = depth < top || frame.left.len() > 1;
            let heaviest = frame.left.first().copied().filter(|place| plan.weight(*place) >= WORTH_SHARING);
            if let Some(place) = heaviest.filter(|_| to_spare) {
                frame.left.remove(0);
                self.shared.hand_over(Part { pack, base: Arc::clone(&frame.live), place });
                return;
            }
        }
    }
}

impl<S> Shared<'_, S> {
    fn has_room(&self, pack: usize) -> bool {
        self.rooms[pack].load(Ordering::Relaxed) > 0
    }

    fn take_room(&self, pack: usize, bytes: u64) {
        let less = |left: u64| Some(left.saturating_sub(bytes));
        // This never fails, because the closure always returns a value.
        let _ = self.rooms[pack].fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn hand_over(&self, part: Part<S>) {
        let mut parts = self.lock();
        parts.list.push(part);
        self.count_idle(&parts);
        self.more.notify_one();
    }

    /// Returns the next part; `None` once all threads wait, because then there will be no more.
    fn wait(&self) -> Option<Part<S>> {
        let mut parts = self.lock();
        parts.waiting += 1;
        loop {
            if let Some(part) = parts.list.pop() {
                parts.waiting -= 1;
                self.count_idle(&parts);
                return Some(part);
            }
            if parts.waiting == parts.threads || parts.done {
                parts.done = true;
                self.more.notify_all();
                return None;
            }
            self.count_idle(&parts);
            parts = self.more.wait(parts).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn count_idle(&self, parts: &Parts<S>) {
        self.idle.store(parts.waiting.saturating_sub(parts.list.len()), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Parts<S>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Releases the other threads if this one panics; they would wait for it forever.
struct LetGo<'s, 'p, S>(&'s Shared<'p, S>);

impl<S> Drop for LetGo<'_, '_, S> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().done = true;
            self.0.more.notify_all();
        }
    }
}
