//! Reads numbers and byte ranges from the start of untrusted bytes.

/// A cursor over the remaining bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes this many bytes.
    pub(super) fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Reads a number of this many bytes, the highest first.
    pub(super) fn number(&mut self, length: usize) -> Option<u64> {
        Some(self.take(length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Reads the same as a place or a length.
    pub(super) fn size(&mut self, length: usize) -> Option<usize> {
        usize::try_from(self.number(length)?).ok()
    }

    /// Reads a number with seven bits in each byte, the highest first. Each byte but the last adds one, so that no
    /// number has two forms.
    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut byte = self.number(1)?;
        let mut number = byte & 0x7f;
        while byte & 0x80 != 0 {
            byte = self.number(1)?;
            number = number.checked_add(1)?.checked_mul(0x80)?.checked_add(byte & 0x7f)?;
        }
        Some(number)
    }

    /// Reads a length, and then that many bytes.
    pub(super) fn text(&mut self) -> Option<&'b [u8]> {
        let length = self.varint()?;
        self.take(usize::try_from(length).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_overlong_ones_are_rejected() {
        for (bytes, number) in [
            (&b"\x05"[..], Some(5)),
            (b"\x80\x00", Some(128)),
            (b"\x81\x00", Some(256)),
            (b"\x80", None),
            (b"", None),
            (&[0xff; 12], None),
        ] {
            assert_eq!(Cursor::new(bytes).varint(), number, "{bytes:?}");
        }
        let mut cursor = Cursor::new(b"\x00\x01\x02\x03abcd");
        assert_eq!((cursor.number(3), cursor.text(), cursor.take(2)), (Some(0x102), Some(&b"abc"[..]), None));
        assert_eq!((cursor.take(1), cursor.is_empty()), (Some(&b"d"[..]), true));
    }
}
