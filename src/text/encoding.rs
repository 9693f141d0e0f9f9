//! Converts UTF-16 and UTF-32 to UTF-8, with or without a byte order mark.
//!
//! Secrets are ASCII, so only the encodings whose ASCII characters take more than one byte matter: everything else can
//! be matched as it is. Without a mark, the positions of the zero bytes show the encoding. Bytes in such a text that
//! are not in its encoding have to be scanned separately by the caller.

use std::borrow::Cow;

/// An encoding whose ASCII characters take two or four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// UTF-32, least significant byte first.
    Utf32Le,
    /// UTF-32, most significant byte first.
    Utf32Be,
}

/// The number of bytes at the start that are examined in the absence of a mark.
const SAMPLE: usize = 4096;

impl Wide {
    /// Returns the wide encoding of `bytes`, if they have one.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        Self::by_mark(bytes).or_else(|| Self::by_zeros(bytes.get(..SAMPLE.min(bytes.len())).unwrap_or(bytes)))
    }

    fn by_mark(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] => Some(Self::Utf32Le),
            [0, 0, 0xfe, 0xff, ..] => Some(Self::Utf32Be),
            [0xff, 0xfe, ..] => Some(Self::Utf16Le),
            [0xfe, 0xff, ..] => Some(Self::Utf16Be),
            _ => None,
        }
    }

    /// Detects an encoding by the zeros that ASCII text has at fixed positions: at least seven in ten units must have
    /// them.
    fn by_zeros(sample: &[u8]) -> Option<Self> {
        if sample.len() < 8 || memchr::memchr(0, sample).is_none() {
            return None;
        }
        [Self::Utf32Le, Self::Utf32Be, Self::Utf16Le, Self::Utf16Be].into_iter().find(|wide| wide.fits(sample))
    }

    fn fits(self, sample: &[u8]) -> bool {
        let units = sample.chunks_exact(self.width());
        let total = units.len();
        let ascii = units.filter(|unit| self.ascii(unit).is_some_and(is_text)).count();
        total >= 4 && ascii * 10 >= total * 7
    }

    /// Returns the number of bytes of one unit.
    pub fn width(self) -> usize {
        match self {
            Self::Utf16Le | Self::Utf16Be => 2,
            Self::Utf32Le | Self::Utf32Be => 4,
        }
    }

    fn unit(self, bytes: &[u8]) -> Option<u32> {
        match (self, bytes) {
            (Self::Utf16Le, [a, b]) => Some(u32::from(u16::from_le_bytes([*a, *b]))),
            (Self::Utf16Be, [a, b]) => Some(u32::from(u16::from_be_bytes([*a, *b]))),
            (Self::Utf32Le, [a, b, c, d]) => Some(u32::from_le_bytes([*a, *b, *c, *d])),
            (Self::Utf32Be, [a, b, c, d]) => Some(u32::from_be_bytes([*a, *b, *c, *d])),
            _ => None,
        }
    }

    fn ascii(self, bytes: &[u8]) -> Option<u8> {
        self.unit(bytes).and_then(|unit| u8::try_from(unit).ok()).filter(u8::is_ascii)
    }

    /// Returns the text in UTF-8, without the mark; anything that isn't a character becomes U+FFFD.
    pub fn decode(self, bytes: &[u8]) -> Vec<u8> {
        let units = bytes.chunks_exact(self.width()).filter_map(|unit| self.unit(unit));
        let text: String = match self {
            Self::Utf16Le | Self::Utf16Be => char::decode_utf16(units.filter_map(|unit| u16::try_from(unit).ok()))
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect(),
            Self::Utf32Le | Self::Utf32Be => {
                units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
        };
        text.strip_prefix('\u{feff}').unwrap_or(&text).as_bytes().to_vec()
    }

    /// Returns the text in this encoding, without a mark.
    fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Self::Utf32Le => text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
            Self::Utf32Be => text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
        }
    }

    /// Returns the position in `bytes` of the character that begins at `offset` in the decoded text.
    fn place(self, bytes: &[u8], offset: usize) -> usize {
        let decoded = self.decode(bytes);
        let before = String::from_utf8_lossy(&decoded[..offset.min(decoded.len())]);
        let mark = if self.unit(&bytes[..self.width().min(bytes.len())]) == Some(0xfeff) { self.width() } else { 0 };
        mark + self.encode(&before).len()
    }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// Returns bytes as text that can be matched: wide encodings become UTF-8.
pub fn as_text(bytes: &[u8]) -> Cow<'_, [u8]> {
    match Wide::detect(bytes) {
        Some(wide) => Cow::Owned(wide.decode(bytes)),
        None => Cow::Borrowed(bytes),
    }
}

/// Returns bytes with texts inserted, in the encoding of the bytes. The positions are those in the result of
/// [`as_text`], in order.
pub fn inserted(bytes: &[u8], texts: &[(usize, String)]) -> Vec<u8> {
    let wide = Wide::detect(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for (offset, text) in texts {
        let (at, text) = match wide {
            Some(wide) => (wide.place(bytes, *offset), wide.encode(text)),
            None => (*offset, text.clone().into_bytes()),
        };
        out.extend_from_slice(&bytes[from..at]);
        out.extend(text);
        from = at;
    }
    out.extend_from_slice(&bytes[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "client_secret = \"value\"\n# ä€😀\n";

    fn utf16(mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let mark = mark.then_some(0xfeff);
        mark.into_iter().chain(TEXT.encode_utf16()).flat_map(bytes).collect()
    }

    #[test]
    fn wide_text_is_recognised_and_decoded() {
        for mark in [true, false] {
            for (wide, bytes) in [
                (Wide::Utf16Le, utf16(mark, u16::to_le_bytes)),
                (Wide::Utf16Be, utf16(mark, u16::to_be_bytes)),
                (Wide::Utf32Le, TEXT.chars().flat_map(|c| (c as u32).to_le_bytes()).collect()),
                (Wide::Utf32Be, TEXT.chars().flat_map(|c| (c as u32).to_be_bytes()).collect()),
            ] {
                assert_eq!(Wide::detect(&bytes), Some(wide), "mark {mark}");
                assert_eq!(wide.decode(&bytes), TEXT.as_bytes());
            }
        }
    }

    #[test]
    fn insertions_use_the_encoding_of_the_text() {
        let texts = |text: &str| {
            let end = |word: &str| text.find(word).unwrap() + word.len();
            vec![(end("\""), "one ".to_owned()), (end("😀"), " twö".to_owned())]
        };
        let expected = TEXT.replacen('"', "\"one ", 1).replace('😀', "😀 twö");
        for mark in [true, false] {
            for bytes in [utf16(mark, u16::to_le_bytes), utf16(mark, u16::to_be_bytes)] {
                let changed = inserted(&bytes, &texts(TEXT));
                assert_eq!(String::from_utf8_lossy(&as_text(&changed)), expected);
                assert_eq!(changed[..2], bytes[..2], "a mark stays, and none comes");
            }
        }
        let marked = format!("\u{feff}{TEXT}\u{e9}");
        let changed = inserted(marked.as_bytes(), &texts(&marked));
        assert_eq!(String::from_utf8_lossy(&changed), format!("\u{feff}{expected}\u{e9}"));
    }

    #[test]
    fn plain_text_and_binary_are_not_wide() {
        assert_eq!(Wide::detect(TEXT.as_bytes()), None);
        assert_eq!(Wide::detect(b"\x7fELF\0\0\0\0\x01\0\x02\0\0\x01\x90\xff\xee\0\0"), None);
        assert_eq!(Wide::detect(b""), None);
    }
}
