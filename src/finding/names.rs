//! The first few of a list of names for a note, and their number.

use std::collections::BTreeSet;
use std::fmt::{self, Display};

use bstr::{BString, ByteSlice as _};

/// The most names that are kept.
const MOST: usize = 8;

/// A list of names that keeps the first few in byte order and counts all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    count: usize,
    kept: BTreeSet<BString>,
}

impl Names {
    /// Adds a name. A name that is already kept counts again, since two members of one archive may share it.
    pub fn add(&mut self, name: BString) {
        self.count += 1;
        self.keep(name);
    }

    /// Adds all names of another list.
    pub fn absorb(&mut self, other: Self) {
        self.count += other.count;
        other.kept.into_iter().for_each(|name| self.keep(name));
    }

    /// Returns the number of names added.
    pub fn count(&self) -> usize {
        self.count
    }

    fn keep(&mut self, name: BString) {
        self.kept.insert(name);
        if self.kept.len() > MOST {
            self.kept.pop_last();
        }
    }
}

impl FromIterator<BString> for Names {
    fn from_iter<I: IntoIterator<Item = BString>>(all: I) -> Self {
        let mut names = Self::default();
        all.into_iter().for_each(|name| names.add(name));
        names
    }
}

impl Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", bstr::join(", ", &self.kept).as_bstr())?;
        match self.count.saturating_sub(self.kept.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_are_listed_and_all_counted_in_any_order() {
        let mut names = Names::default();
        (0..5).rev().for_each(|n| names.add(format!("{n}").into()));
        assert_eq!(names.to_string(), "0, 1, 2, 3, 4");
        let mut others = Names::default();
        (3..12).for_each(|n| others.add(format!("{n:x}").into()));
        others.absorb(names);
        assert_eq!((others.to_string().as_str(), others.count()), ("0, 1, 2, 3, 4, 5, 6, 7 and 6 more", 14));
    }
}
