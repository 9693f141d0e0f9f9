//! A keyword that was found, and what is remembered of what its rules said there.

use std::num::NonZeroU8;

use crate::rule::Reach;

/// A keyword at a place of a text, whichever rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anchor {
    /// Where the four bytes stand that it was found by.
    pub at: u32,
    /// The index of the keyword.
    pub word: u16,
    /// If less of the text shows what its rules say there than they may look at, how much. Not told of those that were just found.
    pub shown: Option<Around>,
}

/// How many bytes around the core of a keyword show something, in two bytes; where that is not enough, as many as may ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Around {
    /// One more than the bytes before it, by fours.
    before: NonZeroU8,
    /// The bytes behind it, by eights.
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

    /// As many bytes, `most` where they are too many to be told.
    pub(super) fn or(self, most: Reach) -> Reach {
        let before = u32::from(self.before.get());
        let is_told = |byte: u32| byte < u32::from(u8::MAX);
        Reach {
            before: if is_told(before) { (before - 1) * Self::BEFORE } else { most.before },
            after: if is_told(self.after.into()) { u32::from(self.after) * Self::AFTER } else { most.after },
        }
    }
}
