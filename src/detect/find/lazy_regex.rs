//! A rule's expression and the engines that search for it: one that is cheap to build for occasional searches, as in a
//! hook, and a faster one for frequent searches, as in a sweep. Both find the same.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use regex_automata::Input;
use regex_automata::meta::{Config, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::Hir;

use super::wide::widened;
use crate::text::Span;

/// The number of searches after which the faster engine is worth building, which takes as long as some hundred of them.
const OFTEN: u32 = 64;

/// The most bytes that a built engine may take. Expressions were bounded when the rules were compiled; this only guards
/// against growth.
const MAX_SIZE: usize = 64 << 20;

/// The capture group that holds the value, if that isn't the whole match, and the syntax that opens it.
const VALUE: &str = "secret";
const OPENED: [&str; 2] = ["(?<secret>", "(?P<secret>"];

/// An expression that is compiled when it is first needed.
#[derive(Debug)]
pub struct Expression {
    source: Box<str>,
    /// Set if the value is the whole match.
    is_value: bool,
    exact: Engines,
    /// The expression that is searched for first, if this one is large.
    wide: OnceLock<Option<Wide>>,
}

/// An expression without large bounds, and the greatest length up to which a match of it is also a match of the
/// expression that has them.
#[derive(Debug)]
struct Wide {
    engines: Engines,
    longest: usize,
}

/// The engines of an expression: the one used at first, and the one used once it is searched for often.
#[derive(Debug, Default)]
struct Engines {
    searches: AtomicU32,
    plain: OnceLock<Option<Engine>>,
    fast: OnceLock<Option<Engine>>,
}

#[derive(Debug)]
struct Engine {
    regex: Regex,
    /// The number of the group, if there is one.
    value: Option<usize>,
}

impl Expression {
    /// Creates an expression that finds nothing if its source is invalid.
    pub fn new(source: String) -> Self {
        let is_value = !OPENED.iter().any(|group| source.contains(group));
        Self { source: source.into(), is_value, exact: Engines::default(), wide: OnceLock::new() }
    }

    /// Returns `true` if the value is the whole match.
    pub fn is_value(&self) -> bool {
        self.is_value
    }

    /// Returns `true` if there is a match.
    pub fn is_match(&self, text: &[u8]) -> bool {
        match self.wide() {
            Some(_) => self.find_at(text, 0).is_some(),
            None => self.exact().is_some_and(|engine| engine.regex.is_match(text)),
        }
    }

    /// Returns the first match that starts at or after `from`.
    pub fn find_at(&self, text: &[u8], from: usize) -> Option<Span> {
        if let Some((engine, longest)) = self.wide() {
            let found = engine.find_at(text, from)?;
            if found.len() <= longest {
                return Some(found);
            }
        }
        self.exact()?.find_at(text, from)
    }

    /// Returns the value in a match. Groups cost more to find than a match, and most searches find none.
    pub fn value(&self, text: &[u8], whole: Span) -> Option<Span> {
        let wide = self.wide().filter(|(_, longest)| whole.len() <= *longest);
        let engine = wide.map_or_else(|| self.exact(), |(engine, _)| Some(engine))?;
        let Some(group) = engine.value else { return Some(whole) };
        let mut groups = engine.regex.create_captures();
        engine.regex.search_captures(&Input::new(text).range(whole.start..), &mut groups);
        groups.is_match().then(|| groups.get_group(group).map_or(whole, |found| Span::new(found.start, found.end)))
    }

    fn exact(&self) -> Option<&Engine> {
        self.exact.get(self.captures(), || self.parsed())
    }

    /// Returns the engine for the expression without large bounds, and the length of the longest match of it that
    /// counts.
    fn wide(&self) -> Option<(&Engine, usize)> {
        let wide = || Some(Wide { engines: Engines::default(), longest: widened(self.parsed()?)?.1 });
        let wide = self.wide.get_or_init(wide).as_ref()?;
        let engine = wide.engines.get(self.captures(), || Some(widened(self.parsed()?)?.0))?;
        Some((engine, wide.longest))
    }

    fn parsed(&self) -> Option<Hir> {
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(&self.source).ok()
    }

    fn captures(&self) -> WhichCaptures {
        if self.is_value { WhichCaptures::Implicit } else { WhichCaptures::All }
    }
}

impl Engines {
    fn get(&self, captures: WhichCaptures, parsed: impl Fn() -> Option<Hir>) -> Option<&Engine> {
        let config = || Config::new().utf8_empty(false).nfa_size_limit(Some(MAX_SIZE)).which_captures(captures);
        if self.searches.load(Ordering::Relaxed) < OFTEN {
            self.searches.fetch_add(1, Ordering::Relaxed);
            let plain = || Engine::new(&parsed()?, config().hybrid(false).onepass(false));
            return self.plain.get_or_init(plain).as_ref();
        }
        self.fast.get_or_init(|| Engine::new(&parsed()?, config())).as_ref()
    }
}

impl Engine {
    fn new(parsed: &Hir, config: Config) -> Option<Self> {
        let regex = Regex::builder().configure(config).build_from_hir(parsed).ok()?;
        let value = regex.group_info().to_index(regex_automata::PatternID::ZERO, VALUE);
        Some(Self { regex, value })
    }

    fn find_at(&self, text: &[u8], from: usize) -> Option<Span> {
        let found = self.regex.search(&Input::new(text).range(from..))?;
        Some(Span::new(found.start(), found.end()))
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
        fn the_compiled_and_the_lazy_search_agree(text in "[abcdxX=\n\u{e9}]{0,40}", from in 0usize..40) {
            let (text, from) = (text.as_bytes(), from.min(text.len()));
            for source in SOURCES {
                let (seldom, often) = (Expression::new(source.to_owned()), Expression::new(source.to_owned()));
                often.exact.searches.store(OFTEN, Ordering::Relaxed);
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
    fn the_faster_engine_is_built_after_enough_searches() {
        let expression = Expression::new("a+b".to_owned());
        (0..OFTEN).for_each(|_| assert!(!expression.is_match(b"aac")));
        let is_built = |engine: &OnceLock<Option<Engine>>| engine.get().is_some();
        assert!(is_built(&expression.exact.plain) && !is_built(&expression.exact.fast));
        assert!(expression.is_match(b"aab") && is_built(&expression.exact.fast));
    }

    #[test]
    fn a_large_one_finds_the_same_and_is_built_when_a_match_may_be_too_long() {
        for source in [
            r"\Ak(?:-?[a-c\n]){2,300}?-?x",
            r"[ab]{2,300}x",
            r"k(?<secret>[ab]{1,400}?)(?:b{1,300}x|y)",
            r"(?:k[ab]{1,260}|k[a-c]{1,900})x",
        ] {
            let expected = regex::bytes::RegexBuilder::new(source).unicode(false).build().unwrap();
            for length in (0..20).chain(240..320).chain(395..410).chain(890..910) {
                for text in ["a", "b", "ab-", "c"].map(|part| part.repeat(length)) {
                    let text = format!("k{text}x k{text}bx y k{text}cx");
                    let expression = Expression::new(source.to_owned());
                    let groups = expected.captures(text.as_bytes());
                    let span = |found: regex::bytes::Match<'_>| Span::new(found.start(), found.end());
                    let whole = groups.as_ref().and_then(|groups| groups.get(0)).map(span);
                    let value = groups.as_ref().and_then(|groups| groups.name("secret")).map(span).or(whole);
                    let wanted = (whole.is_some(), whole, value);
                    assert_eq!(found(&expression, text.as_bytes(), 0), wanted, "{source} in {text}");
                    assert!(length > 20 || expression.exact.plain.get().is_none(), "{source} in {text}");
                }
            }
        }
    }

    #[test]
    fn an_invalid_expression_finds_nothing() {
        assert_eq!(found(&Expression::new("(".to_owned()), b"(", 0), (false, None, None));
    }
}
