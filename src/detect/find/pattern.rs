//! Runs a rule's expression in the window around a keyword.

use std::sync::OnceLock;

use memchr::memmem::Finder;

use super::lazy_regex::Expression;
use super::prefilter::Hit;
use super::searched::Searched;
use crate::detect::value::boundary;
use crate::detect::{Candidate, Form};
use crate::rule::{Keyword, Matcher, Reach, Rule};
use crate::text::Span;

/// The most line breaks between a context word and its value.
const MAX_LINE_BREAKS: usize = 1;

/// The compiled expression of each rule, created at its first keyword.
#[derive(Debug)]
pub struct Patterns {
    made: Box<[OnceLock<Option<Box<Pattern>>>]>,
}

/// An expression, with cheap tests that rule out a match: the literal that every match contains besides the keyword,
/// and the expression for the text from the keyword on.
#[derive(Debug)]
struct Pattern {
    whole: Expression,
    needle: Option<Finder<'static>>,
    tail: Option<Expression>,
}

impl Patterns {
    /// Creates patterns for this many rules.
    pub fn new(rules: usize) -> Self {
        Self { made: std::iter::repeat_with(OnceLock::new).take(rules).collect() }
    }

    /// Returns `true` if the value, if there is one, would start in the middle of a word. If the whole match is the
    /// value and its place is fixed, this is known before the expression is tried.
    pub fn starts_in_a_word(&self, rule: &Rule, hit: &Hit, text: &[u8]) -> bool {
        let whole = matches!(rule.matcher, Matcher::Around { .. }) && anchored(rule);
        let start = hit.span.start.checked_sub(rule.keywords[hit.keyword].offset.0 as usize).filter(|_| whole);
        start.is_some_and(|start| !rule.unmistakable && !boundary::free_before(text, start, rule.boundary))
            && self.pattern(rule, hit).is_some_and(|pattern| pattern.whole.is_value())
    }

    fn pattern(&self, rule: &Rule, hit: &Hit) -> Option<&Pattern> {
        self.made(rule, hit.rule)
    }

    fn made(&self, rule: &Rule, position: usize) -> Option<&Pattern> {
        self.made[position].get_or_init(|| pattern(rule).map(Box::new)).as_deref()
    }

    /// Returns the line of a one-line text as a candidate of the rule at `position`.
    pub fn whole(&self, rule: &Rule, position: usize, line: Span, text: &[u8]) -> Option<Candidate> {
        let expression = &self.made(rule, position)?.whole;
        let value = expression.value(line.of(text), expression.find_at(line.of(text), 0)?)?;
        let secret = Span::new(line.start + value.start, line.start + value.end);
        let keyword = Span::new(secret.start, secret.start);
        Some(Candidate { rule: position, keyword, secret, name: None, form: form(rule) })
    }

    /// Returns the match that belongs to the keyword hit; if there is none, how far around the keyword shows that.
    pub fn candidate(&self, rule: &Rule, hit: &Hit, text: &Searched<'_>) -> Result<Candidate, Reach> {
        let inspected = inspected_reach(rule, hit.span, text);
        let end = hit.span.end.saturating_add(inspected.after as usize).min(text.len());
        let keyword = &rule.keywords[hit.keyword];
        let secret = self.pattern(rule, hit).and_then(|pattern| match &rule.matcher {
            Matcher::Around { .. } => around(pattern, (hit.rule, rule), keyword, hit.span, text, end),
            Matcher::After { within, .. } => after(&pattern.whole, *within as usize, rule, hit.span, text, end),
            Matcher::Whole { .. } | Matcher::Assignment => None,
        });
        let candidate = |secret| Candidate { rule: hit.rule, keyword: hit.span, secret, name: None, form: form(rule) };
        secret.map(candidate).ok_or(inspected)
    }
}

/// Returns the form of a rule's values: if any secret may be in the place, it may also be an invented one.
fn form(rule: &Rule) -> Form {
    if rule.place { Form::Quoted } else { Form::Token }
}

/// Creates the pattern of a rule. If all keywords are at a fixed place, the expression is anchored there, so a search
/// costs only the match.
fn pattern(rule: &Rule) -> Option<Pattern> {
    let whole = match &rule.matcher {
        Matcher::Around { pattern } if anchored(rule) => format!(r"\A(?:{pattern})"),
        Matcher::Around { pattern } | Matcher::After { pattern, .. } => pattern.to_string(),
        Matcher::Whole { pattern } => format!(r"\A(?:{pattern})\z"),
        Matcher::Assignment => return None,
    };
    let needle = (!rule.needle.is_empty()).then(|| Finder::new(rule.needle.as_bytes()).into_owned());
    let tail = (!rule.tail.is_empty()).then(|| Expression::new(format!(r"\A(?:{})", rule.tail)));
    Some(Pattern { whole: Expression::new(whole), needle, tail })
}

fn anchored(rule: &Rule) -> bool {
    rule.keywords.iter().all(|keyword| keyword.offset.0 == keyword.offset.1)
}

/// Returns how far around a keyword a match is searched for. If a rule's match is within one line, nothing after the
/// line matters.
fn inspected_reach(rule: &Rule, keyword: Span, text: &[u8]) -> Reach {
    let most = rule.form_reach();
    let end = keyword.end.saturating_add(most.after as usize).min(text.len());
    let line = text.get(keyword.end..end).filter(|_| rule.in_line).and_then(|rest| memchr::memchr(b'\n', rest));
    let line = line.and_then(|length| u32::try_from(length + 1).ok());
    Reach { after: line.unwrap_or(most.after), ..most }
}

/// Returns the value of a match that contains the keyword.
fn around(
    pattern: &Pattern,
    (position, rule): (usize, &Rule),
    keyword: &Keyword,
    at: Span,
    text: &Searched<'_>,
    end: usize,
) -> Option<Span> {
    let start = if anchored(rule) {
        at.start.checked_sub(keyword.offset.0 as usize)?
    } else {
        at.start.saturating_sub(keyword.offset.1 as usize)
    };
    let window = text.get(start..end)?;
    let keyword = Span::new(at.start - start, at.end - start);
    let lacks_tail = pattern.tail.as_ref().is_some_and(|tail| !tail.is_match(&window[keyword.start..]));
    let holds = |needle: &Finder<'_>| text.holds(position, needle, Span::new(start, end));
    if lacks_tail || !pattern.needle.as_ref().is_none_or(holds) {
        return None;
    }
    let mut from = 0;
    while let Some(whole) = pattern.whole.find_at(window, from) {
        if whole.start > keyword.start {
            return None;
        }
        if whole.end >= keyword.end {
            let secret = pattern.whole.value(window, whole)?;
            return Some(Span::new(start + secret.start, start + secret.end));
        }
        from = whole.start + 1;
    }
    None
}

/// Returns the value of the first match that starts within `within` bytes of the keyword and on its line or the next.
fn after(expression: &Expression, within: usize, rule: &Rule, at: Span, text: &[u8], end: usize) -> Option<Span> {
    let window = text.get(at.end..end)?;
    let mut from = 0;
    while let Some(whole) = expression.find_at(window, from) {
        let secret = expression.value(window, whole)?;
        let gap = window.get(..secret.start)?;
        if whole.start > within || gap.iter().filter(|b| **b == b'\n').count() > MAX_LINE_BREAKS {
            return None;
        }
        let span = Span::new(at.end + secret.start, at.end + secret.end);
        if boundary::free(text, span, rule.boundary) {
            return Some(span);
        }
        from = whole.start + 1;
    }
    None
}
