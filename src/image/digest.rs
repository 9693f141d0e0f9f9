//! Digests, which name blobs, and a reader that hashes the bytes of a blob as they are read.

use std::fmt;
use std::io::{self, Read};

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256, Sha512};

/// A hash that names a blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// SHA-256, which nearly all digests are.
    Sha256([u8; 32]),
    /// SHA-512.
    Sha512(Box<[u8; 64]>),
}

impl Default for Digest {
    fn default() -> Self {
        Self::Sha256([0; 32])
    }
}

impl Digest {
    /// Reads the digest of a descriptor.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (algorithm, hex) = text.split_once(':')?;
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
        match algorithm {
            "sha256" => bytes.try_into().ok().map(Self::Sha256),
            "sha512" => bytes.try_into().ok().map(|bytes| Self::Sha512(Box::new(bytes))),
            _ => None,
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(bytes) => write!(f, "sha256:{}", HEXLOWER.encode(bytes)),
            Self::Sha512(bytes) => write!(f, "sha512:{}", HEXLOWER.encode(&bytes[..])),
        }
    }
}

/// A reader that hashes the bytes it returns.
pub(super) struct Hashing<R> {
    reader: R,
    sha256: Sha256,
    /// The SHA-512 state, only for a blob that is named by such a hash.
    sha512: Option<Sha512>,
}

impl<R: Read> Hashing<R> {
    /// Returns a reader that hashes a blob, with SHA-512 as well if its name says so.
    pub(super) fn new(reader: R, is_sha512: bool) -> Self {
        Self { reader, sha256: Sha256::new(), sha512: is_sha512.then(Sha512::new) }
    }

    /// Returns the SHA-256 of everything that was read.
    pub(super) fn digest(self) -> Digest {
        Digest::Sha256(self.sha256.finalize().into())
    }

    /// Reads the rest and returns the digests of everything.
    pub(super) fn finish(mut self) -> io::Result<(Digest, Option<Digest>)> {
        let mut rest = vec![0; 64 << 10];
        while self.read(&mut rest)? > 0 {}
        let sha512 = self.sha512.map(|sha512| Digest::Sha512(Box::new(sha512.finalize().into())));
        Ok((Digest::Sha256(self.sha256.finalize().into()), sha512))
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.sha256.update(&buffer[..count]);
        if let Some(sha512) = &mut self.sha512 {
            sha512.update(&buffer[..count]);
        }
        Ok(count)
    }
}
