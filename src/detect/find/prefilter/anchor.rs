//! A keyword that was found, and how far around it its rules looked.

use std::num::NonZeroU8;

use crate::rule::Reach;

/// A keyword at a place of a text, whichever rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// The position of the four bytes by which it was found.
    pub at: u32,
    /// The index of the keyword.
    pub word: u16,
    /// The distance around the keyword that its rules' verdict depends on, if that is less than they may look at. Not
    /// set for keywords that were just found.
    pub shown: Option<Around>,
}

/// The number of bytes around the core of a keyword that a verdict depends on, stored in two bytes; a number that
/// doesn't fit means the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Around {
    /// The number of bytes before the core in units of four, plus one.
    before: NonZeroU8,
    /// The number of bytes after the core in units of eight.
    after: u8,
}

impl Around {
    const BEFORE: u32 = 4;
    const AFTER: u32 = 8;

    pub(super) fn new(Reach { before, after }: Reach) -> Self {
        let before = u8::try_from(before.div_ceil(Self::BEFORE)).unwrap_or(u8::MAX).saturating_add(1);
        let after = u8::try_from(after.div_ceil(Self::AFTER)).unwrap_or(u8::MAX);
        Self { before: NonZeroU8::new(before).unwrap_or(NonZeroU8::MAX), after }
    }

    /// Returns the number of bytes, or that of `most` where it doesn't fit.
    pub(super) fn or(self, most: Reach) -> Reach {
        let before = u32::from(self.before.get());
        let is_exact = |byte: u32| byte < u32::from(u8::MAX);
        Reach {
            before: if is_exact(before) { (before - 1) * Self::BEFORE } else { most.before },
            after: if is_exact(self.after.into()) { u32::from(self.after) * Self::AFTER } else { most.after },
        }
    }
}
