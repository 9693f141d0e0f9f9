//! Reads any table of refs: reading ends, and names are in ascending order. A fuzzer can't invent a checksum, so the
//! bytes are also used as the blocks of a table with a valid head and end.

#![no_main]

use std::ops::ControlFlow;

use keysweep::git::Hash;
use keysweep::git::reftable::{Room, Table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, bool, Vec<u8>)| {
    let (logs, is_long, bytes) = input;
    let hash = if is_long { Hash::Sha256 } else { Hash::Sha1 };
    read(bytes.clone(), hash);
    read(whole(&bytes, logs.into(), is_long), hash);
});

fn read(bytes: Vec<u8>, hash: Hash) {
    let Ok(table) = Table::parse(bytes, hash) else { return };
    let mut last = Vec::new();
    let _ = table.each_ref(&mut Room::default(), &mut |name, _| {
        assert!(*name > last[..] || last.is_empty());
        last = name.to_vec();
        ControlFlow::Continue(())
    });
    let _ = table.each_change(&mut Room::default(), &mut |name, _, change| {
        assert!(change.is_none_or(|change| change.line.ends_with(b"\n")) && name.len() <= 1 << 16);
    });
}

/// Returns a table of these blocks, with those of reflogs starting at the offset `logs`.
fn whole(blocks: &[u8], logs: u64, is_long: bool) -> Vec<u8> {
    let mut head = b"REFT".to_vec();
    head.push(if is_long { 2 } else { 1 });
    head.extend([0; 3 + 8 + 8]);
    if is_long {
        head.extend(b"s256");
    }
    let mut foot = head.clone();
    foot.extend([0; 3 * 8]);
    foot.extend(logs.to_be_bytes());
    foot.extend([0; 8]);
    foot.extend(crc32fast::hash(&foot).to_be_bytes());
    [&head, blocks, &foot].concat()
}
