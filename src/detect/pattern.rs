//! Runs a rule's expression in the window around a keyword.

use std::sync::OnceLock;

use memchr::memmem::Finder;
use regex::bytes::{Match, Regex, RegexBuilder};

use super::prefilter::Hit;
use super::{Candidate, Form, boundary};
use crate::rule::{Keyword, Matcher, Rule};
use crate::text::Span;

/// Most lines between a context word and its value.
const MAX_LINE_BREAKS: usize = 1;

/// One expression for each rule, compiled at its first keyword.
#[derive(Debug)]
pub struct Patterns {
    compiled: Box<[OnceLock<Option<Compiled>>]>,
}

/// An expression, and what tells cheaply that it does not match: the literal that every match of it holds besides the
/// keyword, and what has to stand from the keyword on.
#[derive(Debug)]
struct Compiled {
    regex: Regex,
    needle: Option<Finder<'static>>,
    tail: Option<Regex>,
}

impl Patterns {
    /// Room for so many rules.
    pub fn new(rules: usize) -> Self {
        Self { compiled: std::iter::repeat_with(OnceLock::new).take(rules).collect() }
    }

    /// Whether the value, if there is one, would start in the middle of a word. This is known before the expression is tried
    /// where the whole match is the value and its place is fixed.
    pub fn starts_in_a_word(&self, rule: &Rule, hit: &Hit, text: &[u8]) -> bool {
        let whole = matches!(rule.matcher, Matcher::Around { .. }) && anchored(rule);
        let start = hit.span.start.checked_sub(rule.keywords[hit.keyword].offset.0 as usize).filter(|_| whole);
        start.is_some_and(|start| !boundary::free_before(text, start, rule.boundary))
            && self.compiled(rule, hit).is_some_and(|compiled| compiled.regex.captures_len() == 1)
    }

    fn compiled(&self, rule: &Rule, hit: &Hit) -> Option<&Compiled> {
        self.compiled[hit.rule].get_or_init(|| compile(rule)).as_ref()
    }

    /// The match that belongs to the keyword hit, if there is one.
    pub fn candidate(&self, rule: &Rule, hit: &Hit, text: &[u8]) -> Option<Candidate> {
        let keyword = &rule.keywords[hit.keyword];
        let compiled = self.compiled(rule, hit)?;
        let secret = match &rule.matcher {
            Matcher::Around { .. } => around(compiled, rule, keyword, hit.span, text)?,
            Matcher::After { within, .. } => after(&compiled.regex, *within as usize, rule, hit.span, text)?,
            Matcher::Assignment => return None,
        };
        let form = if rule.place { Form::Quoted } else { Form::Token };
        Some(Candidate { rule: hit.rule, keyword: hit.span, secret, name: None, form })
    }
}

/// Rules whose keywords all stand at a fixed place are anchored there: the search then costs only the match.
fn compile(rule: &Rule) -> Option<Compiled> {
    let source = match &rule.matcher {
        Matcher::Around { pattern } if anchored(rule) => format!(r"\A(?:{pattern})"),
        Matcher::Around { pattern } | Matcher::After { pattern, .. } => pattern.to_string(),
        Matcher::Assignment => return None,
    };
    // Expressions were parsed and bounded when the rules were compiled; the size limit only guards against growth.
    let build = |source: &str| RegexBuilder::new(source).unicode(false).size_limit(64 << 20).build().ok();
    let needle = (!rule.needle.is_empty()).then(|| Finder::new(rule.needle.as_bytes()).into_owned());
    let tail = if rule.tail.is_empty() { None } else { build(&format!(r"\A(?:{})", rule.tail)) };
    Some(Compiled { regex: build(&source)?, needle, tail })
}

fn anchored(rule: &Rule) -> bool {
    rule.keywords.iter().all(|keyword| keyword.offset.0 == keyword.offset.1)
}

/// A match that contains the keyword.
fn around(compiled: &Compiled, rule: &Rule, keyword: &Keyword, at: Span, text: &[u8]) -> Option<Span> {
    let regex = &compiled.regex;
    let start = if anchored(rule) {
        at.start.checked_sub(keyword.offset.0 as usize)?
    } else {
        at.start.saturating_sub(keyword.offset.1 as usize)
    };
    let end = at.end.saturating_add(rule.reach.after as usize).min(text.len());
    let window = text.get(start..end)?;
    let keyword = Span::new(at.start - start, at.end - start);
    let lacks_tail = compiled.tail.as_ref().is_some_and(|tail| !tail.is_match(&window[keyword.start..]));
    if lacks_tail || compiled.needle.as_ref().is_some_and(|needle| needle.find(window).is_none()) {
        return None;
    }
    let mut from = 0;
    while let Some(whole) = regex.find_at(window, from) {
        if whole.start() > keyword.start {
            return None;
        }
        if whole.end() >= keyword.end {
            let secret = secret(regex, window, whole)?;
            return Some(Span::new(start + secret.start, start + secret.end));
        }
        from = whole.start() + 1;
    }
    None
}

/// The first match that starts within so many bytes of the keyword and on its line or the next.
fn after(regex: &Regex, within: usize, rule: &Rule, at: Span, text: &[u8]) -> Option<Span> {
    let end = at.end.saturating_add(rule.reach.after as usize).min(text.len());
    let window = text.get(at.end..end)?;
    let mut from = 0;
    while let Some(whole) = regex.find_at(window, from) {
        let secret = secret(regex, window, whole)?;
        let gap = window.get(..secret.start)?;
        if whole.start() > within || gap.iter().filter(|b| **b == b'\n').count() > MAX_LINE_BREAKS {
            return None;
        }
        let span = Span::new(at.end + secret.start, at.end + secret.end);
        if boundary::free(text, span, rule.boundary) {
            return Some(span);
        }
        from = whole.start() + 1;
    }
    None
}

/// The group `secret` of a match, or all of it. Groups cost more to find than a match, and most searches find none.
fn secret(regex: &Regex, window: &[u8], whole: Match<'_>) -> Option<Span> {
    let span = |found: Match<'_>| Span::new(found.start(), found.end());
    if regex.captures_len() == 1 {
        return Some(span(whole));
    }
    let groups = regex.captures_at(window, whole.start())?;
    Some(span(groups.name("secret").unwrap_or(whole)))
}
