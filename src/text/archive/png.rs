//! The compressed texts of a PNG: its chunks `zTXt` and `iTXt`. Other chunks are not compressed, or are the picture.

use bstr::ByteSlice as _;

/// The first bytes of a picture.
const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The number of bytes of a chunk before its data: its length and its kind.
const HEAD: usize = 8;
/// The number of bytes of a chunk's checksum.
const SUM: usize = 4;

/// Returns the chunks, each with its kind and its data, up to the first bytes that aren't a chunk.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes.strip_prefix(MAGIC).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (kind, data) = behind.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        rest = rest.get(HEAD.saturating_add(length).saturating_add(SUM)..).unwrap_or_default();
        kind.iter().all(u8::is_ascii_alphabetic).then_some((*kind, &data[..length.min(data.len())]))
    })
}

/// Returns the bytes behind the chunk that ends every picture; `None` if the chunks don't lead to one.
pub(super) fn behind(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = MAGIC.len();
    chunks(bytes).find_map(|(kind, data)| {
        at = at.saturating_add(HEAD + data.len() + SUM);
        (kind == *b"IEND").then(|| bytes.get(at..).unwrap_or_default())
    })
}

/// Returns `true` if bytes start like a picture.
pub(super) fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Returns the compressed texts, each with its keyword.
pub(super) fn texts(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    chunks(bytes).filter_map(|(kind, data)| {
        let (keyword, text) = data.split_once_str(b"\0")?;
        match (&kind, text) {
            (b"zTXt", [0, stream @ ..]) => Some((keyword, stream)),
            (b"iTXt", [1, 0, rest @ ..]) => {
                let (_language, rest) = rest.split_once_str(b"\0")?;
                rest.split_once_str(b"\0").map(|(_translated, stream)| (keyword, stream))
            }
            _ => None,
        }
    })
}

/// Returns `true` if the bytes are a picture with such a text.
pub(super) fn has_texts(bytes: &[u8]) -> bool {
    texts(bytes).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::archive::samples::{gz, members, named, tar, unpacked, zip, zlib};
    use crate::text::archive::{Limits, Reason, kind};

    fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let chunk = |(kind, data): &(&[u8; 4], Vec<u8>)| {
            let length = u32::try_from(data.len()).unwrap().to_be_bytes();
            [&length[..], *kind, data, &[0; SUM]].concat()
        };
        let end = (b"IEND", Vec::new());
        [MAGIC.to_vec(), chunks.iter().chain([&end]).flat_map(chunk).collect()].concat()
    }

    #[test]
    fn compressed_text_chunks_of_a_png_are_opened() {
        let packed = zlib(b"of a picture");
        let compressed = [b"Comment\0\0", &packed[..]].concat();
        let international = [b"Title\0\x01\0en\0Titel\0", &packed[..]].concat();
        let picture = png(&[
            (b"IHDR", vec![0; 13]),
            (b"tEXt", b"Plain\0text".to_vec()),
            (b"zTXt", compressed.clone()),
            (b"iTXt", international),
            (b"iTXt", b"Plain\0\0\0\0\0text".to_vec()),
            (b"IDAT", packed.clone()),
        ]);
        let expected: [(&str, &[u8]); 2] = [("text Comment", b"of a picture"), ("text Title", b"of a picture")];
        assert_eq!(members(&picture), named(&expected));
        assert_eq!(kind(&png(&[(b"IHDR", vec![0; 13]), (b"IDAT", packed)])), None);
        let cut = png(&[(b"zTXt", compressed[..compressed.len() - 9].to_vec())]);
        assert_eq!(unpacked(&cut, Limits::default()).1, [("text Comment".to_owned(), Reason::Cut)]);
    }

    #[test]
    fn a_broken_picture_is_told() {
        let whole = png(&[(b"IHDR", vec![0; 13]), (b"zTXt", [b"Comment\0\0", &zlib(b"of a picture")[..]].concat())]);
        for end in MAGIC.len()..whole.len() - HEAD {
            let (_, reports) = unpacked(&whole[..end], Limits::default());
            assert!(reports.contains(&(String::new(), Reason::Picture)), "{end} bytes: {reports:?}");
        }
        let mut damaged = whole.clone();
        damaged[MAGIC.len()] = 0xff;
        assert_eq!(unpacked(&damaged, Limits::default()).1, [(String::new(), Reason::Picture)]);
        damaged[MAGIC.len()..MAGIC.len() + 4].copy_from_slice(&14_u32.to_be_bytes());
        assert_eq!(unpacked(&damaged, Limits::default()).1, [(String::new(), Reason::Picture)]);
        // Bytes after the end of the picture are not part of it.
        assert_eq!(members(&[&whole[..], b"more"].concat()).len(), 1);
    }

    #[test]
    fn an_archive_behind_a_picture_is_opened() {
        let plain = png(&[(b"IHDR", vec![0; 13])]);
        let texts = png(&[(b"IHDR", vec![0; 13]), (b"zTXt", [b"Comment\0\0", &zlib(b"of a picture")[..]].concat())]);
        let shown: (&str, &[u8]) = ("text Comment", b"of a picture");
        for (archive, name) in [
            (zip(&[("app.env", b"hidden")]), "app.env"),
            ([&b"padding"[..], &zip(&[("app.env", b"hidden")])].concat(), "app.env"),
            (tar(&[("app.env", b"hidden")]), "app.env"),
            (gz(b"hidden"), ""),
        ] {
            let hidden: (&str, &[u8]) = (name, b"hidden");
            assert_eq!(members(&[&plain[..], &archive].concat()), named(&[hidden]));
            assert_eq!(members(&[&texts[..], &archive].concat()), named(&[shown, hidden]));
        }
    }
}
