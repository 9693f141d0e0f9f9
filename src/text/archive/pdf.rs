//! The streams of a PDF that are texts.

use bstr::{BStr, ByteSlice};
use flate2::bufread::DeflateDecoder;
use memchr::memmem;

use super::kind::{HEAD, is_mostly_text, is_zlib, kind};
use super::limits::unpack;
use super::unopened::Reason;
use super::walk::{Walk, joined};
use crate::text::encoding::Wide;

/// The number of bytes before the deflated ones of a zlib stream.
const ZLIB_HEADER: usize = 2;

impl Walk<'_> {
    /// Unpacks the streams of a document that are texts or archives; all others are pictures and fonts.
    pub(super) fn pdf(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        const WORD: &[u8] = b"stream";
        if memmem::find(bytes, b"/Encrypt").is_some() {
            self.report(path, Reason::Encrypted);
        }
        let mut at = 0;
        while let Some(start) = memmem::find(&bytes[at..], WORD).map(|found| at + found) {
            at = start + WORD.len();
            // Some writers put zeros between the end of the line and the data.
            let stream = bytes[at..].trim_start_with(|char| matches!(char, '\r' | '\n' | '\0'));
            if bytes[..start].ends_with(b"end") || !is_zlib(stream) {
                continue;
            }
            if !self.count(path) {
                break;
            }
            if is_text_or_archive(stream) {
                let mut decoder = inflater(stream);
                let path = joined(path, format!("stream at byte {start}").as_bytes());
                let text = self.unpacked(path.as_bstr(), &mut decoder);
                self.member(path.as_bstr(), &text, depth);
                at += usize::try_from(decoder.total_in()).unwrap_or_default();
            }
        }
        true
    }
}

/// Returns a reader that unpacks a zlib stream without checking its checksum, which viewers ignore and some writers
/// leave out.
fn inflater(stream: &[u8]) -> DeflateDecoder<&[u8]> {
    DeflateDecoder::new(&stream[ZLIB_HEADER..])
}

/// Returns `true` if a stream unpacks to a text or an archive. A text may have zeros before it, as in wide encodings;
/// pictures have more of them.
fn is_text_or_archive(stream: &[u8]) -> bool {
    const ZEROS: usize = 16 * 1024;
    let starts_with = |mut length| {
        let mut head = Vec::new();
        // A flaw further on is reported when the whole stream is unpacked.
        let _ = unpack(&mut inflater(stream), &mut length, &mut head);
        head
    };
    let mut head = starts_with(HEAD);
    if head.iter().all(|byte| *byte == 0) {
        head = starts_with(HEAD + ZEROS);
    }
    let text = head.trim_start_with(|char| char == '\0');
    is_mostly_text(&text[..text.len().min(HEAD)]) || Wide::detect(&head).is_some() || kind(&head).is_some()
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

    #[test]
    fn text_is_recognised_after_zeros_and_without_its_checksum() {
        let wide: Vec<u8> = "BT (a text) Tj ET".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let behind_zeros = [&[0; 1000][..], b"BT (a text) Tj ET"].concat();
        for text in [&b"\r\nBT (a text) Tj ET"[..], &behind_zeros, &wide] {
            for (before, cut) in [(&b"\n"[..], 0), (b"\r\n", 0), (b"\r\n\0\0\0\0", 0), (b"\n", 4)] {
                let packed = zlib(text);
                let stream = [b"%PDF-1.7\nstream", before, &packed[..packed.len() - cut], b"\nendstream\n"].concat();
                let found = members(&stream);
                assert!(matches!(&found[..], [(_, one)] if one == text), "{found:?} for {text:?} behind {before:?}");
            }
        }
        let picture = [b"%PDF-1.7\nstream\n", &zlib(&[0; 100_000])[..], b"\nendstream\n"].concat();
        assert_eq!(members(&picture), []);
        let cut = zlib(b"BT (a text that was cut off) Tj ET");
        let (found, reports) = unpacked(&[b"%PDF-1.7\nstream\n", &cut[..20]].concat(), Limits::default());
        assert_eq!((found.len(), reports[0].1), (1, Reason::Cut));
    }
}
