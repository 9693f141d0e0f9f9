//! Scans any bytes: findings are where they are reported, and every way to scan gives the same ones.

#![no_main]

use keysweep::detect::trace::Outcome;
use keysweep::text::Span;
use keysweep_fuzz::{DETECTOR, said, text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = text(bytes);
    let whole = Span::new(0, text.len());
    let found = DETECTOR.scan_file(&text);
    assert!(found.is_sorted_by_key(|one| one.span));
    for one in &found {
        assert!(!one.span.is_empty() && whole.contains(one.span), "{:?}", one.span);
        assert!(one.depth > 0 || one.secret.reveal() == one.span.of(&text), "{one:?}");
        let _ = DETECTOR.companions(&text, one);
    }
    let again = said(&found);
    assert_eq!(again, said(&DETECTOR.scan_file(&text)));
    assert_eq!(again, said(&DETECTOR.settle(&DETECTOR.hits(&text))));
    let looks = DETECTOR.trace(&text, whole);
    for one in &found {
        let is_told = looks.iter().any(|look| look.rule == one.rule && matches!(look.outcome, Outcome::Accepted(_)));
        assert!(is_told, "`explain` does not know of {one:?}");
    }
});
