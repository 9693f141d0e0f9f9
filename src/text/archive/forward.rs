//! Compressed streams of any length, read forward once: gzip, Zstandard and xz.
//!
//! Nothing here keeps more than a decoder needs. The text before a flaw is returned, and then the flaw is an error.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use lzma_rust2::XzReader;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::kind::{Kind, kind};
use super::zstd::{LAST, WIDEST, is_sound};
use super::{gzip, xz};

/// The number of bytes that show how a stream is compressed.
const HEAD: usize = 64;
/// The number of bytes of the packed stream that are read at a time.
const CHUNK: usize = 64 << 10;
/// The number of bytes that any stream may unpack to, however small it is.
const FREE: u64 = 1 << 30;
/// The most bytes that each packed byte may unpack to, once a stream exceeds `FREE`.
const RATIO: u64 = 200;

/// The way in which a stream is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not compressed.
    Plain,
    /// Compressed in a format that is opened here.
    Packed,
    /// Compressed in the named format, which is not opened.
    Sealed(&'static str),
}

/// A stream with the first bytes, which were read already, put back.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// A decompressed stream; a stream that isn't opened is passed through as it is.
///
/// A read fails with `FileTooLarge` if the packed bytes unpack to too many, and with `OutOfMemory` if a decoder would
/// need too much memory.
pub struct Decompressed<R: Read> {
    packing: Packing,
    decoder: Decoder<Counted<Whole<R>>>,
    given: u64,
}

enum Decoder<R: Read> {
    Plain(BufReader<R>),
    Gzip(Box<gzip::Members<BufReader<R>>>),
    Zstd(Box<Unzstd<BufReader<R>>>),
    Xz(Box<XzReader<BufReader<R>>>),
}

impl<R: Read> Decompressed<R> {
    /// Recognises how a stream is compressed, and opens it.
    ///
    /// # Errors
    /// Fails if the first bytes can't be read.
    pub fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::new();
        (&mut reader).take(HEAD as u64).read_to_end(&mut head)?;
        let kind = kind(&head);
        let counted = Counted { reader: Cursor::new(head).chain(reader), count: 0 };
        let reader = BufReader::with_capacity(CHUNK, counted);
        let (packing, decoder) = match kind {
            Some(Kind::Gzip) => (Packing::Packed, Decoder::Gzip(Box::new(gzip::Members::new(reader)))),
            Some(Kind::Zstd) => (Packing::Packed, Decoder::Zstd(Box::new(Unzstd::new(reader)))),
            Some(Kind::Xz) => (Packing::Packed, Decoder::Xz(Box::new(xz::forward(reader)))),
            Some(Kind::Sealed(name)) => (Packing::Sealed(name), Decoder::Plain(reader)),
            _ => (Packing::Plain, Decoder::Plain(reader)),
        };
        Ok(Self { packing, decoder, given: 0 })
    }

    /// Returns the way in which the stream is stored.
    pub fn packing(&self) -> Packing {
        self.packing
    }
}

impl<R: Read> Read for Decompressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let (count, packed) = match &mut self.decoder {
            Decoder::Plain(reader) => return reader.read(buffer),
            Decoder::Gzip(members) => {
                let count = members.read(buffer)?;
                if count == 0
                    && let Some(rest) = members.rest()
                    && !is_at_end(rest)?
                {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "bytes follow after the end"));
                }
                (count, members.packed().map_or(u64::MAX, |reader| reader.get_ref().count))
            }
            Decoder::Zstd(unzstd) => (unzstd.read(buffer)?, unzstd.reader.get_ref().count),
            Decoder::Xz(xz) => (xz.read(buffer)?, xz.inner().get_ref().count),
        };
        self.given += count as u64;
        if self.given > FREE.max(packed.saturating_mul(RATIO)) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(count)
    }
}

/// A reader that counts the bytes it returns.
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

/// A reader of all frames of a Zstandard stream (RFC 8878) as one; frames without text are skipped.
struct Unzstd<R> {
    reader: R,
    decoder: FrameDecoder,
    is_open: bool,
    /// The flaw that ends the frame, reported after the text that the decoder holds back.
    flaw: Option<io::Error>,
}

impl<R: BufRead> Unzstd<R> {
    fn new(reader: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WIDEST);
        Self { reader, decoder, is_open: false, flaw: None }
    }

    /// Goes to the next frame that holds text; returns `false` at the end.
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
                Err(FrameDecoderError::WindowSizeTooBig { .. }) => return Err(io::ErrorKind::OutOfMemory.into()),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error.to_string())),
            }
        }
        Ok(false)
    }

    /// Decodes a block, or ends the frame if that is impossible.
    fn block(&mut self) -> io::Result<()> {
        let one = || BlockDecodingStrategy::UptoBlocks(1);
        if let Err(error) = self.decoder.decode_blocks(&mut self.reader, one()) {
            let flaw = |error: FrameDecoderError| io::Error::new(io::ErrorKind::InvalidData, error.to_string());
            let ended = self.decoder.decode_blocks(&LAST[..], one());
            self.flaw = Some(flaw(error));
            ended.map_err(flaw)?;
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Unzstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.is_open || self.next()? {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.block()?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.is_open = false;
            if let Some(flaw) = self.flaw.take() {
                return Err(flaw);
            }
            if !is_sound(&self.decoder) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum does not fit"));
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::archive::samples::{gz, xz, zst};

    fn read(bytes: &[u8]) -> io::Result<String> {
        io::read_to_string(Decompressed::new(bytes)?)
    }

    #[test]
    fn concatenated_streams_are_one_text_and_only_zeros_may_follow() {
        for pack in [gz, zst, xz] {
            let whole = [pack(b"one "), pack(b""), pack(b"two")].concat();
            assert_eq!(read(&whole).unwrap(), "one two");
            assert_eq!(read(&[&whole[..], &[0; 512]].concat()).unwrap(), "one two");
            for tail in [&b"more"[..], b"\0\0\0\0more"] {
                assert_eq!(read(&[&whole[..], tail].concat()).unwrap_err().kind(), io::ErrorKind::InvalidData);
            }
            assert!(read(&whole[..whole.len() - 9]).is_err());
        }
        assert_eq!(read(b"plain").unwrap(), "plain");
        let unknown = Decompressed::new(&b"BZh91AY&SY"[..]).unwrap();
        assert_eq!(unknown.packing(), Packing::Sealed("bzip2"));
    }

    #[test]
    fn a_checksum_that_does_not_fit_is_an_error_after_the_text() {
        let mut flipped = zst(b"text");
        if let Some(last) = flipped.last_mut() {
            *last ^= 1;
        }
        let mut text = String::new();
        let error = Decompressed::new(&flipped[..]).unwrap().read_to_string(&mut text).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let mut text = [0; 4];
        Decompressed::new(&flipped[..]).unwrap().read_exact(&mut text).unwrap();
        assert_eq!(&text, b"text");
    }

    #[test]
    fn a_decoder_uses_no_more_memory_than_common_tools_need() {
        // A dictionary of 1.5 GiB, in a header whose checksum is correct; a window of 256 MiB.
        let mut wide = xz(b"text");
        wide[16] = 37;
        let sum = crc32fast::hash(&wide[12..20]).to_le_bytes();
        wide[20..24].copy_from_slice(&sum);
        for wide in [&wide[..], b"\x28\xb5\x2f\xfd\x00\x90\x19\0\0abc"] {
            assert_eq!(read(wide).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
        }
    }
}
