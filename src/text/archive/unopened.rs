//! The members of archives that were not read to their end, and the reasons.

use std::fmt::{self, Display};
use std::io;

use bstr::BString;

/// A member, or a whole archive, that was not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unopened {
    /// The member's path; empty for the given archive.
    pub path: BString,
    /// The reason why it was not.
    pub reason: Reason,
}

/// The reason why a member was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It unpacks to more bytes than the limit leaves.
    TooLarge,
    /// It contains more members than the limit leaves.
    TooMany,
    /// It is an archive inside of too many others.
    TooDeep,
    /// A password is needed.
    Encrypted,
    /// It is a git bundle.
    Bundle,
    /// It is a git pack.
    Pack,
    /// It is in a format that isn't opened.
    Sealed(&'static str),
    /// Something in it is compressed and encoded as base64, and was not opened to its end.
    Inside,
    /// It is compressed by a method that isn't supported.
    Method,
    /// It is a broken picture. Such a picture hardly ever has compressed texts, and everything else in it was read.
    Picture,
    /// It ends too early.
    Cut,
    /// Its content is damaged.
    Damaged,
    /// It starts like an archive, but isn't one.
    Alike,
}

impl Reason {
    /// Returns the reason why a decoder gave no more bytes.
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::FileTooLarge | io::ErrorKind::OutOfMemory => Self::TooLarge,
            io::ErrorKind::Unsupported => Self::Method,
            io::ErrorKind::UnexpectedEof => Self::Cut,
            _ => Self::Damaged,
        }
    }

    /// Returns `true` if something was left out because of a limit.
    pub fn is_limit(self) -> bool {
        matches!(self, Self::TooLarge | Self::TooMany | Self::TooDeep)
    }

    /// Returns `true` if the member is damaged, so that a part of it is unread that would be read in an intact copy.
    pub fn is_flaw(self) -> bool {
        matches!(self, Self::Cut | Self::Damaged)
    }
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "it unpacks to more than the limit",
            Self::TooMany => "it has more members than the limit",
            Self::TooDeep => "it is nested in too many archives",
            Self::Encrypted => "it is encrypted",
            Self::Bundle => {
                "it is a git bundle: 'git clone --mirror FILE FOLDER' and then 'keysweep history FOLDER' scan it"
            }
            Self::Pack => {
                "it is a pack of git objects: 'git init --bare FOLDER', 'git -C FOLDER index-pack --stdin < FILE' and then 'keysweep history FOLDER' scan it"
            }
            Self::Sealed(name) => return write!(f, "{name} is not opened"),
            Self::Inside => "something in it is compressed and encoded as base64, which is cut off, spans several lines or has a format that is not opened",
            Self::Method => "its method of compression is not supported",
            Self::Picture => "it is a picture that is cut off or damaged, so compressed texts in it were perhaps not read",
            Self::Cut => "it is cut off, so the rest was not read; get the whole file and scan it again",
            Self::Damaged => "it is damaged, so not all of it was read; get an intact copy and scan it again",
            Self::Alike => "it starts like an archive, but is not one",
        })
    }
}
