//! Archives made for tests, and a function that unpacks one.

use std::io::{self, Cursor, Write};

use bstr::ByteSlice;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{Limits, Reason, each_member};

pub(super) type Members = Vec<(String, Vec<u8>)>;
pub(super) type Reports = Vec<(String, Reason)>;

pub(super) fn unpacked(bytes: &[u8], limits: Limits) -> (Members, Reports) {
    let mut members = Vec::new();
    let reports = each_member(bytes, &limits, &mut |path, text| members.push((path.to_string(), text.to_vec())));
    (members, reports.into_iter().map(|report| (report.path.to_string(), report.reason)).collect())
}

/// Returns the members, and asserts that all could be opened.
pub(super) fn members(bytes: &[u8]) -> Members {
    let (members, reports) = unpacked(bytes, Limits::default());
    assert_eq!(reports, []);
    members
}

pub(super) fn named(members: &[(&str, &[u8])]) -> Members {
    members.iter().map(|(path, text)| ((*path).to_owned(), text.to_vec())).collect()
}

pub(super) fn gz(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zst(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(super) fn xz(text: &[u8]) -> Vec<u8> {
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()).unwrap();
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

pub(super) fn ar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        writeln!(archive, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, bytes.len()).unwrap();
        archive.extend(*bytes);
        archive.extend(std::iter::repeat_n(b'\n', bytes.len() % 2));
    }
    archive
}

pub(super) fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        builder.append_data(&mut header, path, *text).unwrap();
    }
    builder.into_inner().unwrap()
}

fn write_zip<W: Write + io::Seek>(mut writer: ZipWriter<W>, members: &[(&str, &[u8])]) -> W {
    for (index, (path, text)) in members.iter().enumerate() {
        let method = if index % 2 == 0 { CompressionMethod::Deflated } else { CompressionMethod::Stored };
        writer.start_file(*path, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(text).unwrap();
    }
    writer.finish().unwrap()
}

pub(super) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    write_zip(ZipWriter::new(Cursor::new(Vec::new())), members).into_inner()
}

/// Replaces bytes by others of the same length, wherever they occur.
pub(super) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    bytes.replace(from, to)
}

/// Changes a field in the local and the central header of a zip's only member, at its offsets in the two.
pub(super) fn patched(mut bytes: Vec<u8>, local: usize, central: usize, value: &[u8]) -> Vec<u8> {
    let directory = bytes.find(b"PK\x01\x02").unwrap();
    for at in [local, directory + central] {
        bytes[at..at + value.len()].copy_from_slice(value);
    }
    bytes
}
