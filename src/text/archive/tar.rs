//! The members of a tar.

use std::io::Cursor;

use bstr::{BStr, ByteSlice};

use super::tar_header::BLOCK;
use super::unopened::Reason;
use super::walk::{Walk, joined};

impl Walk<'_> {
    pub(super) fn tar(&mut self, path: &BStr, bytes: &[u8], depth: usize) -> bool {
        let mut archive = tar::Archive::new(Cursor::new(bytes));
        // Members that were appended after the end mark are part of the archive.
        archive.set_ignore_zeros(true);
        let Ok(entries) = archive.entries_with_seek() else { return false };
        for (index, entry) in entries.enumerate() {
            let Ok(mut entry) = entry else {
                if index == 0 {
                    return false;
                }
                // Headers and members are padded to whole blocks.
                let is_cut = !bytes.len().is_multiple_of(BLOCK);
                self.report(path, if is_cut { Reason::Cut } else { Reason::Damaged });
                break;
            };
            if !self.count(path) {
                break;
            }
            let path = joined(path, &entry.path_bytes());
            let path = path.as_bstr();
            if entry.header().entry_type().is_gnu_sparse() {
                // The holes of a sparse file are unpacked to zeros.
                let text = self.unpacked(path, &mut entry);
                self.member(path, &text, depth);
                continue;
            }
            let start = usize::try_from(entry.raw_file_position()).unwrap_or(bytes.len()).min(bytes.len());
            let stored = &bytes[start..];
            let size = usize::try_from(entry.size()).ok().filter(|size| *size <= stored.len());
            self.member(path, &stored[..size.unwrap_or(stored.len())], depth);
            if size.is_none() {
                self.report(path, Reason::Cut);
                break;
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::archive::Limits;
    use crate::text::archive::samples::unpacked;

    #[test]
    fn sparse_files_are_unpacked_under_the_limit() {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::GNUSparse);
        header.set_path("sparse").unwrap();
        header.set_size(4);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.set_real_size(1 << 40);
        for (block, (offset, length)) in gnu.sparse.iter_mut().zip([(0, 4), (1 << 40, 0)]) {
            block.set_offset(offset);
            block.set_length(length);
        }
        header.set_cksum();
        let mut builder = tar::Builder::new(Vec::new());
        builder.append(&header, &b"text"[..]).unwrap();
        let (found, reports) = unpacked(&builder.into_inner().unwrap(), Limits { bytes: 1000, ..Limits::default() });
        assert_eq!(reports, [("sparse".to_owned(), Reason::TooLarge)]);
        assert!(found[0].1.starts_with(b"text\0") && found[0].1.len() == 1000);
    }
}
