//! Identifiers near a secret that complete its credential: client and tenant id, account, host, user.

mod layout;
mod nested;
mod owner;
mod pairing;
mod whole;

use std::cell::LazyCell;
use std::ops::Deref;
use std::sync::OnceLock;

use bstr::ByteSlice as _;
use regex::bytes::{Regex, RegexBuilder};

use self::layout::{Distance, Layout};
use self::owner::{Owner, have_other_scopes, owner, prefix};
use self::pairing::{Pairing, is_named, name_of, names};
use self::whole::{is_cut, is_templated};
use crate::detect::check::{self, Outcome};
use crate::detect::value::{placeholder, shape};
use crate::finding::Fact;
use crate::rule::{Check, Field, Rule};
use crate::rule_set::RuleSet;
use crate::text::Span;

/// The number of bytes on either side of the secret in which companions are looked for: some forty lines.
const WINDOW: usize = 3072;

/// The fields' expressions, each compiled once a rule that needs it has a detection.
#[derive(Debug)]
pub struct Companions {
    fields: Vec<(String, Vec<String>, OnceLock<Vec<Regex>>)>,
    /// The fields whose value contains further facts, with the check that reads them.
    checks: Vec<(String, Check)>,
}

impl Companions {
    /// Takes all fields of the rules in force.
    pub fn new(rules: &RuleSet) -> Self {
        let texts = |patterns: &[crate::rule::Str]| patterns.iter().map(ToString::to_string).collect();
        let fields = rules.fields.iter().map(|f| (f.name.to_string(), texts(&f.patterns), OnceLock::new())).collect();
        let check = |field: &Field| Some((field.name.to_string(), field.check.clone()?));
        Self { fields, checks: rules.fields.iter().filter_map(check).collect() }
    }

    /// Returns the facts that the checks of the fields read from identifiers.
    pub fn said_by(&self, facts: &[Fact]) -> Vec<Fact> {
        let said = self.checks.iter().filter_map(|(field, check)| {
            let fact = facts.iter().find(|fact| fact.field == *field)?;
            match check::run(check, fact.value.as_bytes()) {
                Outcome::Pass(facts) => Some(facts),
                Outcome::Weak { .. } | Outcome::Sample | Outcome::Fail(_) | Outcome::NotApplicable => None,
            }
        });
        said.flatten().map(|one| Fact { field: one.field.to_owned(), value: one.value }).collect()
    }

    /// Returns the nearest value for each companion of the rule, if there is one nearby.
    pub fn near(&self, text: &[u8], secret: Span, rule: &Rule) -> Vec<Fact> {
        if rule.companions.is_empty() {
            return Vec::new();
        }
        let window = secret.grown(WINDOW, WINDOW, text.len());
        let layout = LazyCell::new(|| Layout::new(text, window, secret));
        let around = Around { text: &text[..window.end], window, secret, rule };
        let nearest = rule.companions.iter().filter_map(|name| self.nearest(name, &around, &layout));
        let found: Vec<Fact> = nearest.collect();
        found.iter().filter(|fact| !has_two_roles(fact, &found)).cloned().collect()
    }

    /// Returns the value for a field that the structure of the text singles out. If different values belong to the
    /// secret equally well, none of them is used, whichever is nearer.
    fn nearest<'t>(&self, name: &str, around: &Around<'t>, layout: &impl Deref<Target = Layout<'t>>) -> Option<Fact> {
        let at = self.fields.binary_search_by(|field| (*field.0).cmp(name)).ok()?;
        let (_, patterns, compiled) = self.fields.get(at)?;
        let regexes = compiled.get_or_init(|| patterns.iter().filter_map(|p| compile(p)).collect());
        let text = around.text;
        let all = regexes.iter().flat_map(|regex| Matches { regex, text, at: around.window.start });
        let near: Vec<Candidate> = all.filter_map(|found| self.candidate(name, &found, around, layout)).collect();
        let best = near.iter().min_by_key(|one| (one.rank, one.bytes))?;
        let value = best.value.of(text);
        // Within a line the distance in bytes counts, too.
        let is_near = |one: &&Candidate| best.rank.is_off_line || one.bytes == best.bytes;
        let is_as_near = |one: &&Candidate| one.rank == best.rank && is_near(one);
        let rivals = near.iter().filter(|one| is_as_near(one) && !one.value.overlaps(best.value));
        let is_other = |rival: &[u8]| rival.find(value).is_none() && value.find(rival).is_none();
        if rivals.map(|one| one.value.of(text)).any(is_other) {
            return None;
        }
        Some(Fact { field: name.to_owned(), value: String::from_utf8_lossy(value).into_owned() })
    }

    /// Returns a match as a candidate if its value belongs to this secret, as far as the text shows.
    fn candidate(&self, field: &str, found: &Match, around: &Around<'_>, layout: &Layout<'_>) -> Option<Candidate> {
        let Around { text, secret, rule, .. } = *around;
        let value = found.value;
        let is_one = apart(value, secret) && believable(value.of(text));
        if !is_one || !found.belongs(text, secret, |word| self.is_field(word)) {
            return None;
        }
        if found.is_of_command && !layout.is_in_command(found.start) {
            return None;
        }
        let distance = layout.distance(found.start, found.pair.map(|_| value.start), field)?;
        let named = found.named(text);
        let owner = owner(text, named.unwrap_or_default(), field, secret, rule);
        let (line, line_of_secret) = layout.both_lines(found.start);
        let is_apart = owner == Owner::Other
            || have_other_scopes(line, line_of_secret)
            || named.is_some() && layout.is_commented_out(found.start);
        let is_behind_another = names(layout.between(found.start), name_of(text, secret));
        let rank = Rank::new(distance, owner, is_behind_another && distance.lines > 0);
        (!is_apart).then(|| Candidate { value, rank, bytes: bytes_apart(value, secret) })
    }

    /// Returns `true` if a word is the name of another identifier, and so isn't a value.
    fn is_field(&self, word: &[u8]) -> bool {
        let name = String::from_utf8_lossy(word).to_ascii_lowercase().replace([' ', '-', '.'], "_");
        self.fields.binary_search_by(|field| field.0.cmp(&name)).is_ok()
    }
}

/// The text around a secret.
struct Around<'t> {
    text: &'t [u8],
    window: Span,
    secret: Span,
    rule: &'t Rule,
}

/// A value that may belong to the secret.
struct Candidate {
    value: Span,
    rank: Rank,
    bytes: usize,
}

/// The signs that a value belongs to the secret, ordered from the best to the worst. The number of lines between the two
/// is none of them: in a list of identifiers, the last one is the nearest to all secrets that follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    levels: usize,
    owner: Owner,
    /// `true` if another secret of the same name is between the two.
    is_behind_another: bool,
    breaks: usize,
    /// `true` if the two are in different lines.
    is_off_line: bool,
}

impl Rank {
    fn new(distance: Distance, owner: Owner, is_behind_another: bool) -> Self {
        let Distance { levels, breaks, lines } = distance;
        Self { levels, owner, is_behind_another, breaks, is_off_line: lines > 0 }
    }
}

/// A match of a field's expression: with `name` and `separator` if the expression was made from the field's names, with
/// `pair` if name and value have a key each, and with none of them if the expression itself shows what it is about.
struct Match {
    start: usize,
    whole: Span,
    /// `true` if the match counts only in the command or the line of the secret.
    is_of_command: bool,
    name: Option<Span>,
    separator: Option<Span>,
    pair: Option<Span>,
    value: Span,
}

impl Match {
    fn belongs(&self, text: &[u8], secret: Span, is_field: impl Fn(&[u8]) -> bool) -> bool {
        match (self.name, self.pair) {
            (_, Some(name)) => is_named(text, name) && !is_cut(text, self.value),
            (Some(name), None) => {
                let separator = self.separator.unwrap_or(Span::new(name.end, name.end));
                Pairing { text, name, separator, value: self.value }.holds(secret, is_field)
            }
            (None, None) => !is_templated(text, self.whole, self.value),
        }
    }

    /// Returns the words of the value's name that are not the field's; `None` if the value has no name.
    fn named<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        match self.name.or(self.pair) {
            Some(name) => Some(prefix(text, name)),
            // A part of an address says nothing of what the name of the address stands for.
            None if self.whole == self.value => Some(name_of(text, self.value)).filter(|name| !name.is_empty()),
            None => None,
        }
    }
}

/// All matches of an expression. A value found for one name may turn out to be the next name.
struct Matches<'t> {
    regex: &'t Regex,
    text: &'t [u8],
    at: usize,
}

impl Iterator for Matches<'_> {
    type Item = Match;

    fn next(&mut self) -> Option<Match> {
        let found = self.regex.captures_at(self.text, self.at)?;
        let group = |name: &str| found.name(name).map(|group| Span::new(group.start(), group.end()));
        let whole = found.get(0)?;
        let (name, pair) = (group("name"), group("pair"));
        self.at = name.or(pair).map_or(whole.end(), |name| name.end).max(whole.start() + 1);
        Some(Match {
            start: name.or(pair).map_or(whole.start(), |name| name.start),
            whole: Span::new(whole.start(), whole.end()),
            is_of_command: group("command").is_some(),
            name,
            separator: group("separator"),
            pair,
            value: group("value")?,
        })
    }
}

/// Returns `true` if an identifier appears in two roles. A randomly drawn identifier names one thing, so either it is a
/// stand-in or one of the roles is wrong, and there is no way to find out which.
fn has_two_roles(fact: &Fact, all: &[Fact]) -> bool {
    shape::is_uuid(fact.value.as_bytes()) && all.iter().filter(|other| other.value == fact.value).count() > 1
}

/// Returns `true` if the value is separate from the secret. An identifier may be a part of the secret (a token's own
/// key id), but never most of it.
fn apart(value: Span, secret: Span) -> bool {
    !value.overlaps(secret) || (secret.contains(value) && value.len() * 3 <= secret.len())
}

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).build().ok()
}

/// Returns `true` for a literal value, not one that is filled in or looked up elsewhere. An address counts as a value,
/// unlike with secrets.
fn believable(value: &[u8]) -> bool {
    let address = [&b"https://"[..], b"http://"].iter().find_map(|scheme| value.strip_prefix(*scheme));
    !value.is_empty() && !placeholder::reference(address.unwrap_or(value)) && !placeholder::masked(value)
}

fn bytes_apart(a: Span, b: Span) -> usize {
    if a.end <= b.start { b.start - a.end } else { a.start.saturating_sub(b.end) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_says_more_by_the_check_of_its_field() {
        let fact = |field: &str, value: &str| Fact { field: field.to_owned(), value: value.to_owned() };
        let companions = Companions::new(&RuleSet::builtin());
        let id = format!("AKIA{}", check::aws::account_id(123_456_789_012, &[7; 10]));
        assert_eq!(companions.said_by(&[fact("aws_access_key_id", &id)]), [fact("aws_account_id", "123456789012")]);
        assert_eq!(companions.said_by(&[fact("aws_user_name", &id), fact("aws_access_key_id", "AKIA")]), []);
    }

    #[test]
    fn an_identifier_in_two_roles_is_told_in_none() {
        let fact = |field: &str, value: &str| Fact { field: field.to_owned(), value: value.to_owned() };
        let id = "3f1c2a9e-7b64-4d0f-9a57-c0e8d1b2f634";
        let both = [fact("client", id), fact("tenant", id)];
        assert!(both.iter().all(|one| has_two_roles(one, &both)));
        let apart = [fact("client", id), fact("tenant", "b8d07e15-42c3-4f6a-8e91-6a5d3c7f2b09")];
        assert!(!apart.iter().any(|one| has_two_roles(one, &apart)));
        // People log in with their email address.
        let same = [fact("user", "ops@acme.io"), fact("email", "ops@acme.io")];
        assert!(!same.iter().any(|one| has_two_roles(one, &same)));
    }
}
