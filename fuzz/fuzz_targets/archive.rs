//! Treats any bytes as an archive and as a zstd frame: unpacking ends, and the output stays within the limits.

#![no_main]

use keysweep::text::archive::{Limits, each_member, gunzip};
use libfuzzer_sys::fuzz_target;

/// The most bytes of a table's name that are kept.
const MAX_NAME: usize = 1024;
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

fuzz_target!(|bytes: &[u8]| {
    unpacked(bytes);
    unpacked(&[&ZSTD, bytes].concat());
    assert!(gunzip(bytes, 1 << 16).0.len() <= 1 << 16);
});

fn unpacked(bytes: &[u8]) {
    let limits = Limits::default();
    let (mut members, mut total, mut names) = (0, 0, 0);
    let unopened = each_member(bytes, &limits, &mut |path, text| {
        assert!(!text.is_empty());
        members += 1;
        total += text.len();
        names += path.len();
    });
    // A row of a database takes at least one byte of it, and may be read twice.
    let read = bytes.len() + limits.bytes;
    assert!(members <= limits.members + read);
    // Uncompressed text is passed on in place.
    assert!(total <= 4 * read, "{total} bytes");
    // Each member is reported at most twice: as damaged, and as of a kind that isn't opened.
    assert!(unopened.len() <= 2 * limits.members + limits.depth + 1);
    names += unopened.iter().map(|one| one.path.len()).sum::<usize>();
    // The name of an archive precedes that of each of its members.
    assert!(names <= limits.bytes + members * (MAX_NAME + 64), "{names} bytes of names");
}
