//! Makes versions of a text, each from the one before: a scan by edits gives the same as a scan of the whole text.

#![no_main]

use keysweep::text::Edits;
use keysweep_fuzz::{DETECTOR, example, said};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

/// A step that appends bytes to the new text.
#[derive(Debug, Arbitrary)]
enum Step {
    /// A range of the base.
    Copy(u16, u16),
    /// A range of the base that starts this many bytes after the last one.
    Onward(u8, u16),
    /// The rest of the base.
    Rest(u8),
    Insert(Vec<u8>),
    Example(u16),
    /// The part of an example before or after an offset.
    Part(u16, u8, bool),
    Repeated(u8, u16),
}

/// The longest text; longer ones make the fuzzer slow and find nothing more.
const LONGEST: usize = 1 << 15;

fn edit(base: &[u8], steps: &[Step]) -> (Vec<u8>, Edits) {
    let (mut text, mut edits, mut last) = (Vec::new(), Edits::default(), 0);
    edits.clear(base.len());
    for step in steps {
        let (start, length) = match step {
            Step::Copy(start, length) => (usize::from(*start) % (base.len() + 1), usize::from(*length)),
            Step::Onward(skip, length) => (last + usize::from(*skip % 8), usize::from(*length)),
            Step::Rest(skip) => (last + usize::from(*skip % 8), base.len()),
            inserted => {
                let bytes = match inserted {
                    Step::Insert(bytes) => bytes.clone(),
                    Step::Example(pick) => example(usize::from(*pick)).to_vec(),
                    Step::Part(pick, at, first) => {
                        let all = example(usize::from(*pick));
                        let (before, behind) = all.split_at(usize::from(*at) % (all.len() + 1));
                        if *first { before.to_vec() } else { behind.to_vec() }
                    }
                    Step::Repeated(byte, count) => vec![*byte; usize::from(*count % 2048)],
                    Step::Copy(..) | Step::Onward(..) | Step::Rest(_) => continue,
                };
                text.extend_from_slice(&bytes);
                edits.push(bytes.len(), None);
                continue;
            }
        };
        let copied = base.get(start..).unwrap_or_default();
        let copied = &copied[..length.min(copied.len())];
        text.extend_from_slice(copied);
        edits.push(copied.len(), Some(start));
        last = start + copied.len();
    }
    (text, edits)
}

fuzz_target!(|versions: Vec<Vec<Step>>| {
    let mut text = Vec::new();
    let mut hits = DETECTOR.hits(&text);
    for steps in &versions {
        let (next, edits) = edit(&text, steps);
        if next.len() > LONGEST {
            return;
        }
        hits = DETECTOR.after_edit(&next, &hits, &edits);
        assert_eq!(said(&DETECTOR.settle(&hits)), said(&DETECTOR.scan_file(&next)));
        text = next;
    }
});
