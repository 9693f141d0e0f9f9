//! Any bytes as an archive, and as a frame of zstd: unpacking ends, and what it hands out stays within the limits.

#![no_main]

use keysweep::text::archive::{Limits, each_member, gunzip};
use libfuzzer_sys::fuzz_target;

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
    assert!(members <= limits.members);
    // What is not compressed is handed out where it stands.
    assert!(total <= bytes.len() + limits.bytes, "{total} bytes");
    // Each member is told of twice at most: it is damaged, and of a kind that is not opened.
    assert!(unopened.len() <= 2 * limits.members + limits.depth + 1);
    names += unopened.iter().map(|one| one.path.len()).sum::<usize>();
    // An archive's name stands before that of each of its members.
    assert!(names <= limits.bytes, "{names} bytes of names");
}
