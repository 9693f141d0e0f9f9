//! How much may be done for one text: without an end, a hostile one could take hours. It is counted in what is done and not in
//! time, so a text has the same said of it on every machine; and what was left out is told.

use std::cell::Cell;

use crate::text::archive::Left;

/// Unpacks at most this many bytes, and returns what that leaves out.
pub(super) type Unpack = fn(&[u8], usize) -> (Vec<u8>, Left);

/// Most bytes that what is packed in a text may unpack to together, as for an archive.
const MOST_UNPACKED: usize = 64 << 20;
/// Most times that a rule is asked about a keyword.
const MOST_ASKED: usize = 1 << 20;

/// The remaining budget for a text.
#[derive(Debug)]
pub struct Room {
    unpacked: Cell<usize>,
    asked: Cell<usize>,
    is_exceeded: Cell<bool>,
    is_flawed: Cell<bool>,
}

impl Default for Room {
    fn default() -> Self {
        let no = || Cell::new(false);
        Self { unpacked: Cell::new(MOST_UNPACKED), asked: Cell::new(MOST_ASKED), is_exceeded: no(), is_flawed: no() }
    }
}

impl Room {
    /// `true` if something was left out.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// `true` if something that is packed in the text could not be opened, or not to its end.
    pub fn is_flawed(&self) -> bool {
        self.is_flawed.get()
    }

    /// Notes that something packed is in a format that is not opened.
    pub(super) fn pass_over(&self) {
        self.is_flawed.set(true);
    }

    /// Notes that something is left out.
    pub(super) fn exceed(&self) {
        self.is_exceeded.set(true);
    }

    /// `true` if a rule may be asked once more.
    pub(super) fn may_ask(&self) -> bool {
        match self.asked.get().checked_sub(1) {
            Some(left) => self.asked.set(left),
            None => self.exceed(),
        }
        !self.is_exceeded()
    }

    /// Returns the unpacked bytes, as far as there is room.
    pub(super) fn unpack(&self, packed: &[u8], unpack: Unpack) -> Vec<u8> {
        let (text, left) = unpack(packed, self.unpacked.get());
        self.unpacked.set(self.unpacked.get().saturating_sub(text.len()));
        match left {
            Left::Limit => self.exceed(),
            Left::Flaw => self.pass_over(),
            Left::Nothing => {}
        }
        text
    }
}
