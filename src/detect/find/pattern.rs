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

/// Most lines between a context word and its value.
const MAX_LINE_BREAKS: usize = 1;

/// The compiled expression of each rule, created at its first keyword.
#[derive(Debug)]
pub struct Patterns {
    made: Box<[OnceLock<Option<Box<Pattern>>>]>,
}

/// An expression, and what tells cheaply that it does not match: the literal that every match of it holds besides the
/// keyword, and what has to stand from the keyword on.
#[derive(Debug)]
struct Pattern {
    whole: Expression,
    needle: Option<Finder<'static>>,
    tail: Option<Expression>,
}

impl Patterns {
    /// Room for so many rules.
    pub fn new(rules: usize) -> Self {
        Self { made: std::iter::repeat_with(OnceLock::new).take(rules).collect() }
    }

    /// `true` if the value, if there is one, would start in the middle of a word. This is known before the expression is tried
    /// where the whole match is the value and its place is fixed.
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

    /// The line of a text that has only this one, as a candidate of the rule at a position.
    pub fn whole(&self, rule: &Rule, position: usize, line: Span, text: &[u8]) -> Option<Candidate> {
        let expression = &self.made(rule, position)?.whole;
        let value = expression.value(line.of(text), expression.find_at(line.of(text), 0)?)?;
        let secret = Span::new(line.start + value.start, line.start + value.end);
        let keyword = Span::new(secret.start, secret.start);
        Some(Candidate { rule: position, keyword, secret, name: None, form: form(rule) })
    }

    /// The match that belongs to the keyword hit; if there is none, how far around the keyword that shows.
    pub fn candidate(&self, rule: &Rule, hit: &Hit, text: &Searched<'_>) -> Result<Candidate, Reach> {
        let looked = looked_at(rule, hit.span, text);
        let end = hit.span.end.saturating_add(looked.after as usize).min(text.len());
        let keyword = &rule.keywords[hit.keyword];
        let secret = self.pattern(rule, hit).and_then(|pattern| match &rule.matcher {
            Matcher::Around { .. } => around(pattern, (hit.rule, rule), keyword, hit.span, text, end),
            Matcher::After { within, .. } => after(&pattern.whole, *within as usize, rule, hit.span, text, end),
            Matcher::Whole { .. } | Matcher::Assignment => None,
        });
        let candidate = |secret| Candidate { rule: hit.rule, keyword: hit.span, secret, name: None, form: form(rule) };
        secret.map(candidate).ok_or(looked)
    }
}

/// Where any secret may stand, one may be made up as well.
fn form(rule: &Rule) -> Form {
    if rule.place { Form::Quoted } else { Form::Token }
}

/// Rules whose keywords all are at a fixed place are anchored there: the search then costs only the match.
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

/// How far is looked around a keyword for a match. Nothing behind the line matters to a rule whose match lies in it.
fn looked_at(rule: &Rule, keyword: Span, text: &[u8]) -> Reach {
    let most = rule.form_reach();
    let end = keyword.end.saturating_add(most.after as usize).min(text.len());
    let line = text.get(keyword.end..end).filter(|_| rule.in_line).and_then(|rest| memchr::memchr(b'\n', rest));
    let line = line.and_then(|length| u32::try_from(length + 1).ok());
    Reach { after: line.unwrap_or(most.after), ..most }
}

/// A match that contains the keyword.
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

/// The first match that starts within so many bytes of the keyword and on its line or the next.
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
