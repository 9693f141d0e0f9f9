//! Frames of Zstandard, one after another, read as the one file that they are (RFC 8878).
//!
//! A frame is decoded into a window before anything of it is handed out, so the window is limited, and what was decoded for
//! nothing is told: bytes that are no text count against the limits of an archive all the same.

use std::io::{self, Read};

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// How a frame starts.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Bytes that a block decodes to, at most.
const BLOCK: usize = 128 << 10;
/// Bytes of the head of a frame that is skipped.
const HEAD: usize = 8;

/// What is behind a frame that holds no text, if there is one.
fn skipped(bytes: &[u8]) -> Option<Option<&[u8]>> {
    let [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = bytes else { return None };
    let length = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok();
    Some(length.and_then(|length| bytes.get(HEAD.checked_add(length)?..)))
}

/// Whether bytes start with a frame, after any that are skipped.
pub(super) fn is_frame(mut bytes: &[u8]) -> bool {
    // Other formats have such frames as well.
    while let Some(Some(rest)) = skipped(bytes) {
        bytes = rest;
    }
    bytes.starts_with(&MAGIC)
}

/// The text of all frames.
pub(super) struct Frames<'b> {
    rest: &'b [u8],
    current: Option<StreamingDecoder<&'b [u8], FrameDecoder>>,
    /// A decoder to use again.
    idle: FrameDecoder,
    /// Bytes of the current frame that were handed out.
    given: usize,
}

impl<'b> Frames<'b> {
    /// Reads frames whose windows have no more than `limit` bytes.
    pub(super) fn new(bytes: &'b [u8], limit: usize) -> Self {
        let mut idle = FrameDecoder::new();
        idle.set_max_window_size(limit as u64);
        Self { rest: bytes, current: None, idle, given: 0 }
    }

    /// Bytes that were decoded and not handed out, at most.
    pub(super) fn lost(&self) -> usize {
        let blocks = self.current.as_ref().map_or(0, |frame| frame.decoder.blocks_decoded());
        blocks.saturating_mul(BLOCK).saturating_sub(self.given)
    }

    /// Goes to the next frame; `false` if there is none.
    fn next(&mut self) -> io::Result<bool> {
        while let Some(rest) = skipped(self.rest) {
            self.rest = rest.ok_or(io::ErrorKind::UnexpectedEof)?;
        }
        // Zeros may fill the last block of a device.
        if self.rest.iter().all(|byte| *byte == 0) {
            return Ok(false);
        }
        let decoder = std::mem::take(&mut self.idle);
        let frame = StreamingDecoder::new_with_decoder(self.rest, decoder).map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } => io::ErrorKind::FileTooLarge,
            FrameDecoderError::DictNotProvided { .. } => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::InvalidData,
        })?;
        (self.current, self.given) = (Some(frame), 0);
        Ok(true)
    }
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.current {
                let count = frame.read(buffer)?;
                self.given += count;
                if count > 0 {
                    return Ok(count);
                }
                if let Some(frame) = self.current.take() {
                    (self.rest, self.idle) = frame.into_parts();
                }
            } else if !self.next()? {
                return Ok(0);
            }
        }
    }
}
