//! The detector itself: the order in which keywords are found, read, judged and settled, and the opening of layers of
//! encoding.

use super::context::companion;
use super::find::assignment::{self, Reading};
use super::find::pattern;
use super::find::prefilter::{self, Anchor};
use super::find::searched::Searched;
use super::find::whole;
use super::known_lines::KnownLines;
use super::room::Room;
use super::value::placeholder;
use super::{Detection, Rejection, decode, judge, overlap};
use crate::finding::{Evidence, Fact};
use crate::rule::{Matcher, Reach, Rule};
use crate::rule_set::RuleSet;
use crate::text::Span;

/// The most layers of encoding that are opened. Base64 in base64 shrinks with each layer, so they cost little.
pub(super) const MAX_DEPTH: usize = 8;

/// The most bytes that a run and all runs inside it may decode to; each byte of the run adds `MAX_GROWTH` more. The
/// limit is counted for each run alone, so the findings in a run don't depend on other parts of the text.
const MOST_DECODED: usize = 64 << 20;
const MAX_GROWTH: usize = 64;

/// All active rules, ready to run. Shared by all threads.
#[derive(Debug)]
pub struct Detector {
    pub(super) rules: RuleSet,
    pub(super) prefilter: prefilter::Prefilter,
    pub(super) patterns: pattern::Patterns,
    pub(super) published: placeholder::Published,
    pub(super) companions: companion::Companions,
    pub(super) known_lines: KnownLines,
    /// The positions of the rules that judge a small file as a whole.
    whole: Vec<usize>,
}

impl Detector {
    /// Creates a detector and prepares the keyword pass; expressions are compiled when they are first needed.
    pub fn new(rules: RuleSet) -> Self {
        Self {
            prefilter: prefilter::Prefilter::new(&rules.rules),
            published: placeholder::Published::new(&rules.rules),
            patterns: pattern::Patterns::new(rules.rules.len()),
            companions: companion::Companions::new(&rules),
            known_lines: KnownLines::default(),
            whole: whole::rules(&rules.rules),
            rules,
        }
    }

    /// Returns the rules that the detector runs.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Returns the rule that a detection refers to.
    pub fn rule(&self, detection: &Detection) -> &Rule {
        &self.rules.rules[detection.rule]
    }

    /// Returns every secret in a text that isn't a file, in order of place; if several cover the same bytes, the best
    /// one.
    pub fn scan(&self, text: &[u8]) -> Vec<Detection> {
        self.scan_within(text, &Room::default())
    }

    /// Does the same as [`Self::scan`] within a budget, which says afterwards whether it was exceeded.
    pub fn scan_within(&self, text: &[u8], room: &Room) -> Vec<Detection> {
        let mut found = self.layer(text, room);
        found.retain(|detection| detection.files.is_empty());
        overlap::resolve(found, &self.rules)
    }

    /// Does the same for a file, and includes values that are secrets only in files of certain names
    /// ([`super::context::path`] checks the names).
    pub fn scan_file(&self, text: &[u8]) -> Vec<Detection> {
        self.scan_file_within(text, &Room::default())
    }

    /// Does the same for a file, within a budget.
    pub fn scan_file_within(&self, text: &[u8], room: &Room) -> Vec<Detection> {
        let mut found = self.layer(text, room);
        found.extend(self.whole(text));
        overlap::resolve(found, &self.rules)
    }

    /// Does the same for texts that often repeat, as in a sweep: a text in which nothing was found is remembered.
    pub fn scan_recurring(&self, text: &[u8], room: &Room) -> Vec<Detection> {
        let hash = self.known_lines.hash_of_text(text);
        if self.known_lines.knows(hash) {
            return Vec::new();
        }
        let found = self.scan_within(text, room);
        if found.is_empty() && !room.is_exceeded() {
            self.known_lines.remember(hash);
        }
        found
    }

    /// Returns identifiers near a detection that complete its credential.
    pub fn companions(&self, text: &[u8], detection: &Detection) -> Vec<Fact> {
        self.companions.near(text, detection.span, &self.rules.rules[detection.rule])
    }

    /// Returns the facts that identifiers themselves contain, such as the account of a key id.
    pub fn said_by(&self, facts: &[Fact]) -> Vec<Fact> {
        self.companions.said_by(facts)
    }

    /// Returns the detections in a text and in the text encoded in it, before overlaps are resolved.
    pub(super) fn layer(&self, text: &[u8], room: &Room) -> Vec<Detection> {
        let mut found = self.plain(text, room);
        decode::each_run(text, Span::new(0, text.len()), room, &mut |run| found.extend(self.run(&run, room)));
        found
    }

    /// Returns the detections in a text, without decoding it.
    pub(super) fn plain(&self, text: &[u8], room: &Room) -> Vec<Detection> {
        let mut accepted = Vec::new();
        let (whole, searched) = (Span::new(0, text.len()), Searched::new(text));
        self.prefilter.each_anchor(text, whole, |anchor| _ = self.judge(&searched, anchor, room, &mut accepted));
        Self::apart(accepted)
    }

    /// Returns the detections of the rules that judge a text as a whole. They run again after each edit, as such a text
    /// is small.
    pub(super) fn whole(&self, text: &[u8]) -> Vec<Detection> {
        let mut found = Vec::new();
        self.ask_whole(text, |_, result| found.extend(result));
        found
    }

    /// Calls `report` with the verdict of each rule that judges a file as a whole, and with the rule's position.
    pub(super) fn ask_whole(&self, text: &[u8], mut report: impl FnMut(usize, Result<Detection, Rejection>)) {
        let Some(line) = whole::only_line(text) else { return };
        for position in &self.whole {
            let rule = &self.rules.rules[*position];
            if let Some(candidate) = self.patterns.whole(rule, *position, line, text) {
                report(*position, judge::judge(rule, candidate, text, &self.published));
            }
        }
    }

    /// Returns the detections in an encoded run, at the places of the encoded bytes.
    pub(super) fn run(&self, run: &decode::Run, room: &Room) -> Vec<Detection> {
        let growth = run.outer(Span::new(0, run.text.len())).len().saturating_mul(MAX_GROWTH);
        self.decoded(run, 1, room, &mut growth.saturating_add(MOST_DECODED))
    }

    /// Returns the detections in the decoded text of a run, and in the runs inside it, as long as the budget of bytes
    /// lasts.
    fn decoded(&self, run: &decode::Run, depth: usize, room: &Room, budget: &mut usize) -> Vec<Detection> {
        let Some(left) = budget.checked_sub(run.text.len()) else {
            room.exceed();
            return Vec::new();
        };
        *budget = left;
        let mut found = self.plain(&run.text, room);
        // Encoded text in a file doesn't count as a file of that name.
        found.retain(|detection| detection.files.is_empty());
        let mut inner = |inner: decode::Run| match depth < MAX_DEPTH {
            true => found.extend(self.decoded(&inner, depth + 1, room, budget)),
            false => room.exceed(),
        };
        decode::each_run(&run.text, Span::new(0, run.text.len()), room, &mut inner);
        for detection in &mut found {
            // Identifiers in the same decoded text are the nearest.
            detection.facts.extend(self.companions(&run.text, detection));
        }
        found.into_iter().map(|detection| located(detection, run)).collect()
    }

    /// Adds the accepted detections of the rules of a keyword at one place. Returns how much text around the keyword
    /// decided the verdict; `None` if it was all that the rules may look at.
    pub(super) fn judge(
        &self,
        text: &Searched<'_>,
        anchor: Anchor,
        room: &Room,
        accepted: &mut Vec<Accepted>,
    ) -> Option<Reach> {
        let mut shown = Some(Reach::default());
        for hit in self.prefilter.hits(text, anchor) {
            let rule = &self.rules.rules[hit.rule];
            // Keywords in a row, as in a hostile text, are all in the middle of a word, except the first.
            if self.patterns.starts_in_a_word(rule, &hit, text) {
                shown = shown.map(|inspected| inspected.further(Reach { after: 0, ..rule.form_reach() }));
                continue;
            }
            if !room.may_ask() {
                return None;
            }
            let inspected = self.ask(text, &hit, |result| {
                let believed = result.into_iter();
                accepted.extend(believed.map(|detection| Accepted { anchor, keyword: hit.span, detection }));
            });
            shown = shown.zip(inspected).map(|(before, inspected)| before.further(inspected));
        }
        shown
    }

    /// Calls `report` with the verdict of a rule on each value at its keyword. Returns how much text around the keyword
    /// decided the verdict; `None` if it was all of the rule's reach.
    pub(super) fn ask(
        &self,
        text: &Searched<'_>,
        hit: &prefilter::Hit,
        mut report: impl FnMut(Result<Detection, Rejection>),
    ) -> Option<Reach> {
        let rule = &self.rules.rules[hit.rule];
        let judge = |candidate| judge::judge(rule, candidate, text, &self.published);
        match &rule.matcher {
            Matcher::Assignment => {
                let Reading { assignments, inspected } = assignment::read(text, hit.span);
                let mut shown = inspected;
                for found in assignments {
                    let result = judge(found.candidate(hit.rule, hit.span));
                    // All other checks of a value and its name don't look at anything around them.
                    if result.as_ref().map_or_else(|rejection| rejection.is_for_surroundings(), |_| true) {
                        shown = inspected.with_context();
                    }
                    report(result);
                }
                Some(shown)
            }
            Matcher::Around { .. } | Matcher::After { .. } | Matcher::Whole { .. } => {
                match self.patterns.candidate(rule, hit, text).map(judge) {
                    Err(inspected) => self.ask_broken(text, hit, inspected, report),
                    Ok(result) => {
                        report(result);
                        None
                    }
                }
            }
        }
    }

    /// Leaves out detections whose keyword is inside an accepted secret of the same rule: they are a part of that
    /// secret.
    pub(super) fn apart(mut accepted: Vec<Accepted>) -> Vec<Detection> {
        accepted.sort_by_key(|one| (one.detection.rule, one.keyword, one.detection.span));
        let mut found: Vec<Detection> = Vec::new();
        for one in accepted {
            let before = found.last().filter(|last| last.rule == one.detection.rule);
            if !before.is_some_and(|last| last.span.contains(one.keyword)) {
                found.push(one.detection);
            }
        }
        found
    }
}

/// Moves a detection in the decoded text of a run to the place of the encoded bytes.
pub(super) fn located(mut detection: Detection, run: &decode::Run) -> Detection {
    detection.span = run.outer(detection.span);
    detection.depth += 1;
    detection.evidence.push(Evidence::Decoded(run.encoding.as_str()));
    detection
}

/// A detection, with the keyword that led to it.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) anchor: Anchor,
    pub(super) keyword: Span,
    pub(super) detection: Detection,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Secret;
    use crate::proof::template::Generator;
    use crate::rule::Confidence;
    use crate::rule::file::RuleFile;
    use bstr::ByteSlice;
    use proptest::prelude::*;

    fn rules() -> RuleFile {
        toml::from_str(include_str!("../../rules.toml")).unwrap()
    }

    fn found(detector: &Detector, text: &[u8]) -> Vec<(usize, Secret, Confidence)> {
        detector.scan(text).into_iter().map(|d| (d.rule, d.secret, d.confidence)).collect()
    }

    /// Checks that the verdict of a rule doesn't depend on anything beyond its reach: a text that is cut there gives
    /// the same verdict.
    #[test]
    fn text_beyond_the_reach_has_no_effect() {
        let detector = Detector::new(RuleSet::builtin());
        let filler = "The quick brown fox: jumps over = the lazy dog; 42 times (or so).\n".repeat(300);
        for def in rules().rules {
            for (seed, example) in (0..).zip(&def.examples) {
                let (example, _) = Generator::new(seed).expand_with_token(example, def.token.as_deref()).unwrap();
                let text = format!("{filler}\n{example}\n{filler}");
                for detection in detector.scan(text.as_bytes()) {
                    let reach = detector.rule(&detection).reach;
                    let window = detection
                        .span
                        .grown(reach.before as usize, reach.after as usize, text.len())
                        .of(text.as_bytes());
                    let expected = (detection.rule, detection.secret.clone(), detection.confidence);
                    assert!(found(&detector, window).contains(&expected), "{}: {example}", def.id);
                }
            }
        }
    }

    /// Checks a token in each encoding, and in several nested encodings.
    #[test]
    fn layers_of_encoding_are_opened() {
        let detector = Detector::new(RuleSet::builtin());
        let def = rules().rules.into_iter().find(|def| def.id == "github-pat-classic").unwrap();
        let (token, _) = Generator::new(1).expand_with_token("<token>", def.token.as_deref()).unwrap();
        let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
        let hex = |text: &str| data_encoding::HEXLOWER.encode(text.as_bytes());
        let wrapped = |text: &str| text.as_bytes().chunks(64).map(|line| line.as_bstr().to_string() + "\n").collect();
        let config = format!("a configuration that holds {token} and some more text after it\n");
        let layered: [(&str, String, usize); 8] = [
            ("base64", base64(&config), 1),
            ("wrapped base64", wrapped(&base64(&config)), 1),
            ("hexadecimal", hex(&config), 1),
            ("base64 twice", base64(&base64(&config)), 2),
            ("hexadecimal in base64 in a URL", format!("x://y?z={}%3D", base64(&hex(&config))), 2),
            ("escaped", token.replace('_', "\\u005f"), 1),
            ("references", token.replace('_', "&#95;"), 1),
            ("base64 three times", base64(&base64(&base64(&config))), 3),
        ];
        for (what, text, depth) in layered {
            let detections = detector.scan(text.as_bytes());
            let found: Vec<_> = detections.iter().map(|d| (d.secret.reveal(), d.depth)).collect();
            assert_eq!(found, [(token.as_bytes(), depth)], "{what}");
        }
        for (layers, expected) in [(MAX_DEPTH, (1, false)), (MAX_DEPTH + 1, (0, true))] {
            let (text, room) = ((0..layers).fold(config.clone(), |text, _| base64(&text)), Room::default());
            let found = detector.scan_within(text.as_bytes(), &room);
            assert_eq!((found.len(), room.is_exceeded()), expected, "{layers} layers");
        }
    }

    proptest! {
        /// Scans any bytes, with tokens among them: there is no panic, and every span is in the text and in order.
        #[test]
        fn any_bytes_are_scanned(
            parts in proptest::collection::vec((0usize..10_000, proptest::collection::vec(any::<u8>(), 0..40)), 0..12),
        ) {
            let rules = rules().rules;
            let mut text = Vec::new();
            for (pick, junk) in parts {
                let def = &rules[pick % rules.len()];
                let example = &def.examples[pick % def.examples.len()];
                let (example, _) = Generator::new(pick as u64).expand_with_token(example, def.token.as_deref()).unwrap();
                text.extend(&example.as_bytes()[..example.len().min(pick)]);
                text.extend(junk);
            }
            let detections = Detector::new(RuleSet::builtin()).scan(&text);
            prop_assert!(detections.iter().all(|d| d.span.end <= text.len() && !d.span.is_empty()));
            prop_assert!(detections.is_sorted_by_key(|d| d.span));
        }
    }
}
