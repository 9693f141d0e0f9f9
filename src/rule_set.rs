//! The rules in force: built-in ones, a user's, and the selection between them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::rule::compile::{Compiled, Known};
use crate::rule::{Field, List, Remediation, Rule, Severity, Str};

/// Written by `build.rs` from `rules.toml`.
mod builtin {
    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

/// Rules in force, with the remediations and fields they name.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// Sorted by id; a detection names its rule by position here.
    pub rules: List<Rule>,
    /// Sorted by id.
    pub remediations: List<Remediation>,
    /// Sorted by name.
    pub fields: List<Field>,
}

/// A selection that leaves nothing or names what does not exist.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SelectError {
    /// No such rule.
    #[error("there is no rule '{id}'{}", suggestion.as_ref().map(|s| format!(" (did you mean '{s}'?)")).unwrap_or_default())]
    Unknown {
        /// The id asked for.
        id: String,
        /// The most similar id there is.
        suggestion: Option<Str>,
    },
    /// Nothing left to look for.
    #[error("no rule is left in force: a scan with zero rules proves nothing")]
    Empty,
}

impl RuleSet {
    /// The rules compiled into the program.
    pub fn builtin() -> Self {
        Self {
            rules: List::Borrowed(builtin::RULES),
            remediations: List::Borrowed(builtin::REMEDIATIONS),
            fields: List::Borrowed(builtin::FIELDS),
        }
    }

    /// The rule of that id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.binary_search_by(|rule| (*rule.id).cmp(id)).ok().and_then(|at| self.rules.get(at))
    }

    /// The remediation of that id.
    pub fn remediation(&self, id: &str) -> Option<&Remediation> {
        self.remediations.binary_search_by(|r| (*r.id).cmp(id)).ok().and_then(|at| self.remediations.get(at))
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.binary_search_by(|f| (*f.name).cmp(name)).ok().and_then(|at| self.fields.get(at))
    }

    /// Keeps the rules named in `only` (all of them if it is empty) that are not named in `disabled`.
    ///
    /// # Errors
    /// When an id does not exist or nothing is left.
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
            None => Err(SelectError::Unknown { id: id.to_owned(), suggestion: self.nearest(id) }),
        }
    }

    /// Gives rules another severity, by id.
    ///
    /// # Errors
    /// When an id does not exist.
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

    /// What further rules may refer to.
    pub fn known(&self) -> Known {
        Known {
            remediations: self.remediations.iter().map(|r| r.id.to_string()).collect(),
            fields: self.fields.iter().map(|f| f.name.to_string()).collect(),
            unproved: true,
        }
    }

    /// Adds rules; one of an id already present replaces it.
    pub fn extended(self, more: Self) -> Self {
        Self {
            rules: merge(self.rules, more.rules, |r| &r.id),
            remediations: merge(self.remediations, more.remediations, |r| &r.id),
            fields: merge(self.fields, more.fields, |f| &f.name),
        }
    }

    /// The id that shares most three-letter pieces with `id`, if it shares half of them; the shortest of several.
    fn nearest(&self, id: &str) -> Option<Str> {
        let pieces = |text: &str| text.as_bytes().windows(3).map(<[u8]>::to_vec).collect::<BTreeSet<_>>();
        let wanted = pieces(id);
        let score = |rule: &&Rule| pieces(&rule.id).intersection(&wanted).count();
        let best = self.rules.iter().max_by_key(|rule| (score(rule), Reverse(rule.id.len())))?;
        (score(&best) * 2 >= wanted.len().max(1)).then(|| best.id.clone())
    }
}

impl From<Compiled> for RuleSet {
    fn from(compiled: Compiled) -> Self {
        Self {
            rules: compiled.rules.into(),
            remediations: compiled.remediations.into(),
            fields: compiled.fields.into(),
        }
    }
}

/// Both lists, sorted by key; of two entries with one key the one of `more` stays.
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
    }

    #[test]
    fn zero_rules_is_an_error() {
        let all: Vec<String> = RuleSet::builtin().rules.iter().map(|r| r.id.to_string()).collect();
        assert_eq!(RuleSet::builtin().select(&[], &all).map(|_| ()).unwrap_err(), SelectError::Empty);
    }
}
