//! Applies any delta to any base: the result is as long as the delta says, and the edits describe how it was made.

#![no_main]

use keysweep::git::pack::delta::{apply, sizes};
use keysweep::text::Edits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (base, delta) = input;
    let (mut out, mut edits) = (Vec::new(), Edits::default());
    let _ = apply(&delta, &base, &mut out, &mut edits);
    // The right length of the base is added, so that the fuzzer doesn't have to guess it.
    let Ok(length) = u8::try_from(base.len()) else { return };
    let delta = [&[length | 0x80, length >> 7][..], &delta].concat();
    if apply(&delta, &base, &mut out, &mut edits).is_err() {
        return;
    }
    let (said, _) = sizes(&delta).expect("it was applied");
    assert_eq!((said.base, said.result), (base.len() as u64, out.len() as u64));
    assert_eq!(edits.length(), out.len());
    for segment in edits.segments() {
        if let Some(from) = segment.from {
            assert_eq!(base[from..from + segment.span.len()], *segment.span.of(&out));
        }
    }
});
