//! Masks the secrets in everything that is printed: paths, names, errors.
//!
//! This is the last gate before any stream. It knows the secrets of a report, and runs the detector over any other
//! text, so that a value in a file name, in a message or in a mistyped argument is not repeated. The built-in rules
//! always apply here, whichever rules are in force: a secret that a scan leaves out on request is still a secret. An
//! identifier that a plan needs, such as the id of the key to delete, stays visible although a rule reports it as half
//! of a credential.

use aho_corasick::AhoCorasick;

use crate::detect::Detector;
use crate::finding::{Report, Secret};
use crate::rule_set::RuleSet;
use crate::text::{Span, escape};

/// The text that replaces a secret.
const MASK: &[u8] = b"[secret]";
/// The least length in bytes of a value that is masked wherever it appears.
const MIN_VALUE: usize = 6;

/// The secrets that must not be printed.
#[derive(Debug)]
pub struct Mask<'d> {
    /// The rules that are applied to a text; `None` if the user asked to see secrets.
    rules: Option<Rules<'d>>,
    values: Vec<Secret>,
    /// The identifiers that stay visible.
    shown: Vec<String>,
    /// The first bytes of all values, as one search.
    heads: Option<AhoCorasick>,
}

/// The rules in force, and the built-in ones if those are different.
#[derive(Debug)]
struct Rules<'d> {
    in_force: Option<&'d Detector>,
    builtin: Option<Detector>,
}

impl Rules<'_> {
    fn detectors(&self) -> impl Iterator<Item = &Detector> {
        self.in_force.into_iter().chain(&self.builtin)
    }

    /// Returns `true` if a plan shows this field although its value is half of a credential.
    fn shows(&self, field: &str) -> bool {
        self.detectors().any(|detector| detector.rules().field(field).is_some_and(|field| field.shown))
    }
}

impl<'d> Mask<'d> {
    /// Returns a mask for the secrets of a report and for those that the rules in force or the built-in ones find in a
    /// text. Texts written before any rules are in force have neither.
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

    /// Adds identifiers of a stored report that stay visible, if their fields are shown.
    #[must_use]
    pub fn and_shown<'f>(mut self, facts: impl Iterator<Item = (&'f String, &'f String)>) -> Self {
        let shows = |field: &str| self.rules.as_ref().is_some_and(|rules| rules.shows(field));
        let more: Vec<String> = facts.filter(|(field, _)| shows(field)).map(|(_, value)| value.clone()).collect();
        self.shown.extend(more);
        self
    }

    /// Returns a mask that hides nothing, because the user asked to see secrets.
    pub fn off() -> Self {
        Self { rules: None, values: Vec::new(), shown: Vec::new(), heads: None }
    }

    /// Returns the text without secrets.
    pub fn bytes(&self, text: &[u8]) -> Vec<u8> {
        self.replaced(text, &|_| MASK.to_vec())
    }

    /// Returns the text with each of the report's secrets replaced by a label of its rule and the beginning of its id,
    /// so that a reader sees which places hold the same value.
    pub fn labelled(&self, text: &str, report: &Report) -> String {
        let label = |secret: &Secret| {
            let finding = report.findings.iter().find(|finding| finding.secret.reveal() == secret.reveal());
            finding.map_or_else(|| MASK.to_vec(), |finding| label(&finding.rule, finding.id.as_str()).into_bytes())
        };
        String::from_utf8_lossy(&self.replaced(text.as_bytes(), &label)).into_owned()
    }

    /// Returns the text with a replacement for each secret.
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

    /// Returns the spans of the secrets in a text, in order.
    fn found(&self, text: &[u8]) -> Vec<(Span, Secret)> {
        let Some(rules) = &self.rules else { return Vec::new() };
        let mut spans: Vec<(Span, Secret)> = Vec::new();
        let mut add = |at: usize, value: &Secret| spans.push((Span::new(at, at + value.reveal().len()), value.clone()));
        if self.heads.is_none() {
            // This happens only if there are more values than one search can hold.
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

    /// Returns the text without secrets.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// Returns the text without secrets and escaped, with its line breaks.
    pub fn lines(&self, text: &str) -> String {
        by_line(text, |line| escape(&self.bytes(line)))
    }
}

/// Returns the label that replaces a secret and distinguishes it from others.
fn label(rule: &str, id: &str) -> String {
    format!("[secret {rule} {}]", beginning(id))
}

/// Returns enough of a finding's id to distinguish the secrets of one text.
pub fn beginning(id: &str) -> &str {
    const ENOUGH: usize = 4;
    &id[..id.len().min(ENOUGH)]
}

/// Makes each line of a text safe by itself, since commands to copy may have several lines.
pub fn by_line(text: &str, safe: impl Fn(&[u8]) -> String) -> String {
    text.split('\n').map(|line| safe(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

fn is_among(shown: &[String], value: &[u8]) -> bool {
    shown.iter().any(|shown| shown.as_bytes() == value)
}

/// Returns the first bytes of a value: enough to search for, while whole keys would make the automaton large.
fn head(value: &Secret) -> &[u8] {
    const MOST: usize = 16;
    let value = value.reveal();
    &value[..value.len().min(MOST)]
}
