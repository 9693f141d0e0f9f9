//! The streams of PDF that are texts.

use bstr::{BStr, ByteSlice};
use flate2::bufread::ZlibDecoder;
use memchr::memmem;

use super::kind::{HEAD, is_mostly_text, is_zlib, kind};
use super::limits::unpack;
use super::stream::inflate;
use super::unopened::Reason;
use super::walk::{Walk, joined};

impl Walk<'_> {
    /// The streams of a document that are texts, or archives: all others are pictures and fonts.
    pub(super) fn pdf(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        const WORD: &[u8] = b"stream";
        if memmem::find(bytes, b"/Encrypt").is_some() {
            self.report(path, Reason::Encrypted);
        }
        let mut at = 0;
        while let Some(start) = memmem::find(&bytes[at..], WORD).map(|found| at + found) {
            at = start + WORD.len();
            let stream = bytes[at..].trim_start_with(|char| matches!(char, '\r' | '\n'));
            if bytes[..start].ends_with(b"end") || !is_zlib(stream) {
                continue;
            }
            if !self.count(path) {
                break;
            }
            let (head, _) = inflate(stream, HEAD);
            if is_mostly_text(&head) || kind(&head).is_some() {
                let (mut text, mut decoder) = (Vec::new(), ZlibDecoder::new(stream));
                let path = joined(path, format!("stream at byte {start}").as_bytes());
                if let Err(reason) = unpack(&mut decoder, &mut self.bytes, &mut text) {
                    self.report(path.as_bstr(), reason);
                }
                self.member(path.as_bstr(), &text, depth);
                at += usize::try_from(decoder.total_in()).unwrap_or_default();
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::archive::Limits;
    use crate::text::archive::samples::{gz, members, unpacked, zlib};

    #[test]
    fn the_texts_of_a_document_are_opened() {
        let stream =
            |bytes: &[u8]| [b"<< /Filter /FlateDecode >>\nstream\r\n", &zlib(bytes)[..], b"\nendstream\n"].concat();
        let text = b"BT /F1 12 Tf (a text) Tj ET";
        let document =
            [b"%PDF-1.7\n1 0 obj\n", &stream(&[0, 1, 2, 255])[..], &stream(text), &stream(&gz(b"inner"))].concat();
        let found = members(&document);
        assert_eq!(found.iter().map(|(_, text)| &text[..]).collect::<Vec<_>>(), [&text[..], b"inner"]);
        assert!(found[0].0.starts_with("stream at byte "), "{found:?}");
        let limits = Limits { bytes: 10, ..Limits::default() };
        assert_eq!(unpacked(&document, limits).1[0].1, Reason::TooLarge);
        assert_eq!(
            unpacked(b"%PDF-1.7\ntrailer << /Encrypt 9 0 R >>", Limits::default()).1,
            [(String::new(), Reason::Encrypted)]
        );
    }
}
