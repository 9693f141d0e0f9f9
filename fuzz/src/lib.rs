//! Shared parts of the fuzz targets: a detector, and texts that contain something for it to find.

use std::sync::LazyLock;

use keysweep::detect::{Detection, Detector};
use keysweep::proof::template::Generator;
use keysweep::rule::file::RuleFile;
use keysweep::rule_set::RuleSet;

/// A detector with the built-in rules.
pub static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(RuleSet::builtin()));

/// Every example and counter-example of the built-in rules, expanded once.
pub static EXAMPLES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let rules: RuleFile = toml::from_str(include_str!("../../rules.toml")).expect("the build has read it");
    let of_rule = |(seed, def): (u64, &keysweep::rule::file::RuleDef)| {
        let mut generator = Generator::new(seed);
        let all: Vec<&String> = def.examples.iter().chain(&def.counter_examples).collect();
        let expand = |text: &String| generator.expand_with_token(text, def.token.as_deref());
        all.into_iter().map(expand).map(|made| made.expect("a test proves it").0.into_bytes()).collect::<Vec<_>>()
    };
    (0..).zip(&rules.rules).flat_map(of_rule).collect()
});

/// The byte after which two bytes pick an example. It doesn't occur in UTF-8.
const PICK: u8 = 0xfe;

/// Returns the bytes with an example in place of each one that is picked, because a fuzzer can't invent check digits.
pub fn text(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        if let (PICK, [high, low, rest @ ..]) = (*first, rest) {
            out.extend(example(usize::from(u16::from_be_bytes([*high, *low]))));
            bytes = rest;
        } else {
            out.push(*first);
        }
    }
    out
}

/// Returns one of the examples.
pub fn example(pick: usize) -> &'static [u8] {
    &EXAMPLES[pick % EXAMPLES.len()]
}

/// Returns all that is reported about a text, for comparison. The values are made up here.
pub fn said(detections: &[Detection]) -> Vec<String> {
    detections.iter().map(|found| format!("{found:?} {:?}", found.secret.reveal())).collect()
}
