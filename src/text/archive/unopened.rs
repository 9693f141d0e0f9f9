//! What was not read to its end, and why.

use std::fmt::{self, Display};

use bstr::BString;

/// A member, or all of an archive, that was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    /// Its path; empty for the archive given.
    pub path: BString,
    /// Why.
    pub reason: Reason,
}

/// Why a member was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It unpacks to more bytes than the limit leaves.
    TooLarge,
    /// It holds more members than the limit leaves.
    TooMany,
    /// It is an archive inside of too many others.
    TooDeep,
    /// A password is needed.
    Encrypted,
    /// It is a bundle of git's.
    Bundle,
    /// It is in a format that is not opened.
    Sealed(&'static str),
    /// It is compressed by a method that is not opened.
    Method,
    /// It ends too early, or is not what it should be.
    Damaged,
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "it unpacks to more than the limit",
            Self::TooMany => "it has more members than the limit",
            Self::TooDeep => "it lies in too many archives",
            Self::Encrypted => "it is encrypted",
            Self::Bundle => {
                "it is a bundle of git's: 'git clone --mirror FILE FOLDER' and then 'keysweep history FOLDER' sweep it"
            }
            Self::Sealed(name) => return write!(f, "{name} is not opened"),
            Self::Method => "its method of compression is not supported",
            Self::Damaged => "it is damaged",
        })
    }
}
