//! The bytes of an image on their way: hashed, decompressed, and recognised by their first bytes.
//!
//! Everything here reads forward once and keeps no more than a decoder needs, so a layer may be of any size.

use std::fmt;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use data_encoding::HEXLOWER;
use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use sha2::{Digest as _, Sha256, Sha512};

use crate::text::archive::{self, Kind};

/// Bytes that show how a stream is compressed.
const HEAD: usize = 64;
/// Bytes of the largest window that a zstd frame may ask for: what usual programs write needs a sixteenth of it.
const WIDEST: u64 = 128 << 20;
/// Bytes that every stream may unpack to.
const FREE: u64 = 1 << 30;
/// Bytes that one packed byte may unpack to beyond that.
const RATIO: u64 = 200;

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// Not at all.
    None,
    /// gzip, of any number of members.
    Gzip,
    /// Zstandard, of any number of frames.
    Zstd,
    /// A format that is not opened.
    Unknown(&'static str),
}

/// Reads up to `count` bytes, fewer only at the end.
pub(super) fn head(reader: &mut dyn Read, count: usize) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    reader.take(count as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// A stream with its first bytes back in their place.
pub(super) type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// Recognises how a stream is compressed, and gives it back whole.
pub(super) fn compression<R: Read>(mut reader: R) -> io::Result<(Compression, Whole<R>)> {
    let head = head(&mut reader, HEAD)?;
    let compression = match archive::kind(&head) {
        Some(Kind::Gzip) => Compression::Gzip,
        Some(Kind::Zstd) => Compression::Zstd,
        Some(Kind::Xz) => Compression::Unknown("xz"),
        Some(Kind::Sealed(name)) => Compression::Unknown(name),
        _ => Compression::None,
    };
    Ok((compression, Cursor::new(head).chain(reader)))
}

/// A decompressed stream, of which a packed byte may not become too many.
pub(super) struct Unpacked<R: Read> {
    decoder: Decoder<Counted<R>>,
    given: u64,
}

enum Decoder<R: Read> {
    Plain(BufReader<R>),
    Gzip(Box<Gunzip<BufReader<R>>>),
    Zstd(Box<Unzstd<BufReader<R>>>),
}

impl<R: Read> Unpacked<R> {
    /// Opens a stream. One of an unknown compression is read as it is.
    pub(super) fn new(compression: Compression, reader: R) -> Self {
        let reader = BufReader::with_capacity(64 << 10, Counted { reader, count: 0 });
        let decoder = match compression {
            Compression::Gzip => Decoder::Gzip(Box::new(Gunzip(Some(GzDecoder::new(reader))))),
            Compression::Zstd => Decoder::Zstd(Box::new(Unzstd::new(reader))),
            Compression::None | Compression::Unknown(_) => Decoder::Plain(reader),
        };
        Self { decoder, given: 0 }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (count, packed) = match &mut self.decoder {
            Decoder::Plain(reader) => return reader.read(buffer),
            Decoder::Gzip(gunzip) => (gunzip.read(buffer)?, gunzip.packed()),
            Decoder::Zstd(unzstd) => (unzstd.read(buffer)?, unzstd.reader.get_ref().count),
        };
        self.given += count as u64;
        if self.given > FREE.max(packed.saturating_mul(RATIO)) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(count)
    }
}

/// A reader that decompresses gzip and Zstandard, and passes on anything else unchanged.
pub struct Decompressed<R: Read>(Unpacked<Whole<R>>);

impl<R: Read> Decompressed<R> {
    /// Opens a stream.
    ///
    /// # Errors
    /// When its first bytes cannot be read.
    pub fn new(reader: R) -> io::Result<Self> {
        let (compression, whole) = compression(reader)?;
        Ok(Self(Unpacked::new(compression, whole)))
    }
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// A reader that counts what it gave.
struct Counted<R> {
    reader: R,
    count: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.count += count as u64;
        Ok(count)
    }
}

/// All members of a gzip stream (RFC 1952) as one: eStargz writes a member for each file.
struct Gunzip<R: BufRead>(Option<GzDecoder<R>>);

impl<R: Read> Gunzip<BufReader<Counted<R>>> {
    fn packed(&self) -> u64 {
        self.0.as_ref().map_or(u64::MAX / RATIO, |decoder| decoder.get_ref().get_ref().count)
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.0 {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut rest) = self.0.take().map(GzDecoder::into_inner) else { break };
            if !is_at_end(&mut rest)? {
                self.0 = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Returns `true` if nothing follows but zeros, which fill the last block of a device.
fn is_at_end(reader: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let part = reader.fill_buf()?;
        if part.is_empty() {
            return Ok(true);
        }
        if part[0] != 0 {
            return Ok(false);
        }
        let zeros = part.iter().take_while(|byte| **byte == 0).count();
        let is_whole = zeros == part.len();
        reader.consume(zeros);
        if !is_whole {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "bytes follow after the end"));
        }
    }
}

/// All frames of a Zstandard stream (RFC 8878) as one; frames that hold no text are skipped.
struct Unzstd<R> {
    reader: R,
    decoder: FrameDecoder,
    is_open: bool,
}

impl<R: BufRead> Unzstd<R> {
    fn new(reader: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WIDEST);
        Self { reader, decoder, is_open: false }
    }

    /// Goes to the next frame that holds text; `false` at the end.
    fn next(&mut self) -> io::Result<bool> {
        while !is_at_end(&mut self.reader)? {
            match self.decoder.init(&mut self.reader) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.reader).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(io::ErrorKind::FileTooLarge.into()),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Unzstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.is_open || self.next()? {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.reader, one);
                decoded.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.is_open = false;
        }
        Ok(0)
    }
}

/// A hash that names a blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// SHA-256, which nearly all are.
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
    /// Reads a digest of a descriptor.
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

/// A reader that hashes what it gave.
pub(super) struct Hashing<R> {
    reader: R,
    sha256: Sha256,
    /// Made only for a blob that is named by it.
    sha512: Option<Sha512>,
}

impl<R: Read> Hashing<R> {
    /// Hashes for a blob with this name, which may say by which hash it is known.
    pub(super) fn new(reader: R, is_sha512: bool) -> Self {
        Self { reader, sha256: Sha256::new(), sha512: is_sha512.then(Sha512::new) }
    }

    /// The SHA-256 of everything, if nothing is left to be read.
    pub(super) fn at_end(mut self) -> Option<Digest> {
        let rest = self.read(&mut [0]).ok()?;
        (rest == 0).then(|| Digest::Sha256(self.sha256.finalize().into()))
    }

    /// Reads what is left and returns the digests of everything.
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
