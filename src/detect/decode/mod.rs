//! Encoded text inside text, decoded, with a mapping back to the original bytes: base64 (wrapped over lines, and of
//! UTF-16 and archives as well), hexadecimal digits, percent-encoding, backslash escapes, character references of HTML
//! and XML, stretches of UTF-16.
//!
//! The extent and the decoded text of a run depend only on its bytes and the one on either side, never on
//! other parts of the text. So a text that changed in one place needs to be decoded again only there.

mod base;
pub mod broken;
mod escape;
mod wide;

use super::room::Room;
use crate::text::Span;

pub use base::{REACH, base64_text, held, holds_full};
pub use wide::holds_wide;

/// Decoded text.
#[derive(Debug)]
pub struct Run {
    /// The decoded bytes.
    pub text: Vec<u8>,
    /// The encoding of the text.
    pub encoding: Encoding,
    extent: Span,
    offsets: Offsets,
}

/// The encodings that are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Base64 with either alphabet, padded or not.
    Base64,
    /// `6869`
    Hex,
    /// `%41`
    Percent,
    /// `\u0041`, `\x41`, `\101`, `\/`, `\_`
    Backslash,
    /// `&#65;`, `&#x41;`, `&amp;`
    Entity,
    /// Two bytes for each character, in a text that has one for each.
    Utf16,
    /// A value interrupted by bytes that are not part of it.
    Broken,
}

impl Encoding {
    /// Returns the word used in evidence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Hex => "hexadecimal",
            Self::Percent => "percent-encoding",
            Self::Backslash => "escapes",
            Self::Entity => "character references",
            Self::Utf16 => "UTF-16",
            Self::Broken => "a broken value",
        }
    }
}

/// The mapping from decoded to encoded offsets.
#[derive(Debug)]
enum Offsets {
    /// A fixed number of bytes for a fixed number of characters.
    Even {
        /// The decoded and encoded offset of the start of each line.
        lines: Vec<(usize, usize)>,
        bytes: usize,
        characters: usize,
        /// The decoded bytes for each byte of the text.
        width: usize,
    },
    /// The encoded offset of each decoded byte, and of the end.
    Listed(Vec<usize>),
    /// Each decoded byte depends on all encoded bytes.
    Whole,
}

impl Offsets {
    fn base64(lines: Vec<(usize, usize)>) -> Self {
        Self::Even { lines, bytes: 3, characters: 4, width: 1 }
    }
}

impl Run {
    /// Returns the encoded bytes that hold the decoded ones of `inner`.
    pub fn outer(&self, inner: Span) -> Span {
        match &self.offsets {
            Offsets::Even { lines, bytes, characters, width } => {
                let line = |at: usize| {
                    let after = lines.partition_point(|(decoded, _)| *decoded <= at);
                    lines.get(after.saturating_sub(1)).copied().unwrap_or_default()
                };
                let (start, end) = (inner.start * width, inner.end * width);
                let (first, last) = (line(start), line(end.saturating_sub(1).max(start)));
                let (into, until) = (start - first.0, end - last.0);
                Span::new(
                    first.1 + into / bytes * characters + into % bytes,
                    last.1 + (until * characters).div_ceil(*bytes),
                )
            }
            Offsets::Listed(list) => {
                let at = |offset: usize| list.get(offset).or(list.last()).copied().unwrap_or(0);
                Span::new(at(inner.start), at(inner.end))
            }
            Offsets::Whole => self.extent,
        }
    }

    /// Returns the bytes that the run depends on: changed bytes inside it, or next to it, may give another run.
    pub fn extent(&self) -> Span {
        self.extent
    }
}

/// Calls `found` for each encoded run of `text` that decodes to text and whose extent touches `dirty`.
///
/// Takes time for the dirty bytes and the extents of the runs near them, not for the whole text. Packed data is
/// unpacked as far as the budget allows.
pub fn each_run(text: &[u8], dirty: Span, room: &Room, found: &mut dyn FnMut(Run)) {
    let near = dirty.grown(REACH, REACH, text.len());
    let mut touching = |run: Run| {
        if run.extent.start <= dirty.end && dirty.start <= run.extent.end {
            found(run);
        }
    };
    base::each_base(text, near, room, &mut touching);
    let beside = dirty.grown(1, 1, text.len());
    escape::each_escaped(text, beside, &mut touching);
    wide::each_wide(text, beside, &mut touching);
}

/// Returns `true` if a line contains escapes that are decoded.
pub fn holds_escapes(text: &[u8], line: Span) -> bool {
    let mut found = false;
    escape::each_escaped(text, line, &mut |_| found = true);
    found
}

fn leading(bytes: &[u8], member: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|b| member(**b)).count()
}

fn trailing(bytes: &[u8], member: impl Fn(u8) -> bool) -> usize {
    bytes.iter().rev().take_while(|b| member(**b)).count()
}

const BASE64_DIGIT: u8 = 1;
const HEX_DIGIT: u8 = 2;
/// The class of blanks and of quotes other than double ones.
const SEPARATOR: u8 = 4;
/// The class of control characters, angle brackets and double quotes.
const BORDER: u8 = 8;

/// The classes of each byte, as bits.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        let mut class = match byte {
            b' ' | b'\'' | b'`' => SEPARATOR,
            b'"' | b'<' | b'>' => BORDER,
            b'+' | b'/' | b'-' | b'_' => BASE64_DIGIT,
            _ if byte.is_ascii_alphanumeric() => BASE64_DIGIT,
            _ if byte.is_ascii_control() => BORDER,
            _ => 0,
        };
        if byte.is_ascii_hexdigit() {
            class |= HEX_DIGIT;
        }
        classes[byte as usize] = class;
        byte += 1;
    }
    classes
};
fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)
}

/// Returns the byte that digits of this radix encode, if it fits.
fn number(digits: &[u8], radix: u32) -> Option<u8> {
    let (first, rest) = digits.split_first()?;
    let digit = |b: &u8| char::from(*b).to_digit(radix);
    let value = rest.iter().try_fold(digit(first)?, |value, b| Some(value * radix + digit(b)?))?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::base::CHUNK;
    use super::escape::MAX_PIECE;
    use super::*;
    use bstr::ByteSlice;
    use data_encoding::{BASE64 as PADDED, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    fn all(text: &[u8]) -> Vec<Run> {
        touching(text, Span::new(0, text.len()))
    }

    fn touching(text: &[u8], dirty: Span) -> Vec<Run> {
        let mut out = Vec::new();
        each_run(text, dirty, &Room::default(), &mut |run| out.push(run));
        out
    }

    fn runs(text: &str) -> Vec<Run> {
        all(text.as_bytes())
    }

    /// Returns a gzip file that is assembled from its parts, as the detector can't compress.
    fn gzip(text: &str) -> Vec<u8> {
        let mut packed = Vec::with_capacity(text.len() + 100);
        let mut deflate = Compress::new(Compression::fast(), false);
        deflate.compress_vec(text.as_bytes(), &mut packed, FlushCompress::Finish).unwrap();
        let end = [crc32fast::hash(text.as_bytes()), u32::try_from(text.len()).unwrap()].map(u32::to_le_bytes);
        [b"\x1f\x8b\x08\0\0\0\0\0\0\x03", &packed[..], end.as_flattened()].concat()
    }

    /// Returns the decoded text, if `text` contains exactly one run.
    fn decoded(text: &str) -> String {
        let mut runs = runs(text);
        assert_eq!(runs.len(), 1, "{text}: {runs:?}");
        String::from_utf8(runs.remove(0).text).unwrap()
    }

    /// Returns the bytes that `part` of the decoded text of the only run was decoded from.
    fn origin<'t>(text: &'t str, part: &str) -> &'t str {
        let run = runs(text).pop().unwrap();
        let at = run.text.find(part).unwrap();
        let outer = run.outer(Span::new(at, at + part.len()));
        &text[outer.start..outer.end]
    }

    #[test]
    fn base64_of_text_is_decoded_and_mapped_back() {
        let inner = "user: x, client_secret: VALUE!";
        let encoded = data_encoding::BASE64.encode(inner.as_bytes());
        let text = format!("data: {encoded}\n");
        let run = runs(&text).pop().unwrap();
        assert_eq!(run.text, inner.as_bytes());
        let at = inner.find("VALUE").unwrap();
        let outer = run.outer(Span::new(at, at + 5));
        let again = run.extent().start + at / 3 * 4;
        assert!(outer.start >= again && outer.end <= text.len(), "{outer:?}");
    }

    #[test]
    fn random_base64_and_words_are_left_alone() {
        assert!(runs("SGFzaE9mU29tZXRoaW5n/w+AAECAwQFBgcICQoLDA0O").is_empty());
        assert!(runs("a_long_identifier_that_is_in_the_alphabet").is_empty());
        assert!(runs("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855").is_empty());
    }

    #[test]
    fn a_run_of_any_length_is_decoded_as_far_as_it_is_text() {
        let inner = "0123456789 abcdef ".repeat(20_000);
        let encoded = PADDED.encode(inner.as_bytes());
        assert_eq!(decoded(&encoded), inner);
        let run = all(encoded.as_bytes()).pop().unwrap();
        let near_end = Span::new(inner.len() - 10, inner.len());
        assert_eq!(run.outer(near_end), Span::new(encoded.len() - 14, encoded.len()));
        let binary = [inner.as_bytes(), &[0; 500_000]].concat();
        let text = decoded(&PADDED.encode(&binary));
        assert!(inner.starts_with(&text) && text.len() > inner.len() - CHUNK, "{}", text.len());
    }

    #[test]
    fn base64_of_utf_16_is_decoded_and_mapped_back() {
        let inner = "$secret = 'VALUE'; Connect-It";
        let wide = |mark: &str, text: &str| -> Vec<u8> {
            format!("{mark}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
        };
        let encoded = PADDED.encode(&wide("", inner));
        let text = format!("powershell -enc {encoded} -x");
        assert_eq!(decoded(&text), inner);
        // Bytes 4 to 14 of the decoded text, with four characters for each three of them.
        assert_eq!(origin(&text, "ecret"), &encoded[5..19]);
        // With a byte order mark or beyond ASCII the places are not known.
        for (mark, inner) in [("\u{feff}", inner), ("", "$secret = 'VALUE'; # größer")] {
            let encoded = PADDED.encode(&wide(mark, inner));
            let encoded = encoded.trim_end_matches('=');
            assert_eq!(decoded(encoded), inner);
            assert_eq!(origin(encoded, "ecret"), encoded);
        }
    }

    #[test]
    fn base64_of_gzip_is_unpacked_under_a_limit() {
        let gzip = |text: &str| PADDED.encode(&gzip(text));
        let encoded = gzip("release: x, secret: VALUE");
        let encoded = encoded.trim_end_matches('=');
        assert_eq!(decoded(encoded), "release: x, secret: VALUE");
        assert_eq!(origin(encoded, "VALUE"), encoded);
        let dense = "text ".repeat(1_000_000);
        assert!(decoded(&gzip(&dense)) == dense);
        assert!(runs(&gzip(&"\0\u{1}".repeat(100))).is_empty());
        let torn = &encoded[..encoded.len() - 16];
        assert!("release: x, secret: VALUE".starts_with(&decoded(torn)), "what comes before the damage");
    }

    #[test]
    fn base64_of_zstd_and_zlib_is_unpacked() {
        let inner = "release: x, secret: VALUE, and more that is the same: VALUE, VALUE, VALUE";
        let zstd = ruzstd::encoding::compress_to_vec(inner.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(decoded(&PADDED.encode(&zstd)), inner);
        for level in 0..=9 {
            let mut packed = Vec::with_capacity(200);
            let mut deflate = Compress::new(Compression::new(level), true);
            deflate.compress_vec(inner.as_bytes(), &mut packed, FlushCompress::Finish).unwrap();
            assert_eq!(decoded(&PADDED.encode(&packed)), inner, "level {level}");
        }
    }

    #[test]
    fn wrapped_base64_is_joined_and_mapped_back() {
        let inner = "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user:\n    token: VALUE-over-the-border\n";
        let encoded = PADDED.encode(inner.as_bytes());
        for (width, end) in [(64, "\n"), (76, "\n    "), (76, "\r\n\t"), (100, "\n  ")] {
            let lines: Vec<&str> = encoded.as_bytes().chunks(width).map(|l| str::from_utf8(l).unwrap()).collect();
            let text = format!("data: |{end}{}{}next: x", lines.join(end), end.trim_end_matches([' ', '\t']));
            let run = runs(&text).into_iter().max_by_key(|run| run.text.len()).unwrap();
            assert_eq!(run.text.as_bstr(), inner, "{text}");
            for (at, _) in inner.char_indices() {
                let outer = run.outer(Span::new(at, at + 1)).of(text.as_bytes());
                let index = at / 3 * 4 + at % 3;
                let pair = &encoded.as_bytes()[index..index + 2];
                assert_eq!(outer, pair, "{at} of {text}");
            }
        }
    }

    #[test]
    fn lines_that_are_not_wrapped_base64_are_not_joined() {
        let line = PADDED.encode(b"a text of forty-eight bytes, which makes 64 char");
        let short = PADDED.encode(b"end of it all, and no more");
        let joined =
            |text: String| runs(&text).iter().filter(|run| run.outer(Span::new(0, run.text.len())).len() > 64).count();
        assert_eq!(joined(format!("{line}\n{line}\n{short}")), 1);
        assert_eq!(joined(format!("{line}\n\n{line}")), 0);
        assert_eq!(joined(format!("{line},\n{line}")), 0);
        assert_eq!(joined(format!("{}\n{short}", "0123456789abcdef".repeat(4))), 0);
        assert_eq!(joined(format!("{line}\n{}", "word".repeat(40))), 0);
        assert_eq!(joined(format!("{line}\n----\n")), 0);
    }

    #[test]
    fn hexadecimal_digits_of_text_are_decoded_and_mapped_back() {
        let inner = "password=VALUE and more";
        for text in [format!("0x{},", HEXLOWER.encode(inner.as_bytes())), HEXUPPER.encode(inner.as_bytes())] {
            assert_eq!(decoded(&text), inner);
            assert_eq!(origin(&text, "VALUE").to_lowercase(), HEXLOWER.encode(b"VALUE"));
        }
        assert!(runs(&HEXLOWER.encode(inner.as_bytes())[1..]).is_empty(), "an odd number of digits");
        assert!(runs(&HEXLOWER.encode(&inner.as_bytes()[..15])).is_empty(), "too short");
    }

    #[test]
    fn backslash_escapes_are_decoded_and_mapped_back() {
        let text = r#"{"s": "ab\u007ecd\x7eef"}"#;
        let run = runs(text).pop().unwrap();
        assert_eq!(run.text, b"ab~cd~ef");
        assert_eq!(run.outer(Span::new(0, 8)).of(text.as_bytes()), br"ab\u007ecd\x7eef");
    }

    #[test]
    fn escaped_symbols_and_octal_digits_are_decoded() {
        assert_eq!(decoded(r#""https:\/\/user:pass@host\/x""#), "https://user:pass@host/x");
        assert_eq!(decoded(r"url=jdbc\:x\://user\:pass"), "url=jdbc:x://user:pass");
        assert_eq!(decoded(r"abc\055def\176ghi"), "abc-def~ghi");
        assert_eq!(origin(r"abc\055def\176ghi", "c-d"), r"c\055d");
        for text in [r"not\any\thing\newhere", r"\033[1mcolour\033[0m", r"a\/b", r"C:\\temp\\200.txt"] {
            assert!(runs(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn an_escape_before_an_underscore_is_decoded() {
        assert_eq!(decoded(r"\texttt{abc\_def\_ghi}"), r"\texttt{abc_def_ghi}");
        assert_eq!(origin(r"abc\_def\_ghi", "c_d"), r"c\_d");
        assert!(runs(r"not\_ a \_name \\_ here").is_empty());
    }

    #[test]
    fn a_stretch_of_utf_16_is_decoded_and_mapped_back() {
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "first\r\nkey=VALUE\r\n".encode_utf16().flat_map(bytes).collect()
        };
        for (bytes, expected) in
            [(wide(u16::to_le_bytes), "first\r\nkey=VALUE\r\n"), (wide(u16::to_be_bytes), "\nfirst\r\nkey=VALUE\r\n")]
        {
            let text = [b"narrow text\r\n", &bytes[..], b"and more"].concat();
            let run = all(&text).pop().unwrap();
            // The line end before it may belong to it, or the letter after it.
            assert_eq!(run.text.trim_end_with(|c| c == 'a').as_bstr(), expected);
            let at = run.text.find("VALUE").unwrap();
            let outer = run.outer(Span::new(at, at + 5));
            assert_eq!(outer.of(&text).iter().filter(|byte| **byte != 0).copied().collect::<Vec<_>>(), b"VALUE");
            assert!(holds_wide(&text, Span::new(0, text.len())) && !holds_wide(&text, Span::new(0, 15)));
        }
        assert!(all(b"\0s\0h\0o\0r\0t").is_empty());
        assert!(all(&b"\0\0\0\x01ab".repeat(20)).is_empty());
    }

    #[test]
    fn percent_escapes_are_decoded_and_mapped_back() {
        let text = "curl -d 'a=1%262&s=ab%7Ecd' x";
        let run = runs(text).pop().unwrap();
        assert_eq!(run.text, b"a=1&2&s=ab~cd");
        let outer = run.outer(Span::new(8, 13));
        assert_eq!(outer.of(text.as_bytes()), b"ab%7Ecd");
    }

    #[test]
    fn character_references_are_decoded_and_mapped_back() {
        let text = r#"<x data="{&quot;password&quot;: &quot;a&#45;b&#x2D;c&amp;d&apos;&quot;}">"#;
        assert_eq!(decoded(text), r#"{"password": "a-b-c&d'"}"#);
        assert_eq!(origin(text, "b-c&d"), "b&#x2D;c&amp;d");
        for text in [
            "Map&lt;String, List&lt;u8&gt;&gt;",
            "a && b &c; &#; &#x; &#300; &#9999999999; &amplifier",
            "&#x1b;&#0;",
            "f(&amp;self, &amp;str)",
            "/page?a=b&amp;name=value&amp;c=d",
            "They don&#39;t count",
        ] {
            assert!(runs(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_long_token_is_decoded_where_it_holds_escapes() {
        let plain = "x".repeat(3 * MAX_PIECE);
        let text = format!("{plain}secret%3DVALUE{plain}");
        let found = runs(&text);
        assert!((1..=2).contains(&found.len()), "{}", found.len());
        for run in &found {
            let at = run.text.find("secret=VALUE").unwrap();
            assert_eq!(run.outer(Span::new(at, at + 12)).of(text.as_bytes()), b"secret%3DVALUE");
            assert_eq!(run.extent(), Span::new(0, text.len()));
        }
    }

    /// The fields in which two runs have to agree.
    fn same(run: &Run) -> (Span, Encoding, Vec<u8>, Span) {
        (run.extent(), run.encoding, run.text.clone(), run.outer(Span::new(0, run.text.len())))
    }

    fn part() -> impl Strategy<Value = Vec<u8>> {
        let prose = "[ -~]{0,80}";
        let long = "[a-z: \n]{18,400}";
        prop_oneof![
            prose.prop_map(String::into_bytes),
            any::<[u8; 3]>().prop_map(Vec::from),
            "[a-zA-Z0-9+/]{1,140}".prop_map(String::into_bytes),
            "(\r?\n)?[ \t]{0,40}".prop_map(String::into_bytes),
            "[-a-z%\\\\&;:=/\"'<> ]{1,20}".prop_map(String::into_bytes),
            long.prop_map(|text| BASE64URL_NOPAD.encode(text.as_bytes()).into_bytes()),
            long.prop_map(|text| HEXLOWER.encode(text.as_bytes()).into_bytes()),
            // Lines that may be joined, and lines that interrupt them.
            vec(
                (prop_oneof![3 => "[a-z:]{48}", 1 => "[a-z:]{1,60}", 1 => "[a-z:\u{80}]{24}"], "(\r?\n ?|,|\n\n)"),
                1..6
            )
            .prop_map(|lines| {
                let lines = lines.iter().map(|(text, end)| PADDED.encode(text.as_bytes()) + end);
                lines.collect::<String>().into_bytes()
            }),
            (long, prop_oneof![Just(64), Just(76), 20usize..150], "\r?\n[ \t]{0,4}").prop_map(|(text, width, end)| {
                let encoded = PADDED.encode(text.as_bytes()).into_bytes();
                encoded.chunks(width).collect::<Vec<_>>().join(end.as_bytes())
            }),
            long.prop_map(|text| {
                let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                PADDED.encode(&wide).into_bytes()
            }),
            long.prop_map(|text| PADDED.encode(&gzip(&text)).into_bytes()),
            ("[a-z]{0,12}", "[!-~]", 0usize..5, "[a-z]{0,12}").prop_map(|(before, sign, form, after)| {
                let code = sign.as_bytes()[0];
                let escape = match form {
                    0 => format!("%{code:02X}"),
                    1 => format!("\\u00{code:02x}"),
                    2 => format!("\\{code:03o}"),
                    3 => format!("&#{code};"),
                    _ => "&quot;".to_owned(),
                };
                format!("{before}{escape}{after}").into_bytes()
            }),
            ("[a-z]{1,9}", 0usize..2000).prop_map(|(word, times)| word.repeat(times).into_bytes()),
            "[a-z=\r\n]{0,60}".prop_map(|text| text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            "[a-z=\r\n]{0,60}".prop_map(|text| text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ]
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        vec(part(), 0..14).prop_map(|parts| parts.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        /// A search near the dirty bytes finds everything that a full search finds there.
        #[test]
        fn nothing_is_missed_near_dirty_bytes(text in text(), at in any::<Index>(), length in prop_oneof![0usize..4, 0usize..500]) {
            let start = at.index(text.len() + 1);
            let dirty = Span::new(start, (start + length).min(text.len()));
            let touches = |run: &Run| run.extent().start <= dirty.end && dirty.start <= run.extent().end;
            let expected: Vec<_> = all(&text).iter().filter(|run| touches(run)).map(same).collect();
            let found: Vec<_> = touching(&text, dirty).iter().map(same).collect();
            prop_assert_eq!(found, expected);
        }

        /// A run is determined by its extent and a byte on either side, wherever they are.
        #[test]
        fn a_run_is_decoded_the_same_in_any_surroundings(text in text(), before in text(), after in text()) {
            for run in all(&text) {
                let extent = run.extent();
                let kept = extent.grown(1, 1, text.len());
                // If the extent is at an end of the text, it stays there.
                let before = if extent.start == 0 { &[][..] } else { &before };
                let after = if extent.end == text.len() { &[][..] } else { &after };
                let other = [before, kept.of(&text), after].concat();
                let moved = |span: Span| {
                    let shift = |at: usize| at + before.len() - kept.start;
                    Span::new(shift(span.start), shift(span.end))
                };
                let (extent, encoding, decoded, outer) = same(&run);
                let expected = (moved(extent), encoding, decoded, moved(outer));
                let found: Vec<_> = all(&other).iter().map(same).collect();
                prop_assert!(found.contains(&expected), "{:?} is not in {:?}", expected, found);
            }
        }

        /// The decoded bytes are in the extent, in order.
        #[test]
        fn decoded_bytes_come_from_the_extent(text in text()) {
            for run in all(&text) {
                prop_assert!(Span::new(0, text.len()).contains(run.extent()));
                let mut last = run.extent().start;
                for at in (0..run.text.len()).step_by(1 + run.text.len() / 50) {
                    let outer = run.outer(Span::new(at, at + 1));
                    prop_assert!(run.extent().contains(outer) && !outer.is_empty(), "{outer:?} of {run:?}");
                    prop_assert!(outer.start >= last, "{outer:?} of {run:?}");
                    last = outer.start;
                }
            }
        }
    }
}
