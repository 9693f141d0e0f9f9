//! Shared parts of the benchmarks: text that is always the same, and a walk that only decodes.

use keysweep::git::object::Kind;
use keysweep::git::pack::{Base, Object, Visitor, walk};
use keysweep::git::store::Store;

/// The kinds of objects in the order of a sweep: blobs first, then all others.
const WALKS: [&[Kind]; 2] = [&[Kind::Blob], &[Kind::Tree, Kind::Commit, Kind::Tag]];

/// Words of ordinary source code. Some are words that rules look for, as in real sources, but no value follows them.
const WORDS: [&str; 32] = [
    "reader", "offset", "line", "value", "index", "token", "name", "parse", "count", "state", "buffer", "entry",
    "path", "width", "client", "result", "source", "header", "config", "output", "option", "match", "event", "stream",
    "cursor", "record", "node", "filter", "list", "field", "range", "scope",
];

/// A generator of source lines. The same number gives the same lines everywhere.
pub(crate) struct Lines {
    state: u64,
}

impl Lines {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or(0) % end.max(1)
    }

    pub(crate) fn line(&mut self) -> String {
        let [a, b, c, d] = [(); 4].map(|()| WORDS[self.below(WORDS.len())]);
        let number = self.below(1000);
        match self.below(4) {
            0 => format!("    let {a}_{b} = {c}.{d}({number});\n"),
            1 => format!("        self.{a}.{b}(&{c}, |{d}| {d}.len() > {number})?;\n"),
            2 => format!("    // The {a} of each {b} is kept until the {c} has no {d}.\n"),
            _ => format!("        if {a}[{number}] == {b}::{c} {{ return {d}; }}\n"),
        }
    }

    /// Returns about this many bytes of whole lines, with the last line possibly exceeding it.
    pub(crate) fn text(&mut self, bytes: usize) -> Vec<u8> {
        let mut text = Vec::with_capacity(bytes + 100);
        while text.len() < bytes {
            text.extend_from_slice(self.line().as_bytes());
        }
        text
    }
}

/// A visitor that counts the bytes of objects and reads none of them.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Volume {
    /// The bytes of whole objects.
    pub(crate) stored: u64,
    /// The bytes of whole objects and of what deltas insert: everything that is stored without being copied.
    pub(crate) inserted: u64,
    pub(crate) blobs: u64,
    pub(crate) commits: u64,
}

impl Visitor for Volume {
    type State = ();

    fn visit(&mut self, object: &Object<'_>, base: Option<Base<'_, ()>>) {
        self.commits += u64::from(object.kind == Kind::Commit);
        if object.kind != Kind::Blob {
            return;
        }
        self.blobs += 1;
        self.stored += object.data.len() as u64;
        self.inserted += base.map_or(object.data.len(), |base| {
            base.edits
                .segments()
                .iter()
                .filter(|segment| segment.from.is_none())
                .map(|segment| segment.span.len())
                .sum()
        }) as u64;
    }
}

/// Decodes all objects of all packs, as a sweep does, and counts the bytes of blobs. No sweep that reads the packs in
/// this way can be faster.
pub(crate) fn floor(store: &Store, limit: u64, threads: usize) -> Volume {
    let mut sum = Volume::default();
    let everything = store.everything();
    for kinds in WALKS {
        let (volumes, _) = walk(everything.portions(), kinds, limit, threads, Volume::default);
        for volume in volumes {
            sum.stored += volume.stored;
            sum.inserted += volume.inserted;
            sum.blobs += volume.blobs;
            sum.commits += volume.commits;
        }
    }
    sum
}
