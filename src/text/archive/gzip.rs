//! The members of a gzip file, read one after another as a single text (RFC 1952).

use std::io::{self, BufRead, Read};

use flate2::GzHeader;
use flate2::bufread::GzDecoder;

/// The first bytes of a member.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A reader of the text of all members. A layer in the eStargz format has one member for each file.
pub(super) struct Members<R> {
    /// The member that is being read; `None` after the last one.
    decoder: Option<GzDecoder<R>>,
    rest: Option<R>,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { decoder: Some(GzDecoder::new(reader)), rest: None }
    }

    /// Returns the header of the member that is being read.
    pub(super) fn header(&self) -> Option<&GzHeader> {
        self.decoder.as_ref()?.header()
    }

    /// Returns the reader of the packed bytes.
    pub(super) fn packed(&self) -> Option<&R> {
        self.decoder.as_ref().map(GzDecoder::get_ref).or(self.rest.as_ref())
    }

    /// Returns the bytes after the last member, once all members have been read.
    pub(super) fn rest(&mut self) -> Option<&mut R> {
        self.rest.as_mut()
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder {
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut rest) = self.decoder.take().map(GzDecoder::into_inner) else { break };
            let next = rest.fill_buf()?;
            // The two bytes may arrive one at a time.
            match next.starts_with(&MAGIC) || *next == MAGIC[..1] {
                true => self.decoder = Some(GzDecoder::new(rest)),
                false => self.rest = Some(rest),
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use crate::text::archive::samples::gz;

    #[test]
    fn gzip_members_form_one_text_for_any_chunking() {
        for (tail, rest) in [(&b""[..], &b""[..]), (b"\0\0", b"\0\0"), (b"more", b"more"), (b"\x1fmore", b"\x1fmore")] {
            let whole = [gz(b"one "), gz(b""), gz(b"two"), tail.to_vec()].concat();
            let mut members = Members::new(&whole[..]);
            assert_eq!(io::read_to_string(&mut members).unwrap(), "one two");
            assert_eq!(members.rest().map(|rest| *rest), Some(rest));
        }
        for size in 1..40 {
            let whole = [gz(b"one "), gz(b"two")].concat();
            let text = io::read_to_string(Members::new(BufReader::with_capacity(size, &whole[..])));
            assert_eq!(text.unwrap(), "one two", "with {size} bytes at a time");
        }
        let whole = gz(b"one ");
        for cut in 1..whole.len() {
            let text = io::read_to_string(Members::new(&[&whole[..], &whole[..cut]].concat()[..]));
            assert_eq!(text.unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "{cut} bytes of a second member");
        }
    }
}
