//! The limits on the work for one text: without them, a hostile text could take hours. They count work and not time, so
//! a text has the same result on every machine; and an exceeded limit is reported.

use std::cell::Cell;

use crate::text::archive::Left;

/// A function that unpacks at most the given number of bytes, and says what it left out.
pub(super) type Unpack = fn(&[u8], usize) -> (Vec<u8>, Left);

/// The most bytes that all packed data in a text may unpack to together, as for an archive.
const MOST_UNPACKED: usize = 64 << 20;
/// The most times that a rule is run at a keyword.
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
    /// Returns `true` if something was left out.
    pub fn is_exceeded(&self) -> bool {
        self.is_exceeded.get()
    }

    /// Returns `true` if packed data in the text could not be opened, or not to its end.
    pub fn is_flawed(&self) -> bool {
        self.is_flawed.get()
    }

    /// Notes that packed data is in a format that is not opened.
    pub(super) fn pass_over(&self) {
        self.is_flawed.set(true);
    }

    /// Notes that something was left out.
    pub(super) fn exceed(&self) {
        self.is_exceeded.set(true);
    }

    /// Returns `true` if another rule may be run at a keyword, and counts it.
    pub(super) fn may_ask(&self) -> bool {
        match self.asked.get().checked_sub(1) {
            Some(left) => self.asked.set(left),
            None => self.exceed(),
        }
        !self.is_exceeded()
    }

    /// Returns the unpacked bytes, as far as the budget allows.
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
