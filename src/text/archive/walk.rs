//! The walk through an archive and the archives in it, which counts, passes on, opens and reports members.

use std::io::Read;

use bstr::{BStr, BString, ByteSlice};

use super::kind::{Kind, behind_script, kind};
use super::limits::{Limits, unpack};
use super::unopened::{Reason, Unopened};

/// The most bytes of a name that are kept: a tar may have names of megabytes, and an archive's name precedes that of
/// each of its members.
pub(super) const MAX_NAME: usize = 1024;

/// An archive that is being unpacked, with the rest of the limits.
pub(super) struct Walk<'w> {
    pub(super) limits: &'w Limits,
    pub(super) bytes: usize,
    pub(super) members: usize,
    /// The number of stored bytes of members that may still be read, before they are unpacked.
    pub(super) packed: usize,
    pub(super) found: &'w mut dyn FnMut(&BStr, &[u8]),
    pub(super) unopened: Vec<Unopened>,
}

impl Walk<'_> {
    pub(super) fn report(&mut self, path: &BStr, reason: Reason) {
        self.unopened.push(Unopened { path: path.to_owned(), reason });
    }

    /// Unpacks the bytes from a reader, within the limit, and reports why they end early.
    pub(super) fn unpacked(&mut self, path: &BStr, reader: &mut dyn Read) -> Vec<u8> {
        let mut text = Vec::new();
        if let Err(reason) = unpack(reader, &mut self.bytes, &mut text) {
            self.report(path, reason);
        }
        text
    }

    /// Unpacks an archive at level `depth`; returns `false` if it isn't an archive at all.
    pub(super) fn open(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        match kind(bytes) {
            Some(Kind::Gzip) => self.gzip(path, bytes, depth),
            Some(Kind::Zstd) => self.zstd(path, bytes, depth),
            Some(Kind::Xz) => self.xz(path, bytes, depth),
            Some(Kind::Zip) => self.zip(path, bytes, depth),
            Some(Kind::Ar) => self.ar(path, bytes, depth),
            Some(Kind::Png) => self.png(path, bytes, depth),
            Some(Kind::Script) => {
                let behind = behind_script(bytes).unwrap_or_default();
                if self.count(path) {
                    self.member(path, behind, depth);
                }
                true
            }
            Some(Kind::Tar) => self.tar(path, bytes, depth),
            Some(Kind::Bundle) => {
                self.report(path, Reason::Bundle);
                true
            }
            Some(Kind::Pack) => {
                self.report(path, Reason::Pack);
                true
            }
            Some(Kind::Zlib) => self.zlib(path, bytes, depth),
            Some(Kind::Pdf) => self.pdf(path, bytes, depth),
            Some(Kind::Database) => self.sqlite(path, bytes, depth),
            Some(Kind::Sealed(name)) => {
                self.report(path, Reason::Sealed(name));
                true
            }
            None => false,
        }
    }

    /// Passes a member on, or opens it if it is an archive.
    pub(super) fn member(&mut self, path: &BStr, bytes: &[u8], depth: usize) {
        let sealed = match kind(bytes) {
            None => None,
            Some(Kind::Bundle) => Some(Reason::Bundle),
            Some(Kind::Pack) => Some(Reason::Pack),
            Some(Kind::Sealed(name)) => Some(Reason::Sealed(name)),
            Some(_) if depth == self.limits.depth => Some(Reason::TooDeep),
            Some(_) if self.open(path, bytes, depth + 1) => return,
            Some(_) => Some(Reason::Alike),
        };
        if let Some(reason) = sealed {
            self.report(path, reason);
        }
        if !bytes.is_empty() {
            (self.found)(path, bytes);
        }
    }

    /// Counts a member of the archive at `path`; returns `false` if no more are allowed.
    pub(super) fn count(&mut self, path: &BStr) -> bool {
        if self.members == 0 {
            self.report(path, Reason::TooMany);
            return false;
        }
        self.members -= 1;
        true
    }
}

/// Returns the path of a member of the archive at `path`.
pub(super) fn joined(path: &BStr, name: &[u8]) -> BString {
    let sign: &[u8] = if path.is_empty() || name.is_empty() { b"" } else { b"!" };
    // The end of a name shows the kind of file.
    let name = &name[name.len().saturating_sub(MAX_NAME)..];
    BString::from([path.as_bytes(), sign, name].concat())
}
