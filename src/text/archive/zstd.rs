//! The frames of a Zstandard file, read one after another as a single text (RFC 8878).
//!
//! A frame is decoded into a window before any of it is returned, so the window is limited. The decoded part is
//! returned even if a flaw follows, because it is text and has taken its time.

use std::io::{self, Read};

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The first bytes of a frame.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The most bytes that a block decodes to.
const BLOCK: usize = 128 << 10;
/// The number of bytes of the header of a skippable frame.
const HEAD: usize = 8;
/// The size in bytes of the largest window that the usual programs make and read.
pub(super) const WIDEST: u64 = 128 << 20;
/// An empty block marked as the last one, with room for a checksum. It ends a frame whose own end is missing.
pub(super) const LAST: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

/// Returns `true` if the text of a frame, all of which was taken, has the checksum that the frame gives, if any.
pub(super) fn is_sound(decoder: &FrameDecoder) -> bool {
    decoder.get_checksum_from_data().is_none_or(|given| decoder.get_calculated_checksum() == Some(given))
}

/// Returns the bytes after a frame without text; `None` if there is no such frame, and `Some(None)` if it is cut off.
fn skipped(bytes: &[u8]) -> Option<Option<&[u8]>> {
    let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = bytes else { return None };
    let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok();
    Some(length.and_then(|length| bytes.get(HEAD.checked_add(length)?..)))
}

/// Returns `true` if bytes start with a frame, after any that are skipped.
pub(super) fn is_frame(mut bytes: &[u8]) -> bool {
    // Other formats have skippable frames as well.
    while let Some(Some(rest)) = skipped(bytes) {
        bytes = rest;
    }
    bytes.starts_with(&MAGIC)
}

/// A reader of the text of all frames.
pub(super) struct Frames<'b> {
    rest: &'b [u8],
    decoder: FrameDecoder,
    /// `true` while a frame is being decoded.
    is_open: bool,
    /// `true` if any frame has begun.
    is_begun: bool,
    /// The number of bytes of the current frame that were returned.
    given: usize,
    /// The most bytes that may be held back, if the window does not limit them.
    most: usize,
    /// The error that ends the frame too early, reported after its text.
    flaw: Option<io::ErrorKind>,
    limit: usize,
}

impl<'b> Frames<'b> {
    /// Returns a reader of frames that hold back no more than `limit` bytes.
    pub(super) fn new(bytes: &'b [u8], limit: usize) -> Self {
        let decoder = FrameDecoder::new();
        Self { rest: bytes, decoder, is_open: false, is_begun: false, given: 0, most: usize::MAX, flaw: None, limit }
    }

    /// Returns the bytes after the last frame.
    pub(super) fn rest(&self) -> &'b [u8] {
        self.rest
    }

    /// Goes to the next frame; returns `false` if there is none.
    fn next(&mut self) -> io::Result<bool> {
        while let Some(rest) = skipped(self.rest) {
            self.rest = rest.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        // Zeros may fill the last block of a device.
        if self.rest.iter().all(|byte| *byte == 0) {
            return Ok(false);
        }
        let start = self.rest;
        if self.is_begun && !is_frame(start) {
            return Ok(false);
        }
        self.most = usize::MAX;
        self.decoder.set_max_window_size(self.limit as u64);
        let mut begun = self.decoder.init(&mut self.rest);
        if let Err(FrameDecoderError::WindowSizeTooBig { .. }) = begun {
            // A streaming encoder asks for a window as large as its text might have become, so the limit is checked
            // block by block.
            (self.rest, self.most) = (start, self.limit);
            self.decoder.set_max_window_size(WIDEST);
            begun = self.decoder.init(&mut self.rest);
        }
        let is_cut = self.rest.is_empty();
        begun.map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } => io::ErrorKind::FileTooLarge,
            FrameDecoderError::DictNotProvided { .. } => io::ErrorKind::Unsupported,
            _ => flaw(is_cut),
        })?;
        (self.is_begun, self.is_open, self.given) = (true, true, 0);
        Ok(true)
    }

    /// Decodes a block, or ends the frame if that is impossible.
    fn block(&mut self) -> io::Result<()> {
        let one = || BlockDecodingStrategy::UptoBlocks(1);
        let held = self.decoder.blocks_decoded().saturating_mul(BLOCK).saturating_sub(self.given);
        let flaw = if held > self.most {
            io::ErrorKind::FileTooLarge
        } else if self.decoder.decode_blocks(&mut self.rest, one()).is_ok() {
            return Ok(());
        } else {
            flaw(self.rest.is_empty())
        };
        self.flaw = Some(flaw);
        self.decoder.decode_blocks(&LAST[..], one()).map_err(|_| flaw)?;
        Ok(())
    }
}

/// Returns the error of a frame that ends too early.
fn flaw(is_cut: bool) -> io::ErrorKind {
    if is_cut { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::InvalidData }
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.is_open || self.next()? {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.block()?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                self.given += count;
                return Ok(count);
            }
            self.is_open = false;
            if let Some(flaw) = self.flaw.take() {
                return Err(flaw.into());
            }
            if !is_sound(&self.decoder) {
                return Err(flaw(false).into());
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use crate::text::archive::samples::{members, named, tar, unpacked, zst};
    use crate::text::archive::{Limits, Reason};

    #[test]
    fn a_zstd_file_may_have_several_frames_and_skippable_ones() {
        let skipped = b"\x5e\x2a\x4d\x18\x03\0\0\0abc";
        let bytes = [&skipped[..], &zst(b"one "), skipped, &zst(b""), &zst(b"two"), &[0; 100]].concat();
        assert_eq!(members(&bytes), named(&[("", b"one two")]));
        let inner = tar(&[("dir/file", b"text")]);
        assert_eq!(members(&zst(&inner)), named(&[("dir/file", b"text")]));
        let two = [zst(b"one "), zst(&inner)].concat();
        for length in [two.len() - 4, zst(b"one ").len() + 4] {
            assert_eq!(unpacked(&two[..length], Limits::default()).1, [(String::new(), Reason::Cut)]);
        }
    }

    #[test]
    fn data_before_a_damaged_part_of_a_zstd_file_is_returned() {
        let text: Vec<u8> = (0..60_000_u32).flat_map(|n| format!("{} ", n * n % 9_973).into_bytes()).collect();
        let whole = zst(&text);
        let (found, reports) = unpacked(&whole[..whole.len() - 100], Limits::default());
        assert_eq!(reports, [(String::new(), Reason::Cut)]);
        assert!(found[0].1.len() > text.len() / 3 && text.starts_with(&found[0].1), "{}", found[0].1.len());
        // This is a stream whose length was unknown in advance: a window of 128 MiB, and one block of three bytes.
        let wide = b"\x28\xb5\x2f\xfd\x00\x88\x19\0\0abc";
        assert_eq!(members(wide), named(&[("", b"abc")]));
    }

    #[test]
    fn a_checksum_that_does_not_fit_is_damage() {
        let mut flipped = zst(b"text");
        if let Some(last) = flipped.last_mut() {
            *last ^= 1;
        }
        let (found, reports) = unpacked(&flipped, Limits::default());
        assert_eq!(found, [(String::new(), b"text".to_vec())]);
        assert_eq!(reports, [(String::new(), Reason::Damaged)]);
    }

    #[test]
    fn zstd_stops_at_the_limit_regardless_of_the_frame_header() {
        let limits = Limits { bytes: 100_000, ..Limits::default() };
        let (found, reports) = unpacked(&zst(&vec![0; 1 << 20]), limits);
        assert_eq!(reports, [(String::new(), Reason::TooLarge)]);
        assert!(found.iter().all(|(_, text)| text.len() <= 100_000));
        // This is one segment of a terabyte, with a block of four zeros; below it is a frame with a dictionary that
        // nobody has.
        let terabyte = b"\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\x01\0\0\x23\0\0\0";
        assert_eq!(unpacked(terabyte, Limits::default()).1, [(String::new(), Reason::TooLarge)]);
        let dictionary = b"\x28\xb5\x2f\xfd\x21\x07\x04\x23\0\0\0";
        assert_eq!(unpacked(dictionary, Limits::default()).1, [(String::new(), Reason::Method)]);
        // Members that end with a flaw count towards the limit, so they can't be decoded over and over.
        let flawed = [zst(&vec![7; 400_000]), b"flaw".to_vec()].concat();
        let cut = &zst(&vec![7; 400_000])[..20];
        let many: Vec<(String, &[u8])> =
            (0..50).map(|n| (format!("{n:02}"), if n % 2 == 0 { cut } else { &flawed[..] })).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
        let (found, reports) = unpacked(&tar(&many), Limits { bytes: 1 << 20, ..Limits::default() });
        assert!(found.iter().map(|(_, text)| text.len()).sum::<usize>() <= 50 * flawed.len() + (1 << 20));
        assert_eq!(reports.last().map(|(_, reason)| *reason), Some(Reason::TooLarge));
    }
}
