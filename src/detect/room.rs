//! How much may be done for one text: without an end, a hostile one could take hours. It is counted in what is done and not in
//! time, so a text has the same said of it on every machine; and what was left out is told.

use std::cell::Cell;

/// Unpacks at most so many bytes, and tells whether that is all there is.
pub(super) type Unpack = fn(&[u8], usize) -> (Vec<u8>, bool);

/// Most bytes that what is packed in a text may unpack to together, as for an archive.
const MOST_UNPACKED: usize = 64 << 20;
/// Most times that a rule is asked about a keyword.
const MOST_ASKED: usize = 1 << 20;

/// What is left for a text.
#[derive(Debug)]
pub struct Room {
    unpacked: Cell<usize>,
    asked: Cell<usize>,
    is_exceeded: Cell<bool>,
}

impl Default for Room {
    fn default() -> Self {
        Self { unpacked: Cell::new(MOST_UNPACKED), asked: Cell::new(MOST_ASKED), is_exceeded: Cell::new(false) }
    }
}

impl Room {
    /// Whether something was left out.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// Notes that something is left out.
    pub(super) fn exceed(&self) {
        self.is_exceeded.set(true);
    }

    /// Whether a rule may be asked once more.
    pub(super) fn may_ask(&self) -> bool {
        match self.asked.get().checked_sub(1) {
            Some(left) => self.asked.set(left),
            None => self.exceed(),
        }
        !self.is_exceeded()
    }

    /// What something packed unpacks to, as far as there is room.
    pub(super) fn unpack(&self, packed: &[u8], unpack: Unpack) -> Vec<u8> {
        let (text, is_whole) = unpack(packed, self.unpacked.get());
        self.unpacked.set(self.unpacked.get().saturating_sub(text.len()));
        if !is_whole {
            self.exceed();
        }
        text
    }
}
