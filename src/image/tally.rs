//! The limits on reading an image, and the parts that were left out because of them or for another reason.

use std::io;

use bstr::{BStr, BString, ByteSlice as _};

use crate::finding::{Gap, GapKind};

/// The most members that are read of all archives together.
const MAX_MEMBERS: usize = 2_000_000;
/// The most bytes of documents that are kept until everything is read.
const MAX_DOCUMENTS: usize = 16 << 20;
/// The most bytes of names of links that are kept until everything is read.
const MAX_NAMES: usize = 32 << 20;
/// The most gaps that are reported one by one, and the most packs of repositories that are.
const MAX_TOLD: usize = 1000;

/// The limited amounts that were read so far, and the gaps.
#[derive(Debug, Default)]
pub(super) struct Tally {
    gaps: Vec<Gap>,
    /// The number of gaps beyond those that are reported one by one.
    more_gaps: usize,
    /// The packs of git repositories in layers that the sink did not take.
    packs: Vec<BString>,
    /// The number of members of all archives so far.
    members: usize,
    /// The number of bytes of documents that are kept.
    documents: usize,
    /// The number of bytes of names that are kept.
    names: usize,
}

impl Tally {
    /// Records that something was not read. The number of records is limited, because a hostile archive could cause
    /// more of them than fit into memory.
    pub(super) fn gap(&mut self, what: &BStr, kind: GapKind, why: impl Into<String>) {
        match self.gaps.len() < MAX_TOLD {
            true => self.gaps.push(Gap { what: what.to_owned(), kind, why: why.into() }),
            false => self.more_gaps += 1,
        }
    }

    /// Records that something ends early, or is damaged.
    pub(super) fn broken(&mut self, what: &BStr, error: &io::Error) {
        self.gap(what, end_kind(error), describe(error));
    }

    /// Records a pack of a repository that the sink did not take.
    pub(super) fn pack(&mut self, path: BString) {
        if self.packs.len() < MAX_TOLD {
            self.packs.push(path);
        }
    }

    /// Returns the number of gaps.
    pub(super) fn reported_count(&self) -> usize {
        self.gaps.len() + self.more_gaps + self.packs.len()
    }

    /// Counts a member; returns `false`, and reports a gap, if there are too many.
    pub(super) fn has_room(&mut self, name: &BStr) -> bool {
        self.members += 1;
        let has_room = self.members <= MAX_MEMBERS;
        if !has_room {
            let why = format!("more than {MAX_MEMBERS} files, folders and links; the rest was not read");
            self.gap(name, GapKind::TooLarge, why);
        }
        has_room
    }

    /// Counts names that are kept; returns `false`, and reports a gap, if there are too many.
    pub(super) fn has_room_for_names(&mut self, path: &BStr, target: &BStr) -> bool {
        let before = self.names;
        self.names += path.len() + target.len();
        if before <= MAX_NAMES && self.names > MAX_NAMES {
            let why = "it has more links than can be followed, so what became of files is not certain";
            self.gap(path, GapKind::TooLarge, why);
        }
        self.names <= MAX_NAMES
    }

    /// Counts a document that is kept; returns `false`, and reports a gap, if there are too many.
    pub(super) fn has_room_for_document(&mut self, name: &BStr, size: usize) -> bool {
        self.documents += size;
        let has_room = self.documents <= MAX_DOCUMENTS;
        if !has_room {
            let why = format!(
                "there are more than {} MiB of documents, and this one was read as plain text",
                MAX_DOCUMENTS >> 20
            );
            self.gap(name, GapKind::TooLarge, why);
        }
        has_room
    }

    /// Returns all gaps.
    pub(super) fn gaps(mut self) -> Vec<Gap> {
        let why = "it is a git repository's pack, so its history was not read: extract the folder and run 'keysweep history' there";
        for pack in std::mem::take(&mut self.packs) {
            self.gap(pack.as_bstr(), GapKind::Unreadable, why);
        }
        if self.more_gaps > 0 {
            let (what, why) = (format!("{} more parts", self.more_gaps).into(), "they were not read either".to_owned());
            self.gaps.push(Gap { what, kind: GapKind::Unreadable, why });
        }
        self.gaps
    }
}

fn end_kind(error: &io::Error) -> GapKind {
    match error.kind() {
        io::ErrorKind::FileTooLarge | io::ErrorKind::OutOfMemory => GapKind::TooLarge,
        _ => GapKind::Corrupt,
    }
}

/// Describes an error for the reader of a report.
fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early; what came before was read. Copy the image again".to_owned(),
        io::ErrorKind::FileTooLarge => {
            "it unpacks to more than 200 times its size, and was not read to its end".to_owned()
        }
        io::ErrorKind::OutOfMemory => {
            "it takes too much memory to decompress, and was not read to its end; compress it again with a smaller window"
                .to_owned()
        }
        _ => format!("it is damaged: {error}; what came before was read. Copy the image again"),
    }
}
