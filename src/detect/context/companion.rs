//! Identifiers near a secret that complete its credential: client and tenant id, account, host, user.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

use crate::detect::value::{placeholder, shape};
use crate::finding::Fact;
use crate::rule::Rule;
use crate::rule_set::RuleSet;
use crate::text::Span;

/// Bytes on either side of the secret in which companions are looked for: some forty lines.
const WINDOW: usize = 3072;

/// The fields' expressions, compiled when a rule that wants them has a detection.
#[derive(Debug)]
pub struct Companions {
    fields: Vec<(String, Vec<String>, OnceLock<Vec<Regex>>)>,
}

impl Companions {
    /// All fields of the rules in force.
    pub fn new(rules: &RuleSet) -> Self {
        let texts = |patterns: &[crate::rule::Str]| patterns.iter().map(ToString::to_string).collect();
        let fields = rules.fields.iter().map(|f| (f.name.to_string(), texts(&f.patterns), OnceLock::new())).collect();
        Self { fields }
    }

    /// The nearest value for each companion of the rule, if there is one nearby.
    pub fn near(&self, text: &[u8], secret: Span, rule: &Rule) -> Vec<Fact> {
        let window = secret.grown(WINDOW, WINDOW, text.len());
        let nearest = rule.companions.iter().filter_map(|name| self.nearest(name, text, secret, window));
        let found: Vec<Fact> = nearest.collect();
        found.iter().filter(|fact| !has_two_roles(fact, &found)).cloned().collect()
    }

    fn nearest(&self, name: &str, text: &[u8], secret: Span, window: Span) -> Option<Fact> {
        let at = self.fields.binary_search_by(|field| (*field.0).cmp(name)).ok()?;
        let (_, patterns, compiled) = self.fields.get(at)?;
        let regexes = compiled.get_or_init(|| patterns.iter().filter_map(|p| compile(p)).collect());
        let values = regexes.iter().flat_map(|regex| regex.captures_iter(window.of(text)));
        let spans = values.filter_map(|found| {
            let value = found.name("value")?;
            Some(Span::new(window.start + value.start(), window.start + value.end()))
        });
        let best = spans
            .filter(|span| apart(*span, secret) && believable(span.of(text)))
            .min_by_key(|span| distance(*span, secret))?;
        let value = String::from_utf8_lossy(best.of(text)).into_owned();
        Some(Fact { field: name.to_owned(), value })
    }
}

/// `true` if an identifier is found in two roles. One that was drawn at random names one thing, so it is a stand-in, or one of
/// the roles is wrong, and nobody can say which.
fn has_two_roles(fact: &Fact, all: &[Fact]) -> bool {
    shape::is_uuid(fact.value.as_bytes()) && all.iter().filter(|other| other.value == fact.value).count() > 1
}

/// A part of the secret may be an identifier (a token's own key id), but never most of it.
fn apart(value: Span, secret: Span) -> bool {
    !value.overlaps(secret) || (secret.contains(value) && value.len() * 3 <= secret.len())
}

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).build().ok()
}

/// A value of its own, not one that is filled in or looked up elsewhere. An address is one, unlike a secret.
fn believable(value: &[u8]) -> bool {
    let address = [&b"https://"[..], b"http://"].iter().find_map(|scheme| value.strip_prefix(*scheme));
    !value.is_empty() && !placeholder::reference(address.unwrap_or(value)) && !placeholder::masked(value)
}

fn distance(a: Span, b: Span) -> usize {
    if a.end <= b.start { b.start - a.end } else { a.start.saturating_sub(b.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_in_two_roles_is_told_in_none() {
        let fact = |field: &str, value: &str| Fact { field: field.to_owned(), value: value.to_owned() };
        let id = "3f1c2a9e-7b64-4d0f-9a57-c0e8d1b2f634";
        let both = [fact("client", id), fact("tenant", id)];
        assert!(both.iter().all(|one| has_two_roles(one, &both)));
        let apart = [fact("client", id), fact("tenant", "b8d07e15-42c3-4f6a-8e91-6a5d3c7f2b09")];
        assert!(!apart.iter().any(|one| has_two_roles(one, &apart)));
        // People log in with their address.
        let same = [fact("user", "ops@acme.io"), fact("email", "ops@acme.io")];
        assert!(!same.iter().any(|one| has_two_roles(one, &same)));
    }
}
