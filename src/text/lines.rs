//! Converts byte offsets to lines and columns. An index is built only for blobs that have a finding.

use super::Span;

/// A place that a user can go to; both numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in Unicode code points; an invalid byte counts as one, and a zero byte, which is half of a character
    /// in UTF-16, as none.
    pub column: usize,
}

/// The number of bytes of a line after which its characters are counted once more, because one line may hold a whole
/// file and thousands of places.
const STEP: usize = 4096;

/// The positions at which the lines of a text start. Lines end at `\n`, at `\r\n` and at a lone `\r`. Parts of the text
/// may be UTF-16.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// The marks inside long lines, in order.
    marks: Vec<Mark>,
}

/// A position within a line at which a character starts.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: usize,
    /// The number of characters of the line before it.
    characters: usize,
}

impl LineIndex {
    /// Reads the whole text once.
    pub fn new(text: &[u8]) -> Self {
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', text) {
            if text[at] == b'\n' || !matches!(text[at + 1..], [b'\n', ..] | [0, b'\n', ..]) {
                starts.push(at + 1);
            }
        }
        let ends = starts.iter().skip(1).copied().chain([text.len()]);
        let long = starts.iter().copied().zip(ends).filter(|(start, end)| end - start > STEP);
        let marks = long.flat_map(|(start, end)| marks(text, start, end)).collect();
        Self { starts, marks }
    }

    /// Returns the span of the line with the byte at `offset`, without its line break. The line isn't read, because one
    /// line may hold a whole file.
    pub fn extent(&self, text: &[u8], offset: usize) -> Span {
        let next = self.starts.partition_point(|start| *start <= offset);
        let start = next.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or(0);
        let line = &text[start..self.starts.get(next).copied().unwrap_or(text.len())];
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        Span::new(start, start + line.strip_suffix(b"\r").unwrap_or(line).len())
    }

    /// Returns the span of the line with a number, counted from 1, without its line break; `None` if there are fewer
    /// lines.
    pub fn line(&self, text: &[u8], number: usize) -> Option<Span> {
        Some(self.extent(text, *self.starts.get(number.checked_sub(1)?)?))
    }

    /// Returns the place of the byte at `offset`.
    pub fn place(&self, text: &[u8], offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let near =
            self.marks.partition_point(|mark| mark.at <= offset).checked_sub(1).and_then(|at| self.marks.get(at));
        let from = near.copied().filter(|mark| mark.at >= start).unwrap_or(Mark { at: start, characters: 0 });
        let before = text.get(from.at..offset.min(text.len())).unwrap_or_default();
        Place { line, column: from.characters + count_characters(before) + 1 }
    }
}

/// Returns the marks of a line. They are at ASCII bytes, which belong to no other character whatever comes before them.
fn marks(text: &[u8], start: usize, end: usize) -> impl Iterator<Item = Mark> {
    let first = Mark { at: start, characters: 0 };
    let next = move |last: &Mark| {
        let rest = text.get(last.at..end)?;
        let length = STEP + rest.get(STEP..)?.iter().position(u8::is_ascii)?;
        let characters = last.characters + count_characters(rest.get(..length)?);
        Some(Mark { at: last.at + length, characters })
    };
    std::iter::successors(Some(first), next).skip(1)
}

fn count_characters(text: &[u8]) -> usize {
    // Most text is ASCII, which is checked many bytes at a time.
    if text.is_ascii() {
        return text.len() - memchr::memchr_iter(0, text).count();
    }
    let characters = |text: &str| text.chars().filter(|char| *char != '\0').count();
    text.utf8_chunks().map(|chunk| characters(chunk.valid()) + chunk.invalid().len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_code_points() {
        let text = "a\r\nä=x\rz\n".as_bytes();
        let index = LineIndex::new(text);
        let at = |needle: u8| index.place(text, text.iter().position(|b| *b == needle).unwrap());
        assert_eq!(at(b'='), Place { line: 2, column: 2 });
        assert_eq!(at(b'x'), Place { line: 2, column: 3 });
        assert_eq!(at(b'z'), Place { line: 3, column: 1 });
    }

    #[test]
    fn lines_come_without_their_line_endings() {
        let text = b"a\r\nbc\rd\n\ne";
        let index = LineIndex::new(text);
        let lines: Vec<&[u8]> = (0..=text.len()).map(|at| index.extent(text, at).of(text)).collect();
        let expected = ["a", "a", "a", "bc", "bc", "bc", "d", "d", "", "e", "e"];
        assert_eq!(lines, expected.map(str::as_bytes));
        let numbered: Vec<&[u8]> = (0..=6).filter_map(|n| index.line(text, n)).map(|line| line.of(text)).collect();
        assert_eq!(numbered, ["a", "bc", "d", "", "e"].map(str::as_bytes));
    }

    #[test]
    fn columns_of_long_lines_are_counted_from_the_line_start() {
        let mixed = b"ab\xc3\xa4\xff\xe2\x82\xac,\xf0\x9f\x94\x91 \xe2\x82".repeat(STEP / 4);
        let text = [&mixed[..], &"ä".repeat(STEP).into_bytes(), b"x\nshort\n", &mixed].concat();
        let index = LineIndex::new(&text);
        assert!(index.marks.len() > 6, "{}", index.marks.len());
        let second = text.len() - mixed.len();
        for (start, length) in [(0, mixed.len() + 2 * STEP), (second, mixed.len())] {
            for offset in (start..start + length).filter(|at| text[*at].is_ascii()) {
                let column = count_characters(&text[start..offset]) + 1;
                assert_eq!(index.place(&text, offset).column, column, "{offset}");
            }
        }
    }

    #[test]
    fn positions_in_utf_16_map_to_its_characters() {
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let wide: Vec<u8> = "\r\na=b\r\n cd".encode_utf16().flat_map(bytes).collect();
            let text = [b"first", &wide[..]].concat();
            let index = LineIndex::new(&text);
            let at = |needle: u8| index.place(&text, text.iter().position(|b| *b == needle).unwrap());
            assert_eq!(at(b'='), Place { line: 2, column: 2 });
            assert_eq!(at(b'c'), Place { line: 3, column: 2 });
        }
    }

    #[test]
    fn invalid_bytes_count_as_one_each() {
        let text = b"\xff\xfex";
        assert_eq!(LineIndex::new(text).place(text, 2), Place { line: 1, column: 3 });
    }
}
