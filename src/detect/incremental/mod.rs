//! Judges an edited text based on the hits of the text before: only the parts that the edits touch are examined.
//!
//! A keyword in a copied stretch need not be searched for again, and if everything its rules look at lies in that
//! stretch, their verdict stays. The same goes for an encoded run and the byte on either side of it. Everything else is
//! judged again. So [`Detector::after_edit`] returns the same as [`Detector::hits`] of the whole text, at a cost that
//! depends on the edits.

mod look;

use std::collections::HashSet;
use std::sync::Arc;

use super::decode::{self, Encoding};
use super::detector::Accepted;
use super::find::prefilter::Anchor;
use super::find::searched::Searched;
use super::room::Room;
use super::{Detection, Detector, overlap};
use crate::text::{Copied, Edits, Span};

/// The most keywords between two stretches that are skipped one by one; more are skipped by a binary search.
const SKIPPED: usize = 8;
/// The number of bytes on either side of an encoded run that decide where it ends.
const DELIMITER: usize = 1;

/// The observations in a text: enough to report what it holds, and to judge a text made from it.
#[derive(Debug, Default)]
pub struct Hits {
    /// The keywords of the text, in order.
    anchors: Vec<Anchor>,
    kept: Vec<Kept>,
    runs: Vec<Opened>,
    /// The detections of the text as a whole.
    whole: Vec<Detection>,
    /// Set if lines may continue the base64 or UTF-16 of others, so that a run doesn't depend on its own line only.
    may_wrap: bool,
    /// Set if something was left out, so that no edited text can be judged from it.
    is_cut: bool,
    is_flawed: bool,
}

/// A detection that may come from an earlier text.
#[derive(Debug)]
struct Kept {
    anchor: Anchor,
    keyword: Span,
    span: Span,
    /// The detection, whose span refers to the text in which it was made.
    detection: Arc<Detection>,
}

/// An encoded run that contains detections.
#[derive(Debug, Clone)]
struct Opened {
    encoding: Encoding,
    extent: Span,
    /// The detections, at places in the text in which the run was opened; its extent started at `first` there.
    found: Arc<Vec<Detection>>,
    first: usize,
}

impl Hits {
    /// Returns `true` if nothing was accepted.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.runs.is_empty() && self.whole.is_empty()
    }

    /// Returns `true` if the budget did not suffice for the whole text. A text made from it has to be scanned as a
    /// whole.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Returns `true` if packed data in the text could not be opened, or not to its end.
    pub fn is_flawed(&self) -> bool {
        self.is_flawed
    }

    /// Returns `true` if there is nothing to carry over.
    fn is_blank(&self) -> bool {
        self.anchors.is_empty() && self.runs.is_empty()
    }

    fn keep(&mut self, accepted: Vec<Accepted>) {
        self.kept.extend(accepted.into_iter().map(|Accepted { anchor, keyword, detection }| {
            let span = detection.span;
            Kept { anchor, keyword, span, detection: Arc::new(detection) }
        }));
    }
}

impl Detector {
    /// Returns the observations of [`Detector::scan_file`] in `text`, which is shorter than 4 GiB, with the data needed
    /// to judge an edit of it.
    pub fn hits(&self, text: &[u8]) -> Hits {
        let mut edits = Edits::default();
        edits.push(text.len(), None);
        self.after_edit(text, &Hits::default(), &edits)
    }

    /// Returns the same as [`Detector::hits`], for a text that `edits` made from the one of `base`.
    pub fn after_edit(&self, text: &[u8], base: &Hits, edits: &Edits) -> Hits {
        let mut hits = Hits { whole: self.whole(text), ..Hits::default() };
        let mut again = Vec::new();
        let room = Room::default();
        if !base.is_blank() {
            hits.anchors.reserve(base.anchors.len());
            let mut next = 0;
            for copied in edits.copied() {
                next = self.carry(base, next, &copied, &mut hits, &mut again);
            }
        }
        let carried = hits.anchors.len();
        let inspected = self.look(text, edits.changed(), |anchor| {
            if edits.copy_of(self.prefilter.core(anchor)).is_none() {
                hits.anchors.push(anchor);
            }
        });
        let new = carried..hits.anchors.len();
        self.judge_anew(text, again.into_iter().chain(new), &room, &mut hits);
        if carried > 0 && hits.anchors.len() > carried {
            // There are two sorted parts, which this merges.
            hits.anchors.sort();
        }
        hits.may_wrap = base.may_wrap || inspected.may_wrap;
        let encoded = if hits.may_wrap { edits.changed().collect() } else { inspected.encoded };
        self.reopen(text, encoded, edits, &room, &mut hits);
        hits.is_cut = room.is_exceeded();
        hits.is_flawed = room.is_flawed();
        hits
    }

    /// Judges the keywords at these positions again.
    fn judge_anew(&self, text: &[u8], positions: impl Iterator<Item = usize>, room: &Room, hits: &mut Hits) {
        let (mut accepted, searched): (Vec<Accepted>, _) = (Vec::new(), Searched::new(text));
        for position in positions {
            let anchor = &mut hits.anchors[position];
            let first = accepted.len();
            let inspected = self.judge(&searched, Anchor { shown: None, ..*anchor }, room, &mut accepted);
            anchor.shown = inspected.map(|inspected| self.prefilter.around_core(anchor.word, inspected));
            accepted[first..].iter_mut().for_each(|one| one.anchor = *anchor);
        }
        hits.keep(accepted);
    }

    /// Returns the detections of a text from its hits, which are the same as those of [`Detector::scan_file`].
    pub fn settle(&self, hits: &Hits) -> Vec<Detection> {
        let accepted = hits.kept.iter().map(|kept| Accepted {
            anchor: kept.anchor,
            keyword: kept.keyword,
            detection: Detection { span: kept.span, ..(*kept.detection).clone() },
        });
        let mut found = Self::apart(accepted.collect());
        for run in &hits.runs {
            found.extend(run.found.iter().map(|detection| {
                let moved = |place: usize| run.extent.start + (place - run.first);
                let span = Span::new(moved(detection.span.start), moved(detection.span.end));
                Detection { span, ..detection.clone() }
            }));
        }
        found.extend(hits.whole.iter().cloned());
        overlap::resolve(found, &self.rules)
    }

    /// Carries over the observations in one copied stretch; adds to `again` the positions of keywords whose
    /// surroundings changed. Returns the position of the keyword after the stretch; `next` is the one after the
    /// previous stretch, as most stretches continue where the last one ended.
    fn carry(&self, base: &Hits, next: usize, copied: &Copied, hits: &mut Hits, again: &mut Vec<usize>) -> usize {
        let before = |anchor: &Anchor| (anchor.at as usize) < copied.source.start;
        let ahead = base.anchors[..next].last().is_none_or(before);
        let behind = base.anchors.get(next).is_none_or(|anchor| anchor.at as usize >= copied.source.end);
        // Most stretches hold nothing.
        if ahead && behind && base.is_empty() {
            return next;
        }
        let near = next + SKIPPED.min(base.anchors.len() - next);
        let from = if ahead && !base.anchors[..near].last().is_some_and(before) {
            next + base.anchors[next..near].iter().take_while(|anchor| before(anchor)).count()
        } else {
            base.anchors.partition_point(before)
        };
        let mut end = from;
        for anchor in base.anchors[from..].iter().take_while(|anchor| (anchor.at as usize) < copied.source.end) {
            end += 1;
            let Some(anchor) = self.moved(*anchor, copied) else { continue };
            if !self.is_untouched(anchor, copied) {
                again.push(hits.anchors.len());
            }
            hits.anchors.push(anchor);
        }
        for kept in &base.kept {
            let anchor = self.moved(kept.anchor, copied).filter(|anchor| self.is_untouched(*anchor, copied));
            if let Some(anchor) = anchor {
                let moved = |span: Span| Span::new(copied.moved(span.start), copied.moved(span.end));
                let (keyword, span) = (moved(kept.keyword), moved(kept.span));
                hits.kept.push(Kept { anchor, keyword, span, detection: Arc::clone(&kept.detection) });
            }
        }
        for run in base.runs.iter().filter(|run| copied.source.contains(run.extent)) {
            let extent = Span::new(copied.moved(run.extent.start), copied.moved(run.extent.end));
            if copied.holds(extent, DELIMITER, DELIMITER) {
                hits.runs.push(Opened { extent, ..run.clone() });
            }
        }
        end
    }

    /// Returns the anchor of a keyword that lies in a copied stretch, at its new place.
    fn moved(&self, anchor: Anchor, copied: &Copied) -> Option<Anchor> {
        if !copied.source.contains(self.prefilter.core(anchor)) {
            return None;
        }
        let at = u32::try_from(copied.moved(anchor.at as usize)).ok()?;
        Some(Anchor { at, ..anchor })
    }

    /// Returns `true` if everything that any rule looks at around a keyword was copied with it.
    fn is_untouched(&self, anchor: Anchor, copied: &Copied) -> bool {
        let reach = self.prefilter.reach(anchor);
        copied.holds(self.prefilter.core(anchor), reach.before as usize, reach.after as usize)
    }

    /// Opens the encoded runs that touch these parts and were not copied.
    fn reopen(&self, text: &[u8], parts: Vec<Span>, edits: &Edits, room: &Room, hits: &mut Hits) {
        // A run may reach from one part to the next.
        let mut known = HashSet::new();
        for part in merged(parts, |span| span.grown(decode::REACH, decode::REACH, text.len())) {
            let before = hits.runs.len();
            decode::each_run(text, part, room, &mut |run| {
                let extent = run.extent();
                let copied = edits.copy_of(extent).is_some_and(|copied| copied.holds(extent, DELIMITER, DELIMITER));
                if !copied && !known.contains(&(extent, run.encoding)) {
                    hits.runs.extend(self.opened(&run, room));
                }
            });
            known.extend(hits.runs[before..].iter().map(|run| (run.extent, run.encoding)));
        }
    }

    fn opened(&self, run: &decode::Run, room: &Room) -> Option<Opened> {
        let found = self.run(run, room);
        let extent = run.extent();
        let (encoding, first) = (run.encoding, extent.start);
        (!found.is_empty()).then(|| Opened { encoding, extent, found: Arc::new(found), first })
    }
}

/// Joins parts that are so close that their surroundings overlap.
fn merged(spans: Vec<Span>, seen: impl Fn(Span) -> Span) -> Vec<Span> {
    let mut parts: Vec<Span> = Vec::new();
    spans.into_iter().for_each(|span| match parts.last_mut() {
        Some(last) if seen(*last).end >= seen(span).start => last.end = span.end,
        _ => parts.push(span),
    });
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::template::Generator;
    use crate::rule::file::RuleFile;
    use crate::rule_set::RuleSet;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static DETECTOR: LazyLock<Detector> = LazyLock::new(|| Detector::new(RuleSet::builtin()));

    /// A detector that has seen no edits, so that it remembers none of their lines.
    static WHOLE: LazyLock<Detector> = LazyLock::new(|| Detector::new(RuleSet::builtin()));

    /// Examples of every rule, up to three each, the first one also encoded: in one line, over several, with escapes,
    /// in UTF-16.
    static EXAMPLES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let rules: RuleFile = toml::from_str(include_str!("../../../rules.toml")).unwrap();
        let mut out = Vec::new();
        for def in &rules.rules {
            for (seed, example) in (0..).zip(def.examples.iter().take(3)) {
                let (example, _) = Generator::new(seed).expand_with_token(example, def.token.as_deref()).unwrap();
                if seed == 0 {
                    let encoded = data_encoding::BASE64.encode(example.as_bytes());
                    out.push(format!("x: {encoded}\n"));
                    out.push(encoded.as_bytes().chunks(28).map(|line| String::from_utf8_lossy(line) + "\n").collect());
                    out.push(example.replace('=', "%3D").replace(':', "\\u003a").replace('_', "%5f"));
                    // Its zeros and characters are those of UTF-16 wherever it is cut.
                    out.push(example.chars().flat_map(|char| [char, '\0']).collect());
                }
                out.push(example);
            }
        }
        out
    });

    /// A step of an edit, which adds something to the end of the new text.
    #[derive(Debug, Clone)]
    enum Step {
        /// A stretch of the base, given by two fractions of its length.
        Copy(u16, u16),
        /// A stretch that starts within this many bytes of the end of the last one.
        Onward(u16, u16),
        Example(usize),
        /// The first or the last bytes of an example.
        Part(usize, u16, bool),
        Filler(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            2 => (any::<u16>(), any::<u16>()).prop_map(|(a, b)| Step::Copy(a, b)),
            5 => (0u16..6, any::<u16>()).prop_map(|(a, b)| Step::Onward(a, b)),
            2 => any::<usize>().prop_map(Step::Example),
            2 => (any::<usize>(), any::<u16>(), any::<bool>()).prop_map(|(a, b, c)| Step::Part(a, b, c)),
            2 => (0usize..12).prop_map(Step::Filler),
            2 => Just(Step::Filler(0)),
        ]
    }

    fn edit(base: &[u8], steps: &[Step]) -> (Vec<u8>, Edits) {
        let (mut text, mut edits) = (Vec::new(), Edits::default());
        edits.clear(base.len());
        let mut last = 0;
        let insert = |text: &mut Vec<u8>, edits: &mut Edits, bytes: &[u8]| {
            text.extend_from_slice(bytes);
            edits.push(bytes.len(), None);
        };
        for step in steps {
            match step {
                Step::Copy(..) | Step::Onward(..) if base.is_empty() => {}
                Step::Copy(a, b) | Step::Onward(a, b) => {
                    let start = match step {
                        Step::Onward(skip, _) => (last + usize::from(*skip)).min(base.len()),
                        _ => usize::from(*a) * base.len() / 65536,
                    };
                    // Often the stretch reaches the very end.
                    let length = (usize::from(*b) * (base.len() - start) / 50000).min(base.len() - start);
                    text.extend_from_slice(&base[start..start + length]);
                    edits.push(length, Some(start));
                    last = start + length;
                }
                Step::Example(pick) => insert(&mut text, &mut edits, EXAMPLES[pick % EXAMPLES.len()].as_bytes()),
                Step::Part(pick, cut, first) => {
                    let example = EXAMPLES[pick % EXAMPLES.len()].as_bytes();
                    let cut = usize::from(*cut) * example.len() / 65536;
                    insert(&mut text, &mut edits, if *first { &example[..cut] } else { &example[cut..] });
                }
                Step::Filler(which) => {
                    let filler: [&[u8]; 12] = [
                        b"\n",
                        b" ",
                        b"x",
                        b"\"",
                        b"=",
                        b"password = ",
                        b"\\u00",
                        b"%4",
                        b"Zm9v",
                        b"\n\n# secret: none\n",
                        &[b'a'; 300],
                        &[b'\n'; 2000],
                    ];
                    insert(&mut text, &mut edits, filler[*which]);
                }
            }
        }
        (text, edits)
    }

    fn summaries(detections: &[Detection]) -> Vec<String> {
        detections.iter().map(|d| format!("{d:?} {:?}", d.secret.reveal())).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        /// Checks that after any number of edits the result is the same as for the whole text, and the same keywords
        /// are known.
        #[test]
        fn an_incremental_scan_agrees_with_a_full_scan(
            versions in proptest::collection::vec(proptest::collection::vec(step(), 1..9), 2..6),
        ) {
            let (mut text, _) = edit(&[], &versions[0]);
            let mut hits = DETECTOR.hits(&text);
            for steps in &versions[1..] {
                let (next, edits) = edit(&text, steps);
                hits = DETECTOR.after_edit(&next, &hits, &edits);
                let whole = WHOLE.hits(&next);
                prop_assert_eq!(&hits.anchors, &whole.anchors);
                prop_assert_eq!(summaries(&DETECTOR.settle(&hits)), summaries(&DETECTOR.scan_file(&next)));
                prop_assert_eq!(summaries(&DETECTOR.settle(&whole)), summaries(&DETECTOR.scan_file(&next)));
                prop_assert_eq!(hits.kept.len(), whole.kept.len());
                prop_assert_eq!(hits.runs.len(), whole.runs.len());
                text = next;
            }
        }
    }

    /// A match that covers a whole text before an edit may not do so afterwards, and the other way round.
    #[test]
    fn whole_text_checks_are_repeated_after_an_edit() {
        let key = Generator::new(1).expand("<hex:32>\n", None).unwrap();
        let more = format!("{key}# a key\n");
        let mut last = Vec::new();
        for (base, text) in [(&more, &key), (&key, &more)] {
            let mut edits = Edits::default();
            edits.clear(base.len());
            edits.push(key.len(), Some(0));
            edits.push(text.len() - key.len(), None);
            let hits = DETECTOR.after_edit(text.as_bytes(), &DETECTOR.hits(base.as_bytes()), &edits);
            assert_eq!(summaries(&DETECTOR.settle(&hits)), summaries(&DETECTOR.scan_file(text.as_bytes())));
            last.push(hits.is_empty());
        }
        assert_eq!(last, [false, true]);
    }

    /// A byte inside an example is removed, so that the rules find what they searched for in vain before.
    #[test]
    fn values_joined_by_an_edit_are_found() {
        let mut found = 0;
        for example in EXAMPLES.iter() {
            let next = format!("\n{example}\n");
            let whole = summaries(&DETECTOR.scan_file(next.as_bytes()));
            for at in (1..next.len()).step_by(next.len().div_ceil(24)) {
                let text = [&next.as_bytes()[..at], b"\x01", &next.as_bytes()[at..]].concat();
                let mut edits = Edits::default();
                edits.clear(text.len());
                edits.push(at, Some(0));
                edits.push(next.len() - at, Some(at + 1));
                let hits = DETECTOR.after_edit(next.as_bytes(), &DETECTOR.hits(&text), &edits);
                assert_eq!(summaries(&DETECTOR.settle(&hits)), whole, "{at} of {next:?}");
            }
            found += usize::from(!whole.is_empty());
        }
        assert!(found * 2 > EXAMPLES.len(), "most examples are found");
    }
}
