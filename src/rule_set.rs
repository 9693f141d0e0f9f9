//! The rules in force: the built-in ones, those of a user, and the selection among them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::rule::compile::{Compiled, Known, compile};
use crate::rule::demand::MAX_MATCH;
use crate::rule::file::{RuleDef, RuleFile};
use crate::rule::live::Live;
use crate::rule::{Boundary, Case, Confidence, Field, List, Remediation, Rule, Severity, Str};

/// The tables that `build.rs` writes from `rules.toml`.
mod builtin {
    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

/// The rules in force, with the remediations and fields that they name.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// The rules, sorted by id; a detection names its rule by its position here.
    pub rules: List<Rule>,
    /// The remediations, sorted by id.
    pub remediations: List<Remediation>,
    /// The fields, sorted by name.
    pub fields: List<Field>,
    /// The requests, sorted by id.
    pub live: List<Live>,
}

/// An error in a selection that leaves no rule or names one that does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SelectError {
    /// No rule has this id.
    #[error("no rule is named '{id}'{meant}")]
    Unknown {
        /// The id that was asked for.
        id: String,
        /// The rules that may have been meant.
        meant: Meant,
    },
    /// No rule is left.
    #[error("no rule is active: a scan without rules proves nothing")]
    Empty,
}

/// The rules that an unknown id may have meant.
#[derive(Debug, PartialEq, Eq)]
pub enum Meant {
    /// The rules that contain all of the words in the text.
    All(Vec<Str>),
    /// The rule with the most similar id.
    Similar(Str),
    /// No rule is similar.
    None,
}

impl fmt::Display for Meant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// The most rules that a message names.
        const MOST: usize = 8;
        match self {
            Self::All(ids) => {
                let named = ids.iter().take(MOST).map(|id| &**id).collect::<Vec<_>>().join(", ");
                let more = match ids.len().saturating_sub(MOST) {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                write!(f, ", but these are about it: {named}{more}")
            }
            Self::Similar(id) => write!(f, " (did you mean '{id}'?)"),
            Self::None => Ok(()),
        }
    }
}

/// The least length in bytes of a value that is searched for as it is; shorter ones appear almost everywhere.
const MIN_VALUE: usize = 3;

/// The number of first bytes by which a value with an interruption is found, and the least length of such a value:
/// shorter ones are not written in parts.
const START: usize = 4;
const MIN_BROKEN: usize = 16;

/// A value that can't be searched for as it is. The error gives its position among all values, from 1, and never shows
/// it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ValueError {
    /// The value is so short that it would be found everywhere.
    #[error("value {0} is shorter than {MIN_VALUE} bytes and would occur everywhere")]
    Short(usize),
    /// The value is longer than any match.
    #[error("value {0} is longer than {MAX_MATCH} bytes; look for a part of it")]
    Long(usize),
    /// The value contains nothing that could be a keyword.
    #[error("value {0} contains no line with {MIN_VALUE} bytes of text to look for")]
    NoText(usize),
}

impl RuleSet {
    /// Returns rules that find these values wherever they are, whatever touches them and however regular they are. Each
    /// rule has the position of its value.
    ///
    /// # Errors
    /// Fails if a value is too short or too long, or has no text to search for.
    pub fn of_values(values: &[&[u8]]) -> Result<Self, ValueError> {
        let rules =
            (1..).zip(values).map(|(number, value)| value_rule(number, value)).collect::<Result<Vec<_>, _>>()?;
        let file = RuleFile { rules, ..RuleFile::default() };
        let known = Known { remediations: BTreeSet::from([VALUE.to_owned()]), unproved: true, ..Known::default() };
        // The only flaw that is still possible is an expression without a keyword.
        let compiled = compile(&file, &known).map_err(|flaws| {
            let first = flaws.first().and_then(|flaw| flaw.entry.rsplit('-').next()?.parse().ok());
            ValueError::NoText(first.unwrap_or_default())
        })?;
        let mut rules = compiled.rules;
        // A prefix may be shown, but here it would be the whole value.
        rules.iter_mut().for_each(|rule| rule.prefix = Str::default());
        Ok(Compiled { rules, ..Compiled::default() }.into())
    }

    /// Returns the rules compiled into the program.
    pub fn builtin() -> Self {
        Self {
            rules: List::Borrowed(builtin::RULES),
            remediations: List::Borrowed(builtin::REMEDIATIONS),
            fields: List::Borrowed(builtin::FIELDS),
            live: List::Borrowed(builtin::LIVE),
        }
    }

    /// Returns `true` if these are the rules compiled into the program, all of them and unchanged.
    pub fn is_builtin(&self) -> bool {
        matches!(&self.rules, List::Borrowed(rules) if std::ptr::eq(*rules, builtin::RULES))
    }

    /// Returns a hash of these rules, which is the same for the same rules in one version of the program.
    pub fn digest(&self) -> [u8; 32] {
        // Writing out all built-in rules would take longer than many a scan.
        let text = match self.is_builtin() {
            true => format!("built-in {}", env!("KEYSWEEP_RULES")),
            false => format!("{:?} {:?}", self.rules, self.fields),
        };
        Sha256::digest(text).into()
    }

    /// Returns the first 16 digits of that hash, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        HEXLOWER.encode(&self.digest()[..8])
    }

    /// Returns the rule with an id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| (*rule.id).cmp(id)).ok().and_then(|at| self.rules.get(at))
    }

    /// Returns the remediation with an id.
    pub fn remediation(&self, id: &str) -> Option<&Remediation> {
        self.remediations.binary_search_by(|r| (*r.id).cmp(id)).ok().and_then(|at| self.remediations.get(at))
    }

    /// Returns the field with a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.binary_search_by(|f| (*f.name).cmp(name)).ok().and_then(|at| self.fields.get(at))
    }

    /// Returns the way to ask about a secret of a rule, if one is known.
    pub fn live(&self, rule: &str) -> Option<&Live> {
        self.live.iter().find(|live| live.rules.iter().any(|id| id == rule))
    }

    /// Keeps the rules named in `only` (all of them if it is empty) that are not named in `disabled`.
    ///
    /// # Errors
    /// Fails if an id does not exist or no rule is left.
    pub fn select(self, only: &[String], disabled: &[String]) -> Result<Self, SelectError> {
        only.iter().chain(disabled).try_for_each(|id| self.demand(id))?;
        if only.is_empty() && disabled.is_empty() {
            return if self.rules.is_empty() { Err(SelectError::Empty) } else { Ok(self) };
        }
        let keep = |rule: &&Rule| {
            (only.is_empty() || only.iter().any(|id| *id == *rule.id)) && !disabled.iter().any(|id| *id == *rule.id)
        };
        let rules: Vec<Rule> = self.rules.iter().filter(keep).cloned().collect();
        if rules.is_empty() {
            return Err(SelectError::Empty);
        }
        Ok(Self { rules: List::Owned(rules), ..self })
    }

    fn demand(&self, id: &str) -> Result<(), SelectError> {
        match self.rule(id) {
            Some(_) => Ok(()),
            None => Err(SelectError::Unknown { id: id.to_owned(), meant: self.meant(id) }),
        }
    }

    /// Returns the rules that a text may mean if it isn't an id.
    fn meant(&self, text: &str) -> Meant {
        let about = self.about(&[text]);
        if about.is_empty() {
            return self.nearest(text).map_or(Meant::None, Meant::Similar);
        }
        Meant::All(about.iter().map(|rule| rule.id.clone()).collect())
    }

    /// Returns the rules that contain each of these words in their id, name or provider, in any case; rules whose id
    /// begins with the first word come first.
    pub fn about(&self, words: &[&str]) -> Vec<&Rule> {
        let words: Vec<String> = words.iter().map(|word| word.trim().to_lowercase()).collect();
        if words.iter().any(String::is_empty) {
            return Vec::new();
        }
        let has = |rule: &&Rule| {
            let text = format!("{}\n{}\n{}", rule.id, rule.name, rule.provider).to_lowercase();
            words.iter().all(|word| text.contains(word.as_str()))
        };
        let mut found: Vec<&Rule> = self.rules.iter().filter(has).collect();
        found.sort_by_key(|rule| !words.first().is_some_and(|word| rule.id.starts_with(word.as_str())));
        found
    }

    /// Gives rules a different severity, by id.
    ///
    /// # Errors
    /// Fails if an id does not exist.
    pub fn weighed(self, severities: &BTreeMap<String, Severity>) -> Result<Self, SelectError> {
        severities.keys().try_for_each(|id| self.demand(id))?;
        if severities.is_empty() {
            return Ok(self);
        }
        let mut rules = self.rules.into_owned();
        for rule in &mut rules {
            rule.severity = severities.get(&*rule.id).copied().unwrap_or(rule.severity);
        }
        Ok(Self { rules: rules.into(), ..self })
    }

    /// Returns the names that further rules may refer to.
    pub fn known(&self) -> Known {
        Known {
            remediations: self.remediations.iter().map(|r| r.id.to_string()).collect(),
            fields: self.fields.iter().map(|f| f.name.to_string()).collect(),
            rules: self.rules.iter().map(|r| r.id.to_string()).collect(),
            unproved: true,
        }
    }

    /// Adds rules; a rule whose id is already present replaces the old one.
    pub fn extended(self, more: Self) -> Self {
        Self {
            rules: merge(self.rules, more.rules, |r| &r.id),
            remediations: merge(self.remediations, more.remediations, |r| &r.id),
            fields: merge(self.fields, more.fields, |f| &f.name),
            live: merge(self.live, more.live, |l| &l.id),
        }
    }

    /// Returns the id that is most like `id`, if at least half of the three-letter pieces of both are in both; of
    /// several, the shortest.
    fn nearest(&self, id: &str) -> Option<Str> {
        let pieces = |text: &str| text.as_bytes().windows(3).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
        let wanted = pieces(&id.to_lowercase());
        // In percent: twice the number of common pieces, of the number of all pieces.
        let likeness = |rule: &&Rule| {
            let own = pieces(&rule.id);
            200 * own.intersection(&wanted).count() / (own.len() + wanted.len()).max(1)
        };
        let best = self.rules.iter().max_by_key(|rule| (likeness(rule), Reverse(rule.id.len())))?;
        (likeness(&best) >= 50).then(|| best.id.clone())
    }
}

/// The id of the remediation that a rule for a value names; no such remediation exists.
const VALUE: &str = "value";

/// Returns a rule for one value. Its keyword is the longest text within one line of the value, which nearly always is
/// the whole value. Because the value may be interrupted, its first bytes are a second keyword.
fn value_rule(number: usize, value: &[u8]) -> Result<RuleDef, ValueError> {
    if value.len() < MIN_VALUE {
        return Err(ValueError::Short(number));
    }
    if value.len() > MAX_MATCH as usize {
        return Err(ValueError::Long(number));
    }
    let lines = value.utf8_chunks().flat_map(|chunk| chunk.valid().split('\n'));
    let keyword = lines.max_by_key(|text| text.len()).unwrap_or_default();
    let start = &keyword[..keyword.floor_char_boundary(START)];
    let is_longer = keyword.len() >= MIN_BROKEN && value.starts_with(start.as_bytes());
    let start = Some(start).filter(|_| is_longer);
    Ok(RuleDef {
        // Rules are sorted by id, so the number has a fixed width.
        id: format!("{VALUE}-{number:06}"),
        name: format!("{VALUE} {number}"),
        provider: "you".to_owned(),
        severity: Severity::Critical,
        confidence: Confidence::High,
        keywords: std::iter::once(keyword).chain(start).map(str::to_owned).collect(),
        case: Case::Exact,
        pattern: Some(value.iter().map(|byte| format!("\\x{byte:02x}")).collect()),
        value: None,
        bare: false,
        assignment: false,
        files: Vec::new(),
        whole: false,
        within: None,
        place: false,
        settles: false,
        boundary: Boundary::None,
        checks: Vec::new(),
        statistics: false,
        placeholders: Vec::new(),
        companions: Vec::new(),
        identifies: String::new(),
        remediation: Some(VALUE.to_owned()),
        references: Vec::new(),
        token: None,
        examples: Vec::new(),
        counter_examples: Vec::new(),
    })
}

impl From<Compiled> for RuleSet {
    fn from(compiled: Compiled) -> Self {
        Self {
            rules: compiled.rules.into(),
            remediations: compiled.remediations.into(),
            fields: compiled.fields.into(),
            live: compiled.live.into(),
        }
    }
}

/// Merges both lists, sorted by key; of two entries with the same key, the one in `more` stays.
fn merge<T: Clone>(base: List<T>, more: List<T>, key: impl Fn(&T) -> &Str) -> List<T> {
    let mut all = base.into_owned();
    for entry in more.into_owned() {
        match all.binary_search_by(|have| key(have).cmp(key(&entry))) {
            Ok(at) => all[at] = entry,
            Err(at) => all.insert(at, entry),
        }
    }
    List::Owned(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_rules_are_sorted_and_found() {
        let set = RuleSet::builtin();
        assert!(set.rules.is_sorted_by(|a, b| a.id < b.id));
        assert!(set.remediations.is_sorted_by(|a, b| a.id < b.id));
        assert!(set.fields.is_sorted_by(|a, b| a.name < b.name));
        for rule in set.rules.iter() {
            assert!(set.remediation(&rule.remediation).is_some(), "{} has no remediation", rule.id);
            assert!(rule.companions.iter().all(|c| set.field(c).is_some()), "{} names an unknown field", rule.id);
        }
    }

    #[test]
    fn an_unknown_id_is_an_error_with_a_suggestion() {
        let error = RuleSet::builtin().select(&["github-pta".into()], &[]).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("did you mean 'github-p"), "{error}");
        for unlike in ["nope", "x", "some-other-thing"] {
            let error = RuleSet::builtin().select(&[unlike.into()], &[]).map(|_| ()).unwrap_err();
            assert!(!error.to_string().contains("did you mean"), "{error}");
        }
    }

    #[test]
    fn a_word_selects_a_bounded_number_of_rules_ignoring_case() {
        let set = RuleSet::builtin();
        for word in ["azure", "AZURE", "Azure"] {
            let error = set.clone().select(&[], &[word.into()]).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(&format!("no rule is named '{word}'")) && error.contains(" azure-"), "{error}");
            assert!(error.contains(" more") && error.len() < 600, "{error}");
        }
        let found: Vec<&str> = set.about(&["Earlier", "ENTRA"]).iter().map(|rule| &*rule.id).collect();
        assert_eq!(found, ["azure-entra-client-secret-7q"]);
        assert!(set.about(&[""]).is_empty() && set.about(&["no such thing"]).is_empty());
    }

    #[test]
    fn rules_of_values_keep_the_order_of_the_values() {
        let long = "abcdefgh".repeat(2000);
        let values: [&[u8]; 4] = [b"zzz", b"a-.*b\nc", b"\xff\xfeabc\x00", long.as_bytes()];
        let set = RuleSet::of_values(&values).unwrap();
        let keywords: Vec<_> = set.rules.iter().map(|rule| rule.keywords[0].text.as_bytes()).collect();
        assert_eq!(keywords, [values[0], b"a-.*b", b"abc\x00", values[3]]);
        assert!(set.rules.is_sorted_by(|a, b| a.id < b.id));
        assert!(set.rules.iter().all(|rule| rule.prefix.is_empty()), "a prefix is shown");
        let error = |value: &[u8]| RuleSet::of_values(&[b"fine", value]).map(|_| ()).unwrap_err();
        assert_eq!(error(b"ab"), ValueError::Short(2));
        assert_eq!(error(long.repeat(2).as_bytes()), ValueError::Long(2));
        assert_eq!(error(b"\xff\xfe\xff\xfe"), ValueError::NoText(2));
    }

    #[test]
    fn zero_rules_is_an_error() {
        let all: Vec<String> = RuleSet::builtin().rules.iter().map(|r| r.id.to_string()).collect();
        assert_eq!(RuleSet::builtin().select(&[], &all).map(|_| ()).unwrap_err(), SelectError::Empty);
    }
}
