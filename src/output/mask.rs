//! Takes secrets out of everything that is printed: paths, names, errors.
//!
//! The last gate before any stream. It knows the secrets of a report, and asks the detector about any other text, so
//! that a value in a file name, in a message or in a mistyped argument is not repeated. Whichever rules are in force, the
//! built-in ones are always asked as well: what a scan leaves out on request is a secret all the same. An identifier that
//! a plan cannot do without, such as the id of the key to be deleted, stays although a rule reports it as half of a
//! credential.

use aho_corasick::AhoCorasick;

use crate::detect::Detector;
use crate::finding::{Report, Secret};
use crate::rule_set::RuleSet;
use crate::text::{Span, escape};

/// The text in place of a secret.
const MASK: &[u8] = b"[secret]";
/// Fewest bytes of a value that are masked wherever they stand.
const MIN_VALUE: usize = 6;

/// Knows what may not be printed.
#[derive(Debug)]
pub struct Mask<'d> {
    /// Who is asked about a text; nobody if the user asked to see secrets.
    rules: Option<Rules<'d>>,
    values: Vec<Secret>,
    /// Identifiers that are shown all the same.
    shown: Vec<String>,
    /// The beginnings of all values, in one search.
    heads: Option<AhoCorasick>,
}

/// The rules in force, and the built-in ones unless those are the same.
#[derive(Debug)]
struct Rules<'d> {
    in_force: Option<&'d Detector>,
    builtin: Option<Detector>,
}

impl Rules<'_> {
    fn detectors(&self) -> impl Iterator<Item = &Detector> {
        self.in_force.into_iter().chain(&self.builtin)
    }

    /// `true` if a plan shows what a field holds although it is half of a credential.
    fn shows(&self, field: &str) -> bool {
        self.detectors().any(|detector| detector.rules().field(field).is_some_and(|field| field.shown))
    }
}

impl<'d> Mask<'d> {
    /// Masks the secrets of a report, and whatever the rules in force or the built-in ones find in a text. Texts that are
    /// written before any rule is in force have neither.
    pub fn new(in_force: Option<&'d Detector>, report: Option<&Report>) -> Self {
        let is_builtin = in_force.is_some_and(|detector| detector.rules().is_builtin());
        let builtin = (!is_builtin).then(|| Detector::new(RuleSet::builtin()));
        let rules = Rules { in_force, builtin };
        let findings = || report.into_iter().flat_map(|report| report.all());
        let mut values: Vec<Secret> = findings().map(|finding| finding.secret.clone()).collect();
        let facts = findings().flat_map(|finding| &finding.facts).filter(|fact| rules.shows(&fact.field));
        let shown: Vec<String> = facts.map(|fact| fact.value.clone()).collect();
        values.retain(|value| value.reveal().len() >= MIN_VALUE && !is_among(&shown, value.reveal()));
        values.sort();
        values.dedup();
        let heads = (!values.is_empty()).then(|| AhoCorasick::new(values.iter().map(head)).ok()).flatten();
        Self { rules: Some(rules), values, shown, heads }
    }

    /// The same for a report that was stored: what these facts hold stays, as far as their fields are shown all the same.
    #[must_use]
    pub fn and_shown<'f>(mut self, facts: impl Iterator<Item = (&'f String, &'f String)>) -> Self {
        let shows = |field: &str| self.rules.as_ref().is_some_and(|rules| rules.shows(field));
        let more: Vec<String> = facts.filter(|(field, _)| shows(field)).map(|(_, value)| value.clone()).collect();
        self.shown.extend(more);
        self
    }

    /// Masks nothing: the user asked to see secrets.
    pub fn off() -> Self {
        Self { rules: None, values: Vec::new(), shown: Vec::new(), heads: None }
    }

    /// The text without secrets.
    pub fn bytes(&self, text: &[u8]) -> Vec<u8> {
        self.replaced(text, &|_| MASK.to_vec())
    }

    /// The text without secrets, each of a report's replaced by a label: its rule and the beginning of its id. So two places can
    /// be told to hold the same value.
    pub fn labelled(&self, text: &str, report: &Report) -> String {
        let label = |secret: &Secret| {
            let finding = report.findings.iter().find(|finding| finding.secret.reveal() == secret.reveal());
            finding.map_or_else(|| MASK.to_vec(), |finding| label(&finding.rule, finding.id.as_str()).into_bytes())
        };
        String::from_utf8_lossy(&self.replaced(text.as_bytes(), &label)).into_owned()
    }

    /// The text with something in place of each secret.
    fn replaced(&self, text: &[u8], stand_in: &dyn Fn(&Secret) -> Vec<u8>) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        for (span, secret) in self.found(text) {
            if span.end <= at {
                continue;
            }
            if span.start >= at {
                out.extend_from_slice(Span::new(at, span.start).of(text));
                out.extend_from_slice(&stand_in(&secret));
            }
            at = span.end;
        }
        out.extend_from_slice(Span::new(at, text.len()).of(text));
        out
    }

    /// Where secrets are in a text, in order.
    fn found(&self, text: &[u8]) -> Vec<(Span, Secret)> {
        let Some(rules) = &self.rules else { return Vec::new() };
        let mut spans: Vec<(Span, Secret)> = Vec::new();
        let mut add = |at: usize, value: &Secret| spans.push((Span::new(at, at + value.reveal().len()), value.clone()));
        if self.heads.is_none() {
            // Only if there are more values than one search can hold.
            for value in &self.values {
                memchr::memmem::find_iter(text, value.reveal()).for_each(|at| add(at, value));
            }
        } else if let Some(heads) = &self.heads {
            for found in heads.find_overlapping_iter(text) {
                let value = &self.values[found.pattern().as_usize()];
                if text[found.start()..].starts_with(value.reveal()) {
                    add(found.start(), value);
                }
            }
        }
        let found = rules.detectors().flat_map(|detector| detector.scan(text));
        let found = found.filter(|detection| !is_among(&self.shown, detection.span.of(text)));
        spans.extend(found.map(|detection| (detection.span, detection.secret)));
        spans.sort();
        spans
    }

    /// The text without secrets.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// The text without secrets, escaped, but with its lines.
    pub fn lines(&self, text: &str) -> String {
        by_line(text, |line| escape(&self.bytes(line)))
    }
}

/// Returns the text in place of a secret that has to be distinguished from others.
fn label(rule: &str, id: &str) -> String {
    format!("[secret {rule} {}]", beginning(id))
}

/// As much of a finding's id as tells the secrets of one text apart.
pub fn beginning(id: &str) -> &str {
    const ENOUGH: usize = 4;
    &id[..id.len().min(ENOUGH)]
}

/// A text each of whose lines was made safe by itself: commands that people copy have several.
pub fn by_line(text: &str, safe: impl Fn(&[u8]) -> String) -> String {
    text.split('\n').map(|line| safe(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

fn is_among(shown: &[String], value: &[u8]) -> bool {
    shown.iter().any(|shown| shown.as_bytes() == value)
}

/// The first bytes of a value: enough to be looked for, where a whole key would make a large automaton.
fn head(value: &Secret) -> &[u8] {
    const MOST: usize = 16;
    let value = value.reveal();
    &value[..value.len().min(MOST)]
}
