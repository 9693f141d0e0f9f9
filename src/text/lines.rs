//! Byte offsets to lines and columns. Built only for blobs that have a finding.

/// A place a person can go to: both numbers start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column, in Unicode code points; an invalid byte counts as one.
    pub column: usize,
}

/// Where the lines of a text start. Lines end at `\n`, at `\r\n` and at a lone `\r`.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Reads the whole text once.
    pub fn new(text: &[u8]) -> Self {
        let mut starts = vec![0];
        for (at, byte) in text.iter().enumerate() {
            let ends = *byte == b'\n' || (*byte == b'\r' && text.get(at + 1) != Some(&b'\n'));
            if ends {
                starts.push(at + 1);
            }
        }
        Self { starts }
    }

    /// The place of the byte at `offset`.
    pub fn place(&self, text: &[u8], offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = text.get(start..offset.min(text.len())).unwrap_or_default();
        Place { line, column: count_characters(before) + 1 }
    }
}

fn count_characters(text: &[u8]) -> usize {
    text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
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
    fn invalid_bytes_count_as_one_each() {
        let text = b"\xff\xfex";
        assert_eq!(LineIndex::new(text).place(text, 2), Place { line: 1, column: 3 });
    }
}
