//! One expression of a rule, and what searches for it: something that costs little to build while it is asked now and then,
//! as in a hook, and something that runs faster from when it is asked often, as in a sweep. Both find the same.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use regex_automata::Input;
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;

use crate::text::Span;

/// Searches after which the faster one is worth its building, which takes as long as some hundred of them.
const OFTEN: u32 = 64;

/// Bytes that what is built may take. Expressions were bounded when the rules were compiled; this only guards against growth.
const MAX_SIZE: usize = 64 << 20;

/// The group that is the value, where that is not the whole match, and how it is opened.
const VALUE: &str = "secret";
const OPENED: [&str; 2] = ["(?<secret>", "(?P<secret>"];

/// An expression that is built when it is first asked for.
#[derive(Debug)]
pub struct Expression {
    source: Box<str>,
    /// `true` if the value is the whole match.
    is_value: bool,
    searches: AtomicU32,
    plain: OnceLock<Option<Engine>>,
    fast: OnceLock<Option<Engine>>,
}

#[derive(Debug)]
struct Engine {
    regex: Regex,
    /// Number of the group, if there is one.
    value: Option<usize>,
}

impl Expression {
    /// One that finds nothing if its source is not an expression.
    pub fn new(source: String) -> Self {
        let is_value = !OPENED.iter().any(|group| source.contains(group));
        let (plain, fast) = (OnceLock::new(), OnceLock::new());
        Self { source: source.into(), is_value, searches: AtomicU32::new(0), plain, fast }
    }

    /// `true` if the value is the whole match.
    pub fn is_value(&self) -> bool {
        self.is_value
    }

    /// `true` if there is a match.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.engine().is_some_and(|engine| engine.regex.is_match(text))
    }

    /// The first match that starts at `from` or behind it.
    pub fn find_at(&self, text: &[u8], from: usize) -> Option<Span> {
        let found = self.engine()?.regex.search(&Input::new(text).range(from..))?;
        Some(Span::new(found.start(), found.end()))
    }

    /// The value in a match. Groups cost more to find than a match, and most searches find none.
    pub fn value(&self, text: &[u8], whole: Span) -> Option<Span> {
        let engine = self.engine()?;
        let Some(group) = engine.value else { return Some(whole) };
        let mut groups = engine.regex.create_captures();
        engine.regex.search_captures(&Input::new(text).range(whole.start..), &mut groups);
        groups.is_match().then(|| groups.get_group(group).map_or(whole, |found| Span::new(found.start, found.end)))
    }

    fn engine(&self) -> Option<&Engine> {
        if self.searches.load(Ordering::Relaxed) < OFTEN {
            self.searches.fetch_add(1, Ordering::Relaxed);
            return self.plain.get_or_init(|| self.build(Config::new().hybrid(false).onepass(false))).as_ref();
        }
        self.fast.get_or_init(|| self.build(Config::new())).as_ref()
    }

    fn build(&self, config: Config) -> Option<Engine> {
        let captures = if self.is_value { WhichCaptures::Implicit } else { WhichCaptures::All };
        let config = config.utf8_empty(false).nfa_size_limit(Some(MAX_SIZE)).which_captures(captures);
        let syntax = syntax::Config::new().unicode(false).utf8(false);
        let regex = Regex::builder().configure(config).syntax(syntax).build(&self.source).ok()?;
        let value = regex.group_info().to_index(regex_automata::PatternID::ZERO, VALUE);
        Some(Engine { regex, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOURCES: [&str; 5] = [
        r"a[a-c]{2,6}b",
        r"\A(?:a|ab)(?:c|bcd)",
        r"(?i)x=(?<secret>[a-c]{1,4})",
        r"(?P<secret>a+)b|c",
        r"(?:a|b)*?c\b",
    ];

    fn found(expression: &Expression, text: &[u8], from: usize) -> (bool, Option<Span>, Option<Span>) {
        let whole = expression.find_at(text, from);
        (expression.is_match(text), whole, whole.and_then(|whole| expression.value(text, whole)))
    }

    proptest! {
        #[test]
        fn asked_often_it_finds_the_same(text in "[abcdxX=\n\u{e9}]{0,40}", from in 0usize..40) {
            let (text, from) = (text.as_bytes(), from.min(text.len()));
            for source in SOURCES {
                let (seldom, often) = (Expression::new(source.to_owned()), Expression::new(source.to_owned()));
                often.searches.store(OFTEN, Ordering::Relaxed);
                let expected = regex::bytes::RegexBuilder::new(source).unicode(false).build().unwrap();
                let groups = expected.captures_at(text, from);
                let span = |found: regex::bytes::Match<'_>| Span::new(found.start(), found.end());
                let whole = groups.as_ref().and_then(|groups| groups.get(0)).map(span);
                let value = groups.as_ref().and_then(|groups| groups.name("secret")).map(span).or(whole);
                let wanted = (expected.is_match(text), whole, value);
                prop_assert_eq!(found(&seldom, text, from), wanted, "{}", source);
                prop_assert_eq!(found(&often, text, from), wanted, "{}", source);
            }
        }
    }

    #[test]
    fn the_faster_one_is_built_when_it_is_worth_it() {
        let expression = Expression::new("a+b".to_owned());
        (0..OFTEN).for_each(|_| assert!(!expression.is_match(b"aac")));
        assert!(expression.plain.get().is_some() && expression.fast.get().is_none());
        assert!(expression.is_match(b"aab") && expression.fast.get().is_some());
    }

    #[test]
    fn what_is_no_expression_finds_nothing() {
        assert_eq!(found(&Expression::new("(".to_owned()), b"(", 0), (false, None, None));
    }
}
