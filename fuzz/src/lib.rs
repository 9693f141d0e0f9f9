//! What the targets share: a detector, and texts that hold something for it to find.

use std::sync::LazyLock;

use keysweep::detect::{Detection, Detector};
use keysweep::proof::template::Generator;
use keysweep::rule::file::RuleFile;
use keysweep::rule_set::RuleSet;

/// The built-in rules.
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

/// The sign that the two bytes behind it pick an example. It stands in no UTF-8.
const PICK: u8 = 0xfe;

/// The bytes as they are, but for an example in place of each that is picked: no fuzzer makes up check digits.
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

/// One of the examples.
pub fn example(pick: usize) -> &'static [u8] {
    &EXAMPLES[pick % EXAMPLES.len()]
}

/// All that is said of a text, to be compared. The values are made up here.
pub fn said(detections: &[Detection]) -> Vec<String> {
    detections.iter().map(|found| format!("{found:?} {:?}", found.secret.reveal())).collect()
}
