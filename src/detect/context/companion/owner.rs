//! Compares what an identifier belongs to with what the secret belongs to, by their names and the commands around them.

use bstr::ByteSlice as _;

use super::pairing::{name_of, word_before};
use crate::detect::value::name::is_generic;
use crate::detect::value::segments::segments;
use crate::rule::Rule;
use crate::text::Span;

/// The relation of the owners that two names give to an identifier and to the secret, from near to far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// The names differ in nothing but the words for identifier and secret.
    Same,
    /// One of the names has more words than the other.
    Open,
    /// Each of the names has words of its own: `KEY_ID_PROD` and `SECRET_DEV`.
    Other,
}

/// Compares the name of a value with that of the secret. Words of the field's and the rule's own names say nothing, and
/// neither do words for secrets.
pub(super) fn owner(text: &[u8], name: &[u8], field: &str, secret: Span, rule: &Rule) -> Owner {
    let of_secret = name_of(text, secret);
    let about = [field, &rule.id, &rule.provider].map(str::as_bytes);
    let is_own = |word: &[u8]| {
        let is_about = about.iter().flat_map(|text| segments(text)).any(|own| own.eq_ignore_ascii_case(word));
        is_about || is_generic(word)
    };
    let has_more = |name: &[u8], other: &[u8]| {
        let is_shared = |word: &[u8]| segments(other).any(|one| one.eq_ignore_ascii_case(word));
        segments(name).any(|word| !is_own(word) && !is_shared(word))
    };
    match (has_more(name, of_secret), has_more(of_secret, name)) {
        _ if name.is_empty() || of_secret.is_empty() => Owner::Open,
        (true, true) => Owner::Other,
        (false, false) => Owner::Same,
        _ => Owner::Open,
    }
}

/// Returns the words before a field's name that say what it belongs to.
pub(super) fn prefix(text: &[u8], name: Span) -> &[u8] {
    word_before(&text[..name.start])
}

/// Returns `true` if two commands choose different sets of settings: `--profile prod` and `--profile dev`.
pub(super) fn have_other_scopes(one: &[u8], other: &[u8]) -> bool {
    const OPTIONS: [&[u8]; 5] = [b"--profile", b"--context", b"--environment", b"--env", b"--workspace"];
    let chosen = |line: &[u8], option: &[u8]| -> Option<Vec<u8>> {
        let rest = line.split_once_str(option)?.1;
        let rest = rest.strip_prefix(b"=").or_else(|| rest.strip_prefix(b" "))?.trim_ascii_start();
        Some(rest.iter().take_while(|byte| !byte.is_ascii_whitespace()).copied().collect())
    };
    let differs = |option: &&[u8]| match (chosen(one, option), chosen(other, option)) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    OPTIONS.iter().any(differs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_set::RuleSet;

    #[test]
    fn names_tell_whose_an_identifier_is() {
        let rules = RuleSet::builtin();
        let rule = rules.rule("aws-secret-access-key").expect("a built-in rule");
        for (name, secret, expected) in [
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", Owner::Same),
            ("AWS_ACCESS_KEY_ID_2", "AWS_SECRET_ACCESS_KEY_2", Owner::Same),
            ("AWS_ACCESS_KEY_ID_1", "AWS_SECRET_ACCESS_KEY_2", Owner::Other),
            ("AWS_ACCESS_KEY_ID_PROD", "AWS_SECRET_ACCESS_KEY_DEV", Owner::Other),
            ("prodAccessKeyId", "devSecretAccessKey", Owner::Other),
            ("prodAccessKeyId", "prodSecretAccessKey", Owner::Same),
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY_DEV", Owner::Open),
            ("acme.access.key", "acme.secret.key", Owner::Same),
            ("", "AWS_SECRET_ACCESS_KEY", Owner::Open),
        ] {
            let text = format!("{secret}=TOK");
            let span = Span::new(text.len() - 3, text.len());
            let told = owner(text.as_bytes(), name.as_bytes(), "aws_access_key_id", span, rule);
            assert_eq!(told, expected, "{name} and {secret}");
        }
    }

    #[test]
    fn commands_for_different_profiles_are_apart() {
        let differ = |one: &str, other: &str| have_other_scopes(one.as_bytes(), other.as_bytes());
        assert!(differ("set id x --profile prod", "set key y --profile=dev"));
        assert!(!differ("set id x --profile prod", "set key y --profile prod"));
        assert!(!differ("set id x --profile prod", "set key y"));
    }
}
